/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights as a table of bounded size has them: divided by what divides them
 * all, multiplied by what one is worth, and halved together until their sum is
 * small enough. Pure.
 */
#ifndef SVC_POLICY_SCALE_H
#define SVC_POLICY_SCALE_H

#include <stddef.h>
#include <stdint.h>

struct svc__scale {
    const uint32_t *weights; /* none of them 0; NULL: each is 1 */
    uint32_t divisor;        /* of all of them */
    uint32_t worth;          /* of a weight of 1 */
    unsigned halved;         /* so often */
};

/* The greatest number that divides all weights; 1 where there are none. count
 * is at least 1. */
uint32_t svc__scale_divisor(const uint32_t *weights, size_t count);

/* What a weight has come to, never to nothing. */
static inline uint64_t svc__scale_of(const struct svc__scale *s, size_t i)
{
    const uint64_t weight = s->weights == NULL ? 1 : s->weights[i] / s->divisor;
    const uint64_t scaled = weight * s->worth >> s->halved;

    return scaled > 0 ? scaled : 1;
}

/* Halves as often as it takes until the sum of count weights is no more than
 * most, which is between count and 2^32; returns the sum. */
uint64_t svc__scale_fit(struct svc__scale *s, size_t count, uint64_t most);

#endif
