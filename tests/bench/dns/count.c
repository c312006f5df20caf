/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts allocations, and does nothing else: what ../memory.c does for their
 * sizes shows in a lookup of a few microseconds. Works with glibc.
 */
#include "../bench.h"

#include <stdatomic.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);

/* What is hidden would stand before nobody. */
#define SEEN __attribute__((visibility("default")))

static _Atomic long allocations;

/* What two threads do at one time may be lost. */
static void count(void)
{
    atomic_store_explicit(
        &allocations,
        atomic_load_explicit(&allocations, memory_order_relaxed) + 1,
        memory_order_relaxed);
}

SEEN void *malloc(size_t size)
{
    count();
    return __libc_malloc(size);
}

SEEN void *calloc(size_t number, size_t size)
{
    count();
    return __libc_calloc(number, size);
}

SEEN void *realloc(void *ptr, size_t size)
{
    count();
    return __libc_realloc(ptr, size);
}

long memory_allocations(void)
{
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}
