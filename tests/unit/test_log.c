/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages reach the sink when it wants their level, whole up to 1,023 bytes.
 */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct sink {
    int calls;
    int level;
    char text[2048];
};

static void take(void *arg, int level, const char *text)
{
    struct sink *sink = arg;

    sink->calls++;
    sink->level = level;
    (void)snprintf(sink->text, sizeof(sink->text), "%s", text);
}

static void test_levels(void **state)
{
    (void)state;
    for (int wanted = 0; wanted <= SVC_LOG_DEBUG; wanted++) {
        for (int level = SVC_LOG_WARNING; level <= SVC_LOG_DEBUG; level++) {
            struct sink sink = {0};
            struct svc__log log = {take, &sink, wanted};

            svc__log(&log, level, "%s is %d", "level", level);
            assert_int_equal(sink.calls, level <= wanted);
            if (sink.calls == 0)
                continue;
            assert_int_equal(sink.level, level);
            assert_memory_equal(sink.text, "level is ", 9);
        }
    }
}

static void test_nobody(void **state)
{
    struct svc__log log = {NULL, NULL, SVC_LOG_DEBUG};

    (void)state;
    svc__log(&log, SVC_LOG_WARNING, "x");
    svc__log(NULL, SVC_LOG_WARNING, "x");
}

static void test_long(void **state)
{
    struct sink sink = {0};
    struct svc__log log = {take, &sink, SVC_LOG_INFO};
    char text[1500];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[1023] = '\0';
    svc__log(&log, SVC_LOG_INFO, "%s", text);
    assert_string_equal(sink.text, text);
    text[1023] = 'x';
    text[1499] = '\0';
    svc__log(&log, SVC_LOG_INFO, "%s", text);
    assert_int_equal(strlen(sink.text), 1023);
    assert_int_equal(sink.calls, 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
