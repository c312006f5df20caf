/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that is cut at every byte of what a server says: events, a
 * watch-list, a list. Nothing is half applied, nothing is lost, and nothing is
 * empty meanwhile (faults J1).
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
static svc_service *s;

/* What is cut: the next response to a request with this text, after so many
 * bytes. */
struct cut {
    const char *text;
    size_t at;
    _Atomic int done; /* 1: cut, 2: it was shorter */
};

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    run.speed = 200;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc_service_free(s);
    api_run_close(&run);
    return 0;
}

static void serve_cut(void *arg, const struct api_request *q)
{
    struct cut *cut = arg;

    api_limit(q, cut->at);
    api_world_serve(run.world, q);
    cut->done = api_is_open(q) ? 2 : 1;
    api_reset(q);
}

static void add_cut(struct cut *cut)
{
    const struct api_rule rule = {.text = cut->text,
                                  .times = 1,
                                  .deed = API_CALLS,
                                  .script = serve_cut,
                                  .arg = cut};

    cut->done = 0;
    api_world_no_rules(run.world);
    api_world_rule(run.world, &rule);
}

/* A set of this round: two addresses in two slices. */
static void change(unsigned round, char ret[64])
{
    char one[32];
    char two[32];

    snprintf(one, sizeof(one), "10.1.%u.%u", round / 200, round % 200 + 1);
    snprintf(two, sizeof(two), "10.2.%u.%u", round / 200, round % 200 + 1);
    api_run_slice(&run, one);
    api_world_slice(run.world, "dev/web-2", "web", two);
    snprintf(ret, 64, "%s:8080 %s:8080", one, two);
}

/* Whether a text is one of the states on the way from one set to the next:
 * each slice is the old one or the new one, the first changes first. */
static void check_state(const char *text, const char *old, const char *new)
{
    char between[80];

    snprintf(between, sizeof(between), "%.*s %s", (int)strcspn(new, " "), new,
             strchr(old, ' ') + 1);
    if (strncmp(text, old, strlen(old)) != 0 &&
        strncmp(text, new, strlen(new)) != 0 &&
        strncmp(text, between, strlen(between)) != 0)
        fail_msg("from %s to %s there was %s", old, new, text);
}

/* Dispatches until the new set is there, and looks at every one before it. */
static void reach(const char *old, const char *new)
{
    const int64_t began_ms = api_server_clock_ms();

    while (strcmp(api_run_text(&run, s), new) != 0) {
        check_state(run.text, old, new);
        api_run_look(&run);
        if (api_server_clock_ms() > began_ms + API_SERVER_MS)
            fail_msg("%s became %s and not %s; the log:\n%s", old,
                     api_run_text(&run, s), new, run.lines);
    }
}

/* One round: 0 when it was not what is to be cut that was asked. */
static int cut_one(struct cut *cut, unsigned round, int expire, char old[64])
{
    char new[64];

    api_run_watches(&run, 2);
    add_cut(cut);
    skip_ms(130000); /* pauses are short again */
    api_world_end_watches(run.world);
    change(round, new);
    if (expire)
        api_world_expire(run.world, 0);
    reach(old, new);
    memcpy(old, new, sizeof(new));
    run.lines[0] = '\0';
    return cut->done != 0;
}

/* Cuts what answers such a request at every byte of it, or every step-th; with
 * expire, what is
 * known is too old to go on from. A machine that is very busy may make it ask
 * for something else: once more, then. */
static void cut_all(const char *text, int expire, unsigned step)
{
    struct cut cut = {.text = text, .at = 1};
    unsigned again = 0;
    char old[64];

    change(0, old);
    api_run_start(&run);
    s = api_run_has(&run, "web:80", old);
    for (unsigned round = 1; cut.done != 2; round++) {
        if (cut_one(&cut, round, expire, old)) {
            cut.at += step;
            continue;
        }
        assert_true(++again < 200);
        svc_service_free(s);
        api_run_stop(&run);
        api_run_start(&run);
        s = api_run_has(&run, "web:80", old);
    }
    assert_in_range(cut.at, 500, 5000);
}

static void events(void **state)
{
    (void)state;
    cut_all("/endpointslices?watch=1&resourceVersion=", 0, 1);
}

static void a_watch_list(void **state)
{
    (void)state;
    cut_all("/endpointslices?watch=1&sendInitialEvents", 1, 2);
}

static void a_list(void **state)
{
    (void)state;
    api_world_no_watch_list(run.world);
    cut_all("/endpointslices?labelSelector", 1, 2);
}

/* The very first answer, of which nothing is shown before it is whole. */
static void cut_first(const char *text, unsigned step)
{
    struct cut cut = {.text = text};

    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.2");
    for (unsigned i = 1; cut.done != 2; i += step) {
        cut.at = i;
        add_cut(&cut);
        api_run_start(&run);
        s = api_run_service(&run, "web:80");
        while (strcmp(api_run_text(&run, s), "10.0.0.1:8080 10.0.0.2:8080")) {
            assert_int_equal(run.text[0], '-');
            api_run_look(&run);
        }
        svc_service_free(s);
        s = NULL;
        api_run_stop(&run);
    }
}

static void the_first_watch_list(void **state)
{
    (void)state;
    cut_first("/endpointslices?watch=1&sendInitialEvents", 3);
    cut_first("/services?watch=1&sendInitialEvents", 3);
}

static void the_first_list(void **state)
{
    (void)state;
    api_world_no_watch_list(run.world);
    cut_first("/endpointslices?labelSelector", 3);
    cut_first("/services?fieldSelector", 3);
}

/* Each byte in a segment of its own is no cut. */
static void send_bytewise(void *arg, const struct api_request *q)
{
    char *text = api_world_text(run.world, API_SLICES, "dev/web-1");
    char wire[4096];
    int size;

    (void)arg;
    size = snprintf(
        wire, sizeof(wire),
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
        "{\"type\":\"ADDED\",\"object\":%s}\n"
        "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"EndpointSlice\","
        "\"metadata\":{\"resourceVersion\":\"1002\",\"annotations\":{"
        "\"k8s.io/initial-events-end\":\"true\"}}}}\n",
        text);
    for (int i = 0; i < size; i++)
        api_send(q, wire + i, 1);
    free(text);
}

static void bytes_one_by_one(void **state)
{
    const struct api_rule rule = {.text = ASKS_SLICES,
                                  .times = 1,
                                  .deed = API_CALLS,
                                  .script = send_bytewise};

    (void)state;
    api_world_rule(run.world, &rule);
    s = api_run_web(&run);
    assert_int_equal(api_server_asked(run.server, ASKS_SLICES), 1);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(events),         row(a_watch_list),         row(a_list),
        row(the_first_list), row(the_first_watch_list), row(bytes_one_by_one),
    };

    return cmocka_run_group_tests_name("api cut", tests, NULL, NULL);
}
