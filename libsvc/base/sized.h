/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structs of svc.h that begin with their size, so that programs and
 * libraries of different age agree on what both know. Pure.
 */
#ifndef SVC_BASE_SIZED_H
#define SVC_BASE_SIZED_H

#include <stddef.h>

/* No struct of any version is longer: such a size was never set. */
#define SVC__SIZED_MAX 4096

/* Fills a caller's sized struct from ours, of size bytes: the members that it
 * has room for; its own size stays, and what it has behind ours is cleared. 0,
 * or SVC_EINVAL for a size that was never set, with nothing written. */
int svc__sized_write(void *theirs, const void *ours, size_t size);

#endif
