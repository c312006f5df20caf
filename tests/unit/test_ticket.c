/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots by number: whose they are, what a number of before finds, and that
 * memory does not grow with use.
 */
#include "core/ticket.h"
#include "core/tracks.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <svc/svc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1000u

static uint32_t leaked;
static _Atomic uint64_t leaks;

static void numbers_that_nobody_has(void **state)
{
    (void)state;
    assert_null(svc__ticket_slot(SVC__TICKET_NONE));
    assert_null(svc__ticket_slot(UINT32_MAX));
    assert_null(svc__ticket_slot(12345678));
}

/* Each has a slot of its own, in a line of its own. */
static void each_its_own(void **state)
{
    enum {
        MANY = 3000
    };
    static uint32_t tickets[MANY];

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        struct svc__slot *slot;

        tickets[i] = svc__ticket_new();
        slot = svc__ticket_slot(tickets[i]);
        assert_non_null(slot);
        assert_int_equal((uintptr_t)slot % 64, 0);
        assert_int_equal(svc__slot_in_flight(slot, NOW), 0);
        (void)svc__slot_take(slot, NOW, &leaked);
    }
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(svc__slot_in_flight(svc__ticket_slot(tickets[i]), NOW),
                         1);
    svc__ticket_unref(tickets, MANY);
}

/* Faults L4: a pick of before finds the slot, in the life of somebody else. */
static void a_slot_begins_a_new_life(void **state)
{
    const uint32_t first = svc__ticket_new();
    const uint32_t epoch =
        svc__slot_take(svc__ticket_slot(first), NOW, &leaked);
    uint32_t second;

    (void)state;
    svc__ticket_unref(&first, 1);
    assert_int_equal(svc__slot_done(svc__ticket_slot(first), epoch,
                                    SVC_OUTCOME_ERROR, 1, NOW),
                     SVC__SLOT_STALE);
    second = svc__ticket_new();
    assert_int_equal(second, first);
    assert_int_equal(svc__slot_done(svc__ticket_slot(first), epoch,
                                    SVC_OUTCOME_ERROR, 1, NOW),
                     SVC__SLOT_STALE);
    svc__ticket_unref(&second, 1);
}

static void memory_stays_where_it_is(void **state)
{
    uint32_t highest = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        const uint32_t ticket = svc__ticket_new();

        if (i == 0)
            highest = ticket;
        assert_int_equal(ticket, highest);
        svc__ticket_unref(&ticket, 1);
    }
}

/* A set holds its slots, also when the service has forgotten the endpoint. */
static void tracks_hold_their_slots(void **state)
{
    uint32_t tickets[2] = {svc__ticket_new(), svc__ticket_new()};
    struct svc__tracks *t = svc__tracks_new(tickets, 2, &leaks);
    uint32_t other;
    uint32_t epoch;

    (void)state;
    assert_non_null(t);
    assert_int_equal(t->count, 2);
    assert_ptr_equal(t->slots[1], svc__ticket_slot(tickets[1]));
    svc__ticket_unref(tickets, 2);
    epoch = svc__slot_take(t->slots[0], NOW, &leaked);
    other = svc__ticket_new();
    assert_int_not_equal(other, tickets[0]);
    assert_int_not_equal(other, tickets[1]);
    svc__ticket_unref(&other, 1);
    assert_int_equal(svc__slot_done(t->slots[0], epoch, SVC_OUTCOME_OK, 1, NOW),
                     SVC__SLOT_TAKEN);
    svc__tracks_free(t);
    svc__tracks_free(NULL);
}

#define THREADS 4

static void *come_and_go(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20000; i++) {
        const uint32_t ticket = svc__ticket_new();
        struct svc__slot *slot = svc__ticket_slot(ticket);
        uint32_t none = 0;
        const uint32_t epoch = svc__slot_take(slot, NOW, &none);

        if (svc__slot_in_flight(slot, NOW) != 1 ||
            svc__slot_done(slot, epoch, SVC_OUTCOME_OK, 1, NOW) !=
                SVC__SLOT_TAKEN)
            return slot;
        svc__ticket_unref(&ticket, 1);
    }
    return NULL;
}

static void no_two_threads_get_the_same(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, NULL),
                         0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;

        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

static _Atomic int stop;

static void *keep_going(void *arg)
{
    while (!stop)
        (void)come_and_go(arg);
    return NULL;
}

/* Faults P7: a child finds the lock free, whoever had it. */
static void a_child_is_not_locked_out(void **state)
{
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, keep_going, NULL), 0);
    for (int i = 0; i < 50; i++) {
        const pid_t pid = fork();
        int status;

        if (pid == 0) {
            uint32_t ticket;

            alarm(20);
            ticket = svc__ticket_new();
            svc__ticket_unref(&ticket, 1);
            _exit(ticket == SVC__TICKET_NONE);
        }
        assert_true(pid > 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    stop = 1;
    assert_int_equal(pthread_join(thread, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_that_nobody_has),
        cmocka_unit_test(each_its_own),
        cmocka_unit_test(a_slot_begins_a_new_life),
        cmocka_unit_test(memory_stays_where_it_is),
        cmocka_unit_test(tracks_hold_their_slots),
        cmocka_unit_test(no_two_threads_get_the_same),
        cmocka_unit_test(a_child_is_not_locked_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
