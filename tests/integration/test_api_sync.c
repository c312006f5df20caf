/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the API server is asked, and gone on with: the watch-list, lists where
 * it has none, bookmarks, the way back after an end (semantics 2.10, faults
 * A1, A8, A15, A20, A21, A28, J15).
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

static struct api_run run;

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    api_run_close(&run);
    return 0;
}

/* The last request with a text. */
static struct api_request last(const char *text)
{
    struct api_request q;

    api_server_get(run.server, text, api_server_asked(run.server, text) - 1,
                   &q);
    return q;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

/* ---- the beginning ------------------------------------------------------- */

static void two_watch_lists_are_all_that_is_asked(void **state)
{
    svc_service *s = api_run_web(&run);
    struct api_request q;

    (void)state;
    api_run_watches(&run, 2);
    assert_int_equal(api_server_count(run.server), 2);
    q = last(ASKS_SERVICES);
    assert_has(q.line, "GET /api/v1/namespaces/dev/services?watch=1&");
    assert_has(q.line, "sendInitialEvents=true");
    assert_has(q.line, "resourceVersionMatch=NotOlderThan");
    assert_has(q.line, "allowWatchBookmarks=true");
    assert_has(q.line, "fieldSelector=metadata.name=web");
    assert_null(strstr(q.line, "resourceVersion="));
    q = last(ASKS_SLICES);
    assert_has(q.line,
               "GET /apis/discovery.k8s.io/v1/namespaces/dev/endpointslices?");
    assert_has(q.line, "labelSelector=kubernetes.io/service-name=web");
    assert_has(q.head, "\r\nUser-Agent: libsvc/");
    assert_has(q.head, "\r\nAccept: application/json");
    assert_null(strstr(q.head, "Authorization"));
    svc_service_free(s);
}

/* Between 5 and 10 minutes, and not all the same. */
static void watches_ask_for_an_end_at_random(void **state)
{
    svc_service *s = api_run_web(&run);
    int all_same = 1;
    int first = 0;

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct api_request q;
        int seconds;

        api_server_get(run.server, "watch=1", (unsigned)i, &q);
        seconds = atoi(strstr(q.line, "timeoutSeconds=") + 15);
        assert_in_range(seconds, 300, 600);
        first = i == 0 ? seconds : first;
        all_same &= seconds == first;
        api_run_watches(&run, 2);
        api_world_end_watches(run.world);
        skip_ms(60000);
        api_run_asked(&run, "watch=1", (unsigned)(4 + 2 * i));
    }
    assert_false(all_same);
    svc_service_free(s);
}

static void events_change_the_set(void **state)
{
    svc_service *s = api_run_web(&run);

    (void)state;
    api_run_slice(&run, "10.0.0.1 10.0.0.2");
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.2:8080");
    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.3 10.0.0.4!");
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.2:8080 10.0.0.3:8080");
    api_world_delete(run.world, API_SLICES, "dev/web-1");
    api_run_expect(&run, s, "10.0.0.3:8080");
    api_world_delete(run.world, API_SLICES, "dev/web-2");
    api_run_expect(&run, s, "SVC_ENOENDPOINTS");
    api_run_slice(&run, "10.0.0.9");
    api_run_expect(&run, s, "10.0.0.9:8080");
    assert_int_equal(api_server_count(run.server), 2);
    svc_service_free(s);
}

/* Nothing is published before both streams are whole. */
static void the_first_set_waits_for_the_service_and_its_slices(void **state)
{
    const struct api_rule rule = {
        .text = ASKS_SLICES, .times = 1, .deed = API_SILENT};
    struct api_request q;
    svc_service *s;

    (void)state;
    api_world_rule(run.world, &rule);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
    api_run_asked(&run, "watch=1", 2);
    api_run_watches(&run, 1);
    api_run_pass(&run, 50);
    assert_string_equal(api_run_text(&run, s), "-");
    q = last(ASKS_SLICES);
    api_world_serve(run.world, &q);
    api_run_expect(&run, s, "10.0.0.1:8080");
    svc_service_free(s);
}

