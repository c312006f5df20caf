/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first usable endpoint of an order that is shuffled once per service: the
 * rank of an endpoint is a hash of its identity with the service's seed, so an
 * endpoint that comes or goes moves no other one.
 */
#include "base/alloc.h"
#include "base/hash.h"
#include "policy/policy.h"

struct pick_first {
    size_t first;
};

static int build(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state)
{
    const struct svc_endpoints *set = in->set;
    /* The second half only keeps the two words apart. */
    const struct svc__hash_key key = {params->seed, ~params->seed};
    struct pick_first *st = svc__calloc(1, sizeof(*st));
    uint64_t best = UINT64_MAX;

    if (st == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; i < set->count; i++) {
        uint64_t at = svc__candidate_hash(&set->endpoints[i].c, &key);

        if (at < best) {
            best = at;
            st->first = i;
        }
    }
    *ret_state = st;
    return 0;
}

static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct pick_first *st = state;

    (void)ctx;
    return st->first;
}

const struct svc__policy_ops svc__policy_pick_first = {
    .name = "fo",
    .alias = "pick_first failover",
    .build = build,
    .pick = pick,
    .destroy = svc__free,
};
