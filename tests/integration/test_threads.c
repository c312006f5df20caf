/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads at once: picks while sets change, services that come and go,
 * and a resolver that ends while everybody is busy. Meant for the thread
 * sanitizer; what is asserted holds without it too.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "world.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define READERS  4
#define VERSIONS 40

/* How long the end of a resolver may take: a second, as svc.h promises; of a
 * program that a sanitizer slows down, longer. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FREE_MS 10000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FREE_MS 10000
#endif
#endif
#ifndef FREE_MS
#define FREE_MS 1000
#endif

static int64_t clock_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void begin(pthread_t *thread, void *(*run)(void *), void *arg)
{
    assert_int_equal(pthread_create(thread, NULL, run, arg), 0);
}

/* ---- readers and updates ----------------------------------------------- */

struct play {
    struct scratch dir;
    svc_resolver *r;
    svc_service *s;
    _Atomic int ended;
    _Atomic uint64_t picks;
};

/* Version n has the addresses 10.0.n.1 to 10.0.n.5. */
static void write_version(struct play *p, int n)
{
    char addresses[128] = "";
    size_t used = 0;
    char *text;

    for (int i = 1; i <= 5; i++)
        used += (size_t)snprintf(addresses + used, sizeof(addresses) - used,
                                 "10.0.%d.%d ", n, i);
    text = world_service("web", addresses);
    scratch_replace(&p->dir, "web.yaml", text);
    free(text);
}

static unsigned version_of(uint32_t address)
{
    return (ntohl(address) >> 8) & 255;
}

/* A set is whole: five endpoints of one version. */
static unsigned check_set(const svc_endpoints *eps)
{
    unsigned version = 0;

    world_check(svc_endpoints_count(eps) == 5);
    for (size_t i = 0; i < 5; i++) {
        struct sockaddr_storage ss;
        struct sockaddr_in in;

        (void)svc_endpoint_sockaddr(svc_endpoints_at(eps, i), &ss);
        memcpy(&in, &ss, sizeof(in));
        world_check(i == 0 || version == version_of(in.sin_addr.s_addr));
        version = version_of(in.sin_addr.s_addr);
    }
    return version;
}

/* Neither generations nor versions ever go back for a reader. */
static void *read_sets(void *arg)
{
    struct play *p = arg;
    uint64_t generation = 0;
    unsigned version = 0;

    while (!atomic_load(&p->ended)) {
        svc_endpoints *eps;
        svc_pick pick;
        struct sockaddr_in in;

        world_check(svc_service_pick(p->s, NULL, &pick) == 0);
        memcpy(&in, svc_pick_sockaddr(&pick), sizeof(in));
        world_check(pick.generation >= generation);
        world_check(version_of(in.sin_addr.s_addr) >= version);
        generation = pick.generation;
        eps = svc_service_endpoints(p->s);
        version = check_set(eps);
        world_check(version >= version_of(in.sin_addr.s_addr));
        (void)svc_endpoints_is_stale(eps);
        svc_endpoints_unref(eps);
        (void)svc_service_status(p->s, NULL);
        atomic_fetch_add(&p->picks, 1);
    }
    return NULL;
}

static void *come_and_go(void *arg)
{
    struct play *p = arg;

    while (!atomic_load(&p->ended)) {
        svc_stats stats = SVC_STATS_INIT;
        svc_endpoints *eps = NULL;
        svc_watch *w = NULL;
        svc_service *s = NULL;

        world_check(svc_resolver_resolve(p->r, "web:80", NULL, WORLD_MS, &eps,
                                         NULL) == 0);
        (void)check_set(eps);
        svc_endpoints_unref(eps);
        world_check(svc_service_new(p->r, "web:80", NULL, &s, NULL) == 0);
        world_check(svc_watch_new(s, &w) == 0);
        svc_watch_free(w);
        svc_service_free(s);
        world_check(svc_resolver_stats(p->r, &stats) == 0);
    }
    return NULL;
}

static void play_updates(struct play *p)
{
    svc_watch *w = NULL;
    int64_t end_ms = clock_ms() + 2000;

    assert_int_equal(svc_watch_new(p->s, &w), 0);
    for (int n = 2; n <= VERSIONS && clock_ms() < end_ms; n++) {
        char last[128];

        write_version(p, n);
        (void)snprintf(last, sizeof(last),
                       "10.0.%d.1 10.0.%d.2 10.0.%d.3 10.0.%d.4 10.0.%d.5", n,
                       n, n, n, n);
        world_expect(w, last);
    }
    svc_watch_free(w);
}

