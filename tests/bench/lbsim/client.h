/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client: one process with a policy, slots, a cursor and a generator of its
 * own. What it asks for comes from another generator, which no policy touches,
 * so that all policies get the same requests.
 */
#ifndef SVC_LBSIM_CLIENT_H
#define SVC_LBSIM_CLIENT_H

#include "draw.h"
#include "event.h"
#include "peer.h"

#include <stddef.h>
#include <stdint.h>

struct client {
    struct event event; /* its next request */
    double work;        /* of that one; mean 1 */
    double luck;        /* below the chance to fail, it fails */
    uint64_t key;

    struct svc__rng requests;
    struct svc__rng rng;
    struct svc__cursor cursor;
    struct svc__slot *slots; /* one for each server there ever is */
    struct svc__slot **refs; /* those of the set */
    struct svc__policy policy;
};

void client_init(struct client *c, struct svc__rng *seeds, size_t servers);
void client_fini(struct client *c);

/* Goes on with another set; weights are those of its endpoints, or NULL. */
void client_enter(struct client *c, const struct svc__policy_ops *ops,
                  const struct svc_endpoints *set, const uint32_t *weights);

/* Draws the next request; returns the nanoseconds until it comes. */
int64_t client_next(struct client *c, double gap, enum draw_kind kind);

/* Index in the set. */
size_t client_pick(struct client *c, int64_t now);

/* Counts a pick of a server; returns the epoch. */
uint32_t client_took(struct client *c, size_t server, int64_t now);

/* Tells what became of it. */
struct client_outcome {
    size_t server;
    uint32_t epoch;
    int is_bad;
    int64_t took; /* nanoseconds */
};
void client_done(struct client *c, const struct client_outcome *o, int64_t now);

#endif
