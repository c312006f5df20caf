/* SPDX-License-Identifier: Apache-2.0 */
/*
 * History that is gone, or that goes back: everything is listed anew, and the
 * old set stays until the new one is whole; somebody picks all the while
 * (faults A11, A14, A25 to A27, J14).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "picker.h"
#include "skip_clock.h"

#include <stdio.h>
#include <string.h>

static struct api_run run;
static struct picker picker;
static svc_service *s;

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    picker_start(&picker, s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    picker_stop(&picker);
    svc_service_free(s);
    api_run_close(&run);
    return 0;
}

/* The watches end after a while, so that the next ones come soon. */
static void end_watches(void)
{
    skip_ms(60000);
    api_world_end_watches(run.world);
}

static void add_rule(const char *text, int times, int status, const char *body)
{
    const struct api_rule rule = {.text = text,
                                  .times = times,
                                  .deed = API_ANSWERS,
                                  .status = status,
                                  .body = body};

    api_world_rule(run.world, &rule);
}

static void hold(const char *text)
{
    const struct api_rule rule = {.text = text, .times = 1, .deed = API_SILENT};

    api_world_rule(run.world, &rule);
}

/* ---- 410 ----------------------------------------------------------------- */

/* The new list takes its time: what is known stays until it is whole. */
static void replace_all(int by_http)
{
    struct api_request q;

    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.2:8080");
    hold("/endpointslices?watch=1&sendInitialEvents");
    end_watches();
    api_world_delete(run.world, API_SLICES, "dev/web-2");
    api_run_slice(&run, "10.0.0.3");
    api_world_expire(run.world, by_http);
    api_run_asked(&run, "/endpointslices?watch=1&sendInitialEvents", 2);
    api_run_pass(&run, 50);
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080 10.0.0.2:8080");
    api_server_get(run.server, "/endpointslices?watch=1&sendInitialEvents", 1,
                   &q);
    api_world_serve(run.world, &q);
    api_run_expect(&run, s, "10.0.0.3:8080");
}

static void expired_by_an_event(void **state)
{
    (void)state;
    replace_all(0);
}

static void expired_by_the_status(void **state)
{
    (void)state;
    replace_all(1);
}

/* As an event in a watch that runs. */
static void expired_in_the_middle(void **state)
{
    (void)state;
    api_world_push(run.world, API_SLICES,
                   API_ERROR(410, "Expired", "too old resource version"));
    api_run_asked(&run, "/endpointslices?watch=1&sendInitialEvents", 2);
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
}

/* Reason Gone, with another code, is 410 as well. */
static void gone_is_expired(void **state)
{
    (void)state;
    add_rule("/endpointslices?watch=1&resourceVersion", 1, 410,
             API_STATUS(410, "Gone", "gone"));
    end_watches();
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
    api_run_asked(&run, "/endpointslices?watch=1&sendInitialEvents", 2);
}

/* A list that expires while its parts are fetched begins anew. */
static void expired_between_the_parts_of_a_list(void **state)
{
    static const char first[] =
        "{\"kind\":\"EndpointSliceList\",\"apiVersion\":\"discovery.k8s.io/"
        "v1\",\"metadata\":{\"resourceVersion\":\"1010\",\"continue\":\"abc\"},"
        "\"items\":[]}";

    (void)state;
    api_world_no_watch_list(run.world);
    add_rule("/endpointslices?labelSelector", 1, 200, first);
    add_rule("continue=abc", 1, 410, API_STATUS(410, "Expired", "expired"));
    end_watches();
    api_run_slice(&run, "10.0.0.2");
    api_world_expire(run.world, 1);
    api_run_asked(&run, "continue=abc", 1);
    assert_memory_equal(api_run_text(&run, s), "10.0.0.1:8080", 13);
    skip_ms(30000);
    api_run_expect(&run, s, "10.0.0.2:8080");
}

