/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exclusion, wake-ups and deadlines of the mutex, counting references from
 * many threads, and the generation that fork raises.
 */
#include "base/clock.h"
#include "base/sync.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define THREADS 4
#define ROUNDS  20000

struct shared {
    struct svc__mutex mutex;
    struct svc__refs refs;
    long counter; /* under mutex */
    int ready;    /* under mutex */
    _Atomic int last;
};

/* In place of the C library's: fails when told to, as when memory is short. A
 * sanitizer calls it too, before it can look at anything itself. */
static int atfork_fails;
static int atfork_calls;
int __register_atfork(void (*prepare)(void), void (*parent)(void),
                      void (*child)(void), void *dso);

#ifdef __clang__
__attribute__((disable_sanitizer_instrumentation))
#endif
int pthread_atfork(void (*prepare)(void), void (*parent)(void),
                   void (*child)(void))
{
    atfork_calls++;
    return atfork_fails ? ENOMEM
                        : __register_atfork(prepare, parent, child, NULL);
}

/* Comes first: what failed once is tried again, and what succeeded is not. */
static void test_hook_is_tried_again(void **state)
{
    (void)state;
    atfork_calls = 0;
    atfork_fails = 1;
    assert_int_equal(svc__fork_generation(), 0);
    atfork_fails = 0;
    assert_int_equal(svc__fork_generation(), 1);
    assert_int_equal(svc__fork_generation(), 1);
    assert_int_equal(atfork_calls, 2);
}

static void run(void *(*body)(void *), struct shared *shared)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, body, shared), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void *count_up(void *arg)
{
    struct shared *shared = arg;

    for (int i = 0; i < ROUNDS; i++) {
        svc__mutex_lock(&shared->mutex);
        shared->counter++;
        svc__mutex_unlock(&shared->mutex);
    }
    return NULL;
}

static void test_exclusion(void **state)
{
    struct shared shared = {.counter = 0};

    (void)state;
    assert_int_equal(svc__mutex_init(&shared.mutex), 0);
    run(count_up, &shared);
    assert_int_equal(shared.counter, THREADS * ROUNDS);
    svc__mutex_fini(&shared.mutex);
}

/* The last one to arrive wakes all others, which wait without a deadline. */
static void *meet(void *arg)
{
    struct shared *shared = arg;

    svc__mutex_lock(&shared->mutex);
    shared->ready++;
    if (shared->ready == THREADS)
        svc__mutex_broadcast(&shared->mutex);
    while (shared->ready < THREADS)
        svc__mutex_wait(&shared->mutex, INT64_MAX);
    svc__mutex_unlock(&shared->mutex);
    return NULL;
}

static void test_broadcast(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        struct shared shared = {.ready = 0};

        assert_int_equal(svc__mutex_init(&shared.mutex), 0);
        run(meet, &shared);
        assert_int_equal(shared.ready, THREADS);
        svc__mutex_fini(&shared.mutex);
    }
}

/* Nobody wakes this one: the deadline does, and one that has passed at once. */
static void test_deadline(void **state)
{
    struct svc__mutex m;
    int64_t start;
    int64_t deadline;

    (void)state;
    assert_int_equal(svc__mutex_init(&m), 0);
    svc__mutex_lock(&m);
    svc__mutex_wait(&m, 0);
    start = svc__clock_now_ms();
    svc__mutex_wait(&m, start);
    deadline = start + 30;
    while (svc__clock_now_ms() < deadline)
        svc__mutex_wait(&m, deadline);
    svc__mutex_unlock(&m);
    svc__mutex_fini(&m);
}

static void *take_and_drop(void *arg)
{
    struct shared *shared = arg;

    for (int i = 0; i < ROUNDS; i++) {
        svc__refs_get(&shared->refs);
        if (svc__refs_put(&shared->refs))
            shared->last++;
    }
    if (svc__refs_put(&shared->refs))
        shared->last++;
    return NULL;
}

/* Each thread drops a reference of its own at the end: one is the last. */
static void test_refs(void **state)
{
    struct shared shared = {.last = 0};

    (void)state;
    svc__refs_init(&shared.refs);
    for (int i = 1; i < THREADS; i++)
        svc__refs_get(&shared.refs);
    run(take_and_drop, &shared);
    assert_int_equal(shared.last, 1);
}

/* A child is one generation further, its child two; the parent stays. */
static void test_fork_generation(void **state)
{
    unsigned before = svc__fork_generation();
    int status = 0;
    pid_t child;

    (void)state;
    assert_true(before >= 1);
    assert_int_equal(svc__fork_generation(), before);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int good = svc__fork_generation() == before + 1;
        pid_t grandchild = good ? fork() : -1;

        if (grandchild == 0)
            _exit(svc__fork_generation() == before + 2 ? 0 : 1);
        good = grandchild > 0 && waitpid(grandchild, &status, 0) > 0 &&
               status == 0 && svc__fork_generation() == before + 1;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(svc__fork_generation(), before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hook_is_tried_again),
        cmocka_unit_test(test_exclusion),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_refs),
        cmocka_unit_test(test_fork_generation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
