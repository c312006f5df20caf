/* SPDX-License-Identifier: Apache-2.0 */
#include "reflector_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct svc__reflector_scope scope = {SVC__RESOURCE_SLICES, "shop",
                                                  "web"};

static const char *const types[] = {
    [SVC__EVENT_ADDED] = "added",      [SVC__EVENT_MODIFIED] = "modified",
    [SVC__EVENT_DELETED] = "deleted",  [SVC__EVENT_BOOKMARK] = "bookmark",
    [SVC__EVENT_ERROR] = "error",      [SVC__EVENT_UNKNOWN] = "unknown",
    [SVC__EVENT_UNKNOWN + 1] = "item",
};

static const struct {
    const char *word;
    int err;
    int status;
} ends[] = {
    {"end", 0, 200},
    {"cut", SVC_EUNREACH, 200},
    {"refused", SVC_EUNREACH, 0},
    {"tls", SVC_EAUTH, 0},
    {"no memory", SVC_ENOMEM, 200},
    {"broken", SVC_EPROTO, 200},
    {"too big", SVC_ETOOBIG, 200},
};

void stream_init(struct stream *s)
{
    memset(s, 0, sizeof(*s));
    s->rf = svc__reflector_new(&scope, 7);
    assert_non_null(s->rf);
    reflector_rules_init(&s->rules);
    s->action.due_ms = INT64_MAX;
}

void stream_fini(struct stream *s)
{
    svc__reflector_free(s->rf);
}

static void note_url(struct stream *s)
{
    struct svc__buf url;
    char *at;

    svc__buf_init(&url, 16384);
    assert_int_equal(svc__reflector_url(s->rf, &url), 0);
    at = strstr(url.data, "resourceVersion=");
    if (at != NULL) {
        at += strlen("resourceVersion=");
        at[strcspn(at, "&")] = '\0';
    }
    if (strstr(url.data, "sendInitialEvents=true") != NULL)
        svc__buf_printf(&s->trace, "watch-list");
    else if (strstr(url.data, "watch=1") != NULL)
        svc__buf_printf(&s->trace, "watch from %s", at);
    else if (strstr(url.data, "continue=") != NULL)
        svc__buf_printf(&s->trace, "list on");
    else if (at != NULL)
        svc__buf_printf(&s->trace, "list not older than %s", at);
    else
        svc__buf_printf(&s->trace, "list");
    svc__buf_fini(&url);
}

static void note_action(struct stream *s, int64_t now_ms)
{
    static const char *const fates[] = {"", "apply, ", "delete, ", "collect, ",
                                        "discard, "};
    const struct svc__reflector_action *a = &s->action;

    svc__buf_printf(&s->trace, "%s%s%s", fates[a->fate],
                    a->forget ? "forget, " : "", a->commit ? "commit, " : "");
    if (a->what == SVC__REFLECTOR_REQUEST) {
        note_url(s);
        svc__buf_printf(&s->trace, "%s, ",
                        a->authorize ? " with a new token" : "");
    } else if (a->what == SVC__REFLECTOR_PAUSE) {
        svc__buf_printf(&s->trace, "pause %d ms, ", (int)(a->due_ms - now_ms));
    }
}

static void note_trouble(struct stream *s)
{
    int code = svc__reflector_trouble(s->rf, NULL);

    if (code != s->trouble)
        svc__buf_printf(&s->trace, "%s, ",
                        code != 0 ? svc_err_name(code) : "well again");
    s->trouble = code;
}

static void step(struct stream *s, struct svc__reflector_event *event,
                 int64_t now_ms, const char *what)
{
    const char *broken;
    size_t before;

    event->now_ms = now_ms;
    svc__reflector_step(s->rf, event, &s->action);
    broken = reflector_rules_check(&s->rules, s->rf, event, &s->action);
    if (broken != NULL)
        fail_msg("%s: broken: %s", what, broken);
    svc__buf_printf(&s->trace, "[%7d] %s -> ", (int)(now_ms - STREAM_BEGIN_MS),
                    what);
    before = s->trace.size;
    note_action(s, now_ms);
    note_trouble(s);
    if (s->trace.size == before)
        svc__buf_printf(&s->trace, "go on, ");
    s->trace.size -= 2;
    svc__buf_add_byte(&s->trace, '\n');
}