static void test_readers_see_whole_sets_in_order(void **state)
{
    struct play p = {.ended = 0};
    pthread_t threads[READERS + 1];

    (void)state;
    scratch_make(&p.dir);
    write_version(&p, 1);
    p.r = world_file(scratch_path(&p.dir, "web.yaml"), 0);
    p.s = world_open(p.r, "web:80", 0);
    for (int i = 0; i < READERS; i++)
        begin(&threads[i], read_sets, &p);
    begin(&threads[READERS], come_and_go, &p);
    play_updates(&p);
    atomic_store(&p.ended, 1);
    for (int i = 0; i <= READERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(atomic_load(&p.picks) > 0);
    svc_service_free(p.s);
    svc_resolver_free(p.r);
    scratch_remove(&p.dir);
}

/* ---- the end ----------------------------------------------------------- */

struct actor {
    svc_service *s;
    _Atomic int turns;
    int code; /* the last one */
};

static void *pick_to_the_end(void *arg)
{
    struct actor *a = arg;
    svc_pick pick;

    while ((a->code = svc_service_pick(a->s, NULL, &pick)) == 0)
        atomic_fetch_add(&a->turns, 1);
    svc_service_free(a->s);
    return NULL;
}

static void *wait_to_the_end(void *arg)
{
    struct actor *a = arg;
    svc_error error;

    while ((a->code = svc_service_wait(a->s, -1, &error)) == 0) {
        svc_endpoints_unref(svc_service_endpoints(a->s));
        (void)svc_service_status(a->s, &error);
        atomic_fetch_add(&a->turns, 1);
    }
    svc_service_free(a->s);
    return NULL;
}

static void *watch_to_the_end(void *arg)
{
    struct actor *a = arg;
    svc_endpoints *eps;
    svc_watch *w = NULL;

    world_check(svc_watch_new(a->s, &w) == 0);
    while ((a->code = svc_watch_next(w, -1, &eps, NULL)) == 0) {
        svc_endpoints_unref(eps);
        atomic_fetch_add(&a->turns, 1);
    }
    svc_watch_free(w);
    svc_service_free(a->s);
    return NULL;
}

static void *rewatch_to_the_end(void *arg)
{
    struct actor *a = arg;
    svc_watch *w;

    while ((a->code = svc_watch_new(a->s, &w)) == 0) {
        svc_watch_free(w);
        atomic_fetch_add(&a->turns, 1);
    }
    svc_service_free(a->s);
    return NULL;
}

static void *explain_to_the_end(void *arg)
{
    struct actor *a = arg;
    char *json;

    while ((a->code = svc_service_explain(a->s, &json, NULL)) == 0) {
        svc_text_free(json);
        atomic_fetch_add(&a->turns, 1);
    }
    svc_service_free(a->s);
    return NULL;
}

static void *(*const actors[])(void *) = {pick_to_the_end, wait_to_the_end,
                                          watch_to_the_end, rewatch_to_the_end,
                                          explain_to_the_end};

#define ACTORS (sizeof(actors) / sizeof(actors[0]))

/* Each has been at it at least once when the resolver goes, and is told. */
static void end_while_busy(const char *manifest)
{
    struct actor a[ACTORS];
    pthread_t threads[ACTORS];
    svc_resolver *r = world_memory(manifest, 0);
    int64_t before_ms;

    memset(a, 0, sizeof(a));
    for (size_t i = 0; i < ACTORS; i++) {
        a[i].s = world_open(r, "web:80", 0);
        begin(&threads[i], actors[i], &a[i]);
    }
    for (size_t i = 0; i < ACTORS; i++) {
        while (atomic_load(&a[i].turns) == 0)
            sched_yield();
    }
    before_ms = clock_ms();
    svc_resolver_free(r);
    assert_in_range(clock_ms() - before_ms, 0, FREE_MS);
    for (size_t i = 0; i < ACTORS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(a[i].code, SVC_ECLOSED);
    }
}

static void test_a_resolver_ends_while_all_are_busy(void **state)
{
    char *manifest = world_service("web", "10.0.0.1 10.0.0.2");

    (void)state;
    for (int i = 0; i < 30; i++)
        end_while_busy(manifest);
    free(manifest);
}

/* Services that were opened and closed with nobody waiting for them. */
static void *open_and_close(void *arg)
{
    for (int i = 0; i < 100; i++) {
        svc_service *s = NULL;

        world_check(svc_service_new(arg, "web:80", NULL, &s, NULL) == 0);
        svc_service_free(s);
    }
    return NULL;
}

static void test_services_come_and_go(void **state)
{
    char *manifest = world_service("web", "10.0.0.1 10.0.0.2");
    svc_resolver *r = world_memory(manifest, 0);
    svc_stats stats = SVC_STATS_INIT;
    pthread_t threads[4];
    int64_t end_ms;

    (void)state;
    for (int i = 0; i < 4; i++)
        begin(&threads[i], open_and_close, r);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    end_ms = clock_ms() + WORLD_MS;
    do {
        assert_int_equal(svc_resolver_stats(r, &stats), 0);
        sched_yield();
    } while (stats.services_open > 0 && clock_ms() < end_ms);
    assert_int_equal(stats.services_open, 0);
    svc_resolver_free(r);
    free(manifest);
}

/* ---- one name ---------------------------------------------------------- */

#define NAMES 200

struct names {
    svc_resolver *r;
    pthread_barrier_t barrier;
};

/* All threads come to each name at the same moment; every tenth is there. */
static void *resolve_names(void *arg)
{
    struct names *n = arg;

    for (int i = 0; i < NAMES; i++) {
        svc_endpoints *eps = NULL;
        char name[32];
        int code;

        (void)snprintf(name, sizeof(name), i % 10 ? "no-%d" : "web:%d",
                       i % 10 ? i : 80);
        (void)pthread_barrier_wait(&n->barrier);
        for (int again = 0; again < 20; again++) {
            code = svc_resolver_resolve(n->r, name, NULL, WORLD_MS, &eps, NULL);
            world_check(code == (i % 10 ? SVC_ENOSERVICE : 0));
            if (code == 0)
                svc_endpoints_unref(eps);
        }
    }
    return NULL;
}

static void test_threads_that_want_one_name_open_it_once(void **state)
{
    char *manifest = world_service("web", "10.0.0.1 10.0.0.2");
    struct names n = {.r = world_memory(manifest, 0)};
    svc_stats stats = SVC_STATS_INIT;
    pthread_t threads[8];

    (void)state;
    assert_int_equal(pthread_barrier_init(&n.barrier, NULL, 8), 0);
    for (int i = 0; i < 8; i++)
        begin(&threads[i], resolve_names, &n);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(svc_resolver_stats(n.r, &stats), 0);
    assert_int_equal(stats.resolves, 8 * NAMES * 20);
    assert_int_equal(stats.services_open, NAMES - NAMES / 10 + 1);
    assert_int_equal(stats.publishes, stats.services_open);
    svc_resolver_free(n.r);
    pthread_barrier_destroy(&n.barrier);
    free(manifest);
}

/* A source that cannot be opened is tried anew by the next call, which closes
 * no service that another one still waits for. */
static void *resolve_what_fails(void *arg)
{
    for (int i = 0; i < 300; i++) {
        svc_endpoints *eps;

        world_check(svc_resolver_resolve(arg, "file:///no/such/file#web:80",
                                         NULL, WORLD_MS, &eps,
                                         NULL) == SVC_EFILE);
    }
    return NULL;
}

static void test_threads_that_want_what_fails(void **state)
{
    pthread_t threads[8];
    svc_resolver *r = NULL;

    (void)state;
    assert_int_equal(svc_resolver_new(NULL, &r, NULL), 0);
    for (int i = 0; i < 8; i++)
        begin(&threads[i], resolve_what_fails, r);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    svc_resolver_free(r);
}

/* ---- many -------------------------------------------------------------- */

#define SERVICES 1000

/* Every tenth of them asks for one of a hundred Services. */
static void write_hundred(const struct scratch *dir, int version)
{
    char *all = world_service("s0", "10.0.0.1");

    for (int i = 1; i < 100; i++) {
        char name[16];
        char address[32];

        (void)snprintf(name, sizeof(name), "s%d", i);
        (void)snprintf(address, sizeof(address), "10.%d.0.%d", version, i);
        all = world_join(all, world_service(name, address), NULL);
    }
    scratch_replace(dir, "all.yaml", all);
    free(all);
}

static void expect_version(svc_service *s, int i, int version)
{
    svc_pick pick;
    struct sockaddr_in in;

    assert_int_equal(svc_service_pick(s, NULL, &pick), 0);
    memcpy(&in, svc_pick_sockaddr(&pick), sizeof(in));
    if (i % 100 > 0)
        assert_int_equal(ntohl(in.sin_addr.s_addr),
                         (10 << 24) | (version << 16) | (i % 100));
}

static void open_thousand(svc_resolver *r, svc_service **s)
{
    for (int i = 0; i < SERVICES; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "s%d:80", i % 100);
        assert_int_equal(svc_service_new(r, name, NULL, &s[i], NULL), 0);
    }
    for (int i = 0; i < SERVICES; i++) {
        assert_int_equal(svc_service_wait(s[i], WORLD_MS, NULL), 0);
        expect_version(s[i], i, 1);
    }
}

