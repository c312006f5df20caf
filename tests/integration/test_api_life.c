/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything may end at any moment, with whatever the API server does just
 * then; nothing makes a thread; a child of fork only frees (faults P7, P11,
 * A16). Best run with sanitizers.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "proc_self.h"
#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVICES 8

static struct api_run run;
static uint32_t seed;

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    api_run_close(&run);
    return 0;
}

static unsigned below(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* ---- the end of a resolver ----------------------------------------------- */

static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                           "\r\n";

/* So much of a response, and then nothing. */
static void say_part(void *arg, const struct api_request *q)
{
    const char *text = arg;

    api_print(q, "%s", text);
}

static const struct {
    const char *name;
    enum api_deed deed;
    const char *part;
} moments[] = {
    {"silence", API_SILENT, NULL},
    {"half a head", API_CALLS, "HTTP/1.1 200 O"},
    {"a head", API_CALLS, head},
    {"half a chunk", API_CALLS,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n{\"type\":"},
    {"a pause after 503", API_ANSWERS, NULL},
    {"a cut", API_HANGS_UP_HARD, NULL},
};

/* Frees it with all that is out; then the services, which are closed. */
static void end_now(svc_service *s[], size_t count)
{
    const int64_t began_ms = api_server_clock_ms();
    svc_pick pick;

    svc_resolver_free(run.r);
    run.r = NULL;
    assert_true(api_server_clock_ms() - began_ms < 1000);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(svc_service_pick(s[i], NULL, &pick), SVC_ECLOSED);
        svc_service_free(s[i]);
    }
}

static void open_all(svc_service *s[SERVICES])
{
    for (unsigned i = 0; i < SERVICES; i++) {
        char name[16];

        snprintf(name, sizeof(name), "s%u:80", i);
        s[i] = api_run_service(&run, name);
    }
}

static void a_resolver_ends_at_any_moment(void **state)
{
    svc_service *s[SERVICES];

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(moments) / sizeof(moments[0]); i++) {
        const struct api_rule rule = {
            .text = "watch=1",
            .deed = moments[i / 2].deed,
            .status = 503,
            .script = say_part,
            .arg = (void *)(uintptr_t)moments[i / 2].part};

        run.options.external_loop = i % 2 == 0;
        api_world_no_rules(run.world);
        api_world_rule(run.world, &rule);
        api_run_start(&run);
        open_all(s);
        api_run_asked(&run, "watch=1",
                      api_server_asked(run.server, "watch=1") + 8);
        end_now(s, SERVICES);
    }
}

/* Before anything was sent, while nobody listens, and when all is well. */
static void a_resolver_ends_without_trouble(void **state)
{
    svc_service *s[SERVICES];

    (void)state;
    api_run_start(&run);
    open_all(s);
    end_now(s, SERVICES);
    api_run_start(&run);
    open_all(s);
    api_run_expect(&run, s[SERVICES - 1], "SVC_ENOSERVICE");
    end_now(s, SERVICES);
    api_server_refuse(run.server, 1);
    api_run_start(&run);
    open_all(s);
    (void)api_run_trouble(&run, s[0], SVC_EUNREACH, NULL);
    end_now(s, SERVICES);
}

/* Somebody waits in another thread meanwhile. */
static void *wait_for_it(void *arg)
{
    world_check(svc_service_wait(arg, -1, NULL) == SVC_ECLOSED);
    return NULL;
}

