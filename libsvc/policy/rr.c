/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Round robin: each endpoint in turn, in the order of the set. The first set
 * of a service starts at a place made from its seed, so that ten thousand
 * clients do not begin with one endpoint (faults L7); later sets go on behind
 * the endpoint that the one before would not have come to yet.
 */
#include "base/alloc.h"
#include "base/rng.h"
#include "policy/policy.h"

#include <stdatomic.h>

struct rr {
    const struct svc_endpoints *set;
    _Atomic uint64_t next; /* picks so far and the start */
};

/* Index of the next pick: where the endpoint is now that the old state would
 * have picked next or, when that one is gone, the first behind its place. */
static size_t go_on(const struct svc_endpoints *set, const struct rr *prev)
{
    uint64_t next = atomic_load_explicit(&prev->next, memory_order_relaxed);
    const struct svc_endpoint *ep =
        &prev->set->endpoints[next % prev->set->count];
    size_t low = 0;
    size_t high = set->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (svc__candidate_compare(&set->endpoints[middle].c, &ep->c) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == set->count ? 0 : low;
}

static int build(const struct svc_endpoints *set,
                 const struct svc__policy_params *params, const void *prev,
                 void **ret_state)
{
    struct rr *st = svc__alloc(sizeof(*st));
    struct svc__rng rng;
    size_t start;

    if (st == NULL)
        return SVC_ENOMEM;
    svc__rng_seed(&rng, params->seed);
    start = prev != NULL ? go_on(set, prev)
                         : (size_t)(svc__rng_next(&rng) % set->count);
    st->set = set;
    atomic_init(&st->next, start);
    *ret_state = st;
    return 0;
}

static size_t pick(void *state, const struct svc__pick_ctx *ctx)
{
    struct rr *st = state;

    (void)ctx;
    return (
        size_t)(atomic_fetch_add_explicit(&st->next, 1, memory_order_relaxed) %
                st->set->count);
}

const struct svc__policy_ops svc__policy_rr = {
    .name = "rr",
    .alias = "round_robin",
    .build = build,
    .pick = pick,
    .destroy = svc__free,
};
