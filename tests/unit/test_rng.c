/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generator gives the published sequence, ranges that are even and never
 * left, and secrets that are not constant.
 */
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The first values of splitmix64 for the seed 1234567. */
static void test_sequence(void **state)
{
    static const uint64_t want[] = {6457827717110365317u, 3203168211198807973u,
                                    9817491932198370423u, 4593380528125082431u,
                                    16408922859458223821u};
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 1234567);
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        assert_true(svc__rng_next(&rng) == want[i]);
}

static void test_below_bounds(void **state)
{
    static const uint32_t ns[] = {
        1,          2,          3,          7,          1000,
        0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, UINT32_MAX};
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 1);
    for (size_t i = 0; i < sizeof(ns) / sizeof(ns[0]); i++) {
        uint32_t most = 0;

        for (int n = 0; n < 20000; n++) {
            uint32_t value = svc__rng_below(&rng, ns[i]);

            assert_true(value < ns[i]);
            most = value > most ? value : most;
        }
        /* The upper end is met, or nearly. */
        assert_true(most >= ns[i] - 1 - ns[i] / 1000);
    }
}

/* Chi-square of 100,000 draws: above these bounds once in 10^6 seeds. */
static void test_below_even(void **state)
{
    static const struct {
        uint32_t n;
        double bound;
    } rows[] = {{2, 24}, {3, 28}, {7, 41}, {10, 48}, {100, 178}, {1000, 1231}};
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int counts[1000] = {0};
        double expected = 100000.0 / rows[i].n;
        double sum = 0;

        for (int n = 0; n < 100000; n++)
            counts[svc__rng_below(&rng, rows[i].n)]++;
        for (uint32_t k = 0; k < rows[i].n; k++)
            sum += (counts[k] - expected) * (counts[k] - expected) / expected;
        if (sum > rows[i].bound)
            fail_msg("%u: %f", rows[i].n, sum);
    }
}

/* Three quarters of the whole: a range made with a remainder would give its
 * first third twice as often as the rest. */
static void test_below_no_bias(void **state)
{
    const uint32_t n = 0xC0000000;
    struct svc__rng rng;
    int low = 0;

    (void)state;
    svc__rng_seed(&rng, 3);
    for (int i = 0; i < 90000; i++)
        low += svc__rng_below(&rng, n) < n / 3;
    assert_in_range(low, 29300, 30700);
}

static void test_secret(void **state)
{
    unsigned char a[300] = {0};
    unsigned char b[300] = {0};

    (void)state;
    assert_int_equal(svc__rng_secret(a, sizeof(a) - 1), 0);
    assert_int_equal(svc__rng_secret(b, sizeof(b) - 1), 0);
    assert_memory_not_equal(a, b, 16);
    /* The end is filled, and what is behind it is not. */
    assert_memory_not_equal(a + sizeof(a) - 17, b + sizeof(b) - 17, 16);
    assert_int_equal(a[sizeof(a) - 1], 0);
    assert_int_equal(svc__rng_secret(a, 0), 0);
}

/* Every size, until blocks were read anew many times: all of a portion is
 * filled and nothing behind it, none comes twice, and none is kept. */
static void test_pool_portions(void **state)
{
    static const uint8_t zeros[65];
    struct svc__rng_pool pool = {0};
    uint8_t portion[65];
    uint8_t last[8] = {0};

    (void)state;
    for (size_t n = 0; n < 2000; n++) {
        size_t size = n % 65;
        size_t left = pool.left;

        memset(portion, 0, sizeof(portion));
        assert_int_equal(svc__rng_pool_take(&pool, portion, size), 0);
        assert_int_equal(pool.left, (left < size ? 512 : left) - size);
        assert_memory_equal(portion + size, zeros, sizeof(portion) - size);
        assert_memory_equal(pool.bytes + pool.left, zeros, size);
        if (size < 8)
            continue;
        assert_memory_not_equal(portion, zeros, 8);
        assert_memory_not_equal(portion + size - 8, zeros, 8);
        assert_memory_not_equal(portion, last, 8);
        memcpy(last, portion, sizeof(last));
    }
}

/* Even: each bit of single octets, over many blocks, is set in half of them.
 * 40,000 draws: 6 sigma are 600. */
static void test_pool_even(void **state)
{
    struct svc__rng_pool pool = {0};
    unsigned set[8] = {0};

    (void)state;
    for (int n = 0; n < 40000; n++) {
        uint8_t octet;

        assert_int_equal(svc__rng_pool_take(&pool, &octet, 1), 0);
        for (int bit = 0; bit < 8; bit++)
            set[bit] += octet >> bit & 1u;
    }
    for (int bit = 0; bit < 8; bit++)
        assert_in_range(set[bit], 19400, 20600);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequence),   cmocka_unit_test(test_below_bounds),
        cmocka_unit_test(test_below_even), cmocka_unit_test(test_below_no_bias),
        cmocka_unit_test(test_secret),     cmocka_unit_test(test_pool_portions),
        cmocka_unit_test(test_pool_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
