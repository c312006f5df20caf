/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents that no API server writes, malformed or wrong: the last good
 * version of an object stays, and the others go on to count (faults J2 to J5,
 * J7, J10 to J13, J17).
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

#define HEAD(name)                                                             \
    "{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\","      \
    "\"metadata\":{\"name\":\"" name "\",\"namespace\":\"dev\",\"uid\":\"u\"," \
    "\"resourceVersion\":\"%lu\",\"labels\":{"                                 \
    "\"kubernetes.io/service-name\":\"web\"}},"
#define PORTS                                                                  \
    "\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\",\"port\":8080}]"
#define ENDPOINTS        "\"endpoints\":[{\"addresses\":[\"10.0.0.66\"]}]"
#define MODIFIED(object) "{\"type\":\"MODIFIED\",\"object\":" object "}"

static struct api_run run;
static svc_service *s;

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc_service_free(s);
    api_run_close(&run);
    return 0;
}

/* A line of a watch, with the version that is now put in. */
static void push(const char *format)
{
    const char *at = strstr(format, "%lu");
    char *line = malloc(strlen(format) + 32);

    assert_non_null(line);
    if (at == NULL)
        memcpy(line, format, strlen(format) + 1);
    else
        sprintf(line, "%.*s%lu%s", (int)(at - format), format,
                api_world_revision(run.world), at + 3);
    api_world_push(run.world, API_SLICES, line);
    free(line);
}

/* What is there goes on to count, and what comes next, too. */
static void assert_well(void)
{
    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.2:8080");
    api_world_delete(run.world, API_SLICES, "dev/web-2");
    api_run_expect(&run, s, "10.0.0.1:8080");
    api_run_watches(&run, 2);
}

/* ---- one bad object ------------------------------------------------------ */

static const char *const bad_objects[] = {
    HEAD("web-1") "\"addressType\":\"IPv4\"," ENDPOINTS
                  ",\"ports\":[{\"name\":\"http\",\"port\":\"80\"}]}",
    HEAD("web-1") "\"addressType\":\"IPv4\"," ENDPOINTS
                  ",\"ports\":[{\"name\":\"http\",\"port\":65536}]}",
    HEAD("web-1") "\"addressType\":\"IPv4\"," ENDPOINTS
                  ",\"ports\":[{\"name\":\"http\",\"port\":-1}]}",
    HEAD("web-1") "\"addressType\":\"IPv4\"," ENDPOINTS
                  ",\"ports\":[{\"name\":\"http\",\"port\":80.5}]}",
    HEAD("web-1") "\"addressType\":\"IPv4\"," ENDPOINTS
                  ",\"ports\":[{\"name\":\"http\",\"port\":1e400}]}",
    HEAD("web-1") "\"addressType\":\"IPv4\"," ENDPOINTS
                  ",\"ports\":[{\"name\":7,\"port\":80}]}",
    HEAD("web-1") "\"addressType\":\"IPv4\",\"endpoints\":[{\"addresses\":"
                  "\"10.0.0.66\"}]," PORTS "}",
    HEAD("web-1") "\"addressType\":\"IPv4\",\"endpoints\":[{\"addresses\":["
                  "\"ten\"]}]," PORTS "}",
    HEAD("web-1") "\"addressType\":\"IPv4\",\"endpoints\":{}," PORTS "}",
    HEAD("web-1") "\"addressType\":\"IPv4\",\"endpoints\":[{\"addresses\":["
                  "\"10.0.0.66\"],\"conditions\":{\"ready\":\"yes\"}}]," PORTS
                  "}",
    HEAD("web-1") "\"addressType\":\"IPv4\"," ENDPOINTS "," ENDPOINTS "," PORTS
                  "}",
    HEAD("web-1") "\"addressType\":\"IPv5\"," ENDPOINTS "," PORTS "}",
    HEAD("web-1") "\"addressType\":\"IPv4\",\"addressType\":\"IPv4\"," ENDPOINTS
                  "," PORTS "}",
    HEAD("WEB_1") "\"addressType\":\"IPv4\"," ENDPOINTS "," PORTS "}",
    HEAD("we\\u0000b") "\"addressType\":\"IPv4\"," ENDPOINTS "," PORTS "}",
    HEAD("we\\ud800b") "\"addressType\":\"IPv4\"," ENDPOINTS "," PORTS "}",
    ("{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\","
     "\"metadata\":null}"),
    "{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\"}",
};

static void a_bad_object_leaves_its_last_good_version(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_objects) / sizeof(bad_objects[0]); i++) {
        const uint64_t refused = api_run_stats(&run).objects_refused;
        char *line = malloc(strlen(bad_objects[i]) + 64);

        assert_non_null(line);
        sprintf(line, "{\"type\":\"MODIFIED\",\"object\":%s}", bad_objects[i]);
        push(line);
        free(line);
        assert_well();
        if (api_run_stats(&run).objects_refused != refused + 1)
            fail_msg("not refused: %s", bad_objects[i]);
    }
    /* All that in one stream. */
    assert_int_equal(api_server_count(run.server), 2);
}

