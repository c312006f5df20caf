/* SPDX-License-Identifier: Apache-2.0 */
/* Which events the loop tells: those that were asked for, as added and as
 * changed, and ends to everybody. */
#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* One end of a pair, and what its events were. */
struct duplex {
    struct svc__io io;
    int other;
    int calls;
    unsigned events; /* of the last call */
};

static void note_events(void *arg, unsigned events)
{
    struct duplex *d = arg;

    d->calls++;
    d->events = events;
}

static void duplex_open(struct duplex *d, struct svc__loop *l, unsigned events)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    *d = (struct duplex){.other = ends[1]};
    d->io = (struct svc__io){.fd = ends[0], .ready = note_events, .arg = d};
    assert_int_equal(svc__loop_add(l, &d->io, events, NULL), 0);
}

static void duplex_close(struct duplex *d, struct svc__loop *l)
{
    svc__loop_remove(l, &d->io);
    close(d->io.fd);
    if (d->other >= 0)
        close(d->other);
}

/* What a round tells; 0 when it does not call. */
static unsigned told(struct svc__loop *l, struct duplex *d)
{
    int calls = d->calls;

    assert_int_equal(svc__loop_round(l, 0), 0);
    assert_in_range(d->calls - calls, 0, 1);
    return d->calls == calls ? 0 : d->events;
}

/* Each kind as it was added and as it was changed to, with something to read
 * and without; there is always room to write. */
static void events_are_those_that_were_asked_for(void **state)
{
    struct svc__loop *l = *state;

    for (unsigned added = 0; added < 4; added++) {
        for (unsigned changed = 0; changed < 4; changed++) {
            struct duplex d;

            duplex_open(&d, l, added);
            assert_int_equal(told(l, &d), added & SVC__IO_WRITE);
            assert_int_equal(svc__loop_change(l, &d.io, changed, NULL), 0);
            assert_int_equal(told(l, &d), changed & SVC__IO_WRITE);
            assert_int_equal(write(d.other, "x", 1), 1);
            assert_int_equal(told(l, &d), changed);
            assert_int_equal(svc__loop_change(l, &d.io, added, NULL), 0);
            assert_int_equal(told(l, &d), added);
            duplex_close(&d, l);
        }
    }
}

/* Whatever is asked for: without this a connection that failed would be waited
 * for without an end. */
static void an_end_is_told_to_a_writer(void **state)
{
    struct svc__loop *l = *state;
    struct duplex d;

    duplex_open(&d, l, SVC__IO_READ);
    assert_int_equal(svc__loop_change(l, &d.io, SVC__IO_WRITE, NULL), 0);
    assert_int_equal(told(l, &d), SVC__IO_WRITE);
    close(d.other);
    d.other = -1;
    assert_int_equal(told(l, &d), SVC__IO_READ | SVC__IO_WRITE);
    duplex_close(&d, l);
    assert_int_equal(told(l, &d), 0);
}

/* Only what was added can be changed. */
static void a_stranger_cannot_be_changed(void **state)
{
    struct svc__loop *l = *state;
    struct svc__io io = {.fd = eventfd(1, EFD_CLOEXEC), .ready = note_events};
    svc_error error = {0};

    assert_int_equal(svc__loop_change(l, &io, SVC__IO_READ, &error),
                     SVC_ENOMEM);
    assert_int_equal(error.code, SVC_ENOMEM);
    assert_true(error.message[0] != '\0');
    assert_int_equal(svc__loop_change(l, &io, SVC__IO_READ, NULL), SVC_ENOMEM);
    assert_int_equal(svc__loop_round(l, 0), 0);
    close(io.fd);
}

static int loop_setup(void **state)
{
    struct svc__loop *l = NULL;

    if (svc__loop_new(&l, NULL) != 0)
        return -1;
    *state = l;
    return 0;
}

static int loop_teardown(void **state)
{
    svc__loop_free(*state);
    return 0;
}

#define with_loop(test)                                                        \
    cmocka_unit_test_setup_teardown(test, loop_setup, loop_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        with_loop(events_are_those_that_were_asked_for),
        with_loop(an_end_is_told_to_a_writer),
        with_loop(a_stranger_cannot_be_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
