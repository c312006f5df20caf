/* SPDX-License-Identifier: Apache-2.0 */
/* svcctl pick: what a client would choose, and how evenly. */
#include "ask.h"
#include "commands.h"
#include "counts.h"
#include "json.h"
#include "report.h"
#include "table.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Width of the longest bar of the histogram. */
#define BAR 40

/* One pick, counted; with -o name it is printed too. 1; 0 when the set has
 * changed since and it is not counted; or a code. */
static int pick_once(const struct options *opt, struct answer *answer,
                     struct counts *counts)
{
    svc_pick_options options = SVC_PICK_OPTIONS_INIT;
    char target[TEXT_TARGET_SIZE];
    struct count *count;
    svc_pick pick;
    int err;

    options.key = opt->key;
    options.key_size = opt->key ? strlen(opt->key) : 0;
    err = svc_service_pick(answer->s, &options, &pick);
    if (err)
        return err;
    count = counts_find(counts, &pick);
    if (!count) {
        svc_endpoints *eps = svc_service_endpoints(answer->s);

        if (eps)
            counts_add_set(counts, eps);
        svc_endpoints_unref(eps);
        count = counts_find(counts, &pick);
    }
    if (!count)
        return 0;
    count->picks++;
    if (opt->output == OUTPUT_NAME) {
        text_target(count->address, count->port, target);
        puts(target);
    }
    return 1;
}

/* Picks until count are made. 0 or a code, with the error in answer. */
static int pick_all(const struct options *opt, struct answer *answer,
                    struct counts *counts)
{
    long made = 0;

    counts_add_set(counts, answer->eps);
    while (made < opt->count) {
        int got = pick_once(opt, answer, counts);

        if (got < 0) {
            answer->error.code = got;
            snprintf(answer->error.message, sizeof(answer->error.message),
                     "pick from %s after %ld picks: %s", answer->name, made,
                     svc_err_text(got));
            answer->exit = report_exit(got);
            return got;
        }
        made += got;
    }
    return 0;
}

static void write_object(const struct options *opt, const struct answer *answer,
                         const struct counts *counts)
{
    struct json_object *object = json_new("svcctl.pick/1");
    size_t i;

    json_add_text(object, "name", answer->name);
    json_add_text(object, "policy", answer->info.policy);
    json_add_number(object, "picks", opt->count);
    json_begin(object);
    json_begin_list("counts");
    for (i = 0; i < counts->used; i++) {
        const struct count *count = &counts->list[i];
        struct json_object *item = json_item();

        json_add_text(item, "address", count->address);
        json_add_port(item, count->port);
        json_add_number(item, "count", (int64_t)count->picks);
        json_write_item(i, item);
    }
    json_end_list();
    json_end(json_item());
}

static uint64_t most_picks(const struct counts *counts)
{
    uint64_t most = 1;
    size_t i;

    for (i = 0; i < counts->used; i++) {
        if (counts->list[i].picks > most)
            most = counts->list[i].picks;
    }
    return most;
}

static void add_row(struct table *t, const struct count *count, double all,
                    uint64_t most)
{
    char target[TEXT_TARGET_SIZE];
    char picks[24];
    char share[16];
    char bar[BAR + 1];
    size_t size = (size_t)(count->picks * BAR / most);

    text_target(count->address, count->port, target);
    snprintf(picks, sizeof(picks), "%" PRIu64, count->picks);
    snprintf(share, sizeof(share), "%.1f%%",
             100.0 * (double)count->picks / all);
    memset(bar, '#', size);
    bar[size] = '\0';
    table_add(t, target, TINT_NONE);
    table_add(t, picks, TINT_NONE);
    table_add(t, share, TINT_NONE);
    table_add(t, bar, TINT_NONE);
}

static void print_histogram(const struct options *opt,
                            const struct answer *answer,
                            const struct counts *counts)
{
    uint64_t most = most_picks(counts);
    struct table t;
    char title[64];
    size_t i;

    snprintf(title, sizeof(title), "POLICY %s",
             answer->info.policy ? answer->info.policy : "");
    table_init(&t, 4);
    table_add(&t, "ENDPOINT", TINT_BOLD);
    table_add(&t, "PICKS", TINT_BOLD);
    table_add(&t, "SHARE", TINT_BOLD);
    table_add(&t, title, TINT_BOLD);
    for (i = 0; i < counts->used; i++)
        add_row(&t, &counts->list[i], (double)opt->count, most);
    table_print(&t, opt, 1);
    table_fini(&t);
}

static void show(const struct options *opt, const struct answer *answer,
                 const struct counts *counts)
{
    switch ((enum output)opt->output) {
    case OUTPUT_JSON:
        write_object(opt, answer, counts);
        break;
    case OUTPUT_NAME:
        break;
    case OUTPUT_TABLE:
    case OUTPUT_WIDE:
        print_histogram(opt, answer, counts);
        break;
    }
}

int cmd_pick(const struct options *opt)
{
    struct counts counts = {0};
    struct answer answer;
    struct ask ask;
    int picked = 0;

    if (ask_one(&ask, opt, &answer) == 0) {
        if (answer.error.code == 0 && pick_all(opt, &answer, &counts) == 0) {
            show(opt, &answer, &counts);
            picked = 1;
        }
        answer_report(&ask, &answer, picked);
    }
    counts_fini(&counts);
    answer_fini(&answer);
    ask_close(&ask);
    return answer.exit;
}
