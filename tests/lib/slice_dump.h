/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that a decoded slice says, as text of one line for each port and
 * endpoint, so that slices are compared whole.
 */
#ifndef SVC_TEST_SLICE_DUMP_H
#define SVC_TEST_SLICE_DUMP_H

#include "base/buf.h"
#include "kube/slice.h"

/* Appends:
 *
 *   shop/web-1 of web rv 7 IPv4
 *   port http 8080 TCP app h2c
 *   10.0.0.1 rs- host web-0 pod shop/web-0 uid 01… node n1 zone a
 *       zones a,b nodes n1
 *
 * with "-" for a condition that is off, and without what is absent. */
void slice_dump(struct svc__buf *b, const struct svc__slice *slice);

/* Decodes and dumps; on failure appends "CODE: MESSAGE". */
void slice_dump_text(struct svc__buf *b, const char *text, size_t size);

#endif
