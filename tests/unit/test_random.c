/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random: every endpoint with the same chance, from the caller's generator,
 * nothing remembered.
 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evenly),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(a_new_set_counts_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
