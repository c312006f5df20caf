/* SPDX-License-Identifier: Apache-2.0 */
/* A request's own part: what it fills, its deadlines, and who is called. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http_flow.h"

#include <string.h>

static struct svc__loop *loop;
static struct svc__http_kept kept;
static struct svc__http_flow flow;
static struct svc__http_request q;
static uint64_t received;
static int late;
static int answers;
static int stop_inside;
static size_t taken;

static void is_late(struct svc__http_flow *f)
{
    assert_ptr_equal(f, &flow);
    late++;
}

static void answered(struct svc__http_request *r)
{
    assert_ptr_equal(r, &q);
    answers++;
    if (stop_inside)
        assert_ptr_equal(svc__http_flow_end(&flow), &q);
}

static void data(struct svc__http_request *r, const char *bytes, size_t size)
{
    assert_ptr_equal(r, &q);
    assert_non_null(bytes);
    taken += size;
    if (stop_inside)
        (void)svc__http_flow_end(&flow);
}

static void begin(void)
{
    memset(&flow, 0, sizeof(flow));
    memset(&q, 0, sizeof(q));
    flow.late = is_late;
    flow.received = &received;
    received = 0;
    late = 0;
    answers = 0;
    stop_inside = 0;
    taken = 0;
    q.url = "http://127.0.0.1/";
    q.answered = answered;
    q.data = data;
    q.answer_ms = 1;
    assert_int_equal(svc__http_flow_begin(&flow, &q, &kept, NULL), 0);
}

static void end(void)
{
    (void)svc__http_flow_end(&flow);
    assert_int_equal(svc__loop_timeout_ms(loop), -1);
    svc__http_flow_fini(&flow);
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(svc__loop_new(&loop, NULL), 0);
    kept.loop = loop;
    begin();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    end();
    svc__loop_free(loop);
    return 0;
}

/* What feeding a line, or a body, gives back. */
static size_t header(const char *line)
{
    char copy[200];

    assert_true(strlen(line) < sizeof(copy));
    memcpy(copy, line, strlen(line) + 1);
    return svc__http_flow_header(copy, 1, strlen(copy), &flow);
}

static size_t body(const char *text)
{
    char copy[200];

    assert_true(strlen(text) < sizeof(copy));
    memcpy(copy, text, strlen(text) + 1);
    return svc__http_flow_body(copy, 1, strlen(copy), &flow);
}

static void it_fills_the_request(void **state)
{
    (void)state;
    assert_ptr_equal(q.entry, &flow);
    assert_int_equal(q.retry_after_ms, -1);
    assert_int_equal(header("HTTP/1.1 429 no\r\n"), 17);
    assert_int_equal(header("Retry-After: 3\r\n"), 16);
    assert_int_equal(header("Content-Type: a/b;c=d\r\n"), 23);
    assert_int_equal(answers, 0);
    assert_int_equal(header("\r\n"), 2);
    assert_int_equal(answers, 1);
    assert_int_equal(q.status, 429);
    assert_int_equal(q.retry_after_ms, 3000);
    assert_int_equal(q.date_s, -1);
    assert_string_equal(q.content_type, "a/b");
    assert_int_equal(body("hello"), 5);
    assert_int_equal(received, 5);
    assert_int_equal(taken, 5);
    assert_int_equal(header("Retry-After: 9\r\n"), 16);
    assert_int_equal(q.retry_after_ms, 3000);
}

static void one_that_runs_is_not_begun(void **state)
{
    struct svc__http_flow other = {0};

    (void)state;
    assert_int_equal(svc__http_flow_begin(&other, &q, &kept, NULL), SVC_EINVAL);
    assert_ptr_equal(q.entry, &flow);
}

static void stopped_it_takes_nothing(void **state)
{
    (void)state;
    stop_inside = 1;
    assert_int_equal(header("HTTP/1.1 200 OK\r\n"), 17);
    assert_int_equal(header("\r\n"), 0);
    assert_null(q.entry);
    assert_int_equal(body("hello"), 0);
    assert_int_equal(header("A: b\r\n"), 0);
    assert_int_equal(taken, 0);
    assert_null(svc__http_flow_end(&flow));
}

static void compressed_it_does_not_go_on(void **state)
{
    (void)state;
    assert_int_equal(header("HTTP/1.1 200 OK\r\n"), 17);
    (void)header("Content-Encoding: gzip\r\n");
    assert_int_equal(header("\r\n"), 0);
    assert_int_equal(flow.problem, SVC__HTTP_ENCODED);
}

static void a_deadline_comes_once(void **state)
{
    struct svc__http_facts facts = {.detail = ""};
    svc_error error;

    (void)state;
    for (int i = 0; i < 10 && late == 0; i++)
        assert_int_equal(svc__loop_round(loop, 100), 0);
    assert_int_equal(late, 1);
    assert_int_equal(flow.problem, SVC__HTTP_SILENT);
    assert_int_equal(svc__http_flow_explain(&flow, &facts, &error),
                     SVC_EUNREACH);
    assert_string_equal(error.message, "127.0.0.1:80: no answer within 1 ms");
    assert_int_equal(svc__loop_timeout_ms(loop), -1);
}

static void an_answer_ends_the_deadline(void **state)
{
    (void)state;
    (void)header("HTTP/1.1 200 OK\r\n");
    (void)header("\r\n");
    assert_int_equal(svc__loop_timeout_ms(loop), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_fills_the_request),     TEST(one_that_runs_is_not_begun),
        TEST(stopped_it_takes_nothing), TEST(compressed_it_does_not_go_on),
        TEST(a_deadline_comes_once),    TEST(an_answer_ends_the_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
