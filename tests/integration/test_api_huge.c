/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents without measure: deep, huge, or without any end. The last good set
 * stays, and memory is bounded (faults J6, J8, A22, A23).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "oom.h"
#include "skip_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* What is there goes on to count, and what comes next, too. */
static void assert_well(void)
{
    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.2:8080");
    api_world_delete(run.world, API_SLICES, "dev/web-2");
    api_run_expect(&run, s, "10.0.0.1:8080");
    api_run_watches(&run, 2);
}

/* ---- measure ------------------------------------------------------------- */

/* A deep object, where nobody looks and where somebody does. */
static void deep(unsigned depth)
{
    const size_t size = 4096 + 2 * (size_t)depth;
    char *line = calloc(1, size);
    size_t n;

    assert_non_null(line);
    n = (size_t)sprintf(line, "{\"type\":\"MODIFIED\",\"object\":{\"kind\":"
                              "\"EndpointSlice\",\"metadata\":{\"name\":\"x\"},"
                              "\"x\":");
    memset(line + n, '[', depth);
    memset(line + n + depth, ']', depth);
    memcpy(line + n + 2 * depth, "}}", 3);
    api_world_push(run.world, API_SLICES, line);
    free(line);
}

static void deep_objects(void **state)
{
    (void)state;
    deep(31);
    assert_well();
    deep(33);
    assert_well();
    skip_ms(130000);
    deep(10000);
    assert_well();
    skip_ms(130000);
    deep(1000000);
    assert_well();
}

/* 1,000 endpoints with one address each is the most that Kubernetes writes. */
static void a_big_slice_is_good(void **state)
{
    char *addresses = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&addresses, &size);
    svc_endpoints *eps;

    (void)state;
    assert_non_null(out);
    for (unsigned i = 0; i < 1000; i++)
        fprintf(out, "%s10.9.%u.%u", i > 0 ? " " : "", i / 250, i % 250 + 1);
    assert_int_equal(fclose(out), 0);
    api_world_slice(run.world, "dev/web-2", "web", addresses);
    free(addresses);
    do {
        api_run_look(&run);
        eps = svc_service_endpoints(s);
        size = svc_endpoints_count(eps);
        svc_endpoints_unref(eps);
    } while (size == 1);
    assert_int_equal(size, 1001);
}

/* A line of 10 MB: an error, and what was there stays. */
static void a_line_of_ten_megabytes(void **state)
{
    const size_t size = (size_t)10 * 1024 * 1024;
    char *line = malloc(size + 1);
    size_t bytes = oom_live_bytes();

    (void)state;
    assert_non_null(line);
    memset(line, 'a', size);
    memcpy(line, "{\"type\":\"MODIFIED\",\"object\":{\"x\":\"", 34);
    memcpy(line + size - 3, "\"}}", 4);
    oom_reset_peak();
    api_world_push(run.world, API_SLICES, line);
    free(line);
    (void)api_run_trouble(&run, s, SVC_ETOOBIG, "endpointslices");
    assert_true(oom_peak_bytes() < bytes + (size_t)4 * 1024 * 1024);
    assert_well();
}

/* Bytes that go on for as long as they are taken: 64 MB, then time. */
static void flood(const char *text, const char *head, const char *unit)
{
    const struct api_rule rule = {.text = text, .times = 1, .deed = API_SILENT};
    const size_t bytes = oom_live_bytes();
    const unsigned asked = api_server_asked(run.server, text);
    static char block[65536];
    struct api_request q;
    size_t n = 0;

    while (n + strlen(unit) < sizeof(block))
        n += (size_t)sprintf(block + n, "%s", unit);
    api_world_rule(run.world, &rule);
    skip_ms(130000);
    api_world_expire(run.world, 1);
    api_world_end_watches(run.world);
    api_run_asked(&run, text, asked + 1);
    api_server_get(run.server, text, asked, &q);
    oom_reset_peak();
    api_print(&q, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n%s",
              head);
    for (int i = 0; i < 1000 && api_is_open(&q); i++) {
        api_send(&q, block, n);
        while (api_is_open(&q) && api_unsent(&q) > 0)
            api_run_look(&run);
    }
    assert_true(oom_peak_bytes() < bytes + (size_t)6 * 1024 * 1024);
    skip_ms(400000); /* no list takes so long */
    assert_well();
}

#define WATCH_LIST "/endpointslices?watch=1&sendInitialEvents"

static void a_line_without_end(void **state)
{
    (void)state;
    flood(WATCH_LIST, "{\"type\":\"ADDED\",\"object\":{\"x\":\"", "aaaaaaaa");
}

static void space_without_end(void **state)
{
    (void)state;
    flood(WATCH_LIST, "", " \n");
}

static void brackets_without_end(void **state)
{
    (void)state;
    flood(WATCH_LIST, "{\"type\":\"ADDED\",\"object\":{\"x\":", "[[[[[[[[");
}

static void events_without_end(void **state)
{
    (void)state;
    flood(WATCH_LIST, "",
          "{\"type\":\"ADDED\",\"object\":{\"kind\":\"EndpointSlice\","
          "\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"1\"}}}\n");
}

static void a_list_without_end(void **state)
{
    (void)state;
    api_world_no_watch_list(run.world);
    flood("/endpointslices?labelSelector",
          "{\"kind\":\"EndpointSliceList\",\"apiVersion\":\"discovery.k8s.io/"
          "v1\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{}",
          ",{\"metadata\":{\"name\":\"a\"}}");
}

static int install(void **state)
{
    (void)state;
    oom_install();
    return 0;
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(deep_objects),
        row(a_big_slice_is_good),
        row(a_line_of_ten_megabytes),
        row(a_line_without_end),
        row(space_without_end),
        row(brackets_without_end),
        row(events_without_end),
        row(a_list_without_end),
    };

    return cmocka_run_group_tests_name("api huge", tests, install, NULL);
}
