/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Round robin: its definition, its start, what a change of members may move,
 * and many threads.
 */
#include "policy_run.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Faults I11: any k * n picks take each one k times. */
static void each_in_turn(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 9; n++) {
        struct policy_run run;
        uint32_t last;

        policy_begin(&run, &svc__policy_rr, n * 77);
        policy_set(&run, set_range(1, n), NULL, NULL);
        last = policy_pick(&run);
        for (uint32_t i = 0; i < 5 * n; i++) {
            uint32_t now = policy_pick(&run);

            assert_int_equal(now, last % n + 1);
            last = now;
        }
        policy_end(&run);
    }
}

/* Faults L7: many clients do not start at one endpoint. Chi-square over ten
 * endpoints: 5 sigma of 9 degrees of freedom is below 48. */
static void starts_are_spread(void **state)
{
    double expected = 1000;
    size_t counts[10] = {0};
    double chi = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 10000; seed++) {
        struct policy_run run;

        policy_begin(&run, &svc__policy_rr, seed);
        policy_set(&run, set_range(1, 10), NULL, NULL);
        counts[policy_pick(&run) - 1]++;
        policy_end(&run);
    }
    for (size_t i = 0; i < 10; i++)
        chi += ((double)counts[i] - expected) * ((double)counts[i] - expected) /
               expected;
    assert_true(chi < 48);
}

/* Picks until the next one would be `next`. */
static void go_to(struct policy_run *run, uint32_t next)
{
    size_t i = 0;

    while (policy_pick(run) % run->set->count + 1 != next)
        assert_true(i++ < run->set->count);
}

/* A new set goes on where the old one stood, by identity: behind the one that
 * had its turn last, which is the one before `next`. */
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
        {{1, 2, 3, 4, 5, 6}, 6, 1, 6}, /* it came right behind the last */
        {{2, 3, 4, 5}, 4, 3, 3},       /* one before it went */
        {{1, 3, 4, 5}, 4, 3, 3},       /* the last one went */
        {{1, 2, 4, 5}, 4, 3, 4},       /* it went itself */
        {{1, 2, 3, 4}, 4, 5, 1},       /* it went, and was at the end */
        {{7, 8}, 2, 3, 7},             /* all others */
        {{1}, 1, 4, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_run run;

        policy_begin(&run, &svc__policy_rr, 1);
        policy_set(&run, set_range(1, 5), NULL, NULL);
        go_to(&run, rows[i].next);
        policy_set(&run, set_build(rows[i].members, rows[i].count), NULL, NULL);
        assert_int_equal(policy_pick(&run), rows[i].wanted);
        policy_end(&run);
    }
}

/* However often the set is published anew, nobody is skipped or doubled; sets
 * that a thread never picked from in between are no matter. */
static void rebuilding_changes_nothing(void **state)
{
    struct policy_run run;
    uint32_t last;

    (void)state;
    policy_begin(&run, &svc__policy_rr, 9);
    policy_set(&run, set_range(1, 7), NULL, NULL);
    last = policy_pick(&run);
    for (size_t i = 1; i < 100; i++) {
        policy_set(&run, set_range(1, 7), NULL, NULL);
        for (size_t k = 0; k < i % 4; k++) {
            uint32_t now = policy_pick(&run);

            assert_int_equal(now, last % 7 + 1);
            last = now;
        }
    }
    policy_end(&run);
}

#define THREADS 4
#define EACH    25000

struct picker {
    const struct policy_run *shared;
    uint64_t seed;
    uint32_t counts[10];
};

static void *pick_many(void *arg)
{
    struct picker *p = arg;
    struct svc__cursor cursor = {0};
    struct svc__rng rng;
    const struct svc__pick_ctx ctx = {.rng = &rng, .cursor = &cursor};

    svc__rng_seed(&rng, p->seed);
    for (int i = 0; i < EACH; i++)
        p->counts[svc__policy_pick(&p->shared->policy, &ctx)]++;
    return NULL;
}

static void threads_have_turns_of_their_own(void **state)
{
    struct policy_run run;
    struct picker pickers[THREADS] = {0};
    pthread_t threads[THREADS];

    (void)state;
    policy_begin(&run, &svc__policy_rr, 3);
    policy_set(&run, set_range(1, 10), NULL, NULL);
    for (size_t i = 0; i < THREADS; i++) {
        pickers[i].shared = &run;
        pickers[i].seed = i;
        assert_int_equal(
            pthread_create(&threads[i], NULL, pick_many, &pickers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        for (size_t k = 0; k < 10; k++)
            assert_int_equal(pickers[i].counts[k], EACH / 10);
    }
    policy_end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_in_turn),
        cmocka_unit_test(starts_are_spread),
        cmocka_unit_test(position_is_kept),
        cmocka_unit_test(rebuilding_changes_nothing),
        cmocka_unit_test(threads_have_turns_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
