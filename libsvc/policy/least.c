/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies that look at all endpoints and take the one with the least in
 * flight, as IPVS defines them: lc, wlc, sed and nq (semantics 3). Each looks
 * from a random place on, and takes the first of those that are equal. Picks
 * are linear in the size of the set.
 */
#include "base/alloc.h"
#include "policy/contenders.h"

/* What tells them apart; known to the compiler in each. */
struct rule {
    uint32_t own;  /* counted beside what is in flight: 1, the pick itself */
    int by_weight; /* the load is divided by the weight */
    int is_idle_first; /* none is better than one with nothing in flight */
};

/* A load and what it is to be divided by. */
struct load {
    uint64_t count;
    uint64_t weight;
};

/* Whether a is less than b: quotients compared without dividing. Counts are
 * below 2^21, so that no product runs over. */
static inline int is_less(const struct load *a, const struct load *b)
{
    return a->count * b->weight < b->count * a->weight;
}

static inline size_t scan(const struct svc__contenders *st,
                          const struct svc__pick_ctx *ctx, struct rule rule)
{
    uint32_t at = svc__rng_below(ctx->rng, st->count);
    struct load least = {UINT32_MAX, 1}; /* more than any */
    size_t ret = at;

    for (uint32_t i = 0; i < st->count && !st->is_plain; i++) {
        const struct svc__contender *one = &st->all[at];
        const uint32_t count = svc__contender_in_flight(one, ctx->now_ms);
        const struct load load = {count + rule.own,
                                  rule.by_weight ? one->weight : 1};

        if (rule.is_idle_first && count == 0)
            return at;
        if (is_less(&load, &least)) {
            least = load;
            ret = at;
        }
        at = at + 1 < st->count ? at + 1 : 0;
    }
    return ret;
}

static size_t pick_lc(const void *state, const struct svc__pick_ctx *ctx)
{
    return scan(state, ctx, (struct rule){0, 0, 1});
}

static size_t pick_wlc(const void *state, const struct svc__pick_ctx *ctx)
{
    return scan(state, ctx, (struct rule){0, 1, 1});
}

static size_t pick_sed(const void *state, const struct svc__pick_ctx *ctx)
{
    return scan(state, ctx, (struct rule){1, 1, 0});
}

static size_t pick_nq(const void *state, const struct svc__pick_ctx *ctx)
{
    return scan(state, ctx, (struct rule){1, 1, 1});
}

const struct svc__policy_ops svc__policy_lc = {
    .name = "lc",
    .alias = "least_conn",
    .build = svc__contenders_build,
    .pick = pick_lc,
    .destroy = svc__free,
};

const struct svc__policy_ops svc__policy_wlc = {
    .name = "wlc",
    .alias = "weighted_least_conn",
    .build = svc__contenders_build,
    .pick = pick_wlc,
    .destroy = svc__free,
};

const struct svc__policy_ops svc__policy_sed = {
    .name = "sed",
    .alias = "",
    .build = svc__contenders_build,
    .pick = pick_sed,
    .destroy = svc__free,
};

const struct svc__policy_ops svc__policy_nq = {
    .name = "nq",
    .alias = "",
    .build = svc__contenders_build,
    .pick = pick_nq,
    .destroy = svc__free,
};
