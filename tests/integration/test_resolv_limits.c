/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport in a process that is out of descriptors, that has very many, or
 * that forks (faults P4, P5, P7).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proc_self.h"
#include "resolv_run.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "web.shop.svc.cluster.local"
#define HIGH 2000

static struct resolv_run run;
static struct probe probes[2];

static int setup(void **state)
{
    (void)state;
    resolv_run_open(&run);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    resolv_run_close(&run);
    return 0;
}

/* No descriptor is free any more; undone by the limit that is returned. */
static struct rlimit use_up_descriptors(void)
{
    struct rlimit before;
    struct rlimit few;
    int fd = dup(0);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = (rlim_t)fd;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    return before;
}

static void no_descriptor_is_told_as_such(void **state)
{
    struct dns_query q;

    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        const struct svc__resolv_way way = {.tcp = tcp};
        struct rlimit before = use_up_descriptors();
        int err = resolv_run_try(&run, &probes[0], &way, NAME);

        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(err, SVC_ENOMEM);
        assert_non_null(strstr(probes[0].packet.problem, "file descriptors"));
        assert_int_equal(probes[0].done, 0);
        svc__resolv_forget(run.resolv, &probes[0].packet);
    }
    resolv_run_udp(&run, &probes[0], NAME, &q);
    resolv_run_answer(&run, &probes[0], &q);
}

/* What is on its way does not suffer from it. */
static void no_descriptor_spares_other_channels(void **state)
{
    const struct svc__resolv_way other = {.lane = 1};
    struct dns_query q;
    struct rlimit before;
    int err;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    before = use_up_descriptors();
    err = resolv_run_try(&run, &probes[1], &other, NAME);
    resolv_run_answer(&run, &probes[0], &q);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(err, SVC_ENOMEM);
}

/* faults P5: select(2) would end the process (M8). */
static void high_descriptors_work(void **state)
{
    static int fds[HIGH];
    struct rlimit before;
    struct rlimit more;
    struct dns_query q;
    int count = 0;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    more = before;
    more.rlim_cur = HIGH + 200;
    if (more.rlim_cur > more.rlim_max || setrlimit(RLIMIT_NOFILE, &more) != 0)
        skip();
    do {
        fds[count] = fcntl(0, F_DUPFD_CLOEXEC, 0);
        assert_true(fds[count] >= 0);
    } while (fds[count++] < HIGH - 1);
    resolv_run_udp(&run, &probes[0], NAME, &q);
    resolv_run_answer(&run, &probes[0], &q);
    resolv_run_tcp(&run, &probes[1], NAME, &q);
    resolv_run_answer(&run, &probes[1], &q);
    while (count > 0)
        close(fds[--count]);
    svc__resolv_free(run.resolv);
    run.resolv = NULL;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* In the child: 0 when nothing of the parent's is left or used, and nothing of
 * the child's is closed. */
static int in_child(void)
{
    int fds = proc_self_descriptors();

    svc__loop_abandon(run.loop);
    /* Two sockets, epoll, eventfd. */
    if (proc_self_descriptors() != fds - 4)
        return 1;
    /* The child's own, by the numbers that these had. */
    for (int i = 0; i < 4; i++)
        (void)dup(0);
    svc__resolv_free(run.resolv);
    return proc_self_descriptors() == fds ? 0 : 2;
}

/* faults P7: a child that lets go of everything takes nothing away. */
static void a_fork_takes_nothing_away(void **state)
{
    struct dns_query udp;
    struct dns_query tcp;
    int status = -1;
    pid_t pid;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &udp);
    resolv_run_tcp(&run, &probes[1], NAME, &tcp);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        _exit(in_child());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    resolv_run_answer(&run, &probes[0], &udp);
    resolv_run_answer(&run, &probes[1], &tcp);
    assert_int_equal(dns_server_count(run.server[0]), 2);
}

static void sockets_do_not_survive_exec(void **state)
{
    struct dns_query q;
    int found = 0;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    resolv_run_tcp(&run, &probes[1], NAME, &q);
    for (int fd = 3; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);
        struct sockaddr_in peer;
        socklen_t size = sizeof(peer);

        if (flags < 0 ||
            getpeername(fd, (struct sockaddr *)&peer, &size) != 0 ||
            ntohs(peer.sin_port) != dns_server_port(run.server[0]))
            continue;
        found++;
        assert_true(flags & FD_CLOEXEC);
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    }
    assert_int_equal(found, 2);
}

#define with_run(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_run(no_descriptor_is_told_as_such),
        with_run(no_descriptor_spares_other_channels),
        with_run(high_descriptors_work),
        with_run(a_fork_takes_nothing_away),
        with_run(sockets_do_not_survive_exec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
