/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of endpoints that fail, second by second: who is left out, until
 * when, and when the loop has to look again. Lines are those of ejection_play,
 * answers those of ejection_tell.
 */
#include "ejection_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct step {
    const char *line;
    const char *answer; /* after it */
};

/* Fails at the first answer that differs. Returns how often the loop was woken
 * up for nothing but a review. */
static size_t play(const struct step *steps, size_t count)
{
    static struct ejection_run run;
    char answer[1024];

    ejection_begin(&run);
    for (size_t i = 0; i < count; i++) {
        ejection_play(&run, steps[i].line);
        ejection_tell(&run, answer);
        if (strcmp(answer, steps[i].answer) != 0)
            fail_msg("line %zu, %s\n  wanted: %s\n  got:    %s", i + 1,
                     steps[i].line, steps[i].answer, answer);
    }
    return run.wakes;
}

#define PLAY(steps) play((steps), sizeof(steps) / sizeof((steps)[0]))

/* Faults L1: each time it is out for longer. */
static void a_black_hole(void **state)
{
    static const struct step steps[] = {
        {"set 1-4", "-"},
        {"3 0+4", "-"},
        {"3 0+1", "3@30 due 30"},
        {"+29.999", "3@30 due 30"},
        {"+0.001", "-"},
        {"3 0+4", "-"},
        {"3 0+1", "3@90 due 90"},
        {"+60", "-"},
        {"3 0+5", "3@180 due 180"},
        {"+90", "-"},
        {"3 1+0", "-"},
        {"3 0+4", "-"},
        {"3 1+4", "-"}, /* the fifth at first, with nothing good before */
    };

    (void)state;
    (void)PLAY(steps);
}

/* Ten times thirty seconds are the most. */
static void times_have_a_limit(void **state)
{
    static const struct step longest[] = {
        {"set 1-4", "-"}, {"1 0+5", "1@30 due 30"},
        {"+30", "-"},     {"1 0+5", "1@90 due 90"},
        {"+60", "-"},     {"1 0+5", "1@180 due 180"},
        {"+90", "-"},     {"1 0+5", "1@300 due 300"},
        {"+120", "-"},    {"1 0+5", "1@450 due 450"},
        {"+150", "-"},    {"1 0+5", "1@630 due 630"},
        {"+180", "-"},    {"1 0+5", "1@840 due 840"},
        {"+210", "-"},    {"1 0+5", "1@1080 due 1080"},
        {"+240", "-"},    {"1 0+5", "1@1350 due 1350"},
        {"+270", "-"},    {"1 0+5", "1@1650 due 1650"},
        {"+300", "-"},    {"1 0+5", "1@1950 due 1950"}, /* 300 seconds again */
        {"+300", "-"},
    };

    (void)state;
    assert_int_equal(PLAY(longest), 11);
}

/* Each ten seconds in the set take an ejection off. */
static void ejections_fade(void **state)
{
    static const struct step steps[] = {
        {"set 1-4", "-"},
        {"1 0+5", "1@30 due 30"},
        {"+30", "-"},
        {"1 0+5", "1@90 due 90"},
        {"+60", "-"},
        {"1 0+5", "1@180 due 180"},
        {"+90", "-"},
        {"+19.999", "-"},
        {"1 0+5", "1@289.999 due 289.999"}, /* 3 - 1 + 1 of them */
        {"+90", "-"},
        {"+3600.001", "-"},
        {"1 0+5", "1@3920 due 3920"}, /* none is left but the new one */
    };

    (void)state;
    /* Four returns: nobody is woken up so that ejections fade. */
    assert_int_equal(PLAY(steps), 4);
}

/* Faults L3: one is never ejected, and of two or three at most one is. */
static void never_the_last_one(void **state)
{
    static const struct step one[] = {
        {"set 1", "-"},
        {"1 0+500", "-"},
        {"+3600", "-"},
        {"set 1-2", "1@3630 due 3630"}, /* there is another one now */
        {"2 0+500", "1@3630 due 3630"},
        {"set 1", "-"}, /* and gone again */
    };
    static const struct step two[] = {
        {"set 1-2", "-"},
        {"2 0+7", "2@30 due 30"},
        {"1 0+900", "2@30 due 30"},
        {"+30", "1@60 due 60"}, /* has not done well since */
        {"+30", "-"},
    };
    static const struct step recovered[] = {
        {"set 1-3", "-"},
        {"2 0+7", "2@30 due 30"},
        {"1 0+900", "2@30 due 30"},
        {"1 1+0", "2@30 due 30"},
        {"+30", "-"},
    };

    (void)state;
    (void)PLAY(one);
    assert_int_equal(PLAY(two), 2);
    (void)PLAY(recovered);
}

/* A tenth, whole endpoints only; the longest row first. */
static void a_tenth_at_most(void **state)
{
    static const struct step steps[] = {
        {"set 1-19", "-"},
        {"1 0+5", "1@30 due 10"},
        {"2 0+6", "1@30 due 10"},
        {"3 0+7", "1@30 due 10"},
        {"set 1-20", "1@30 3@30 due 10"},
        {"set 1-29", "1@30 3@30 due 10"},
        {"set 1-30", "1@30 2@30 3@30 due 10"},
    };

    (void)state;
    (void)PLAY(steps);
}

