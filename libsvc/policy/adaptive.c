/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Round robin that steps aside: the endpoint whose turn it is, or another one
 * at random where the first costs clearly more (semantics 3). With nothing
 * known of costs it is round robin, pick for pick, and draws no number.
 */
#include "base/alloc.h"
#include "policy/contenders.h"

/* How many times as much as the other it may cost and still have its turn. */
#define TOLERANCE 1.5F

static void enter(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct svc__contenders *st = state;

    ctx->cursor->at =
        (uint32_t)svc__cursor_next(ctx->cursor, st->set, ctx->rng);
}

/* Another one than `at`, if that is so much cheaper, or `at`. */
static size_t better(const struct svc__contenders *st, uint32_t at,
                     const struct svc__pick_ctx *ctx)
{
    const float cost = svc__contender_cost(&st->all[at], ctx->now_ms);
    uint32_t other;
    float least;

    if (!(cost > 0.0F))
        return at;
    other = svc__rng_below(ctx->rng, st->count - 1);
    other += other >= at;
    least = TOLERANCE * svc__contender_cost(&st->all[other], ctx->now_ms);
    return svc__policy_either(at, other, cost > least);
}

/* A turn counts as had also by the one that did not get it. */
static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct svc__contenders *st = state;
    const uint32_t at = svc__cursor_turn(ctx->cursor, st->set);

    return st->is_tracked ? better(st, at, ctx) : at;
}

const struct svc__policy_ops svc__policy_adaptive = {
    .name = "adaptive",
    .alias = "",
    .is_timed = 1,
    .build = svc__contenders_build,
    .enter = enter,
    .pick = pick,
    .destroy = svc__free,
};
