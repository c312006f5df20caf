/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More objects and endpoints than are kept: in one list, and by the events of a
 * watch. What was known stays, it is said, and nobody asks in a loop (faults
 * J9). All slices have the same addresses, so that sets are small.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "skip_clock.h"

#include "backend/apiserver_feed.h"
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Of a slice that is full; it costs one more. */
#define ENDPOINTS 1000

/* So many of them, and their Service, are just what is kept. */
#define SLICES 999

_Static_assert(SLICES *(ENDPOINTS + 1) + 1 == SVC__FEED_OBJECTS_MAX,
               "the last one makes it full");

#define ADDED "{\"type\":\"ADDED\",\"object\":"
#define SLICE                                                                  \
    "{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\","      \
    "\"metadata\":{\"name\":\"web-%u\",\"namespace\":\"dev\","                 \
    "\"resourceVersion\":\"%u\",\"labels\":{"                                  \
    "\"kubernetes.io/service-name\":\"web\"}},\"addressType\":\"IPv4\","       \
    "\"ports\":[{\"name\":\"http\",\"port\":8080}],\"endpoints\":["
#define ADDED_END                                                              \
    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":"    \
    "\"%u\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define LIST                                                                   \
    "{\"kind\":\"EndpointSliceList\",\"apiVersion\":\"discovery.k8s.io/v1\","  \
    "\"metadata\":{\"resourceVersion\":\"%u\"},\"items\":["

static struct api_run run;
static svc_service *s;
static char endpoints[ENDPOINTS * 32];
static _Atomic unsigned slices; /* that lists have; one has one address only */
static _Atomic unsigned version;

/* ---- the server ---------------------------------------------------------- */

static void say(const struct api_request *q, const char *text)
{
    if (text[0] != '\0')
        api_chunk(q, text, strlen(text));
}

/* Its addresses are all of them, or the first one. */
static void send_slice(const struct api_request *q, unsigned number,
                       int is_full)
{
    char text[512];

    snprintf(text, sizeof(text), SLICE, number, atomic_fetch_add(&version, 1));
    say(q, text);
    api_chunk(q, endpoints,
              is_full ? strlen(endpoints) : strcspn(endpoints, ","));
    say(q, "]}");
}

static void send_event(const struct api_request *q, unsigned number,
                       int is_full)
{
    say(q, ADDED);
    send_slice(q, number, is_full);
    say(q, "}\n");
}

static void send_list(const struct api_request *q, unsigned count)
{
    char text[256];

    snprintf(text, sizeof(text), LIST, atomic_load(&version) + count);
    say(q, text);
    for (unsigned i = 0; i < count; i++) {
        say(q, i > 0 ? "," : "");
        send_slice(q, i, count > 1);
    }
    say(q, "]}");
    api_end(q);
}

/* A list, or a watch that begins with one, or one that goes on. */
static void serve(void *arg, const struct api_request *q)
{
    const unsigned count = atomic_load(&slices);
    char text[256];

    (void)arg;
    api_begin(q);
    if (strstr(q->line, "watch=1") == NULL) {
        send_list(q, count);
    } else if (strstr(q->line, ASKS_WATCH) == NULL) {
        for (unsigned i = 0; i < count; i++)
            send_event(q, i, count > 1);
        snprintf(text, sizeof(text), ADDED_END, atomic_fetch_add(&version, 1));
        say(q, text);
    }
}

static unsigned lists(void)
{
    return api_server_asked(run.server, ASKS_SLICES) -
           api_server_asked(run.server, ASKS_WATCH);
}

/* The watch that was asked for last. */
static struct api_request last_watch(void)
{
    struct api_request q;

    api_server_get(run.server, ASKS_SLICES,
                   api_server_asked(run.server, ASKS_SLICES) - 1, &q);
    return q;
}

/* ---- the client ---------------------------------------------------------- */

static int setup(void **state)
{
    const struct api_rule rule = {
        .text = ASKS_SLICES, .deed = API_CALLS, .script = serve};
    size_t n = 0;

    (void)state;
    for (unsigned i = 0; i < ENDPOINTS; i++)
        n += (size_t)snprintf(endpoints + n, sizeof(endpoints) - n,
                              "%s{\"addresses\":[\"10.9.%u.%u\"]}",
                              i == 0 ? "" : ",", i / 250, i % 250 + 1);
    api_run_open(&run);
    run.ahead = skip_ms;
    run.speed = 50;
    atomic_store(&version, 2000);
    api_world_rule(run.world, &rule);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc_service_free(s);
    api_run_close(&run);
    return 0;
}

static void begin_with(unsigned count)
{
    atomic_store(&slices, count);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
}

/* The addresses that there are. */
static size_t count_addresses(int is_stale)
{
    svc_endpoints *eps = svc_service_endpoints(s);
    const size_t count = svc_endpoints_count(eps);

    assert_int_equal(svc_endpoints_is_stale(eps), is_stale);
    svc_endpoints_unref(eps);
    return count;
}

static unsigned wanted; /* slices */

static int has_slices(struct api_run *r)
{
    return api_run_stats(r).objects_slices == wanted;
}

static void expect_slices(unsigned count)
{
    wanted = count;
    api_run_until(&run, has_slices);
}

static void pass_seconds(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        skip_ms(1000);
        api_run_pass(&run, 2);
    }
}

