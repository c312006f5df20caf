/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens and PEM texts as they stand in files, in every state that a file may
 * be found in (faults A4, A5).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/apiserver_secret.h"
#include "oom.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END   "-----END CERTIFICATE-----\n"

static struct scratch s;

static int setup(void **state)
{
    (void)state;
    oom_install();
    scratch_make(&s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(&s);
    assert_int_equal(oom_live(), 0);
    return 0;
}

/* ---- tokens -------------------------------------------------------------- */

static const struct {
    const char *bytes;
    size_t size;
    const char *token; /* or NULL */
} tokens[] = {
#define text(t) t, sizeof(t) - 1
    {text("a.b-c"), "a.b-c"},
    {text("a.b-c\n"), "a.b-c"},
    {text("\r\n\t a.b-c \r\n\r\n"), "a.b-c"},
    {text(""), NULL},
    {text(" \r\n"), NULL},
    {text("secret\r\nX: y"), NULL},
    {text("secret\nsecret"), NULL},
    {text("secret\0"), NULL},
    {text("secret\0secret"), NULL},
    {text("\0secret"), NULL},
    {text("secret\x7f"), NULL},
    {text("secret\x1b"), NULL},
    {text("secret secret"), NULL},
    {text("secret\xc3\xa9"), NULL},
#undef text
};

static void each_token(void **state)
{
    static const struct svc__config none;

    (void)state;
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        struct svc__config_data got = {NULL, 7};
        svc_error error;
        int err;

        scratch_write_bytes(&s, "token", tokens[i].bytes, tokens[i].size);
        err = svc__apiserver_secret_token(&none, scratch_path(&s, "token"),
                                          &got, &error);
        assert_int_equal(err, tokens[i].token == NULL ? SVC_EAUTH : 0);
        if (err == 0) {
            assert_string_equal(got.bytes, tokens[i].token);
            assert_int_equal(got.size, strlen(tokens[i].token));
        } else {
            assert_null(got.bytes);
            assert_non_null(strstr(error.message, "/token: is "));
            assert_null(strstr(error.message, "secret"));
        }
        svc__config_data_fini(&got);
    }
}

/* A byte of each value in the middle: only what is visible may be sent. */
static void each_byte(void **state)
{
    static const struct svc__config none;

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char token[] = {'a', (char)byte, 'b'};
        struct svc__config_data got = {NULL, 0};
        int err;

        scratch_write_bytes(&s, "token", token, sizeof(token));
        err = svc__apiserver_secret_token(&none, scratch_path(&s, "token"),
                                          &got, NULL);
        assert_int_equal(err, byte > ' ' && byte < 0x7f ? 0 : SVC_EAUTH);
        svc__config_data_fini(&got);
    }
}

static void bounds(void **state)
{
    static const struct svc__config none;
    static char much[65537];
    struct svc__config_data got = {NULL, 0};
    svc_error error;

    (void)state;
    memset(much, 'x', sizeof(much));
    scratch_write_bytes(&s, "token", much, sizeof(much) - 1);
    assert_int_equal(svc__apiserver_secret_token(
                         &none, scratch_path(&s, "token"), &got, NULL),
                     0);
    assert_int_equal(got.size, sizeof(much) - 1);
    svc__config_data_fini(&got);
    scratch_write_bytes(&s, "token", much, sizeof(much));
    assert_int_equal(svc__apiserver_secret_token(
                         &none, scratch_path(&s, "token"), &got, &error),
                     SVC_EAUTH);
    assert_non_null(strstr(error.message, "bigger than 65536 bytes"));
    assert_int_equal(svc__apiserver_secret_token(
                         &none, scratch_path(&s, "none"), &got, &error),
                     SVC_EAUTH);
    assert_null(got.bytes);
}

static void a_text(void **state)
{
    char token[] = "a.b-c";
    const struct svc__config c = {.token = token};
    const struct svc__config none = {.token = NULL};
    struct svc__config_data got = {NULL, 0};

    (void)state;
    assert_int_equal(svc__apiserver_secret_token(&c, NULL, &got, NULL), 0);
    assert_string_equal(got.bytes, token);
    svc__config_data_fini(&got);
    assert_int_equal(svc__apiserver_secret_token(&none, NULL, &got, NULL), 0);
    assert_null(got.bytes);
}

/* ---- PEM ----------------------------------------------------------------- */

static int read_pem(const char *text, struct svc__config_data *ret,
                    svc_error *reterr)
{
    static const struct svc__config_data none;

    scratch_write(&s, "pem", text);
    return svc__apiserver_secret_pem(&none, scratch_path(&s, "pem"),
                                     "CERTIFICATE", ret, reterr);
}

/* Written bit by bit: nothing counts before it is whole. */
static void a_file_that_grows(void **state)
{
    static const char whole[] = "# mine\n" BEGIN "QUJD\n" END;
    const size_t enough = sizeof(whole) - 2; /* without the last line's end */

    (void)state;
    for (size_t size = 0; size < sizeof(whole); size++) {
        struct svc__config_data got = {NULL, 0};
        char part[sizeof(whole)] = "";
        svc_error error;
        int err;

        memcpy(part, whole, size);
        err = read_pem(part, &got, &error);
        assert_int_equal(err, size >= enough ? 0 : SVC_EAUTH);
        if (err == 0)
            assert_string_equal(got.bytes, part);
        else
            assert_non_null(strstr(error.message, "/pem is no PEM text"));
        svc__config_data_fini(&got);
    }
}

/* Data is looked at where it is used. */
static void data_and_nothing(void **state)
{
    char bytes[] = "data";
    const struct svc__config_data data = {bytes, 4};
    const struct svc__config_data none = {NULL, 0};
    struct svc__config_data got = {NULL, 7};

    (void)state;
    assert_int_equal(
        svc__apiserver_secret_pem(&none, NULL, "CERTIFICATE", &got, NULL), 0);
    assert_null(got.bytes);
    assert_int_equal(
        svc__apiserver_secret_pem(&data, "/no", "CERTIFICATE", &got, NULL), 0);
    assert_string_equal(got.bytes, "data");
    svc__config_data_fini(&got);
    assert_null(got.bytes);
    assert_int_equal(got.size, 0);
}

/* ---- memory -------------------------------------------------------------- */

static void reading(void *arg)
{
    static const struct svc__config none;
    struct svc__config_data token = {NULL, 0};
    struct svc__config_data pem = {NULL, 0};
    int err = svc__apiserver_secret_token(&none, scratch_path(&s, "token"),
                                          &token, NULL);

    (void)arg;
    if (err == 0)
        err = read_pem(BEGIN "QUJD\n" END, &pem, NULL);
    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
    }
    svc__config_data_fini(&token);
    svc__config_data_fini(&pem);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    scratch_write(&s, "token", "a.b-c\n");
    oom_torture(reading, NULL);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(each_token),
        row(each_byte),
        row(bounds),
        row(a_text),
        row(a_file_that_grows),
        row(data_and_nothing),
        row(every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("apiserver secret", tests, NULL, NULL);
}
