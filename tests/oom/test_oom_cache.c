/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out in the cache: an entry is there or is not, an answer is
 * never lost, and trouble has its code at the least.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "cache/cache.h"
#include "cache_run.h"
#include "oom.h"

#include <stdio.h>
#include <string.h>

static struct svc__block *block;

static void drain(struct svc__cache *c)
{
    struct svc__cache_action a;

    while (svc__cache_next(c, &a)) {
    }
}

/* A view of `count` candidates, or NULL. */
static struct svc__view *make_view(uint32_t count)
{
    struct svc__view *v = svc__view_new("test", NULL);
    int err = v == NULL ? SVC_ENOMEM : svc__view_hold(v, block);

    for (uint32_t i = 0; i < count && err == 0; i++) {
        struct svc__candidate c = {
            .block = block, .index = i, .port = 80, .proto = 6};

        err = svc__view_add(v, &c);
    }
    if (err != 0) {
        assert_true(oom_failures() > 0);
        svc__view_free(v);
        return NULL;
    }
    v->ttl_ms = 5000;
    return v;
}

static void answer(struct svc__cache_entry *e, uint32_t count,
                   enum svc__cache_found found, int64_t now_ms)
{
    struct svc__cache_answer a = {make_view(count), found, 0, 1};

    if (a.view != NULL)
        svc__cache_answer(e, &a, now_ms);
    drain(e->cache);
}

static void check_trouble(const struct svc__cache_entry *e)
{
    svc_error error;

    assert_int_equal(svc__cache_trouble(e, &error), SVC_ETIMEDOUT);
    assert_int_equal(error.code, SVC_ETIMEDOUT);
    if (strcmp(error.message, "no answer from 10.96.0.10") != 0)
        assert_non_null(strstr(error.message, "out of memory"));
    else
        assert_string_equal(error.hint, "look at the network");
}

/* A view whose source fails goes by policy, now or when there is memory. */
static void drop(struct svc__cache_entry *e)
{
    static const svc_error error = {SVC_ETIMEDOUT, "no answer from 10.96.0.10",
                                    "look at the network"};
    int had_set = e->view != NULL && e->view->count > 0;

    svc__cache_fail(e, &error, 100000);
    drain(e->cache);
    check_trouble(e);
    if (!had_set)
        return;
    for (int i = 0; i < 5 && e->view->count > 0; i++)
        svc__cache_due(e->cache, 101000 + i * 1000);
    /* Not dropped: for want of memory, now or when the answers came. */
    if (e->view->code != SVC_ETIMEDOUT)
        assert_true(oom_failures() > 0);
}

static void live(void *arg)
{
    struct svc__cache_settings s = cache_run_settings;
    struct svc__cache *c;
    struct svc__cache_entry *e;
    int err;

    (void)arg;
    s.error_keep_ms = 0;
    c = svc__cache_new(&s);
    if (c == NULL) {
        assert_true(oom_failures() > 0);
        return;
    }
    err = svc__cache_want(c, "web", 0, &e);
    if (err == 0) {
        answer(e, 8, SVC__CACHE_HAVE, 0);
        answer(e, 1, SVC__CACHE_HAVE, 1000);
        answer(e, 7, SVC__CACHE_HAVE, 2000);
        answer(e, 0, SVC__CACHE_NXDOMAIN, 3000);
        answer(e, 8, SVC__CACHE_HAVE, 4000);
        drop(e);
        svc__cache_unwant(e, 200000);
    } else {
        assert_int_equal(err, SVC_ENOMEM);
    }
    svc__cache_free(c);
}

/* A name that finds no memory pushes out none. */
static void want_many(void *arg)
{
    struct svc__cache_settings s = cache_run_settings;
    struct svc__cache *c;
    struct svc__cache_stats stats;
    uint64_t added = 0;

    (void)arg;
    s.entries_max = 20;
    c = svc__cache_new(&s);
    for (int i = 0; c != NULL && i < 40; i++) {
        struct svc__cache_entry *e;
        char key[16];

        snprintf(key, sizeof(key), "name-%d", i);
        if (svc__cache_want(c, key, 0, &e) == 0) {
            svc__cache_unwant(e, 0);
            added++;
        } else {
            assert_true(oom_failures() > 0);
        }
        svc__cache_stats(c, &stats);
        assert_int_equal(stats.entries, added < 20 ? added : 20);
        assert_int_equal(stats.entries + stats.evicted, added);
        if (i % 3 == 0)
            drain(c);
    }
    svc__cache_free(c);
}

static void test_a_life(void **state)
{
    (void)state;
    oom_torture(live, NULL);
}

static void test_many_names(void **state)
{
    (void)state;
    oom_torture(want_many, NULL);
}

static int set_up(void **state)
{
    (void)state;
    oom_install();
    block = svc__block_new(8, 1);
    assert_non_null(block);
    for (uint8_t i = 0; i < 8; i++)
        block->endpoints[i].address.bytes[3] = i;
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
        cmocka_unit_test(test_a_life),
        cmocka_unit_test(test_many_names),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
