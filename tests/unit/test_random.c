/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random: every endpoint with a chance as its weight, from the caller's
 * generator, nothing remembered.
 */
#include "chances.h"
#include "policy_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Chi-square of picks over n endpoints. The bounds in the tests are 5 sigma
 * and more of n - 1 degrees of freedom: the seed is fixed, so the test is. */
static double chi_square(uint32_t n, uint32_t picks)
{
    struct policy_run run;
    uint32_t counts[100] = {0};
    double expected = (double)picks / n;
    double chi = 0;

    policy_begin(&run, &svc__policy_random, n);
    policy_set(&run, set_range(1, n), NULL, NULL);
    for (uint32_t i = 0; i < picks; i++)
        counts[policy_index(&run)]++;
    for (uint32_t i = 0; i < n; i++)
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    policy_end(&run);
    return chi;
}

static void evenly(void **state)
{
    (void)state;
    assert_true(chi_square(2, 100000) < 27);
    assert_true(chi_square(7, 100000) < 40);
    assert_true(chi_square(10, 100000) < 48);
    assert_true(chi_square(100, 200000) < 185);
}

/* A pick does not depend on the one before: pairs are even too. */
static void without_memory(void **state)
{
    struct policy_run run;
    uint32_t pairs[25] = {0};
    double chi = 0;
    size_t last = 0;

    (void)state;
    policy_begin(&run, &svc__policy_random, 11);
    policy_set(&run, set_range(1, 5), NULL, NULL);
    for (int i = 0; i < 100000; i++) {
        size_t now = policy_index(&run);

        pairs[last * 5 + now]++;
        last = now;
    }
    for (size_t i = 0; i < 25; i++)
        chi += (pairs[i] - 4000.0) * (pairs[i] - 4000.0) / 4000.0;
    assert_true(chi < 75);
    policy_end(&run);
}

static void a_new_set_counts_at_once(void **state)
{
    struct policy_run run;
    uint32_t counts[4] = {0};

    (void)state;
    policy_begin(&run, &svc__policy_random, 12);
    policy_set(&run, set_range(1, 1), NULL, NULL);
    for (int i = 0; i < 100; i++)
        assert_int_equal(policy_index(&run), 0);
    policy_set(&run, set_range(1, 4), NULL, NULL);
    for (int i = 0; i < 1000; i++)
        counts[policy_index(&run)]++;
    for (size_t i = 0; i < 4; i++)
        assert_in_range(counts[i], 150, 350);
    policy_end(&run);
}

#define MOST 300

/* Picks by weights, against the weights. */
static void assert_by_weight(const uint32_t *weights, uint32_t n)
{
    static uint32_t counts[MOST];
    static double chances[MOST];
    struct policy_run run;

    memset(counts, 0, sizeof(counts));
    for (uint32_t i = 0; i < n; i++)
        chances[i] = weights[i];
    policy_begin(&run, &svc__policy_random, n);
    policy_set(&run, set_range(1, n), weights, NULL);
    for (uint32_t i = 0; i < 200000; i++)
        counts[policy_index(&run)]++;
    policy_end(&run);
    assert_chances(counts, chances, n);
}

static void by_weight(void **state)
{
    static const uint32_t few[] = {1, 2, 3, 4};
    static const uint32_t one_heavy[] = {1, 1, 100, 1, 1};
    static const uint32_t one_light[] = {50, 50, 1, 50};
    static const uint32_t huge[] = {UINT32_MAX, UINT32_MAX / 2, UINT32_MAX,
                                    UINT32_MAX / 100};
    uint32_t many[MOST];

    (void)state;
    for (uint32_t i = 0; i < MOST; i++)
        many[i] = 1 + i % 7 * i;
    assert_by_weight(few, 4);
    assert_by_weight(few, 2);
    assert_by_weight(one_heavy, 5);
    assert_by_weight(one_light, 4);
    assert_by_weight(huge, 4);
    assert_by_weight(many, MOST);
}

/* The lightest beside the heaviest is next to nothing, and does not spoil the
 * others. */
static void weights_far_apart(void **state)
{
    static const uint32_t weights[] = {UINT32_MAX, 1, UINT32_MAX, 1,
                                       UINT32_MAX};
    static const double chances[] = {1, 0, 1, 0, 1};
    struct policy_run run;
    uint32_t counts[5] = {0};

    (void)state;
    policy_begin(&run, &svc__policy_random, 1);
    policy_set(&run, set_range(1, 5), weights, NULL);
    for (int i = 0; i < 100000; i++)
        counts[policy_index(&run)]++;
    assert_chances(counts, chances, 5);
    policy_end(&run);
}

/* Weights that are all alike are none: the same picks from the same draws. */
static void equal_weights_are_none(void **state)
{
    static const uint32_t weights[] = {9, 9, 9, 9, 9, 9};
    struct policy_run plain;
    struct policy_run run;

    (void)state;
    policy_begin(&plain, &svc__policy_random, 5);
    policy_begin(&run, &svc__policy_random, 5);
    policy_set(&plain, set_range(1, 6), NULL, NULL);
    policy_set(&run, set_range(1, 6), weights, NULL);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(policy_index(&run), policy_index(&plain));
    policy_end(&plain);
    policy_end(&run);
}

static void one_draw_a_pick(void **state)
{
    static const uint32_t weights[] = {1, 2, 3};
    struct policy_run run;
    struct svc__rng copy;

    (void)state;
    policy_begin(&run, &svc__policy_random, 6);
    policy_set(&run, set_range(1, 3), weights, NULL);
    copy = run.rng;
    for (int i = 0; i < 100; i++) {
        (void)policy_index(&run);
        (void)svc__rng_next(&copy);
        assert_int_equal(run.rng.state, copy.state);
    }
    policy_end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evenly),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(a_new_set_counts_at_once),
        cmocka_unit_test(by_weight),
        cmocka_unit_test(weights_far_apart),
        cmocka_unit_test(equal_weights_are_none),
        cmocka_unit_test(one_draw_a_pick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
