/* SPDX-License-Identifier: Apache-2.0 */
/* PEM text as it is judged before a TLS library sees it. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http_pem.h"

#include <stdlib.h>
#include <string.h>

#define BEGIN(what) "-----BEGIN " what "-----\n"
#define END(what)   "-----END " what "-----\n"

static const struct {
    const char *text;
    const char *kind;
    const char *words; /* NULL: good */
} rows[] = {
    {BEGIN("CERTIFICATE") "AAAA\n" END("CERTIFICATE"), "CERTIFICATE", NULL},
    {"text\n" BEGIN("PRIVATE KEY") "AAAA\n" END("PRIVATE KEY")
         BEGIN("CERTIFICATE") "AAAA\n" END("CERTIFICATE"),
     "CERTIFICATE", NULL},
    {BEGIN("TRUSTED CERTIFICATE") "AA" END("TRUSTED CERTIFICATE"),
     "CERTIFICATE", NULL},
    {BEGIN("RSA PRIVATE KEY") "AAAA\n" END("RSA PRIVATE KEY"), "PRIVATE KEY",
     NULL},
    {BEGIN("EC PARAMETERS") "A\n" END("EC PARAMETERS")
         BEGIN("EC PRIVATE KEY") "AAAA\n" END("EC PRIVATE KEY"),
     "PRIVATE KEY", NULL},
    {"", "CERTIFICATE", "no PEM"},
    {"-----BEGIN ", "CERTIFICATE", "no PEM"},
    {BEGIN("CERTIFICATE") "AAAA\n", "CERTIFICATE", "no PEM"},
    {BEGIN("CERTIFICATE") "AAAA\n" END("CERTIFICATE"), "PRIVATE KEY", "no PEM"},
    {"MIIBIjANBgkqhkiG9w0BAQ", "CERTIFICATE", "no PEM"},
    {BEGIN("ENCRYPTED PRIVATE KEY") "AAAA\n" END("ENCRYPTED PRIVATE KEY"),
     "PRIVATE KEY", "pass phrase"},
    {BEGIN("RSA PRIVATE KEY") "Proc-Type: 4,ENCRYPTED\nDEK-Info: "
                              "AES\n\nAA\n" END("RSA PRIVATE KEY"),
     "PRIVATE KEY", "pass phrase"},
};

static void texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_error error = {0};
        int err = svc__http_pem_check(rows[i].text, strlen(rows[i].text),
                                      "the file", rows[i].kind, &error);

        if (rows[i].words == NULL) {
            assert_int_equal(err, 0);
            continue;
        }
        assert_int_equal(err, SVC_EAUTH);
        assert_non_null(strstr(error.message, "the file"));
        assert_non_null(strstr(error.message, rows[i].words));
        assert_null(strstr(error.message, "AAAA"));
    }
}

/* Not a byte behind the end is read, wherever it is. */
static void every_prefix(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t size = 0; size < strlen(rows[i].text); size++) {
            char *copy = malloc(size + 1);

            assert_non_null(copy);
            memcpy(copy, rows[i].text, size);
            copy = realloc(copy, size > 0 ? size : 1);
            assert_non_null(copy);
            (void)svc__http_pem_check(copy, size, "x", rows[i].kind, NULL);
            free(copy);
        }
    }
}

/* Hostile text takes linear time: this would take minutes otherwise. */
static void dashes(void **state)
{
    static char text[1 << 20];

    (void)state;
    memset(text, '-', sizeof(text));
    assert_int_equal(
        svc__http_pem_check(text, sizeof(text), "x", "CERTIFICATE", NULL),
        SVC_EAUTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(dashes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
