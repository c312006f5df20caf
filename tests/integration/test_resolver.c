/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public functions on a manifest in memory, with the library's own thread
 * and with a loop of the caller's: resolve, pick, wait, explain, stats.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *usual(void)
{
    return world_join(world_service("web", "10.0.0.1 10.0.0.2 10.0.0.3"),
                      world_service("idle", "10.0.1.1! 10.0.1.2!"),
                      world_service("empty", ""), NULL);
}

static int64_t clock_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- asking once ------------------------------------------------------- */

static void resolve_all(svc_resolver *r)
{
    static const char *const names[] = {"web:80",
                                        "web:http",
                                        "WEB.dev:http",
                                        "web.dev.svc:80",
                                        "_http._tcp.web",
                                        "_http._tcp.web.dev.svc.cluster.local.",
                                        "svc:///web:http",
                                        "web.dev.svc.cluster.local",
                                        "web"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
        svc_endpoint_info ep = SVC_ENDPOINT_INFO_INIT;
        svc_endpoints *eps = NULL;
        svc_error error;

        if (svc_resolver_resolve(r, names[i], NULL, WORLD_MS, &eps, &error))
            fail_msg("%s", error.message);
        assert_string_equal(world_text(eps), "10.0.0.1 10.0.0.2 10.0.0.3");
        assert_int_equal(svc_endpoint_describe(svc_endpoints_at(eps, 0), &ep),
                         0);
        assert_int_equal(ep.port, 8080);
        assert_int_equal(svc_endpoints_describe(eps, &info), 0);
        assert_string_equal(info.canonical, "web.dev.svc.cluster.local");
        assert_string_equal(info.source, "file");
        assert_int_equal(info.generation, 1);
        svc_endpoints_unref(eps);
    }
}

static void test_every_name_is_resolved(void **state)
{
    char *manifest = usual();

    (void)state;
    for (int i = 0; i < 2; i++) {
        svc_resolver *r = world_memory(manifest, i);

        resolve_all(r);
        svc_resolver_free(r);
    }
    free(manifest);
}

static void test_answers_are_errors_of_resolve(void **state)
{
    static const struct {
        const char *name;
        int code;
        const char *says;
    } rows[] = {{"nobody:80", SVC_ENOSERVICE, "nobody"},
                {"web.other:80", SVC_ENOSERVICE, "other"},
                {"web:81", SVC_ENOPORT, "81"},
                {"web:grpc", SVC_ENOPORT, "grpc"},
                {"web:80?proto=udp", SVC_ENOPORT, "web"},
                {"idle:80", SVC_ENOENDPOINTS, "idle"},
                {"empty:80", SVC_ENOENDPOINTS, "empty"},
                {"web:80?view=lb", SVC_ENOTSUP, "web"},
                {"web..dev", SVC_ENAME, "web..dev"}};
    char *manifest = usual();

    (void)state;
    for (int i = 0; i < 2; i++) {
        svc_resolver *r = world_memory(manifest, i);

        for (size_t j = 0; j < sizeof(rows) / sizeof(rows[0]); j++) {
            svc_endpoints *eps = NULL;
            svc_error error = {0};

            assert_int_equal(svc_resolver_resolve(r, rows[j].name, NULL,
                                                  WORLD_MS, &eps, &error),
                             rows[j].code);
            assert_int_equal(error.code, rows[j].code);
            if (strstr(error.message, rows[j].says) == NULL)
                fail_msg("no \"%s\" in: %s", rows[j].says, error.message);
            assert_null(eps);
            assert_int_equal(svc_resolver_resolve(r, rows[j].name, NULL,
                                                  WORLD_MS, &eps, NULL),
                             rows[j].code);
        }
        svc_resolver_free(r);
    }
    free(manifest);
}

/* ---- picks ------------------------------------------------------------- */

