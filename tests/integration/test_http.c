/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and responses as bytes: what goes out, and what of all that servers
 * and proxies send is taken for a response (faults A12, A15, A17, A23, A24).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK     "HTTP/1.1 200 OK\r\n"
#define LENGTH "Content-Length: 5\r\n\r\n"

static struct http_run run;
static struct http_probe probe;

static int setup(void **state)
{
    (void)state;
    http_run_open(&run, NULL);
    http_run_probe(&run, &probe);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_run_close(&run);
    return 0;
}

/* One response to one request, on a connection of its own. */
static void answer(const char *text, size_t size)
{
    http_run_close(&run);
    http_run_open(&run, NULL);
    http_run_probe(&run, &probe);
    http_run_ask(&run, &probe);
    (void)http_server_send(&run.server, text, size);
    http_server_hang_up(&run.server);
    http_run_wait(&probe);
}

static void a_request_has_what_was_given(void **state)
{
    const char *const headers[] = {"Accept: application/json", NULL};
    char expected[300];

    (void)state;
    probe.q.bearer = "abc.DEF";
    probe.q.headers = headers;
    http_run_ask(&run, &probe);
    (void)snprintf(expected, sizeof(expected),
                   "GET /path HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                   "User-Agent: tests/1\r\nAuthorization: Bearer abc.DEF\r\n"
                   "Accept: application/json\r\n\r\n",
                   run.server.port);
    assert_string_equal(run.server.request, expected);
    http_server_say(&run.server, OK LENGTH "hello");
    http_run_wait(&probe);
    http_run_good(&probe, 200, "hello");
    assert_int_equal(svc__http_received(run.http), 5);
}

