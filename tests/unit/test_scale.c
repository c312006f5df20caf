/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights that are divided, multiplied and halved until they fit.
 */
#include "policy/scale.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void what_divides_all(void **state)
{
    static const struct {
        uint32_t weights[4];
        size_t count;
        uint32_t wanted;
    } rows[] = {
        {{7}, 1, 7},
        {{7, 7, 7, 7}, 4, 7},
        {{10, 20, 30, 40}, 4, 10},
        {{6, 10, 15}, 3, 1},
        {{1, 1000}, 2, 1},
        {{UINT32_MAX, UINT32_MAX - 1}, 2, 1},
        {{1u << 31, 3u << 30}, 2, 1u << 30},
    };

    (void)state;
    assert_int_equal(svc__scale_divisor(NULL, 4), 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(svc__scale_divisor(rows[i].weights, rows[i].count),
                         rows[i].wanted);
}

static void fits_by_halves(void **state)
{
    static const struct {
        uint32_t weights[4];
        uint32_t divisor;
        uint32_t worth;
        uint64_t most;
        uint64_t wanted[4];
    } rows[] = {
        {{1, 2, 3, 4}, 1, 1, 10, {1, 2, 3, 4}},
        {{1, 2, 3, 4}, 1, 1, 9, {1, 1, 1, 2}},
        {{1, 2, 3, 4}, 1, 1, 4, {1, 1, 1, 1}},
        {{10, 20, 30, 40}, 10, 1, 10, {1, 2, 3, 4}},
        {{1, 2, 3, 4}, 1, 160, 1600, {160, 320, 480, 640}},
        {{1, 2, 3, 4}, 1, 160, 1599, {80, 160, 240, 320}},
        {{UINT32_MAX, UINT32_MAX, 1, 1}, 1, 1, 4, {1, 1, 1, 1}},
        {{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
         1,
         160,
         4,
         {1, 1, 1, 1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__scale s = {.weights = rows[i].weights,
                               .divisor = rows[i].divisor,
                               .worth = rows[i].worth};
        uint64_t left = svc__scale_fit(&s, 4, rows[i].most);

        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(svc__scale_of(&s, k), rows[i].wanted[k]);
            left -= rows[i].wanted[k];
        }
        assert_int_equal(left, 0);
    }
}

static void no_weights_are_ones(void **state)
{
    struct svc__scale s = {.divisor = 1, .worth = 160};

    (void)state;
    assert_int_equal(svc__scale_fit(&s, 1000, 160000), 160000);
    assert_int_equal(svc__scale_of(&s, 999), 160);
    assert_int_equal(svc__scale_fit(&s, 1000, 159999), 80000);
    assert_int_equal(svc__scale_fit(&s, 1000, 1000), 1000);
}

/* The sum is what it says, it fits, and one halving less would not do. */
static void any_weights(void **state)
{
    enum {
        MOST = 40
    };
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 7);
    for (int round = 0; round < 20000; round++) {
        uint32_t weights[MOST];
        const uint32_t n = 1 + svc__rng_below(&rng, MOST);
        const uint64_t most = n + (svc__rng_next(&rng) >> 32);
        struct svc__scale s = {.weights = weights, .divisor = 1, .worth = 160};
        uint64_t sum = 0;

        for (uint32_t i = 0; i < n; i++)
            weights[i] = 1 + svc__rng_below(&rng, UINT32_MAX);
        sum = svc__scale_fit(&s, n, most);
        assert_true(sum <= most);
        for (uint32_t i = 0; i < n; i++)
            sum -= svc__scale_of(&s, i);
        assert_int_equal(sum, 0);
        if (s.halved == 0)
            continue;
        s.halved--;
        for (uint32_t i = 0; i < n; i++)
            sum += svc__scale_of(&s, i);
        assert_true(sum > most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_divides_all),
        cmocka_unit_test(fits_by_halves),
        cmocka_unit_test(no_weights_are_ones),
        cmocka_unit_test(any_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
