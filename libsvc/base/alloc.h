/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only caller of malloc and free in the library. What the caller set with
 * svc_allocator_set() is used from then on; it may be set once, before the
 * first allocation. All functions: any thread.
 */
#ifndef SVC_BASE_ALLOC_H
#define SVC_BASE_ALLOC_H

#include <stddef.h>
#include <svc/svc.h>

/* Copies *fn. 0, SVC_EINVAL for a missing member, SVC_ESTATE when
 * memory was already given out or an allocator already set. */
int svc__alloc_set(const svc_allocator *fn);

/* NULL when out of memory; size 0 gives a pointer that may be freed. */
void *svc__alloc(size_t size);

/* count * size zeroed bytes; NULL also when the product overflows. */
void *svc__calloc(size_t count, size_t size);

/* As realloc for an array; NULL, with ptr untouched, when out of memory or
 * when the product overflows. */
void *svc__realloc(void *ptr, size_t count, size_t size);

/* NULL is allowed. */
void svc__free(void *ptr);

/* Frees a NULL-terminated list with its texts; NULL is allowed. */
void svc__free_texts(char **texts);

/* Owned copies, NUL-terminated; NULL when out of memory. svc__strdup(NULL) is
 * NULL, which the caller tells from failure by its argument. */
char *svc__strdup(const char *text);
char *svc__strndup(const char *text, size_t size);

#endif
