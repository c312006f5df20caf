/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers: secrets from the kernel, and a small seeded generator for
 * everything that only needs to be even (picks, jitter), so that tests can
 * repeat a run. The generator: one thread at a time.
 */
#ifndef SVC_BASE_RNG_H
#define SVC_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct svc__rng {
    uint64_t state;
};

/* size secret bytes from getrandom(2). 0, or SVC_ENOTSUP: there is no weak
 * fall-back (faults P22). */
int svc__rng_secret(void *ret, size_t size);

/* Secret bytes in small portions, read from the kernel a block at a time. Not
 * to be used in a child of fork (a resolver is not either: faults P7). One
 * thread at a time; zeroed by its owner. */
struct svc__rng_pool {
    size_t left;
    uint8_t bytes[512];
};
/* size is at most 64. 0 or SVC_ENOTSUP. */
int svc__rng_pool_take(struct svc__rng_pool *pool, void *ret, size_t size);

void svc__rng_seed(struct svc__rng *rng, uint64_t seed);

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t svc__rng_next(struct svc__rng *rng)
{
    uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The rest of svc__rng_below, which is needed once in 2^32 / n times. */
uint32_t svc__rng_even(struct svc__rng *rng, uint32_t n, uint64_t product);

/* Even in [0, n); n > 0: a draw is multiplied rather than divided, and repeated
 * where that would favour some (Lemire 2019). */
static inline uint32_t svc__rng_below(struct svc__rng *rng, uint32_t n)
{
    const uint64_t product = (svc__rng_next(rng) >> 32) * n;

    return (uint32_t)product >= n ? (uint32_t)(product >> 32)
                                  : svc__rng_even(rng, n, product);
}

#endif
