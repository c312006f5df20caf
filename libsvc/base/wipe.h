/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overwriting what is secret before its memory is given back. Any thread.
 */
#ifndef SVC_BASE_WIPE_H
#define SVC_BASE_WIPE_H

#include <stddef.h>

/* Overwrites size bytes so that no compiler leaves it out. data may be NULL
 * where size is 0. */
void svc__wipe(void *data, size_t size);

/* Wipes and frees (svc__free) a NUL-terminated text; NULL is allowed. */
void svc__wipe_text(char *text);

#endif
