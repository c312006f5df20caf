/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the buffers and headers of recvmmsg and sendmmsg. These two are calls
 * of Linux that glibc declares for _GNU_SOURCE only; everywhere else it would
 * change what strerror_r returns, hence here alone.
 */
#define _GNU_SOURCE
#include "io/resolv_batch.h"

#include "base/alloc.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct svc__resolv_batch {
    unsigned out_count;
    struct mmsghdr out[SVC__RESOLV_BATCH_MAX];
    struct iovec out_data[SVC__RESOLV_BATCH_MAX];
    struct mmsghdr in[SVC__RESOLV_BATCH_MAX];
    struct iovec in_data[SVC__RESOLV_BATCH_MAX];
    uint8_t room[SVC__RESOLV_BATCH_MAX][SVC__RESOLV_BATCH_BYTES];
};

struct svc__resolv_batch *svc__resolv_batch_new(void)
{
    struct svc__resolv_batch *b = svc__calloc(1, sizeof(*b));

    if (b == NULL)
        return NULL;
    for (size_t i = 0; i < SVC__RESOLV_BATCH_MAX; i++) {
        b->out[i].msg_hdr.msg_iov = &b->out_data[i];
        b->out[i].msg_hdr.msg_iovlen = 1;
        b->in_data[i].iov_base = b->room[i];
        b->in_data[i].iov_len = SVC__RESOLV_BATCH_BYTES;
        b->in[i].msg_hdr.msg_iov = &b->in_data[i];
        b->in[i].msg_hdr.msg_iovlen = 1;
    }
    return b;
}

void svc__resolv_batch_free(struct svc__resolv_batch *b)
{
    svc__free(b);
}

void svc__resolv_batch_put(struct svc__resolv_batch *b, const uint8_t *data,
                           size_t size)
{
    struct iovec *at = &b->out_data[b->out_count];

    at->iov_base = (void *)(uintptr_t)data; /* read only by sendmmsg */
    at->iov_len = size;
    b->out_count++;
}

int svc__resolv_batch_send(struct svc__resolv_batch *b, int fd,
                           size_t *ret_sent)
{
    unsigned sent = 0;
    int error = 0;

    while (sent < b->out_count && error == 0) {
        int n = sendmmsg(fd, b->out + sent, b->out_count - sent, MSG_NOSIGNAL);

        if (n > 0)
            sent += (unsigned)n;
        else if (errno != EINTR)
            error = errno;
    }
    b->out_count = 0;
    *ret_sent = sent;
    return error;
}

int svc__resolv_batch_receive(struct svc__resolv_batch *b, int fd,
                              size_t *ret_count)
{
    int n;

    *ret_count = 0;
    do {
        n = recvmmsg(fd, b->in, SVC__RESOLV_BATCH_MAX, 0, NULL);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno;
    *ret_count = (size_t)n;
    return 0;
}

const uint8_t *svc__resolv_batch_get(const struct svc__resolv_batch *b,
                                     size_t i, size_t *ret_size)
{
    const struct mmsghdr *m = &b->in[i];

    *ret_size = (m->msg_hdr.msg_flags & MSG_TRUNC) != 0 ? 0 : m->msg_len;
    return b->room[i];
}

uint8_t *svc__resolv_batch_room(struct svc__resolv_batch *b, size_t *ret_size)
{
    *ret_size = sizeof(b->room);
    return b->room[0];
}
