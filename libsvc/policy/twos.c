/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power of two choices: two endpoints drawn at random, of which the one
 * with less load is taken, the first one where they are equal. twos counts
 * what is in flight, ewma what it takes there as well (semantics 3).
 */
#include "base/alloc.h"
#include "policy/contenders.h"

/* Whether b has less (C + 1) / U than a, without dividing. */
static inline int has_less(const struct svc__contender *b,
                           const struct svc__contender *a, uint32_t now_ms)
{
    const uint64_t of_a = (uint64_t)svc__contender_in_flight(a, now_ms) + 1;
    const uint64_t of_b = (uint64_t)svc__contender_in_flight(b, now_ms) + 1;

    return of_b * a->weight < of_a * b->weight;
}

static size_t pick_twos(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct svc__contenders *st = state;
    struct svc__contenders_pair at;

    if (st->is_plain)
        return svc__rng_below(ctx->rng, st->count);
    at = svc__contenders_draw(ctx->rng, st->count);
    return svc__policy_either(
        at.first, at.second,
        has_less(&st->all[at.second], &st->all[at.first], ctx->now_ms));
}

static size_t pick_ewma(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct svc__contenders *st = state;
    struct svc__contenders_pair at;
    float first;
    float second;

    if (!st->is_tracked)
        return svc__rng_below(ctx->rng, st->count);
    at = svc__contenders_draw(ctx->rng, st->count);
    first = svc__contender_cost(&st->all[at.first], ctx->now_ms);
    second = svc__contender_cost(&st->all[at.second], ctx->now_ms);
    return svc__policy_either(at.first, at.second, second < first);
}

const struct svc__policy_ops svc__policy_twos = {
    .name = "twos",
    .alias = "p2c least_request",
    .build = svc__contenders_build,
    .pick = pick_twos,
    .destroy = svc__free,
};

const struct svc__policy_ops svc__policy_ewma = {
    .name = "ewma",
    .alias = "peak_ewma",
    .is_timed = 1,
    .build = svc__contenders_build,
    .pick = pick_ewma,
    .destroy = svc__free,
};