/* Round robin: each as often as the others, whatever the number of sets. */
static void test_picks_are_even(void **state)
{
    char *manifest = usual();
    svc_resolver *r = world_memory(manifest, 0);
    svc_service *s = world_open(r, "web:80", 0);
    int counts[4] = {0};

    (void)state;
    for (int i = 0; i < 300; i++) {
        svc_pick pick;
        struct sockaddr_in in;

        assert_int_equal(svc_service_pick(s, NULL, &pick), 0);
        assert_int_equal(pick.sockaddr_size, sizeof(in));
        memcpy(&in, svc_pick_sockaddr(&pick), sizeof(in));
        assert_int_equal(ntohs(in.sin_port), 8080);
        assert_in_range(ntohl(in.sin_addr.s_addr), 0x0A000001, 0x0A000003);
        counts[ntohl(in.sin_addr.s_addr) & 3]++;
    }
    for (int i = 1; i <= 3; i++)
        assert_int_equal(counts[i], 100);
    svc_service_free(s);
    svc_resolver_free(r);
    free(manifest);
}

static void test_every_policy_stays_in_the_set(void **state)
{
    static const char *const policies[] = {"rr", "random", "fo"};
    char *manifest = usual();
    svc_resolver *r = world_memory(manifest, 0);
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;

    (void)state;
    o.key = "a key";
    o.key_size = 5;
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        char name[64];
        svc_service *s;

        (void)snprintf(name, sizeof(name), "web:80?policy=%s", policies[i]);
        s = world_open(r, name, 0);
        for (int j = 0; j < 100; j++) {
            svc_pick pick;
            struct sockaddr_in in;

            assert_int_equal(svc_service_pick(s, j % 2 ? &o : NULL, &pick), 0);
            memcpy(&in, svc_pick_sockaddr(&pick), sizeof(in));
            assert_in_range(ntohl(in.sin_addr.s_addr), 0x0A000001, 0x0A000003);
        }
        svc_service_free(s);
    }
    svc_resolver_free(r);
    free(manifest);
}

static void test_picks_that_cannot_be(void **state)
{
    char *manifest = usual();
    svc_resolver *r = world_memory(manifest, 0);
    svc_service *s = world_open(r, "idle:80", SVC_ENOENDPOINTS);
    svc_pick_options o = SVC_PICK_OPTIONS_INIT;
    svc_pick pick = {.generation = 42};

    (void)state;
    assert_int_equal(svc_service_pick(s, NULL, &pick), SVC_ENOENDPOINTS);
    assert_int_equal(svc_service_pick(s, NULL, NULL), SVC_EINVAL);
    assert_int_equal(svc_service_pick(NULL, NULL, &pick), SVC_EINVAL);
    o.key_size = 1;
    assert_int_equal(svc_service_pick(s, &o, &pick), SVC_EINVAL);
    o.size = 0;
    assert_int_equal(svc_service_pick(s, &o, &pick), SVC_EINVAL);
    assert_int_equal(pick.generation, 42);
    svc_service_free(s);
    svc_resolver_free(r);
    free(manifest);
}

/* ---- loops and waiting ------------------------------------------------- */

static void test_a_source_without_manifests(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r = NULL;
    svc_service *s = NULL;
    svc_error error = {0};

    (void)state;
    o.backend = "file";
    assert_int_equal(svc_resolver_new(&o, &r, NULL), 0);
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, &error),
                     SVC_EINVAL);
    assert_non_null(strstr(error.message, "\"web:80\""));
    assert_non_null(strstr(error.message, "files or manifest"));
    assert_null(s);
    svc_resolver_free(r);
}

static void test_who_may_run_the_loop(void **state)
{
    svc_resolver *inner = world_memory("", 0);
    svc_resolver *outer = world_memory("", 1);

    (void)state;
    assert_int_equal(svc_resolver_fd(inner), SVC_ESTATE);
    assert_int_equal(svc_resolver_timeout_ms(inner), SVC_ESTATE);
    assert_int_equal(svc_resolver_dispatch(inner, 0), SVC_ESTATE);
    assert_true(svc_resolver_fd(outer) >= 0);
    assert_int_equal(svc_resolver_timeout_ms(outer), -1);
    assert_int_equal(svc_resolver_dispatch(outer, 0), 0);
    svc_resolver_free(inner);
    svc_resolver_free(outer);
}

