/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source hashing: places as many as the weights say, and no key that moves
 * without a change.
 */
#include "key_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Weights, and how many places of how many each one gets. */
static const struct {
    uint32_t weights[4];
    uint32_t places[4];
} rows[] = {
    {{1, 1, 1, 1}, {1, 1, 1, 1}},
    {{1, 2, 3, 4}, {1, 2, 3, 4}},
    {{10, 20, 30, 40}, {1, 2, 3, 4}},
    {{7, 7, 7, 7}, {1, 1, 1, 1}},
    {{6, 10, 15, 30}, {6, 10, 15, 30}},
    {{1048583, 3145749, 1048583, 1048583}, {1, 3, 1, 1}},
    /* 2^20 places are not too many, one more are. */
    {{1, 1048573, 1, 1}, {1, 1048573, 1, 1}},
    {{1, 1048574, 1, 1}, {1, 524287, 1, 1}},
    /* The sum has more than 32 bits, what divides all is 1. */
    {{4294967295, 4294967294, 1, 2}, {524287, 524287, 1, 1}},
};

/* The first and the last place of each, which are one behind the other. */
static void places_are_weights(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        struct policy_run run;
        uint32_t places = 0;
        uint32_t at = 0;

        for (size_t i = 0; i < 4; i++)
            places += rows[r].places[i];
        policy_begin(&run, &svc__policy_sh, 1);
        policy_set(&run, set_range(1, 4), rows[r].weights, NULL);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(pick_hash(&run, hash_of_place(at, places)), i);
            at += rows[r].places[i];
            assert_int_equal(pick_hash(&run, hash_of_place(at, places) - 1), i);
        }
        policy_end(&run);
    }
}

/* However many there are, each has one place. */
static void equals_have_a_place_each(void **state)
{
    static const uint32_t sizes[] = {1, 2, 255, 256, 257, 5000};

    (void)state;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        struct policy_run run;

        policy_begin(&run, &svc__policy_sh, 1);
        policy_set(&run, set_range(1, sizes[k]), NULL, NULL);
        for (uint32_t i = 0; i < sizes[k]; i++) {
            const uint64_t hash = hash_of_place(i, sizes[k]);

            assert_int_equal(pick_hash(&run, hash), i);
            assert_int_equal(pick_hash(&run, hash | UINT32_MAX), i);
        }
        assert_int_equal(pick_hash(&run, UINT64_MAX), sizes[k] - 1);
        policy_end(&run);
    }
}

/* One that goes moves a third of all keys on average, and half of them at
 * most: 5 sigma of 10,000 keys are 250. */
static void changes_move_keys(void **state)
{
    size_t all = 0;

    (void)state;
    for (uint32_t gone = 1; gone <= 50; gone++) {
        const struct moved moved =
            count_moved(&svc__policy_sh, 50, gone, 10000);

        assert_in_range(moved.all, 2500 - 250, 5000 + 250);
        all += moved.all;
    }
    assert_in_range(all / 50, 3334 - 250, 3334 + 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_weights),
        cmocka_unit_test(equals_have_a_place_each),
        cmocka_unit_test(changes_move_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
