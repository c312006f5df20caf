/* SPDX-License-Identifier: Apache-2.0 */
/* Header lines, and what is read of them. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http.h"
#include "io/http_head.h"

#include <string.h>

/* Feeds text line by line. */
static int feed(struct svc__http_head *head, const char *text)
{
    int err = 0;

    svc__http_head_init(head);
    while (err == 0 && *text != '\0') {
        size_t size = strcspn(text, "\n") + 1;

        err = svc__http_head_line(head, text, size);
        text += size;
    }
    return err;
}

static void usual_headers(void **state)
{
    struct svc__http_head head;

    (void)state;
    assert_int_equal(feed(&head, "HTTP/1.1 429 Too Many Requests\r\n"
                                 "Content-Type:  text/plain ; charset=utf-8\r\n"
                                 "DATE: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                 "Retry-After: 7\r\n"),
                     0);
    assert_false(head.is_whole);
    assert_int_equal(svc__http_head_line(&head, "\r\n", 2), 0);
    assert_true(head.is_whole);
    assert_int_equal(head.status, 429);
    assert_int_equal(head.date_s, 784111777);
    assert_string_equal(head.content_type, "text/plain");
    assert_int_equal(svc__http_head_retry_ms(&head, 0), 7000);
    assert_false(head.is_encoded || head.is_packed);
}

static void interim_responses_are_void(void **state)
{
    struct svc__http_head head;

    (void)state;
    assert_int_equal(feed(&head,
                          "HTTP/1.1 103 Early Hints\r\nRetry-After: 7\r\n"
                          "Content-Encoding: gzip\r\n\r\n"),
                     0);
    assert_false(head.is_whole);
    assert_int_equal(feed(&head, "HTTP/1.1 103 x\r\nRetry-After: 7\r\n\r\n"
                                 "HTTP/1.1 200 OK\r\n\r\n"),
                     0);
    assert_true(head.is_whole);
    assert_int_equal(svc__http_head_retry_ms(&head, 0), -1);
    assert_int_equal(feed(&head, "HTTP/1.1 101 Switching\r\n\r\n"), 0);
    assert_true(head.is_whole);
}

static void trailers_are_void(void **state)
{
    struct svc__http_head head;

    (void)state;
    assert_int_equal(feed(&head, "HTTP/1.1 200 OK\r\n\r\nRetry-After: 7\r\n"
                                 "HTTP/1.1 500 no\r\n\r\n"),
                     0);
    assert_int_equal(head.status, 200);
    assert_int_equal(svc__http_head_retry_ms(&head, 0), -1);
}

static void encodings(void **state)
{
    static const struct {
        const char *text;
        int is_encoded;
        int is_packed;
    } rows[] = {
        {"Content-Encoding: identity\r\n", 0, 0},
        {"Content-Encoding:\r\n", 0, 0},
        {"Content-Encoding: br\r\n", 1, 0},
        {"Content-Encoding: identity, gzip\r\n", 1, 0},
        {"Transfer-Encoding: Chunked\r\n", 0, 0},
        {"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 0, 1},
        {"Transfer-Encoding: gzip, chunked\r\n", 0, 1},
    };
    struct svc__http_head head;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(feed(&head, rows[i].text), 0);
        assert_int_equal(head.is_encoded, rows[i].is_encoded);
        assert_int_equal(head.is_packed, rows[i].is_packed);
    }
}

static void odd_lines(void **state)
{
    static const char *const texts[] = {
        "HTTP/1.1\r\n",     "HTTP/\n",          "HTTP/1.1 abc\r\n",
        ": \r\n",           "no colon\r\n",     " Retry-After: 3\r\n",
        "Retry-After 3\n",  "Date\r\n",         "Content-Type\r\n",
        "Date: \xff\xfe\n", "Content-Type:\r\n"};
    struct svc__http_head head;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(feed(&head, texts[i]), 0);
        assert_int_equal(head.status, 0);
        assert_int_equal(head.date_s, -1);
        assert_string_equal(head.content_type, "");
    }
}

static void bounds(void **state)
{
    struct svc__http_head head;
    char line[1024];

    (void)state;
    memset(line, 'x', sizeof(line));
    memcpy(line, "Content-Type: ", 14);
    svc__http_head_init(&head);
    for (size_t i = 0; i < SVC__HTTP_HEADERS_MAX / sizeof(line); i++)
        assert_int_equal(svc__http_head_line(&head, line, sizeof(line)), 0);
    assert_int_equal(strlen(head.content_type), 63);
    assert_int_equal(svc__http_head_line(&head, "\n", 1), SVC_ETOOBIG);
}

static void dates_to_wait_for(void **state)
{
    struct svc__http_head head;

    (void)state;
    feed(&head, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    assert_int_equal(svc__http_head_retry_ms(&head, 784111770), 7000);
    assert_int_equal(svc__http_head_retry_ms(&head, 784111780), 0);
    feed(&head, "Retry-After: Sun, 06 Nov 2094 08:49:37 GMT\r\n");
    assert_int_equal(svc__http_head_retry_ms(&head, 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_headers),
        cmocka_unit_test(interim_responses_are_void),
        cmocka_unit_test(trailers_are_void),
        cmocka_unit_test(encodings),
        cmocka_unit_test(odd_lines),
        cmocka_unit_test(bounds),
        cmocka_unit_test(dates_to_wait_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