/* The same in a list: of the others, nothing is missing. */
static void a_bad_object_in_a_list(void **state)
{
    (void)state;
    api_world_slice_rest(run.world, "dev/web-1", "web",
                         "\"addressType\":\"IPv4\",\"endpoints\":7,"
                         "\"ports\":[]");
    api_world_expire(run.world, 0);
    skip_ms(60000);
    api_world_end_watches(run.world);
    assert_well();
    assert_true(api_run_logged(&run, "its last good version stays") > 0);
    api_world_delete(run.world, API_SLICES, "dev/web-1");
    api_run_expect(&run, s, "SVC_ENOENDPOINTS");
}

/* One that never had a good version: named by the answer. */
static void a_bad_object_that_was_never_good(void **state)
{
    svc_error error;
    svc_service *other;

    (void)state;
    api_world_service(run.world, "dev/other", "\"spec\":[]");
    other = api_run_service(&run, "other:80");
    error = api_run_trouble(&run, other, SVC_EPROTO, "spec");
    assert_non_null(strstr(error.message, "other"));
    api_world_pair(run.world, "other", "10.0.0.8");
    api_run_expect(&run, other, "10.0.0.8:8080");
    svc_service_free(other);
}

/* ---- events -------------------------------------------------------------- */

static const char *const odd_events[] = {
    "{\"type\":\"RENAMED\",\"object\":{\"metadata\":{\"resourceVersion\":"
    "\"%lu\"}}}",
    MODIFIED("{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\","
             "\"metadata\":{\"resourceVersion\":\"%lu\"},\"rows\":[]}"),
    MODIFIED(API_STATUS(200, "OK", "a Status as object")),
    "{\"type\":\"DELETED\",\"object\":" HEAD("nobody") "\"addressType\":"
                                                       "\"IPv4\"," ENDPOINTS
                                                       "," PORTS "}}",
    "{\"type\":\"ERROR\",\"object\":"
    "{\"kind\":\"Pod\"}}",
    API_ERROR(500, "InternalError", "x"),
    API_ERROR(429, "TooManyRequests", "x"),
    API_ERROR(410, "Gone", "x"),
    "{\"type\":\"MODIFIED\"}",
    "{\"object\":{}}",
    "{}",
    "[]",
    "7",
    "null",
    "{\"type\":\"MODIFIED\",\"type\":\"DELETED\",\"object\":{}}",
    "{\"type\":\"MODIFIED\",\"object\":\"text\"}",
    "{\"type\":\"MODIFIED\",\"object\":{\"kind\":",
    "\xff\xfe\x00",
    "<html>",
    "{\"type\":\"MODIFIED\",\"object\":{\"a\":\"\xc3\x28\"}}",
    "{\"type\":\"MODIFIED\",\"object\":{\"a\":1,}}",
    "{'type':'MODIFIED'}",
};

static void odd_events_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(odd_events) / sizeof(odd_events[0]); i++) {
        push(odd_events[i]);
        assert_well();
        skip_ms(130000);
        run.lines[0] = '\0';
    }
}

/* 403 by an event: told as by a status. */
static void an_error_event_is_told(void **state)
{
    (void)state;
    push(API_ERROR(403, "Forbidden", "no more"));
    (void)api_run_trouble(&run, s, SVC_EAUTH,
                          "watch endpointslices in \"dev\": 403 Forbidden: no "
                          "more");
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080 stale SVC_EAUTH");
}

/* ADDED twice, MODIFIED before ADDED. */
static void events_are_idempotent(void **state)
{
    char *text = api_world_text(run.world, API_SLICES, "dev/web-1");
    char line[2048];

    (void)state;
    snprintf(line, sizeof(line), "{\"type\":\"ADDED\",\"object\":%s}", text);
    free(text);
    push(line);
    push(line);
    push(MODIFIED(HEAD("web-9") "\"addressType\":\"IPv4\"," ENDPOINTS "," PORTS
                                "}"));
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.66:8080");
    push("{\"type\":\"DELETED\",\"object\":" HEAD(
        "web-9") "\"addressType\":\"IPv4\"," ENDPOINTS "," PORTS "}}");
    assert_well();
    assert_int_equal(api_server_count(run.server), 2);
}

/* A slice that follows another Service from now on, and back. */
static void a_label_that_moves_away(void **state)
{
    (void)state;
    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.2:8080");
    api_world_slice(run.world, "dev/web-2", "other", "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.1:8080");
    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.3");
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.3:8080");
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_bad_object_leaves_its_last_good_version),
        row(a_bad_object_in_a_list),
        row(a_bad_object_that_was_never_good),
        row(odd_events_change_nothing),
        row(an_error_event_is_told),
        row(events_are_idempotent),
        row(a_label_that_moves_away),
    };

    return cmocka_run_group_tests_name("api hostile", tests, NULL, NULL);
}
