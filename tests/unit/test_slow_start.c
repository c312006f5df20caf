/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slow start: the slope, the weights of a set from step to step, and how often
 * the loop is woken up for it.
 */
#include "policy/slow_start.h"

#include "base/rng.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BEGAN_MS 9000000 /* a whole number of steps */

/* ---- traces ------------------------------------------------------------ */

#define WINDOW_MS 90000 /* nine steps of ten seconds */
#define SET_MAX   3

struct trace {
    int ago_s[SET_MAX]; /* when each was first seen; -1: in the first set */
    uint32_t weights[SET_MAX];
    size_t count;
    const char *wanted; /* seconds and the weights from then on */
};

/* Has the set made anew whenever a step is due. */
static void play(const struct trace *t, char *ret_text)
{
    int64_t since_ms[SET_MAX];
    int64_t now_ms = BEGAN_MS;

    for (size_t i = 0; i < t->count; i++)
        since_ms[i] = t->ago_s[i] < 0 ? SVC__SLOW_START_NONE
                                      : BEGAN_MS - (int64_t)t->ago_s[i] * 1000;
    while (now_ms != INT64_MAX) {
        uint32_t weights[SET_MAX];
        int64_t next_ms;

        memcpy(weights, t->weights, sizeof(weights));
        next_ms = svc__slow_start_apply(since_ms, t->count, WINDOW_MS, now_ms,
                                        weights);
        ret_text += sprintf(ret_text, "%s%d:", now_ms == BEGAN_MS ? "" : ", ",
                            (int)(now_ms - BEGAN_MS) / 1000);
        for (size_t i = 0; i < t->count; i++)
            ret_text += sprintf(ret_text, " %u", (unsigned)weights[i]);
        assert_true(next_ms > now_ms);
        now_ms = next_ms;
    }
}

static void from_step_to_step(void **state)
{
    static const struct trace traces[] = {
        /* Nobody starts: nothing is scaled. */
        {{-1, -1, 90}, {1, 7, 2}, 3, "0: 1 7 2"},
        /* One comes to two others. */
        {{-1, -1, 0},
         {1, 1, 1},
         3,
         "0: 100 100 10, 10: 100 100 20, 20: 100 100 30, 30: 100 100 40, "
         "40: 100 100 50, 50: 100 100 60, 60: 100 100 70, 70: 100 100 80, "
         "80: 100 100 90, 90: 1 1 1"},
        /* Two of different age, with weights, have their steps together. */
        {{85, 24, -1},
         {3, 1, 2},
         3,
         "0: 285 34 200, 10: 300 44 200, 20: 300 54 200, 30: 300 64 200, "
         "40: 300 74 200, 50: 300 84 200, 60: 300 94 200, 70: 3 1 2"},
        {{0}, {0}, 0, "0:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(traces) / sizeof(traces[0]); i++) {
        char text[1024] = "";

        play(&traces[i], text);
        assert_string_equal(text, traces[i].wanted);
    }
}

/* ---- the slope --------------------------------------------------------- */

static void begins_and_ends(void **state)
{
    static const struct {
        int64_t since_ms;
        int window_ms;
        int64_t now_ms;
        unsigned wanted;
    } rows[] = {
        {5000, 1000, 5000, 10},
        {5000, 1000, 4000, 10}, /* not yet */
        {5000, 1000, 5500, 55},
        {5000, 1000, 5999, 99},
        {5000, 1000, 6000, 100},
        {5000, 1000, INT64_MAX, 100},
        {5000, 0, 5000, 100}, /* no slow start */
        {5000, -1, 5000, 100},
        {5000, 0, 4000, 100},
        {SVC__SLOW_START_NONE, 1000, 0, 100},
        {SVC__SLOW_START_NONE, INT_MAX, INT64_MAX, 100},
        {0, INT_MAX, INT_MAX / 2, 54},
        {0, INT_MAX, INT_MAX - 1, 99},
        {7, 1, 7, 10},
        {7, 1, 8, 100},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(svc__slow_start_percent(rows[i].since_ms,
                                                 rows[i].window_ms,
                                                 rows[i].now_ms),
                         rows[i].wanted);
}

/* A straight line, to a point. */
static void rises_evenly(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 1);
    for (int i = 0; i < 100000; i++) {
        const int window_ms = 1 + (int)svc__rng_below(&rng, 600000);
        const int age_ms = (int)svc__rng_below(&rng, (uint32_t)window_ms);
        const double percent = (double)svc__slow_start_percent(
            BEGAN_MS, window_ms, BEGAN_MS + age_ms);
        const double line = 10 + 90.0 * age_ms / window_ms;

        assert_true(percent <= line + 1e-9 && percent > line - 1);
    }
}

/* Proportions are kept as long as 32 bits can hold them. */
static void great_weights(void **state)
{
    static const int64_t since_ms[] = {BEGAN_MS, SVC__SLOW_START_NONE,
                                       SVC__SLOW_START_NONE, BEGAN_MS};
    uint32_t weights[] = {42949672, 42949672, 42949673, UINT32_MAX};

    (void)state;
    (void)svc__slow_start_apply(since_ms, 4, WINDOW_MS, BEGAN_MS, weights);
    assert_int_equal(weights[0], 429496720);
    assert_int_equal(weights[1], 4294967200);
    assert_int_equal(weights[2], UINT32_MAX);
    assert_int_equal(weights[3], UINT32_MAX);
}

/* ---- many -------------------------------------------------------------- */

#define MANY 100

/* Plays one window in which many begin; returns the number of steps. */
static size_t count_steps(struct svc__rng *rng, int window_ms)
{
    int64_t since_ms[MANY];
    int64_t now_ms = BEGAN_MS + window_ms; /* all are there */
    size_t count = 0;

    for (size_t k = 0; k < MANY; k++)
        since_ms[k] = BEGAN_MS + svc__rng_below(rng, (uint32_t)window_ms);
    for (;;) {
        uint32_t weights[MANY] = {0};
        const int64_t next_ms =
            svc__slow_start_apply(since_ms, MANY, window_ms, now_ms, weights);

        assert_true(next_ms > now_ms);
        if (next_ms == INT64_MAX)
            return count;
        now_ms = next_ms;
        /* Not later than a step behind the end of the last. */
        assert_true(now_ms <= BEGAN_MS + 2 * window_ms + window_ms / 9);
        count++;
    }
}

/* However many start, whenever each of them: at most ten steps within a
 * window. */
static void at_most_ten_steps(void **state)
{
    struct svc__rng rng;
    size_t most = 0;

    (void)state;
    svc__rng_seed(&rng, 2);
    for (int i = 0; i < 2000; i++) {
        const uint32_t longest = i < 500 ? 30 : 100000;
        const int window_ms = 1 + (int)svc__rng_below(&rng, longest);
        const size_t count = count_steps(&rng, window_ms);

        assert_true(count <= 10);
        most = count > most ? count : most;
    }
    assert_int_equal(most, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_step_to_step), cmocka_unit_test(begins_and_ends),
        cmocka_unit_test(rises_evenly),      cmocka_unit_test(great_weights),
        cmocka_unit_test(at_most_ten_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