static void test_a_thousand_services(void **state)
{
    static svc_service *s[SERVICES];
    svc_stats stats = SVC_STATS_INIT;
    struct scratch dir;
    svc_resolver *r;
    int64_t end_ms;

    (void)state;
    scratch_make(&dir);
    write_hundred(&dir, 1);
    r = world_file(scratch_path(&dir, "all.yaml"), 0);
    open_thousand(r, s);
    write_hundred(&dir, 2);
    /* 990 of them change; the tens of s0 stay. */
    end_ms = clock_ms() + WORLD_MS;
    do {
        assert_int_equal(svc_resolver_stats(r, &stats), 0);
        sched_yield();
    } while (stats.publishes < SERVICES + 990 && clock_ms() < end_ms);
    assert_int_equal(stats.publishes, SERVICES + 990);
    assert_int_equal(stats.services_open, SERVICES);
    for (int i = 0; i < SERVICES; i++)
        expect_version(s[i], i, 2);
    for (int i = 0; i < SERVICES / 2; i++)
        svc_service_free(s[i]);
    svc_resolver_free(r);
    for (int i = SERVICES / 2; i < SERVICES; i++)
        svc_service_free(s[i]);
    scratch_remove(&dir);
}

/* A resolver that reads all the time ends in time all the same. */
static void *rewrite(void *arg)
{
    struct play *p = arg;

    for (int n = 0; !atomic_load(&p->ended); n++)
        write_hundred(&p->dir, n % 200);
    return NULL;
}

