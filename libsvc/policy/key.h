/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a pick's key and an endpoint hash to. The numbers are the same in every
 * client, build and language, so that all of them send a key to one and the
 * same endpoint; they are fixed for ever, and no secret: who may choose keys
 * may choose endpoints. Pure.
 *
 * A key: SipHash-1-3 of its bytes under the key (0, 0). An endpoint:
 * SipHash-1-3 under the key (0, 1) of 20 bytes, which are its address (16
 * bytes, those of IPv4 first and the rest 0), 4 or 6, the IANA number of its
 * protocol, and its port in network order. Where an endpoint needs more
 * numbers than one, they are SplitMix64's, which begins with that hash.
 */
#ifndef SVC_POLICY_KEY_H
#define SVC_POLICY_KEY_H

#include "policy/policy.h"

#include <stddef.h>
#include <stdint.h>

/* So many endpoints are told apart for one key. A pick that comes back more
 * often begins anew. */
#define SVC__KEY_TRIED 16

/* The hash of a key; the empty key is one, too. */
uint64_t svc__key_hash(const void *key, size_t size);

/* That of a pick's key. A pick that has none gets one at random, each
 * attempt another, so it goes to any endpoint, by weight. */
static inline uint64_t svc__key_of_pick(const struct svc__pick_ctx *ctx)
{
    return ctx->has_key ? ctx->hash : svc__rng_next(ctx->rng);
}

/* The numbers of an endpoint, from the first (svc__rng_next). */
struct svc__rng svc__key_of_endpoint(const struct svc__candidate *c);

/* Where in count places a hash falls; each place gets the same share. */
static inline uint32_t svc__key_place(uint64_t hash, uint32_t count)
{
    return (uint32_t)((hash >> 32) * count >> 32);
}

/* Endpoints that came up for one key, each once. */
struct svc__key_seen {
    uint32_t at[SVC__KEY_TRIED];
    unsigned count;
};

/* Adds an endpoint; 0: it was there, or there is no room. */
int svc__key_see(struct svc__key_seen *seen, uint32_t at);

/* How many different endpoints come before the one that a pick is for, out of
 * count. */
unsigned svc__key_turn(const struct svc__pick_ctx *ctx, size_t count);

/* A table that gives each hash an endpoint. */
struct svc__key_table {
    const void *state;
    size_t count; /* endpoints */
    size_t (*at)(const void *state, uint64_t hash);
};

/* The endpoint for a pick whose first ones were tried: the hash and
 * SplitMix64's numbers behind it are looked up until enough different endpoints
 * came up. When 64 numbers do not do, since nearly all places are of one
 * endpoint, those behind the last in the order of the set follow. */
size_t svc__key_retry(const struct svc__key_table *t,
                      const struct svc__pick_ctx *ctx, uint64_t hash);

#endif