/* A source that does not answer: its thread is held inside the log. */
static void hold(void *arg, int level, const char *text)
{
    (void)level;
    (void)text;
    assert_int_equal(sem_wait(arg), 0);
    assert_int_equal(sem_post(arg), 0);
}

static void wait_on_the_held(svc_service *s)
{
    int64_t before_ms = clock_ms();
    svc_error error = {0};
    svc_endpoints *eps = NULL;
    svc_watch *w = NULL;
    svc_pick pick;

    assert_int_equal(svc_service_wait(s, 0, &error), SVC_ETIMEDOUT);
    assert_int_equal(svc_service_wait(s, 40, &error), SVC_ETIMEDOUT);
    assert_in_range(clock_ms() - before_ms, 40, WORLD_MS);
    assert_non_null(strstr(error.message, "\"web:80\": no answer"));
    assert_int_equal(svc_service_status(s, NULL), SVC_EAGAIN);
    assert_int_equal(svc_service_pick(s, NULL, &pick), SVC_EAGAIN);
    assert_null(svc_service_endpoints(s));
    assert_int_equal(svc_watch_new(s, &w), 0);
    assert_int_equal(svc_watch_next(w, 0, &eps, NULL), SVC_EAGAIN);
    assert_int_equal(svc_watch_next(w, 40, &eps, NULL), SVC_EAGAIN);
    assert_in_range(clock_ms() - before_ms, 80, WORLD_MS);
    svc_watch_free(w);
}

static void test_waiting_ends_in_time(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    char *manifest = world_join(usual(), usual(), NULL);
    svc_resolver *r = NULL;
    svc_service *s = NULL;
    sem_t held;

    (void)state;
    assert_int_equal(sem_init(&held, 0, 0), 0);
    o.namespace_ = "dev";
    o.manifest = manifest;
    o.manifest_size = strlen(manifest);
    o.log = hold; /* told of the objects that are there twice */
    o.log_arg = &held;
    assert_int_equal(svc_resolver_new(&o, &r, NULL), 0);
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    wait_on_the_held(s);
    assert_int_equal(sem_post(&held), 0);
    assert_int_equal(svc_service_wait(s, -1, NULL), 0);
    svc_service_free(s);
    svc_resolver_free(r);
    sem_destroy(&held);
    free(manifest);
}

/* With an external loop nothing is asked until somebody dispatches. */
static void test_waiting_dispatches(void **state)
{
    char *manifest = usual();
    svc_resolver *r = world_memory(manifest, 1);
    svc_service *s = NULL;
    svc_stats stats = SVC_STATS_INIT;

    (void)state;
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    assert_int_equal(svc_service_wait(s, 0, NULL), SVC_ETIMEDOUT);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.dispatches, 0);
    assert_int_equal(svc_service_wait(s, -1, NULL), 0);
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    svc_service_free(s);
    svc_resolver_free(r);
    free(manifest);
}

/* ---- explain and stats ------------------------------------------------- */

/* The member of a step, as text. */
static const char *member(struct json_object *step, const char *name)
{
    struct json_object *value = NULL;

    assert_true(json_object_object_get_ex(step, name, &value));
    return json_object_get_string(value);
}

static void explain(svc_resolver *r, const char *name, int code)
{
    static const char words[] = "name source service port slices filter policy";
    svc_service *s = world_open(r, name, code);
    char *json = NULL;
    struct json_object *steps;
    size_t n;

    assert_int_equal(svc_service_explain(s, &json, NULL), 0);
    steps = json_tokener_parse(json);
    assert_true(json_object_is_type(steps, json_type_array));
    n = json_object_array_length(steps);
    assert_true(n >= 3);
    for (size_t i = 0; i < n; i++) {
        struct json_object *step = json_object_array_get_idx(steps, i);
        const char *word = member(step, "step");

        assert_int_equal(json_object_object_length(step), 3);
        assert_non_null(strstr(words, word));
        assert_int_equal(strcmp(word, "name") == 0, i == 0);
        assert_int_equal(strcmp(word, "policy") == 0, i + 1 == n);
        assert_true(strlen(member(step, "text")) > 0);
        assert_true(strtod(member(step, "ms"), NULL) >= 0);
    }
    json_object_put(steps);
    svc_text_free(json);
    svc_service_free(s);
}

