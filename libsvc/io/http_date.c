/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the grammar of HTTP dates. The name of the day says nothing that the
 * date does not: it is passed over.
 */
#include "io/http_date.h"

#include "base/calendar.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A text that is being read; at runs to end. */
struct reader {
    const char *at;
    const char *end;
    int bad;
};

struct moment {
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
};

static void skip(struct reader *r, const char *what)
{
    size_t size = strlen(what);

    if ((size_t)(r->end - r->at) < size || memcmp(r->at, what, size) != 0)
        r->bad = 1;
    else
        r->at += size;
}

static int number(struct reader *r, int digits)
{
    int value = 0;

    for (int i = 0; i < digits; i++, r->at++) {
        if (r->at == r->end || *r->at < '0' || *r->at > '9') {
            r->bad = 1;
            return 0;
        }
        value = value * 10 + (*r->at - '0');
    }
    return value;
}

static int month(struct reader *r)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12 && r->end - r->at >= 3; i++) {
        if (memcmp(r->at, names + (size_t)3 * (size_t)i, 3) == 0) {
            r->at += 3;
            return i + 1;
        }
    }
    r->bad = 1;
    return 0;
}

static void clock_time(struct reader *r, struct moment *m)
{
    m->hour = number(r, 2);
    skip(r, ":");
    m->minute = number(r, 2);
    skip(r, ":");
    m->second = number(r, 2);
}

/* "06 Nov 1994 08:49:37 GMT", or the old "06-Nov-94 08:49:37 GMT". */
static void usual(struct reader *r, struct moment *m)
{
    int is_old;

    m->day = number(r, 2);
    is_old = r->at < r->end && *r->at == '-';
    skip(r, is_old ? "-" : " ");
    m->month = month(r);
    skip(r, is_old ? "-" : " ");
    m->year = number(r, is_old ? 2 : 4);
    if (is_old)
        m->year += m->year < 70 ? 2000 : 1900;
    skip(r, " ");
    clock_time(r, m);
    skip(r, " GMT");
}

/* "Nov  6 08:49:37 1994" */
static void asctime_form(struct reader *r, struct moment *m)
{
    m->month = month(r);
    skip(r, " ");
    if (r->at < r->end && *r->at == ' ') {
        skip(r, " ");
        m->day = number(r, 1);
    } else {
        m->day = number(r, 2);
    }
    skip(r, " ");
    clock_time(r, m);
    skip(r, " ");
    m->year = number(r, 4);
}

/* Seconds of the epoch; -1: there is no such moment. A leap second is
 * possible. */
static int64_t seconds_of(const struct moment *m)
{
    int64_t days = 0;

    if (m->year < 1970 || m->hour > 23 || m->minute > 59 || m->second > 60 ||
        svc__calendar_days(m->year, m->month, m->day, &days) != 0)
        return -1;
    return ((days * 24 + m->hour) * 60 + m->minute) * 60 + m->second;
}

int64_t svc__http_date_read(const char *text, size_t size)
{
    const char *comma = memchr(text, ',', size);
    struct reader r = {text, text + size, 0};
    struct moment m = {0};

    if (comma != NULL) {
        r.at = comma + 1;
        skip(&r, " ");
        usual(&r, &m);
    } else {
        r.bad = size < 4;
        if (!r.bad) {
            r.at += 3;
            skip(&r, " ");
            asctime_form(&r, &m);
        }
    }
    return r.bad || r.at != r.end ? -1 : seconds_of(&m);
}

void svc__http_date_write(int64_t seconds, char ret[SVC__HTTP_DATE_SIZE])
{
    time_t when = (time_t)seconds;
    struct tm parts;

    if (when != seconds || gmtime_r(&when, &parts) == NULL ||
        strftime(ret, SVC__HTTP_DATE_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        (void)snprintf(ret, SVC__HTTP_DATE_SIZE, "%lld", (long long)seconds);
}
