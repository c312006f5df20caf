/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 as RFC 3629 defines it: no surrogates, nothing overlong, nothing
 * above U+10FFFF. Pure.
 */
#ifndef SVC_BASE_UTF8_H
#define SVC_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Whether the whole text is UTF-8. */
int svc__utf8_is_valid(const char *text, size_t size);

/* Goes on over the next piece of a text. *state begins as 0, and is 0 when the
 * piece ends with a whole character. Returns the offset of the first byte that
 * cannot be where it is, or size. */
size_t svc__utf8_step(uint32_t *state, const char *text, size_t size);

#endif