static void a_resolver_ends_while_somebody_waits(void **state)
{
    const struct api_rule rule = {.text = "watch=1", .deed = API_SILENT};
    pthread_t thread;
    svc_service *s;

    (void)state;
    run.options.external_loop = 0;
    api_world_rule(run.world, &rule);
    api_run_start(&run);
    s = api_run_service(&run, "web:80");
    assert_int_equal(pthread_create(&thread, NULL, wait_for_it, s), 0);
    api_run_asked(&run, "watch=1", 2);
    end_now(&s, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    svc_service_free(s);
}

/* ---- the end of services ------------------------------------------------- */

/* A server in a bad mood. */
static void play_moods(void *arg, const struct api_request *q)
{
    (void)arg;
    switch ((q->number * 2654435761u >> 8) % 12) {
    case 0:
        api_answer(q, 503, "", "");
        break;
    case 1:
        api_reset(q);
        break;
    case 2:
        api_limit(q, q->number % 900);
        api_world_serve(run.world, q);
        break;
    case 3:
        break;
    case 4:
        api_answer(q, 410, "", API_STATUS(410, "Expired", "old"));
        break;
    case 5:
        api_answer(q, 403, "", API_STATUS(403, "Forbidden", "no"));
        break;
    default:
        api_world_serve(run.world, q);
        break;
    }
}

static void change_something(void)
{
    char name[16];
    char address[32];

    snprintf(name, sizeof(name), "s%u", below(SERVICES));
    snprintf(address, sizeof(address), "10.3.%u.%u", below(200),
             1 + below(200));
    switch (below(8)) {
    case 0:
        api_world_expire(run.world, (int)below(2));
        break;
    case 1:
        api_world_end_watches(run.world);
        break;
    case 2:
        api_server_drop(run.server, (int)below(2));
        break;
    default:
        api_world_pair(run.world, name, address);
        break;
    }
}

static void take_step(svc_service *s[SERVICES])
{
    svc_service **one = &s[below(SERVICES)];
    char name[16];

    switch (below(6)) {
    case 0:
    case 1:
        snprintf(name, sizeof(name), "s%u:80", below(SERVICES));
        if (*one == NULL)
            *one = api_run_service(&run, name);
        break;
    case 2:
        svc_service_free(*one);
        *one = NULL;
        break;
    case 3:
        change_something();
        break;
    default:
        api_run_pass(&run, (int)below(3));
        break;
    }
}

static void services_end_at_any_moment(void **state)
{
    const struct api_rule rule = {
        .text = "", .deed = API_CALLS, .script = play_moods};

    (void)state;
    api_world_rule(run.world, &rule);
    for (uint32_t round = 1; round <= 4; round++) {
        svc_service *s[SERVICES] = {NULL};

        seed = round;
        api_run_start(&run);
        for (int i = 0; i < 1500; i++)
            take_step(s);
        if (round % 2 == 0)
            api_run_stop(&run);
        for (int i = 0; i < SERVICES; i++)
            svc_service_free(s[i]);
        api_run_stop(&run);
    }
}

static void *use(void *arg)
{
    uint32_t mine = (uint32_t)(uintptr_t)arg;

    for (int i = 0; i < 60; i++) {
        svc_endpoints *eps = NULL;
        svc_service *s = NULL;
        char name[32];
        svc_pick pick;

        mine = mine * 1664525u + 1013904223u;
        snprintf(name, sizeof(name), "s%u:80?view=pods", mine >> 8 & 7);
        if (svc_resolver_resolve(run.r, name, NULL, 5, &eps, NULL) == 0)
            svc_endpoints_unref(eps);
        world_check(svc_service_new(run.r, name, NULL, &s, NULL) == 0);
        (void)svc_service_wait(s, (int)(mine >> 16 & 7), NULL);
        (void)svc_service_pick(s, NULL, &pick);
        (void)svc_service_status(s, NULL);
        svc_service_free(s);
    }
    return NULL;
}

static void threads_open_and_close(void **state)
{
    const struct api_rule rule = {
        .text = "", .deed = API_CALLS, .script = play_moods};
    pthread_t thread[4];

    (void)state;
    api_world_rule(run.world, &rule);
    run.options.external_loop = 0;
    api_run_start(&run);
    for (uintptr_t i = 0; i < 4; i++)
        assert_int_equal(
            pthread_create(&thread[i], NULL, use, (void *)(i * 77 + 5)), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
}

/* ---- threads and processes ----------------------------------------------- */

/* The server's own name is looked up by us, not by a thread of curl's. */
static void an_external_loop_makes_no_thread(void **state)
{
    const int threads = proc_self_threads();
    char text[1024];
    svc_service *s;

    (void)state;
    snprintf(text, sizeof(text),
             "{\"current-context\":\"c\",\"clusters\":[{\"name\":\"k\","
             "\"cluster\":{\"server\":\"http://localhost:%u\"}}],\"contexts\":"
             "[{\"name\":\"c\",\"context\":{\"cluster\":\"k\"}}]}",
             (unsigned)api_server_port(run.server));
    scratch_write(&run.dir, "kubeconfig", text);
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    api_server_drop(run.server, 1);
    api_run_asked(&run, ASKS_WATCH, 2);
    assert_int_equal(proc_self_threads(), threads);
    svc_service_free(s);
}

/* The number of the step that failed. */
static int free_in_the_child(svc_service *s, int fds)
{
    svc_pick pick;

    if (svc_service_wait(s, -1, NULL) != SVC_ESTATE)
        return 1;
    if (svc_service_pick(s, NULL, &pick) != SVC_ESTATE)
        return 2;
    svc_service_free(s);
    svc_resolver_free(run.r);
    return proc_self_descriptors() <= fds ? 0 : 3;
}

/* The child says nothing on the connections of its parent, and closes its own
 * descriptors; the parent goes on. */
static void a_child_frees_the_watches_of_its_parent(void **state)
{
    const int fds = proc_self_descriptors();
    int status = -1;
    svc_service *s;
    pid_t pid;

    (void)state;
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        /* The server's ends are the test's, and two may be curl's own. */
        _exit(free_in_the_child(s, fds + 2 + 2));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
    assert_int_equal(api_server_count(run.server), 2);
    svc_service_free(s);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_resolver_ends_at_any_moment),
        row(a_resolver_ends_without_trouble),
        row(a_resolver_ends_while_somebody_waits),
        row(services_end_at_any_moment),
        row(threads_open_and_close),
        row(an_external_loop_makes_no_thread),
        row(a_child_frees_the_watches_of_its_parent),
    };

    return cmocka_run_group_tests_name("api life", tests, NULL, NULL);
}
