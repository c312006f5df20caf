/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What servers, proxies and networks do to HTTP: other framings, none at all,
 * silence at every moment, ends at every moment (faults A1, A16, A17, A21 to
 * A24).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "skip_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOKMARK                                                               \
    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"EndpointSlice\","           \
    "\"metadata\":{\"resourceVersion\":\"1002\",\"annotations\":{"             \
    "\"k8s.io/initial-events-end\":\"true\"}}}}\n"

static struct api_run run;
static svc_service *s;

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    s = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc_service_free(s);
    api_run_close(&run);
    return 0;
}

/* What is sent for the first watch of slices: its head, then the events that
 * end with the bookmark, then the connection is closed or not. */
struct reply {
    const char *head;
    int chunks; /* the events come in chunks */
    int close;
};

static void send_reply(void *arg, const struct api_request *q)
{
    const struct reply *reply = arg;
    char *object = api_world_text(run.world, API_SLICES, "dev/web-1");
    char *text = malloc(strlen(object) + 1024);

    assert_non_null(text);
    sprintf(text, "{\"type\":\"ADDED\",\"object\":%s}\n" BOOKMARK, object);
    api_print(q, "%s", reply->head);
    if (reply->chunks)
        api_chunk(q, text, strlen(text));
    else
        api_print(q, "%s", text);
    if (reply->close)
        api_close(q);
    free(object);
    free(text);
}

static void first_slices(const struct reply *reply)
{
    const struct api_rule rule = {.text = ASKS_SLICES,
                                  .times = 1,
                                  .deed = API_CALLS,
                                  .script = send_reply,
                                  .arg = (void *)(uintptr_t)reply};

    api_world_rule(run.world, &rule);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
}

/* ---- framings ------------------------------------------------------------ */

static const struct reply good[] = {
    {"HTTP/1.1 200 OK\r\n\r\n", 0, 0},
    {"HTTP/1.1 200 OK\r\n\r\n", 0, 1},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: "
     "application/json\r\n\r\n",
     0, 1},
    {"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", 1, 0},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 1, 1},
    /* Both: the length does not count (RFC 9112, 6.3). */
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: "
     "chunked\r\n\r\n",
     1, 0},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 0, 0},
    {"HTTP/1.1 201 Odd\r\nContent-Type: text/plain\r\n\r\n", 0, 0},
    {"HTTP/1.1 200\r\nX-A:\r\n\r\n", 0, 0},
};

static void good_framings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        first_slices(&good[i]);
        api_run_expect(&run, s, "10.0.0.1:8080");
        assert_int_equal(api_run_logged(&run, "endpointslices"), 0);
        svc_service_free(s);
        api_run_stop(&run);
        api_world_no_rules(run.world);
    }
    s = NULL;
}

static const struct {
    struct reply reply;
    const char *words; /* NULL: nothing is told, it asks again */
} bad[] = {
    {{"SSH-2.0-OpenSSH_9\r\n", 0, 1}, "no HTTP"},
    {{"HTTP/0.9\r\n\r\n", 0, 1}, "no HTTP"},
    {{"\r\n\r\n", 0, 1}, "no HTTP"},
    {{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", 0, 1}, "compressed"},
    {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 0, 1},
     "chunked"},
    {{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 0, 1}, NULL},
    {{"HTTP/1.1 200 OK\r\nContent-Le", 0, 1}, NULL},
    {{"HTTP/1.1 099 No\r\n\r\n", 0, 1}, "watch endpointslices"},
    {{"", 0, 1}, "no HTTP"},
};

/* Told, and then it is well, since the server is good again. */
static void bad_framings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        first_slices(&bad[i].reply);
        api_run_expect(&run, s, "10.0.0.1:8080");
        if ((bad[i].words != NULL && api_run_logged(&run, bad[i].words) < 1) ||
            api_server_asked(run.server, ASKS_SLICES) < 2)
            fail_msg("%zu: not \"%s\"; the log:\n%s", i, bad[i].words,
                     run.lines);
        svc_service_free(s);
        api_run_stop(&run);
        api_world_no_rules(run.world);
        run.lines[0] = '\0';
    }
    s = NULL;
}

