/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Smooth weighted round robin: readable cycles, the bound that it keeps, an
 * independent model of how it keeps it, and what a change of the set does.
 */
#include "chances.h"
#include "policy_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TURNS_MAX 65536u

/* A whole cycle as it is picked, which malloc made. */
struct cycle {
    uint32_t *turns; /* index in the set of each */
    uint32_t size;
};

/* The cycle of weights, from its first turn on; the run is left there. */
static struct cycle begin(struct policy_run *run, const uint32_t *weights,
                          uint32_t n)
{
    struct cycle c = {malloc(sizeof(uint32_t) * 4 * TURNS_MAX), 0};

    assert_non_null(c.turns);
    policy_begin(run, &svc__policy_wrr, n);
    policy_set(run, set_range(1, n), weights, NULL);
    (void)policy_index(run);
    run->cursor.at = 0;
    do {
        assert_true(c.size < 4 * TURNS_MAX);
        c.turns[c.size++] = (uint32_t)policy_index(run);
    } while (run->cursor.at != 0);
    return c;
}

static struct cycle cycle_of(const uint32_t *weights, uint32_t n)
{
    struct policy_run run;
    struct cycle c = begin(&run, weights, n);

    policy_end(&run);
    return c;
}

static void cycles_one_can_read(void **state)
{
    static const struct {
        uint32_t weights[8];
        const char *cycle;
    } rows[] = {
        {{7}, "a"},
        {{3, 3, 3}, "abc"},
        {{1, 2}, "bab"},
        {{3, 2}, "ababa"},
        {{10, 20, 30}, "cbcabc"},
        {{5, 1, 1}, "aabaaca"},
        {{4, 3, 2, 1}, "abacbadabc"},
        {{8, 1, 1, 1, 1}, "aabaacaadaea"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[64] = {0};
        uint32_t n = 0;
        struct cycle c;

        while (n < 8 && rows[i].weights[n] != 0)
            n++;
        c = cycle_of(rows[i].weights, n);
        for (uint32_t k = 0; k < c.size && k < sizeof(text) - 1; k++)
            text[k] = (char)('a' + c.turns[k]);
        assert_string_equal(text, rows[i].cycle);
        free(c.turns);
    }
}

/* Weights of one kind or another, with no common divisor; returns their sum. */
static uint32_t draw_weights(struct svc__rng *dice, uint32_t *weights,
                             uint32_t n)
{
    const uint32_t kind = svc__rng_below(dice, 4);
    uint32_t sum = 1;

    for (uint32_t i = 0; i < n; i++) {
        weights[i] = 1;
        if (i > 0 && (kind != 3 || i % 7 == 1))
            weights[i] += svc__rng_below(dice, kind == 0 ? 3 : 200);
        sum += i > 0 ? weights[i] : 0;
    }
    return sum;
}

/* After each turn of a cycle, one endpoint: how far it is from its share, as a
 * part of the cycle's size. */
static void assert_smooth(const struct cycle *c, uint32_t at, int64_t weight,
                          int64_t n)
{
    const int64_t size = c->size;
    int64_t over = 0;
    int64_t low = 0;
    int64_t high = 0;

    for (uint32_t i = 0; i < c->size; i++) {
        over += (c->turns[i] == at ? size : 0) - weight;
        low = over < low ? over : low;
        high = over > high ? over : high;
    }
    assert_int_equal(over, 0); /* the weight, a cycle */
    if (n == 1)
        return;
    /* Since the start of a cycle: 1 - 1 / (2n - 2) of a turn at most. */
    assert_true(high * (2 * n - 2) <= size * (2 * n - 3));
    assert_true(-low * (2 * n - 2) <= size * (2 * n - 3));
    /* In any row of turns, over the end of a cycle too: 2 - 1 / (n - 1). */
    assert_true((high - low) * (n - 1) <= size * (2 * n - 3));
}

/* Faults I11, and more: the bound that wrr.c promises. */
static void nobody_is_a_turn_off(void **state)
{
    struct svc__rng dice;

    (void)state;
    svc__rng_seed(&dice, 1);
    for (uint32_t round = 0; round < 600; round++) {
        const uint32_t n = 1 + round % 40;
        uint32_t weights[40];
        const uint32_t sum = draw_weights(&dice, weights, n);
        struct cycle c = cycle_of(weights, n);

        assert_int_equal(c.size, sum);
        for (uint32_t i = 0; i < n; i++)
            assert_smooth(&c, i, weights[i], n);
        free(c.turns);
    }
}

/* With two endpoints that is half a turn: no row of turns has one more or one
 * less than its share, whatever the weights. */
static void all_pairs_of_weights(void **state)
{
    (void)state;
    for (uint32_t a = 1; a <= 40; a++) {
        for (uint32_t b = 1; b <= 40; b++) {
            const uint32_t weights[] = {a, b};
            struct cycle c = cycle_of(weights, 2);
            const uint32_t by = (a + b) / c.size;

            assert_smooth(&c, 0, a / by, 2);
            assert_smooth(&c, 1, b / by, 2);
            free(c.turns);
        }
    }
}

/* The last place at which an endpoint may have its next turn, by looking: it
 * has not fallen behind too far at any place before. */
static int64_t can_wait(int64_t size, int64_t weight, int64_t had, int64_t n)
{
    int64_t at = 0;

    while ((2 * n - 2) * ((at + 1) * weight - had * size) <= (2 * n - 3) * size)
        at++;
    return at;
}

/* Who has the turn at a place: of all that would not have too much then, the
 * one that can wait the least. */
static uint32_t model_turn(const uint32_t *weights, const uint32_t *had,
                           int64_t n, int64_t size, int64_t at)
{
    int64_t least = INT64_MAX;
    uint32_t ret = UINT32_MAX;

    for (uint32_t i = 0; i < n; i++) {
        const int64_t over =
            ((int64_t)had[i] + 1) * size - (at + 1) * weights[i];
        int64_t wait;

        if (had[i] == weights[i] || over * (2 * n - 2) > size * (2 * n - 3))
            continue;
        wait = can_wait(size, weights[i], had[i], n);
        if (wait < least) {
            least = wait;
            ret = i;
        }
    }
    return ret;
}

static void as_the_model(void **state)
{
    struct svc__rng dice;

    (void)state;
    svc__rng_seed(&dice, 2);
    for (uint32_t round = 0; round < 60; round++) {
        const uint32_t n = 2 + round % 12;
        uint32_t weights[14];
        uint32_t had[14] = {0};
        const uint32_t sum = draw_weights(&dice, weights, n);
        struct cycle c = cycle_of(weights, n);

        for (uint32_t at = 0; at < sum; at++) {
            assert_int_equal(c.turns[at], model_turn(weights, had, n, sum, at));
            had[c.turns[at]]++;
        }
        free(c.turns);
    }
}

/* Sums that are too large: the cycle is bounded, shares are off by half a turn
 * a cycle, and the lightest have one turn. */
static void large_weights_are_scaled(void **state)
{
    enum {
        N = 1000
    };
    static uint32_t weights[N];
    static uint32_t counts[N];
    struct svc__rng dice;
    struct cycle c;
    double sum = 0;

    (void)state;
    svc__rng_seed(&dice, 3);
    memset(counts, 0, sizeof(counts));
    for (uint32_t i = 0; i < N; i++) {
        weights[i] =
            i % 10 == 0
                ? i + 1
                : UINT32_MAX - (uint32_t)(svc__rng_next(&dice) >> (33 + i % 8));
        sum += weights[i];
    }
    c = cycle_of(weights, N);
    assert_in_range(c.size, TURNS_MAX - N, TURNS_MAX + N);
    for (uint32_t i = 0; i < c.size; i++)
        counts[c.turns[i]]++;
    for (uint32_t i = 0; i < N; i++) {
        const double wanted = weights[i] / sum * TURNS_MAX;

        if (wanted < 0.5)
            assert_int_equal(counts[i], 1);
        else
            assert_true(counts[i] > wanted - 0.51 && counts[i] < wanted + 0.51);
        assert_smooth(&c, i, counts[i], N);
    }
    free(c.turns);
}

/* What fits is not scaled, to the turn; more endpoints than that have four
 * turns each. */
static void the_limit(void **state)
{
    static uint32_t many[TURNS_MAX / 2];
    const uint32_t fits[] = {1, TURNS_MAX - 1};
    const uint32_t more[] = {1, TURNS_MAX};
    struct cycle c = cycle_of(fits, 2);

    (void)state;
    assert_int_equal(c.size, TURNS_MAX);
    free(c.turns);
    c = cycle_of(more, 2);
    assert_int_equal(c.size, TURNS_MAX);
    free(c.turns);
    for (uint32_t i = 0; i < TURNS_MAX / 2; i++)
        many[i] = 1000000 + i % 2;
    c = cycle_of(many, TURNS_MAX / 2);
    assert_int_equal(c.size, 2 * TURNS_MAX);
    free(c.turns);
}

/* Where all weights are alike, or there are none, it is rr over changes of the
 * set, pick for pick and draw for draw. */
static void equal_weights_are_rr(void **state)
{
    static uint32_t alike[40];
    struct svc__rng dice;

    (void)state;
    svc__rng_seed(&dice, 4);
    for (size_t i = 0; i < 40; i++)
        alike[i] = 12;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct policy_run rr;
        struct policy_run run;

        policy_begin(&rr, &svc__policy_rr, seed);
        policy_begin(&run, &svc__policy_wrr, seed);
        for (int change = 0; change < 30; change++) {
            const uint32_t first = 1 + svc__rng_below(&dice, 20);
            const uint32_t last = first + svc__rng_below(&dice, 20);
            const uint32_t picks = svc__rng_below(&dice, 30);

            policy_set(&rr, set_range(first, last), NULL, NULL);
            policy_set(&run, set_range(first, last), change % 2 ? alike : NULL,
                       NULL);
            for (uint32_t i = 0; i < picks; i++)
                assert_int_equal(policy_index(&run), policy_index(&rr));
        }
        assert_int_equal(run.rng.state, rr.rng.state);
        policy_end(&run);
        policy_end(&rr);
    }
}

