/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers for the statistics: any thread writes and reads, and none of them
 * stands for anything else that must be seen with it.
 */
#ifndef SVC_BASE_COUNT_H
#define SVC_BASE_COUNT_H

#include <stdatomic.h>
#include <stdint.h>

/* n more, or with (uint64_t)-1 one less. */
static inline void svc__count_add(_Atomic uint64_t *counter, uint64_t n)
{
    if (n != 0)
        atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* A gauge: what there is now. */
static inline void svc__count_set(_Atomic uint64_t *gauge, uint64_t value)
{
    atomic_store_explicit(gauge, value, memory_order_relaxed);
}

#endif
