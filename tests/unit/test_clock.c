/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock does not run backwards and is the boot-time one; deadlines at both
 * ends of what an int holds.
 */
#include "base/clock.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

static void test_now(void **state)
{
    struct timespec ts;
    int64_t before_us = svc__clock_now_us();
    int64_t before_ms;
    int64_t want_us;

    (void)state;
    clock_gettime(CLOCK_BOOTTIME, &ts);
    want_us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
    assert_true(before_us <= want_us && before_us > want_us - 10000000);
    before_ms = svc__clock_now_ms();
    assert_true(before_ms >= before_us / 1000);
    assert_true(svc__clock_now_us() / 1000 >= before_ms);
    for (int i = 0; i < 1000; i++) {
        int64_t now_us = svc__clock_now_us();

        assert_true(now_us >= before_us);
        before_us = now_us;
    }
}

static void test_deadline(void **state)
{
    (void)state;
    assert_true(svc__clock_deadline(1000, -1) == INT64_MAX);
    assert_true(svc__clock_deadline(1000, INT_MIN) == INT64_MAX);
    assert_true(svc__clock_deadline(1000, 0) == 1000);
    assert_true(svc__clock_deadline(1000, 5) == 1005);
    assert_true(svc__clock_deadline(1000, INT_MAX) == 1000 + (int64_t)INT_MAX);
}

static void test_until(void **state)
{
    (void)state;
    assert_int_equal(svc__clock_until(1000, INT64_MAX), -1);
    assert_int_equal(svc__clock_until(1000, 1000), 0);
    assert_int_equal(svc__clock_until(1000, 999), 0);
    assert_int_equal(svc__clock_until(1000, 0), 0);
    assert_int_equal(svc__clock_until(1000, 1001), 1);
    assert_int_equal(svc__clock_until(1000, 1000 + (int64_t)INT_MAX), INT_MAX);
    assert_int_equal(svc__clock_until(1000, 1001 + (int64_t)INT_MAX), INT_MAX);
    assert_int_equal(svc__clock_until(0, INT64_MAX - 1), INT_MAX);
}

/* What deadline makes, until takes apart. */
static void test_round_trip(void **state)
{
    static const int timeouts[] = {-1, 0, 1, 500, INT_MAX};
    static const int64_t nows[] = {0, 1, 123456789, (int64_t)1 << 50};

    (void)state;
    for (size_t i = 0; i < sizeof(nows) / sizeof(nows[0]); i++) {
        for (size_t j = 0; j < sizeof(timeouts) / sizeof(timeouts[0]); j++)
            assert_int_equal(
                svc__clock_until(nows[i],
                                 svc__clock_deadline(nows[i], timeouts[j])),
                timeouts[j]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_now),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
