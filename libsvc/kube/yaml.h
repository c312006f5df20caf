/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML documents to JSON text, core schema only, a piece at a time, so that a
 * file of any size needs the memory of its largest scalar. The only file that
 * includes libyaml. Refuses, before libyaml's own costs grow: lines that begin
 * with '%', long runs of blanks, depth over 32. Pure; one thread at a time.
 *
 * libyaml allocates by itself; its failures are SVC_ENOMEM too. The text may be
 * secret: what is in our hands is wiped before it is freed.
 */
#ifndef SVC_KUBE_YAML_H
#define SVC_KUBE_YAML_H

#include "kube/frame.h"

#include <stddef.h>
#include <svc/svc.h>

#define SVC__YAML_DEPTH_MAX 32

struct svc__yaml;

/* What svc__yaml_read brought. */
enum svc__yaml_part {
    SVC__YAML_END = 0,     /* nothing: the text is over */
    SVC__YAML_PIECE = 1,   /* a piece of a document, not its last */
    SVC__YAML_DOCUMENT = 2 /* the last piece of a document, perhaps empty */
};

/* Begins to read text, borrowed until free. A byte order mark in front is
 * skipped. *ret is owned. 0; SVC_EFILE with the line when the text is refused
 * as a whole: not UTF-8; a line that begins with '%' (a directive, or text
 * that happens to: it is refused either way); blanks or line breaks in runs so
 * long that libyaml would take more than linear time; SVC_ENOMEM. */
int svc__yaml_new(const char *text, size_t size, struct svc__yaml **ret,
                  svc_error *reterr);
void svc__yaml_free(struct svc__yaml *y);

/* The next piece of JSON text (some 64 KiB), in *ret_text, borrowed until the
 * next call. All pieces of a document make one JSON value; those of a document
 * that is empty or null are empty. A key repeated in a mapping is repeated.
 * Returns an enum svc__yaml_part; or
 *   SVC_EINVAL  this document is refused, and what was read of it must not be
 *               used; the next one follows. For anchors and aliases, tags
 *               outside the core schema, keys that are no scalars, .inf, .nan;
 *   SVC_EFILE   the rest cannot be read: malformed, or deeper than
 *               SVC__YAML_DEPTH_MAX;
 *   SVC_ENOMEM  likewise.
 * Messages begin with "line L, column C: ". */
int svc__yaml_read(struct svc__yaml *y, const char **ret_text, size_t *ret_size,
                   svc_error *reterr);

/* The line on which the document read last begins, from 1. */
size_t svc__yaml_line(const struct svc__yaml *y);

/* Its top-level kind and apiVersion, as far as read. Borrowed until the next
 * read. */
const struct svc__frame_id *svc__yaml_id(const struct svc__yaml *y);

#endif
