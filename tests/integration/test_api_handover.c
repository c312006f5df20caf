/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From watches of one Service each to one of the whole namespace, and back:
 * nothing is published before it is whole, nothing stays that is gone
 * (semantics 2.10, faults J3, J17).
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

#define COUNT 6 /* more than are watched one by one */

static struct api_run run;
static svc_service *all[COUNT];

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    for (int i = 0; i < COUNT; i++) {
        char name[32];
        char address[32];

        snprintf(name, sizeof(name), "s%d", i);
        snprintf(address, sizeof(address), "10.0.1.%d", i);
        api_world_pair(run.world, name, address);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        svc_service_free(all[i]);
        all[i] = NULL;
    }
    api_run_close(&run);
    return 0;
}

static const char *text_of(int i)
{
    static char text[32];

    snprintf(text, sizeof(text), "10.0.1.%d:8080", i);
    return text;
}

/* All are open, and covered by two watches. */
static void open_some(int from, int to)
{
    for (int i = from; i < to; i++) {
        char name[32];

        snprintf(name, sizeof(name), "s%d:80", i);
        all[i] = api_run_service(&run, name);
    }
    for (int i = from; i < to; i++)
        api_run_expect(&run, all[i], text_of(i));
    api_run_watches(&run, 2);
}

static void open_all(void)
{
    api_run_start(&run);
    open_some(0, COUNT);
}

static void rule(const char *text, enum api_deed deed, int times)
{
    const struct api_rule one = {.text = text, .deed = deed, .times = times};

    api_world_rule(run.world, &one);
}

static void serve(void *arg, const struct api_request *q)
{
    api_world_serve(arg, q);
}

/* Requests for one Service are served, others are refused. */
static void refuse_wide(int times)
{
    struct api_rule one = {.deed = API_CALLS, .script = serve};

    one.arg = run.world;
    one.text = "labelSelector=";
    api_world_rule(run.world, &one);
    one.text = "fieldSelector=";
    api_world_rule(run.world, &one);
    one.deed = API_ANSWERS;
    one.status = 403;
    one.body = API_STATUS(403, "Forbidden", "no");
    one.times = times;
    one.text = ASKS_SERVICES;
    api_world_rule(run.world, &one);
    one.text = ASKS_SLICES;
    api_world_rule(run.world, &one);
}

/* The namespace is listed anew when a Service is opened, whose own lists do not
 * come: the list that is on its way is no list yet. */
static void a_list_that_runs_covers_nothing(void **state)
{
    struct api_request q;
    svc_service *late;
    unsigned lists;

    (void)state;
    open_all();
    api_world_pair(run.world, "late", "10.0.2.1");
    rule("service-name=late", API_SILENT, 0);
    rule("metadata.name=late", API_SILENT, 0);
    late = api_run_service(&run, "late:80");
    api_run_asked(&run, "service-name=late", 1);
    rule("/endpointslices?watch=1&sendInitialEvents", API_SILENT, 0);
    lists = api_server_asked(run.server, ASKS_WATCH_LIST);
    api_world_expire(run.world, 0);
    skip_ms(60000);
    api_world_end_watches(run.world);
    run.ahead = skip_ms;
    api_run_asked(&run, ASKS_WATCH_LIST, lists + 2);
    run.ahead = NULL;
    api_run_watches(&run, 1);
    api_run_pass(&run, 50);
    assert_string_equal(api_run_text(&run, late), "-");
    api_server_get(run.server, ASKS_SLICES,
                   api_server_asked(run.server, ASKS_SLICES) - 1, &q);
    api_world_serve(run.world, &q);
    api_run_expect(&run, late, "10.0.2.1:8080");
    svc_service_free(late);
}

/* The right to the whole namespace is taken away, and meanwhile a slice goes.
 */
static void what_goes_between_wide_and_narrow_is_gone(void **state)
{
    (void)state;
    api_world_slice(run.world, "dev/s5-2", "s5", "10.0.2.5");
    api_run_start(&run);
    all[5] = api_run_service(&run, "s5:80");
    api_run_expect(&run, all[5], "10.0.1.5:8080 10.0.2.5:8080");
    for (int i = 0; i < 5; i++) {
        char name[32];

        snprintf(name, sizeof(name), "s%d:80", i);
        all[i] = api_run_service(&run, name);
        api_run_expect(&run, all[i], text_of(i));
    }
    api_run_watches(&run, 2);
    refuse_wide(0);
    skip_ms(120000);
    api_world_end_watches(run.world);
    api_world_delete(run.world, API_SLICES, "dev/s5-2");
    run.ahead = skip_ms;
    api_run_watches(&run, 2 * COUNT);
    run.ahead = NULL;
    api_run_expect(&run, all[5], text_of(5));
    api_world_slice(run.world, "dev/s4-1", "s4", "10.0.3.4");
    api_run_expect(&run, all[4], "10.0.3.4:8080");
}

/* An API server that has just begun refuses everybody for a moment. */
static void a_moment_without_rights_opens_nothing(void **state)
{
    unsigned narrow;

    (void)state;
    open_all();
    refuse_wide(2);
    narrow = api_server_asked(run.server, "labelSelector=");
    skip_ms(120000);
    api_world_end_watches(run.world);
    run.ahead = skip_ms;
    api_run_watches(&run, 2);
    assert_int_equal(api_server_asked(run.server, "labelSelector="), narrow);
    api_world_slice(run.world, "dev/s4-1", "s4", "10.0.3.4");
    api_run_expect(&run, all[4], "10.0.3.4:8080");
}

