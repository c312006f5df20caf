/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services that follow their files: sets, trouble and staleness as a watch
 * tells them, names with files of their own, and a plain poll loop.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "world.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t clock_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void write_web(const struct scratch *dir, const char *addresses)
{
    char *text = world_service("web", addresses);

    scratch_replace(dir, "web.yaml", text);
    free(text);
}

static void follow(const struct scratch *dir, int external_loop)
{
    svc_resolver *r;
    svc_service *s;
    svc_watch *w = NULL;
    svc_error error = {0};

    write_web(dir, "10.0.0.1 10.0.0.2");
    r = world_file(scratch_path(dir, "web.yaml"), external_loop);
    s = world_open(r, "web:80", 0);
    assert_int_equal(svc_watch_new(s, &w), 0);
    world_expect(w, "10.0.0.1 10.0.0.2");
    write_web(dir, "10.0.0.2 10.0.0.3");
    world_expect(w, "10.0.0.2 10.0.0.3");
    write_web(dir, "10.0.0.2!");
    world_expect(w, "");
    assert_int_equal(svc_service_wait(s, 0, NULL), SVC_ENOENDPOINTS);
    write_web(dir, "10.0.0.4");
    world_expect(w, "10.0.0.4");
    /* Broken text empties nothing. */
    scratch_replace(dir, "web.yaml", "kind: [Service\n");
    world_expect_trouble(w, SVC_EFILE, &error);
    assert_non_null(strstr(error.message, "web"));
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    assert_int_equal(svc_service_status(s, NULL), SVC_EFILE);
    write_web(dir, "10.0.0.4");
    world_expect(w, "10.0.0.4");
    assert_int_equal(svc_service_status(s, NULL), 0);
    svc_watch_free(w);
    svc_service_free(s);
    svc_resolver_free(r);
}

static void test_a_file_is_followed(void **state)
{
    struct scratch dir;

    (void)state;
    scratch_make(&dir);
    for (int i = 0; i < 2; i++)
        follow(&dir, i);
    scratch_remove(&dir);
}

static void test_staleness_of_a_broken_file(void **state)
{
    struct scratch dir;
    svc_resolver *r;
    svc_service *s;
    svc_endpoints *eps;
    svc_watch *w = NULL;
    svc_error error;

    (void)state;
    scratch_make(&dir);
    write_web(&dir, "10.0.0.1");
    r = world_file(scratch_path(&dir, "web.yaml"), 0);
    s = world_open(r, "web:80", 0);
    eps = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    assert_int_equal(svc_endpoints_age_ms(eps), 0);
    assert_int_equal(svc_watch_new(s, &w), 0);
    scratch_replace(&dir, "web.yaml", "]");
    world_expect_trouble(w, SVC_EFILE, &error);
    /* The age is true before the news comes. */
    assert_int_equal(svc_endpoints_is_stale(eps), 1);
    write_web(&dir, "10.0.0.2");
    world_expect(w, "10.0.0.2");
    svc_watch_free(w);
    svc_service_free(s);
    svc_resolver_free(r);
    svc_endpoints_unref(eps);
    scratch_remove(&dir);
}

/* A file that is not there yet: trouble that says so, then its content. */
static void test_a_file_may_come_later(void **state)
{
    struct scratch dir;
    svc_resolver *r;
    svc_service *s = NULL;
    svc_watch *w = NULL;
    svc_error error = {0};

    (void)state;
    scratch_make(&dir);
    r = world_file(scratch_path(&dir, "web.yaml"), 0);
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    assert_int_equal(svc_service_wait(s, -1, &error), SVC_EFILE);
    assert_non_null(strstr(error.message, "web.yaml"));
    assert_null(svc_service_endpoints(s));
    assert_int_equal(svc_watch_new(s, &w), 0);
    write_web(&dir, "10.0.0.1");
    world_expect(w, "10.0.0.1");
    svc_watch_free(w);
    svc_service_free(s);
    svc_resolver_free(r);
    scratch_remove(&dir);
}

