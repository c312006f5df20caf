/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fence that one side pays for: refused before it is prepared, and then
 * strong enough for two threads that each store and look at what the other
 * stored.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/barrier.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <svc/svc.h>

#define ROUNDS 50000

/* Comes first. */
static void test_refused_unless_prepared(void **state)
{
    (void)state;
    assert_int_equal(svc__barrier_all(), SVC_ENOTSUP);
    if (svc__barrier_prepare() != 0)
        skip();
    assert_int_equal(svc__barrier_all(), 0);
    assert_int_equal(svc__barrier_prepare(), 0);
    assert_int_equal(svc__barrier_all(), 0);
}

/* Each on a line of its own, or a processor has no reason to be late. */
struct word {
    _Alignas(64) _Atomic int value;
};

static struct {
    struct word mine;
    struct word theirs;
    struct word round;
    struct word done;
    int seen; /* by the side without a fence */
} game;

static void wait_for(struct word *word, int value)
{
    for (int i = 0;
         atomic_load_explicit(&word->value, memory_order_acquire) != value;
         i++) {
        if (i % 1000 == 999)
            sched_yield();
    }
}

static void *without_a_fence(void *arg)
{
    for (int i = 1; i <= ROUNDS; i++) {
        wait_for(&game.round, i);
        atomic_store_explicit(&game.theirs.value, 1, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
        game.seen =
            atomic_load_explicit(&game.mine.value, memory_order_relaxed);
        atomic_store_explicit(&game.done.value, i, memory_order_release);
    }
    return arg;
}

static void test_one_of_two_sees_the_other(void **state)
{
    pthread_t thread;

    (void)state;
    if (svc__barrier_prepare() != 0)
        skip();
    assert_int_equal(pthread_create(&thread, NULL, without_a_fence, NULL), 0);
    for (int i = 1; i <= ROUNDS; i++) {
        int seen;

        atomic_store_explicit(&game.round.value, i, memory_order_release);
        atomic_store_explicit(&game.mine.value, 1, memory_order_relaxed);
        assert_int_equal(svc__barrier_all(), 0);
        seen = atomic_load_explicit(&game.theirs.value, memory_order_relaxed);
        wait_for(&game.done, i);
        assert_true(seen || game.seen);
        atomic_store_explicit(&game.mine.value, 0, memory_order_relaxed);
        atomic_store_explicit(&game.theirs.value, 0, memory_order_relaxed);
    }
    pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_unless_prepared),
        cmocka_unit_test(test_one_of_two_sees_the_other),
    };

    return cmocka_run_group_tests_name("barrier", tests, NULL, NULL);
}
