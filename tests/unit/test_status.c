/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/status: what a server says about a failure, whoever says it (faults
 * A13, J12).
 */
#include "base/utf8.h"
#include "kube/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct svc__status read_text(const char *text)
{
    struct svc__status status;

    svc__status_read(text, strlen(text), &status);
    return status;
}

static void a_status(void **state)
{
    struct svc__status s = read_text(
        "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
        "\"status\":\"Failure\",\"message\":\"too  old\\nresource \\u00e9\","
        "\"reason\":\"Expired\",\"details\":{\"causes\":[{}],"
        "\"retryAfterSeconds\":7},\"code\":410}\n");

    (void)state;
    assert_int_equal(s.code, 410);
    assert_string_equal(s.reason, "Expired");
    assert_string_equal(s.message, "too old resource \xC3\xA9");
    assert_int_equal(s.retry_after_ms, 7000);
}

/* Values that mean nothing are as if they were not there. */
static void odd_values(void **state)
{
    static const char *const rows[] = {
        "{\"kind\":\"Status\"}",
        "{\"kind\":\"Status\",\"code\":\"410\",\"message\":1,\"reason\":[]}",
        "{\"kind\":\"Status\",\"code\":-1,\"details\":[]}",
        "{\"kind\":\"Status\",\"code\":1000,\"details\":null}",
        "{\"kind\":\"Status\",\"code\":4.1,"
        "\"details\":{\"retryAfterSeconds\":-1}}",
        "{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":\"5\"}}",
        "{\"kind\":\"Status\",\"details\":{\"retryAfterSeconds\":1e9}}",
        "{\"kind\":\"Status\","
        "\"details\":{\"retryAfterSeconds\":99999999999999999999}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__status s = read_text(rows[i]);

        assert_int_equal(s.code, 0);
        assert_int_equal(s.retry_after_ms, -1);
        assert_string_equal(s.message, "");
        assert_string_equal(s.reason, "");
    }
}

static void what_is_no_status(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"\n Too many\r\n\trequests ", "Too many requests"},
        {"<html>\n <b>502</b>\x1B[0m\x80</html>",
         "<html> <b>502</b> [0m?</html>"},
        {"{\"kind\":\"Table\",\"code\":410}",
         "{\"kind\":\"Table\",\"code\":410}"},
        {"{\"kind\":\"Status\",\"code\":410",
         "{\"kind\":\"Status\",\"code\":410"},
        {"{\"kind\":\"Status\",\"code\":410} x",
         "{\"kind\":\"Status\",\"code\":410} x"},
        {"[]", "[]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__status s = read_text(rows[i][0]);

        assert_int_equal(s.code, 0);
        assert_int_equal(s.retry_after_ms, -1);
        assert_string_equal(s.reason, "");
        assert_string_equal(s.message, rows[i][1]);
    }
}

/* Cut to 200 bytes, at a character, however it is written. */
static void long_messages(void **state)
{
    static const char *const parts[] = {
        "a",
        "ab ",
        "\xC3\xA9",
        "\\u00e9",
        "\xF0\x9F\x98\x80",
        "\\ud83d\\ude00",
        "\\n",
        "x\\u0000",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        for (size_t shift = 0; shift < 13; shift++) {
            static char text[40000];
            struct svc__status s;
            size_t size = 0;

            size += strlen(strcpy(text, "{\"kind\":\"Status\",\"message\":\""));
            memset(text + size, 'z', shift);
            text[size += shift] = '\0';
            for (int n = 0; n < 2000; n++)
                size += strlen(strcpy(text + size, parts[i]));
            strcpy(text + size, "\"}");
            s = read_text(text);
            size = strlen(s.message);
            assert_true(svc__utf8_is_valid(s.message, size));
            assert_true(size <= 200);
            assert_true(parts[i][0] == '\\' && parts[i][1] == 'n'
                            ? size == shift
                            : size > 195);
            assert_null(strchr(s.message, '?'));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status),
        cmocka_unit_test(odd_values),
        cmocka_unit_test(what_is_no_status),
        cmocka_unit_test(long_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