static void a_service_that_is_not_is_an_answer(void **state)
{
    svc_service *s;

    (void)state;
    api_run_start(&run);
    s = api_run_has(&run, "none:80", "SVC_ENOSERVICE");
    api_world_pair(run.world, "none", "10.0.0.7");
    api_run_expect(&run, s, "10.0.0.7:8080");
    api_world_delete(run.world, API_SERVICES, "dev/none");
    api_run_expect(&run, s, "SVC_ENOSERVICE");
    api_world_service(run.world, "dev/none", NULL);
    api_run_expect(&run, s, "10.0.0.7:8080");
    svc_service_free(s);
}

/* ---- without a watch-list ------------------------------------------------ */

static void a_server_without_watch_list_is_listed(void **state)
{
    svc_service *s;

    (void)state;
    api_world_no_watch_list(run.world);
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    assert_int_equal(api_server_asked(run.server, ASKS_WATCH_LIST), 2);
    assert_int_equal(api_server_asked(run.server, ASKS_WATCH), 2);
    assert_int_equal(api_server_count(run.server), 6);
    assert_has(last(ASKS_WATCH).line, "resourceVersion=1002");
    api_run_slice(&run, "10.0.0.5");
    api_run_expect(&run, s, "10.0.0.5:8080");
    svc_service_free(s);
}

/* A proxy or an old server that takes the watch, and passes over what it does
 * not know: no end of the initial events comes. The connection ends, or the
 * deadline does it. */
static void a_watch_list_without_its_end_is_a_list(void **state)
{
    const struct api_rule rule = {.text = ASKS_WATCH_LIST,
                                  .deed = API_ANSWERS,
                                  .status = 200,
                                  .body = ""};
    svc_service *s;

    (void)state;
    api_world_rule(run.world, &rule);
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    svc_service_free(s);
}

/* ---- going on ------------------------------------------------------------ */

/* The time of a watch is over: it is resumed where it was. */
static void a_watch_that_ends_is_resumed(void **state)
{
    svc_service *s = api_run_web(&run);
    char version[64];

    (void)state;
    api_run_watches(&run, 2);
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
    snprintf(version, sizeof(version), "resourceVersion=%lu&",
             api_world_revision(run.world));
    skip_ms(60000);
    api_world_end_watches(run.world);
    api_run_slice(&run, "10.0.0.3");
    api_run_expect(&run, s, "10.0.0.3:8080");
    api_run_watches(&run, 2);
    assert_has(last(ASKS_SLICES).line, version);
    assert_int_equal(api_server_count(run.server), 4);
    assert_int_equal(api_server_asked(run.server, ASKS_WATCH_LIST), 2);
    svc_service_free(s);
}

/* It moves on the place to go on from (KEP-956). */
static void a_bookmark_moves_the_place(void **state)
{
    svc_service *s = api_run_web(&run);
    char version[64];

    (void)state;
    api_run_watches(&run, 2);
    api_world_pair(run.world, "other", "10.0.0.8");
    api_world_bookmark(run.world);
    api_run_pass(&run, 50);
    skip_ms(60000);
    api_world_end_watches(run.world);
    api_run_watches(&run, 2);
    snprintf(version, sizeof(version), "resourceVersion=%lu&",
             api_world_revision(run.world));
    assert_has(last(ASKS_SLICES).line, version);
    assert_has(last(ASKS_SERVICES).line, version);
    svc_service_free(s);
}

/* Bookmarks with no version, and with one that is none. */
static void an_odd_bookmark_is_passed_over(void **state)
{
    svc_service *s = api_run_web(&run);

    (void)state;
    api_run_watches(&run, 2);
    api_world_push(run.world, API_SLICES,
                   "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":"
                   "\"EndpointSlice\",\"metadata\":{\"resourceVersion\":"
                   "\"\"}}}");
    api_world_push(run.world, API_SLICES,
                   "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":"
                   "\"EndpointSlice\",\"metadata\":{\"resourceVersion\":"
                   "\"a b\\n\"}}}");
    api_world_push(run.world, API_SLICES,
                   "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":"
                   "\"EndpointSlice\",\"metadata\":{\"resourceVersion\":7}}}");
    api_world_push(run.world, API_SLICES,
                   "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":"
                   "\"EndpointSlice\"}}");
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
    assert_int_equal(api_server_count(run.server), 2);
    svc_service_free(s);
}

