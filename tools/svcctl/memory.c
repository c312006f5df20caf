/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that succeeds or ends the program. */
#include "memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void *memory_must(void *ptr)
{
    if (!ptr) {
        fputs("svcctl: out of memory\n", stderr);
        exit(1);
    }
    return ptr;
}

void *memory_new(size_t count, size_t size)
{
    return memory_must(calloc(count ? count : 1, size));
}

void *memory_grow(void *array, size_t *room, size_t need, size_t size)
{
    size_t next = *room ? *room : 16;

    if (need <= *room)
        return array;
    while (next < need && next <= SIZE_MAX / 2)
        next *= 2;
    if (next < need || next > SIZE_MAX / size)
        memory_must(NULL);
    *room = next;
    return memory_must(realloc(array, next * size));
}
