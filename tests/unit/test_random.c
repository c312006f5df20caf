/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random: every endpoint with the same chance, from the caller's generator,
 * nothing remembered.
 */
#include "policy/policy.h"

#include "set_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void *build(const struct svc_endpoints *set, const void *prev)
{
    const struct svc__policy_params params = {.seed = 4};
    void *st = NULL;

    assert_int_equal(svc__policy_random.build(set, &params, prev, &st), 0);
    return st;
}

/* Chi-square of picks over n endpoints. The bounds in the tests are 5 sigma
 * and more of n - 1 degrees of freedom: the seed is fixed, so the test is. */
static double chi_square(uint32_t n, uint32_t picks)
{
    struct svc_endpoints *set = set_range(1, n);
    void *st = build(set, NULL);
    struct svc__rng rng;
    const struct svc__pick_ctx ctx = {.rng = &rng};
    uint32_t counts[100] = {0};
    double expected = (double)picks / n;
    double chi = 0;

    svc__rng_seed(&rng, n);
    for (uint32_t i = 0; i < picks; i++)
        counts[svc__policy_random.pick(st, &ctx)]++;
    for (uint32_t i = 0; i < n; i++)
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    svc__policy_random.destroy(st);
    svc_endpoints_unref(set);
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
    struct svc_endpoints *set = set_range(1, 5);
    void *st = build(set, NULL);
    struct svc__rng rng;
    const struct svc__pick_ctx ctx = {.rng = &rng};
    uint32_t pairs[25] = {0};
    double chi = 0;
    size_t last = 0;

    (void)state;
    svc__rng_seed(&rng, 11);
    for (int i = 0; i < 100000; i++) {
        size_t now = svc__policy_random.pick(st, &ctx);

        pairs[last * 5 + now]++;
        last = now;
    }
    for (size_t i = 0; i < 25; i++)
        chi += (pairs[i] - 4000.0) * (pairs[i] - 4000.0) / 4000.0;
    assert_true(chi < 75);
    svc__policy_random.destroy(st);
    svc_endpoints_unref(set);
}

static void a_new_set_counts_at_once(void **state)
{
    struct svc_endpoints *small = set_range(1, 1);
    struct svc_endpoints *large = set_range(1, 4);
    struct svc__rng rng;
    const struct svc__pick_ctx ctx = {.rng = &rng};
    void *old = build(small, NULL);
    void *new = build(large, old);
    uint32_t counts[4] = {0};

    (void)state;
    svc__rng_seed(&rng, 12);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(svc__policy_random.pick(old, &ctx), 0);
        counts[svc__policy_random.pick(new, &ctx)]++;
    }
    for (size_t i = 0; i < 4; i++)
        assert_in_range(counts[i], 150, 350);
    svc__policy_random.destroy(old);
    svc__policy_random.destroy(new);
    svc_endpoints_unref(small);
    svc_endpoints_unref(large);
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
