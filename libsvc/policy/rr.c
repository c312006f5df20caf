/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Round robin: each endpoint in turn, in the order of the set. Each thread has
 * turns of its own, which begin anywhere (faults L7) and go on in the next set
 * behind the endpoint that was last.
 */
#include "base/alloc.h"
#include "policy/policy.h"

struct rr {
    const struct svc_endpoints *set;
};

static int build(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state)
{
    struct rr *st = svc__alloc(sizeof(*st));

    (void)params;
    if (st == NULL)
        return SVC_ENOMEM;
    st->set = in->set;
    *ret_state = st;
    return 0;
}

static void enter(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct rr *st = state;

    ctx->cursor->at =
        (uint32_t)svc__cursor_next(ctx->cursor, st->set, ctx->rng);
}

static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct rr *st = state;

    return svc__cursor_turn(ctx->cursor, st->set);
}

const struct svc__policy_ops svc__policy_rr = {
    .name = "rr",
    .alias = "round_robin",
    .build = build,
    .enter = enter,
    .pick = pick,
    .destroy = svc__free,
};
