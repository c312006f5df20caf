/* SPDX-License-Identifier: Apache-2.0 */
/* Owns the grammar of RFC 3339 section 5.6. */
#include "kube/rfc3339.h"

#include "base/calendar.h"

#include <svc/svc.h>

/* What is left of the text. */
struct rest {
    const char *at;
    size_t size;
    int is_bad;
};

/* Takes one character of two. */
static char take_char(struct rest *r, char one, char other)
{
    char c = r->size > 0 ? *r->at : '\0';

    if (r->size == 0 || (c != one && c != other)) {
        r->is_bad = 1;
        return '\0';
    }
    r->at++;
    r->size--;
    return c;
}

/* Takes a number of exactly so many digits in min … max. */
static int take_number(struct rest *r, size_t digits, int min, int max)
{
    int number = 0;

    for (size_t i = 0; i < digits; i++) {
        if (r->size == 0 || *r->at < '0' || *r->at > '9') {
            r->is_bad = 1;
            return min;
        }
        number = number * 10 + (*r->at - '0');
        r->at++;
        r->size--;
    }
    r->is_bad |= number < min || number > max;
    return number;
}

static int64_t take_date(struct rest *r)
{
    int year = take_number(r, 4, 0, 9999);
    int64_t days = 0;
    int month;
    int day;

    take_char(r, '-', '-');
    month = take_number(r, 2, 1, 12);
    take_char(r, '-', '-');
    day = take_number(r, 2, 1, 31);
    r->is_bad |= svc__calendar_days(year, month, day, &days) != 0;
    return days * 86400;
}

static int64_t take_time(struct rest *r)
{
    int64_t seconds = (int64_t)take_number(r, 2, 0, 23) * 3600;

    take_char(r, ':', ':');
    seconds += (int64_t)take_number(r, 2, 0, 59) * 60;
    take_char(r, ':', ':');
    seconds += take_number(r, 2, 0, 60);
    if (r->size > 0 && *r->at == '.') {
        take_char(r, '.', '.');
        take_number(r, 1, 0, 9);
        while (r->size > 0 && *r->at >= '0' && *r->at <= '9')
            take_number(r, 1, 0, 9);
    }
    return seconds;
}

/* East of Greenwich is positive. */
static int64_t take_offset(struct rest *r)
{
    int64_t seconds;
    char sign;

    if (r->size > 0 && (*r->at == 'Z' || *r->at == 'z')) {
        take_char(r, 'Z', 'z');
        return 0;
    }
    sign = take_char(r, '+', '-');
    seconds = (int64_t)take_number(r, 2, 0, 23) * 3600;
    take_char(r, ':', ':');
    seconds += (int64_t)take_number(r, 2, 0, 59) * 60;
    return sign == '-' ? -seconds : seconds;
}

int svc__rfc3339_read(const char *text, size_t size, int64_t *ret_s)
{
    struct rest r = {text, size, 0};
    int64_t seconds = take_date(&r);

    take_char(&r, 'T', 't');
    seconds += take_time(&r);
    seconds -= take_offset(&r);
    if (r.is_bad || r.size > 0)
        return SVC_EINVAL;
    *ret_s = seconds;
    return 0;
}
