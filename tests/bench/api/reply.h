/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of the scripted API server: what was asked, and what is still
 * to be sent of the answer, as parts of texts that stand elsewhere. Nothing is
 * copied that has the size of an object.
 */
#ifndef SVC_BENCH_API_REPLY_H
#define SVC_BENCH_API_REPLY_H

#include "world.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define REPLY_REQUEST_MAX 16384
#define REPLY_TEXT_MAX    2048
#define REPLY_ALL         SIZE_MAX

struct reply {
    int fd;
    char request[REPLY_REQUEST_MAX];
    size_t request_size;

    struct iovec *parts; /* still to be sent from part at on */
    size_t count;
    size_t capacity;
    size_t at;
    char text[REPLY_TEXT_MAX]; /* what is no object */
    size_t text_size;

    /* A watch that goes on. */
    int is_watch;
    int is_slices;
    size_t service; /* the only one that counts, or REPLY_ALL */
    double ends;    /* client_seconds */
    double bookmark;
};

/* Owned. NULL when fd cannot be used. */
struct reply *reply_new(int fd);
void reply_free(struct reply *r);

/* Parts to be sent: bytes that live on, a few bytes that are copied, and the
 * objects of one form that the watch is about. */
void reply_add(struct reply *r, const void *bytes, size_t size);
__attribute__((format(printf, 2, 3))) void reply_printf(struct reply *r,
                                                        const char *format,
                                                        ...);
void reply_add_all(struct reply *r, const struct world *w,
                   enum world_form form);
void reply_add_slice(struct reply *r, const struct world *w, size_t slice);

/* Puts a header with a Content-Length before all that was added since
 * reply_begin. */
void reply_begin(struct reply *r);
void reply_end(struct reply *r, int status);

/* Sends what goes. 1: all of it is sent; 0: not yet; -1: it is over. */
int reply_send(struct reply *r, uint64_t *ret_sent);

#endif
