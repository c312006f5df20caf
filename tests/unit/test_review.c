/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the API server about ourselves, and what it says.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "kube/review.h"
#include "oom.h"

#include <stdio.h>
#include <string.h>

static void test_what_is_posted(void **state)
{
    static const struct {
        struct svc__review q;
        const char *attributes;
    } rows[] = {
        {{"list", "", "services", "shop", NULL},
         "{\"verb\":\"list\",\"group\":\"\",\"resource\":\"services\","
         "\"namespace\":\"shop\"}"},
        {{"get", "", "nodes", NULL, "n\"1"},
         "{\"verb\":\"get\",\"group\":\"\",\"resource\":\"nodes\","
         "\"name\":\"n\\\"1\"}"},
    };
    struct svc__buf b;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc__buf_init(&b, SVC__REVIEW_MAX);
        assert_int_equal(svc__review_write(&rows[i].q, &b), 0);
        assert_non_null(strstr(b.data, rows[i].attributes));
        assert_non_null(strstr(b.data, "\"SelfSubjectAccessReview\""));
        svc__buf_fini(&b);
    }
}

static void test_what_is_answered(void **state)
{
    static const struct {
        const char *text;
        int err;
        int allowed;
    } rows[] = {
        {"{\"status\":{\"allowed\":true}}", 0, 1},
        {"{\"spec\":{\"allowed\":true},\"status\":{\"reason\":\"\","
         "\"allowed\":false}}",
         0, 0},
        {" {\"status\" : {\"denied\":[{}], \"allowed\" :true ,\"x\":1}}", 0, 1},
        {"{\"status\":{}}", SVC_EPROTO, 0},
        {"{\"status\":null}", SVC_EPROTO, 0},
        {"{\"status\":{\"allowed\":\"true\"}}", SVC_EPROTO, 0},
        {"{\"status\":{\"allowed\":1}}", SVC_EPROTO, 0},
        {"{\"allowed\":true}", SVC_EPROTO, 0},
        {"{\"status\":{\"allowed\":tru", SVC_EPROTO, 0},
        {"[true]", SVC_EPROTO, 0},
        {"<html>", SVC_EPROTO, 0},
        {"", SVC_EPROTO, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_error error = {0};
        int allowed = 7;

        assert_int_equal(svc__review_read(rows[i].text, strlen(rows[i].text),
                                          &allowed, &error),
                         rows[i].err);
        assert_int_equal(error.code, rows[i].err);
        assert_int_equal(allowed, rows[i].err != 0 ? 7 : rows[i].allowed);
    }
}

static void test_versions(void **state)
{
    static const char *const bad[] = {"{}",
                                      "{\"gitVersion\":\"\"}",
                                      "{\"gitVersion\":1}",
                                      "{\"gitVersion\":\"v\\u0000\"}",
                                      "[\"gitVersion\",\"v1\"]",
                                      "v1.37.2",
                                      ""};
    static const char good[] = "{\"major\":\"1\",\"gitVersion\":\"v1.37.2\"}";
    char version[SVC__REVIEW_VERSION_SIZE] = "";
    char text[128];

    (void)state;
    assert_int_equal(
        svc__review_read_version(good, strlen(good), version, NULL), 0);
    assert_string_equal(version, "v1.37.2");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(
            svc__review_read_version(bad[i], strlen(bad[i]), version, NULL),
            SVC_EPROTO);
    (void)snprintf(text, sizeof(text), "{\"gitVersion\":\"%0*d\"}",
                   SVC__REVIEW_VERSION_SIZE, 1);
    assert_int_equal(
        svc__review_read_version(text, strlen(text), version, NULL),
        SVC_EPROTO);
    assert_string_equal(version, "v1.37.2");
}

/* A JWT of these claims; base64url as others write it, without padding. */
static size_t make_token(const char *claims, char *ret, size_t size)
{
    struct svc__buf b;
    size_t used;

    svc__buf_init(&b, 4096);
    assert_int_equal(svc__base64_add(&b, claims, strlen(claims)), 0);
    used = (size_t)snprintf(ret, size, "e30.%s", b.data);
    svc__buf_fini(&b);
    while (ret[used - 1] == '=')
        used--;
    used += (size_t)snprintf(ret + used, size - used, ".c2ln");
    for (size_t i = 0; i < used; i++) {
        if (ret[i] == '+')
            ret[i] = '-';
        else if (ret[i] == '/')
            ret[i] = '_';
    }
    return used;
}

static void test_the_end_of_a_token(void **state)
{
    static const struct {
        const char *claims;
        int64_t end_s; /* -1: not said */
    } rows[] = {
        {"{\"exp\":1}", 1},
        {"{\"iss\":\"a\",\"exp\":1795653656,\"aud\":[\"x\"]}", 1795653656},
        {"{\"sub\":\"\xc3\xbf>>~~~\",\"exp\":12}", 12},
        {"{\"exp\":0}", 0},
        {"{}", -1},
        {"{\"exp\":-1}", -1},
        {"{\"exp\":\"1\"}", -1},
        {"{\"exp\":1.5}", -1},
        {"{\"exp\":99999999999999999999}", -1},
        {"[1]", -1},
        {"{\"exp\"", -1},
        {"\x01\x02", -1},
    };
    char token[512];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t size = make_token(rows[i].claims, token, sizeof(token));
        int64_t end_s = -1;

        assert_int_equal(svc__review_token_end(token, size, &end_s),
                         rows[i].end_s < 0 ? SVC_ENOTSUP : 0);
        assert_int_equal(end_s, rows[i].end_s);
    }
}

static void test_tokens_that_are_none(void **state)
{
    static const char *const bad[] = {
        "",  ".",    "..",     "a",       "a.b",  "a.b.c",   "a.bb.c",
        "a", "a..c", "a.b=.c", "a.b c.d", "a.%.", "a.{}.sig"};
    int64_t end_s = -1;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(svc__review_token_end(bad[i], strlen(bad[i]), &end_s),
                         SVC_ENOTSUP);
    assert_int_equal(end_s, -1);
}

static void read_token(void *arg)
{
    int64_t end_s = -1;
    int err = svc__review_token_end(arg, strlen(arg), &end_s);

    if (oom_failures() > 0)
        assert_int_equal(err, SVC_ENOMEM);
    else
        assert_int_equal(end_s, 1);
}

static void test_without_memory(void **state)
{
    char token[64];

    (void)state;
    (void)make_token("{\"exp\":1}", token, sizeof(token));
    oom_torture(read_token, token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_posted),
        cmocka_unit_test(test_what_is_answered),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_the_end_of_a_token),
        cmocka_unit_test(test_tokens_that_are_none),
        cmocka_unit_test(test_without_memory),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
