/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the options of the sockets and the table of errors. A socket does not
 * outlive the channel of io/resolv that it was opened for.
 */
#include "io/resolv_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <svc/svc.h>
#include <unistd.h>

/* Answers that wait until the loop comes round: several hundred small ones.
 * The kernel gives what its own limit allows (net.core.rmem_max). */
#define RECEIVE_BYTES (512 * 1024)

static const struct {
    int error;
    int code;
    const char *words;
} errors[] = {
    {EMFILE, SVC_ENOMEM, "out of file descriptors (ulimit -n)"},
    {ENFILE, SVC_ENOMEM, "the system is out of file descriptors"},
    {ENOMEM, SVC_ENOMEM, "out of memory"},
    {ENOBUFS, SVC_ENOMEM, "out of memory for packets"},
    {ECONNREFUSED, SVC_EUNREACH, "connection refused"},
    {ECONNRESET, SVC_EUNREACH, "connection reset by the server"},
    {EPIPE, SVC_EUNREACH, "connection closed by the server"},
    {SVC__RESOLV_SOCKET_CLOSED, SVC_EUNREACH,
     "connection closed by the server before a whole answer"},
    {ETIMEDOUT, SVC_EUNREACH, "connection timed out"},
    {ENETUNREACH, SVC_EUNREACH, "network is unreachable"},
    {ENETDOWN, SVC_EUNREACH, "network is down"},
    {EHOSTUNREACH, SVC_EUNREACH, "host is unreachable"},
    {EHOSTDOWN, SVC_EUNREACH, "host is down"},
    {EPERM, SVC_EUNREACH, "not permitted, maybe by a packet filter"},
    {EACCES, SVC_EUNREACH, "not permitted"},
    {EADDRNOTAVAIL, SVC_EUNREACH, "no local address or port is free"},
    {EAFNOSUPPORT, SVC_EUNREACH, "no such address family on this host"},
    {EINVAL, SVC_EUNREACH, "the server's address cannot be used"},
    {EMSGSIZE, SVC_EUNREACH, "the query is too long for a packet"},
};

static size_t find(int error)
{
    size_t i = 0;

    while (i < sizeof(errors) / sizeof(errors[0]) && errors[i].error != error)
        i++;
    return i;
}

int svc__resolv_socket_code(int error)
{
    size_t i = find(error);

    return i < sizeof(errors) / sizeof(errors[0]) ? errors[i].code
                                                  : SVC_EUNREACH;
}

const char *svc__resolv_socket_words(int error)
{
    size_t i = find(error);

    return i < sizeof(errors) / sizeof(errors[0]) ? errors[i].words
                                                  : "the network failed";
}

static socklen_t size_of(const struct sockaddr_storage *server)
{
    return server->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                         : sizeof(struct sockaddr_in);
}

static void configure(int fd, int tcp)
{
    const int one = 1;
    const int bytes = RECEIVE_BYTES;

    /* Each only makes it better: no error stops us. */
    if (tcp)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    else
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

int svc__resolv_socket_open(const struct sockaddr_storage *server, int tcp,
                            int *ret_fd)
{
    int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int fd = socket(server->ss_family, type, 0);

    if (fd < 0)
        return errno;
    configure(fd, tcp);
    if (connect(fd, (const struct sockaddr *)server, size_of(server)) != 0 &&
        errno != EINPROGRESS) {
        int error = errno;

        close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}
