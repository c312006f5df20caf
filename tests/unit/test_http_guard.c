/* SPDX-License-Identifier: Apache-2.0 */
/* SIGPIPE between the two calls, for hosts of each kind (faults P10). */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http_guard.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void write_to_nobody(void)
{
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    assert_int_equal(write(fds[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(fds[1]);
}

static int is_pending(void)
{
    sigset_t pending;

    assert_int_equal(sigpending(&pending), 0);
    return sigismember(&pending, SIGPIPE);
}

static sigset_t mask_with(int blocked)
{
    sigset_t set;
    sigset_t before;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    assert_int_equal(
        pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &set, &before), 0);
    return before;
}

static void guarded(int writes)
{
    struct svc__http_guard guard;
    sigset_t before;
    sigset_t after;

    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &before), 0);
    svc__http_guard_enter(&guard);
    for (int i = 0; i < writes; i++)
        write_to_nobody();
    errno = 77;
    svc__http_guard_leave(&guard);
    assert_int_equal(errno, 77);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &after), 0);
    for (int i = 1; i < 32; i++)
        assert_int_equal(sigismember(&before, i), sigismember(&after, i));
}

/* The default disposition would end this process. */
static void it_is_not_raised(void **state)
{
    (void)state;
    assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    (void)mask_with(0);
    guarded(0);
    guarded(3);
    assert_false(is_pending());
}

static void a_host_that_blocks_it(void **state)
{
    (void)state;
    (void)mask_with(1);
    guarded(2);
    assert_false(is_pending());
    write_to_nobody();
    guarded(2);
    assert_true(is_pending()); /* the host's own stays */
    guarded(0);
    assert_true(is_pending());
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    (void)mask_with(0);
}

static void a_host_that_ignores_it(void **state)
{
    (void)state;
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    guarded(2);
    assert_true(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_not_raised),
        cmocka_unit_test(a_host_that_blocks_it),
        cmocka_unit_test(a_host_that_ignores_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
