/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first usable endpoint of an order, and the next ones where those before
 * were tried: the heaviest first, and those of one weight shuffled once per
 * service. Their rank is a hash of identity with the service's seed, so an
 * endpoint that comes or goes moves no other one.
 */
#include "base/alloc.h"
#include "base/hash.h"
#include "policy/policy.h"

#include <stdlib.h>

struct pick_first {
    uint32_t count;
    uint32_t order[];
};

struct rank {
    uint64_t hash;
    uint32_t weight;
    uint32_t index;
};

static int compare(const void *a, const void *b)
{
    const struct rank *x = a;
    const struct rank *y = b;

    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* The usable endpoints in their order. */
static void sort(const struct svc__policy_input *in, uint64_t seed,
                 struct rank *ranks, uint32_t count)
{
    /* The second half only keeps the two words apart. */
    const struct svc__hash_key key = {seed, ~seed};

    for (uint32_t i = 0; i < count; i++) {
        ranks[i].hash = svc__candidate_hash(&in->set->endpoints[i].c, &key);
        ranks[i].weight = in->weights != NULL ? in->weights[i] : 1;
        ranks[i].index = i;
    }
    qsort(ranks, count, sizeof(*ranks), compare);
}

static int build(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state)
{
    const uint32_t count = svc__policy_count(in);
    struct rank *ranks = svc__calloc(count, sizeof(*ranks));
    struct pick_first *st =
        svc__alloc(sizeof(*st) + count * sizeof(st->order[0]));

    if (ranks == NULL || st == NULL) {
        svc__free(ranks);
        svc__free(st);
        return SVC_ENOMEM;
    }
    sort(in, params->seed, ranks, count);
    st->count = count;
    for (uint32_t i = 0; i < count; i++)
        st->order[i] = ranks[i].index;
    svc__free(ranks);
    *ret_state = st;
    return 0;
}

static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct pick_first *st = state;

    return st->order[ctx->attempt % st->count];
}

const struct svc__policy_ops svc__policy_pick_first = {
    .name = "fo",
    .alias = "pick_first failover",
    .build = build,
    .pick = pick,
    .destroy = svc__free,
};
