/* SPDX-License-Identifier: Apache-2.0 */
/* What a credential plugin prints: every field, and everything else. */
#include "base/buf.h"
#include "kube/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <string.h>

#define V1      "client.authentication.k8s.io/v1"
#define HEAD    "{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "\""
#define STATUS  HEAD ",\"status\":{"
#define REFUSED "the credential plugin's answer: "
#define HEADER  "it has characters that cannot be in a header"
#define HALF    "a certificate without its key, or the reverse"
#define NO_TIME "status.expirationTimestamp: not a time (RFC 3339)"

static const struct {
    const char *text;
    const char *said; /* "token certificate key expires", or why not */
} cases[] = {
    {STATUS "\"token\":\"t\"}}", "t - - never"},
    {STATUS "\"token\":\"t\",\"expirationTimestamp\":null}}\n", "t - - never"},
    {STATUS
     "\"token\":\"t\",\"expirationTimestamp\":\"2026-11-25T10:20:30Z\"}}",
     "t - - 1795602030"},
    {STATUS "\"clientCertificateData\":\"c\\nd\",\"clientKeyData\":\"k\"}}",
     "- c\nd k never"},
    {STATUS "\"token\":\"t\",\"clientCertificateData\":\"c\",\"clientKeyData\":"
            "\"k\",\"future\":[]}}",
     "t c k never"},
    {HEAD ",\"spec\":{\"interactive\":false},\"status\":{\"token\":\"t\"}}",
     "t - - never"},
    {"kind: ExecCredential\napiVersion: " V1 "\nstatus:\n  token: t\n",
     "t - - never"},
    {"", REFUSED "kind: not ExecCredential"},
    {"{}", REFUSED "kind: not ExecCredential"},
    {"hunter2", REFUSED "not an object"},
    {"[]", REFUSED "not an object"},
    {"Error: hunter2: x", REFUSED "line 1, column 15: mapping values are not "
                                  "allowed in this context"},
    {"{\"kind\":\"Status\",\"apiVersion\":\"" V1 "\"}",
     REFUSED "kind: not ExecCredential"},
    {"{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t\"}}",
     REFUSED "apiVersion: not the one asked for"},
    {"{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1 "beta1\",\"status\":{"
     "\"token\":\"t\"}}",
     REFUSED "apiVersion: not the one asked for"},
    {HEAD "}", REFUSED "status: missing"},
    {HEAD ",\"status\":null}", REFUSED "status: missing"},
    {HEAD ",\"status\":[\"hunter2\"]}", REFUSED "status: expected an object"},
    {STATUS "}}", REFUSED "status: neither a token nor a certificate in it"},
    {STATUS "\"token\":\"\"}}",
     REFUSED "status: neither a token nor a certificate in it"},
    {STATUS "\"token\":5}}", REFUSED "status.token: expected a string"},
    {STATUS "\"token\":\"hunter2 \"}}", REFUSED "status.token: " HEADER},
    {STATUS "\"token\":\"hunter2\\r\\nX: y\"}}",
     REFUSED "status.token: " HEADER},
    {STATUS "\"token\":\"hunter2\",\"token\":\"hunter2\"}}",
     REFUSED "status.token: the key is repeated"},
    {STATUS "\"clientKeyData\":\"hunter2\"}}", REFUSED "status: " HALF},
    {STATUS "\"token\":\"hunter2\",\"clientCertificateData\":\"c\"}}",
     REFUSED "status: " HALF},
    {STATUS "\"token\":\"hunter2\",\"expirationTimestamp\":\"\"}}",
     REFUSED NO_TIME},
    {STATUS "\"token\":\"hunter2\",\"expirationTimestamp\":\"tomorrow\"}}",
     REFUSED NO_TIME},
    {STATUS "\"token\":\"hunter2\",\"expirationTimestamp\":1795602030}}",
     REFUSED "status.expirationTimestamp: expected a string"},
    {STATUS "\"token\":&hunter2 x}}",
     REFUSED "line 1, column 91: anchors are not read"},
    {STATUS "\"token\":*hunter2}}",
     REFUSED "line 1, column 91: aliases are not read"},
    {STATUS "\"token\":!hunter2 x}}",
     REFUSED "line 1, column 91: a tag that does not fit or is not known"},
    {STATUS "\"token\":\"hunter2",
     REFUSED "line 1, column 99: found unexpected end of stream while scanning "
             "a quoted scalar"},
};

