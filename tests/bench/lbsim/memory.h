/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulation that runs out of memory ends: there is nobody to tell.
 */
#ifndef SVC_LBSIM_MEMORY_H
#define SVC_LBSIM_MEMORY_H

#include <stddef.h>

/* Gives back what it was given, unless that is NULL: then the program ends. */
void *must(void *ptr);

/* count * size zeroed bytes, each on lines of the cache of its own; freed by
 * free(). */
void *lines_new(size_t count, size_t size);

#endif