/* A file:// name reads its own path; its source goes with the last of them. */
static void test_names_with_files_of_their_own(void **state)
{
    svc_stats stats = SVC_STATS_INIT;
    struct scratch dir;
    svc_resolver *r = NULL;
    svc_service *s[2];
    char name[128];

    (void)state;
    scratch_make(&dir);
    write_web(&dir, "10.0.0.1");
    (void)snprintf(name, sizeof(name), "file://%s#web.dev:80",
                   scratch_path(&dir, "web.yaml"));
    assert_int_equal(svc_resolver_new(NULL, &r, NULL), 0);
    for (int i = 0; i < 2; i++)
        s[i] = world_open(r, name, 0);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.sources_open, 1);
    assert_int_equal(stats.objects_services, 1);
    for (int i = 0; i < 2; i++)
        svc_service_free(s[i]);
    for (int64_t end_ms = clock_ms() + WORLD_MS;
         stats.sources_open + stats.services_open > 0 && clock_ms() < end_ms;)
        assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.sources_open, 0);
    assert_int_equal(stats.services_open, 0);
    assert_int_equal(stats.objects_services, 0);
    assert_int_equal(stats.files_read, 1);
    svc_resolver_free(r);
    scratch_remove(&dir);
}

/* Two paths are two sources, whatever the names in them. */
static void test_each_file_answers_for_itself(void **state)
{
    struct scratch dir;
    svc_resolver *r = NULL;
    svc_stats stats = SVC_STATS_INIT;
    char *text = world_service("web", "10.0.0.2");
    char name[128];

    (void)state;
    scratch_make(&dir);
    write_web(&dir, "10.0.0.1");
    scratch_write(&dir, "other.yaml", text);
    assert_int_equal(svc_resolver_new(NULL, &r, NULL), 0);
    for (int i = 0; i < 4; i++) {
        svc_endpoints *eps = NULL;

        (void)snprintf(
            name, sizeof(name), "file://%s#web.dev:80",
            scratch_path(&dir, i % 2 == 0 ? "web.yaml" : "other.yaml"));
        assert_int_equal(
            svc_resolver_resolve(r, name, NULL, WORLD_MS, &eps, NULL), 0);
        assert_string_equal(world_text(eps),
                            i % 2 == 0 ? "10.0.0.1" : "10.0.0.2");
        svc_endpoints_unref(eps);
    }
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.resolves, 4);
    svc_resolver_free(r);
    free(text);
    scratch_remove(&dir);
}

static const char oddities[] =
    "{kind: ConfigMap, apiVersion: v1, metadata: {name: x, namespace: dev}}\n"
    "---\n"
    "{kind: Service, apiVersion: v1, metadata: {name: bad, namespace: dev},"
    " spec: {ports: [{port: 99999}]}}\n"
    "---\n"
    "{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: {name: f,"
    " namespace: dev, labels: {kubernetes.io/service-name: web}},"
    " addressType: FQDN, endpoints: [{addresses: [www.example.com]}]}\n"
    "---\n"
    "{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: {name: g,"
    " namespace: dev, labels: {kubernetes.io/service-name: web}},"
    " addressType: IPv4, ports: [{name: http, port: 8080}],"
    " endpoints: [{addresses: [127.0.0.1]}, {addresses: [10.0.0.1]}]}\n"
    "---\n"
    "{kind: Node, apiVersion: v1, metadata: {name: node-a}}\n";

/* Everything that was met on the way is counted, and counters stay when the
 * source goes, while gauges go with it. */
static void expect_oddities(const svc_stats *stats, uint64_t is_open)
{
    assert_int_equal(stats->files_read, 3); /* the broken one too */
    assert_int_equal(stats->files_refused, 1);
    assert_true(stats->bytes_read > sizeof(oddities));
    assert_int_equal(stats->objects_ignored, 1);
    assert_int_equal(stats->objects_refused, 1);
    assert_int_equal(stats->objects_services, is_open);
    assert_int_equal(stats->objects_slices, 3 * is_open);
    assert_int_equal(stats->objects_nodes, is_open);
    assert_int_equal(stats->slices_fqdn, is_open);
    assert_int_equal(stats->addresses_refused, 1);
    assert_int_equal(stats->endpoints_duplicate, 1);
    assert_int_equal(stats->endpoints_published, 1);
}

