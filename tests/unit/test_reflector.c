/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/reflector: whatever comes in whatever order, the rules of
 * reflector_rules.h hold; left alone with a good server, it is well again.
 * Whole conversations are traces in step/test_reflector_trace.c and
 * step/test_reflector_trouble.c.
 */
#include "base/rng.h"
#include "oom.h"
#include "reflector_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RUNS  2000
#define STEPS 400

static const struct svc__reflector_scope scope = {SVC__RESOURCE_SERVICES,
                                                  "shop", NULL};

struct play {
    struct svc__reflector *rf;
    struct reflector_rules rules;
    struct svc__reflector_action action;
    struct svc__rng rng;
    int64_t now_ms;
    unsigned version; /* of the server */
    char text[SVC__VERSION_SIZE];
};

static void step(struct play *p, struct svc__reflector_event *event)
{
    const char *broken;

    event->now_ms = p->now_ms;
    svc__reflector_step(p->rf, event, &p->action);
    broken = reflector_rules_check(&p->rules, p->rf, event, &p->action);
    if (broken != NULL)
        fail_msg("broken: %s", broken);
}

static void begin(struct play *p, uint64_t seed)
{
    struct svc__reflector_event start = {.kind = SVC__REFLECTOR_START};

    memset(p, 0, sizeof(*p));
    svc__rng_seed(&p->rng, seed);
    p->rf = svc__reflector_new(&scope, seed);
    assert_non_null(p->rf);
    p->now_ms = 1000000;
    p->version = 100;
    step(p, &start);
}

static unsigned below(struct play *p, uint32_t n)
{
    return svc__rng_below(&p->rng, n);
}

/* Mostly one more; sometimes less, the same, or nothing that counts. */
static const char *some_version(struct play *p)
{
    static const char *const odd[] = {"", "opaque", "007",
                                      "99999999999999999999999999"};
    unsigned n = below(p, 40);

    if (n < 4)
        return odd[n];
    if (n < 6)
        p->version -= below(p, 20) % p->version;
    else if (n < 30)
        p->version += below(p, 3);
    (void)snprintf(p->text, sizeof(p->text), "%u", p->version + 1);
    return p->text;
}

static void some_status(struct play *p, struct svc__status *status)
{
    static const int codes[] = {0,   200, 400, 401, 403, 404, 408, 410,
                                422, 429, 500, 501, 502, 503, 504, 302};
    static const char *const messages[] = {"", "Too large resource version"};

    memset(status, 0, sizeof(*status));
    status->code = codes[below(p, 16)];
    status->retry_after_ms = below(p, 4) == 0 ? (int64_t)below(p, 9000) : -1;
    strcpy(status->message, messages[below(p, 2)]);
}

static void some_end(struct play *p, struct svc__reflector_event *event,
                     struct svc__status *status)
{
    static const int errs[] = {SVC_EUNREACH, SVC_EAUTH, SVC_EPROTO, SVC_ETOOBIG,
                               SVC_ENOMEM};

    event->kind = SVC__REFLECTOR_ENDED;
    event->retry_after_ms = below(p, 8) == 0 ? INT64_MAX / 2 : -1;
    some_status(p, status);
    event->body = status;
    if (below(p, 3) == 0) {
        event->http_status = status->code >= 300 ? status->code : 500;
    } else {
        event->http_status = below(p, 2) ? 200 : 0;
        event->err = below(p, 2) ? errs[below(p, 5)] : 0;
    }
}

/* Lets time pass, or something happen. */
static void some_step(struct play *p)
{
    struct svc__status status;
    struct svc__reflector_event event = {.more = "", .retry_after_ms = -1};

    event.kind = (enum svc__reflector_event_kind)below(p, 8);
    if (event.kind == SVC__REFLECTOR_START && below(p, 4) != 0)
        event.kind = SVC__REFLECTOR_OBJECT;
    if (event.kind > SVC__REFLECTOR_DUE)
        event.kind = SVC__REFLECTOR_DUE;
    if (event.kind == SVC__REFLECTOR_DUE && p->action.due_ms > p->now_ms &&
        below(p, 2) == 0)
        p->now_ms = p->action.due_ms;
    else if (below(p, 3) == 0)
        p->now_ms += below(p, below(p, 10) == 0 ? 100000 : 1000);
    event.version = some_version(p);
    event.is_inside = below(p, 2) == 0;
    if (event.kind == SVC__REFLECTOR_OBJECT) {
        event.type = (enum svc__event_type)below(p, 6);
        event.is_initial_end = below(p, 2) == 0;
        some_status(p, &status);
        event.status = below(p, 4) != 0 ? &status : NULL;
    } else if (event.kind == SVC__REFLECTOR_LISTED) {
        event.more = below(p, 3) == 0 ? "more" : "";
    } else if (event.kind == SVC__REFLECTOR_ENDED) {
        some_end(p, &event, &status);
    }
    step(p, &event);
}

