/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deletions that are remembered: whatever the order of events, and however far
 * one stream lags behind another, the newest word about an object counts, and
 * nothing goes back (faults J13, J14).
 */
#include "kube/store_gone.h"

#include "base/rng.h"
#include "kube/store.h"
#include "kube_build.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct svc__hash_key key = {1, 2};

/* ---- the memory ------------------------------------------------------- */

static int is_older(const struct svc__store_gone *g, const char *name,
                    uint64_t version)
{
    return svc__store_gone_is_older(g, SVC__STORE_SLICE, "s", name, version);
}

static void versions_are_compared(void **state)
{
    struct svc__store_gone g;

    (void)state;
    svc__store_gone_init(&g, &key);
    assert_false(is_older(&g, "a", 1));
    svc__store_gone_note(&g, SVC__STORE_SLICE, "s", "a", 7);
    svc__store_gone_note(&g, SVC__STORE_SLICE, "s", "a", 5);
    assert_true(is_older(&g, "a", 6));
    assert_false(is_older(&g, "a", 7));
    assert_false(is_older(&g, "a", 0));
    assert_false(is_older(&g, "b", 6));
    assert_false(svc__store_gone_is_older(&g, SVC__STORE_SERVICE, "s", "a", 6));
    assert_false(svc__store_gone_is_older(&g, SVC__STORE_SLICE, "t", "a", 6));
    svc__store_gone_note(&g, SVC__STORE_SLICE, "s", "a", UINT64_MAX);
    assert_true(is_older(&g, "a", UINT64_MAX - 1));
    svc__store_gone_clear(&g);
    assert_false(is_older(&g, "a", 6));
    svc__store_gone_fini(&g);
}

static void the_oldest_are_forgotten(void **state)
{
    struct svc__store_gone g;
    char name[400];
    int known = 0;

    (void)state;
    svc__store_gone_init(&g, &key);
    for (int i = 0; i < 10 * SVC__STORE_GONE_MIN; i++) {
        (void)snprintf(name, sizeof(name), "n%d", i);
        svc__store_gone_note(&g, SVC__STORE_SLICE, "s", name, 9);
        assert_in_range(g.young.count + g.old.count, 1,
                        2 * SVC__STORE_GONE_MIN);
        for (int k = i < SVC__STORE_GONE_MIN ? 0 : i - SVC__STORE_GONE_MIN + 1;
             k <= i; k += 97) {
            (void)snprintf(name, sizeof(name), "n%d", k);
            assert_true(is_older(&g, name, 8));
            known++;
        }
    }
    assert_true(known > 1000);
    assert_false(is_older(&g, "n0", 8));
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    svc__store_gone_note(&g, SVC__STORE_SLICE, "s", name, 9);
    assert_false(is_older(&g, name, 8));
    svc__store_gone_fini(&g);
}

static void noting(void *arg)
{
    struct svc__store_gone g;

    (void)arg;
    svc__store_gone_init(&g, &key);
    svc__store_gone_note(&g, SVC__STORE_SLICE, "s", "a", 7);
    assert_int_equal(is_older(&g, "a", 6), oom_failures() == 0);
    assert_false(is_older(&g, "a", 7));
    svc__store_gone_fini(&g);
}

static void no_memory_is_no_memory_of_it(void **state)
{
    (void)state;
    oom_torture(noting, NULL);
}

/* ---- orders ----------------------------------------------------------- */

/* The lives of three objects: what one stream tells, in order. */
static const char *const story[] = {
    "Update Slice s/1 of=a rv=1 port=p:80 @10.0.0.1",
    "Update Service s/a rv=2 port=p:80",
    "Update Slice s/1 of=a rv=3 port=p:80 @10.0.0.1 @10.0.0.2",
    "Update Node n rv=4 zone=a",
    "Remove Slice s/1 of=a rv=5",
    "Update Slice s/1 of=b rv=6 port=p:80 @10.0.0.3",
    "Update Service s/a rv=7 headless",
    "Remove Node n rv=8",
    "Update Slice s/1 of=a rv=9 port=p:80 @10.0.0.4",
    "Remove Service s/a rv=10",
    "Update Service s/a rv=11 port=p:81",
    "Update Slice s/1 of=a rv=12 port=p:81 @10.0.0.5",
    "Update Node n rv=13 zone=b",
    "Remove Slice s/1 of=a rv=14",
    "Remove Node n rv=15",
};

#define STORY (sizeof(story) / sizeof(story[0]))

/* What is held of each: its version, or 0. */
struct held {
    uint64_t service, slice, node;
};