static void test_the_end_under_load(void **state)
{
    struct play p = {.ended = 0};
    pthread_t writer;
    char path[128];
    int64_t before_ms;

    (void)state;
    scratch_make(&p.dir);
    (void)snprintf(path, sizeof(path), "%s", scratch_path(&p.dir, "all.yaml"));
    write_hundred(&p.dir, 1);
    begin(&writer, rewrite, &p);
    for (int i = 0; i < 10; i++) {
        svc_stats stats = SVC_STATS_INIT;

        p.r = world_file(path, 0);
        p.s = world_open(p.r, "s1:80", 0);
        while (stats.files_read < (uint64_t)i % 4)
            assert_int_equal(svc_resolver_stats(p.r, &stats), 0);
        before_ms = clock_ms();
        svc_resolver_free(p.r);
        assert_in_range(clock_ms() - before_ms, 0, FREE_MS);
        svc_service_free(p.s);
    }
    atomic_store(&p.ended, 1);
    pthread_join(writer, NULL);
    scratch_remove(&p.dir);
}

/* Reading 48 MB of YAML takes seconds where there are sanitizers, and about
 * one where there are none; nobody waits for its end. */
static void test_the_end_while_a_large_text_is_read(void **state)
{
    static const char document[] = "kind: Pod\nx: [1, 2, 3, {a: b}]\n---\n";
    const size_t size = sizeof(document) - 1;
    const size_t count = (size_t)48 * 1024 * 1024 / size;
    char *text = malloc(count * size + 1);
    svc_resolver *r;
    svc_service *s = NULL;
    int64_t before_ms;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * size, document, size);
    text[count * size] = '\0';
    r = world_memory(text, 0);
    free(text);
    assert_int_equal(svc_service_new(r, "web", NULL, &s, NULL), 0);
    assert_int_equal(svc_service_wait(s, 50, NULL), SVC_ETIMEDOUT);
    before_ms = clock_ms();
    svc_resolver_free(r);
    assert_in_range(clock_ms() - before_ms, 0, FREE_MS);
    svc_service_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers_see_whole_sets_in_order),
        cmocka_unit_test(test_a_resolver_ends_while_all_are_busy),
        cmocka_unit_test(test_services_come_and_go),
        cmocka_unit_test(test_threads_that_want_one_name_open_it_once),
        cmocka_unit_test(test_threads_that_want_what_fails),
        cmocka_unit_test(test_a_thousand_services),
        cmocka_unit_test(test_the_end_under_load),
        cmocka_unit_test(test_the_end_while_a_large_text_is_read),
    };

    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
