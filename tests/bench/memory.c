/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands before the C library's allocator for the whole process, so that every
 * peer is counted alike. Works with glibc.
 */
#include "bench.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *ptr);

/* What is hidden would stand before nobody. */
#define SEEN __attribute__((visibility("default")))

static _Atomic long allocations;
static _Atomic size_t live;
static _Atomic size_t peak;

#define GET(x)        atomic_load_explicit(&(x), memory_order_relaxed)
#define SET(x, value) atomic_store_explicit(&(x), value, memory_order_relaxed)

/* Loads and stores, no locked instruction: a peer that allocates much must not
 * pay for being counted. What two threads do at one time may be lost. */
static void *given(void *ptr)
{
    size_t now;

    if (ptr == NULL)
        return NULL;
    now = GET(live) + malloc_usable_size(ptr);
    SET(allocations, GET(allocations) + 1);
    SET(live, now);
    if (now > GET(peak))
        SET(peak, now);
    return ptr;
}

static void taken(void *ptr)
{
    if (ptr != NULL)
        SET(live, GET(live) - malloc_usable_size(ptr));
}

SEEN void *malloc(size_t size)
{
    return given(__libc_malloc(size));
}

SEEN void *calloc(size_t count, size_t size)
{
    return given(__libc_calloc(count, size));
}

SEEN void *realloc(void *ptr, size_t size)
{
    taken(ptr);
    return given(__libc_realloc(ptr, size));
}

SEEN void *aligned_alloc(size_t alignment, size_t size)
{
    return given(__libc_memalign(alignment, size));
}

SEEN int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *ptr = given(__libc_memalign(alignment, size));

    if (ptr == NULL)
        return ENOMEM;
    *ret = ptr;
    return 0;
}

SEEN void free(void *ptr)
{
    taken(ptr);
    __libc_free(ptr);
}

long memory_allocations(void)
{
    return GET(allocations);
}

size_t memory_live(void)
{
    return GET(live);
}

size_t memory_peak(void)
{
    return GET(peak);
}

void memory_reset_peak(void)
{
    SET(peak, GET(live));
}
