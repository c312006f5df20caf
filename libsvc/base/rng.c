/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what of the generators is not worth a place in the caller: seeds,
 * secrets, and draws that are repeated.
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

uint32_t svc__rng_even(struct svc__rng *rng, uint32_t n, uint64_t product)
{
    const uint32_t floor = (uint32_t)(0 - n) % n;

    while ((uint32_t)product < floor)
        product = (svc__rng_next(rng) >> 32) * n;
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
