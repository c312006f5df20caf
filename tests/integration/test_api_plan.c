/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is listened to: up to four Services of a namespace one by one, more by
 * one wide pair; what only that pair may not, and what nobody wants any more.
 * Somebody picks all the while.
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
#include <stdlib.h>
#include <string.h>

#define MANY 6

static struct api_run run;
static svc_service *s[MANY];
static struct picker picker[MANY];

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    for (int i = 0; i < 50; i++) { /* others, which nobody wants */
        char name[16];

        snprintf(name, sizeof(name), "other%d", i);
        api_world_pair(run.world, name, "10.7.0.1");
    }
    for (int i = 0; i < MANY; i++) {
        char name[16];
        char address[16];

        snprintf(name, sizeof(name), "s%d", i);
        snprintf(address, sizeof(address), "10.0.0.%d", i + 1);
        api_world_pair(run.world, name, address);
        s[i] = NULL;
    }
    api_run_start(&run);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++) {
        picker_stop(&picker[i]);
        svc_service_free(s[i]);
    }
    api_run_close(&run);
    return 0;
}

static void open_one(int i)
{
    char name[16];
    char text[32];

    snprintf(name, sizeof(name), "s%d:80", i);
    snprintf(text, sizeof(text), "10.0.0.%d:8080", i + 1);
    s[i] = api_run_has(&run, name, text);
}

static void open_some(int from, int to)
{
    for (int i = from; i < to; i++)
        open_one(i);
}

/* Each has what it should have: another address, and it is seen. */
static void assert_live(int from, int to, int round)
{
    char address[32];
    char slice[32];
    char name[16];

    for (int i = from; i < to; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        snprintf(slice, sizeof(slice), "dev/s%d-1", i);
        snprintf(address, sizeof(address), "10.0.%d.%d", round, i + 1);
        api_world_slice(run.world, slice, name, address);
        strcat(address, ":8080");
        api_run_expect(&run, s[i], address);
    }
}

static int is_wide(const struct api_request *q)
{
    return strstr(q->line, "Selector=") == NULL;
}

static unsigned count_wide(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < api_server_count(run.server); i++) {
        struct api_request q;

        api_server_get(run.server, "", i, &q);
        count += (unsigned)is_wide(&q);
    }
    return count;
}

/* ---- narrow and wide ----------------------------------------------------- */

static void four_are_watched_one_by_one(void **state)
{
    (void)state;
    open_some(0, 4);
    api_run_watches(&run, 8);
    assert_int_equal(api_server_count(run.server), 8);
    assert_int_equal(count_wide(), 0);
    assert_live(0, 4, 1);
}

/* The narrow ones stay until the wide ones are there. */
static void a_fifth_makes_one_wide_pair(void **state)
{
    (void)state;
    open_some(0, 4);
    for (int i = 0; i < 4; i++)
        picker_start(&picker[i], s[i]);
    open_one(4);
    api_run_watches(&run, 2);
    assert_int_equal(count_wide(), 2);
    assert_int_equal(api_server_count(run.server), 10);
    assert_live(0, 5, 2);
    /* Of the others, nothing is kept. */
    assert_int_equal(api_run_stats(&run).objects_services, 5);
    assert_int_equal(api_run_stats(&run).objects_slices, 5);
    for (int i = 0; i < 4; i++)
        picker_stop(&picker[i]);
}

/* It begins with a narrow pair, which is soon there, and goes on under the wide
 * one, which passed over its objects before. */
static void a_newcomer_under_the_wide_pair(void **state)
{
    (void)state;
    open_some(0, 5);
    api_run_watches(&run, 2);
    open_one(5);
    picker_start(&picker[5], s[5]);
    api_run_watches(&run, 2);
    assert_int_equal(api_server_count(run.server), 12);
    assert_live(0, 6, 3);
    picker_stop(&picker[5]);
    /* And when everything is listed anew. */
    skip_ms(60000);
    api_world_expire(run.world, 0);
    api_world_end_watches(run.world);
    assert_live(0, 6, 4);
}

static void a_namespace_is_for_itself(void **state)
{
    svc_service *other;

    (void)state;
    open_some(0, 5);
    api_run_watches(&run, 2);
    api_world_service(run.world, "prod/web", NULL);
    api_world_slice(run.world, "prod/web-1", "web", "10.5.0.1");
    other = api_run_has(&run, "web.prod:80", "10.5.0.1:8080");
    api_run_watches(&run, 4);
    assert_int_equal(count_wide(), 2);
    svc_service_free(other);
}

