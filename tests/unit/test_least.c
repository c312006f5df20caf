/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lc, wlc, sed and nq: each against its definition, read off all endpoints with
 * fractions and no short cut (semantics 3).
 */
#include "chances.h"
#include "policy_run.h"
#include "tracked.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct svc__policy_ops *const all[] = {
    &svc__policy_lc, &svc__policy_wlc, &svc__policy_sed, &svc__policy_nq};

/* What IPVS would call the overhead of a server. */
static double overhead(const char *name, uint32_t count, uint32_t weight)
{
    if (strcmp(name, "lc") == 0)
        return count;
    if (strcmp(name, "wlc") == 0)
        return (double)count / weight;
    if (strcmp(name, "nq") == 0 && count == 0)
        return -1;
    return ((double)count + 1) / weight;
}

/* The least one, the first of equal ones from `start` on. */
static size_t model(const char *name, const struct tracked *t,
                    const uint32_t *weights, size_t n, size_t start)
{
    double least = INFINITY;
    size_t ret = n;

    for (size_t i = 0; i < n; i++) {
        const size_t at = (start + i) % n;
        const double over =
            overhead(name, svc__slot_in_flight(t->at[at], TRACKED_NOW),
                     weights != NULL ? weights[at] : 1);

        if (over < least) {
            least = over;
            ret = at;
        }
    }
    return ret;
}

/* A few hundred picks that begin and end at random. */
static void compare(const struct svc__policy_ops *ops, uint32_t n,
                    const uint32_t *weights, struct svc__rng *dice)
{
    struct policy_run run;
    struct tracked t;

    tracked_init(&t);
    policy_begin(&run, ops, n);
    policy_set(&run, set_range(1, n), weights, t.at);
    for (int i = 0; i < 300; i++) {
        struct svc__rng copy = run.rng;
        const size_t start = svc__rng_below(&copy, n);
        const size_t at = policy_index(&run);

        assert_int_equal(at, model(ops->name, &t, weights, n, start));
        if (svc__rng_below(dice, 3) != 0)
            tracked_load(&t, at, 1);
        else
            svc__slot_begin(t.at[svc__rng_below(dice, n)]);
    }
    policy_end(&run);
}

static void as_defined(void **state)
{
    static const uint32_t sizes[] = {1, 2, 3, 8, 50};
    struct svc__rng dice;

    (void)state;
    svc__rng_seed(&dice, 21);
    for (size_t p = 0; p < 4; p++) {
        for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            uint32_t weights[50];

            for (size_t i = 0; i < 50; i++)
                weights[i] = svc__rng_below(&dice, 5) + 1;
            compare(all[p], sizes[k], NULL, &dice);
            compare(all[p], sizes[k], weights, &dice);
        }
    }
}

/* One readable case in which all four differ. */
static void each_its_own_way(void **state)
{
    static const uint32_t loads[] = {1, 7, 0, 9};
    static const uint32_t weights[] = {1, 20, 1, 30};
    static const struct {
        const struct svc__policy_ops *ops;
        uint32_t heavy; /* in flight to the third one */
        size_t wanted;
    } rows[] = {
        {&svc__policy_lc, 0, 2},  /* 0 */
        {&svc__policy_wlc, 0, 2}, /* 0 */
        {&svc__policy_sed, 0, 3}, /* 10/30 < 8/20 < 1/1 */
        {&svc__policy_nq, 0, 2},  /* it is idle */
        {&svc__policy_lc, 2, 0},  /* 1 */
        {&svc__policy_wlc, 2, 3}, /* 9/30 < 7/20 */
        {&svc__policy_nq, 2, 3},  /* as sed */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_run run;
        struct tracked t;

        tracked_init(&t);
        for (size_t k = 0; k < 4; k++)
            tracked_load(&t, k, loads[k] + (k == 2 ? rows[i].heavy : 0));
        policy_begin(&run, rows[i].ops, i);
        policy_set(&run, set_range(1, 4), weights, t.at);
        for (int k = 0; k < 20; k++)
            assert_int_equal(policy_index(&run), rows[i].wanted);
        policy_end(&run);
    }
}

/* Equal ones share evenly where all are equal. */
static void ties_begin_anywhere(void **state)
{
    (void)state;
    for (size_t p = 0; p < 4; p++) {
        for (int is_tracked = 0; is_tracked < 2; is_tracked++) {
            struct policy_run run;
            struct tracked t;
            uint32_t counts[10] = {0};

            tracked_init(&t);
            policy_begin(&run, all[p], p);
            policy_set(&run, set_range(1, 10), NULL, is_tracked ? t.at : NULL);
            for (int i = 0; i < 20000; i++)
                counts[policy_index(&run)]++;
            assert_even(counts, 10);
            policy_end(&run);
        }
    }
}

/* With nothing tracked nothing is in flight: the heaviest for sed, anyone for
 * the others. */
static void untracked(void **state)
{
    static const uint32_t weights[] = {1, 5, 2, 5};
    static const double heaviest[] = {0, 2, 0, 2}; /* each from two places */

    (void)state;
    for (size_t p = 0; p < 4; p++) {
        struct policy_run run;
        uint32_t counts[4] = {0};

        policy_begin(&run, all[p], 50 + p);
        policy_set(&run, set_range(1, 4), weights, NULL);
        for (int i = 0; i < 20000; i++)
            counts[policy_index(&run)]++;
        assert_chances(counts, all[p] == &svc__policy_sed ? heaviest : NULL, 4);
        policy_end(&run);
    }
}

/* The highest count and weights do not run over. */
static void the_largest_numbers(void **state)
{
    static const uint32_t weights[] = {UINT32_MAX, UINT32_MAX - 1};

    (void)state;
    for (size_t p = 1; p < 4; p++) {
        struct policy_run run;
        struct tracked t;

        tracked_init(&t);
        for (size_t i = 0; i < 2; i++) {
            t.slots[i].word = SVC__SLOT_FLIGHT_MASK;
            t.slots[i].began_ms = TRACKED_NOW;
        }
        policy_begin(&run, all[p], p);
        policy_set(&run, set_range(1, 2), weights, t.at);
        for (int i = 0; i < 20; i++)
            assert_int_equal(policy_index(&run), 0);
        policy_end(&run);
    }
}

/* What leaked counts no more. */
static void time_is_the_picks(void **state)
{
    struct policy_run run;
    struct tracked t;

    (void)state;
    tracked_init(&t);
    tracked_load(&t, 0, 9);
    t.slots[1].word = 3;
    t.slots[1].began_ms = TRACKED_NOW + 10;
    policy_begin(&run, &svc__policy_lc, 8);
    policy_set(&run, set_range(1, 2), NULL, t.at);
    for (int i = 0; i < 20; i++)
        assert_int_equal(policy_index(&run), 1);
    run.ctx.now_ms = TRACKED_NOW + 2 * SVC__SLOT_LEAK_MS + 1;
    for (int i = 0; i < 20; i++)
        assert_int_equal(policy_index(&run), 0);
    policy_end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_defined),
        cmocka_unit_test(each_its_own_way),
        cmocka_unit_test(ties_begin_anywhere),
        cmocka_unit_test(untracked),
        cmocka_unit_test(the_largest_numbers),
        cmocka_unit_test(time_is_the_picks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
