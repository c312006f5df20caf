/* SPDX-License-Identifier: Apache-2.0 */
/* Times of RFC 3339: a table, and junk. */
#include "kube/rfc3339.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include <svc/svc.h>

static const struct {
    const char *text;
    int64_t seconds;
} good[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1970-01-01T00:00:01Z", 1},
    {"1969-12-31T23:59:59Z", -1},
    {"2000-02-29T12:00:00Z", 951825600},
    {"2024-02-29T23:59:59Z", 1709251199},
    {"2038-01-19T03:14:08Z", 2147483648},
    {"2026-11-25T10:20:30.123456789Z", 1795602030},
    {"2026-11-25T10:20:30.9Z", 1795602030},
    {"2026-11-25T12:20:30+02:00", 1795602030},
    {"2026-11-25T04:50:30-05:30", 1795602030},
    {"2026-11-26T09:50:30+23:30", 1795602030},
    {"2026-11-25T10:20:30-00:00", 1795602030},
    {"2026-11-25t10:20:30z", 1795602030},
    {"2016-12-31T23:59:60Z", 1483228800},
    {"0000-01-01T00:00:00Z", -62167219200},
    {"0000-12-31T00:00:00Z", -62135683200},
    {"0001-01-01T00:00:00Z", -62135596800},
    {"9999-12-31T23:59:59Z", 253402300799},
};

static void times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t seconds = 7;

        if (svc__rfc3339_read(good[i].text, strlen(good[i].text), &seconds) !=
                0 ||
            seconds != good[i].seconds)
            fail_msg("%s: %lld", good[i].text, (long long)seconds);
    }
}

static const char *const bad[] = {
    "",
    "2026",
    "2026-11-25",
    "2026-11-25T10:20:30",
    "2026-11-25 10:20:30Z",
    "2026-11-25T10:20Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00,5Z",
    "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00+00:60",
    "2026-01-01T00:00:00+0000",
    "2026-01-01T00:00:00+00",
    "2026-01-01T00:00:00ZZ",
    "2026-01-01T00:00:00Z ",
    " 2026-01-01T00:00:00Z",
    "+2026-01-01T00:00:00Z",
    "-026-01-01T00:00:00Z",
    "12026-01-01T00:00:00Z",
    "2026-1-1T00:00:00Z",
    "20260101T000000Z",
    "2026-01-01T00:00:00UTC",
    "Wed, 25 Nov 2026 10:20:30 GMT",
    "1795602030",
    "never",
};

static void junk(void **state)
{
    int64_t seconds = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (svc__rfc3339_read(bad[i], strlen(bad[i]), &seconds) != SVC_EINVAL)
            fail_msg("\"%s\" is taken", bad[i]);
    }
    /* Cut anywhere it is no time, and nothing behind its end is read. */
    for (size_t size = 0; size < 20; size++)
        assert_int_equal(
            svc__rfc3339_read("2026-01-01T00:00:00Z", size, &seconds),
            SVC_EINVAL);
    assert_int_equal(seconds, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(junk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
