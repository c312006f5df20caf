/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads that track picks, fail, try again and weigh, while sets change,
 * endpoints are ejected, services come and go with picks still open, and the
 * process forks (faults P7). Meant for the thread sanitizer; what is asserted
 * holds without it too.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "world.h"

#include "base/rng.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define READERS  4
#define THREADS  (READERS + 2)
#define VERSIONS 30
#define FORKS    60
#define LEFT     64 /* picks that one thread makes and another one ends */

static const char *const names[] = {
    "web:80?track=1&policy=adaptive",
    "web:80?track=1&policy=ewma&slow_start_ms=50",
    "web:80?track=1&policy=lc",
    "web:80?track=1&policy=ring&hash_balance_factor=125",
    "web:80?track=1&policy=wrr&subset=3",
};

#define SERVICES (sizeof(names) / sizeof(names[0]))

/* In a child of a process with threads the thread sanitizer lets no thread be
 * made: each child runs its resolver by itself there. The address sanitizer has
 * locks that stay as others held them at the fork, so its children allocate
 * nothing: all that they see there is that they are refused. */
#if defined(__SANITIZE_THREAD__)
#define NO_THREAD_IN_CHILD 1
#elif defined(__SANITIZE_ADDRESS__)
#define NO_MEMORY_IN_CHILD 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NO_THREAD_IN_CHILD 1
#elif __has_feature(address_sanitizer)
#define NO_MEMORY_IN_CHILD 1
#endif
#endif
#ifndef NO_THREAD_IN_CHILD
#define NO_THREAD_IN_CHILD 0
#endif
#ifndef NO_MEMORY_IN_CHILD
#define NO_MEMORY_IN_CHILD 0
#endif

struct play {
    struct scratch dir;
    char path[128];
    svc_resolver *r;
    svc_service *services[SERVICES];
    pthread_mutex_t lock; /* of what was left */
    svc_pick left[LEFT];
    size_t left_count;
    _Atomic int ended;
    _Atomic unsigned seeds;
};

/* Version n has six endpoints of eight, others each time. */
static void write_version(struct play *p, unsigned n)
{
    char addresses[256] = "";
    size_t used = 0;
    char *text;

    for (unsigned i = 0; i < 6; i++)
        used += (size_t)snprintf(addresses + used, sizeof(addresses) - used,
                                 "10.0.0.%u%s ", 1 + (n + i) % 8,
                                 i == 5 && n % 3 == 0 ? "!" : "");
    text = world_service("web", addresses);
    scratch_replace(&p->dir, "web.yaml", text);
    free(text);
}

/* Half are ended by who made them, the others by whoever comes next. */
static void leave(struct play *p, svc_pick *pick, int outcome)
{
    svc_pick other = *pick;

    pthread_mutex_lock(&p->lock);
    if (p->left_count < LEFT) {
        p->left[p->left_count++] = *pick;
        other = p->left[0];
        p->left[0] = p->left[--p->left_count];
    }
    pthread_mutex_unlock(&p->lock);
    svc_pick_done(&other, outcome);
}

static void use(struct play *p, svc_service *s, struct svc__rng *rng)
{
    const uint32_t dice = svc__rng_below(rng, 100);
    svc_pick_options options = SVC_PICK_OPTIONS_INIT;
    svc_pick pick;

    options.key = &dice;
    options.key_size = dice % 2 == 0 ? sizeof(dice) : 0;
    options.track = dice < 80;
    world_check(svc_service_pick(s, &options, &pick) == 0);
    if (dice < 10) {
        const int err = svc_pick_next(&pick, SVC_OUTCOME_CONNECT);

        world_check(err == 0 || err == SVC_ENOENDPOINTS);
    }
    if (dice % 2 == 0)
        leave(p, &pick, (int)(dice % 6));
    else
        svc_pick_done_after(&pick, (int)(dice % 6), dice * 100);
}

static void *read_on(void *arg)
{
    struct play *p = arg;
    struct svc__rng rng;

    svc__rng_seed(&rng, atomic_fetch_add(&p->seeds, 1));
    while (!atomic_load(&p->ended))
        use(p, p->services[svc__rng_below(&rng, SERVICES)], &rng);
    return NULL;
}

static void *weigh_on(void *arg)
{
    struct play *p = arg;
    struct svc__rng rng;

    svc__rng_seed(&rng, atomic_fetch_add(&p->seeds, 1));
    while (!atomic_load(&p->ended)) {
        svc_service *s = p->services[svc__rng_below(&rng, SERVICES)];
        svc_endpoints *eps = svc_service_endpoints(s);
        const uint32_t at =
            svc__rng_below(&rng, (uint32_t)svc_endpoints_total(eps));

        world_check(svc_service_weigh(s, svc_endpoints_at(eps, at),
                                      1 + (int)svc__rng_below(&rng, 4)) == 0);
        svc_endpoints_unref(eps);
    }
    return NULL;
}

/* A service of its own, whose picks outlive it. */
static void *come_and_go(void *arg)
{
    struct play *p = arg;
    struct svc__rng rng;

    svc__rng_seed(&rng, atomic_fetch_add(&p->seeds, 1));
    while (!atomic_load(&p->ended)) {
        svc_service *s = world_open(p->r, names[0], 0);
        svc_pick_options options = SVC_PICK_OPTIONS_INIT;
        svc_pick pick;
        int err;

        options.track = 1;
        for (int i = 0; i < 20; i++)
            use(p, s, &rng);
        world_check(svc_service_pick(s, &options, &pick) == 0);
        svc_service_free(s);
        err = svc_pick_next(&pick, SVC_OUTCOME_ERROR);
        world_check(err == 0 || err == SVC_ECLOSED || err == SVC_ENOENDPOINTS);
        svc_pick_done(&pick, SVC_OUTCOME_OK);
    }
    return NULL;
}

