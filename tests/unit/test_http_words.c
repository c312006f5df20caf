/* SPDX-License-Identifier: Apache-2.0 */
/* Failures in words: each has its code, names the server, and fits. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http_words.h"

#include <errno.h>
#include <string.h>

#define PLACE "a.test:443 (10.0.0.1) through proxy p:1: "

static const struct {
    enum svc__http_problem problem;
    int error;
    long verify;
    const char *detail;
    int code;
    const char *words;
} rows[] = {
    {SVC__HTTP_MEMORY, 0, 0, "", SVC_ENOMEM, "out of memory"},
    {SVC__HTTP_SOCKET, EMFILE, 0, "", SVC_ENOMEM, "Too many open files"},
    {SVC__HTTP_CONNECT, ECONNREFUSED, 0, "x", SVC_EUNREACH,
     "Connection refused"},
    {SVC__HTTP_CONNECT, EADDRNOTAVAIL, 0, "x", SVC_EUNREACH, "Cannot assign"},
    {SVC__HTTP_CONNECT, ENOMEM, 0, "x", SVC_ENOMEM, "Cannot allocate"},
    {SVC__HTTP_CONNECT, 0, 0, "odd", SVC_EUNREACH, "cannot connect: odd"},
    {SVC__HTTP_CONNECT_TIME, 0, 0, "", SVC_EUNREACH,
     "no connection within 1234 ms"},
    {SVC__HTTP_NO_ADDRESS, 0, 0, "", SVC_EUNREACH, "no address"},
    {SVC__HTTP_PROXY, 0, 0, "SOCKS said no", SVC_EUNREACH, "SOCKS said no"},
    {SVC__HTTP_TLS, 0, 0, "", SVC_EAUTH, "handshake"},
    {SVC__HTTP_TLS, 0, 0, "x:SSL routines::wrong version number", SVC_EAUTH,
     "not in TLS"},
    {SVC__HTTP_TLS, 0, 0, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL",
     SVC_EUNREACH, "cut in the handshake"},
    {SVC__HTTP_TLS_PEER, 0, 9, "", SVC_EAUTH,
     "is not yet valid: here it is 1970-01-01T00:00:07Z"},
    {SVC__HTTP_TLS_PEER, 0, 10, "", SVC_EAUTH,
     "has expired: here it is 1970-01-01T00:00:07Z"},
    {SVC__HTTP_TLS_PEER, 0, 19, "", SVC_EAUTH, "signed by none of the CAs"},
    {SVC__HTTP_TLS_PEER, 0, 1, "no subject name", SVC_EAUTH,
     "not for \"tls.test\""},
    {SVC__HTTP_TLS_PEER, 0, 62, "", SVC_EAUTH, "not for \"tls.test\""},
    {SVC__HTTP_TLS_PEER, 0, 66, "EE key too small", SVC_EAUTH,
     "too weak: EE key too small"},
    {SVC__HTTP_TLS_PEER, 0, 23, "revoked", SVC_EAUTH, "TLS: revoked"},
    {SVC__HTTP_TLS_CERTIFICATE, 0, 0, "", SVC_EAUTH, "client certificate"},
    {SVC__HTTP_TLS_CA, 0, 0, "", SVC_EAUTH, "given CA"},
    {SVC__HTTP_CUT, 0, 0, "Recv failure: x", SVC_EUNREACH,
     "connection cut: Recv failure: x"},
    {SVC__HTTP_CUT, 0, 0, "x alert certificate required", SVC_EAUTH,
     "wants a client certificate"},
    {SVC__HTTP_CUT, 0, 0, "Problem (2) in the Chunked-Encoded data", SVC_EPROTO,
     "chunked"},
    {SVC__HTTP_CUT, 0, 0, "CONNECT tunnel failed, response 403", SVC_EUNREACH,
     "the proxy: CONNECT"},
    {SVC__HTTP_SILENT, 0, 0, "", SVC_EUNREACH, "no answer within 1234 ms"},
    {SVC__HTTP_TOTAL, 0, 0, "", SVC_EUNREACH, "no whole response within"},
    {SVC__HTTP_SLOW, 0, 0, "", SVC_EUNREACH, "too slowly"},
    {SVC__HTTP_PARTIAL, 0, 0, "", SVC_EUNREACH, "before the end"},
    {SVC__HTTP_NO_HTTP, 0, 0, "", SVC_EPROTO, "no HTTP"},
    {SVC__HTTP_ENCODED, 0, 0, "", SVC_EPROTO, "compressed"},
    {SVC__HTTP_HEADERS, 0, 0, "", SVC_ETOOBIG, "64 KiB"},
    {SVC__HTTP_OTHER, 0, 0, "odd", SVC_EUNREACH, "odd"},
    {SVC__HTTP_OTHER, 0, 0, "", SVC_EUNREACH, "failed"},
};

static void every_problem(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__http_facts f = {.problem = rows[i].problem,
                                    .server = "a.test:443",
                                    .address = "10.0.0.1",
                                    .proxy = "p:1",
                                    .tls_name = "tls.test",
                                    .error = rows[i].error,
                                    .verify = rows[i].verify,
                                    .ms = 1234,
                                    .now_s = 7,
                                    .detail = rows[i].detail};
        svc_error error = {0};

        assert_int_equal(svc__http_words(&f, &error), rows[i].code);
        assert_int_equal(error.code, rows[i].code);
        assert_memory_equal(error.message, PLACE, strlen(PLACE));
        assert_non_null(strstr(error.message, rows[i].words));
        assert_int_equal(svc__http_words(&f, NULL), rows[i].code);
    }
}

static void without_address_and_proxy(void **state)
{
    struct svc__http_facts f = {
        .problem = SVC__HTTP_NO_HTTP, .server = "10.0.0.1:443", .detail = ""};
    svc_error error;

    (void)state;
    assert_int_equal(svc__http_words(&f, &error), SVC_EPROTO);
    assert_memory_equal(error.message, "10.0.0.1:443: what", 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_problem),
        cmocka_unit_test(without_address_and_proxy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
