/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages over a TCP connection: each has its length in two bytes before
 * it (RFC 1035 section 4.2.2). Takes the stream in whatever pieces it comes,
 * gives out whole messages only. One thread at a time.
 */
#ifndef SVC_IO_RESOLV_STREAM_H
#define SVC_IO_RESOLV_STREAM_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* The most that waits to be sent; a channel's queries fit many times. */
#define SVC__RESOLV_STREAM_OUT_MAX 262144

/* Embedded. */
struct svc__resolv_stream {
    struct svc__buf out;
    size_t out_sent;
    struct svc__buf in;
    size_t in_taken;
};

void svc__resolv_stream_init(struct svc__resolv_stream *s);
void svc__resolv_stream_fini(struct svc__resolv_stream *s);

/* Puts a message of at most 65,535 bytes (copied) behind the others. 0, or an
 * errno with the stream as before. */
int svc__resolv_stream_put(struct svc__resolv_stream *s, const uint8_t *data,
                           size_t size);

/* Sends what was put. *ret_sent: bytes that went out. 0 when all did, EAGAIN
 * when the rest has to wait, else the errno that ended it. No SIGPIPE. */
int svc__resolv_stream_write(struct svc__resolv_stream *s, int fd,
                             size_t *ret_sent);

/* Reads once, by way of room (size bytes). Messages that next gave are gone.
 * 0; EAGAIN: nothing there; SVC__RESOLV_SOCKET_CLOSED: the other side has
 * ended; another errno. */
int svc__resolv_stream_read(struct svc__resolv_stream *s, int fd, uint8_t *room,
                            size_t size);

/* The next whole message, borrowed until read, or NULL. */
const uint8_t *svc__resolv_stream_next(struct svc__resolv_stream *s,
                                       size_t *ret_size);

#endif