/* A good server, whose history has not gone back, for an hour. */
static void good_server(struct play *p)
{
    struct svc__reflector_event event = {.more = "", .retry_after_ms = -1};
    int64_t end_ms = p->now_ms + 3600000;
    char version[] = "100000000000000000000000000000";

    event.version = version;
    while (p->now_ms < end_ms) {
        if (p->action.due_ms > p->now_ms)
            p->now_ms = p->action.due_ms;
        event.kind = SVC__REFLECTOR_DUE;
        step(p, &event);
        if (p->action.what != SVC__REFLECTOR_REQUEST)
            continue;
        if (svc__reflector_is_watch(p->rf)) {
            event.kind = SVC__REFLECTOR_OBJECT;
            event.type = SVC__EVENT_BOOKMARK;
            event.is_initial_end = 1;
            step(p, &event);
        } else {
            event.kind = SVC__REFLECTOR_LISTED;
            step(p, &event);
            event.kind = SVC__REFLECTOR_ENDED;
            event.http_status = 200;
            step(p, &event);
        }
    }
    assert_true(svc__reflector_is_synced(p->rf));
    assert_int_equal(svc__reflector_trouble(p->rf, NULL), 0);
    assert_string_equal(svc__reflector_version(p->rf), version);
}

static void any_events_in_any_order(void **state)
{
    unsigned long requests = 0, synced = 0;

    (void)state;
    for (uint64_t run = 0; run < RUNS; run++) {
        struct play p;

        begin(&p, run);
        for (int i = 0; i < STEPS; i++)
            some_step(&p);
        synced += svc__reflector_is_synced(p.rf) != 0;
        requests += p.rules.requests;
        good_server(&p);
        svc__reflector_free(p.rf);
    }
    /* The events led somewhere. */
    assert_true(synced > RUNS / 2);
    assert_true(requests > RUNS * 10);
}

/* One failure for ever, after every kind of beginning: so many requests in an
 * hour, at most. */
static void one_failure_for_ever(void **state)
{
    static const struct {
        int err;
        int status;
        unsigned most;
    } rows[] = {
        {SVC_EUNREACH, 0, 400}, {SVC_EAUTH, 0, 130},    {SVC_ENOMEM, 0, 400},
        {0, 200, 400},          {SVC_EPROTO, 200, 400}, {0, 400, 400},
        {0, 401, 400},          {0, 403, 30},           {0, 404, 130},
        {0, 410, 400},          {0, 429, 400},          {0, 500, 400},
        {0, 503, 400},          {0, 504, 400},          {0, 302, 400},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__reflector_event event = {.kind = SVC__REFLECTOR_OBJECT,
                                             .type = SVC__EVENT_BOOKMARK,
                                             .is_initial_end = 1,
                                             .version = "5"};
        struct play p;

        begin(&p, i);
        if (i % 2 == 1)
            step(&p, &event);
        while (p.now_ms < 1000000 + 3600000) {
            struct svc__reflector_event end = {
                .kind = SVC__REFLECTOR_ENDED,
                .err = rows[i / 2].err,
                .http_status = rows[i / 2].status,
                .retry_after_ms = -1,
            };
            struct svc__reflector_event due = {.kind = SVC__REFLECTOR_DUE};

            if (p.rules.running) {
                step(&p, &end);
                continue;
            }
            p.now_ms = p.action.due_ms;
            step(&p, &due);
        }
        assert_true(p.rules.requests <= rows[i / 2].most);
        assert_true(p.rules.requests >= 6);
        svc__reflector_free(p.rf);
    }
}

/* An idle watch in an hour: performance is two timers a minute. */
static void an_idle_watch_sleeps(void **state)
{
    struct svc__reflector_event due = {.kind = SVC__REFLECTOR_DUE};
    struct svc__reflector_event mark = {.kind = SVC__REFLECTOR_OBJECT,
                                        .type = SVC__EVENT_BOOKMARK,
                                        .is_initial_end = 1,
                                        .version = "5"};
    struct svc__reflector_event bytes = {.kind = SVC__REFLECTOR_BYTES};
    struct play p;
    unsigned timers = 0;

    (void)state;
    begin(&p, 1);
    for (int64_t end_ms = p.now_ms + 3600000; p.now_ms < end_ms;) {
        step(&p, &mark);
        for (int second = 0; second < 60; second++, p.now_ms += 1000) {
            int64_t before_ms = p.action.due_ms;

            step(&p, &bytes);
            assert_int_equal(p.action.due_ms, before_ms);
            if (p.action.due_ms > p.now_ms)
                continue;
            timers++;
            step(&p, &due);
        }
    }
    assert_in_range(timers, 8, 60);
    svc__reflector_free(p.rf);
}

