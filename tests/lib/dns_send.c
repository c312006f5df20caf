/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What answers a query, on any thread. Owns nothing.
 */
#include "dns_server_inside.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The connection of a query, or NULL; locked. */
static struct connection *find(const struct dns_query *q)
{
    for (int i = 0; i < DNS_CONNECTIONS; i++) {
        struct connection *c = &q->server->connection[i];

        if (c->fd >= 0 && c->ending == STAYS && c->number == q->connection)
            return c;
    }
    return NULL;
}

void dns_send_raw(const struct dns_query *q, const void *data, size_t size)
{
    const uint8_t *at = data;
    struct connection *c;

    assert_true(q->connection > 0);
    pthread_mutex_lock(&q->server->lock);
    c = find(q);
    while (c != NULL && size > 0) {
        ssize_t n = send(c->fd, at, size, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            break;
        at += n < 0 ? 0 : n;
        size -= n < 0 ? 0 : (size_t)n;
    }
    pthread_mutex_unlock(&q->server->lock);
}

void dns_send_cut(const struct dns_query *q, const void *data, size_t size,
                  size_t cut)
{
    uint8_t *frame = malloc(2 + size);

    assert_non_null(frame);
    assert_true(size <= 65535 && cut <= 2 + size);
    frame[0] = (uint8_t)(size >> 8);
    frame[1] = (uint8_t)size;
    memcpy(frame + 2, data, size);
    dns_send_raw(q, frame, cut);
    free(frame);
}

void dns_send_bytewise(const struct dns_query *q, const void *data, size_t size)
{
    const uint8_t length[2] = {(uint8_t)(size >> 8), (uint8_t)size};

    for (size_t i = 0; i < sizeof(length); i++)
        dns_send_raw(q, length + i, 1);
    for (size_t i = 0; i < size; i++)
        dns_send_raw(q, (const uint8_t *)data + i, 1);
}

void dns_send(const struct dns_query *q, const void *data, size_t size)
{
    struct dns_server *s = q->server;

    if (q->connection > 0) {
        dns_send_cut(q, data, size, 2 + size);
        return;
    }
    pthread_mutex_lock(&s->lock);
    if (s->udp >= 0)
        (void)sendto(s->udp, data, size, MSG_NOSIGNAL,
                     (const struct sockaddr *)&q->from, sizeof(q->from));
    pthread_mutex_unlock(&s->lock);
}

void dns_send_forged(const struct dns_query *q, const void *data, size_t size)
{
    int fd = dns_server_port_open(SOCK_DGRAM, 0);

    assert_int_equal(q->connection, 0);
    assert_true(fd >= 0);
    assert_int_equal(sendto(fd, data, size, 0,
                            (const struct sockaddr *)&q->from, sizeof(q->from)),
                     size);
    close(fd);
}

static void end_connection(const struct dns_query *q, enum ending ending)
{
    struct connection *c;

    pthread_mutex_lock(&q->server->lock);
    c = find(q);
    if (c != NULL)
        c->ending = ending;
    pthread_mutex_unlock(&q->server->lock);
    dns_server_wake(q->server);
}

void dns_close(const struct dns_query *q)
{
    end_connection(q, CLOSES);
}

void dns_reset(const struct dns_query *q)
{
    end_connection(q, RESETS);
}
