/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the hashes that all clients agree on. They are written down in key.h:
 * what changes them here moves every key of every client.
 */
#include "policy/key.h"

#include "base/hash.h"

#define DRAWS 64

static const struct svc__hash_key for_picks = {0, 0};
static const struct svc__hash_key for_endpoints = {0, 1};

uint64_t svc__key_hash(const void *key, size_t size)
{
    return svc__hash(&for_picks, key, size);
}

struct svc__rng svc__key_of_endpoint(const struct svc__candidate *c)
{
    struct svc__rng rng;

    svc__rng_seed(&rng, svc__candidate_hash(c, &for_endpoints));
    return rng;
}

int svc__key_see(struct svc__key_seen *seen, uint32_t at)
{
    for (unsigned i = 0; i < seen->count; i++) {
        if (seen->at[i] == at)
            return 0;
    }
    if (seen->count == SVC__KEY_TRIED)
        return 0;
    seen->at[seen->count++] = at;
    return 1;
}

unsigned svc__key_turn(const struct svc__pick_ctx *ctx, size_t count)
{
    const size_t most = count < SVC__KEY_TRIED ? count : SVC__KEY_TRIED;

    return (unsigned)(ctx->attempt % most);
}

size_t svc__key_retry(const struct svc__key_table *t,
                      const struct svc__pick_ctx *ctx, uint64_t hash)
{
    const unsigned turn = svc__key_turn(ctx, t->count);
    struct svc__key_seen seen = {.count = 0};
    struct svc__rng rng;
    size_t at = t->at(t->state, hash);

    svc__rng_seed(&rng, hash);
    (void)svc__key_see(&seen, (uint32_t)at);
    for (int i = 0; i < DRAWS && seen.count <= turn; i++) {
        at = t->at(t->state, svc__rng_next(&rng));
        (void)svc__key_see(&seen, (uint32_t)at);
    }
    while (seen.count <= turn) {
        at = at + 1 < t->count ? at + 1 : 0;
        (void)svc__key_see(&seen, (uint32_t)at);
    }
    return seen.at[turn];
}
