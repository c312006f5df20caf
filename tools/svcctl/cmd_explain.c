/* SPDX-License-Identifier: Apache-2.0 */
/* svcctl explain: the steps of an answer, then all endpoints with reasons. */
#include "ask.h"
#include "commands.h"
#include "json.h"
#include "report.h"
#include "rows.h"
#include "table.h"

#include <stdio.h>

/* Asks for the steps. Owned; NULL with the error in answer. */
static struct json_object *ask_steps(struct answer *answer)
{
    struct json_object *steps;
    svc_error error = {0};
    char *text = NULL;

    if (svc_service_explain(answer->s, &text, &error) != 0) {
        answer->error = error;
        answer->exit = report_exit(error.code);
        return NULL;
    }
    steps = json_tokener_parse(text);
    svc_text_free(text);
    if (!steps) {
        answer->error.code = SVC_EPROTO;
        answer->exit = 1;
    }
    return steps;
}

/* An answer without usable endpoints carries its code here: there is no error
 * object beside the steps. */
static void write_object(const struct answer *answer, struct json_object *steps)
{
    struct json_object *object = json_new("svcctl.explain/1");
    struct json_object *tail = json_item();
    const svc_error *error = &answer->error;
    size_t count = answer->eps ? svc_endpoints_total(answer->eps) : 0;

    json_add_text(object, "name", answer->name);
    json_add(object, "steps", json_object_get(steps));
    json_begin(object);
    json_write_endpoints("endpoints", answer->eps, count);
    if (error->code != 0) {
        json_add_text(tail, "code", svc_err_name(error->code));
        json_add_number(tail, "exit", answer->exit);
        json_add_text(tail, "message", error->message);
        json_add_text(tail, "hint", error->hint);
    }
    json_end(tail);
}

static const char *text_of(struct json_object *step, const char *key)
{
    return json_object_get_string(json_object_object_get(step, key));
}

static void print_steps(const struct options *opt, struct json_object *steps)
{
    struct table t;
    size_t i;

    table_init(&t, 3);
    table_add(&t, "STEP", TINT_BOLD);
    table_add(&t, "MS", TINT_BOLD);
    table_add(&t, "WHAT HAPPENED", TINT_BOLD);
    for (i = 0; i < json_object_array_length(steps); i++) {
        struct json_object *step = json_object_array_get_idx(steps, i);
        char ms[32];

        snprintf(ms, sizeof(ms), "%.3f",
                 json_object_get_double(json_object_object_get(step, "ms")));
        table_add(&t, text_of(step, "step"), TINT_NONE);
        table_add(&t, ms, TINT_NONE);
        table_add(&t, text_of(step, "text"), TINT_NONE);
    }
    table_print(&t, opt, 1);
    table_fini(&t);
}

static void print_endpoints(const struct options *opt,
                            const struct answer *answer)
{
    struct rows rows = {.wide = opt->output == OUTPUT_WIDE, .why = 1};
    struct table t;

    if (!answer->eps || svc_endpoints_total(answer->eps) == 0)
        return;
    rows_init(&rows, &t);
    rows_add_set(&rows, &t, NULL, answer->eps,
                 svc_endpoints_total(answer->eps));
    putchar('\n');
    table_print(&t, opt, 1);
    table_fini(&t);
}

static void show(const struct options *opt, const struct answer *answer,
                 struct json_object *steps)
{
    switch ((enum output)opt->output) {
    case OUTPUT_JSON:
        write_object(answer, steps);
        break;
    case OUTPUT_NAME:
        if (answer->eps)
            rows_print_names(answer->eps, svc_endpoints_count(answer->eps));
        break;
    case OUTPUT_TABLE:
    case OUTPUT_WIDE:
        print_steps(opt, steps);
        print_endpoints(opt, answer);
        break;
    }
}

int cmd_explain(const struct options *opt)
{
    struct json_object *steps = NULL;
    struct answer answer;
    struct ask ask;

    if (ask_one(&ask, opt, &answer) == 0) {
        if (answer.s)
            steps = ask_steps(&answer);
        if (steps)
            show(opt, &answer, steps);
        fflush(stdout);
        answer_report(&ask, &answer, steps != NULL);
    }
    json_object_put(steps);
    answer_fini(&answer);
    ask_close(&ask);
    return answer.exit;
}