/* Headers that do not end. */
static void headers_without_end(void **state)
{
    const struct api_rule rule = {
        .text = ASKS_SLICES, .times = 1, .deed = API_SILENT};
    struct api_request q;
    svc_error error;

    (void)state;
    api_world_rule(run.world, &rule);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
    api_run_asked(&run, ASKS_SLICES, 1);
    api_server_get(run.server, ASKS_SLICES, 0, &q);
    api_print(&q, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 2000; i++)
        api_print(&q, "X-Header-%d: %0500d\r\n", i, i);
    error = api_run_trouble(&run, s, SVC_ETOOBIG, "headers");
    assert_non_null(strstr(error.message, "64 KiB"));
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* ---- ends ---------------------------------------------------------------- */

static void ends_before_an_answer(void **state)
{
    const struct api_rule orderly = {
        .text = ASKS_SLICES, .times = 3, .deed = API_HANGS_UP};
    const struct api_rule hard = {
        .text = ASKS_SLICES, .times = 3, .deed = API_HANGS_UP_HARD};

    (void)state;
    api_world_rule(run.world, &orderly);
    api_world_rule(run.world, &hard);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
    (void)api_run_trouble(&run, s, SVC_EUNREACH, "connection cut");
    api_run_expect(&run, s, "10.0.0.1:8080");
    assert_true(api_server_asked(run.server, ASKS_SLICES) >= 7);
}

/* Nobody listens when it starts, and then somebody does. */
static void nobody_is_there_at_first(void **state)
{
    svc_error error;

    (void)state;
    api_server_refuse(run.server, 1);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
    error = api_run_trouble(&run, s, SVC_EUNREACH, "refused");
    assert_non_null(strstr(error.message, "127.0.0.1:"));
    assert_int_equal(svc_service_wait(s, 0, NULL), SVC_EUNREACH);
    api_server_refuse(run.server, 0);
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* A connection that was kept, and that the server ends in the moment when it
 * is used again, is no trouble. */
static void a_kept_connection_that_is_dead(void **state)
{
    (void)state;
    api_world_no_watch_list(run.world);
    s = api_run_web(&run);
    for (int i = 0; i < 20; i++) {
        api_run_watches(&run, 2);
        skip_ms(60000);
        api_world_end_watches(run.world);
        api_server_drop(run.server, i % 2);
        api_run_asked(&run, ASKS_WATCH, (unsigned)(4 + 2 * i));
    }
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080");
    assert_int_equal(api_run_logged(&run, "web:80"), 0);
}

/* ---- silence ------------------------------------------------------------- */

static void ask_silently(const char *text, struct api_request *ret)
{
    const struct api_rule rule = {.text = text, .times = 1, .deed = API_SILENT};

    api_world_rule(run.world, &rule);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
    api_run_asked(&run, text, 1);
    api_server_get(run.server, text, 0, ret);
}

/* Asked, acknowledged, and never answered: perhaps it is the watch-list that
 * some proxy does not let through. */
static void a_silent_watch_list_is_a_list(void **state)
{
    struct api_request q;

    (void)state;
    ask_silently(ASKS_SLICES, &q);
    skip_ms(29000);
    api_run_pass(&run, 10);
    assert_int_equal(api_server_asked(run.server, ASKS_SLICES), 1);
    api_run_expect(&run, s, "10.0.0.1:8080");
    assert_int_equal(
        api_server_asked(run.server, "/endpointslices?labelSelector"), 1);
}

static void no_answer(void **state)
{
    struct api_request q;

    (void)state;
    api_world_no_watch_list(run.world);
    ask_silently("/endpointslices?labelSelector", &q);
    skip_ms(29000);
    api_run_pass(&run, 10);
    assert_int_equal(
        api_server_asked(run.server, "/endpointslices?labelSelector"), 1);
    (void)api_run_trouble(&run, s, SVC_EUNREACH, "no answer within 30000 ms");
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* Sends a text byte by byte, one a second, until the client has enough. */
static int drip(const struct api_request *q, const char *text, int max_s)
{
    int n = 0;

    for (; n < max_s && text[n] != '\0' && api_is_open(q); n++) {
        api_send(q, text + n, 1);
        skip_ms(1000);
        api_run_pass(&run, 1);
    }
    return n;
}

static void headers_that_drip(void **state)
{
    struct api_request q;

    (void)state;
    ask_silently(ASKS_SLICES, &q);
    assert_in_range(
        drip(&q, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
             50),
        28, 34);
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* A list has to bring a kilobyte a second. */
static void a_list_that_drips(void **state)
{
    static char body[4096];
    struct api_request q;

    (void)state;
    memset(body, ' ', sizeof(body) - 1);
    api_world_no_watch_list(run.world);
    ask_silently("/endpointslices?labelSelector", &q);
    api_print(&q, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{");
    assert_in_range(drip(&q, body, 400), 25, 65);
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* ---- events that are slow ------------------------------------------------ */

/* The event that adds 10.0.0.2 to "web", which no watch has seen. */
static void hidden_event(char *line, size_t size)
{
    char *text;

    api_world_slice(run.world, "dev/web-2", "wub", "10.0.0.2");
    text = api_world_text(run.world, API_SLICES, "dev/web-2");
    for (char *at = text; (at = strstr(at, "wub")) != NULL;)
        at[1] = 'e';
    snprintf(line, size, "{\"type\":\"ADDED\",\"object\":%s}\n", text);
    free(text);
}

/* "web" is watched, and such an event is to come by the watch of slices. */
static void watch_and_hide(struct api_request *q, char *line, size_t size)
{
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    api_server_get(run.server, ASKS_SLICES, 0, q);
    hidden_event(line, size);
}

/* Each byte after so long, until size have come or the watch is cut. */
static size_t drip_event(const struct api_request *q, const char *line,
                         size_t size, int step_ms)
{
    size_t i = 0;

    for (; i < size && api_is_open(q); i++) {
        assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080");
        api_chunk(q, line + i, 1);
        skip_ms(step_ms);
        api_run_pass(&run, 1);
    }
    return i;
}

/* A watch may drip, as long as its events end. */
static void a_watch_that_drips(void **state)
{
    struct api_request q;
    char line[2048];
    size_t size;

    (void)state;
    watch_and_hide(&q, line, sizeof(line));
    size = strlen(line);
    for (int i = 0; i < 5; i++) { /* of nobody, each in half a minute */
        static const char other[] = "{\"type\":\"BOOKMARK\",\"object\":{"
                                    "\"metadata\":{}}}\n";

        assert_int_equal(drip_event(&q, other, strlen(other), 400),
                         strlen(other));
    }
    assert_int_equal(drip_event(&q, line, size - 2, 29000 / (int)size),
                     size - 2);
    api_chunk(&q, line + size - 2, 2);
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.2:8080");
    assert_int_equal(api_server_asked(run.server, ASKS_SLICES), 1);
}

/* One that stays half is no reason to miss the next. */
static void an_event_that_does_not_end(void **state)
{
    struct api_request q;
    char line[2048];
    size_t n;

    (void)state;
    watch_and_hide(&q, line, sizeof(line));
    n = drip_event(&q, line, 100, 500);
    assert_in_range(n, 58, 64);
    api_run_asked(&run, ASKS_SLICES, 2);
    assert_int_equal(
        api_server_asked(run.server, "/endpointslices?watch=1&resourceVersion"),
        1);
    api_run_slice(&run, "10.0.0.3");
    api_run_expect(&run, s, "10.0.0.3:8080");
    assert_int_equal(api_run_logged(&run, "web:80"), 0);
}

/* Silent in the middle, though it is not time to miss a bookmark. */
static void an_event_that_stops(void **state)
{
    struct api_request q;
    char line[2048];

    (void)state;
    watch_and_hide(&q, line, sizeof(line));
    (void)drip_event(&q, line, 10, 1);
    skip_ms(29000);
    api_run_pass(&run, 5);
    assert_int_equal(api_server_asked(run.server, ASKS_SLICES), 1);
    for (int i = 0; i < 2; i++) { /* it is cut, and goes on within 0.8 s */
        skip_ms(1200);
        api_run_pass(&run, 10);
    }
    assert_int_equal(api_server_asked(run.server, ASKS_SLICES), 2);
    api_run_slice(&run, "10.0.0.3");
    api_run_expect(&run, s, "10.0.0.3:8080");
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(good_framings),
        row(bad_framings),
        row(headers_without_end),
        row(ends_before_an_answer),
        row(nobody_is_there_at_first),
        row(a_kept_connection_that_is_dead),
        row(a_silent_watch_list_is_a_list),
        row(no_answer),
        row(headers_that_drip),
        row(a_list_that_drips),
        row(a_watch_that_drips),
        row(an_event_that_does_not_end),
        row(an_event_that_stops),
    };

    return cmocka_run_group_tests_name("api wire", tests, NULL, NULL);
}
