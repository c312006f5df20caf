/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hundred Services of one namespace, and a caller who may not ask for them:
 * what that costs the server and the log, and who is found all the same (faults
 * A7). Rights of Services may be by name, those of slices are not.
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

#define MANY 100

static struct api_run run;
static svc_service *s[MANY];

/* By name from this one on; MANY: nobody. */
static _Atomic int named_from;

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    named_from = MANY;
    memset(s, 0, sizeof(s));
    for (int i = 0; i < MANY; i++) {
        char name[16];
        char address[16];

        snprintf(name, sizeof(name), "m%d", i);
        snprintf(address, sizeof(address), "10.0.0.%d", i + 1);
        api_world_pair(run.world, name, address);
    }
    api_run_start(&run);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        svc_service_free(s[i]);
    api_run_close(&run);
    return 0;
}

static void open_some(int from, int to)
{
    for (int i = from; i < to; i++) {
        char name[16];

        snprintf(name, sizeof(name), "m%d:80", i);
        s[i] = api_run_service(&run, name);
    }
}

static void expect_some(int from, int to)
{
    for (int i = from; i < to; i++) {
        char text[32];

        snprintf(text, sizeof(text), "10.0.0.%d:8080", i + 1);
        api_run_expect(&run, s[i], text);
    }
}

static void expect_trouble(void)
{
    for (int i = 0; i < MANY; i++)
        (void)api_run_trouble(&run, s[i], SVC_EAUTH, "403 Forbidden");
}

/* The API server names a Service that was asked for by its name. */
static void refuse(void *arg, const struct api_request *q)
{
    const char *name = strstr(q->line, "metadata.name=m");
    char body[512];

    (void)arg;
    if (name != NULL && atoi(name + 15) >= named_from) {
        api_world_serve(run.world, q);
        return;
    }
    snprintf(body, sizeof(body),
             API_STATUS(403, "Forbidden", "%.40s is forbidden: no rights"),
             name == NULL ? "all" : name);
    api_answer(q, 403, "", body);
}

/* What has this text is refused. */
static void deny(const char *text)
{
    const struct api_rule rule = {
        .text = text, .deed = API_CALLS, .script = refuse};

    api_world_rule(run.world, &rule);
}

/* Not so fast that a server on a busy machine has no time to answer. */
static void pass_seconds(int seconds)
{
    for (int i = 0; i < seconds; i++) {
        skip_ms(1000);
        api_run_pass(&run, 8);
    }
}

/* Once for each resource, whoever asks. Who may have neither tells of Services.
 */
static void assert_told_once(void)
{
    assert_int_equal(api_run_logged(&run, " services in \"dev\": 403"), 1);
    assert_in_range(api_run_logged(&run, " endpointslices in \"dev\": 403"), 0,
                    1);
}

/* ---- no rights at all ---------------------------------------------------- */

static void nobody_may_anything(void **state)
{
    unsigned first;

    (void)state;
    deny("GET ");
    open_some(0, MANY);
    expect_trouble();
    pass_seconds(60);
    first = api_server_count(run.server);
    assert_in_range(first, 10, 140);
    pass_seconds(600);
    assert_in_range(api_server_count(run.server) - first, 5, 30);
    assert_told_once();
    /* All are found within the time that is told. */
    api_world_no_rules(run.world);
    pass_seconds(600);
    expect_some(0, MANY);
    /* And when it is so once more, that is told once more. */
    deny("GET ");
    api_world_end_watches(run.world);
    expect_trouble();
    pass_seconds(30);
    assert_int_equal(api_run_logged(&run, " services in \"dev\": 403"), 2);
}

/* Those that are opened later are told of it, and ask for little. */
static void who_comes_later_learns_it(void **state)
{
    unsigned first;

    (void)state;
    deny("GET ");
    open_some(0, 6);
    pass_seconds(60);
    first = api_server_count(run.server);
    open_some(6, MANY);
    expect_trouble();
    pass_seconds(60);
    assert_in_range(api_server_count(run.server) - first, 2, 20);
    assert_told_once();
    /* Whoever opens one does not wait for minutes. */
    api_world_no_rules(run.world);
    svc_service_free(s[MANY - 1]);
    open_some(MANY - 1, MANY);
    expect_some(MANY - 1, MANY);
    expect_some(0, MANY);
}

static void what_is_taken_away_is_kept(void **state)
{
    unsigned first;

    (void)state;
    open_some(0, MANY);
    expect_some(0, MANY);
    api_run_watches(&run, 2);
    deny("GET ");
    skip_ms(60000);
    first = api_server_count(run.server);
    api_world_end_watches(run.world);
    expect_trouble();
    pass_seconds(90);
    assert_in_range(api_server_count(run.server) - first, 2, 140);
    assert_told_once();
    assert_string_equal(api_run_text(&run, s[99]),
                        "10.0.0.100:8080 stale SVC_EAUTH");
    api_world_slice(run.world, "dev/m99-1", "m99", "10.0.1.1");
    api_world_no_rules(run.world);
    pass_seconds(600);
    api_run_expect(&run, s[99], "10.0.1.1:8080");
}

static int is_asked(int i)
{
    char text[32];

    snprintf(text, sizeof(text), "metadata.name=m%d", i);
    return api_server_asked(run.server, text) > 0;
}

/* Those whose pairs are refused are closed: others ask in their place. */
static void who_asks_may_go(void **state)
{
    int left = 0;

    (void)state;
    deny("GET ");
    open_some(0, 8);
    pass_seconds(30);
    for (int i = 0; i < 8; i++) {
        if (is_asked(i)) {
            svc_service_free(s[i]);
            s[i] = NULL;
        } else {
            left++;
        }
    }
    assert_int_equal(left, 4);
    pass_seconds(310);
    for (int i = 0; i < 8; i++)
        assert_true(is_asked(i));
}

/* ---- some rights --------------------------------------------------------- */

/* The first four may not, the others by their names. */
static void some_by_their_names(void **state)
{
    unsigned first;

    (void)state;
    named_from = 4;
    deny(ASKS_SERVICES);
    open_some(0, MANY);
    expect_some(4, MANY);
    for (int i = 0; i < 4; i++)
        (void)api_run_trouble(&run, s[i], SVC_EAUTH, "403 Forbidden");
    assert_int_equal(api_run_logged(&run, "403 Forbidden"), 1);
    pass_seconds(60);
    first = api_server_count(run.server);
    pass_seconds(60);
    assert_in_range(api_server_count(run.server), first, first + MANY / 2);
}

/* All slices, and no Service: one question for each name, once believed. */
static void slices_only(void **state)
{
    (void)state;
    deny(ASKS_SERVICES);
    open_some(0, MANY);
    expect_trouble();
    while (api_server_asked(run.server, ASKS_SERVICES) < MANY)
        pass_seconds(1);
    pass_seconds(10);
    assert_in_range(api_server_asked(run.server, ASKS_SERVICES), MANY,
                    2 * MANY);
    assert_int_equal(api_run_logged(&run, "403 Forbidden"), 1);
    /* One of them, from now on. */
    named_from = MANY - 1;
    pass_seconds(600);
    expect_some(MANY - 1, MANY);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(nobody_may_anything),        row(who_comes_later_learns_it),
        row(what_is_taken_away_is_kept), row(who_asks_may_go),
        row(some_by_their_names),        row(slices_only),
    };

    return cmocka_run_group_tests_name("api denied", tests, NULL, NULL);
}
