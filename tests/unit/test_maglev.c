/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maglev hashing: the table against one that is filled without any haste, how
 * many places each one gets, and how few keys move.
 */
#include "base/rng.h"
#include "key_run.h"
#include "policy/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLACES 65537u

/* ---- a model --------------------------------------------------------- */

static uint32_t model[PLACES];

/* The first place from *at on that is free. */
static uint32_t next_free(uint32_t at, uint32_t step)
{
    while (model[at] != UINT32_MAX)
        at = (at + step) % PLACES;
    return at;
}

/* Fills the model as semantics 3 and the paper have it, endpoint by endpoint
 * and round by round. */
static void fill_model(const struct svc_endpoints *set, const uint32_t *weights)
{
    const size_t count = set->count;
    uint32_t *at = calloc(count, sizeof(*at));
    uint32_t *step = calloc(count, sizeof(*step));
    uint64_t *taken = calloc(count, sizeof(*taken));
    uint64_t most = 1;
    uint32_t filled = 0;

    memset(model, 0xff, sizeof(model));
    for (size_t i = 0; i < count; i++) {
        struct svc__rng rng = svc__key_of_endpoint(&set->endpoints[i].c);

        at[i] = (uint32_t)((svc__rng_next(&rng) >> 32) * PLACES >> 32);
        step[i] = (uint32_t)(svc__rng_next(&rng) >> 48) + 1;
        most = weights != NULL && weights[i] > most ? weights[i] : most;
    }
    for (uint64_t r = 0; filled < PLACES; r++) {
        for (size_t i = 0; i < count && filled < PLACES; i++) {
            if (r * (weights == NULL ? 1 : weights[i]) < taken[i] * most)
                continue;
            at[i] = next_free(at[i], step[i]);
            model[at[i]] = (uint32_t)i;
            taken[i]++;
            filled++;
        }
    }
    free(at);
    free(step);
    free(taken);
}

static void assert_model(struct policy_run *run)
{
    for (uint32_t i = 0; i < PLACES; i++)
        assert_int_equal(pick_hash(run, hash_of_place(i, PLACES)), model[i]);
}

/* Numbers of endpoints around those where the fill goes another way. */
static void tables_are_as_the_model(void **state)
{
    static const uint32_t sizes[] = {1,   2,    3,    5,     47,    48,   49,
                                     191, 192,  193,  511,   512,   513,  700,
                                     999, 1025, 5000, 40000, 65535, 65536};

    (void)state;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        struct policy_run run;

        policy_begin(&run, &svc__policy_maglev, 1);
        policy_set(&run, set_range(7, 6 + sizes[k]), NULL, NULL);
        fill_model(run.set, NULL);
        assert_model(&run);
        policy_end(&run);
    }
}

/* The same by weight: some few, many alike, some huge. */
static void weighted_tables_are_as_the_model(void **state)
{
    static const uint32_t sizes[] = {1, 2, 3, 10, 60, 200, 600, 3000};
    static const uint32_t limits[] = {2, 3, 10, 1000};
    static uint32_t weights[3000];
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 5);
    for (size_t k = 0; k < 32; k++) {
        const uint32_t size = sizes[k % 8];
        struct policy_run run;

        for (uint32_t i = 0; i < size; i++)
            weights[i] = 1 + svc__rng_below(&rng, limits[k / 8]);
        policy_begin(&run, &svc__policy_maglev, 1);
        policy_set(&run, set_range(1, size), weights, NULL);
        fill_model(run.set, weights);
        assert_model(&run);
        policy_end(&run);
    }
}

/* ---- shares ---------------------------------------------------------- */

static void count_places(struct policy_run *run, uint32_t *counts)
{
    memset(counts, 0, run->set->count * sizeof(*counts));
    for (uint32_t i = 0; i < PLACES; i++)
        counts[pick_hash(run, hash_of_place(i, PLACES))]++;
}