/* 410 to all that is asked: it backs off, and says so. */
static void expired_for_ever(void **state)
{
    int64_t began_ms = api_server_clock_ms();
    unsigned asked;

    (void)state;
    add_rule("/endpointslices?", 0, 410, API_STATUS(410, "Expired", "old"));
    end_watches();
    (void)api_run_trouble(&run, s, SVC_EUNREACH, "410 Gone");
    api_run_pass(&run, 500);
    asked = api_server_asked(run.server, ASKS_SLICES);
    assert_true(asked <=
                20 + (unsigned)(api_server_clock_ms() - began_ms) / 50);
    assert_string_equal(api_run_text(&run, s),
                        "10.0.0.1:8080 stale SVC_EUNREACH");
    api_world_no_rules(run.world);
    skip_ms(30000);
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* A Service that was deleted and made again in between is another one, and so
 * are its slices. */
static void made_again_in_the_gap(void **state)
{
    (void)state;
    end_watches();
    api_world_slice(run.world, "dev/web-1", "web", "10.0.0.5");
    api_world_delete(run.world, API_SLICES, "dev/web-1");
    api_world_delete(run.world, API_SERVICES, "dev/web");
    api_world_pair(run.world, "web", "10.0.0.9");
    api_world_expire(run.world, 0);
    api_run_expect(&run, s, "10.0.0.9:8080");
}

/* ---- the way back -------------------------------------------------------- */

/* A backup of etcd was put back, and the version is one of the future. */
static void history_that_went_back_is_the_truth(void **state)
{
    const unsigned long then = api_world_revision(run.world);

    (void)state;
    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.2:8080");
    api_world_rewind(run.world, then);
    api_run_asked(&run, "/endpointslices?watch=1&resourceVersion", 1);
    skip_ms(5000);
    api_run_expect(&run, s, "10.0.0.1:8080");
    api_run_slice(&run, "10.0.0.4");
    api_run_expect(&run, s, "10.0.0.4:8080");
}

/* An event of a revision that is older than what was seen. */
static void an_older_event_leads_to_a_list(void **state)
{
    (void)state;
    api_world_push(run.world, API_SLICES,
                   "{\"type\":\"MODIFIED\",\"object\":{\"kind\":"
                   "\"EndpointSlice\",\"metadata\":{\"name\":\"web-1\","
                   "\"namespace\":\"dev\",\"resourceVersion\":\"7\"}}}");
    api_run_asked(&run, "/endpointslices?watch=1&sendInitialEvents", 2);
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
}

static void an_older_bookmark_leads_to_a_list(void **state)
{
    (void)state;
    api_world_push(run.world, API_SLICES,
                   "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":"
                   "\"EndpointSlice\",\"metadata\":{\"resourceVersion\":"
                   "\"7\"}}}");
    api_run_asked(&run, "/endpointslices?watch=1&sendInitialEvents", 2);
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
}

/* One of several servers is behind: its list is not believed, but asked for
 * again, from the version that was seen. */
static void a_list_that_is_older_is_not_taken(void **state)
{
    static const char behind[] =
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"EndpointSlice\","
        "\"metadata\":{\"resourceVersion\":\"7\",\"annotations\":{"
        "\"k8s.io/initial-events-end\":\"true\"}}}}\n";
    struct api_request q;
    char version[80];

    (void)state;
    add_rule("/endpointslices?watch=1&sendInitialEvents", 1, 200, behind);
    api_world_expire(run.world, 0);
    end_watches();
    snprintf(version, sizeof(version),
             "endpointslices?resourceVersion=%lu&resourceVersionMatch="
             "NotOlderThan",
             api_world_revision(run.world) - 1);
    api_run_asked(&run, version, 1);
    api_server_get(run.server, version, 0, &q);
    api_run_slice(&run, "10.0.0.6");
    api_run_expect(&run, s, "10.0.0.6:8080");
}

/* Three servers behind one address end one by one, orderly or not; nothing is
 * listed (KEP-1904). */
static void servers_that_restart_in_turn_are_gone_on_with(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 6; i++) {
        char address[16];
        char text[32];

        api_run_watches(&run, 2);
        skip_ms(20000);
        api_server_drop(run.server, i % 2 == 0);
        snprintf(address, sizeof(address), "10.0.1.%u", i);
        snprintf(text, sizeof(text), "%s:8080", address);
        api_run_slice(&run, address);
        api_run_asked(&run, ASKS_WATCH, 2 * i);
        api_run_expect(&run, s, text);
    }
    assert_int_equal(api_server_asked(run.server, ASKS_WATCH_LIST), 2);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(expired_by_an_event),
        row(expired_by_the_status),
        row(expired_in_the_middle),
        row(gone_is_expired),
        row(expired_between_the_parts_of_a_list),
        row(expired_for_ever),
        row(made_again_in_the_gap),
        row(history_that_went_back_is_the_truth),
        row(an_older_event_leads_to_a_list),
        row(an_older_bookmark_leads_to_a_list),
        row(a_list_that_is_older_is_not_taken),
        row(servers_that_restart_in_turn_are_gone_on_with),
    };

    return cmocka_run_group_tests_name("api expired", tests, NULL, NULL);
}
