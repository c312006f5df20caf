/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a child of fork() may do with the objects of its parent: read sets, and
 * free. Everything else is refused, nothing that the parent shares is touched,
 * and no descriptor survives exec (faults P7, P8).
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

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* One of everything, following a file. */
struct things {
    struct scratch dir;
    char path[128];
    svc_resolver *r;
    svc_service *s;
    svc_watch *w;
    svc_endpoints *eps;
    svc_pick pick; /* where a test makes one */
    int fds;       /* open before any of it */
};

static void write_web(const struct things *t, const char *addresses)
{
    char *text = world_service("web", addresses);

    scratch_replace(&t->dir, "web.yaml", text);
    free(text);
}

static void things_make(struct things *t, int external_loop)
{
    t->fds = proc_self_descriptors();
    scratch_make(&t->dir);
    (void)snprintf(t->path, sizeof(t->path), "%s",
                   scratch_path(&t->dir, "web.yaml"));
    write_web(t, "10.0.0.1 10.0.0.2!");
    t->r = world_file(t->path, external_loop);
    t->s = world_open(t->r, "web:80", 0);
    assert_int_equal(svc_watch_new(t->s, &t->w), 0);
    world_expect(t->w, "10.0.0.1");
    t->eps = svc_service_endpoints(t->s);
}

static void things_free(struct things *t)
{
    svc_endpoints_unref(t->eps);
    svc_watch_free(t->w);
    svc_service_free(t->s);
    svc_resolver_free(t->r);
    scratch_remove(&t->dir);
}

/* Runs a part in a child, which tells the number of its step that failed. */
static void in_child(int (*part)(struct things *t), struct things *t)
{
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        _exit(part(t));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The first call that is not refused, counted from 1; 0: all are. */
static int call_everything(struct things *t)
{
    svc_error e = {0};
    svc_stats stats = SVC_STATS_INIT;
    svc_endpoints *eps = NULL;
    svc_service *s = NULL;
    svc_watch *w = NULL;
    svc_pick pick;
    char *json = NULL;
    const int codes[] = {
        svc_resolver_resolve(t->r, "web:80", NULL, -1, &eps, &e),
        svc_resolver_stats(t->r, &stats),
        svc_resolver_stats_text(t->r, "json", &json, &e),
        svc_resolver_fd(t->r),
        svc_resolver_timeout_ms(t->r),
        svc_resolver_dispatch(t->r, -1),
        svc_service_new(t->r, "web:80", NULL, &s, &e),
        svc_service_wait(t->s, -1, &e),
        svc_service_status(t->s, &e),
        svc_service_explain(t->s, &json, &e),
        svc_service_pick(t->s, NULL, &pick),
        svc_service_connect(t->s, NULL, -1, NULL, &e),
        svc_service_weigh(t->s, svc_endpoints_at(t->eps, 0), 2),
        svc_watch_new(t->s, &w),
        svc_watch_fd(t->w),
        svc_watch_next(t->w, -1, &eps, &e)};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] != SVC_ESTATE)
            return (int)i + 1;
    }
    if (svc_service_endpoints(t->s) != NULL || eps != NULL || s != NULL)
        return 50;
    return strstr(e.message, "fork") == NULL ? 51 : 0;
}

static int read_the_set(struct things *t)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
    const svc_endpoint *before;
    const svc_endpoint *after;
    uint64_t cursor = 0;

    if (svc_endpoints_count(t->eps) != 1 || svc_endpoints_total(t->eps) != 2)
        return 1;
    if (strcmp(world_text(t->eps), "10.0.0.1") != 0)
        return 2;
    if (svc_endpoints_describe(t->eps, &info) != 0 ||
        strcmp(info.service, "web") != 0)
        return 3;
    if (!svc_endpoints_diff(NULL, t->eps, &cursor, &before, &after))
        return 4;
    if (svc_endpoints_is_stale(t->eps) || svc_endpoints_age_ms(t->eps) != 0)
        return 5;
    svc_endpoints_unref(svc_endpoints_ref(t->eps));
    return 0;
}

static int free_everything(struct things *t)
{
    svc_endpoints_unref(t->eps);
    svc_watch_free(t->w);
    svc_service_free(t->s);
    svc_resolver_free(t->r);
    return proc_self_descriptors() == t->fds ? 0 : 1;
}

/* A new resolver in the child is as good as any. */
static int begin_anew(struct things *t)
{
    svc_resolver *r = world_file(t->path, 1);
    svc_endpoints *eps = NULL;

    if (svc_resolver_resolve(r, "web:80", NULL, WORLD_MS, &eps, NULL) != 0)
        return 1;
    if (strcmp(world_text(eps), "10.0.0.1") != 0)
        return 2;
    svc_endpoints_unref(eps);
    svc_resolver_free(r);
    return call_everything(t);
}

static int in_a_grandchild(struct things *t)
{
    in_child(call_everything, t);
    return call_everything(t);
}

