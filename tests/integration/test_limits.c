/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the host is short of something: descriptors, threads, stack, quiet
 * signals; and what the library costs a host that is idle (faults P4 to P9,
 * P19).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proc_self.h"
#include "scratch.h"
#include "world.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- descriptors ------------------------------------------------------- */

static struct rlimit old_files;

static void limit_files(rlim_t limit)
{
    struct rlimit few;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old_files), 0);
    few = old_files;
    few.rlim_cur = limit < few.rlim_max ? limit : few.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

static void unlimit_files(void)
{
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old_files), 0);
}

static rlim_t lowest_free(void)
{
    int fd = dup(0);

    assert_true(fd >= 0);
    close(fd);
    return (rlim_t)fd;
}

static void write_web(const struct scratch *dir, const char *addresses)
{
    char *text = world_service("web", addresses);

    scratch_replace(dir, "web.yaml", text);
    free(text);
}

static void follow(const struct scratch *dir)
{
    svc_resolver *r;
    svc_service *s;
    svc_watch *w = NULL;

    write_web(dir, "10.0.0.1");
    r = world_file(scratch_path(dir, "web.yaml"), 0);
    s = world_open(r, "web:80", 0);
    assert_int_equal(svc_watch_new(s, &w), 0);
    assert_true(svc_watch_fd(w) >= 1024);
    write_web(dir, "10.0.0.2");
    world_expect(w, "10.0.0.2");
    svc_watch_free(w);
    svc_service_free(s);
    svc_resolver_free(r);
}

/* Nothing here is select(): numbers above FD_SETSIZE are as good (P5). */
static void test_high_descriptors(void **state)
{
    struct scratch dir;
    int fds[1100];
    int count = 0;

    (void)state;
    limit_files(2000);
    while (count < 1100 && (count == 0 || fds[count - 1] < 1024)) {
        fds[count] = dup(0);
        if (fds[count] < 0)
            break;
        count++;
    }
    scratch_make(&dir);
    if (count > 0 && fds[count - 1] >= 1024)
        follow(&dir);
    scratch_remove(&dir);
    while (count > 0)
        close(fds[--count]);
    unlimit_files();
}

/* Each descriptor that a resolver needs, missing in turn. */
static void test_no_descriptor_for_a_resolver(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    rlim_t limit = lowest_free();
    svc_resolver *r = NULL;
    svc_error error = {0};
    int refused = 0;

    (void)state;
    for (;;) {
        int err;

        limit_files(limit++);
        err = svc_resolver_new(&o, &r, &error);
        unlimit_files();
        if (err == 0)
            break;
        assert_int_equal(err, SVC_ENOMEM);
        assert_int_equal(error.code, SVC_ENOMEM);
        assert_non_null(strstr(error.message, "open files"));
        assert_true(strlen(error.hint) > 0);
        assert_null(r);
        assert_in_range(++refused, 1, 10);
    }
    assert_true(refused > 0);
    svc_resolver_free(r);
}

/* A file that cannot be opened for want of a descriptor: said so, and read as
 * soon as there is one (P4). */
static void test_no_descriptor_for_a_file(void **state)
{
    struct scratch dir;
    svc_resolver *r;
    svc_service *s = NULL;
    svc_error error = {0};

    (void)state;
    scratch_make(&dir);
    write_web(&dir, "10.0.0.1");
    r = world_file(scratch_path(&dir, "web.yaml"), 1);
    limit_files(lowest_free());
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    assert_int_equal(svc_service_wait(s, 50, &error), SVC_ENOMEM);
    assert_non_null(strstr(error.message, "web.yaml"));
    assert_non_null(strstr(error.message, "open files"));
    unlimit_files();
    assert_int_equal(svc_service_wait(s, WORLD_MS, NULL), 0);
    svc_service_free(s);
    svc_resolver_free(r);
    scratch_remove(&dir);
}

static void test_everything_is_given_back(void **state)
{
    char *manifest = world_service("web", "10.0.0.1");
    struct scratch dir;
    int fds = proc_self_descriptors();
    int threads = proc_self_threads();

    (void)state;
    scratch_make(&dir);
    write_web(&dir, "10.0.0.1");
    for (int i = 0; i < 40; i++) {
        svc_resolver *r = i % 2 ? world_memory(manifest, i % 4 == 1)
                                : world_file(scratch_path(&dir, ""), i % 4);
        svc_service *s = world_open(r, "web:80", 0);
        svc_watch *w = NULL;

        assert_int_equal(svc_watch_new(s, &w), 0);
        svc_watch_free(w);
        svc_service_free(s);
        svc_resolver_free(r);
    }
    assert_int_equal(proc_self_descriptors(), fds);
    assert_int_equal(proc_self_threads(), threads);
    scratch_remove(&dir);
    free(manifest);
}

