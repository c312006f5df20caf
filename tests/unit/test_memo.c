/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that are resolved again: what is opened for them, what is answered
 * from what was opened, and when it goes.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/tick.h"
#include "script.h"

#include <stdio.h>
#include <string.h>

/* Resolves a name, whose set is let go at once, and runs a round. */
static int resolve(svc_resolver *r, const char *name,
                   const svc_service_options *options, svc_error *reterr)
{
    svc_endpoints *eps = NULL;
    int err = svc_resolver_resolve(r, name, options, 0, &eps, reterr);

    assert_int_equal(eps == NULL, err != 0);
    svc_endpoints_unref(eps);
    script_round(r);
    return err;
}

static int resolve_in(svc_resolver *r, const char *name, int timeout_ms)
{
    svc_endpoints *eps = NULL;
    int err = svc_resolver_resolve(r, name, NULL, timeout_ms, &eps, NULL);

    svc_endpoints_unref(eps);
    return err;
}

static svc_stats stats_of(svc_resolver *r)
{
    svc_stats stats = SVC_STATS_INIT;

    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    return stats;
}

/* The time between two looks at what is kept has passed. */
static void sweep(svc_resolver *r)
{
    assert_true(svc__timer_is_set(&r->memo.timer));
    svc__loop_set(r->loop, &r->memo.timer, 0);
    script_round(r);
}

static void test_one_service_for_all_calls(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_endpoints *a = NULL;
    svc_endpoints *b = NULL;

    (void)state;
    script_at_once("web.dev", "10.0.0.1");
    assert_int_equal(svc_resolver_resolve(r, "web:80", NULL, 1000, &a, NULL),
                     0);
    assert_int_equal(svc_resolver_resolve(r, "web:80", NULL, 0, &b, NULL), 0);
    assert_ptr_equal(a, b);
    svc_endpoints_unref(b);
    script_addresses(r, "web.dev", "10.0.0.2 10.0.0.3");
    assert_int_equal(svc_resolver_resolve(r, "web:80", NULL, 0, &b, NULL), 0);
    assert_int_equal(svc_endpoints_count(a), 1);
    assert_int_equal(svc_endpoints_count(b), 2);
    script_expect("subscribe web.dev:80\n");
    assert_int_equal(stats_of(r).resolves, 3);
    assert_int_equal(stats_of(r).services_open, 1);
    svc_endpoints_unref(a);
    svc_endpoints_unref(b);
    script_free(r);
}

/* Words that are not there and empty ones are the same. */
static void test_options_tell_names_apart(void **state)
{
    svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
    svc_resolver *r = script_new(NULL);

    (void)state;
    script_at_once("web.dev", "10.0.0.1");
    (void)resolve(r, "web:80", NULL, NULL);
    script_expect("subscribe web.dev:80\n");
    o.view = "vip";
    (void)resolve(r, "web:80", &o, NULL);
    script_expect("subscribe web.dev:80 view=vip\n");
    o.family = "";
    assert_int_equal(resolve(r, "web:80", &o, NULL), 0);
    script_expect("");
    o.view = "";
    o.family = "ipv4";
    (void)resolve(r, "web:80", &o, NULL);
    script_expect("subscribe web.dev:80 family=4\n");
    o.family = NULL;
    o.proto = "tcp";
    (void)resolve(r, "web:80", &o, NULL);
    script_expect("subscribe web.dev:80 proto=TCP\n");
    o.proto = "nonsense";
    assert_int_equal(resolve(r, "web:80", &o, NULL), SVC_EINVAL);
    o.size = 1;
    assert_int_equal(resolve(r, "web:80", &o, NULL), SVC_EINVAL);
    assert_int_equal(resolve(r, "web:80", NULL, NULL), 0);
    assert_int_equal(stats_of(r).services_open, 4);
    script_free(r);
}

/* A subset is another set; what is about picks makes no difference, and nothing
 * of it is kept. */
static void test_subsets_tell_names_apart(void **state)
{
    svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
    svc_resolver *r = script_new(NULL);
    svc_endpoints *eps = NULL;

    (void)state;
    script_at_once("web.dev", "10.0.0.1 10.0.0.2");
    for (int subset = 2; subset >= 0; subset--) {
        o.subset = subset;
        o.track = 1;
        o.slow_start_ms = 1000;
        (void)resolve(r, "web:80", &o, NULL);
        script_round(r);
        assert_int_equal(svc_resolver_resolve(r, "web:80", &o, 0, &eps, NULL),
                         0);
        assert_int_equal(svc_endpoints_count(eps), subset == 1 ? 1 : 2);
        svc_endpoints_unref(eps);
    }
    assert_int_equal(stats_of(r).services_open, 3);
    script_free(r);
}

