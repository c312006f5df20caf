/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64 with the standard alphabet and padding (RFC 4648 section 4). Pure.
 */
#ifndef SVC_BASE_BASE64_H
#define SVC_BASE_BASE64_H

#include "base/buf.h"

#include <stddef.h>

/* Decodes size bytes of text in their place: *ret_size is at most 3/4 of size.
 * CR and LF are passed over, as by Go's encoding/base64, which reads these
 * fields for kubectl; everything else that does not belong there, and text
 * without its padding, is refused. 0; SVC_EINVAL with text half overwritten. */
int svc__base64_decode(char *text, size_t size, size_t *ret_size);

/* Appends data, encoded. Returns b->err. */
int svc__base64_add(struct svc__buf *b, const char *data, size_t size);

#endif
