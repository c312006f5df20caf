/* SPDX-License-Identifier: Apache-2.0 */
/*
 * splitmix64 (Steele, Lea, Flood 2014) and the multiply-shift range with
 * rejection (Lemire 2019), which has no bias and rarely divides.
 */
#include "base/rng.h"

#include <errno.h>
#include <string.h>
#include <svc/svc.h>
#include <sys/random.h>

int svc__rng_secret(void *ret, size_t size)
{
    unsigned char *p = ret;

    while (size > 0) {
        ssize_t got = getrandom(p, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return SVC_ENOTSUP;
        p += got;
        size -= (size_t)got;
    }
    return 0;
}

void svc__rng_seed(struct svc__rng *rng, uint64_t seed)
{
    rng->state = seed;
}

uint64_t svc__rng_next(struct svc__rng *rng)
{
    uint64_t z = (rng->state += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t svc__rng_below(struct svc__rng *rng, uint32_t n)
{
    uint64_t product = (svc__rng_next(rng) >> 32) * n;

    if ((uint32_t)product < n) {
        uint32_t floor = (uint32_t)(0 - n) % n;

        while ((uint32_t)product < floor)
            product = (svc__rng_next(rng) >> 32) * n;
    }
    return (uint32_t)(product >> 32);
}

int svc__rng_pool_take(struct svc__rng_pool *pool, void *ret, size_t size)
{
    if (pool->left < size) {
        int err = svc__rng_secret(pool->bytes, sizeof(pool->bytes));

        if (err != 0)
            return err;
        pool->left = sizeof(pool->bytes);
    }
    pool->left -= size;
    memcpy(ret, pool->bytes + pool->left, size);
    /* What was given out is not kept. */
    memset(pool->bytes + pool->left, 0, size);
    return 0;
}
