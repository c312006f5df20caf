/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codes in words, and messages that are cut at a character.
 */
#include "base/err.h"
#include "base/utf8.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    int code;
    const char *name;
    int transient;
} codes[] = {{SVC_OK, "SVC_OK", 0},
             {SVC_EINVAL, "SVC_EINVAL", 0},
             {SVC_ENAME, "SVC_ENAME", 0},
             {SVC_ENOTSUP, "SVC_ENOTSUP", 0},
             {SVC_EFILE, "SVC_EFILE", 0},
             {SVC_ENOMEM, "SVC_ENOMEM", 1},
             {SVC_ESTATE, "SVC_ESTATE", 0},
             {SVC_ECLOSED, "SVC_ECLOSED", 0},
             {SVC_EAGAIN, "SVC_EAGAIN", 1},
             {SVC_ENOSERVICE, "SVC_ENOSERVICE", 0},
             {SVC_ENOPORT, "SVC_ENOPORT", 0},
             {SVC_ENOENDPOINTS, "SVC_ENOENDPOINTS", 1},
             {SVC_EPENDING, "SVC_EPENDING", 1},
             {SVC_EALIAS, "SVC_EALIAS", 0},
             {SVC_EUNREACH, "SVC_EUNREACH", 1},
             {SVC_ETIMEDOUT, "SVC_ETIMEDOUT", 1},
             {SVC_EPROTO, "SVC_EPROTO", 1},
             {SVC_ETOOBIG, "SVC_ETOOBIG", 0},
             {SVC_EAUTH, "SVC_EAUTH", 0}};

#define CODES (sizeof(codes) / sizeof(codes[0]))

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODES; i++) {
        assert_string_equal(svc_err_name(codes[i].code), codes[i].name);
        assert_int_equal(svc_err_is_transient(codes[i].code),
                         codes[i].transient);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(svc_err_text(codes[i].code),
                                    svc_err_text(codes[j].code));
    }
    assert_string_equal(svc_err_name(1), "SVC_EUNKNOWN");
    assert_string_equal(svc_err_text(-1000), "unknown error");
    assert_int_equal(svc_err_is_transient(-1000), 0);
}

static void test_set(void **state)
{
    svc_error error = {0};

    (void)state;
    assert_int_equal(svc__err_set(&error, SVC_EFILE, "line %d of %s", 3, "x"),
                     SVC_EFILE);
    assert_int_equal(error.code, SVC_EFILE);
    assert_string_equal(error.message, "line 3 of x");
    assert_int_equal(svc__err_hint(&error, "do %s", "that"), SVC_EFILE);
    assert_string_equal(error.hint, "do that");
    assert_int_equal(svc__err_wrap(&error, "folder \"%s\"", "d"), SVC_EFILE);
    assert_string_equal(error.message, "folder \"d\": line 3 of x");
    assert_string_equal(error.hint, "do that");
    assert_int_equal(svc__err_set(&error, SVC_EAUTH, "no"), SVC_EAUTH);
    assert_string_equal(error.hint, "");
    assert_int_equal(svc__err_nomem(&error), SVC_ENOMEM);
    assert_string_equal(error.message, "out of memory");
}

static void test_nowhere(void **state)
{
    (void)state;
    assert_int_equal(svc__err_set(NULL, SVC_EFILE, "x"), SVC_EFILE);
    assert_int_equal(svc__err_hint(NULL, "x"), 0);
    assert_int_equal(svc__err_wrap(NULL, "x"), 0);
    assert_int_equal(svc__err_nomem(NULL), SVC_ENOMEM);
    assert_int_equal(svc__err_errno(NULL, ENOENT, "x"), SVC_EUNREACH);
}

static void test_control_characters(void **state)
{
    svc_error error;

    (void)state;
    svc__err_set(&error, SVC_ENAME, "a\nb\tc\x1b[1m\x7f%s", "\r");
    assert_string_equal(error.message, "a?b?c?[1m??");
    svc__err_hint(&error, "a\nb");
    assert_string_equal(error.hint, "a?b");
    svc__err_wrap(&error, "x\ny");
    assert_string_equal(error.message, "x?y: a?b?c?[1m??");
}

/* Whatever stands at the end of the room, what is kept is UTF-8, and no more
 * than one character is lost. */