static void a_body_is_posted(void **state)
{
    (void)state;
    probe.q.body = "{\"a\":1}";
    http_run_ask(&run, &probe);
    assert_memory_equal(run.server.request, "POST /path ", 11);
    assert_non_null(
        strstr(run.server.request, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(run.server.request, "Content-Length: 7\r\n"));
    assert_null(strstr(run.server.request, "Expect"));
    assert_non_null(strstr(run.server.request, "\r\n\r\n{\"a\":1}"));
    http_server_say(&run.server, "HTTP/1.1 201 Created\r\n" LENGTH "hello");
    http_run_wait(&probe);
    http_run_good(&probe, 201, "hello");
}

/* All forms of a good response, and what is read of their headers. */
static void good_responses(void **state)
{
    static const struct {
        const char *text;
        int status;
        const char *body;
    } rows[] = {
        {OK LENGTH "hello", 200, "hello"},
        {"HTTP/1.1 404 Not Found\r\n" LENGTH "hello", 404, "hello"},
        {"HTTP/1.1 503\r\n" LENGTH "hello", 503, "hello"},
        {"HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
        {"HTTP/1.1 100 Continue\r\n\r\n" OK LENGTH "hello", 200, "hello"},
        {"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n" OK LENGTH "hello",
         200, "hello"},
        {"HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello"},
        {OK "\r\nhello", 200, "hello"},
        {"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello"},
        {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n"
            "Retry-After: 3\r\n\r\n",
         200, "hello"},
        {OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n0\r\n\r\n",
         200, "hello"},
        {"HTTP/1.1 500 x\r\nContent-Encoding: gzip\r\n" LENGTH "hello", 500,
         "hello"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answer(rows[i].text, strlen(rows[i].text));
        http_run_good(&probe, rows[i].status, rows[i].body);
        assert_int_equal(probe.q.retry_after_ms, -1);
    }
}

static void bad_responses(void **state)
{
    static const struct {
        const char *text;
        int err;
        const char *words;
    } rows[] = {
        {"", SVC_EUNREACH, "cut"},
        {"HTTP/1.1 200 OK\r\nContent-Le", SVC_EUNREACH, "cut"},
        {OK LENGTH "hell", SVC_EUNREACH, "before the end"},
        {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhell", SVC_EUNREACH, "cut"},
        {OK "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", SVC_EPROTO,
         "chunk"},
        {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", SVC_EPROTO,
         "chunk"},
        {"SSH-2.0-OpenSSH_9.2\r\n\r\n", SVC_EPROTO, "no HTTP"},
        {"hello\n", SVC_EPROTO, "no HTTP"},
        {OK "Content-Encoding: gzip\r\n" LENGTH "hello", SVC_EPROTO,
         "compressed"},
        {OK "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
         SVC_EPROTO, "compressed"},
        {"HTTP/1.1 500 x\r\nTransfer-Encoding: gzip\r\n\r\nhello", SVC_EPROTO,
         "compressed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        answer(rows[i].text, strlen(rows[i].text));
        http_run_bad(&probe, rows[i].err, rows[i].words);
        assert_non_null(strstr(probe.error.message, "127.0.0.1:"));
    }
}

static void wherever_it_is_cut(void **state)
{
    static const char *const texts[] = {
        OK "Content-Type: application/json; charset=utf-8\r\n" LENGTH "hello",
        OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        /* The last byte of chunked text says nothing new. */
        for (size_t cut = 0; cut < strlen(texts[i]) - i; cut++) {
            answer(texts[i], cut);
            assert_int_not_equal(probe.err, 0);
            assert_memory_equal("hello", probe.body, probe.size);
        }
        answer(texts[i], strlen(texts[i]));
        http_run_good(&probe, 200, "hello");
    }
}

static void byte_by_byte(void **state)
{
    static const char text[] =
        "HTTP/1.1 100 Continue\r\n\r\n" OK
        "Content-Type: text/plain; x=y\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";

    (void)state;
    http_run_ask(&run, &probe);
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        http_server_send(&run.server, text + i, 1);
    http_run_wait(&probe);
    http_run_good(&probe, 200, "hello");
    assert_string_equal(probe.q.content_type, "text/plain");
}

static void retry_after_in_all_forms(void **state)
{
    static const struct {
        const char *headers;
        int64_t ms;
    } rows[] = {
        {"Retry-After: 1\r\n", 1000},
        {"retry-after:0\r\n", 0},
        {"Retry-After: 1000000000\r\n", 1000000000000},
        {"Retry-After: 99999999999999999999\r\n", -1},
        {"Retry-After: -1\r\n", -1},
        {"Retry-After: soon\r\n", -1},
        {"Retry-After:\r\n", -1},
        {"Retry-After: 1.5\r\n", -1},
        {"Retry-After: Sun, 06 Nov 1994 08:49:40 GMT\r\n"
         "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
         3000},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
         "Retry-After: Sunday, 06-Nov-94 08:49:47 GMT\r\n",
         10000},
        {"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0},
    };
    char text[400];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)snprintf(text, sizeof(text),
                       "HTTP/1.1 429 x\r\n%s" LENGTH "hello", rows[i].headers);
        answer(text, strlen(text));
        http_run_good(&probe, 429, "hello");
        assert_int_equal(probe.q.retry_after_ms, rows[i].ms);
    }
}

static void headers_are_bounded(void **state)
{
    static const char *const starts[] = {OK, OK "X: ", "",
                                         "HTTP/1.1 100 Continue\r\n\r\n"};
    static const char *const rounds[] = {
        "A: 0123456789abcdef\r\n", "0123456789abcdef", "HTTP/1.1 200 OK\r\nA:1",
        "HTTP/1.1 100 Continue\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        http_run_probe(&run, &probe);
        http_run_ask(&run, &probe);
        (void)http_server_say(&run.server, starts[i]);
        for (int n = 0; n < 100000 && probe.done == 0; n++) {
            if (!http_server_say(&run.server, rounds[i]))
                break;
        }
        http_run_wait(&probe);
        http_run_bad(&probe, SVC_ETOOBIG, "headers");
        http_server_hang_up(&run.server);
    }
}

/* A canary: nobody follows to where the answer leads. */
static void redirects_are_not_followed(void **state)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    struct http_server canary;
    char text[300];

    (void)state;
    http_server_open(&canary, run.loop);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        (void)snprintf(text, sizeof(text),
                       "HTTP/1.1 %d x\r\nLocation: http://127.0.0.1:%u/\r\n"
                       "Connection: close\r\n" LENGTH "hello",
                       statuses[i], canary.port);
        http_run_probe(&run, &probe);
        probe.q.bearer = "secret";
        http_run_ask(&run, &probe);
        http_server_say(&run.server, text);
        http_run_wait(&probe);
        http_run_good(&probe, statuses[i], "hello");
        http_server_hang_up(&run.server);
        assert_false(http_server_has_caller(&canary));
    }
    http_server_close(&canary);
}

static void what_must_not_be_sent(void **state)
{
    static const char *const tokens[] = {"",    "a b",  "a\r\nX: y",
                                         "a\n", "\x7f", "caf\xc3\xa9"};
    static const char *const urls[] = {
        "http://user@127.0.0.1:1/",    "http://127.0.0.1:1/a b",
        "http://127.0.0.1:1/\r\nX: y", "ftp://127.0.0.1:1/",
        "http://127.0.0.1:99999/",     "http:///",
        "file:///etc/passwd",          "http://127.0.0.1:1/#x"};
    const char *headers[] = {"Good: one", "Bad: a\r\nX: y", NULL};
    svc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        probe.q.bearer = tokens[i];
        assert_int_equal(svc__http_start(run.http, &probe.q, &error),
                         SVC_EINVAL);
        assert_true(tokens[i][0] == '\0' ||
                    strstr(error.message, tokens[i]) == NULL);
    }
    probe.q.bearer = NULL;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        probe.q.url = urls[i];
        assert_int_equal(svc__http_start(run.http, &probe.q, &error),
                         SVC_EINVAL);
    }
    probe.q.url = run.url;
    probe.q.headers = headers;
    assert_int_equal(svc__http_start(run.http, &probe.q, &error), SVC_EINVAL);
    assert_false(http_server_has_caller(&run.server));
}

static void much_is_streamed(void **state)
{
    static char block[1 << 16];
    size_t total = 0;

    (void)state;
    memset(block, 'x', sizeof(block));
    http_run_ask(&run, &probe);
    http_server_say(&run.server, OK "\r\n");
    for (int i = 0; i < 200; i++) {
        assert_true(http_server_send(&run.server, block, sizeof(block)));
        total += sizeof(block);
    }
    http_server_hang_up(&run.server);
    http_run_wait(&probe);
    assert_int_equal(probe.err, 0);
    assert_int_equal(probe.size, total);
    assert_int_equal(svc__http_received(run.http), total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_has_what_was_given, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_body_is_posted, setup, teardown),
        cmocka_unit_test_setup_teardown(good_responses, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_responses, setup, teardown),
        cmocka_unit_test_setup_teardown(wherever_it_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(byte_by_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_after_in_all_forms, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(headers_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(redirects_are_not_followed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_must_not_be_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(much_is_streamed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