/* Said again without a printf, the story is the same to the byte. */
static void test_an_answer_that_is_no(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_error first;
    svc_error again;
    svc_service *s;

    (void)state;
    assert_int_equal(resolve(r, "web:80", NULL, NULL), SVC_ETIMEDOUT);
    script_code(r, "web.dev", SVC_ENOSERVICE);
    s = script_open(r, "web:80");
    script_code(r, "web.dev", SVC_ENOSERVICE);
    assert_int_equal(svc_service_wait(s, 0, &first), SVC_ENOSERVICE);
    memset(&again, 'x', sizeof(again));
    assert_int_equal(resolve(r, "web:80", NULL, &again), SVC_ENOSERVICE);
    assert_int_equal(again.code, SVC_ENOSERVICE);
    assert_string_equal(again.message, first.message);
    assert_string_equal(again.hint, first.hint);
    assert_int_equal(resolve(r, "web:80", NULL, NULL), SVC_ENOSERVICE);
    script_end(r, s);
}

/* As much of a long story as an error holds, in whole characters. */
static void test_a_long_story(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_error error;
    char story[601];

    (void)state;
    for (size_t i = 0; i < 300; i++)
        memcpy(story + 2 * i, "\xc3\xa4", 3);
    (void)resolve(r, "web:80", NULL, NULL);
    script_told(r, "web.dev", SVC_ENOSERVICE, story);
    assert_int_equal(resolve(r, "web:80", NULL, &error), SVC_ENOSERVICE);
    assert_int_equal(strlen(error.message), 506);
    assert_memory_equal(error.message, story, 506);
    assert_string_equal(error.hint, "");
    script_free(r);
}

/* It goes when it was not asked for over two looks, and the resolver sleeps. */
static void test_what_is_not_used_goes(void **state)
{
    svc_resolver *r = script_new(NULL);
    int64_t left_ms;

    (void)state;
    script_at_once("a.dev", "10.0.0.1");
    script_at_once("b.dev", "10.0.0.2");
    assert_int_equal(svc_resolver_timeout_ms(r), -1);
    (void)resolve(r, "a:80", NULL, NULL);
    (void)resolve(r, "b:80", NULL, NULL);
    left_ms = svc_resolver_timeout_ms(r);
    assert_in_range(left_ms, 1, SVC__MEMO_SWEEP_MS);
    sweep(r);
    sweep(r);
    assert_int_equal(resolve(r, "b:80", NULL, NULL), 0);
    script_expect("subscribe a.dev:80\n"
                  "subscribe b.dev:80\n");
    sweep(r);
    script_expect("unsubscribe a.dev\n");
    sweep(r);
    sweep(r);
    script_expect("unsubscribe b.dev\n");
    assert_int_equal(svc_resolver_timeout_ms(r), -1);
    assert_int_equal(stats_of(r).services_open, 0);
    script_free(r);
}

/* Lets the memo look at its entries again and again, while a call waits. */
struct looks {
    svc_resolver *r;
    struct svc__timer timer;
    unsigned count;
};

static void look(void *arg)
{
    struct looks *l = arg;

    l->count++;
    svc__loop_set(l->r->loop, &l->r->memo.timer, 0);
    svc__loop_set(l->r->loop, &l->timer, svc__loop_now_ms(l->r->loop) + 1);
}

/* However long a caller waits, its service stays until it has an answer. */
static void test_what_is_waited_for_stays(void **state)
{
    svc_resolver *r = script_new(NULL);
    struct looks l = {.r = r};

    (void)state;
    svc__timer_init(&l.timer, look, &l);
    svc__loop_set(r->loop, &l.timer, 0);
    assert_int_equal(resolve_in(r, "web:80", 50), SVC_ETIMEDOUT);
    assert_in_range(l.count, SVC__MEMO_SWEEPS + 2, 1000);
    svc__loop_unset(r->loop, &l.timer);
    script_addresses(r, "web.dev", "10.0.0.1");
    assert_int_equal(resolve(r, "web:80", NULL, NULL), 0);
    script_expect("subscribe web.dev:80\n");
    script_free(r);
}

/* Trouble without a set is waited through; what ended for good is not kept. */
static void test_trouble(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_error error;

    (void)state;
    (void)resolve(r, "web:80", NULL, NULL);
    script_trouble(r, "web.dev", SVC_ETIMEDOUT);
    assert_int_equal(resolve(r, "web:80", NULL, &error), SVC_ETIMEDOUT);
    assert_string_equal(error.message, "\"web:80\": scripted trouble");
    script_expect("subscribe web.dev:80\n");
    script_trouble(r, "web.dev", SVC_EFILE);
    assert_int_equal(resolve(r, "web:80", NULL, NULL), SVC_EFILE);
    script_round(r);
    (void)resolve(r, "web:80", NULL, NULL);
    script_addresses(r, "web.dev", "10.0.0.1");
    script_trouble(r, "web.dev", SVC_EFILE);
    assert_int_equal(resolve(r, "web:80", NULL, NULL), 0);
    script_expect("unsubscribe web.dev\n"
                  "subscribe web.dev:80\n");
    script_free(r);
}

