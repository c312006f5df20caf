/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way in which rights can be missing: list and watch of Services and of
 * slices, 2^4 (faults A7, A8). Which right is missing is said exactly, and is
 * asked for again when somebody may have given it.
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

/* The four rights, each a bit, and how the requests that need one look. A
 * watch that begins with a list needs the right to watch only. */
static const struct {
    const char *text;
    const char *message;
    const char *resource;
    const char *body;
} rights[] = {
    {"/services?fieldSelector", "list services in \"dev\": 403 Forbidden",
     "services",
     API_STATUS(403, "Forbidden", "services is forbidden: User cannot list")},
    {"/services?watch=1", "watch services in \"dev\": 403 Forbidden",
     "services",
     API_STATUS(403, "Forbidden", "services is forbidden: User cannot watch")},
    {"/endpointslices?labelSelector",
     "list endpointslices in \"dev\": 403 Forbidden",
     "discovery.k8s.io/endpointslices",
     API_STATUS(403, "Forbidden", "slices are forbidden: User cannot list")},
    {"/endpointslices?watch=1",
     "watch endpointslices in \"dev\": 403 Forbidden",
     "discovery.k8s.io/endpointslices",
     API_STATUS(403, "Forbidden", "slices are forbidden: User cannot watch")},
};

#define RIGHTS 4

static void deny(unsigned missing)
{
    for (unsigned i = 0; i < RIGHTS; i++) {
        const struct api_rule rule = {.text = rights[i].text,
                                      .deed = API_ANSWERS,
                                      .status = 403,
                                      .body = rights[i].body};

        if (missing & 1U << i)
            api_world_rule(run.world, &rule);
    }
}

/* The first right that is missed: of a resource, watching comes first, since
 * the watch-list is tried first. */
static unsigned missed_first(unsigned missing)
{
    static const unsigned order[] = {1, 0, 3, 2};

    for (unsigned i = 0; i < RIGHTS; i++) {
        if (missing & 1U << order[i])
            return order[i];
    }
    return RIGHTS;
}

static void check_trouble(svc_service *s, unsigned missing)
{
    const unsigned first = missed_first(missing);
    svc_error error =
        api_run_trouble(&run, s, SVC_EAUTH, rights[first].message);
    char grant[128];

    snprintf(grant, sizeof(grant),
             "grant list,watch on %s in \"dev\", see docs/rbac.yaml",
             rights[first].resource);
    assert_string_equal(error.hint, grant);
    assert_non_null(strstr(error.message, "forbidden: User cannot"));
    /* Once in the log, whatever is asked meanwhile. */
    api_run_pass(&run, 20);
    assert_int_equal(api_run_logged(&run, rights[first].message), 1);
}

/* A server without watch-list: lists and watches are separate requests. */
static void check_rights(unsigned missing)
{
    svc_service *s;

    api_world_no_watch_list(run.world);
    deny(missing);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
    if (missing == 0)
        api_run_expect(&run, s, "10.0.0.1:8080");
    else
        check_trouble(s, missing);
    /* Somebody gives what is missing. */
    api_world_no_rules(run.world);
    skip_ms(600000);
    api_run_expect(&run, s, "10.0.0.1:8080");
    svc_service_free(s);
    api_run_stop(&run);
}

static void every_missing_right_is_named(void **state)
{
    (void)state;
    for (unsigned missing = 0; missing < 1U << RIGHTS; missing++) {
        check_rights(missing);
        api_run_close(&run);
        api_run_open(&run);
        run.ahead = skip_ms;
    }
}

/* With a watch-list the right to list is not used at all. */
static void a_watch_list_needs_the_right_to_watch(void **state)
{
    svc_service *s;

    (void)state;
    deny(1 | 4);
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    svc_service_free(s);
}

static void pass_seconds(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        skip_ms(1000);
        api_run_pass(&run, 1);
    }
}

/* A right that was there, and is taken away: the watches go on until they end,
 * then the last good set stays. */
static void rights_that_are_taken_away(void **state)
{
    svc_service *s = api_run_web(&run);
    unsigned asked;

    (void)state;
    api_run_watches(&run, 2);
    deny(1 | 2 | 4 | 8);
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
    skip_ms(60000);
    api_world_end_watches(run.world);
    check_trouble(s, 2 | 8);
    assert_string_equal(api_run_text(&run, s), "10.0.0.2:8080 stale SVC_EAUTH");
    api_run_asked(&run, ASKS_WATCH, 2);
    pass_seconds(60); /* asked again, until it is believed */
    asked = api_server_count(run.server);
    pass_seconds(230); /* not asked for minutes */
    assert_int_equal(api_server_count(run.server), asked);
    api_run_slice(&run, "10.0.0.3");
    api_world_no_rules(run.world);
    skip_ms(370000);
    api_run_expect(&run, s, "10.0.0.3:8080");
    svc_service_free(s);
}

/* Who opens a service does not wait for minutes. */
static void a_newcomer_ends_the_long_pause(void **state)
{
    svc_service *s;
    svc_service *other;

    (void)state;
    deny(15);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
    (void)api_run_trouble(&run, s, SVC_EAUTH, NULL);
    api_world_no_rules(run.world);
    skip_ms(10000);
    other = api_run_has(&run, "web:http", "10.0.0.1:8080");
    api_run_expect(&run, s, "10.0.0.1:8080");
    svc_service_free(other);
    svc_service_free(s);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(every_missing_right_is_named),
        row(a_watch_list_needs_the_right_to_watch),
        row(rights_that_are_taken_away),
        row(a_newcomer_ends_the_long_pause),
    };

    return cmocka_run_group_tests_name("api rights", tests, NULL, NULL);
}
