/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of connections: watched, lost, closed; and the descriptors of others
 * that are hidden. */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/http_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct svc__loop *loop;
static struct svc__http_sockets sockets;
static int looks;
static int looked_fd;
static unsigned looked_events;
static int close_when_looked;

static void look(void *arg, int fd, unsigned events)
{
    assert_ptr_equal(arg, &looks);
    looks++;
    looked_fd = fd;
    looked_events = events;
    if (close_when_looked)
        svc__http_socket_close(&sockets, fd);
}

static int setup(void **state)
{
    (void)state;
    looks = 0;
    close_when_looked = 0;
    assert_int_equal(svc__loop_new(&loop, NULL), 0);
    svc__http_socket_init(&sockets, loop, look, &looks);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc__http_socket_fini(&sockets);
    svc__loop_free(loop);
    return 0;
}

static int open_one(void)
{
    int error = 0;
    int fd = svc__http_socket_open(&sockets, AF_INET, SOCK_DGRAM, &error);

    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    return fd;
}

static void one_is_watched(void **state)
{
    int fd = open_one();

    (void)state;
    assert_int_equal(svc__http_socket_watch(&sockets, fd, SVC__IO_WRITE), 0);
    assert_int_equal(svc__loop_round(loop, 0), 0);
    assert_int_equal(looks, 1);
    assert_int_equal(looked_fd, fd);
    assert_int_equal(looked_events, SVC__IO_WRITE);
    assert_int_equal(svc__http_socket_watch(&sockets, fd, SVC__IO_READ), 0);
    assert_int_equal(svc__http_socket_watch(&sockets, fd, 0), 0);
    assert_int_equal(svc__loop_round(loop, 0), 0);
    assert_int_equal(looks, 1);
    assert_int_equal(svc__http_socket_watch(&sockets, fd, SVC__IO_WRITE), 0);
    svc__http_socket_close(&sockets, fd);
    assert_int_equal(svc__loop_round(loop, 0), 0);
    assert_int_equal(looks, 1);
}

static void a_stranger_is_left_alone(void **state)
{
    int fd = open("/dev/null", O_RDONLY);

    (void)state;
    assert_int_equal(svc__http_socket_watch(&sockets, fd, SVC__IO_READ), 0);
    svc__http_socket_close(&sockets, fd);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* The loop cannot watch what is no descriptor: as when the kernel is out of
 * memory. */
static void one_is_lost(void **state)
{
    int fds[2] = {open_one(), open_one()};

    (void)state;
    close_when_looked = 1;
    for (int i = 0; i < 2; i++) {
        close(fds[i]);
        assert_int_equal(svc__http_socket_watch(&sockets, fds[i], SVC__IO_READ),
                         -1);
    }
    assert_int_equal(looks, 0);
    assert_int_equal(svc__loop_round(loop, 1000), 0);
    assert_int_equal(looks, 2);
    assert_int_equal(looked_events, 0);
    assert_int_equal(svc__loop_timeout_ms(loop), -1);
}

static void none_can_be_opened(void **state)
{
    int error = 0;

    (void)state;
    assert_int_equal(svc__http_socket_open(&sockets, 9999, SOCK_STREAM, &error),
                     -1);
    assert_int_equal(error, EAFNOSUPPORT);
}

static void a_pair_is_hidden(void **state)
{
    int first = svc__http_socket_lowest();
    uint32_t before = svc__http_socket_waiting(first);
    uint32_t both;
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(svc__http_socket_waiting(first), before);
    assert_int_equal(write(fds[1], "x", 1), 1);
    both = svc__http_socket_waiting(first) & ~before;
    assert_int_equal(both, 1U << (fds[0] - first) | 1U << (fds[1] - first));
    svc__http_socket_cloexec(first, both);
    assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
    assert_int_equal(svc__http_socket_waiting(first), before);
    close(fds[0]);
    close(fds[1]);
}

/* What curl closed by itself is forgotten when its number comes again, or at
 * the end (which the address sanitizer sees). */
static void one_is_closed_by_others(void **state)
{
    const int fd = open_one();

    (void)state;
    close(fd);
    assert_int_equal(open_one(), fd);
    assert_ptr_equal(sockets.all.next, sockets.all.prev);
    assert_int_equal(svc__http_socket_watch(&sockets, fd, SVC__IO_WRITE), 0);
    assert_int_equal(svc__loop_round(loop, 0), 0);
    assert_int_equal(looked_fd, fd);
    close(fd);
}

/* A child of fork closes its copies, and nobody else's descriptor that came
 * into the place of one that curl closed by itself. */
static void strangers_stay_open_in_a_child(void **state)
{
    const int ours = open_one();
    const int theirs = open_one();

    (void)state;
    close(theirs);
    assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), theirs);
    svc__http_socket_abandon(&sockets);
    assert_int_equal(fcntl(ours, F_GETFD), -1);
    assert_int_equal(fcntl(theirs, F_GETFD), FD_CLOEXEC);
    close(theirs);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_is_watched),
        TEST(one_is_closed_by_others),
        TEST(strangers_stay_open_in_a_child),
        TEST(a_stranger_is_left_alone),
        TEST(one_is_lost),
        TEST(none_can_be_opened),
        TEST(a_pair_is_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
