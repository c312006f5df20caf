/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the sums over all weights of a set.
 */
#include "policy/scale.h"

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        const uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

uint32_t svc__scale_divisor(const uint32_t *weights, size_t count)
{
    uint32_t divisor = weights == NULL ? 1 : weights[0];

    for (size_t i = 1; i < count && divisor > 1; i++)
        divisor = common_divisor(weights[i], divisor);
    return divisor;
}

/* The sum, or something above most where it is more. */
static uint64_t sum(const struct svc__scale *s, size_t count, uint64_t most)
{
    uint64_t all = 0;

    for (size_t i = 0; i < count && all <= most; i++)
        all += svc__scale_of(s, i);
    return all;
}

uint64_t svc__scale_fit(struct svc__scale *s, size_t count, uint64_t most)
{
    uint64_t all = sum(s, count, most);

    for (; all > most; all = sum(s, count, most))
        s->halved++;
    return all;
}