/* ---- threads ----------------------------------------------------------- */

static void test_a_loop_of_the_callers_makes_no_thread(void **state)
{
    char *manifest = world_service("web", "10.0.0.1");
    int threads = proc_self_threads();

    (void)state;
    for (int external = 0; external < 2; external++) {
        svc_resolver *r = world_memory(manifest, external);
        svc_service *s = world_open(r, "web:80", 0);
        char *json = NULL;

        assert_int_equal(svc_service_explain(s, &json, NULL), 0);
        svc_text_free(json);
        assert_int_equal(proc_self_threads(), threads + !external);
        svc_service_free(s);
        svc_resolver_free(r);
        assert_int_equal(proc_self_threads(), threads);
    }
    free(manifest);
}

/* In a child that may have no thread: 0 when the resolver said it well. */
static int refused_thread(void)
{
    const struct rlimit none = {0, 0};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r = NULL;
    svc_error error = {0};

    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 77;
    if (setrlimit(RLIMIT_NPROC, &none) != 0)
        return 77;
    if (svc_resolver_new(&o, &r, &error) != SVC_ENOMEM || r != NULL)
        return 1;
    if (strstr(error.message, "thread") == NULL ||
        strstr(error.hint, "external_loop") == NULL)
        return 2;
    o.external_loop = 1;
    if (svc_resolver_new(&o, &r, &error) != 0)
        return 3;
    svc_resolver_free(r);
    return 0;
}

static void test_no_thread_for_a_resolver(void **state)
{
    int status = -1;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(refused_thread());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Sanitizers put more on a stack than the program does. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_SIZE ((size_t)1024 * 1024)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STACK_SIZE ((size_t)1024 * 1024)
#endif
#endif
#ifndef STACK_SIZE
#define STACK_SIZE ((size_t)64 * 1024)
#endif

static void *use_all(void *arg)
{
    svc_resolver *r = world_memory(arg, 1);
    svc_service *s = world_open(r, "web:80", 0);
    svc_endpoints *eps = svc_service_endpoints(s);
    svc_stats stats = SVC_STATS_INIT;
    svc_watch *w = NULL;
    char *json = NULL;
    svc_pick pick;

    world_check(svc_watch_new(s, &w) == 0);
    world_expect(w, "10.0.0.1");
    world_check(svc_service_explain(s, &json, NULL) == 0);
    world_check(svc_service_pick(s, NULL, &pick) == 0);
    world_check(svc_resolver_stats(r, &stats) == 0);
    svc_text_free(json);
    svc_endpoints_unref(eps);
    svc_watch_free(w);
    svc_service_free(s);
    s = world_open(r, "nobody:80", SVC_ENOSERVICE);
    svc_service_free(s);
    svc_resolver_free(r);
    return NULL;
}

/* A thread of 64 KiB can do all of it, parsing included (P19). */
static void test_a_small_stack_is_enough(void **state)
{
    static const char json[] =
        "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[]}";
    char *yaml = world_service("web", "10.0.0.1");
    pthread_attr_t attr;
    pthread_t thread;

    (void)state;
    yaml = world_join(yaml, strdup(json), NULL);
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, STACK_SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attr, use_all, yaml), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
    free(yaml);
}

/* ---- signals ----------------------------------------------------------- */

static _Atomic int alarms;
static _Atomic int elsewhere;
static pthread_t main_thread;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
    elsewhere += !pthread_equal(pthread_self(), main_thread);
}

static void wait_through_alarms(const char *manifest, int external)
{
    svc_resolver *r = world_memory(manifest, external);
    svc_service *s = world_open(r, "web:80", 0);
    svc_watch *w = NULL;
    svc_endpoints *eps = NULL;
    int64_t before_ms = clock_ms();

    assert_int_equal(svc_watch_new(s, &w), 0);
    world_expect(w, "10.0.0.1");
    assert_int_equal(svc_watch_next(w, 100, &eps, NULL), SVC_EAGAIN);
    assert_in_range(clock_ms() - before_ms, 100, WORLD_MS);
    for (int i = 0; i < 20; i++) {
        char *json = NULL;

        assert_int_equal(svc_service_explain(s, &json, NULL), 0);
        svc_text_free(json);
    }
    svc_watch_free(w);
    svc_service_free(s);
    svc_resolver_free(r);
}

