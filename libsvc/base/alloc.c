/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the process-wide allocator. The state word makes "set once, before
 * first use" hold without a lock on the allocation path.
 */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum state {
    UNUSED,  /* nothing allocated, nothing set */
    SETTING, /* somebody is copying an allocator in */
    FIXED    /* in use: no further change */
};

/* One of the library's mutable globals (tests/check): the allocator. */
static struct {
    _Atomic int state;
    svc_allocator fn;
} allocator = {UNUSED, {malloc, realloc, free}};

/* From here on the allocator is fixed. A thread that meets SETTING runs
 * against the documented rule "before anything else"; it waits it out. */
static void fix(void)
{
    int state = atomic_load_explicit(&allocator.state, memory_order_acquire);

    while (state != FIXED) {
        int unused = UNUSED;

        if (atomic_compare_exchange_weak(&allocator.state, &unused, FIXED))
            return;
        state = unused;
    }
}

int svc__alloc_set(const svc_allocator *fn)
{
    int unused = UNUSED;

    if (fn == NULL || fn->malloc_fn == NULL || fn->realloc_fn == NULL ||
        fn->free_fn == NULL)
        return SVC_EINVAL;
    if (!atomic_compare_exchange_strong(&allocator.state, &unused, SETTING))
        return SVC_ESTATE;
    allocator.fn = *fn;
    atomic_store_explicit(&allocator.state, FIXED, memory_order_release);
    return 0;
}

void *svc__alloc(size_t size)
{
    fix();
    return allocator.fn.malloc_fn(size > 0 ? size : 1);
}

void *svc__calloc(size_t count, size_t size)
{
    void *ptr;

    if (size > 0 && count > SIZE_MAX / size)
        return NULL;
    ptr = svc__alloc(count * size);
    if (ptr != NULL)
        memset(ptr, 0, count * size);
    return ptr;
}

void *svc__realloc(void *ptr, size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size)
        return NULL;
    fix();
    return allocator.fn.realloc_fn(ptr, count * size > 0 ? count * size : 1);
}

void svc__free(void *ptr)
{
    if (ptr != NULL)
        allocator.fn.free_fn(ptr);
}

void svc__free_texts(char **texts)
{
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
        svc__free(texts[i]);
    svc__free(texts);
}

char *svc__strdup(const char *text)
{
    return text == NULL ? NULL : svc__strndup(text, strlen(text));
}

char *svc__strndup(const char *text, size_t size)
{
    char *copy = size < SIZE_MAX ? svc__alloc(size + 1) : NULL;

    if (copy == NULL)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}