/* Two ports of one Service are one Service. */
static void two_ports_are_one_watch(void **state)
{
    svc_service *one = api_run_has(&run, "s0:80", "10.0.0.1:8080");
    svc_service *two = api_run_has(&run, "s0:http", "10.0.0.1:8080");

    (void)state;
    assert_int_equal(api_server_count(run.server), 2);
    svc_service_free(one);
    svc_service_free(two);
}

/* ---- lists that are late ------------------------------------------------- */

/* A watch that begins with one object, in the revision that it is in. */
static void api_late(const struct api_request *q, const char *object)
{
    const char *version = strstr(object, "\"resourceVersion\":\"") + 19;
    char text[8192];
    int size = snprintf(text, sizeof(text),
                        "{\"type\":\"ADDED\",\"object\":%s}\n"
                        "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{"
                        "\"resourceVersion\":\"%.*s\",\"annotations\":{"
                        "\"k8s.io/initial-events-end\":\"true\"}}}}\n",
                        object, (int)strcspn(version, "\""), version);

    assert_in_range(size, 1, sizeof(text) - 1);
    api_chunk(q, text, (size_t)size);
}

static int is_wide_of_slices(const struct api_request *q)
{
    return is_wide(q) && strstr(q->line, ASKS_SLICES) != NULL;
}

/* The narrow list of Service s1 and the wide one of slices wait. */
static void hold_two(void *arg, const struct api_request *q)
{
    (void)arg;
    if (strstr(q->line, "metadata.name=s1") == NULL && !is_wide_of_slices(q))
        api_world_serve(run.world, q);
}

static const struct api_rule two_are_held = {
    .text = "GET ", .deed = API_CALLS, .script = hold_two};

static struct api_request first_of(int (*is_it)(const struct api_request *q))
{
    struct api_request q;
    unsigned i = 0;

    do
        api_server_get(run.server, "", i++, &q);
    while (!is_it(&q));
    return q;
}

static int has_failed(struct api_run *r)
{
    return api_run_stats(r).api_failures > 0;
}

/* Opens five, so that a wide pair begins; waits for all but the two. */
static void begin_with_two_held(struct api_request *ret_narrow)
{
    char name[16];

    api_world_rule(run.world, &two_are_held);
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof(name), "s%d:80", i);
        s[i] = api_run_service(&run, name);
    }
    api_run_watches(&run, 8);
    api_run_asked(&run, "metadata.name=s1", 1);
    api_world_no_rules(run.world);
    api_server_get(run.server, "metadata.name=s1", 0, ret_narrow);
}

static void let_the_wide_pair_come(void)
{
    const struct api_request q = first_of(is_wide_of_slices);

    api_world_serve(run.world, &q);
    api_run_watches(&run, 2);
}

/* A narrow list that fails takes nothing with it that the wide one brought. */
static void a_narrow_list_that_fails_late(void **state)
{
    struct api_request narrow;

    (void)state;
    begin_with_two_held(&narrow);
    api_answer(&narrow, 429, "Retry-After: 120\r\n", "");
    api_run_until(&run, has_failed);
    let_the_wide_pair_come();
    api_run_expect(&run, s[1], "10.0.0.2:8080");
    assert_live(0, 5, 9);
}

static int has_no_service(struct api_run *r)
{
    return strcmp(api_run_text(r, s[1]), "SVC_ENOSERVICE") == 0;
}

/* One that comes late, and is older than the wide one, brings nothing back that
 * was deleted in between. */
static void a_narrow_list_that_is_late(void **state)
{
    char *text = api_world_text(run.world, API_SERVICES, "dev/s1");
    struct api_request narrow;

    (void)state;
    api_world_delete(run.world, API_SERVICES, "dev/s1");
    begin_with_two_held(&narrow);
    api_begin(&narrow);
    api_late(&narrow, text);
    free(text);
    api_run_pass(&run, 50);
    let_the_wide_pair_come();
    api_run_until(&run, has_no_service);
}

/* ---- rights -------------------------------------------------------------- */

static void deny_wide(void *arg, const struct api_request *q)
{
    (void)arg;
    if (is_wide(q))
        api_answer(q, 403, "", API_STATUS(403, "Forbidden", "by name only"));
    else
        api_world_serve(run.world, q);
}

