/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The retry budget: what it allows at least and at most, and what it saves up.
 */
#include "policy/budget.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BEGAN_MS 5000000
#define DAY_MS   (INT64_C(24) * 3600 * 1000)

/* Tries so often at one moment; returns how many were allowed. */
static size_t try_often(struct svc__budget *b, uint64_t picks, int64_t now_ms,
                        size_t times)
{
    size_t allowed = 0;

    while (times-- > 0) {
        allowed += svc__budget_take(b, picks, now_ms) ? 1 : 0;
        picks = 0;
    }
    return allowed;
}

static void as_time_passes(void **state)
{
    static const struct {
        int64_t after_ms;
        uint64_t picks;
        size_t wanted; /* allowed, of ten thousand that are tried */
    } rows[] =
        {
            {0, 0, 30},  /* the reserve */
            {0, 0, 0},   /* nothing is left */
            {333, 0, 0}, /* three a second */
            {1, 0, 1},           {1000, 0, 3},
            {10000, 0, 30}, /* full again */
            {60000, 0, 30}, /* and not fuller */
            {0, 4, 0},      /* a fifth of the picks */
            {0, 1, 1},           {0, 5000, 1000},
            {0, 0, 0},           {1000, 5000, 1003},
            {10000, 500, 130}, /* ten seconds' worth of 50 a second */
            {100000, 5000, 130}, {DAY_MS, 0, 30},
        };
    struct svc__budget b;
    int64_t now_ms = BEGAN_MS;

    (void)state;
    svc__budget_init(&b, now_ms);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const uint32_t since_s = svc__budget_second(now_ms);
        uint64_t recent;

        now_ms += rows[i].after_ms;
        recent = svc__budget_recent(rows[i].picks, since_s, now_ms);
        assert_int_equal(try_often(&b, recent, now_ms, 10000), rows[i].wanted);
    }
}

/* What few picks left behind fades while retries are few. */
static void the_deposit_fades(void **state)
{
    struct svc__budget b;

    (void)state;
    svc__budget_init(&b, BEGAN_MS);
    assert_int_equal(svc__budget_take(&b, 10005, BEGAN_MS), 1); /* 2000 left */
    assert_int_equal(svc__budget_take(&b, 0, BEGAN_MS + 5000), 1); /* 999 */
    assert_int_equal(try_often(&b, 0, BEGAN_MS + 7500, 10000), 749 + 30);
}

/* The reserve is not spent as long as the deposit lasts. */
static void the_deposit_goes_first(void **state)
{
    struct svc__budget b;

    (void)state;
    svc__budget_init(&b, BEGAN_MS);
    assert_int_equal(try_often(&b, 50, BEGAN_MS, 10), 10);
    assert_int_equal(try_often(&b, 0, BEGAN_MS, 100), 30);
}

/* A service that fails as a whole: each pick would be tried again. */
static void when_all_fails(void **state)
{
    static const struct {
        int picks; /* a second */
        size_t most;
    } rows[] = {
        {1, 100},    /* all of them: fewer than three a second */
        {10, 530},   /* 30, and 2 and 3 a second */
        {100, 2330}, /* 30, and 20 and 3 */
        {1000, 20330},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int64_t each_ms = 1000 / rows[i].picks;
        struct svc__budget b;
        size_t allowed = 0;

        svc__budget_init(&b, BEGAN_MS);
        for (int k = 1; k <= 100 * rows[i].picks; k++)
            allowed += try_often(&b, 1, BEGAN_MS + k * each_ms, 1);
        /* Parts of one fade while the rest of it is awaited. */
        assert_in_range(allowed, rows[i].most * 99 / 100, rows[i].most);
    }
}