static void test_a_child_is_refused(void **state)
{
    (void)state;
    for (int external = 0; external < 2; external++) {
        struct things t;

        things_make(&t, external);
        in_child(call_everything, &t);
        in_child(read_the_set, &t);
        in_child(in_a_grandchild, &t);
        in_child(begin_anew, &t);
        things_free(&t);
    }
}

/* Picks of before: they are closed in the child's own memory, and lead to no
 * service of the parent's. */
static int close_picks(struct things *t)
{
    svc_pick next = t->pick;

    svc_pick_done(&t->pick, SVC_OUTCOME_ERROR);
    svc_pick_done(&t->pick, SVC_OUTCOME_ERROR);
    return svc_pick_next(&next, SVC_OUTCOME_CONNECT) == SVC_ECLOSED ? 0 : 1;
}

static void test_a_child_closes_picks(void **state)
{
    svc_pick_options options = SVC_PICK_OPTIONS_INIT;
    svc_stats stats = SVC_STATS_INIT;
    svc_service *s;
    struct things t;

    (void)state;
    things_make(&t, 0);
    s = world_open(t.r, "web:80?track=1", 0);
    options.track = 1;
    assert_int_equal(svc_service_pick(s, &options, &t.pick), 0);
    in_child(close_picks, &t);
    assert_int_equal(svc_pick_next(&t.pick, SVC_OUTCOME_OK), SVC_ENOENDPOINTS);
    assert_int_equal(svc_resolver_stats(t.r, &stats), 0);
    assert_int_equal(stats.picks_late, 0);
    assert_int_equal(stats.picks_twice, 0);
    svc_service_free(s);
    things_free(&t);
}

/* What the child frees and closes, the parent does not miss: its descriptors
 * are watched on. */
static void test_a_parent_goes_on(void **state)
{
    (void)state;
    for (int external = 0; external < 2; external++) {
        struct things t;

        things_make(&t, external);
        in_child(free_everything, &t);
        write_web(&t, "10.0.0.3");
        world_expect(t.w, "10.0.0.3");
        in_child(free_everything, &t);
        write_web(&t, "10.0.0.4");
        world_expect(t.w, "10.0.0.4");
        things_free(&t);
    }
}

/* ---- forks while others are busy --------------------------------------- */

static _Atomic int ended;

static void *pick_on(void *arg)
{
    struct things *t = arg;
    svc_pick pick;

    while (!atomic_load(&ended)) {
        world_check(svc_service_pick(t->s, NULL, &pick) == 0);
        svc_endpoints_unref(svc_service_endpoints(t->s));
        (void)svc_service_status(t->s, NULL);
    }
    return NULL;
}

static int refused_and_freed(struct things *t)
{
    svc_pick pick;

    if (svc_service_pick(t->s, NULL, &pick) != SVC_ESTATE)
        return 1;
    if (svc_service_wait(t->s, -1, NULL) != SVC_ESTATE)
        return 2;
    (void)free_everything(t);
    /* The manifest, if it was just being read. */
    return proc_self_descriptors() <= t->fds + 1 ? 0 : 3;
}

/* Locks are held by others at the moment of a fork: the child, where they are
 * held for ever, waits for none of them. */
static void test_a_storm_of_forks(void **state)
{
    struct things t;
    pthread_t threads[2];

    (void)state;
    things_make(&t, 0);
    atomic_store(&ended, 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, pick_on, &t), 0);
    for (int i = 0; i < 40; i++) {
        char address[32];

        (void)snprintf(address, sizeof(address), "10.0.1.%d", i + 1);
        write_web(&t, address);
        in_child(refused_and_freed, &t);
    }
    world_expect(t.w, "10.0.1.40");
    atomic_store(&ended, 1);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    things_free(&t);
}

/* ---- exec -------------------------------------------------------------- */

static int exec_count(struct things *t)
{
    (void)t;
    execl("/proc/self/exe", "test_fork", "count", (char *)NULL);
    return 255;
}

/* Descriptors that a program sees which the test becomes. */
static int fds_after_exec(void)
{
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(exec_count(NULL));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_no_descriptor_survives_exec(void **state)
{
    int before = fds_after_exec();

    (void)state;
    assert_in_range(before, 3, 200);
    for (int external = 0; external < 2; external++) {
        struct things t;

        things_make(&t, external);
        assert_true(proc_self_descriptors() > t.fds);
        assert_int_equal(fds_after_exec(), before);
        things_free(&t);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_child_is_refused),
        cmocka_unit_test(test_a_child_closes_picks),
        cmocka_unit_test(test_a_parent_goes_on),
        cmocka_unit_test(test_a_storm_of_forks),
        cmocka_unit_test(test_no_descriptor_survives_exec),
    };

    if (argc == 2 && strcmp(argv[1], "count") == 0)
        return proc_self_descriptors();
    return cmocka_run_group_tests_name("fork", tests, NULL, NULL);
}