/* A thousand alarms a second: calls go on, deadlines hold, and no handler of
 * the host runs on a thread of the library (P9). */
static void test_a_storm_of_signals(void **state)
{
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_alarm};
    struct sigaction old;
    char *manifest = world_service("web", "10.0.0.1");

    (void)state;
    main_thread = pthread_self();
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (int external = 0; external < 2; external++)
        wait_through_alarms(manifest, external);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    assert_true(alarms > 3);
    assert_int_equal(elsewhere, 0);
    free(manifest);
}

/* ---- quiet ------------------------------------------------------------- */

/* Dispatches of a resolver over 300 ms in which nothing happens. */
static uint64_t rounds_while_idle(svc_resolver *r, svc_watch *w)
{
    svc_stats before = SVC_STATS_INIT;
    svc_stats after = SVC_STATS_INIT;
    struct pollfd poller = {.fd = svc_watch_fd(w), .events = POLLIN};

    assert_int_equal(svc_resolver_stats(r, &before), 0);
    assert_int_equal(poll(&poller, 1, 300), 0);
    assert_int_equal(svc_resolver_stats(r, &after), 0);
    return after.dispatches - before.dispatches;
}

static void test_an_idle_resolver_sleeps(void **state)
{
    struct scratch dir;
    svc_resolver *r;
    svc_service *s;
    svc_watch *w = NULL;
    uint64_t rounds = 2;

    (void)state;
    scratch_make(&dir);
    write_web(&dir, "10.0.0.1");
    r = world_file(scratch_path(&dir, "web.yaml"), 0);
    s = world_open(r, "web:80", 0);
    assert_int_equal(svc_watch_new(s, &w), 0);
    world_expect(w, "10.0.0.1");
    /* A round that had begun may end. Others who make files beside the folder
     * wake it too, so one quiet time is enough: a busy loop has none. */
    for (int i = 0; i < 20 && rounds > 1; i++)
        rounds = rounds_while_idle(r, w);
    assert_in_range(rounds, 0, 1);
    svc_watch_free(w);
    svc_service_free(s);
    svc_resolver_free(r);
    scratch_remove(&dir);
}

/* With a loop of the caller's: nothing to do, for ever. */
static void test_an_idle_loop_asks_for_no_time(void **state)
{
    char *manifest = world_service("web", "10.0.0.1");
    svc_resolver *r = world_memory(manifest, 1);
    svc_service *s = world_open(r, "web:80", 0);
    struct pollfd poller = {.fd = svc_resolver_fd(r), .events = POLLIN};

    (void)state;
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    assert_int_equal(svc_resolver_timeout_ms(r), -1);
    assert_int_equal(poll(&poller, 1, 0), 0);
    svc_service_free(s);
    svc_resolver_free(r);
    free(manifest);
}

/* A text in memory that is broken will not get better: nobody tries again. */
static void test_lasting_trouble_is_left_alone(void **state)
{
    svc_resolver *r = world_memory("kind: [Service", 1);
    svc_service *s = world_open(r, "web:80", SVC_EFILE);

    (void)state;
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    assert_int_equal(svc_resolver_timeout_ms(r), -1);
    assert_int_equal(svc_service_status(s, NULL), SVC_EFILE);
    svc_service_free(s);
    svc_resolver_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_high_descriptors),
        cmocka_unit_test(test_no_descriptor_for_a_resolver),
        cmocka_unit_test(test_no_descriptor_for_a_file),
        cmocka_unit_test(test_everything_is_given_back),
        cmocka_unit_test(test_a_loop_of_the_callers_makes_no_thread),
        cmocka_unit_test(test_no_thread_for_a_resolver),
        cmocka_unit_test(test_a_small_stack_is_enough),
        cmocka_unit_test(test_a_storm_of_signals),
        cmocka_unit_test(test_an_idle_resolver_sleeps),
        cmocka_unit_test(test_an_idle_loop_asks_for_no_time),
        cmocka_unit_test(test_lasting_trouble_is_left_alone),
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
