/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two choices: whom chance offers, and who of the two is taken (semantics 3).
 */
#include "chances.h"
#include "policy_run.h"
#include "tracked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PICKS 40000

static const struct svc__policy_ops *const both[] = {&svc__policy_twos,
                                                     &svc__policy_ewma};

/* Picks over and over with nothing that changes, against the chances that
 * costs give: one of n wins over each that is dearer, and half of the meetings
 * with its equals. */
static void assert_by_cost(const struct svc__policy_ops *ops, uint32_t n,
                           const uint32_t *weights,
                           struct svc__slot *const *slots, const double *costs)
{
    struct policy_run run;
    uint32_t counts[TRACKED_MAX] = {0};
    double chances[TRACKED_MAX] = {0};

    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < n; k++) {
            if (k != i && costs[i] <= costs[k])
                chances[i] += costs[i] < costs[k] ? 2 : 1;
        }
    }
    policy_begin(&run, ops, n);
    policy_set(&run, set_range(1, n), weights, slots);
    for (int i = 0; i < PICKS; i++)
        counts[policy_index(&run)]++;
    assert_chances(counts, chances, n);
    policy_end(&run);
}

/* twos: (C + 1) / U, latency is nothing to it. */
static void twos_by_load(void **state)
{
    static const uint32_t loads[] = {3, 0, 1, 1, 7, 2};
    static const uint32_t weights[] = {8, 1, 1, 2, 8, 3};
    struct tracked t;
    double plain[6];
    double weighted[6];

    (void)state;
    tracked_init(&t);
    for (size_t i = 0; i < 6; i++) {
        tracked_answer(&t, i, (float)(1 + i));
        tracked_load(&t, i, loads[i]);
        plain[i] = loads[i] + 1;
        weighted[i] = (loads[i] + 1.0) / weights[i];
    }
    assert_by_cost(&svc__policy_twos, 6, NULL, t.at, plain);
    assert_by_cost(&svc__policy_twos, 6, weights, t.at, weighted);
}

/* ewma: latency * (C + 1) / U. */
static void ewma_by_cost(void **state)
{
    static const float us[] = {100, 40, 200, 1000, 90, 70};
    static const uint32_t loads[] = {0, 4, 1, 0, 2, 0};
    static const uint32_t weights[] = {1, 4, 2, 20, 1, 1};
    struct tracked t;
    double plain[6];
    double weighted[6];

    (void)state;
    tracked_init(&t);
    for (size_t i = 0; i < 6; i++) {
        tracked_answer(&t, i, us[i]);
        tracked_load(&t, i, loads[i]);
        plain[i] = (double)us[i] * (loads[i] + 1);
        weighted[i] = plain[i] / weights[i];
    }
    assert_by_cost(&svc__policy_ewma, 6, NULL, t.at, plain);
    assert_by_cost(&svc__policy_ewma, 6, weights, t.at, weighted);
}

/* Nothing tracked, or nothing known: anyone; twos then goes by weights. */
static void with_nothing_known(void **state)
{
    static const uint32_t weights[] = {1, 3, 2, 2, 1};
    static const double alike[5] = {0};
    static const double by_weight[] = {1.0, 1 / 3.0, 0.5, 0.5, 1.0};
    struct tracked t;

    (void)state;
    tracked_init(&t);
    for (size_t i = 0; i < 2; i++) {
        assert_by_cost(both[i], 5, NULL, NULL, alike);
        assert_by_cost(both[i], 5, NULL, t.at, alike);
        assert_by_cost(both[i], 5, weights, NULL, i == 0 ? by_weight : alike);
        assert_by_cost(both[i], 5, weights, t.at, i == 0 ? by_weight : alike);
    }
}

/* Of two, both are looked at each time. */
static void of_two_the_better(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct policy_run run;
        struct tracked t;

        tracked_init(&t);
        tracked_answer(&t, 0, 100);
        tracked_answer(&t, 1, 100);
        policy_begin(&run, both[i], 7);
        policy_set(&run, set_range(1, 2), NULL, t.at);
        for (size_t k = 0; k < 200; k++) {
            const size_t worse = k % 2;

            tracked_load(&t, worse, 2);
            assert_int_equal(policy_index(&run), 1 - worse);
            tracked_load(&t, 1 - worse, 2);
        }
        policy_end(&run);
    }
}

/* One draw a pick, whatever is known. */
static void one_draw_a_pick(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct policy_run run;
        struct svc__rng copy;
        struct tracked t;

        tracked_init(&t);
        for (size_t k = 0; k < 5; k++)
            tracked_answer(&t, k, (float)k);
        policy_begin(&run, both[i], 3);
        copy = run.rng;
        for (int is_tracked = 0; is_tracked < 2; is_tracked++) {
            policy_set(&run, set_range(1, 5), NULL, is_tracked ? t.at : NULL);
            for (int k = 0; k < 10; k++) {
                (void)policy_index(&run);
                (void)svc__rng_next(&copy);
                assert_int_equal(run.rng.state, copy.state);
            }
        }
        policy_end(&run);
    }
}

static void one_endpoint(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct policy_run run;
        struct tracked t;

        tracked_init(&t);
        tracked_answer(&t, 0, 100);
        policy_begin(&run, both[i], 3);
        policy_set(&run, set_range(1, 1), NULL, t.at);
        for (int k = 0; k < 10; k++)
            assert_int_equal(policy_index(&run), 0);
        policy_end(&run);
    }
}

/* Semantics 3: one that fails costs as a second for a while, so that what fails
 * fast is not the most wanted. */
static void ewma_avoids_what_fails_fast(void **state)
{
    struct policy_run run;
    struct tracked t;
    uint32_t epoch;

    (void)state;
    tracked_init(&t);
    tracked_answer(&t, 0, 1);
    epoch = svc__slot_take(t.at[0], TRACKED_NOW, &(uint32_t){0});
    (void)svc__slot_done(t.at[0], epoch, SVC_OUTCOME_CONNECT, 1, TRACKED_NOW);
    tracked_answer(&t, 1, 10000);
    policy_begin(&run, &svc__policy_ewma, 7);
    policy_set(&run, set_range(1, 2), NULL, t.at);
    for (int i = 0; i < 50; i++)
        assert_int_equal(policy_index(&run), 1);
    run.ctx.now_ms = TRACKED_NOW + SVC__SLOT_FAILURE_MS + 1;
    for (int i = 0; i < 50; i++)
        assert_int_equal(policy_index(&run), 0);
    policy_end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twos_by_load),
        cmocka_unit_test(ewma_by_cost),
        cmocka_unit_test(with_nothing_known),
        cmocka_unit_test(of_two_the_better),
        cmocka_unit_test(one_draw_a_pick),
        cmocka_unit_test(one_endpoint),
        cmocka_unit_test(ewma_avoids_what_fails_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
