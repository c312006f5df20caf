/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch prints for a new set and for a trouble. */
#include "events.h"

#include "json.h"
#include "rows.h"
#include "table.h"
#include "text.h"

#include <stdio.h>
#include <time.h>

/* Room for "2026-01-02T03:04:05.678Z". */
#define TIME_SIZE 40

/* The time now (RFC 3339, UTC, milliseconds). */
static void time_text(char ret[TIME_SIZE])
{
    struct timespec ts;
    struct tm tm;
    char seconds[TIME_SIZE - 8];

    clock_gettime(CLOCK_REALTIME, &ts);
    if (!gmtime_r(&ts.tv_sec, &tm) ||
        strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        seconds[0] = '\0';
    snprintf(ret, TIME_SIZE, "%s.%03dZ", seconds,
             (int)(ts.tv_nsec / 1000000) % 1000);
}

static struct json_object *new_object(void)
{
    struct json_object *object = json_new("svcctl.watch/1");
    char now[TIME_SIZE];

    time_text(now);
    json_add_text(object, "time", now);
    return object;
}

enum change {
    CHANGE_ADDED,
    CHANGE_REMOVED,
    CHANGE_CHANGED
};

/* One list of a set's line: the differences of one kind. */
static void write_changes(const struct events *e, const svc_endpoints *eps,
                          enum change kind)
{
    static const char *const keys[] = {"added", "removed", "changed"};
    const svc_endpoint *before;
    const svc_endpoint *after;
    uint64_t cursor = 0;
    size_t written = 0;

    json_begin_list(keys[kind]);
    while (svc_endpoints_diff(e->eps, eps, &cursor, &before, &after)) {
        enum change found = !before  ? CHANGE_ADDED
                            : !after ? CHANGE_REMOVED
                                     : CHANGE_CHANGED;

        if (found == kind)
            json_write_item(written++, json_endpoint(after ? after : before));
    }
    json_end_list();
}

static void write_set(const struct events *e, const svc_endpoints *eps,
                      const svc_endpoints_info *info)
{
    struct json_object *object = new_object();
    struct json_object *tail = json_item();

    json_add_number(object, "generation", (int64_t)info->generation);
    json_add_text(object, "source", info->source);
    json_add_flag(object, "stale", svc_endpoints_is_stale(eps));
    json_begin(object);
    write_changes(e, eps, CHANGE_ADDED);
    write_changes(e, eps, CHANGE_REMOVED);
    write_changes(e, eps, CHANGE_CHANGED);
    json_add_number(tail, "count", (int64_t)svc_endpoints_count(eps));
    if (info->code != 0)
        json_add_text(tail, "code", svc_err_name(info->code));
    json_end(tail);
}

/* A line that is not about one endpoint: "TIME  trouble  text". */
static void print_line(const char *event, const char *text, const char *hint)
{
    char now[TIME_SIZE];

    time_text(now);
    printf("%s %-9s  ", now, event);
    text_print(stdout, text);
    if (hint && hint[0]) {
        fputs(" (", stdout);
        text_print(stdout, hint);
        fputs(")", stdout);
    }
    putchar('\n');
}

/* One row for each difference. Returns how many there are. */
static size_t print_differences(struct events *e, const svc_endpoints *eps)
{
    struct rows rows = {.lead = "TIME                     EVENT    ",
                        .wide = e->opt->output == OUTPUT_WIDE};
    const svc_endpoint *before;
    const svc_endpoint *after;
    uint64_t cursor = 0;
    size_t count = 0;
    char now[TIME_SIZE];
    char lead[TIME_SIZE + 16];
    struct table t;

    time_text(now);
    rows_init(&rows, &t);
    while (svc_endpoints_diff(e->eps, eps, &cursor, &before, &after)) {
        const char *event = "changed";

        rows.tint = TINT_YELLOW;
        if (!before || !after) {
            event = before ? "removed" : "added";
            rows.tint = before ? TINT_RED : TINT_GREEN;
        }
        snprintf(lead, sizeof(lead), "%s %-9s", now, event);
        rows_add(&rows, &t, lead, after ? after : before);
        count++;
    }
    if (count > 0) {
        table_print(&t, e->opt, !e->titles_printed);
        e->titles_printed = 1;
    }
    table_fini(&t);
    return count;
}

static void print_set(struct events *e, const svc_endpoints *eps,
                      const svc_endpoints_info *info)
{
    size_t count = print_differences(e, eps);

    if (info->code != 0)
        print_line("empty",
                   info->message ? info->message : svc_err_text(info->code),
                   info->hint);
    else if (count == 0 && e->in_trouble)
        print_line("recovered", "the source is well again, nothing changed",
                   NULL);
}

static void print_names(const struct events *e, const svc_endpoints *eps)
{
    char target[TEXT_TARGET_SIZE];
    const svc_endpoint *before;
    const svc_endpoint *after;
    uint64_t cursor = 0;

    while (svc_endpoints_diff(e->eps, eps, &cursor, &before, &after)) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

        if (before)
            continue;
        svc_endpoint_describe(after, &info);
        text_target(info.address, info.port, target);
        puts(target);
    }
}

void events_set(struct events *e, svc_endpoints *eps)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;

    svc_endpoints_describe(eps, &info);
    switch ((enum output)e->opt->output) {
    case OUTPUT_JSON:
        write_set(e, eps, &info);
        break;
    case OUTPUT_NAME:
        print_names(e, eps);
        break;
    case OUTPUT_TABLE:
    case OUTPUT_WIDE:
        print_set(e, eps, &info);
        break;
    }
    svc_endpoints_unref(e->eps);
    e->eps = eps;
    e->in_trouble = 0;
}

void events_trouble(struct events *e, const svc_error *error)
{
    struct json_object *object;
    struct json_object *trouble;

    e->in_trouble = 1;
    if (e->opt->output == OUTPUT_JSON) {
        object = new_object();
        trouble = json_item();
        json_add_text(trouble, "code", svc_err_name(error->code));
        json_add_text(trouble, "message", error->message);
        json_add_text(trouble, "hint", error->hint);
        json_add(object, "trouble", trouble);
        json_write(object);
    } else if (e->opt->output != OUTPUT_NAME) {
        print_line("trouble", error->message, error->hint);
    }
}

void events_fini(struct events *e)
{
    svc_endpoints_unref(e->eps);
}