static void nothing_before_the_start(void **state)
{
    struct svc__reflector *rf = svc__reflector_new(&scope, 1);
    struct svc__reflector_action action;

    (void)state;
    for (int kind = SVC__REFLECTOR_OBJECT; kind <= SVC__REFLECTOR_DUE; kind++) {
        struct svc__reflector_event event = {
            .kind = (enum svc__reflector_event_kind)kind,
            .version = "1",
            .more = ""};

        svc__reflector_step(rf, &event, &action);
        assert_int_equal(action.what, SVC__REFLECTOR_GO_ON);
        assert_int_equal(action.fate, SVC__REFLECTOR_IGNORE);
        assert_true(action.due_ms == INT64_MAX);
    }
    svc__reflector_free(rf);
    svc__reflector_free(NULL);
}

/* A server that always has more: not more than so many parts. */
static void a_list_without_an_end(void **state)
{
    struct svc__reflector_event end = {
        .kind = SVC__REFLECTOR_ENDED, .http_status = 400, .retry_after_ms = -1};
    struct svc__reflector_event more = {
        .kind = SVC__REFLECTOR_LISTED, .version = "9", .more = "x"};
    struct play p;
    unsigned parts = 0;

    (void)state;
    begin(&p, 1);
    do {
        step(&p, &end);
        end.http_status = 200;
        parts++;
        step(&p, &more);
    } while (p.action.what == SVC__REFLECTOR_GO_ON);
    assert_int_equal(parts, SVC__REFLECTOR_PARTS_MAX);
    assert_int_equal(p.action.what, SVC__REFLECTOR_PAUSE);
    assert_true(p.action.forget);
    assert_int_equal(svc__reflector_trouble(p.rf, NULL), SVC_ETOOBIG);
    svc__reflector_free(p.rf);
}

static void counts(void **state)
{
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_OBJECT,
                                         .version = "5"};
    struct svc__reflector_stats stats;
    struct play p;

    (void)state;
    begin(&p, 1);
    step(&p, &event);
    event.type = SVC__EVENT_BOOKMARK;
    event.is_initial_end = 1;
    step(&p, &event);
    event.kind = SVC__REFLECTOR_ENDED;
    event.err = SVC_EUNREACH;
    event.http_status = 200;
    step(&p, &event);
    event.kind = SVC__REFLECTOR_START;
    p.now_ms += 2000;
    step(&p, &event);
    event.kind = SVC__REFLECTOR_ENDED;
    event.err = 0;
    event.http_status = 410;
    step(&p, &event);
    event.http_status = 500;
    step(&p, &event);
    svc__reflector_stats(p.rf, &stats);
    assert_int_equal(stats.lists, 2);
    assert_int_equal(stats.watches, 1);
    assert_int_equal(stats.events, 1);
    assert_int_equal(stats.bookmarks, 1);
    assert_int_equal(stats.expired, 1);
    assert_int_equal(stats.failures, 1);
    svc__reflector_free(p.rf);
}

/* Memory is needed at the beginning, and for the other parts of a list. */
static void out_of_memory_once(void *arg)
{
    struct svc__reflector *rf = svc__reflector_new(&scope, 1);
    struct svc__reflector_action action;
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_START};

    (void)arg;
    if (rf == NULL)
        return;
    svc__reflector_step(rf, &event, &action);
    event.kind = SVC__REFLECTOR_ENDED;
    event.http_status = 400;
    svc__reflector_step(rf, &event, &action);
    event.kind = SVC__REFLECTOR_LISTED;
    event.version = "4";
    event.more = "more";
    svc__reflector_step(rf, &event, &action);
    assert_false(action.commit);
    if (oom_failures() > 0) {
        assert_int_equal(svc__reflector_trouble(rf, NULL), SVC_ENOMEM);
        assert_int_equal(action.what, SVC__REFLECTOR_PAUSE);
        assert_true(action.forget);
    }
    svc__reflector_free(rf);
}

static void out_of_memory(void **state)
{
    (void)state;
    oom_torture(out_of_memory_once, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_events_in_any_order),
        cmocka_unit_test(one_failure_for_ever),
        cmocka_unit_test(an_idle_watch_sleeps),
        cmocka_unit_test(nothing_before_the_start),
        cmocka_unit_test(a_list_without_an_end),
        cmocka_unit_test(counts),
        cmocka_unit_test(out_of_memory),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