/* A set that is published anew as it was moves nobody's place in the cycle. */
static void rebuilding_changes_nothing(void **state)
{
    static const uint32_t weights[] = {5, 1, 3, 1, 2};
    struct policy_run run;
    struct cycle c = begin(&run, weights, 5);

    (void)state;
    for (uint32_t at = 0, i = 0; i < 100; i++) {
        policy_set(&run, set_range(1, 5), weights, NULL);
        for (uint32_t k = 0; k < i % 4; k++) {
            assert_int_equal(policy_index(&run), c.turns[at]);
            at = (at + 1) % c.size;
        }
    }
    policy_end(&run);
    free(c.turns);
}

/* Whether somewhere in the cycle the one has its turn right behind the other.
 */
static int is_behind(const struct cycle *c, uint32_t one, uint32_t other)
{
    for (uint32_t i = 0; i < c->size; i++) {
        if (c->turns[i] == other && c->turns[(i + 1) % c->size] == one)
            return 1;
    }
    return 0;
}

/* A set with other members or weights goes on behind a turn of the endpoint
 * that was last, or of the one before it in order when it is gone. */
static void goes_on_behind_the_last(void **state)
{
    static const uint32_t before[] = {3, 1, 4, 1, 5, 2};
    static const uint32_t after[] = {2, 7, 1, 8, 2};

    (void)state;
    for (uint32_t picks = 1; picks <= 32; picks++) {
        /* 1 to 6 become 2 to 6, with weights of their own: 1 is gone. */
        struct cycle c = cycle_of(after, 5);
        struct policy_run run;
        uint32_t last = 0;

        policy_begin(&run, &svc__policy_wrr, picks);
        policy_set(&run, set_range(1, 6), before, NULL);
        for (uint32_t i = 0; i < picks; i++)
            last = policy_pick(&run);
        policy_set(&run, set_range(2, 6), after, NULL);
        assert_true(is_behind(&c, (uint32_t)policy_index(&run),
                              last == 1 ? 4 : last - 2));
        policy_end(&run);
        free(c.turns);
    }
}

