/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets to DNS servers, and errors in words and codes. */
#include "io/resolv_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <svc/svc.h>
#include <unistd.h>

static void every_error_has_words_and_a_code(void **state)
{
    (void)state;
    for (int error = -1; error < 200; error++) {
        int code = svc__resolv_socket_code(error);

        assert_true(strlen(svc__resolv_socket_words(error)) > 5);
        assert_true(code == SVC_ENOMEM || code == SVC_EUNREACH);
    }
}

/* faults P4: these are not the network's fault. */
static void shortage_is_not_unreachable(void **state)
{
    static const int errors[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS};

    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        assert_int_equal(svc__resolv_socket_code(errors[i]), SVC_ENOMEM);
        assert_non_null(strstr(svc__resolv_socket_words(errors[i]), "out of"));
    }
    assert_int_equal(svc__resolv_socket_code(ECONNREFUSED), SVC_EUNREACH);
    assert_int_equal(svc__resolv_socket_code(EPERM), SVC_EUNREACH);
}

static void a_socket_is_private_and_does_not_block(void **state)
{
    struct sockaddr_storage server = {0};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in got;
    socklen_t size = sizeof(got);
    int fd = -1;

    (void)state;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memcpy(&server, &to, sizeof(to));
    assert_int_equal(svc__resolv_socket_open(&server, 0, &fd), 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    /* It takes datagrams of that server alone. */
    assert_int_equal(getpeername(fd, (struct sockaddr *)&got, &size), 0);
    assert_int_equal(got.sin_port, to.sin_port);
    assert_int_equal(got.sin_addr.s_addr, to.sin_addr.s_addr);
    close(fd);
}

static void what_cannot_be_opened_leaves_nothing(void **state)
{
    struct sockaddr_storage server = {0};
    int fd = -7;
    int before = dup(0);
    int after;

    (void)state;
    close(before);
    for (int tcp = 0; tcp < 2; tcp++) {
        server.ss_family = AF_UNSPEC;
        assert_int_not_equal(svc__resolv_socket_open(&server, tcp, &fd), 0);
        server.ss_family = 250;
        assert_int_equal(svc__resolv_socket_open(&server, tcp, &fd),
                         EAFNOSUPPORT);
    }
    assert_int_equal(fd, -7);
    after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_words_and_a_code),
        cmocka_unit_test(shortage_is_not_unreachable),
        cmocka_unit_test(a_socket_is_private_and_does_not_block),
        cmocka_unit_test(what_cannot_be_opened_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