static void begin(pthread_t *thread, void *(*run)(void *), void *arg)
{
    assert_int_equal(pthread_create(thread, NULL, run, arg), 0);
}

/* Each new version, when the one before has been seen. */
static void play_versions(struct play *p)
{
    svc_watch *w = NULL;

    assert_int_equal(svc_watch_new(p->services[2], &w), 0);
    for (unsigned n = 2; n <= VERSIONS; n++) {
        svc_endpoints *eps = NULL;

        write_version(p, n);
        assert_int_equal(svc_watch_next(w, WORLD_MS, &eps, NULL), 0);
        svc_endpoints_unref(eps);
    }
    svc_watch_free(w);
}

/* What is in flight when all have ended what they had: nothing that an
 * endpoint would still be avoided for. */
static void expect_even(svc_service *s)
{
    svc_endpoints *eps = svc_service_endpoints(s);
    const size_t count = svc_endpoints_count(eps);
    svc_pick picks[8];
    unsigned seen = 0;

    svc_endpoints_unref(eps);
    assert_in_range(count, 1, 8);
    for (size_t i = 0; i < count; i++) {
        svc_pick_options options = SVC_PICK_OPTIONS_INIT;

        options.track = 1;
        assert_int_equal(svc_service_pick(s, &options, &picks[i]), 0);
        seen |= 1u << ((const unsigned char *)&picks[i].sockaddr)[7];
    }
    assert_int_equal((size_t)__builtin_popcount(seen), count);
    for (size_t i = 0; i < count; i++)
        svc_pick_done(&picks[i], SVC_OUTCOME_CANCELLED);
}

static void play_begin(struct play *p, pthread_t threads[THREADS])
{
    memset(p, 0, sizeof(*p));
    assert_int_equal(pthread_mutex_init(&p->lock, NULL), 0);
    scratch_make(&p->dir);
    write_version(p, 1);
    (void)snprintf(p->path, sizeof(p->path), "%s",
                   scratch_path(&p->dir, "web.yaml"));
    p->r = world_file(p->path, 0);
    for (size_t i = 0; i < SERVICES; i++)
        p->services[i] = world_open(p->r, names[i], 0);
    for (int i = 0; i < READERS; i++)
        begin(&threads[i], read_on, p);
    begin(&threads[READERS], weigh_on, p);
    begin(&threads[READERS + 1], come_and_go, p);
}

static void play_end(struct play *p, const pthread_t threads[THREADS])
{
    svc_stats stats = SVC_STATS_INIT;

    atomic_store(&p->ended, 1);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    while (p->left_count > 0)
        svc_pick_done(&p->left[--p->left_count], SVC_OUTCOME_OK);
    expect_even(p->services[2]);
    assert_int_equal(svc_resolver_stats(p->r, &stats), 0);
    assert_int_equal(stats.picks_leaked, 0);
    assert_true(stats.retries > 0);
    for (size_t i = 0; i < SERVICES; i++)
        svc_service_free(p->services[i]);
    svc_resolver_free(p->r);
    scratch_remove(&p->dir);
    pthread_mutex_destroy(&p->lock);
}

static void test_nothing_is_lost(void **state)
{
    struct play p;
    pthread_t threads[THREADS];

    (void)state;
    play_begin(&p, threads);
    play_versions(&p);
    play_end(&p, threads);
}

/* ---- forks ------------------------------------------------------------- */

/* New ones, used as those of the parent are. */
static void live_anew(const char *path, int external_loop)
{
    struct play own = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct svc__rng rng;

    svc__rng_seed(&rng, 1);
    own.r = world_file(path, external_loop);
    for (size_t i = 0; i < SERVICES; i++) {
        svc_service *s = world_open(own.r, names[i], 0);

        for (int n = 0; n < 100; n++)
            use(&own, s, &rng);
        svc_service_free(s);
    }
    while (own.left_count > 0)
        svc_pick_done(&own.left[--own.left_count], SVC_OUTCOME_OK);
    svc_resolver_free(own.r);
}

/* Locks of threads that the child does not have are in its way nowhere. */
static int live_in_child(struct play *p, svc_pick *open, int external_loop)
{
    svc_pick pick;

    alarm(60);
    if (svc_pick_next(open, SVC_OUTCOME_CONNECT) != SVC_ECLOSED)
        return 1;
    for (size_t i = 0; i < SERVICES; i++) {
        if (svc_service_pick(p->services[i], NULL, &pick) != SVC_ESTATE)
            return 2;
    }
    if (NO_MEMORY_IN_CHILD)
        return 0;
    live_anew(p->path, external_loop);
    for (size_t i = 0; i < SERVICES; i++)
        svc_service_free(p->services[i]);
    svc_resolver_free(p->r);
    live_anew(p->path, external_loop);
    return 0;
}

static void fork_once(struct play *p, int external_loop)
{
    svc_pick_options options = SVC_PICK_OPTIONS_INIT;
    svc_pick open;
    int status = -1;
    pid_t pid;

    options.track = 1;
    assert_int_equal(svc_service_pick(p->services[0], &options, &open), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(live_in_child(p, &open, external_loop));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    svc_pick_done(&open, SVC_OUTCOME_OK);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_forks_meanwhile(void **state)
{
    struct play p;
    pthread_t threads[THREADS];

    (void)state;
    play_begin(&p, threads);
    for (unsigned i = 0; i < FORKS; i++) {
        write_version(&p, 2 + i);
        fork_once(&p, NO_THREAD_IN_CHILD || i % 2 == 0);
    }
    play_end(&p, threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost),
        cmocka_unit_test(test_forks_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
