/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of the cache: entries and their users, keys, statistics, and
 * when it has something to do. Its rules are in tests/step/test_cache_trace.c.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cache/cache_own.h"
#include "cache_run.h"

#include <string.h>

static struct svc__cache_entry *want(struct svc__cache *c, const char *key,
                                     int64_t now_ms)
{
    struct svc__cache_entry *e = NULL;

    assert_int_equal(svc__cache_want(c, key, now_ms, &e), 0);
    assert_string_equal(e->key, key);
    return e;
}

static void answer(struct svc__cache_entry *e, const char *numbers,
                   int64_t now_ms)
{
    struct svc__cache_answer a = {cache_run_view(numbers, 30000),
                                  SVC__CACHE_HAVE, 0, 1};

    svc__cache_answer(e, &a, now_ms);
}

static void negate(struct svc__cache_entry *e, int64_t now_ms)
{
    struct svc__cache_answer a = {cache_run_negative(SVC__CACHE_NXDOMAIN, 5000),
                                  SVC__CACHE_NXDOMAIN, 0, 1};

    svc__cache_answer(e, &a, now_ms);
}

/* Takes all actions; returns their bits. */
static unsigned drain(struct svc__cache *c)
{
    struct svc__cache_action a;
    unsigned bits = 0;

    while (svc__cache_next(c, &a))
        bits |= a.what;
    return bits;
}

static void test_keys(void **state)
{
    char key[SVC__CACHE_KEY_MAX + 2];
    struct svc__cache *c = svc__cache_new(&cache_run_settings);
    struct svc__cache_entry *e = NULL;

    (void)state;
    memset(key, 'x', sizeof(key));
    key[SVC__CACHE_KEY_MAX + 1] = '\0';
    assert_int_equal(svc__cache_want(c, key, 0, &e), SVC_ETOOBIG);
    assert_null(e);
    key[SVC__CACHE_KEY_MAX] = '\0';
    e = want(c, key, 0);
    key[0] = 'y';
    assert_ptr_not_equal(want(c, key, 0), e);
    key[0] = 'x';
    assert_ptr_equal(want(c, key, 0), e);
    assert_int_equal(e->wanted, 2);
    want(c, "", 0);
    svc__cache_free(c);
}

static void test_an_answer_carries_its_time(void **state)
{
    struct svc__cache *c = svc__cache_new(&cache_run_settings);
    struct svc__cache_entry *e = want(c, "web", 5);

    (void)state;
    assert_int_equal(e->answered_ms, -1);
    assert_null(e->view);
    answer(e, "1 2", 100);
    assert_int_equal(e->answered_ms, 100);
    assert_int_equal(e->view->confirmed_ms, 100);
    answer(e, "1 2", 20000);
    assert_int_equal(e->answered_ms, 20000);
    assert_int_equal(e->view->confirmed_ms, 20000);
    /* A doubtful one moves nothing until it is believed. */
    negate(e, 21000);
    assert_int_equal(e->answered_ms, 20000);
    assert_int_equal(e->view->ttl_ms, 30000);
    negate(e, 22000);
    assert_int_equal(e->answered_ms, 22000);
    assert_int_equal(e->view->ttl_ms, 5000);
    svc__cache_free(c);
}

static void test_gone_with_its_user(void **state)
{
    struct svc__cache_settings s = cache_run_settings;
    struct svc__cache_action a;
    struct svc__cache_entry *e;
    struct svc__cache *c;
    int user = 7;

    (void)state;
    s.entries_max = 1;
    c = svc__cache_new(&s);
    e = want(c, "web", 0);
    e->user = &user;
    drain(c);
    answer(e, "1", 1);
    svc__cache_unwant(e, 2);
    assert_int_equal(drain(c), 0);
    want(c, "api", 3);
    assert_int_equal(svc__cache_next(c, &a), 1);
    assert_int_equal(a.what, SVC__CACHE_GONE);
    assert_ptr_equal(a.entry->user, &user);
    /* Wanted again while it goes: a new one. */
    svc__cache_unwant(want(c, "api", 3), 3);
    assert_int_equal(drain(c), SVC__CACHE_ASK);
    svc__cache_free(c);
}