/* The words behind the first one. */
static const char *rest(const char *what)
{
    const char *space = strchr(what, ' ');

    return space != NULL ? space + 1 : "";
}

static int begins(const char *what, const char *word)
{
    size_t size = strlen(word);

    return strncmp(what, word, size) == 0 &&
           (what[size] == '\0' || what[size] == ' ');
}

static int read_object(const char *what, struct svc__reflector_event *event,
                       struct svc__status *status)
{
    event->kind = SVC__REFLECTOR_OBJECT;
    event->version = rest(what);
    event->status = status;
    status->code = atoi(rest(what));
    (void)snprintf(status->reason, sizeof(status->reason), "%s",
                   rest(rest(what)));
    event->is_initial_end = begins(what, "initial-end");
    event->type = SVC__EVENT_BOOKMARK;
    if (event->is_initial_end)
        return 1;
    for (size_t i = 0; i <= SVC__EVENT_UNKNOWN + 1; i++) {
        if (begins(what, types[i])) {
            event->type = i > SVC__EVENT_UNKNOWN ? SVC__EVENT_ADDED
                                                 : (enum svc__event_type)i;
            return 1;
        }
    }
    return 0;
}

static void read_end(const char *what, struct svc__reflector_event *event,
                     struct svc__status *status)
{
    event->kind = SVC__REFLECTOR_ENDED;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strcmp(what, ends[i].word) == 0) {
            event->err = ends[i].err;
            event->http_status = ends[i].status;
            return;
        }
    }
    event->http_status = atoi(what);
    assert_true(event->http_status >= 100);
    if (atoi(rest(what)) != 0 || rest(what)[0] == '-')
        event->retry_after_ms = atoi(rest(what));
    else
        (void)snprintf(status->message, sizeof(status->message), "%s",
                       rest(what));
    event->body = status;
}

static void happen(struct stream *s, const struct stream_event *e)
{
    struct svc__status status = {.retry_after_ms = -1};
    struct svc__reflector_event event = {.retry_after_ms = -1, .more = ""};
    char version[SVC__VERSION_SIZE] = "";

    if (begins(e->what, "start")) {
        event.kind = SVC__REFLECTOR_START;
    } else if (begins(e->what, "bytes")) {
        event.kind = SVC__REFLECTOR_BYTES;
    } else if (begins(e->what, "inside") || begins(e->what, "outside")) {
        event.kind = SVC__REFLECTOR_DOCUMENT;
        event.is_inside = begins(e->what, "inside");
    } else if (begins(e->what, "listed")) {
        event.kind = SVC__REFLECTOR_LISTED;
        (void)snprintf(version, sizeof(version), "%.*s",
                       (int)strcspn(rest(e->what), " "), rest(e->what));
        event.version = version;
        event.more = rest(rest(e->what));
    } else if (!read_object(e->what, &event, &status)) {
        read_end(e->what, &event, &status);
    }
    step(s, &event, STREAM_BEGIN_MS + e->at_ms, e->what);
}

void stream_play(struct stream *s, const struct stream_event *events,
                 size_t count, const char *expected)
{
    struct svc__reflector_event due = {.kind = SVC__REFLECTOR_DUE};

    svc__buf_init(&s->trace, 65536);
    for (size_t i = 0; i < count; i++) {
        while (s->action.due_ms <= STREAM_BEGIN_MS + events[i].at_ms)
            step(s, &due, s->action.due_ms, "now");
        happen(s, &events[i]);
    }
    assert_string_equal(s->trace.data, expected);
    svc__buf_fini(&s->trace);
}
