/* SPDX-License-Identifier: Apache-2.0 */
/* svcctl resolve: the endpoints of one or more names. */
#include "ask.h"
#include "commands.h"
#include "json.h"
#include "memory.h"
#include "report.h"
#include "rows.h"

#include <stdlib.h>

static size_t shown_count(const struct answer *answer, int all)
{
    return all ? svc_endpoints_total(answer->eps)
               : svc_endpoints_count(answer->eps);
}

static void write_object(const struct answer *answer, size_t count)
{
    const svc_endpoints_info *info = &answer->info;
    struct json_object *object = json_new("svcctl.resolve/1");

    json_add_text(object, "name", answer->name);
    json_add_text(object, "service", info->service);
    json_add_text(object, "namespace", info->namespace_);
    json_add_text(object, "type", info->type);
    json_add_text(object, "view", info->view);
    json_add_text(object, "source", info->source);
    json_add_flag(object, "stale", answer->stale);
    json_add_number(object, "age_ms", svc_endpoints_age_ms(answer->eps));
    if (info->ttl_ms < 0)
        json_add(object, "ttl_ms", NULL);
    else
        json_add_number(object, "ttl_ms", info->ttl_ms);
    json_add_number(object, "generation", (int64_t)info->generation);
    json_add_text(object, "canonical", info->canonical);
    json_add_text(object, "session_affinity", info->session_affinity);
    json_begin(object);
    json_write_endpoints("endpoints", answer->eps, count);
    json_end(json_item());
}

/* One answer in the form asked for: at once, or as rows of the table. */
static void show(const struct options *opt, const struct rows *rows,
                 struct table *t, const struct answer *answer)
{
    size_t count = shown_count(answer, opt->all);

    switch ((enum output)opt->output) {
    case OUTPUT_JSON:
        write_object(answer, count);
        break;
    case OUTPUT_NAME:
        rows_print_names(answer->eps, count);
        break;
    case OUTPUT_TABLE:
    case OUTPUT_WIDE:
        rows_add_set(rows, t, answer->name, answer->eps, count);
        break;
    }
}

/* Waits for, shows and frees every answer. The highest exit status. */
static int show_all(struct ask *ask, struct answer *answers, size_t count)
{
    const struct options *opt = ask->opt;
    struct rows rows = {.lead = count > 1 ? "NAME" : NULL,
                        .wide = opt->output == OUTPUT_WIDE,
                        .why = opt->all,
                        .set = 1};
    struct table t;
    int exit_status = 0;
    int any = 0;
    size_t i;

    rows_init(&rows, &t);
    for (i = 0; i < count; i++) {
        int shown;

        answer_finish(ask, &answers[i]);
        shown = answer_is_shown(&answers[i], opt->all);
        if (shown)
            show(opt, &rows, &t, &answers[i]);
        any |= shown;
        answer_report(ask, &answers[i], shown);
        if (answers[i].exit > exit_status)
            exit_status = answers[i].exit;
        answer_fini(&answers[i]);
    }
    if (any && (opt->output == OUTPUT_TABLE || opt->output == OUTPUT_WIDE))
        table_print(&t, opt, 1);
    table_fini(&t);
    return exit_status;
}

/* No resolver: every name has the same answer. */
static int refuse_all(const struct options *opt, const svc_error *error)
{
    size_t i;

    for (i = 0; i < opt->arguments_count; i++)
        report_object(opt, opt->arguments[i], error);
    report_text(opt, error);
    return report_exit(error->code);
}

int cmd_resolve(const struct options *opt)
{
    size_t count = opt->arguments_count;
    struct answer *answers = memory_new(count, sizeof(*answers));
    struct ask ask;
    svc_error error;
    int exit_status;
    size_t i;

    if (ask_init(&ask, opt, ASK_TIMEOUT_MS, &error) != 0 ||
        ask_open(&ask, &error) != 0) {
        exit_status = refuse_all(opt, &error);
    } else {
        /* All are opened before any is waited for: they share the time. */
        for (i = 0; i < count; i++)
            answer_begin(&ask, opt->arguments[i], &answers[i]);
        exit_status = show_all(&ask, answers, count);
    }
    ask_close(&ask);
    free(answers);
    return exit_status;
}
