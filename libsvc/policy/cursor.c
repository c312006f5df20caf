/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way of a cursor from one set to the next.
 */
#include "policy/cursor.h"

/* Order of the set's endpoint i and the one that had its turn last, as
 * svc__candidate_compare. */
static int compare(const struct svc_endpoints *set, size_t i,
                   const struct svc__cursor *c)
{
    const struct svc__candidate *x = &set->endpoints[i].c;
    int order = svc__address_compare(&svc__candidate_endpoint(x)->address,
                                     &c->last.address);

    if (order != 0)
        return order;
    if (x->port != c->last.port)
        return x->port < c->last.port ? -1 : 1;
    return (int)x->proto - (int)c->last.proto;
}

size_t svc__cursor_next(const struct svc__cursor *c,
                        const struct svc_endpoints *set, struct svc__rng *rng)
{
    size_t low = 0;
    size_t high = set->count;

    if (c->last.address.family == 0)
        return svc__rng_below(
            rng, set->count < UINT32_MAX ? (uint32_t)set->count : UINT32_MAX);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(set, middle, c) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == set->count ? 0 : low;
}