/* A set that changes at every pick still gives everybody turns, the heavy ones
 * more. */
static void changes_without_end(void **state)
{
    static const uint32_t weights[2][5] = {{8, 1, 1, 2, 4}, {8, 1, 1, 2, 5}};
    struct policy_run run;
    uint32_t counts[5] = {0};

    (void)state;
    policy_begin(&run, &svc__policy_wrr, 3);
    for (size_t i = 0; i < 1600; i++) {
        policy_set(&run, set_range(1, 5), weights[i % 2], NULL);
        counts[policy_index(&run)]++;
    }
    for (size_t i = 0; i < 5; i++)
        assert_in_range(counts[i], 1600 / 16 / 2, 1600 / 2 + 1600 / 16);
    assert_true(counts[0] > 3 * counts[1] && counts[4] > counts[1]);
    policy_end(&run);
}

/* Faults L7: threads begin anywhere in the cycle, so that the first picks of
 * many are by weight, too. */
static void starts_are_spread(void **state)
{
    static const uint32_t weights[] = {1, 2, 3, 10};
    static const double chances[] = {1, 2, 3, 10};
    uint32_t counts[4] = {0};

    (void)state;
    for (uint64_t seed = 0; seed < 10000; seed++) {
        struct policy_run run;

        policy_begin(&run, &svc__policy_wrr, seed);
        policy_set(&run, set_range(1, 4), weights, NULL);
        counts[policy_index(&run)]++;
        policy_end(&run);
    }
    assert_chances(counts, chances, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cycles_one_can_read),
        cmocka_unit_test(nobody_is_a_turn_off),
        cmocka_unit_test(all_pairs_of_weights),
        cmocka_unit_test(as_the_model),
        cmocka_unit_test(large_weights_are_scaled),
        cmocka_unit_test(the_limit),
        cmocka_unit_test(equal_weights_are_rr),
        cmocka_unit_test(rebuilding_changes_nothing),
        cmocka_unit_test(goes_on_behind_the_last),
        cmocka_unit_test(changes_without_end),
        cmocka_unit_test(starts_are_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
