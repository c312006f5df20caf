/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as Kubernetes writes them (RFC 3339) to seconds of the epoch. Pure.
 */
#ifndef SVC_KUBE_RFC3339_H
#define SVC_KUBE_RFC3339_H

#include <stddef.h>
#include <stdint.h>

/* The whole of text is the time; a fraction is cut off, a leap second is the
 * first second of the next minute. 0 or SVC_EINVAL. */
int svc__rfc3339_read(const char *text, size_t size, int64_t *ret_s);

#endif
