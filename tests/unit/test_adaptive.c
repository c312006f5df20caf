/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adaptive: round robin where nothing is known, and when it steps aside for
 * whom (semantics 3).
 */
#include "chances.h"
#include "policy_run.h"
#include "tracked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Some of the numbers from 1 to 20. */
static struct svc_endpoints *some(struct svc__rng *dice)
{
    uint32_t numbers[20];
    size_t count = 0;

    for (uint32_t i = 1; i <= 20; i++) {
        if (svc__rng_below(dice, 3) != 0 || (i == 20 && count == 0))
            numbers[count++] = i;
    }
    return set_build(numbers, count);
}

/* Pick for pick and draw for draw, over changes of the set; with slots that
 * nobody touched as without. */
static void is_rr_with_nothing_known(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct policy_run rr;
        struct policy_run run;
        struct svc__rng dice;
        struct tracked t;

        tracked_init(&t);
        svc__rng_seed(&dice, seed);
        policy_begin(&rr, &svc__policy_rr, seed);
        policy_begin(&run, &svc__policy_adaptive, seed);
        for (int change = 0; change < 30; change++) {
            struct svc_endpoints *set = some(&dice);
            const uint32_t picks = svc__rng_below(&dice, 50);

            policy_set(&rr, svc_endpoints_ref(set), NULL, NULL);
            policy_set(&run, set, NULL,
                       svc__rng_below(&dice, 2) != 0 ? t.at : NULL);
            for (uint32_t i = 0; i < picks; i++)
                assert_int_equal(policy_index(&run), policy_index(&rr));
        }
        assert_int_equal(run.rng.state, rr.rng.state);
        policy_end(&run);
        policy_end(&rr);
    }
}

/* Costs that stay, against the definition: what round robin says next, another
 * one by the same draw, and the quotient of the two. */
static void as_defined(void **state)
{
    static const float us[] = {100, 149, 151, 0, 700, 100, 301};
    static const uint32_t weights[] = {1, 2, 1, 1, 5, 1, 1};

    (void)state;
    for (int is_weighted = 0; is_weighted < 2; is_weighted++) {
        const uint32_t *w = is_weighted ? weights : NULL;
        struct policy_run run;
        struct tracked t;
        size_t stepped = 0;

        tracked_init(&t);
        for (size_t i = 0; i < 7; i++) {
            if (us[i] > 0)
                tracked_answer(&t, i, us[i]);
        }
        policy_begin(&run, &svc__policy_adaptive, 5);
        policy_set(&run, set_range(1, 7), w, t.at);
        for (size_t i = 0, turn = policy_index(&run); i < 5000; i++) {
            struct svc__rng copy = run.rng;
            size_t other;
            double by;

            turn = i == 0 ? run.cursor.at : (turn + 1) % 7;
            other = svc__rng_below(&copy, 6);
            other += other >= turn;
            by = (double)us[turn] / (is_weighted ? weights[turn] : 1) -
                 1.5 * (double)us[other] / (is_weighted ? weights[other] : 1);
            assert_int_equal(policy_index(&run), by > 0 ? other : turn);
            stepped += by > 0;
        }
        assert_in_range(stepped, 1500, 3500);
        policy_end(&run);
    }
}

/* 1.5 times as much is not more than that. */
static void tolerance(void **state)
{
    static const struct {
        float us;
        uint32_t load; /* in flight to the first */
        int steps;
    } rows[] = {{100, 0, 0}, {150, 0, 0}, {151, 0, 1}, {70, 1, 0}, {80, 1, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_run run;
        struct tracked t;
        uint32_t counts[2] = {0};

        tracked_init(&t);
        tracked_answer(&t, 0, rows[i].us);
        tracked_answer(&t, 1, 100);
        tracked_load(&t, 0, rows[i].load);
        policy_begin(&run, &svc__policy_adaptive, i);
        policy_set(&run, set_range(1, 2), NULL, t.at);
        for (int k = 0; k < 100; k++)
            counts[policy_index(&run)]++;
        assert_int_equal(counts[0], rows[i].steps ? 0 : 50);
        policy_end(&run);
    }
}

/* Who steps aside gives its turn to any other with the same chance, and the
 * turns of the others stay as they are. */
static void the_other_is_anyone(void **state)
{
    struct policy_run run;
    struct tracked t;
    uint32_t counts[8] = {0};

    (void)state;
    tracked_init(&t);
    for (size_t i = 0; i < 8; i++)
        tracked_answer(&t, i, i == 3 ? 5000 : 100);
    policy_begin(&run, &svc__policy_adaptive, 2);
    policy_set(&run, set_range(1, 8), NULL, t.at);
    while (policy_index(&run) != 2)
        ;
    for (size_t i = 0; i < 80000; i++) {
        const size_t at = policy_index(&run);

        if (i % 8 == 0)
            counts[at]++;
        else
            assert_int_equal(at, (i + 3) % 8);
    }
    assert_int_equal(counts[3], 0);
    counts[3] = counts[7];
    counts[7] = 0;
    assert_even(counts, 7);
    policy_end(&run);
}

/* A turn that was given away was had: the next set goes on behind it, not
 * behind the one that was taken instead. */
static void position_is_that_of_turns(void **state)
{
    struct policy_run run;
    struct tracked t;
    uint32_t last = 0;

    (void)state;
    tracked_init(&t);
    for (size_t i = 0; i < 9; i++)
        tracked_answer(&t, i, i % 2 == 0 ? 5000 : 100);
    policy_begin(&run, &svc__policy_adaptive, 6);
    for (int i = 0; i < 500; i++) {
        policy_set(&run, set_range(1, 9), NULL, t.at);
        (void)policy_index(&run);
        if (i > 0)
            assert_int_equal(run.cursor.at, (last + 1) % 9);
        last = run.cursor.at;
    }
    policy_end(&run);
}

/* There is nobody else. */
static void one_endpoint(void **state)
{
    struct policy_run run;
    struct svc__rng copy;
    struct tracked t;

    (void)state;
    tracked_init(&t);
    tracked_answer(&t, 0, 5000);
    policy_begin(&run, &svc__policy_adaptive, 6);
    policy_set(&run, set_range(1, 1), NULL, t.at);
    assert_int_equal(policy_index(&run), 0);
    copy = run.rng;
    for (int i = 0; i < 50; i++)
        assert_int_equal(policy_index(&run), 0);
    assert_int_equal(run.rng.state, copy.state);
    policy_end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_rr_with_nothing_known),
        cmocka_unit_test(as_defined),
        cmocka_unit_test(tolerance),
        cmocka_unit_test(the_other_is_anyone),
        cmocka_unit_test(position_is_that_of_turns),
        cmocka_unit_test(one_endpoint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