/* Nobody is there for a while: no list is asked for when it is back. */
static void a_server_that_was_away_is_gone_on_with(void **state)
{
    svc_service *s = api_run_web(&run);

    (void)state;
    api_run_watches(&run, 2);
    api_server_refuse(run.server, 1);
    api_server_drop(run.server, 0);
    (void)api_run_trouble(&run, s, SVC_EUNREACH, "refused");
    assert_string_equal(api_run_text(&run, s),
                        "10.0.0.1:8080 stale SVC_EUNREACH");
    api_run_slice(&run, "10.0.0.2");
    api_server_refuse(run.server, 0);
    api_run_expect(&run, s, "10.0.0.2:8080");
    assert_int_equal(api_server_asked(run.server, ASKS_WATCH_LIST), 2);
    svc_service_free(s);
}

/* A balancer cuts what lived for 50 s: no pause that grows. */
static void a_cut_after_a_while_is_no_trouble(void **state)
{
    svc_service *s = api_run_web(&run);

    (void)state;
    for (unsigned i = 1; i <= 5; i++) {
        int64_t began_ms = api_server_clock_ms();

        api_run_watches(&run, 2);
        skip_ms(50000);
        api_server_drop(run.server, i % 2 == 0);
        api_run_asked(&run, ASKS_WATCH, 2 * i);
        assert_true(api_server_clock_ms() - began_ms < 2000);
        assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080");
    }
    assert_int_equal(api_server_asked(run.server, ASKS_WATCH_LIST), 2);
    svc_service_free(s);
}

/* Watches that end as soon as they begin: pauses, and then a list, since such
 * a version may be one that the server does not have (kubernetes #104171). */
static void very_short_watches_lead_to_a_list(void **state)
{
    const struct api_rule rule = {
        .text = ASKS_WATCH, .deed = API_ANSWERS, .status = 200, .body = ""};
    svc_service *s = api_run_web(&run);
    int64_t began_ms = api_server_clock_ms();

    (void)state;
    api_run_watches(&run, 2);
    api_world_rule(run.world, &rule);
    skip_ms(60000);
    api_world_end_watches(run.world);
    (void)api_run_trouble(&run, s, SVC_EUNREACH, "as soon as it begins");
    api_run_asked(&run, ASKS_WATCH_LIST, 4);
    assert_true(api_server_asked(run.server, ASKS_WATCH) <=
                12 + 4 * (unsigned)(api_server_clock_ms() - began_ms) / 1000);
    api_run_expect(&run, s, "10.0.0.1:8080");
    svc_service_free(s);
}

/* A server that passes over timeoutSeconds: the watch is cut by us, and
 * resumed (faults A20). */
static void a_watch_without_end_is_cut(void **state)
{
    svc_service *s = api_run_web(&run);

    (void)state;
    api_run_watches(&run, 2);
    skip_ms((600 + 30) * 1000);
    api_run_asked(&run, ASKS_WATCH, 2);
    assert_int_equal(api_server_asked(run.server, ASKS_WATCH_LIST), 2);
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
    svc_service_free(s);
}

/* Silence of three minutes after a bookmark, which comes every minute (faults
 * A19). */
static void a_watch_that_fell_silent_is_cut(void **state)
{
    svc_service *s = api_run_web(&run);

    (void)state;
    api_run_watches(&run, 2);
    skip_ms(179000);
    api_run_pass(&run, 50);
    assert_int_equal(api_server_count(run.server), 2);
    skip_ms(2000);
    api_run_asked(&run, ASKS_WATCH, 2);
    api_run_expect(&run, s, "10.0.0.1:8080");
    svc_service_free(s);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(two_watch_lists_are_all_that_is_asked),
        row(watches_ask_for_an_end_at_random),
        row(events_change_the_set),
        row(the_first_set_waits_for_the_service_and_its_slices),
        row(a_service_that_is_not_is_an_answer),
        row(a_server_without_watch_list_is_listed),
        row(a_watch_list_without_its_end_is_a_list),
        row(a_watch_that_ends_is_resumed),
        row(a_bookmark_moves_the_place),
        row(an_odd_bookmark_is_passed_over),
        row(a_server_that_was_away_is_gone_on_with),
        row(a_cut_after_a_while_is_no_trouble),
        row(very_short_watches_lead_to_a_list),
        row(a_watch_without_end_is_cut),
        row(a_watch_that_fell_silent_is_cut),
    };

    return cmocka_run_group_tests_name("api sync", tests, NULL, NULL);
}