/* The owner's part of an entry: its own for each, empty at first, kept. */
static void test_a_part_is_the_owners(void **state)
{
    struct svc__cache_settings s = cache_run_settings;
    struct svc__cache_entry *e[2];
    struct svc__cache *c;
    void **user;

    (void)state;
    s.user_size = 2 * sizeof(void *);
    c = svc__cache_new(&s);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(svc__cache_want(c, i == 0 ? "a" : "b", 0, &e[i]), 0);
        user = e[i]->user;
        assert_null(user[0]);
        assert_null(user[1]);
        user[0] = e[i];
        user[1] = e[i];
    }
    assert_string_equal(e[0]->key, "a");
    assert_string_equal(e[1]->key, "b");
    assert_int_equal(svc__cache_want(c, "a", 0, &e[1]), 0);
    user = e[1]->user;
    assert_ptr_equal(e[1], e[0]);
    assert_ptr_equal(user[1], e[0]);
    svc__cache_free(c);
}

/* A cache that ends while some are on their way out. */
static void test_free_with_all_kinds_inside(void **state)
{
    struct svc__cache_settings s = cache_run_settings;
    struct svc__cache_action a;
    struct svc__cache *c;

    (void)state;
    s.entries_max = 1;
    c = svc__cache_new(&s);
    svc__cache_unwant(want(c, "a", 0), 0);
    svc__cache_unwant(want(c, "b", 0), 0);
    want(c, "c", 0);
    assert_int_equal(svc__cache_next(c, &a), 1);
    assert_int_equal(a.what, SVC__CACHE_GONE);
    svc__cache_free(c);
}

static void test_nothing_to_do(void **state)
{
    struct svc__cache *c = svc__cache_new(&cache_run_settings);
    struct svc__cache_entry *e;

    (void)state;
    assert_true(svc__cache_due_ms(c) == INT64_MAX);
    assert_int_equal(drain(c), 0);
    e = want(c, "web", 0);
    drain(c);
    /* A first question brings its answer; there is nothing to wait for. */
    assert_true(svc__cache_due_ms(c) == INT64_MAX);
    answer(e, "1", 0);
    assert_in_range(svc__cache_due_ms(c), 22500, 27000);
    svc__cache_unwant(e, 1);
    assert_true(svc__cache_due_ms(c) == INT64_MAX);
    svc__cache_due(c, INT64_MAX / 2);
    assert_int_equal(drain(c), 0);
    svc__cache_free(c);
}

static void test_statistics(void **state)
{
    struct svc__cache *c = svc__cache_new(&cache_run_settings);
    struct svc__cache_entry *e = want(c, "web", 0); /* miss */
    struct svc__cache_stats stats;

    (void)state;
    want(c, "web", 0); /* joined */
    answer(e, "1", 0);
    want(c, "web", 1); /* hit */
    negate(want(c, "none", 0), 1);
    want(c, "none", 2);        /* miss, hit */
    svc__cache_due(c, 27000);  /* refreshes of both */
    negate(e, 27001);          /* in doubt */
    svc__cache_due(c, 28001);  /* to be confirmed */
    svc__cache_due(c, 30000);  /* past its time */
    svc__cache_due(c, 31800);  /* stale */
    svc__cache_due(c, 32001);  /* believed */
    answer(e, "1 2", 32002);   /* not in doubt any more */
    svc__cache_due(c, 59000);  /* refresh */
    negate(e, 59001);          /* in doubt again */
    svc__cache_due(c, 60001);  /* to be confirmed */
    answer(e, "1 2 3", 60002); /* refuted */
    svc__cache_stats(c, &stats);
    assert_int_equal(stats.entries, 2);
    assert_int_equal(stats.negative, 1);
    assert_int_equal(stats.hits, 2);
    assert_int_equal(stats.misses, 2);
    assert_int_equal(stats.joined, 1);
    assert_int_equal(stats.stale, 1);
    assert_int_equal(stats.refreshes, 3);
    assert_int_equal(stats.confirmations, 2);
    assert_int_equal(stats.refuted, 1);
    assert_int_equal(stats.evicted, 0);
    svc__cache_free(c);
}

