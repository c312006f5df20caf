/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source hashing, as IPVS's sh and dh: a static table of places that the hash
 * of the key points into, in which each endpoint has as many as its weight, one
 * behind the other. It is as even as can be, and has as many places as the
 * weights, divided by what divides them all, add up to. When an endpoint comes
 * or goes a third of all keys move on average, and up to a half.
 *
 * At most 1,048,576 places, or one for each of more endpoints: what is more is
 * halved, each weight, as often as it takes, to no less than 1.
 */
#include "base/alloc.h"
#include "policy/key.h"
#include "policy/scale.h"

#define PLACES_MAX ((uint64_t)1 << 20)

struct sh {
    uint32_t count; /* endpoints */
    uint32_t places;
    uint32_t table[]; /* endpoint of a place */
};

static int build(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state)
{
    const uint32_t count = svc__policy_count(in);
    const uint64_t most = count > PLACES_MAX ? count : PLACES_MAX;
    struct svc__scale scale = {.weights = in->weights,
                               .divisor =
                                   svc__scale_divisor(in->weights, count),
                               .worth = 1};
    const size_t places = (size_t)svc__scale_fit(&scale, count, most);
    struct sh *st = svc__alloc(sizeof(*st) + places * sizeof(st->table[0]));
    size_t at = 0;

    (void)params;
    if (st == NULL)
        return SVC_ENOMEM;
    st->count = count;
    st->places = (uint32_t)places;
    for (uint32_t i = 0; i < count; i++) {
        for (uint64_t left = svc__scale_of(&scale, i); left > 0; left--)
            st->table[at++] = i;
    }
    *ret_state = st;
    return 0;
}

static size_t find(const void *state, uint64_t hash)
{
    const struct sh *st = state;

    return st->table[svc__key_place(hash, st->places)];
}

static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct sh *st = state;
    const struct svc__key_table t = {st, st->count, find};
    const uint64_t hash = svc__key_of_pick(ctx);

    return ctx->attempt == 0 ? find(st, hash) : svc__key_retry(&t, ctx, hash);
}

const struct svc__policy_ops svc__policy_sh = {
    .name = "sh",
    .alias = "source_hash dh dest_hash",
    .build = build,
    .pick = pick,
    .destroy = svc__free,
};
