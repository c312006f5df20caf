/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the order of the cells: those below 2^7 hold one value each, then come
 * 2^7 to a power of two.
 */
#include "histogram.h"

#include <stddef.h>

#define FIRST (1u << HISTOGRAM_BITS)

static size_t cell_of(uint64_t value)
{
    unsigned shift;

    if (value < FIRST)
        return (size_t)value;
    shift = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_BITS;
    return (size_t)shift * FIRST + (size_t)(value >> shift);
}

/* The smallest value of a cell. */
static double floor_of(size_t cell)
{
    const size_t shift = cell < FIRST ? 0 : cell / FIRST - 1;

    return (double)(cell - shift * FIRST) * (double)(UINT64_C(1) << shift);
}

void histogram_add(struct histogram *h, int64_t ns)
{
    h->counts[cell_of(ns > 0 ? (uint64_t)ns : 0)]++;
    h->total++;
}

double histogram_quantile(const struct histogram *h, double share)
{
    const double rank = share * (double)h->total;
    double below = 0.0;

    for (size_t cell = 0; cell + 1 < HISTOGRAM_CELLS; cell++) {
        const double here = (double)h->counts[cell];

        if (here > 0.0 && below + here >= rank) {
            const double low = floor_of(cell);

            return low + (floor_of(cell + 1) - low) * (rank - below) / here;
        }
        below += here;
    }
    return 0.0;
}