/* Who has the least left is let back first, and begins anew. */
static void the_set_shrinks(void **state)
{
    static const struct step steps[] = {
        {"set 1-30", "-"},
        {"5 0+5", "5@30 due 10"},
        {"+1", "5@30 due 10"},
        {"3 0+5", "3@31 5@30 due 10"},
        {"+1", "3@31 5@30 due 10"},
        {"4 0+5", "3@31 4@32 5@30 due 10"},
        {"set 1-29", "3@31 4@32 due 10"},
        {"set 1-19", "4@32 due 10"},
        {"3 0+4", "4@32 due 10"},
        {"3 0+1", "4@32 due 10"},
        {"set 3-5", "4@32 due 10"},
        {"set 1-19", "4@32 due 10"},
        {"+30", "3@62 due 62"}, /* came back early, and failed again */
    };

    (void)state;
    (void)PLAY(steps);
}

/* Faults L2: when fewer than half are usable all are used. */
static void panic(void **state)
{
    static const struct step steps[] = {
        {"set 1-4", "-"},
        {"1 0+5", "1@30 due 30"},
        {"set 1-4 unready 2", "1@30 due 30"}, /* three of six: half */
        {"set 1-4 unready 3", "(1@30) due 30"},
        {"1 0+9", "(1@30) due 30"},
        {"set 1-4 unready 2", "1@30 due 30"},
        {"set 1-4 unready 3", "(1@30) due 30"},
        {"+30", "-"},
        {"1 0+4", "-"},
        {"1 0+1", "(1@90) due 90"}, /* judged, and used */
        {"set 1-4", "1@90 due 90"},
        {"set unready 4", "-"},
        {"+60", "-"},
    };

    (void)state;
    (void)PLAY(steps);
}

/* What fails late, while it is out, does not count when it is back. */
static void late_failures(void **state)
{
    static const struct step steps[] = {
        {"set 1-3", "-"},
        {"1 0+5", "1@30 due 30"},
        {"1 0+50", "1@30 due 30"},
        {"+30", "-"},
        {"1 0+1", "-"},
        {"1 0+3", "-"},
        {"1 0+1", "1@90 due 90"},
    };

    (void)state;
    (void)PLAY(steps);
}

/* It is remembered while it is away, unless it is another Pod that comes. */
static void leaves_and_comes_back(void **state)
{
    static const struct step steps[] = {
        {"set 1-4", "-"},
        {"1 0+5", "1@30 due 30"},
        {"set 2-4 unready 1", "-"},
        {"+10", "-"},
        {"set 1-4", "1@30 due 30"},
        {"set 2-4", "-"},
        {"+50", "-"},
        {"set 1-4", "-"}, /* its time is over */
        {"1 0+4", "-"},   /* and it began anew */
        {"1 0+1", "1@90 due 90"},
        {"new 1", "due 90"},
        {"set 1-4", "-"},
        {"1 0+4", "-"},
        {"1 0+1", "1@90 due 90"}, /* for the first time */
    };

    (void)state;
    (void)PLAY(steps);
}

/* The others are left out as gRFC A50 has it, at the end of a window. */
static void far_below_the_others(void **state)
{
    static const struct step steps[] = {
        {"set 1-6", "-"},
        {"6 1+1", "due 10"}, /* a failure begins a window */
        {"1-5 99+1", "due 10"},
        {"6 70+30", "due 10"},
        {"+9.999", "due 10"},
        {"+0.001", "6@40 due 20"},
        {"+10", "6@40 due 40"}, /* nothing failed: no window more */
        {"+20", "-"},
        {"6 70+30", "due 50"}, /* this one is not of the window */
        {"1-5 99+1", "due 50"},
        {"+10", "due 60"},
        {"+10", "-"},
    };

    (void)state;
    (void)PLAY(steps);
}

/* Five with a hundred outcomes each, or nobody is compared. */
static void too_few_to_compare(void **state)
{
    static const struct step endpoints[] = {
        {"set 1-4", "-"},
        {"1 60+40", "-"}, /* four: no window is needed */
        {"2-4 100+0", "-"},
        {"+60", "-"},
    };
    static const struct step outcomes[] = {
        {"set 1-6", "-"},       {"1 1+1", "due 10"},
        {"1 50+50", "due 10"},  {"2-4 100+0", "due 10"},
        {"5-6 99+0", "due 10"}, {"+10", "due 20"},
        {"+10", "-"},
    };
    static const struct step enough[] = {
        {"set 1-6", "-"},        {"1 1+1", "due 10"},  {"1 50+50", "due 10"},
        {"2-5 100+0", "due 10"}, {"6 99+0", "due 10"}, {"+10", "1@40 due 20"},
    };
    static const struct step own[] = {
        {"set 1-6", "-"},        {"1 1+1", "due 10"}, {"1 50+49", "due 10"},
        {"2-6 100+0", "due 10"}, {"+10", "due 20"},
    };

    (void)state;
    assert_int_equal(PLAY(endpoints), 0);
    (void)PLAY(outcomes);
    (void)PLAY(enough);
    (void)PLAY(own);
}

