/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exchange: one table of what each answer leads to, what must change
 * nothing, and random conversations. Whole conversations are traces in
 * step/test_exchange_trace.c and test_exchange_tcp_trace.c.
 */
#include "base/rng.h"
#include "exchange_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NOW_US 1000000000

struct fixture {
    struct svc__servers servers;
    struct svc__exchange x;
    struct svc__exchange_action action;
};

static void step(struct fixture *f, struct svc__exchange_event event)
{
    if (event.now_us == 0)
        event.now_us = NOW_US;
    svc__exchange_step(&f->x, &f->servers, &event, &f->action);
}

/* An exchange that has begun. */
static void begin(struct fixture *f, size_t servers)
{
    svc__servers_init(&f->servers, servers, 0);
    svc__exchange_init(&f->x, -1, 0);
    step(f, (struct svc__exchange_event){.kind = SVC__EXCHANGE_START});
    assert_int_equal(f->action.what, SVC__EXCHANGE_SEND);
}

/* Thousands live at once, one in each question. */
static void is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct svc__exchange) <= 96);
}

/* Each rcode of the first UDP answer, whole and cut, of the first of two
 * servers. */
static void first_answers(void **state)
{
    struct fixture f;

    (void)state;
    for (uint16_t rcode = 0; rcode < 32; rcode++) {
        for (int tc = 0; tc <= 1; tc++) {
            int is_good = rcode == 0 || rcode == 3;
            int is_edns = rcode == 1 || rcode == 16;

            begin(&f, 2);
            step(&f, (struct svc__exchange_event){.kind = SVC__EXCHANGE_ANSWER,
                                                  .rcode = rcode,
                                                  .tc = tc});
            if (is_good && !tc) {
                assert_int_equal(f.action.what, SVC__EXCHANGE_DONE);
                assert_int_equal(f.action.code, 0);
                continue;
            }
            assert_int_equal(f.action.what, SVC__EXCHANGE_SEND);
            assert_int_equal(f.action.server, !is_good && !is_edns);
            assert_int_equal(f.action.tcp, is_good);
            assert_int_equal(f.action.edns, !is_edns);
        }
    }
}

/* Faults D25: nothing of this is known, or it is known already. */
static void what_does_not_fit(void **state)
{
    static const struct svc__exchange_event events[] = {
        {.kind = SVC__EXCHANGE_START},
        {.kind = SVC__EXCHANGE_ANSWER, .attempt = 0}, /* over */
        {.kind = SVC__EXCHANGE_FAILED, .attempt = 0, .err = SVC_EUNREACH},
        {.kind = SVC__EXCHANGE_ANSWER, .attempt = 2},
        {.kind = SVC__EXCHANGE_FAILED, .attempt = SVC__ATTEMPTS_MAX},
        {.kind = SVC__EXCHANGE_UNWANTED, .attempt = 2},
        {.kind = SVC__EXCHANGE_ANSWER, .attempt = ~0U},
        {.kind = SVC__EXCHANGE_DUE, .now_us = NOW_US + 499999}, /* too soon */
    };
    struct fixture f;
    struct svc__exchange before;

    (void)state;
    begin(&f, 2);
    step(&f, (struct svc__exchange_event){.kind = SVC__EXCHANGE_ANSWER,
                                          .rcode = 5});
    assert_int_equal(f.action.attempt, 1);
    before = f.x;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        step(&f, events[i]);
        assert_int_equal(f.action.what, SVC__EXCHANGE_WAIT);
        assert_int_equal(f.action.due_ms, NOW_US / 1000 + 500);
        assert_memory_equal(&f.x, &before, sizeof(before));
    }
}

