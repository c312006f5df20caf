/* SPDX-License-Identifier: Apache-2.0 */
/* The calendar, day by day. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"

#include <svc/svc.h>
#include <time.h>

/* Each day that there is, is the day after the one before; 400 years have
 * 146,097 of them. */
static void every_day(void **state)
{
    int64_t before = -719529;
    int64_t days = 0;

    (void)state;
    for (int date = 0; date < 10000 * 12 * 31; date++) {
        if (svc__calendar_days(date / 372, date / 31 % 12 + 1, date % 31 + 1,
                               &days) == 0)
            assert_int_equal(days, ++before);
    }
    assert_int_equal(before, 25 * 146097 - 719529);
}

/* The C library says so, too, of what its time_t can hold. */
static void as_the_c_library(void **state)
{
    (void)state;
    for (time_t when = -24855 * (time_t)86400; when < 24855 * (time_t)86400;
         when += 86400) {
        struct tm tm;
        int64_t days = 0;

        assert_non_null(gmtime_r(&when, &tm));
        assert_int_equal(svc__calendar_days(tm.tm_year + 1900, tm.tm_mon + 1,
                                            tm.tm_mday, &days),
                         0);
        assert_int_equal(days, when / 86400);
    }
}

static void no_days(void **state)
{
    static const int none[][3] = {
        {-1, 12, 31},  {10000, 1, 1}, {2026, 0, 1},   {2026, 13, 1},
        {2026, 1, 0},  {2026, 1, 32}, {2026, -1, 1},  {2026, 1, -1},
        {2026, 2, 29}, {1900, 2, 29}, {2026, 11, 31}, {2024, 2, 30},
    };
    int64_t days = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_int_equal(
            svc__calendar_days(none[i][0], none[i][1], none[i][2], &days),
            SVC_EINVAL);
    assert_int_equal(days, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day),
        cmocka_unit_test(as_the_c_library),
        cmocka_unit_test(no_days),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
