/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of a program that ends when there is none: the message goes to
 * standard error and the exit is 1. One thread.
 */
#ifndef SVCCTL_MEMORY_H
#define SVCCTL_MEMORY_H

#include <stddef.h>

/* Returns ptr, or ends the program when it is NULL. */
void *memory_must(void *ptr);

/* Zeroed room for count things. Owned, free with free(). */
void *memory_new(size_t count, size_t size);

/* Makes *array hold at least need things of size bytes; *room is how many it
 * holds now. Grows by doubling. Owned, free with free(). */
void *memory_grow(void *array, size_t *room, size_t need, size_t size);

#endif
