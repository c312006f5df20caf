/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each endpoint with the same chance, from the generator that the pick brings.
 */
#include "base/alloc.h"
#include "policy/policy.h"

struct random_state {
    uint32_t count;
};

static int build(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state)
{
    struct random_state *st = svc__alloc(sizeof(*st));

    (void)params;
    if (st == NULL)
        return SVC_ENOMEM;
    st->count =
        in->set->count < UINT32_MAX ? (uint32_t)in->set->count : UINT32_MAX;
    *ret_state = st;
    return 0;
}

static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct random_state *st = state;

    return svc__rng_below(ctx->rng, st->count);
}

const struct svc__policy_ops svc__policy_random = {
    .name = "random",
    .alias = "",
    .build = build,
    .pick = pick,
    .destroy = svc__free,
};
