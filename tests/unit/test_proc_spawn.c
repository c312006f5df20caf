/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls behind a program that runs. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/proc_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const envp[] = {NULL};

static pid_t start(const char *script, int fds[2])
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    pid_t pid = 0;

    assert_int_equal(svc__proc_spawn_start("/bin/sh", argv, envp, &pid, fds),
                     0);
    assert_true(pid > 0);
    return pid;
}

static void close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static void wait_for(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&p, 1, 20000), 1);
}

static void its_end_is_seen_and_taken(void **state)
{
    int fds[2];
    pid_t pid = start("exit 7", fds);
    int status;

    (void)state;
    assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    assert_true((fcntl(fds[0], F_GETFL) & O_NONBLOCK) != 0);
    assert_true(fds[0] > 2 && fds[1] > 2);
    while ((status = svc__proc_spawn_ended(pid)) < 0)
        (void)poll(NULL, 0, 1);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_int_equal(svc__proc_spawn_ended(pid), status);
    svc__proc_spawn_reap(pid);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
    assert_int_equal(svc__proc_spawn_ended(pid), 0); /* nobody can tell */
    close_both(fds);
}

static void its_end_wakes(void **state)
{
    int fds[2];
    pid_t pid = start("sleep 0.02", fds);
    int watch = svc__proc_spawn_watch(pid);

    (void)state;
    if (watch >= 0) {
        wait_for(watch);
        assert_true(svc__proc_spawn_ended(pid) >= 0);
        close(watch);
    }
    svc__proc_spawn_kill(pid);
    svc__proc_spawn_reap(pid);
    close_both(fds);
}

static void the_group_is_killed(void **state)
{
    int fds[2];
    pid_t pid = start("sleep 1000 & echo $!; wait", fds);
    char text[16] = "";

    (void)state;
    wait_for(fds[0]);
    assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
    assert_int_equal(getpgid(pid), pid);
    svc__proc_spawn_kill(pid);
    svc__proc_spawn_reap(pid);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
    /* The end of the output: the one in the background is gone too. */
    wait_for(fds[0]);
    assert_int_equal(read(fds[0], text, sizeof(text)), 0);
    close_both(fds);
}

static void what_cannot_be_started(void **state)
{
    static const char *const argv[] = {"x", NULL};
    struct rlimit before;
    struct rlimit few;
    pid_t pid = 0;
    int fds[2];
    int next = dup(0);

    (void)state;
    close(next);
    assert_int_equal(svc__proc_spawn_start("/no/such", argv, envp, &pid, fds),
                     ENOENT);
    assert_int_equal(
        svc__proc_spawn_start("/etc/passwd", argv, envp, &pid, fds), EACCES);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int room = 0; room < 4; room++) {
        few = before;
        few.rlim_cur = (rlim_t)(next + room);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        assert_int_equal(
            svc__proc_spawn_start("/bin/true", argv, envp, &pid, fds), EMFILE);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    }
    assert_int_equal(pid, 0);
    assert_int_equal(dup(0), next); /* nothing stays open */
    close(next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_end_is_seen_and_taken),
        cmocka_unit_test(its_end_wakes),
        cmocka_unit_test(the_group_is_killed),
        cmocka_unit_test(what_cannot_be_started),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
