/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the API server writes around objects: the events of a watch, the
 * metadata of a list, the Status of a failure (semantics 2.10, faults J11,
 * J12, J15). Pure; does not allocate.
 */
#ifndef SVC_KUBE_EVENT_H
#define SVC_KUBE_EVENT_H

#include "kube/frame.h"
#include "kube/meta.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

enum svc__event_type {
    SVC__EVENT_ADDED,
    SVC__EVENT_MODIFIED,
    SVC__EVENT_DELETED,
    SVC__EVENT_BOOKMARK,
    SVC__EVENT_ERROR,
    SVC__EVENT_UNKNOWN /* a type that does not exist yet: passed over */
};

/* One line of a watch. */
struct svc__event {
    enum svc__event_type type;
    const char *object; /* JSON text; borrowed from the item */
    size_t object_size;
    struct svc__json_ends ends; /* the same of it, for svc__json_use_ends */
    char version[SVC__VERSION_SIZE]; /* metadata.resourceVersion of the object;
                                        "" where absent or not well-formed */
    int is_initial_end; /* BOOKMARK: annotation k8s.io/initial-events-end is
                           "true" (KEP-3157) */
};

/* Reads a document of a watch stream. 0; SVC_EPROTO when it is no event: no
 * type, no object, a key repeated among these. */
int svc__event_decode(const struct svc__frame_item *item,
                      struct svc__event *ret, svc_error *reterr);

/* A server's own words are cut to so many bytes, at a UTF-8 boundary, with
 * their NUL (faults A13). */
#define SVC__STATUS_MESSAGE_SIZE 201

/* A Status (meta/v1), of an ERROR event or the body of a failed request. */
struct svc__status {
    int code;                               /* 0: not said */
    char reason[64];                        /* "Expired", "Forbidden" …; "" */
    char message[SVC__STATUS_MESSAGE_SIZE]; /* printable, cut; "" */
    int64_t retry_after_ms; /* details.retryAfterSeconds; -1: not said */
};

/* Reads a Status. A text that is none gives code 0, and its first printable
 * bytes as message (faults A13: a proxy answers in HTML). Cannot fail. */
void svc__status_read(const char *text, size_t size, struct svc__status *ret);

#endif