static void test_oddities_are_counted(void **state)
{
    svc_stats stats = SVC_STATS_INIT;
    struct scratch dir;
    svc_resolver *r = NULL;
    svc_service *s;
    char name[128];

    (void)state;
    scratch_make(&dir);
    write_web(&dir, "10.0.0.1");
    scratch_write(&dir, "odd.yaml", oddities);
    scratch_write(&dir, "broken.json", "{");
    (void)snprintf(name, sizeof(name), "file://%s#web.dev:80", dir.path);
    assert_int_equal(svc_resolver_new(NULL, &r, NULL), 0);
    s = world_open(r, name, 0);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    expect_oddities(&stats, 1);
    svc_service_free(s);
    for (int64_t end_ms = clock_ms() + WORLD_MS;
         stats.sources_open > 0 && clock_ms() < end_ms;)
        assert_int_equal(svc_resolver_stats(r, &stats), 0);
    expect_oddities(&stats, 0);
    svc_resolver_free(r);
    scratch_remove(&dir);
}

static void test_names_that_contradict_the_options(void **state)
{
    struct scratch dir;
    svc_resolver *r;
    svc_service *s = NULL;
    svc_error error = {0};
    char name[128];

    (void)state;
    scratch_make(&dir);
    write_web(&dir, "10.0.0.1");
    r = world_file(scratch_path(&dir, "web.yaml"), 0);
    (void)snprintf(name, sizeof(name), "file://%s#web.dev:80",
                   scratch_path(&dir, "web.yaml"));
    svc_service_free(world_open(r, name, 0));
    assert_int_equal(
        svc_service_new(r, "file:///else.yaml#web:80", NULL, &s, &error),
        SVC_EINVAL);
    assert_non_null(strstr(error.message, "the options gave others"));
    svc_resolver_free(r);
    r = world_memory("", 0);
    assert_int_equal(svc_service_new(r, name, NULL, &s, &error), SVC_EINVAL);
    assert_int_equal(
        svc_service_new(r, "kubernetes:///web.dev:80", NULL, &s, &error),
        SVC_EINVAL);
    assert_null(s);
    svc_resolver_free(r);
    scratch_remove(&dir);
}

/* ---- a loop of the caller's -------------------------------------------- */

/* One turn of a plain poll loop over the resolver and a watch. Returns what
 * svc_watch_next gave when the watch was readable, else SVC_EAGAIN. */
static int turn(svc_resolver *r, svc_watch *w, svc_endpoints **ret)
{
    struct pollfd fds[2] = {{.fd = svc_resolver_fd(r), .events = POLLIN},
                            {.fd = svc_watch_fd(w), .events = POLLIN}};
    int timeout_ms = svc_resolver_timeout_ms(r);

    if (timeout_ms < 0 || timeout_ms > WORLD_MS)
        timeout_ms = WORLD_MS;
    assert_true(poll(fds, 2, timeout_ms) >= 0);
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    return fds[1].revents == 0 ? SVC_EAGAIN : svc_watch_next(w, 0, ret, NULL);
}

static void turn_until(svc_resolver *r, svc_watch *w, const char *addresses)
{
    int64_t deadline_ms = clock_ms() + WORLD_MS;

    while (clock_ms() < deadline_ms) {
        svc_endpoints *eps = NULL;
        int found =
            turn(r, w, &eps) == 0 && strcmp(world_text(eps), addresses) == 0;

        svc_endpoints_unref(eps);
        if (found)
            return;
    }
    fail_msg("waited for \"%s\"", addresses);
}

static void test_a_plain_poll_loop(void **state)
{
    struct scratch dir;
    svc_resolver *r;
    svc_service *s = NULL;
    svc_watch *w = NULL;

    (void)state;
    scratch_make(&dir);
    write_web(&dir, "10.0.0.1");
    r = world_file(scratch_path(&dir, "web.yaml"), 1);
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    assert_int_equal(svc_watch_new(s, &w), 0);
    turn_until(r, w, "10.0.0.1");
    write_web(&dir, "10.0.0.2");
    turn_until(r, w, "10.0.0.2");
    write_web(&dir, "10.0.0.3 10.0.0.4");
    turn_until(r, w, "10.0.0.3 10.0.0.4");
    svc_watch_free(w);
    svc_service_free(s);
    svc_resolver_free(r);
    scratch_remove(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_followed),
        cmocka_unit_test(test_staleness_of_a_broken_file),
        cmocka_unit_test(test_a_file_may_come_later),
        cmocka_unit_test(test_names_with_files_of_their_own),
        cmocka_unit_test(test_each_file_answers_for_itself),
        cmocka_unit_test(test_oddities_are_counted),
        cmocka_unit_test(test_names_that_contradict_the_options),
        cmocka_unit_test(test_a_plain_poll_loop),
    };

    return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
