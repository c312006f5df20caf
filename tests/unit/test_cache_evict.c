/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floods of one-time names against names that are of use, and what an entry
 * costs.
 */
#include "cache/cache_own.h"
#include "cache_run.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define USEFUL 10000
#define FLOOD  1000000

static struct svc__block *block;

static void answer(struct svc__cache_entry *e, enum svc__cache_found found)
{
    struct svc__view *v = svc__view_new("test", NULL);
    const struct svc__candidate c = {.block = block, .port = 80, .proto = 6};
    struct svc__cache_answer a = {v, found, 0, 1};

    v->ttl_ms = 30000;
    if (found == SVC__CACHE_HAVE) {
        assert_int_equal(svc__view_hold(v, block), 0);
        assert_int_equal(svc__view_add(v, &c), 0);
    }
    svc__cache_answer(e, &a, 1);
}

/* Somebody looks a name up, once. Returns whether it had to be asked. */
static int look_up(struct svc__cache *c, const char *kind, int i,
                   enum svc__cache_found found)
{
    struct svc__cache_action a;
    struct svc__cache_entry *e;
    char key[64];
    int asked = 0;

    snprintf(key, sizeof(key), "%s-%d.shop.svc.cluster.local", kind, i);
    assert_int_equal(svc__cache_want(c, key, 1, &e), 0);
    while (svc__cache_next(c, &a))
        asked += a.what == SVC__CACHE_ASK;
    if (asked)
        answer(e, found);
    svc__cache_unwant(e, 1);
    return asked;
}

static struct svc__cache *new_cache(void)
{
    struct svc__cache_settings s = cache_run_settings;
    struct svc__cache *c;

    s.entries_max = USEFUL + USEFUL / 5;
    c = svc__cache_new(&s);
    assert_non_null(c);
    return c;
}

/* How many of the useful names have to be asked again. */
static int look_up_useful(struct svc__cache *c)
{
    int asked = 0;

    for (int i = 0; i < USEFUL; i++)
        asked += look_up(c, "useful", i, SVC__CACHE_HAVE);
    return asked;
}

static void flood(enum svc__cache_found found)
{
    struct svc__cache *c = new_cache();
    struct svc__cache_stats stats;

    assert_int_equal(look_up_useful(c), USEFUL);
    assert_int_equal(look_up_useful(c), 0);
    for (int i = 0; i < FLOOD; i++)
        assert_int_equal(look_up(c, "once", i, found), 1);
    assert_int_equal(look_up_useful(c), 0);
    svc__cache_stats(c, &stats);
    assert_int_equal(stats.entries, USEFUL + USEFUL / 5);
    assert_int_equal(stats.evicted, FLOOD - USEFUL / 5);
    assert_int_equal(stats.negative, found == SVC__CACHE_HAVE ? 0 : USEFUL / 5);
    svc__cache_free(c);
}

static void test_a_flood_of_good_names(void **state)
{
    (void)state;
    flood(SVC__CACHE_HAVE);
}

static void test_a_flood_of_names_that_are_not(void **state)
{
    (void)state;
    flood(SVC__CACHE_NXDOMAIN);
}

/* Names looked up twice each push out each other, as long as the useful ones
 * are looked up now and then. */
static void test_a_flood_in_pairs(void **state)
{
    struct svc__cache *c = new_cache();
    int asked = 0;

    (void)state;
    look_up_useful(c);
    for (int i = 0; i < 100000; i++) {
        look_up(c, "twice", i, SVC__CACHE_HAVE);
        look_up(c, "twice", i, SVC__CACHE_HAVE);
        for (int j = 0; j < 10; j++)
            asked +=
                look_up(c, "useful", (i * 10 + j) % USEFUL, SVC__CACHE_HAVE);
    }
    assert_true(asked <= USEFUL / 100);
    svc__cache_free(c);
}

/* What was popular once does not keep others from becoming so. */
static void test_the_popular_change(void **state)
{
    struct svc__cache *c = new_cache();

    (void)state;
    for (int i = 0; i < 2 * USEFUL; i++) {
        look_up(c, "old", i, SVC__CACHE_HAVE);
        assert_int_equal(look_up(c, "old", i, SVC__CACHE_HAVE), 0);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(look_up(c, "new", i, SVC__CACHE_HAVE), 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(look_up(c, "new", i, SVC__CACHE_HAVE), 0);
    svc__cache_free(c);
}

/* An entry without its view. */
static void test_the_cost_of_an_entry(void **state)
{
    struct svc__cache *c = new_cache();
    size_t before = oom_live_bytes();
    size_t each;

    (void)state;
    for (int i = 0; i < USEFUL; i++) {
        struct svc__cache_entry *e;
        char key[64];

        snprintf(key, sizeof(key), "useful-%d.shop.svc.cluster.local", i);
        assert_int_equal(svc__cache_want(c, key, 1, &e), 0);
    }
    each = (oom_live_bytes() - before) / USEFUL;
    print_message("%zu bytes an entry\n", each);
    assert_true(each < 500);
    svc__cache_free(c);
}

static int set_up(void **state)
{
    (void)state;
    oom_install();
    block = svc__block_new(1, 1);
    assert_non_null(block);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svc__block_unref(block);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_flood_of_good_names),
        cmocka_unit_test(test_a_flood_of_names_that_are_not),
        cmocka_unit_test(test_a_flood_in_pairs),
        cmocka_unit_test(test_the_popular_change),
        cmocka_unit_test(test_the_cost_of_an_entry),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