/* Names that cannot be opened are not kept, and push nobody out. */
static void test_names_that_cannot_be_opened(void **state)
{
    svc_resolver *r = script_new(NULL);
    char name[5000];

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(resolve(r, "a..b", NULL, NULL), SVC_ENAME);
    assert_int_equal(resolve(r, "", NULL, NULL), SVC_ENAME);
    assert_int_equal(resolve(r, name, NULL, NULL), SVC_ENAME);
    assert_int_equal(r->memo.count, 0);
    assert_int_equal(stats_of(r).resolves, 3);
    script_free(r);
}

/* Ten thousand, and those that are asked for stay. */
static void test_the_bound(void **state)
{
    svc_resolver *r = script_new(NULL);
    char name[32];
    uint64_t opened;

    (void)state;
    for (unsigned i = 0; i < SVC__MEMO_MAX + 100; i++) {
        snprintf(name, sizeof(name), "10.0.%u.%u:80", i / 250, 1 + i % 250);
        (void)resolve_in(r, name, 1000);
        if (i % 1000 == 0)
            assert_int_equal(resolve_in(r, "10.0.0.1:80", 1000), 0);
    }
    assert_int_equal(r->memo.count, SVC__MEMO_MAX);
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    assert_int_equal(stats_of(r).services_open, SVC__MEMO_MAX);
    opened = stats_of(r).publishes;
    assert_int_equal(resolve_in(r, "10.0.0.1:80", 1000), 0);
    assert_int_equal(resolve_in(r, name, 1000), 0);
    assert_int_equal(stats_of(r).publishes, opened);
    assert_int_equal(resolve_in(r, "10.0.0.2:80", 1000), 0);
    assert_int_equal(stats_of(r).publishes, opened + 1);
    script_free(r);
}

/* What is kept in case that it is asked for again makes room for a service that
 * a source has no place for. */
static void test_what_is_kept_gives_way(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    (void)resolve(r, "a:80", NULL, NULL);
    script_refuse(SVC_ETOOBIG);
    s = script_open(r, "b:80");
    script_expect("subscribe a.dev:80\n"
                  "subscribe b.dev:80 refused\n"
                  "unsubscribe a.dev\n");
    assert_int_equal(svc_service_status(s, NULL), SVC_EAGAIN);
    script_refuse(0);
    script_round(r);
    script_expect("subscribe b.dev:80\n");
    script_end(r, s);
}

/* Only where nothing is kept that could. */
static void test_nothing_gives_way(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_refuse(SVC_ETOOBIG);
    s = script_open(r, "b:80");
    assert_int_equal(svc_service_status(s, NULL), SVC_ETOOBIG);
    assert_in_range(svc_resolver_timeout_ms(r), 500, 1000);
    assert_int_equal(resolve_in(r, "a:80", 1000), SVC_ETOOBIG);
    script_end(r, s);
}

/* On a foreign loop a caller may do nothing but resolve, and hears of changes
 * all the same. */
static void test_resolving_alone_runs_the_loop(void **state)
{
    svc_resolver *r = script_new(NULL);
    int64_t tick;
    uint64_t rounds;

    (void)state;
    assert_int_equal(resolve_in(r, "10.0.0.1:80", 1000), 0);
    rounds = stats_of(r).dispatches;
    tick = svc__tick_now();
    while (svc__tick_now() == tick)
        ;
    assert_int_equal(resolve_in(r, "10.0.0.1:80", 0), 0);
    assert_int_equal(stats_of(r).dispatches, rounds + 1);
    script_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_service_for_all_calls),
        cmocka_unit_test(test_options_tell_names_apart),
        cmocka_unit_test(test_subsets_tell_names_apart),
        cmocka_unit_test(test_an_answer_that_is_no),
        cmocka_unit_test(test_a_long_story),
        cmocka_unit_test(test_what_is_not_used_goes),
        cmocka_unit_test(test_what_is_waited_for_stays),
        cmocka_unit_test(test_trouble),
        cmocka_unit_test(test_names_that_cannot_be_opened),
        cmocka_unit_test(test_the_bound),
        cmocka_unit_test(test_what_is_kept_gives_way),
        cmocka_unit_test(test_nothing_gives_way),
        cmocka_unit_test(test_resolving_alone_runs_the_loop),
    };

    return cmocka_run_group_tests_name("memo", tests, NULL, NULL);
}
