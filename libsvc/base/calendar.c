/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the lengths of months and years. */
#include "base/calendar.h"

#include <svc/svc.h>

/* From 0000-01-01 to 1970-01-01. */
#define EPOCH_DAYS 719528

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && is_leap);
}

/* Days of the years 0 … year - 1, of which year 0 is a leap year. */
static int64_t days_before(int year)
{
    int64_t past = (int64_t)year - 1;

    if (year == 0)
        return 0;
    return 366 + 365 * past + past / 4 - past / 100 + past / 400;
}

int svc__calendar_days(int year, int month, int day, int64_t *ret_days)
{
    int64_t days;

    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > days_of_month(year, month))
        return SVC_EINVAL;
    days = days_before(year) - EPOCH_DAYS + day - 1;
    for (int m = 1; m < month; m++)
        days += days_of_month(year, m);
    *ret_days = days;
    return 0;
}
