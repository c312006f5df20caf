/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the bytes of both directions. What comes in is kept only until its
 * message is whole: one message, and what was read behind it.
 */
#include "io/resolv_stream.h"

#include "io/resolv_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#define LENGTH_BYTES 2
#define MESSAGE_MAX  65535
#define KEEP_BYTES   4096 /* a larger buffer is freed when it is empty */

void svc__resolv_stream_init(struct svc__resolv_stream *s)
{
    memset(s, 0, sizeof(*s));
    svc__buf_init(&s->out, SVC__RESOLV_STREAM_OUT_MAX);
    /* A message that is not whole, and one read. */
    svc__buf_init(&s->in, (size_t)4 * (LENGTH_BYTES + MESSAGE_MAX));
}

void svc__resolv_stream_fini(struct svc__resolv_stream *s)
{
    svc__buf_fini(&s->out);
    svc__buf_fini(&s->in);
}

/* Forgets the first taken bytes of b. */
static void drop(struct svc__buf *b, size_t *taken)
{
    if (*taken == b->size) {
        if (b->cap > KEEP_BYTES)
            svc__buf_fini(b);
        else
            svc__buf_clear(b);
    } else if (*taken > 0) {
        memmove(b->data, b->data + *taken, b->size - *taken);
        b->size -= *taken;
    }
    *taken = 0;
}

/* The errno of a buffer's latched error, which is cleared. */
static int trouble(struct svc__buf *b)
{
    b->err = 0;
    return ENOMEM;
}

int svc__resolv_stream_put(struct svc__resolv_stream *s, const uint8_t *data,
                           size_t size)
{
    const uint8_t length[LENGTH_BYTES] = {(uint8_t)(size >> 8), (uint8_t)size};

    if (svc__buf_reserve(&s->out, sizeof(length) + size) == NULL)
        return trouble(&s->out);
    (void)svc__buf_add(&s->out, length, sizeof(length));
    (void)svc__buf_add(&s->out, data, size);
    return 0;
}

int svc__resolv_stream_write(struct svc__resolv_stream *s, int fd,
                             size_t *ret_sent)
{
    *ret_sent = 0;
    while (s->out_sent < s->out.size) {
        ssize_t n = send(fd, s->out.data + s->out_sent,
                         s->out.size - s->out_sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        s->out_sent += (size_t)n;
        *ret_sent += (size_t)n;
    }
    drop(&s->out, &s->out_sent);
    return 0;
}

int svc__resolv_stream_read(struct svc__resolv_stream *s, int fd, uint8_t *room,
                            size_t size)
{
    ssize_t n;

    drop(&s->in, &s->in_taken);
    do {
        n = recv(fd, room, size, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno;
    if (n == 0)
        return SVC__RESOLV_SOCKET_CLOSED;
    if (svc__buf_add(&s->in, room, (size_t)n) != 0)
        return trouble(&s->in);
    return 0;
}

const uint8_t *svc__resolv_stream_next(struct svc__resolv_stream *s,
                                       size_t *ret_size)
{
    size_t left = s->in.size - s->in_taken;
    const uint8_t *at;
    size_t size;

    if (left < LENGTH_BYTES)
        return NULL;
    at = (const uint8_t *)s->in.data + s->in_taken;
    size = (size_t)at[0] << 8 | at[1];
    if (left - LENGTH_BYTES < size)
        return NULL;
    s->in_taken += LENGTH_BYTES + size;
    *ret_size = size;
    return at + LENGTH_BYTES;
}