static void equals_have_equal_shares(void **state)
{
    static const uint32_t sizes[] = {1, 2, 10, 100, 1000, 30000};
    static uint32_t counts[30000];

    (void)state;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        struct policy_run run;

        policy_begin(&run, &svc__policy_maglev, 1);
        policy_set(&run, set_range(1, sizes[k]), NULL, NULL);
        count_places(&run, counts);
        for (uint32_t i = 0; i < sizes[k]; i++)
            assert_in_range(counts[i], PLACES / sizes[k],
                            PLACES / sizes[k] + 1);
        policy_end(&run);
    }
}

/* Shares are those of the weights, to a place or two. */
static void weights_are_shares(void **state)
{
    static const uint32_t weights[] = {1, 2, 3, 50, 7, 100, 33, 1};
    uint32_t counts[8];
    uint32_t sum = 0;
    struct policy_run run;

    (void)state;
    for (size_t i = 0; i < 8; i++)
        sum += weights[i];
    policy_begin(&run, &svc__policy_maglev, 1);
    policy_set(&run, set_range(1, 8), weights, NULL);
    count_places(&run, counts);
    for (size_t i = 0; i < 8; i++) {
        const uint32_t wanted = PLACES * weights[i] / sum;

        assert_in_range(counts[i], wanted - 2, wanted + 3);
    }
    policy_end(&run);
}

/* Weights of any size: the least have one place. So many rounds for a few would
 * take seconds if each looked at all endpoints. */
static void light_ones_have_a_place(void **state)
{
    static uint32_t weights[30000];
    static uint32_t counts[30000];
    struct policy_run run;

    (void)state;
    for (size_t i = 0; i < 30000; i++)
        weights[i] = 1;
    weights[4711] = UINT32_MAX;
    weights[4712] = UINT32_MAX / 2 + 1;
    policy_begin(&run, &svc__policy_maglev, 1);
    policy_set(&run, set_range(1, 30000), weights, NULL);
    count_places(&run, counts);
    for (size_t i = 0; i < 30000; i++) {
        if (i != 4711 && i != 4712)
            assert_int_equal(counts[i], 1);
    }
    assert_in_range(counts[4711], 2 * (PLACES - 29998) / 3 - 2,
                    2 * (PLACES - 29998) / 3 + 2);
    policy_end(&run);
}

/* An entry has 16 bits: who is behind the first 65,536 is left out. */
static void more_than_the_table_holds(void **state)
{
    static uint32_t counts[65600];
    struct policy_run run;

    (void)state;
    policy_begin(&run, &svc__policy_maglev, 1);
    policy_set(&run, set_range(1, 65600), NULL, NULL);
    count_places(&run, counts);
    assert_int_equal(counts[0], 2);
    for (size_t i = 1; i < 65600; i++)
        assert_int_equal(counts[i], i < 65536);
    policy_end(&run);
}

/* ---- changes --------------------------------------------------------- */

/* One that goes takes few keys of the others along: of all keys that move at
 * most 1.6 times its own share, where that is a hundredth or more, and never
 * more than a hundredth of all beyond it. 5 sigma of 20,000 keys are 212 for a
 * tenth, 71 for a hundredth, and below 25 for a thousandth. */
static void few_keys_move(void **state)
{
    static const struct {
        uint32_t size;
        size_t most;
        size_t others;
    } rows[] = {
        {2, 10000 + 354, 0},
        {10, 2000 + 212, 200},
        {100, 320 + 90, 200},
        {1000, 20 + 200 + 75, 200 + 71},
    };

    (void)state;
    for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
        for (uint32_t t = 0; t < 5; t++) {
            const uint32_t gone = 1 + t * (rows[k].size - 1) / 4;
            const struct moved moved =
                count_moved(&svc__policy_maglev, rows[k].size, gone, 20000);

            assert_in_range(moved.all, 1, rows[k].most);
            assert_in_range(moved.others, 0, rows[k].others);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_as_the_model),
        cmocka_unit_test(weighted_tables_are_as_the_model),
        cmocka_unit_test(equals_have_equal_shares),
        cmocka_unit_test(weights_are_shares),
        cmocka_unit_test(light_ones_have_a_place),
        cmocka_unit_test(more_than_the_table_holds),
        cmocka_unit_test(few_keys_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
