/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the end of a simulation without memory.
 */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 64

void *must(void *ptr)
{
    if (ptr != NULL)
        return ptr;
    fprintf(stderr, "lbsim: out of memory\n");
    exit(1);
}

void *lines_new(size_t count, size_t size)
{
    const size_t bytes = (count * size + LINE - 1) / LINE * LINE;

    return memset(must(aligned_alloc(LINE, bytes)), 0, bytes);
}
