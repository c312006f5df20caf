/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policies that compare endpoints know of each, side by side, so that
 * to look at one costs two cache lines: this and its slot. Immutable once
 * built; any thread.
 */
#ifndef SVC_POLICY_CONTENDERS_H
#define SVC_POLICY_CONTENDERS_H

#include "policy/policy.h"

struct svc__contender {
    const struct svc__slot *slot; /* NULL: nothing is tracked */
    uint32_t weight;
    float inverse; /* 1 / weight */
};

/* The state of such a policy. */
struct svc__contenders {
    const struct svc_endpoints *set;
    uint32_t count;              /* usable */
    int is_tracked;              /* each has a slot, and there are several */
    int is_plain;                /* nothing tells them apart, neither slots nor
                                    weights, or there is one; `all` is empty */
    struct svc__contender all[]; /* as in the set */
};

/* As svc__policy_ops.build; freed by svc__free. */
int svc__contenders_build(const struct svc__policy_input *in,
                          const struct svc__policy_params *params,
                          void **ret_state);

struct svc__contenders_pair {
    uint32_t first;
    uint32_t second;
};

/* Two different ones of count, which is at least 2, by one draw. Each ordered
 * pair has the same chance, to count parts in 2^32. */
static inline struct svc__contenders_pair svc__contenders_draw(
    struct svc__rng *rng, uint32_t count)
{
    const uint64_t bits = svc__rng_next(rng);
    struct svc__contenders_pair pair;

    pair.first = (uint32_t)((bits >> 32) * count >> 32);
    pair.second = (uint32_t)((bits & UINT32_MAX) * (count - 1) >> 32);
    pair.second += pair.second >= pair.first;
    return pair;
}

/* What is in flight to one. */
static inline uint32_t svc__contender_in_flight(
    const struct svc__contender *one, uint32_t now_ms)
{
    return one->slot == NULL ? 0 : svc__slot_in_flight(one->slot, now_ms);
}

/* What it would cost to pick one that is tracked, by its weight. */
static inline float svc__contender_cost(const struct svc__contender *one,
                                        uint32_t now_ms)
{
    return svc__slot_cost(one->slot, now_ms) * one->inverse;
}

#endif
