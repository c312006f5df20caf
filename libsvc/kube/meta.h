/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is used of the metadata of a list: its position in the history, and
 * where its next part begins (semantics 2.10); and what a resourceVersion is,
 * of whatever object. Pure.
 */
#ifndef SVC_KUBE_META_H
#define SVC_KUBE_META_H

#include "base/buf.h"
#include "kube/json.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes of a resourceVersion, with its NUL: an opaque text of the server's
 * (a decimal number wherever Kubernetes 1.35 or later serves it: KEP-5504). */
#define SVC__VERSION_SIZE 64

/* Bytes of metadata.continue. */
#define SVC__META_MORE_MAX ((size_t)4096)

/* Takes the value that comes as a resourceVersion: "" when it is no position
 * in a history, that is no string, too long, not printable ASCII, or "0",
 * which asks for any state (faults J15). */
void svc__meta_version(struct svc__json *j, char ret[SVC__VERSION_SIZE]);

/* A resourceVersion as a number, which is how they compare (semantics 2.9 rule
 * 8; KEP-5504); 0: it is none, and is not compared. */
uint64_t svc__meta_version_number(const char *text, size_t size);

/* Reads the metadata of a list, a whole JSON value. version and more (empty
 * before) get what is there. NULL, or why it cannot be used (static words);
 * without memory more->err is SVC_ENOMEM. */
const char *svc__meta_read_list(const char *text, size_t size,
                                char version[SVC__VERSION_SIZE],
                                struct svc__buf *more);

#endif