/* 1.9 deviations: one of five has two at most, so it may be far below, alone,
 * but two are not. Nor is who has few failures, or the others far above. */
static void how_far_is_far(void **state)
{
    static const struct step alone[] = {
        {"set 1-5", "-"},        {"1 1+1", "due 10"},    {"1 95+5", "due 10"},
        {"2-5 100+0", "due 10"}, {"+10", "1@40 due 20"},
    };
    static const struct step few[] = {
        {"set 1-5", "-"},        {"1 1+1", "due 10"}, {"1 96+4", "due 10"},
        {"2-5 100+0", "due 10"}, {"+10", "due 20"},
    };
    static const struct step above[] = {
        {"set 1-5", "-"},        {"1 1+1", "due 10"}, {"1 95+5", "due 10"},
        {"2-5 50+50", "due 10"}, {"+10", "due 20"},
    };
    static const struct step two[] = {
        {"set 1-5", "-"},        {"1 1+1", "due 10"}, {"1-2 50+50", "due 10"},
        {"3-5 100+0", "due 10"}, {"+10", "due 20"},
    };

    (void)state;
    (void)PLAY(alone);
    (void)PLAY(few);
    (void)PLAY(above);
    (void)PLAY(two);
}

static void the_worst_goes_first(void **state)
{
    /* Of ten, 1 is 2.5 below, 2 is 1.3. */
    static const struct step worst[] = {
        {"set 1-10", "-"},     {"1 1+1", "due 10"},      {"2 70+30", "due 10"},
        {"1 50+50", "due 10"}, {"3-10 100+0", "due 10"}, {"+10", "1@40 due 20"},
    };

    /* Of twelve, 1 is 1.92 below and 2 is 2.5: one of them may go. */
    static const struct step first[] = {
        {"set 1-12", "-"},     {"1 1+1", "due 10"},      {"1 60+40", "due 10"},
        {"2 50+50", "due 10"}, {"3-12 100+0", "due 10"}, {"+10", "2@40 due 20"},
    };

    (void)state;
    (void)PLAY(worst);
    (void)PLAY(first);
}

/* What was before a window is not of it, nor what was before one was let back
 * in it. */
static void counters_are_of_the_window(void **state)
{
    static const struct step before[] = {
        {"set 1-6", "-"},
        {"1-5 100+0", "-"},
        {"6 50+50", "due 10"}, /* a window begins behind it */
        {"+10", "-"},
    };
    static const struct step let_back[] = {
        {"set 1-6", "-"},
        {"1 0+5", "1@30 due 10"},
        {"+25", "1@30 due 30"},
        {"2 1+1", "1@30 due 30"},
        {"1 20+80", "1@30 due 30"}, /* late */
        {"2-6 100+0", "1@30 due 30"},
        {"+5", "due 35"},
        {"1 100+0", "due 35"},
        {"+5", "-"},
    };

    (void)state;
    (void)PLAY(before);
    (void)PLAY(let_back);
}

/* Who comes within a window is judged by what it did since. */
static void comes_within_a_window(void **state)
{
    static const struct step comes[] = {
        {"set 1-6", "-"},      {"1 1+1", "due 10"},   {"1-6 100+0", "due 10"},
        {"7 50+50", "due 10"}, /* while it was out */
        {"set 1-7", "due 10"}, {"7 100+0", "due 10"}, {"+10", "-"},
    };
    static const struct step comes_back[] = {
        {"set 1-7", "-"},
        {"1 1+1", "due 10"},
        {"set 1-6", "due 10"},
        {"7 50+50", "due 10"},
        {"1 1+1", "due 10"},
        {"+10", "due 20"}, /* another window begins without it */
        {"set 1-7", "due 20"},
        {"1-7 100+0", "due 20"},
        {"+10", "-"},
    };
    static const struct step comes_failing[] = {
        {"set 1-6", "-"},      {"1 1+1", "due 10"},   {"1-6 100+0", "due 10"},
        {"set 1-7", "due 10"}, {"7 50+50", "due 10"}, {"+10", "7@40 due 20"},
    };

    (void)state;
    (void)PLAY(comes);
    (void)PLAY(comes_back);
    (void)PLAY(comes_failing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_black_hole),
        cmocka_unit_test(times_have_a_limit),
        cmocka_unit_test(ejections_fade),
        cmocka_unit_test(never_the_last_one),
        cmocka_unit_test(a_tenth_at_most),
        cmocka_unit_test(the_set_shrinks),
        cmocka_unit_test(panic),
        cmocka_unit_test(late_failures),
        cmocka_unit_test(leaves_and_comes_back),
        cmocka_unit_test(far_below_the_others),
        cmocka_unit_test(too_few_to_compare),
        cmocka_unit_test(how_far_is_far),
        cmocka_unit_test(the_worst_goes_first),
        cmocka_unit_test(counters_are_of_the_window),
        cmocka_unit_test(comes_within_a_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
