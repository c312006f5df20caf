/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets that readers take without a lock: none is lost and none goes too early,
 * however many references are out and whatever is published meanwhile. Run
 * with sanitizers to be told.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sets.h"

#include "core/publish.h"

#include <pthread.h>

#define GENERATIONS 3000
#define READERS     3

static int setup(void **state)
{
    static struct svc__publish p;

    *state = &p;
    return svc__publish_init(&p, 1);
}

static int teardown(void **state)
{
    svc__publish_fini(*state);
    return 0;
}

static void set(struct svc__publish *p, uint64_t generation)
{
    svc__publish_set(p, sets_new("10.0.0.1", generation), NULL);
}

/* More are out than the hand can count, of a set that goes meanwhile. */
static void test_many_references_are_out(void **state)
{
    static svc_endpoints *taken[100000];
    struct svc__publish *p = *state;
    const size_t count = sizeof(taken) / sizeof(taken[0]);

    set(p, 1);
    for (size_t i = 0; i < count; i++) {
        if (i == count / 2)
            set(p, 2);
        taken[i] = svc__publish_get(p);
        assert_int_equal(taken[i]->generation, i < count / 2 ? 1 : 2);
    }
    set(p, 3);
    for (size_t i = 0; i < count; i++)
        svc_endpoints_unref(taken[i]);
    for (size_t i = 0; i < count; i++)
        svc_endpoints_unref(svc__publish_get(p));
}

static void test_taken_from_an_empty_hand(void **state)
{
    struct svc__publish *p = *state;

    for (size_t i = 0; i < 100000; i++)
        assert_null(svc__publish_get(p));
    set(p, 1);
    svc_endpoints_unref(svc__publish_get(p));
    svc__publish_close(p);
    for (size_t i = 0; i < 100000; i++)
        assert_null(svc__publish_get(p));
    set(p, 2);
    assert_null(svc__publish_get(p));
}

/* Takes and drops until it sees the last generation. */
static void *take_and_drop(void *arg)
{
    uint64_t seen = 0;

    while (seen < GENERATIONS) {
        svc_endpoints *eps = svc__publish_get(arg);

        assert_true(eps->generation >= seen);
        seen = eps->generation;
        svc_endpoints_unref(eps);
    }
    return NULL;
}

static void test_sets_change_while_they_are_taken(void **state)
{
    struct svc__publish *p = *state;
    pthread_t readers[READERS];

    set(p, 1);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, take_and_drop, p),
                         0);
    for (uint64_t generation = 2; generation <= GENERATIONS; generation++)
        set(p, generation);
    for (size_t i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
}

#define with_publish(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_publish(test_many_references_are_out),
        with_publish(test_taken_from_an_empty_hand),
        with_publish(test_sets_change_while_they_are_taken),
    };

    return cmocka_run_group_tests_name("publish_hand", tests, NULL, NULL);
}
