/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch of files in a scratch folder, for the tests of io/file_watch: each
 * includes it once. Events are there when the call that caused them returns,
 * and the clock that the library sees stands still unless a test moves it:
 * nothing here depends on how fast the machine is.
 */
#ifndef TESTS_INTEGRATION_WATCHED_H
#define TESTS_INTEGRATION_WATCHED_H

#include "io/file_watch.h"
#include "oom.h"
#include "scratch.h"
#include "still_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>

/* ---- a watch ------------------------------------------------------------- */

static struct scratch s;
static struct svc__loop *l;
static struct svc__file_watch *w;
static char watched[2][256];
static const char *paths[3];
static int count; /* calls of changed */

static inline void changed(void *arg)
{
    assert_ptr_equal(arg, &count);
    count++;
}

static inline int setup(void **state)
{
    (void)state;
    scratch_make(&s);
    w = NULL;
    count = 0;
    moved_ms = 0;
    return svc__loop_new(&l, NULL);
}

static inline int teardown(void **state)
{
    (void)state;
    svc__file_watch_free(w);
    assert_int_equal(svc__loop_timeout_ms(l), -1);
    svc__loop_free(l);
    scratch_remove(&s);
    assert_int_equal(oom_live(), 0);
    return 0;
}

/* Watches one or two names of the scratch folder; NULL: none. */
static inline void watch(const char *one, const char *two)
{
    const struct svc__file_listener listener = {changed, &count};

    snprintf(watched[0], sizeof(watched[0]), "%s", scratch_path(&s, one));
    paths[0] = watched[0];
    paths[1] = NULL;
    paths[2] = NULL;
    if (two != NULL) {
        snprintf(watched[1], sizeof(watched[1]), "%s", scratch_path(&s, two));
        paths[1] = watched[1];
    }
    assert_int_equal(svc__file_watch_new(l, paths, listener, &w, NULL), 0);
    assert_false(svc__file_watch_is_polling(w));
}

/* Rounds until nothing is left to be read. */
static inline void settle(void)
{
    struct pollfd p = {.fd = svc__loop_fd(l), .events = POLLIN};

    assert_int_equal(svc__loop_round(l, 0), 0);
    while (poll(&p, 1, 0) == 1)
        assert_int_equal(svc__loop_round(l, 0), 0);
}

/* Moves the clock, and lets timers fire. */
static inline void pass(int ms)
{
    moved_ms += ms;
    assert_int_equal(svc__loop_round(l, 0), 0);
}

/* Told at once; then the same is perhaps told again. */
static inline void assert_told(void)
{
    settle();
    assert_in_range(count, 1, 2);
    pass(SVC__FILE_WATCH_QUIET_MS);
    assert_in_range(count, 1, 3);
    count = 0;
}

/* Told when it has been quiet, and not before. */
static inline void assert_told_later(void)
{
    settle();
    pass(SVC__FILE_WATCH_QUIET_MS - 1);
    assert_int_equal(count, 0);
    pass(1);
    assert_int_equal(count, 1);
    count = 0;
}

static inline void assert_not_told(void)
{
    settle();
    pass(SVC__FILE_WATCH_QUIET_MS);
    assert_int_equal(count, 0);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
