/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams, many with one system call: those to be sent are put together
 * first, those that came are read at once. Knows nothing of what is in them.
 * One thread at a time.
 */
#ifndef SVC_IO_RESOLV_BATCH_H
#define SVC_IO_RESOLV_BATCH_H

#include <stddef.h>
#include <stdint.h>

#define SVC__RESOLV_BATCH_MAX 64
/* Bytes of a datagram that are kept; a longer one is dropped. We ask for no
 * more than 1232. */
#define SVC__RESOLV_BATCH_BYTES 1536

struct svc__resolv_batch;

/* Owned; NULL: no memory. */
struct svc__resolv_batch *svc__resolv_batch_new(void);
void svc__resolv_batch_free(struct svc__resolv_batch *b);

/* Puts a datagram (borrowed until send) behind the others. There is room for
 * SVC__RESOLV_BATCH_MAX. */
void svc__resolv_batch_put(struct svc__resolv_batch *b, const uint8_t *data,
                           size_t size);

/* Sends what was put, in order, and forgets it. *ret_sent: how many went out.
 * 0 when it was all of them, else the errno that stopped it. */
int svc__resolv_batch_send(struct svc__resolv_batch *b, int fd,
                           size_t *ret_sent);

/* Reads datagrams that wait. *ret_count: how many. 0 or an errno (EAGAIN: none
 * is there). */
int svc__resolv_batch_receive(struct svc__resolv_batch *b, int fd,
                              size_t *ret_count);

/* A datagram of the last receive, borrowed until the next. *ret_size is 0 for
 * one that was too long. */
const uint8_t *svc__resolv_batch_get(const struct svc__resolv_batch *b,
                                     size_t i, size_t *ret_size);

/* All of the room, for a stream to read into; what was received is lost. */
uint8_t *svc__resolv_batch_room(struct svc__resolv_batch *b, size_t *ret_size);

#endif