static struct held held_by(const struct svc__store *st)
{
    const struct svc__service_object *service =
        svc__store_service(st, "s", "a");
    const struct svc__slice *slice = svc__store_slice(st, "s", "1");
    const struct svc__node_object *node = svc__store_node(st, "n");

    return (struct held){service == NULL ? 0 : service->resource_version,
                         slice == NULL ? 0 : slice->resource_version,
                         node == NULL ? 0 : node->resource_version};
}

/* What is left by the first count lines in their order. */
static struct held after_lines(size_t count)
{
    struct svc__store *st = kube_store_new();
    struct held h;

    for (size_t i = 0; i < count; i++)
        (void)kube_apply(st, story[i]);
    h = held_by(st);
    svc__store_free(st);
    return h;
}

static void any_order_ends_the_same(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 5);
    for (int run = 0; run < 2000; run++) {
        const size_t count = 1 + svc__rng_below(&rng, STORY);
        const struct held wanted = after_lines(count);
        struct svc__store *st = kube_store_new();
        size_t order[2 * STORY];
        struct held h;

        /* Each line twice, in any order. */
        for (size_t i = 0; i < 2 * count; i++) {
            const size_t k = svc__rng_below(&rng, (uint32_t)i + 1);

            order[i] = order[k];
            order[k] = i % count;
        }
        for (size_t i = 0; i < 2 * count; i++)
            (void)kube_apply(st, story[order[i]]);
        h = held_by(st);
        assert_memory_equal(&h, &wanted, sizeof(h));
        svc__store_free(st);
    }
}

/* Two streams tell the same story, one behind the other: after each event the
 * store is where the one ahead is. */
static void a_stream_that_lags_changes_nothing(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 6);
    for (int run = 0; run < 1000; run++) {
        struct svc__store *st = kube_store_new();
        size_t ahead = 0;
        size_t behind = 0;

        while (behind < STORY) {
            const int is_ahead =
                ahead < STORY &&
                (ahead == behind || svc__rng_below(&rng, 2) == 0);
            const struct held wanted = after_lines(ahead + (size_t)is_ahead);
            struct held h;

            (void)kube_apply(st, is_ahead ? story[ahead] : story[behind]);
            h = held_by(st);
            assert_memory_equal(&h, &wanted, sizeof(h));
            ahead += (size_t)is_ahead;
            behind += (size_t)!is_ahead;
        }
        svc__store_free(st);
    }
}

/* Semantics 2.9 rule 2: a stream about one Service says DELETED where another
 * one says that the slice came, both in one version. */
static void a_slice_that_moved_is_not_deleted(void **state)
{
    static const char *const lines[] = {"Remove Slice s/1 of=a rv=6",
                                        "Update Slice s/1 of=b rv=6"};

    (void)state;
    for (size_t first = 0; first < 2; first++) {
        struct svc__store *st = kube_store_new();

        (void)kube_apply(st, "Update Slice s/1 of=a rv=5");
        (void)kube_apply(st, lines[first]);
        (void)kube_apply(st, lines[1 - first]);
        assert_int_equal(svc__store_slice_count(st, "s", "a"), 0);
        assert_int_equal(svc__store_slice_count(st, "s", "b"), 1);
        (void)kube_apply(st, "Remove Slice s/1 of=b rv=6");
        assert_int_equal(svc__store_slice_count(st, "s", "b"), 0);
        svc__store_free(st);
    }
}

/* Without numbers the last word counts. */
static void versions_that_are_no_numbers(void **state)
{
    struct svc__store *st = kube_store_new();

    (void)state;
    (void)kube_apply(st, "Update Slice s/1 of=a rv=5");
    (void)kube_apply(st, "Update Slice s/1 of=b");
    assert_int_equal(svc__store_slice_count(st, "s", "b"), 1);
    (void)kube_apply(st, "Update Slice s/1 of=a rv=3");
    assert_int_equal(svc__store_slice_count(st, "s", "a"), 1);
    (void)kube_apply(st, "Remove Slice s/1 of=b");
    assert_null(svc__store_slice(st, "s", "1"));
    (void)kube_apply(st, "Update Slice s/1 of=a rv=1");
    assert_non_null(svc__store_slice(st, "s", "1"));
    svc__store_free(st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_compared),
        cmocka_unit_test(the_oldest_are_forgotten),
        cmocka_unit_test(no_memory_is_no_memory_of_it),
        cmocka_unit_test(any_order_ends_the_same),
        cmocka_unit_test(a_stream_that_lags_changes_nothing),
        cmocka_unit_test(a_slice_that_moved_is_not_deleted),
        cmocka_unit_test(versions_that_are_no_numbers),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