static void test_explanations_are_json(void **state)
{
    char *manifest = usual();

    (void)state;
    for (int i = 0; i < 2; i++) {
        svc_resolver *r = world_memory(manifest, i);

        explain(r, "web:80", 0);
        explain(r, "idle:80", SVC_ENOENDPOINTS);
        explain(r, "nobody:80", SVC_ENOSERVICE);
        explain(r, "web:nosuch", SVC_ENOPORT);
        explain(r, "10.0.0.1:80", 0);
        svc_resolver_free(r);
    }
    free(manifest);
}

static void test_statistics(void **state)
{
    char *manifest = usual();
    svc_resolver *r = world_memory(manifest, 1);
    svc_service *s = world_open(r, "web:80", 0);
    svc_stats stats = SVC_STATS_INIT;
    svc_endpoints *eps = NULL;

    (void)state;
    assert_int_equal(
        svc_resolver_resolve(r, "idle:80", NULL, WORLD_MS, &eps, NULL),
        SVC_ENOENDPOINTS);
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.size, sizeof(stats));
    assert_int_equal(stats.services_open, 2); /* one that the resolve keeps */
    assert_int_equal(stats.sources_open, 1);
    assert_int_equal(stats.resolves, 1);
    assert_int_equal(stats.updates, 2);
    assert_int_equal(stats.publishes, 2);
    assert_int_equal(stats.publishes_empty, 1);
    assert_int_equal(stats.endpoints_published, 3);
    assert_int_equal(stats.objects_services, 3);
    assert_int_equal(stats.objects_slices, 3);
    assert_int_equal(stats.troubles, 0);
    assert_true(stats.dispatches > 0);
    svc_service_free(s);
    svc_resolver_free(r);
    free(manifest);
}

static void test_statistics_of_any_size(void **state)
{
    svc_resolver *r = world_memory("", 1);
    struct {
        svc_stats stats;
        char more[8];
    } longer = {SVC_STATS_INIT, "xxxxxxx"};
    svc_stats shorter = {.size = offsetof(svc_stats, watches_open),
                         .services_open = 42,
                         .watches_open = 43};

    (void)state;
    longer.stats.size = sizeof(longer);
    assert_int_equal(svc_resolver_stats(r, &longer.stats), 0);
    assert_int_equal(longer.stats.size, sizeof(longer));
    for (size_t i = 0; i < sizeof(longer.more); i++)
        assert_int_equal(longer.more[i], 0);
    assert_int_equal(svc_resolver_stats(r, &shorter), 0);
    assert_int_equal(shorter.services_open, 0);
    assert_int_equal(shorter.watches_open, 43);
    shorter.size = 0;
    assert_int_equal(svc_resolver_stats(r, &shorter), SVC_EINVAL);
    shorter.size = SIZE_MAX / 2; /* never initialised */
    assert_int_equal(svc_resolver_stats(r, &shorter), SVC_EINVAL);
    assert_int_equal(svc_resolver_stats(r, NULL), SVC_EINVAL);
    assert_int_equal(svc_resolver_stats(NULL, &shorter), SVC_EINVAL);
    svc_resolver_free(r);
}

/* ---- arguments --------------------------------------------------------- */