static void send_event(const struct api_request *q, const char *type,
                       const char *object)
{
    char line[4096];

    snprintf(line, sizeof(line), "{\"type\":\"%s\",\"object\":%s}\n", type,
             object);
    api_chunk(q, line, strlen(line));
}

static void send_slice(const struct api_request *q, const char *name)
{
    char *text = api_world_text(run.world, API_SLICES, name);

    send_event(q, "ADDED", text);
    free(text);
}

#define SLICE                                                                  \
    "{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\","      \
    "\"metadata\":{\"resourceVersion\":\"%lu\","

/* The end of a list, behind the news that "late-2" was deleted. */
static void send_end(const struct api_request *q)
{
    const unsigned long revision = api_world_revision(run.world);
    char text[1024];

    snprintf(text, sizeof(text),
             SLICE "\"name\":\"late-2\",\"namespace\":\"dev\",\"labels\":{"
                   "\"kubernetes.io/service-name\":\"late\"}}}",
             revision);
    send_event(q, "DELETED", text);
    snprintf(text, sizeof(text),
             SLICE "\"annotations\":{\"k8s.io/initial-events-end\":"
                   "\"true\"}}}",
             revision);
    send_event(q, "BOOKMARK", text);
}

/* The namespace is listed anew, and has passed over a Service when it is
 * opened; what goes while the list goes on is not carried into it. */
static void what_goes_while_a_list_runs_is_gone(void **state)
{
    struct api_request q;
    svc_service *late;
    unsigned lists;

    (void)state;
    api_world_pair(run.world, "late", "10.0.2.1");
    api_world_slice(run.world, "dev/late-2", "late", "10.0.2.2");
    open_all();
    rule("/endpointslices?watch=1&sendInitialEvents", API_SILENT, 1);
    lists = api_server_asked(run.server, ASKS_WATCH_LIST);
    api_world_expire(run.world, 0);
    skip_ms(60000);
    api_world_end_watches(run.world);
    run.ahead = skip_ms;
    api_run_asked(&run, ASKS_WATCH_LIST, lists + 2);
    run.ahead = NULL;
    api_run_watches(&run, 1);
    api_server_get(run.server, ASKS_SLICES,
                   api_server_asked(run.server, ASKS_SLICES) - 1, &q);
    api_begin(&q);
    send_slice(&q, "dev/s0-1");
    send_slice(&q, "dev/late-1");
    send_slice(&q, "dev/late-2");
    api_run_pass(&run, 50);
    late = api_run_has(&run, "late:80", "10.0.2.1:8080 10.0.2.2:8080");
    api_run_watches(&run, 1);
    api_world_delete(run.world, API_SLICES, "dev/late-2");
    for (int i = 1; i < COUNT; i++) {
        char name[32];

        snprintf(name, sizeof(name), "dev/s%d-1", i);
        send_slice(&q, name);
    }
    send_end(&q);
    api_run_expect(&run, late, "10.0.2.1:8080");
    api_run_expect(&run, all[5], text_of(5));
    svc_service_free(late);
}

static void delete_pair(const char *name)
{
    char key[32];

    snprintf(key, sizeof(key), "dev/%s", name);
    api_world_delete(run.world, API_SERVICES, key);
    snprintf(key, sizeof(key), "dev/%s-1", name);
    api_world_delete(run.world, API_SLICES, key);
}

/* A list without any object passed over none, whenever it was opened. */
static void what_goes_with_all_others_is_gone(void **state)
{
    (void)state;
    api_run_start(&run);
    open_some(0, 5);
    open_some(5, COUNT);
    run.ahead = skip_ms;
    skip_ms(60000);
    api_server_refuse(run.server, 1);
    api_server_drop(run.server, 0);
    api_run_trouble(&run, all[5], SVC_EUNREACH, NULL);
    delete_pair("web");
    for (int i = 0; i < COUNT; i++) {
        char name[32];

        snprintf(name, sizeof(name), "s%d", i);
        delete_pair(name);
    }
    api_world_expire(run.world, 0);
    api_server_refuse(run.server, 0);
    for (int i = 0; i < COUNT; i++)
        api_run_expect(&run, all[i], "SVC_ENOSERVICE");
    run.ahead = NULL;
}

/* Faults J3: also when it is refused in the list of a whole namespace. */
static void a_refused_service_is_no_missing_one(void **state)
{
    static const char bad[] = "\"spec\":{\"ports\":\"none\"}";
    svc_service *refused;

    (void)state;
    api_world_service(run.world, "dev/s5", bad);
    api_run_start(&run);
    for (int i = 0; i < 5; i++) {
        char name[32];

        snprintf(name, sizeof(name), "s%d:80", i);
        all[i] = api_run_service(&run, name);
    }
    refused = api_run_service(&run, "s5:80");
    api_run_trouble(&run, refused, SVC_EPROTO, "ports");
    api_run_watches(&run, 2);
    assert_null(strstr(api_run_text(&run, refused), "SVC_ENOSERVICE"));
    api_world_service(run.world, "dev/s5", NULL);
    api_run_expect(&run, refused, text_of(5));
    svc_service_free(refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_that_runs_covers_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            what_goes_between_wide_and_narrow_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_moment_without_rights_opens_nothing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_goes_while_a_list_runs_is_gone,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_goes_with_all_others_is_gone,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_service_is_no_missing_one,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
