/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way of a cursor from one set to the next.
 */
#include "policy/cursor.h"

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

        if (svc__candidate_compare_to(&set->endpoints[middle].c, &c->last) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == set->count ? 0 : low;
}