/* An hour without a retry, at whatever rate. */
static void saves_up_ten_seconds(void **state)
{
    (void)state;
    for (uint64_t rate = 10; rate <= 1000000; rate *= 10) {
        const int64_t now_ms = BEGAN_MS + 3600000;
        const uint64_t recent = svc__budget_recent(
            rate * 3600, svc__budget_second(BEGAN_MS), now_ms);
        struct svc__budget b;

        svc__budget_init(&b, BEGAN_MS);
        assert_int_equal(try_often(&b, recent, now_ms, 10000000),
                         rate * 2 + 30);
    }
}

/* However long threads have waited with what they bring, and in whatever order
 * they come: together no more than ten seconds of all. */
static void threads_bring_ten_seconds_each(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 4);
    for (int i = 0; i < 200; i++) {
        const uint32_t threads = 1 + svc__rng_below(&rng, 50);
        const int64_t now_ms = BEGAN_MS + DAY_MS;
        struct svc__budget b;
        uint64_t picks = 0;
        size_t allowed = 0;

        svc__budget_init(&b, now_ms);
        assert_int_equal(try_often(&b, 0, now_ms, 100), 30);
        for (uint32_t k = 0; k < threads; k++) {
            const uint32_t waited_s = svc__rng_below(&rng, DAY_MS / 1000);
            const uint32_t rate = svc__rng_below(&rng, 100);
            const uint64_t recent = svc__budget_recent(
                (uint64_t)rate * waited_s,
                svc__budget_second(now_ms) - waited_s, now_ms);

            assert_true(recent <= UINT64_C(10) * rate);
            picks += recent;
            allowed += try_often(&b, recent, now_ms, 1);
        }
        allowed += try_often(&b, 0, now_ms, 1000000);
        assert_in_range(allowed + 1, picks / 5, picks / 5 + 1);
    }
}

/* Whatever happens: never more than the reserve, three a second and a fifth of
 * the picks; and never fewer than three a second. */
static void bounds(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 3);
    for (int i = 0; i < 200; i++) {
        const uint32_t rate = 1 + svc__rng_below(&rng, 300);
        int64_t now_ms = BEGAN_MS;
        int64_t allowed_ms = BEGAN_MS; /* when the last was */
        struct svc__budget b;
        double allowed = 0;
        double picks = 0;

        svc__budget_init(&b, now_ms);
        for (int k = 0; k < 2000; k++) {
            const uint32_t more = svc__rng_below(&rng, rate) / 100;

            now_ms += svc__rng_below(&rng, 100) == 0
                          ? svc__rng_below(&rng, 20000)
                          : svc__rng_below(&rng, 300);
            picks += more;
            if (svc__budget_take(&b, more, now_ms)) {
                allowed++;
                allowed_ms = now_ms;
            } else {
                assert_true(now_ms - allowed_ms < 334);
            }
            assert_true(allowed <= 30 + 0.2 * picks + 1e-6 +
                                       0.003 * (double)(now_ms - BEGAN_MS));
            assert_true(b.reserve >= 0 && b.deposit >= 0);
        }
    }
}

/* Another thread's clock may be behind: no time has passed then. */
static void time_does_not_go_back(void **state)
{
    struct svc__budget b;

    (void)state;
    svc__budget_init(&b, BEGAN_MS);
    assert_int_equal(try_often(&b, 0, BEGAN_MS, 100), 30);
    assert_int_equal(try_often(&b, 0, BEGAN_MS - 5000, 100), 0);
    assert_int_equal(try_often(&b, 0, BEGAN_MS, 100), 0);
    assert_int_equal(try_often(&b, 0, BEGAN_MS + 1000, 100), 3);
    assert_int_equal(try_often(&b, 500, BEGAN_MS + 1000, 1), 1);
    assert_int_equal(try_often(&b, 0, BEGAN_MS - 5000, 1000), 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_time_passes),
        cmocka_unit_test(the_deposit_fades),
        cmocka_unit_test(the_deposit_goes_first),
        cmocka_unit_test(when_all_fails),
        cmocka_unit_test(saves_up_ten_seconds),
        cmocka_unit_test(threads_bring_ten_seconds_each),
        cmocka_unit_test(bounds),
        cmocka_unit_test(time_does_not_go_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