static const struct api_rule by_name_only = {
    .text = "GET ", .deed = API_CALLS, .script = deny_wide};

/* A Role with resourceNames allows the narrow ones only: they stay, and nobody
 * is in trouble. */
static void a_wide_pair_that_is_not_allowed(void **state)
{
    unsigned wide;

    (void)state;
    api_world_rule(run.world, &by_name_only);
    open_some(0, 6);
    api_run_watches(&run, 12);
    assert_live(0, 6, 5);
    for (int i = 0; i < 6; i++)
        assert_int_equal(svc_service_status(s[i], NULL), 0);
    for (int i = 0; i < 60; i++) { /* soon at first, then after minutes */
        skip_ms(1000);
        api_run_pass(&run, 2);
    }
    wide = count_wide();
    assert_in_range(wide, 4, 30);
    skip_ms(120000);
    api_run_pass(&run, 20);
    assert_int_equal(count_wide(), wide);
}

/* One that was allowed, and is no more: back to the narrow ones. */
static void a_wide_pair_that_is_no_longer_allowed(void **state)
{
    (void)state;
    open_some(0, 5);
    api_run_watches(&run, 2);
    for (int i = 0; i < 5; i++)
        picker_start(&picker[i], s[i]);
    api_world_rule(run.world, &by_name_only);
    skip_ms(60000);
    api_world_end_watches(run.world);
    api_run_watches(&run, 10);
    assert_live(0, 5, 6);
    for (int i = 0; i < 5; i++)
        picker_stop(&picker[i]);
}

/* ---- idle ---------------------------------------------------------------- */

static int has_one_service(struct api_run *r)
{
    return api_run_stats(r).objects_services == 1;
}

static void what_nobody_wants_is_let_go(void **state)
{
    (void)state;
    open_some(0, 2);
    api_run_watches(&run, 4);
    svc_service_free(s[0]);
    s[0] = NULL;
    api_run_pass(&run, 5); /* it is told */
    skip_ms(290000);
    api_run_pass(&run, 20);
    assert_int_equal(api_run_stats(&run).objects_services, 2);
    skip_ms(20000);
    api_run_watches(&run, 2);
    api_run_until(&run, has_one_service);
    assert_live(1, 2, 7);
}

/* Who comes back before that finds it there. */
static void who_comes_back_soon_asks_nothing(void **state)
{
    unsigned asked;

    (void)state;
    open_one(0);
    api_run_watches(&run, 2);
    asked = api_server_count(run.server);
    svc_service_free(s[0]);
    api_run_pass(&run, 5);
    skip_ms(100000);
    open_one(0);
    skip_ms(290000);
    api_run_pass(&run, 20);
    assert_live(0, 1, 8);
    /* But for the watches that were cut for their silence. */
    assert_true(api_server_count(run.server) <= asked + 4);
    assert_int_equal(api_server_asked(run.server, ASKS_WATCH_LIST), 2);
}

static int is_empty(struct api_run *r)
{
    const svc_stats stats = api_run_stats(r);

    return stats.objects_services == 0 && stats.objects_slices == 0;
}

/* The wide pair ends with the last of its Services. */
static void a_whole_namespace_is_let_go(void **state)
{
    (void)state;
    open_some(0, 6);
    api_run_watches(&run, 2);
    for (int i = 0; i < 6; i++) {
        svc_service_free(s[i]);
        s[i] = NULL;
    }
    api_run_pass(&run, 5);
    skip_ms(310000);
    api_run_until(&run, is_empty);
    api_run_watches(&run, 0);
    open_one(0);
    api_run_watches(&run, 2);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(four_are_watched_one_by_one),
        row(a_fifth_makes_one_wide_pair),
        row(a_newcomer_under_the_wide_pair),
        row(a_namespace_is_for_itself),
        row(two_ports_are_one_watch),
        row(a_narrow_list_that_fails_late),
        row(a_narrow_list_that_is_late),
        row(a_wide_pair_that_is_not_allowed),
        row(a_wide_pair_that_is_no_longer_allowed),
        row(what_nobody_wants_is_let_go),
        row(who_comes_back_soon_asks_nothing),
        row(a_whole_namespace_is_let_go),
    };

    return cmocka_run_group_tests_name("api plan", tests, NULL, NULL);
}