/* Each kind of event, before the start and after the end. */
static void outside_of_its_life(void **state)
{
    struct fixture f;

    (void)state;
    for (int ends = 0; ends <= 1; ends++) {
        begin(&f, 1);
        if (ends)
            step(&f,
                 (struct svc__exchange_event){.kind = SVC__EXCHANGE_ANSWER});
        else
            svc__exchange_init(&f.x, -1, 0);
        for (int kind = ends ? 0 : 1; kind <= SVC__EXCHANGE_DUE; kind++) {
            step(&f, (struct svc__exchange_event){
                         .kind = (enum svc__exchange_event_kind)kind});
            assert_int_equal(f.action.what, SVC__EXCHANGE_WAIT);
            assert_true(f.action.due_ms == INT64_MAX);
        }
    }
}

/* Faults 3.2: more than ten, in whatever attempt. */
static void suspicion(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f, 2);
    step(&f, (struct svc__exchange_event){.kind = SVC__EXCHANGE_DUE,
                                          .now_us = NOW_US + 500000});
    for (unsigned i = 1; i <= 300; i++) {
        step(&f, (struct svc__exchange_event){.kind = SVC__EXCHANGE_UNWANTED,
                                              .attempt = i % 2});
        assert_int_equal(svc__exchange_is_suspect(&f.x), i > 10);
        assert_int_equal(f.action.what,
                         i == 11 ? SVC__EXCHANGE_SEND : SVC__EXCHANGE_WAIT);
    }
}

static struct svc__exchange_event random_event(struct svc__rng *rng,
                                               const struct exchange_rules *r)
{
    static const int errs[] = {SVC_EUNREACH, SVC_ENOMEM, SVC_EPROTO};
    struct svc__exchange_event event = {
        .kind = (enum svc__exchange_event_kind)(1 + svc__rng_below(rng, 4)),
        .attempt = svc__rng_below(rng, r->sent + 1),
        .rcode = (uint16_t)svc__rng_below(rng, 18),
        .tc = svc__rng_below(rng, 3) == 0,
        .err = errs[svc__rng_below(rng, 3)]};

    /* Good answers are rare, or it would be over at once. */
    if ((event.rcode == 0 || event.rcode == 3) && !event.tc)
        event.rcode = svc__rng_below(rng, 8) == 0 ? event.rcode : 2;
    return event;
}

/* One conversation, all rules checked at each step; servers are shared with
 * those before. Returns the time at its end. */
static int64_t converse(struct svc__rng *rng, struct svc__servers *servers,
                        int64_t now_us)
{
    struct svc__exchange_event event = {.kind = SVC__EXCHANGE_START};
    struct svc__exchange_action action;
    struct exchange_rules rules;
    struct svc__exchange x;

    svc__exchange_init(&x, (int)svc__rng_below(rng, 9) - 1,
                       svc__rng_below(rng, 8) == 0);
    exchange_rules_init(&rules);
    for (int steps = 0; !rules.is_done; steps++) {
        const char *broken;

        assert_true(steps < 10000);
        event.now_us = now_us;
        svc__exchange_step(&x, servers, &event, &action);
        broken = exchange_rules_check(&rules, servers, &event, &action);
        if (broken != NULL)
            fail_msg("step %d: %s", steps, broken);
        event = random_event(rng, &rules);
        now_us += svc__rng_below(rng, 100000);
        if (event.kind == SVC__EXCHANGE_DUE && !rules.is_done &&
            now_us / 1000 < rules.due_ms)
            now_us = rules.due_ms * 1000;
    }
    return now_us;
}

static void random_conversations(void **state)
{
    struct svc__servers servers;
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 1035);
    for (int run = 0; run < 500; run++) {
        int64_t now_us = NOW_US;

        svc__servers_init(&servers, 1 + svc__rng_below(&rng, 8),
                          svc__rng_below(&rng, 4) == 0);
        for (int i = 0; i < 40; i++)
            now_us = converse(&rng, &servers, now_us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_small),
        cmocka_unit_test(first_answers),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(outside_of_its_life),
        cmocka_unit_test(suspicion),
        cmocka_unit_test(random_conversations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
