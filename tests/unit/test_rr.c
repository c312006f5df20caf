/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Round robin: its definition, its start, what a change of members may move,
 * and many threads.
 */
#include "policy/policy.h"

#include "set_build.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct svc__pick_ctx ctx = {.key = NULL};

static void *build(const struct svc_endpoints *set, uint64_t seed,
                   const void *prev)
{
    const struct svc__policy_params params = {.seed = seed};
    void *st = NULL;

    assert_int_equal(svc__policy_rr.build(set, &params, prev, &st), 0);
    return st;
}

static uint32_t pick(const struct svc_endpoints *set, void *st)
{
    return set_number(set, svc__policy_rr.pick(st, &ctx));
}

/* Faults 4.3 invariant 11: any k * n picks take each one k times. */
static void each_in_turn(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 9; n++) {
        struct svc_endpoints *set = set_range(1, n);
        void *st = build(set, n * 77, NULL);
        uint32_t last = pick(set, st);

        for (uint32_t i = 0; i < 5 * n; i++) {
            uint32_t now = pick(set, st);

            assert_int_equal(now, last % n + 1);
            last = now;
        }
        svc__policy_rr.destroy(st);
        svc_endpoints_unref(set);
    }
}

/* Faults L7: many clients do not start at one endpoint. Chi-square over ten
 * endpoints: 5 sigma of 9 degrees of freedom is below 48. */
static void starts_are_spread(void **state)
{
    struct svc_endpoints *set = set_range(1, 10);
    double expected = 1000;
    size_t counts[10] = {0};
    double chi = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 10000; seed++) {
        void *st = build(set, seed, NULL);

        counts[pick(set, st) - 1]++;
        svc__policy_rr.destroy(st);
    }
    for (size_t i = 0; i < 10; i++)
        chi += ((double)counts[i] - expected) * ((double)counts[i] - expected) /
               expected;
    assert_true(chi < 48);
    svc_endpoints_unref(set);
}

static void one_seed_gives_one_start(void **state)
{
    struct svc_endpoints *set = set_range(1, 50);
    void *a = build(set, 5, NULL);
    void *b = build(set, 5, NULL);

    (void)state;
    assert_int_equal(pick(set, a), pick(set, b));
    svc__policy_rr.destroy(a);
    svc__policy_rr.destroy(b);
    svc_endpoints_unref(set);
}

/* Picks until the next one would be `next`. */
static void go_to(const struct svc_endpoints *set, void *st, uint32_t next)
{
    size_t i = 0;

    while (pick(set, st) % set->count + 1 != next)
        assert_true(i++ < set->count);
}

/* A new set goes on where the old one stood, by identity. */
static void position_is_kept(void **state)
{
    static const struct {
        uint32_t members[6];
        size_t count;
        uint32_t next; /* in the set of 1 to 5 that was before */
        uint32_t wanted;
    } rows[] = {
        {{1, 2, 3, 4, 5}, 5, 3, 3},    /* nothing changed */
        {{1, 2, 3, 4, 5, 6}, 6, 3, 3}, /* one came */
        {{2, 3, 4, 5}, 4, 3, 3},       /* one before it went */
        {{1, 2, 4, 5}, 4, 3, 4},       /* it went itself */
        {{1, 2, 3, 4}, 4, 5, 1},       /* it went, and was the last */
        {{7, 8}, 2, 3, 7},             /* all others */
        {{1}, 1, 4, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc_endpoints *before = set_range(1, 5);
        struct svc_endpoints *after = set_build(rows[i].members, rows[i].count);
        void *old = build(before, 1, NULL);
        void *new;

        go_to(before, old, rows[i].next);
        new = build(after, 2, old);
        assert_int_equal(pick(after, new), rows[i].wanted);
        svc__policy_rr.destroy(old);
        svc__policy_rr.destroy(new);
        svc_endpoints_unref(before);
        svc_endpoints_unref(after);
    }
}

/* However often the set is published anew, nobody is skipped or doubled. */
static void rebuilding_changes_nothing(void **state)
{
    struct svc_endpoints *sets[2] = {set_range(1, 7), set_range(1, 7)};
    void *st = build(sets[0], 9, NULL);
    uint32_t last = pick(sets[0], st);

    (void)state;
    for (size_t i = 1; i < 100; i++) {
        void *next = build(sets[i % 2], i, st);

        svc__policy_rr.destroy(st);
        st = next;
        for (size_t k = 0; k < i % 4; k++) {
            uint32_t now = pick(sets[i % 2], st);

            assert_int_equal(now, last % 7 + 1);
            last = now;
        }
    }
    svc__policy_rr.destroy(st);
    svc_endpoints_unref(sets[0]);
    svc_endpoints_unref(sets[1]);
}

#define THREADS 4
#define EACH    25000

struct shared {
    void *state;
    _Atomic uint32_t counts[10];
};

static void *picker(void *arg)
{
    struct shared *s = arg;

    for (int i = 0; i < EACH; i++)
        atomic_fetch_add(&s->counts[svc__policy_rr.pick(s->state, &ctx)], 1);
    return NULL;
}

static void threads_share_the_turns(void **state)
{
    struct svc_endpoints *set = set_range(1, 10);
    struct shared s = {.state = build(set, 3, NULL)};
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, picker, &s), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(s.counts[i], THREADS * EACH / 10);
    svc__policy_rr.destroy(s.state);
    svc_endpoints_unref(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_in_turn),
        cmocka_unit_test(starts_are_spread),
        cmocka_unit_test(one_seed_gives_one_start),
        cmocka_unit_test(position_is_kept),
        cmocka_unit_test(rebuilding_changes_nothing),
        cmocka_unit_test(threads_share_the_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