static void test_cut(void **state)
{
    static const char *const chars[] = {"a", "\xc3\xa9", "\xe2\x82\xac",
                                        "\xf0\x90\x8d\x88"};
    char text[2048];
    svc_error error;

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        for (size_t shift = 0; shift < 5; shift++) {
            size_t size;

            memset(text, 'x', shift);
            for (size = shift; size < 1000; size += c + 1)
                memcpy(text + size, chars[c], c + 1);
            text[size] = '\0';
            svc__err_set(&error, SVC_ENAME, "%s", text);
            svc__err_hint(&error, "%s", text);
            for (int wrapped = 0; wrapped < 2; wrapped++) {
                size = strlen(error.message);
                assert_true(svc__utf8_is_valid(error.message, size));
                assert_in_range(size, SVC_ERROR_MESSAGE_SIZE - 1 - c,
                                SVC_ERROR_MESSAGE_SIZE - 1);
                svc__err_wrap(&error, "wr");
            }
            size = strlen(error.hint);
            assert_true(svc__utf8_is_valid(error.hint, size));
            assert_in_range(size, SVC_ERROR_HINT_SIZE - 1 - c,
                            SVC_ERROR_HINT_SIZE - 1);
        }
    }
}

/* Names of files are bytes, and a precision may cut anywhere: what is no UTF-8
 * is shown as the control characters are. */
static void test_no_utf8(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } rows[] = {{"a\xff/b.yaml", "a?/b.yaml"},
                {"\xc3\xa9\xc3", "\xc3\xa9?"},
                {"\xe2\x82\" x", "??\" x"},
                {"\xc0\xaf|\xed\xa0\x80|\xf5", "??|???|?"},
                {"\xf0\x90\x8d\x88", "\xf0\x90\x8d\x88"},
                {"\xc2\x9b[1m", "??[1m"}};
    svc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc__err_set(&error, SVC_EFILE, "%s", rows[i].text);
        assert_string_equal(error.message, rows[i].shown);
        svc__err_hint(&error, "%s", rows[i].text);
        assert_string_equal(error.hint, rows[i].shown);
    }
    svc__err_set(&error, SVC_EFILE, "%.3s: no", "\xc3\xa9\xc3\xa9");
    assert_string_equal(error.message, "\xc3\xa9?: no");
}

/* A character that just fits stays. */
static void test_cut_exact(void **state)
{
    char text[SVC_ERROR_MESSAGE_SIZE];
    svc_error error;

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text + sizeof(text) - 4, "\xe2\x82\xac", 4);
    svc__err_set(&error, SVC_ENAME, "%s", text);
    assert_string_equal(error.message, text);
}

/* Texts that are there already: copied, and cut where they are too long. */
static void test_tell(void **state)
{
    char exact[SVC_ERROR_MESSAGE_SIZE];
    char beyond[SVC_ERROR_MESSAGE_SIZE + 1];
    svc_error error = {.hint = "old"};

    (void)state;
    assert_int_equal(svc__err_tell(&error, SVC_EFILE, NULL, NULL), SVC_EFILE);
    assert_int_equal(error.code, SVC_EFILE);
    assert_string_equal(error.message, svc_err_text(SVC_EFILE));
    assert_string_equal(error.hint, "");
    memset(exact, 'x', sizeof(exact) - 1);
    exact[sizeof(exact) - 1] = '\0';
    (void)svc__err_tell(&error, SVC_ENOPORT, exact, "do");
    assert_string_equal(error.message, exact);
    assert_string_equal(error.hint, "do");
    (void)snprintf(beyond, sizeof(beyond), "%.*s\xc3\xa4",
                   (int)sizeof(exact) - 2, exact);
    (void)svc__err_tell(&error, SVC_ENOPORT, beyond, "again");
    assert_int_equal(strlen(error.message), sizeof(exact) - 2);
    assert_string_equal(error.hint, "again");
    assert_int_equal(svc__err_tell(NULL, SVC_ENOPORT, exact, "do"),
                     SVC_ENOPORT);
}

static void test_errno(void **state)
{
    static const int shortages[] = {ENOMEM, EMFILE, ENFILE, EAGAIN};
    svc_error error;

    (void)state;
    assert_int_equal(svc__err_errno(&error, ENOENT, "open \"x\""),
                     SVC_EUNREACH);
    assert_string_equal(error.message, "open \"x\": No such file or directory");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(svc__err_errno(&error, shortages[i], "x"), SVC_ENOMEM);
    svc__err_errno(&error, 99999, "x");
    assert_non_null(strstr(error.message, "99999"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_nowhere),
        cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_no_utf8),
        cmocka_unit_test(test_cut_exact),
        cmocka_unit_test(test_tell),
        cmocka_unit_test(test_errno),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