static void say(struct svc__buf *b, const struct svc__config_credential *c)
{
    svc__buf_printf(b, "%s %s %s ", c->token == NULL ? "-" : c->token,
                    c->certificate.bytes == NULL ? "-" : c->certificate.bytes,
                    c->key.bytes == NULL ? "-" : c->key.bytes);
    if (c->expires_s == INT64_MAX)
        svc__buf_add_text(b, "never");
    else
        svc__buf_printf(b, "%" PRId64, c->expires_s);
}

static void answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc__config_credential c = {NULL, {NULL, 0}, {NULL, 0}, 7};
        svc_error error = {0, "", ""};
        struct svc__buf b;
        int err = svc__config_credential_read(
            cases[i].text, strlen(cases[i].text), V1, &c, &error);

        svc__buf_init(&b, 1024);
        assert_int_equal(err, error.code);
        if (err == 0) {
            say(&b, &c);
        } else {
            assert_int_equal(err, SVC_EAUTH);
            assert_int_equal(c.expires_s, 7);
            svc__buf_add_text(&b, error.message);
        }
        assert_string_equal(b.data, cases[i].said);
        assert_null(strstr(error.message, "hunter2"));
        assert_null(strstr(error.hint, "hunter2"));
        svc__config_credential_fini(&c);
        svc__buf_fini(&b);
    }
}

static void the_version_asked_for(void **state)
{
    static const char text[] = "{\"kind\":\"ExecCredential\",\"apiVersion\":\""
                               "x/v9\",\"status\":{\"token\":\"t\"}}";
    struct svc__config_credential c;
    svc_error error;

    (void)state;
    assert_int_equal(
        svc__config_credential_read(text, strlen(text), V1, &c, &error),
        SVC_EAUTH);
    assert_string_equal(error.hint,
                        "the kubeconfig asks for " V1 "; see which one this "
                        "version of the plugin speaks");
    assert_int_equal(
        svc__config_credential_read(text, strlen(text), "x/v9", &c, NULL), 0);
    svc__config_credential_fini(&c);
    assert_int_equal(svc__config_credential_read(text, SVC__CONFIG_EXEC_MAX + 1,
                                                 V1, &c, &error),
                     SVC_EAUTH);
    assert_string_equal(error.message, REFUSED "larger than is read");
}

/* Cut anywhere it is none, and no part of the token is in the error. */
static void cut_answers(void **state)
{
    static const char text[] = STATUS "\"token\":\"hunter2\"}}";

    (void)state;
    for (size_t size = 0; size < sizeof(text) - 1; size++) {
        struct svc__config_credential c;
        svc_error error;

        assert_int_equal(
            svc__config_credential_read(text, size, V1, &c, &error), SVC_EAUTH);
        assert_null(strstr(error.message, "hunter"));
    }
}

static void tokens(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[3] = {'a', (char)c, 'b'};

        assert_int_equal(svc__config_is_token(text, 3), c > ' ' && c < 0x7f);
    }
    assert_false(svc__config_is_token("", 0));
}

static void trimming(void **state)
{
    static const struct {
        const char *text;
        const char *trimmed;
    } texts[] = {{"", ""},     {" ", ""},         {"a", "a"},
                 {"a\n", "a"}, {"a\r\n", "a"},    {"\t\v\f a b \n", "a b"},
                 {"\n\n", ""}, {"a\x01", "a\x01"}};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t size = strlen(texts[i].text);
        const char *start = svc__config_trim(texts[i].text, &size);

        assert_int_equal(size, strlen(texts[i].trimmed));
        assert_memory_equal(start, texts[i].trimmed, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),     cmocka_unit_test(the_version_asked_for),
        cmocka_unit_test(cut_answers), cmocka_unit_test(tokens),
        cmocka_unit_test(trimming),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