/* ---- the bound ----------------------------------------------------------- */

static void a_list_over_it(void **state)
{
    static const char gone[] = API_ERROR(410, "Expired", "too old") "\n";
    struct api_request q;
    unsigned asked;

    (void)state;
    begin_with(1);
    api_run_expect(&run, s, "10.9.0.1:8080");
    atomic_store(&slices, SLICES + 1);
    q = last_watch();
    say(&q, gone);
    (void)api_run_trouble(&run, s, SVC_ETOOBIG,
                          "watch endpointslices in \"dev\": the list has more "
                          "than 1000000 objects and endpoints");
    assert_string_equal(api_run_text(&run, s),
                        "10.9.0.1:8080 stale SVC_ETOOBIG");
    assert_int_equal(api_run_stats(&run).objects_slices, 1);
    asked = lists();
    pass_seconds(60); /* it is asked ever more rarely */
    assert_in_range(lists() - asked, 0, 20);
    atomic_store(&slices, 1);
    api_run_expect(&run, s, "10.9.0.1:8080");
}

/* One address more than is kept, by a new slice. */
static void one_too_many(void)
{
    const struct api_request q = last_watch();

    send_event(&q, SLICES, 0);
    (void)api_run_trouble(&run, s, SVC_ETOOBIG,
                          "watch endpointslices in \"dev\": there are more "
                          "than 1000000 objects and endpoints");
    assert_int_equal(count_addresses(1), ENDPOINTS);
}

/* A list and an event make it full. Each event above that is a failure, after
 * which everything is listed: pauses grow, though each list is good. */
static void events_over_it(void **state)
{
    struct api_request q;
    int64_t began_ms;
    unsigned asked;

    (void)state;
    begin_with(SLICES - 1);
    expect_slices(SLICES - 1);
    q = last_watch();
    send_event(&q, SLICES - 1, 1);
    expect_slices(SLICES);
    assert_int_equal(svc_service_status(s, NULL), 0);
    assert_int_equal(count_addresses(0), ENDPOINTS);
    atomic_store(&slices, SLICES);
    asked = lists();
    began_ms = svc__clock_now_ms();
    for (unsigned i = 1; i <= 6; i++) {
        one_too_many();
        (void)api_run_trouble(&run, s, 0, NULL);
        assert_int_equal(lists(), asked + i);
    }
    assert_true(svc__clock_now_ms() - began_ms > 3000);
    assert_int_equal(count_addresses(0), ENDPOINTS);
    assert_int_equal(api_server_asked(run.server, ASKS_WATCH), 0);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_list_over_it),
        row(events_over_it),
    };

    return cmocka_run_group_tests_name("api bound", tests, NULL, NULL);
}
