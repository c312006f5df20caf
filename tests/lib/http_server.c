/* SPDX-License-Identifier: Apache-2.0 */
#include "http_server.h"

/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t real_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Fails the test when it waits for longer than any may. */
static void check_time(int64_t since_ms)
{
    assert_true(real_ms() - since_ms < HTTP_SERVER_MS);
}

void http_server_open(struct http_server *s, struct svc__loop *loop)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);

    memset(s, 0, sizeof(*s));
    s->loop = loop;
    s->peer = -1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(s->listener, 16), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &size),
                     0);
    s->port = ntohs(at.sin_port);
}

void http_server_close(struct http_server *s)
{
    http_server_hang_up(s);
    close(s->listener);
}

void http_server_round(struct http_server *s)
{
    assert_int_equal(svc__loop_round(s->loop, 2), 0);
}

void http_server_until(struct http_server *s, const int *flag)
{
    int64_t since_ms = real_ms();

    while (*flag == 0) {
        http_server_round(s);
        check_time(since_ms);
    }
}

static int can_read(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

int http_server_has_caller(struct http_server *s)
{
    return can_read(s->listener);
}

void http_server_accept(struct http_server *s)
{
    int64_t since_ms = real_ms();

    while (!http_server_has_caller(s)) {
        http_server_round(s);
        check_time(since_ms);
    }
    s->peer = accept(s->listener, NULL, NULL);
    assert_true(s->peer >= 0);
    assert_int_equal(fcntl(s->peer, F_SETFD, FD_CLOEXEC), 0);
    s->accepted++;
}

/* Bytes of the request with its body, once its headers are there; else 0. */
static size_t whole_size(const struct http_server *s)
{
    const char *end = strstr(s->request, "\r\n\r\n");
    const char *length;

    if (end == NULL)
        return 0;
    length = strstr(s->request, "Content-Length: ");
    return (size_t)(end + 4 - s->request) +
           (length != NULL && length < end
                ? (size_t)strtoul(length + 16, NULL, 10)
                : 0);
}

void http_server_read(struct http_server *s)
{
    int64_t since_ms = real_ms();

    s->size = 0;
    s->request[0] = '\0';
    while (whole_size(s) == 0 || s->size < whole_size(s)) {
        ssize_t got = 0;

        http_server_round(s);
        check_time(since_ms);
        if (!can_read(s->peer))
            continue;
        got = recv(s->peer, s->request + s->size,
                   HTTP_SERVER_REQUEST_MAX - s->size, 0);
        assert_true(got > 0);
        s->size += (size_t)got;
        s->request[s->size] = '\0';
    }
}

int http_server_send(struct http_server *s, const void *bytes, size_t size)
{
    const char *at = bytes;
    int64_t since_ms = real_ms();

    while (size > 0) {
        ssize_t sent = send(s->peer, at, size, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN)
            return 0;
        if (sent > 0) {
            at += sent;
            size -= (size_t)sent;
        }
        http_server_round(s);
        check_time(since_ms);
    }
    return 1;
}

int http_server_say(struct http_server *s, const char *text)
{
    return http_server_send(s, text, strlen(text));
}

void http_server_hang_up(struct http_server *s)
{
    if (s->peer >= 0)
        close(s->peer);
    s->peer = -1;
}

void http_server_reset(struct http_server *s)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(
        setsockopt(s->peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    http_server_hang_up(s);
}

void http_server_gone(struct http_server *s)
{
    int64_t since_ms = real_ms();
    char byte;

    for (;;) {
        if (can_read(s->peer) && recv(s->peer, &byte, 1, 0) <= 0)
            return;
        http_server_round(s);
        check_time(since_ms);
    }
}
