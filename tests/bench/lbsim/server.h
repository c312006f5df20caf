/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server: workers, and one queue in the order of arrival.
 */
#ifndef SVC_LBSIM_SERVER_H
#define SVC_LBSIM_SERVER_H

#include "event.h"
#include "fault.h"

#include <stddef.h>
#include <stdint.h>

struct request {
    struct request *next;
    int64_t arrived;
    double work; /* nanoseconds on a server without fault */
    double luck; /* fault_fails */
    uint32_t client;
    uint32_t epoch; /* of the slot that counts it */
    int is_bad;     /* it fails; known when it begins */
};

struct worker {
    struct event event; /* when its request is done */
    struct server *server;
    struct worker *next; /* idle */
    struct request *request;
};

struct server {
    const struct fault *fault;
    struct worker *workers; /* owned */
    size_t worker_count;
    struct worker *idle;
    struct request *first; /* waiting */
    struct request *last;
    size_t inside; /* requests that wait or are worked on */

    uint64_t picks; /* that are measured */
    int64_t joined;
    int64_t left;
};

void server_init(struct server *s, const struct fault *fault, size_t workers);
void server_fini(struct server *s);

/* A request comes: to a worker, or to the queue. */
void server_take(struct server *s, struct svc__heap *h, struct request *r,
                 int64_t now);

/* A worker is done: it goes on with the next one, and gives back the one that
 * it had. */
struct request *server_finish(struct worker *w, struct svc__heap *h,
                              int64_t now);

/* When one that came now would be done, as far as may be expected; all of its
 * kind take mean nanoseconds. */
int64_t server_expect(const struct server *s, double mean, int64_t now);

#endif
