/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The top level of one object, read in segments by kube/frame: what kind of
 * object it is, and whether its items come. A segment lies between two
 * containers on that level, or the ends of the object. Pure.
 */
#ifndef SVC_KUBE_LEVEL_H
#define SVC_KUBE_LEVEL_H

#include "kube/frame.h"

#include <stddef.h>

/* As far as it was read. */
struct svc__level {
    struct svc__frame_id id;
    int fresh;          /* no member came yet */
    int items;          /* the container that follows has the key items, */
    int metadata;       /* or metadata */
    const char *reason; /* static: why it is malformed, or NULL */
    size_t wrong;       /* where, in the last segment */
};

/* An object begins. */
void svc__level_init(struct svc__level *level);

/* Reads the next segment: plain members, and then the bracket that closes the
 * object, which is the last byte of text; or the key of a container, and at
 * least its first byte. Nothing happens once level->reason is set. */
void svc__level_read(struct svc__level *level, const char *text, size_t size);

/* Whether a document with items can be a list: by its kind, if it came. */
int svc__level_may_be_list(const struct svc__level *level);

#endif
