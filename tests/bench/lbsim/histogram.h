/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts of durations, kept to less than a hundredth: each power of two has 128
 * counts.
 */
#ifndef SVC_LBSIM_HISTOGRAM_H
#define SVC_LBSIM_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS  7
#define HISTOGRAM_CELLS ((64 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS)

struct histogram {
    uint64_t counts[HISTOGRAM_CELLS];
    uint64_t total;
};

void histogram_add(struct histogram *h, int64_t ns);

/* The value that a share of all are not above; 0 when there are none. */
double histogram_quantile(const struct histogram *h, double share);

#endif