static void test_nothing_is_said_to_be_missing(void **state)
{
    svc_resolver *r = world_memory("", 0);
    svc_service *s = world_open(r, "web:80", SVC_ENOSERVICE);
    svc_service *none = NULL;
    svc_endpoints *eps = NULL;
    svc_error error = {0};
    char *json = NULL;

    (void)state;
    assert_int_equal(svc_resolver_new(NULL, NULL, &error), SVC_EINVAL);
    assert_int_equal(svc_resolver_resolve(NULL, "a", NULL, 0, &eps, &error),
                     SVC_EINVAL);
    assert_int_equal(svc_resolver_resolve(r, NULL, NULL, 0, &eps, &error),
                     SVC_EINVAL);
    assert_int_equal(svc_resolver_resolve(r, "a", NULL, 0, NULL, &error),
                     SVC_EINVAL);
    assert_int_equal(svc_resolver_fd(NULL), SVC_EINVAL);
    assert_int_equal(svc_resolver_timeout_ms(NULL), SVC_EINVAL);
    assert_int_equal(svc_resolver_dispatch(NULL, 0), SVC_EINVAL);
    assert_int_equal(svc_service_new(NULL, "a", NULL, &none, &error),
                     SVC_EINVAL);
    assert_int_equal(svc_service_new(r, NULL, NULL, &none, &error), SVC_EINVAL);
    assert_int_equal(svc_service_new(r, "a", NULL, NULL, &error), SVC_EINVAL);
    assert_int_equal(svc_service_wait(NULL, 0, &error), SVC_EINVAL);
    assert_int_equal(svc_service_status(NULL, &error), SVC_EINVAL);
    assert_int_equal(svc_service_explain(NULL, &json, &error), SVC_EINVAL);
    assert_int_equal(svc_service_explain(s, NULL, &error), SVC_EINVAL);
    assert_string_equal(error.message, "a required argument is NULL");
    assert_null(svc_service_endpoints(NULL));
    assert_true(none == NULL && eps == NULL && json == NULL);
    svc_service_free(s);
    svc_service_free(NULL);
    svc_resolver_free(r);
    svc_resolver_free(NULL);
}

/* A set that outlived its service grows old, without being called stale. */
static void test_left_sets_grow_old(void **state)
{
    char *manifest = world_service("web", "10.0.0.1");
    svc_resolver *r = world_memory(manifest, 1);
    svc_service *s = world_open(r, "web.dev", 0);
    svc_endpoints *eps = svc_service_endpoints(s);

    (void)state;
    free(manifest);
    assert_int_equal(svc_endpoints_age_ms(eps), 0);
    svc_service_free(s);
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    for (int i = 0; i < WORLD_MS && svc_endpoints_age_ms(eps) == 0; i++)
        (void)poll(NULL, 0, 1);
    assert_true(svc_endpoints_age_ms(eps) > 0);
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    svc_endpoints_unref(eps);
    svc_resolver_free(r);
}

/* The age begins when the resolver goes, however long nobody dispatched. */
static void test_age_begins_at_the_end(void **state)
{
    char *manifest = world_service("web", "10.0.0.1");
    svc_resolver *r = world_memory(manifest, 1);
    svc_service *s = world_open(r, "web.dev", 0);
    svc_endpoints *eps = svc_service_endpoints(s);

    (void)state;
    free(manifest);
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    (void)poll(NULL, 0, 1500);
    svc_resolver_free(r);
    assert_in_range(svc_endpoints_age_ms(eps), 0, 1000);
    svc_endpoints_unref(eps);
    svc_service_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_is_resolved),
        cmocka_unit_test(test_answers_are_errors_of_resolve),
        cmocka_unit_test(test_picks_are_even),
        cmocka_unit_test(test_every_policy_stays_in_the_set),
        cmocka_unit_test(test_picks_that_cannot_be),
        cmocka_unit_test(test_a_source_without_manifests),
        cmocka_unit_test(test_who_may_run_the_loop),
        cmocka_unit_test(test_waiting_ends_in_time),
        cmocka_unit_test(test_waiting_dispatches),
        cmocka_unit_test(test_explanations_are_json),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_statistics_of_any_size),
        cmocka_unit_test(test_nothing_is_said_to_be_missing),
        cmocka_unit_test(test_left_sets_grow_old),
        cmocka_unit_test(test_age_begins_at_the_end),
    };

    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
