/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pick first: one endpoint as long as it is there, another one for another
 * service, the next ones when it was tried, and a change of members that moves
 * nothing else.
 */
#include "policy_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The number of the endpoint that is picked from a set. */
static uint32_t first_of(struct svc_endpoints *set, uint64_t seed)
{
    struct policy_run run;
    uint32_t first;

    policy_begin(&run, &svc__policy_pick_first, seed);
    policy_set(&run, svc_endpoints_ref(set), NULL, NULL);
    first = policy_pick(&run);
    for (int i = 0; i < 20; i++)
        assert_int_equal(policy_pick(&run), first);
    policy_end(&run);
    return first;
}

/* first_of a set without one number. */
static uint32_t first_without(uint32_t last, uint32_t gone, uint64_t seed)
{
    uint32_t numbers[64];
    size_t count = 0;
    struct svc_endpoints *set;
    uint32_t first;

    for (uint32_t i = 1; i <= last; i++) {
        if (i != gone)
            numbers[count++] = i;
    }
    set = set_build(numbers, count);
    first = first_of(set, seed);
    svc_endpoints_unref(set);
    return first;
}

/* Chi-square over ten endpoints, 9 degrees of freedom. */
static void services_start_at_different_ones(void **state)
{
    struct svc_endpoints *set = set_range(1, 10);
    size_t counts[10] = {0};
    double chi = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 10000; seed++)
        counts[first_of(set, seed) - 1]++;
    for (size_t i = 0; i < 10; i++)
        chi += ((double)counts[i] - 1000) * ((double)counts[i] - 1000) / 1000;
    assert_true(chi < 48);
    svc_endpoints_unref(set);
}

/* Another endpoint that goes moves nothing; the first one that goes is
 * followed by the second of the order, and comes back to its place. */
static void others_that_go_move_nothing(void **state)
{
    struct svc_endpoints *set = set_range(1, 12);

    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        uint32_t first = first_of(set, seed);
        uint32_t second = first_without(12, first, seed);

        assert_int_not_equal(first, second);
        for (uint32_t gone = 1; gone <= 12; gone++) {
            assert_int_equal(first_without(12, gone, seed),
                             gone == first ? second : first);
        }
    }
    svc_endpoints_unref(set);
}

/* A newcomer is first for its share of the services, and else changes
 * nothing. */
static void newcomers_take_their_share(void **state)
{
    struct svc_endpoints *before = set_range(1, 9);
    struct svc_endpoints *after = set_range(1, 10);
    size_t taken = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 4000; seed++) {
        uint32_t old = first_of(before, seed);
        uint32_t new = first_of(after, seed);

        if (new == 10)
            taken++;
        else
            assert_int_equal(new, old);
    }
    assert_in_range(taken, 300, 500); /* 400, 5 sigma is 95 */
    svc_endpoints_unref(before);
    svc_endpoints_unref(after);
}

#define MANY 30

/* The numbers from 1 to n but `gone`, in the order that attempts find them. */
static size_t order_of(uint32_t n, uint32_t gone, const uint32_t *weights,
                       uint32_t *ret)
{
    uint32_t numbers[MANY];
    uint32_t weigh[MANY];
    struct policy_run run;
    size_t count = 0;

    for (uint32_t i = 1; i <= n; i++) {
        if (i != gone) {
            numbers[count] = i;
            weigh[count++] = weights != NULL ? weights[i - 1] : 1;
        }
    }
    policy_begin(&run, &svc__policy_pick_first, 8);
    policy_set(&run, set_build(numbers, count), weights != NULL ? weigh : NULL,
               NULL);
    for (run.ctx.attempt = 0; run.ctx.attempt < count; run.ctx.attempt++)
        ret[run.ctx.attempt] = policy_pick(&run);
    /* When all were tried it begins again. */
    for (; run.ctx.attempt < 3 * count; run.ctx.attempt++)
        assert_int_equal(policy_pick(&run), ret[run.ctx.attempt % count]);
    policy_end(&run);
    return count;
}

/* Attempts come by all endpoints, each once; one that goes leaves the order of
 * the others. */
static void attempts_follow_the_order(void **state)
{
    uint32_t all[MANY];
    uint32_t rest[MANY];
    uint32_t seen = 0;

    (void)state;
    assert_int_equal(order_of(MANY, 0, NULL, all), MANY);
    for (size_t i = 0; i < MANY; i++)
        seen |= 1u << all[i];
    assert_int_equal(seen, ((1u << MANY) - 1) << 1);
    for (uint32_t gone = 1; gone <= MANY; gone++) {
        assert_int_equal(order_of(MANY, gone, NULL, rest), MANY - 1);
        for (size_t i = 0, k = 0; i < MANY; i++) {
            if (all[i] != gone)
                assert_int_equal(rest[k++], all[i]);
        }
    }
}

/* The heaviest first; among those of one weight the order is the one without
 * weights. */
static void by_weight(void **state)
{
    uint32_t weights[MANY];
    uint32_t plain[MANY];
    uint32_t order[MANY];

    (void)state;
    for (uint32_t i = 0; i < MANY; i++)
        weights[i] = i % 3 == 0 ? UINT32_MAX : i % 3;
    (void)order_of(MANY, 0, NULL, plain);
    (void)order_of(MANY, 0, weights, order);
    for (size_t i = 0; i < MANY; i++) {
        static const uint32_t wanted[] = {UINT32_MAX, 2, 1};

        assert_int_equal(weights[order[i] - 1], wanted[i / 10]);
    }
    for (size_t w = 0; w < 3; w++) {
        for (size_t i = 0, k = 10 * w; i < MANY; i++) {
            if (weights[plain[i] - 1] == weights[order[10 * w] - 1])
                assert_int_equal(order[k++], plain[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_start_at_different_ones),
        cmocka_unit_test(others_that_go_move_nothing),
        cmocka_unit_test(newcomers_take_their_share),
        cmocka_unit_test(attempts_follow_the_order),
        cmocka_unit_test(by_weight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
