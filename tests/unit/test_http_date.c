/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of HTTP: three forms, and much that is none. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http_date.h"

#include <string.h>
#include <time.h>

static int64_t read_date(const char *text)
{
    return svc__http_date_read(text, strlen(text));
}

/* The example of RFC 9110 section 5.6.7. */
static void three_forms(void **state)
{
    (void)state;
    assert_int_equal(read_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
    assert_int_equal(read_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
    assert_int_equal(read_date("Sun Nov  6 08:49:37 1994"), 784111777);
    assert_int_equal(read_date("Sun Nov 16 08:49:37 1994"), 784975777);
    assert_int_equal(read_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    assert_int_equal(read_date("Thu, 29 Feb 2024 23:59:60 GMT"), 1709251200);
    assert_int_equal(read_date("Sat, 06 Nov 2094 08:49:37 GMT"), 3939871777);
}

static void no_dates(void **state)
{
    static const char *const texts[] = {
        "",
        ",",
        "Sun",
        "Sun,",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Apr 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 29 Feb 2023 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun Nov  6 08:49:37 19940",
        "1994-11-06T08:49:37Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(read_date(texts[i]), -1);
}

/* Every prefix of a date is none, and what strftime writes is one. */
static void there_and_back(void **state)
{
    char text[64];
    char written[SVC__HTTP_DATE_SIZE];
    const int64_t end = sizeof(time_t) > 4 ? 4000000000 : INT32_MAX;

    (void)state;
    for (int64_t at = 1; at < end; at += 86400 * 17 + 3671) {
        const time_t seconds = (time_t)at;
        struct tm parts;
        size_t size;

        assert_non_null(gmtime_r(&seconds, &parts));
        size =
            strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        assert_int_equal(svc__http_date_read(text, size), at);
        for (size_t cut = 0; cut < size; cut++)
            assert_int_equal(svc__http_date_read(text, cut), -1);
    }
    svc__http_date_write(784111777, written);
    assert_string_equal(written, "1994-11-06T08:49:37Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_forms),
        cmocka_unit_test(no_dates),
        cmocka_unit_test(there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