/* A question that nobody has taken yet is taken back. */
static void test_unwanted_before_it_is_asked(void **state)
{
    struct svc__cache *c = svc__cache_new(&cache_run_settings);
    struct svc__cache_entry *e = want(c, "web", 0);

    (void)state;
    svc__cache_unwant(e, 0);
    assert_int_equal(drain(c), 0);
    assert_int_equal(e->asking, 0);
    want(c, "web", 0);
    assert_int_equal(drain(c), SVC__CACHE_ASK);
    svc__cache_free(c);
}

/* That one family is not there says nothing before the other has answered. */
static void test_half_a_no(void **state)
{
    struct svc__cache *c = svc__cache_new(&cache_run_settings);
    struct svc__cache_entry *e = want(c, "web", 0);
    struct svc__cache_answer a = {cache_run_negative(SVC__CACHE_NODATA, 5000),
                                  SVC__CACHE_NODATA, 1, 0};

    (void)state;
    drain(c);
    svc__cache_answer(e, &a, 10);
    assert_int_equal(drain(c), 0);
    assert_null(e->view);
    assert_int_equal(e->asking, 1);
    svc__cache_free(c);
}

/* It was its turn when nobody wanted it any more: no trouble, and whoever comes
 * next asks at once. */
static void test_unwanted_before_its_turn(void **state)
{
    struct svc__cache *c = svc__cache_new(&cache_run_settings);
    struct svc__cache_entry *e = want(c, "web", 0);
    svc_error error;

    (void)state;
    assert_int_equal(drain(c), SVC__CACHE_ASK);
    svc__cache_unwant(e, 5);
    svc__cache_unasked(e, 10);
    assert_int_equal(drain(c), 0);
    assert_ptr_equal(svc__cache_evict_next(c), e);
    assert_int_equal(svc__cache_due_ms(c), INT64_MAX);
    assert_ptr_equal(want(c, "web", 11), e);
    assert_int_equal(drain(c), SVC__CACHE_ASK);
    assert_int_equal(svc__cache_trouble(e, &error), 0);
    svc__cache_free(c);
}

/* The back-off against the old servers does not count for the new ones. */
static void test_new_servers_begin_anew(void **state)
{
    static const svc_error error = {SVC_ETIMEDOUT, "no answer", ""};
    struct svc__cache *c = svc__cache_new(&cache_run_settings);
    struct svc__cache_entry *e = want(c, "web", 0);

    (void)state;
    for (int64_t now_ms = 1; now_ms < 200000; now_ms = e->due.key) {
        svc__cache_due(c, now_ms);
        svc__cache_fail(e, &error, now_ms);
    }
    svc__cache_due(c, 300000);
    assert_int_equal(e->asking, 1);
    assert_true(e->failures > 7);
    svc__cache_refresh_all(c, 300001);
    svc__cache_fail(e, &error, 300002);
    assert_in_range(e->due.key, 300102, 300802);
    svc__cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_an_answer_carries_its_time),
        cmocka_unit_test(test_gone_with_its_user),
        cmocka_unit_test(test_a_part_is_the_owners),
        cmocka_unit_test(test_free_with_all_kinds_inside),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_unwanted_before_it_is_asked),
        cmocka_unit_test(test_unwanted_before_its_turn),
        cmocka_unit_test(test_half_a_no),
        cmocka_unit_test(test_new_servers_begin_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
