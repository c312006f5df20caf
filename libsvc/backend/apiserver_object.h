/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of the objects of one feed: decoded, written to the store, or
 * collected until a list is whole. One that is refused leaves its last good
 * version (faults J3). Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_OBJECT_H
#define SVC_BACKEND_APISERVER_OBJECT_H

#include "backend/apiserver_feed.h"
#include "kube/reflector.h"

#include <svc/svc.h>

/* Does with an object what the reflector decided. 0; SVC_EPROTO for one without
 * a name that is to be deleted; SVC_ETOOBIG; SVC_ENOMEM. */
int svc__apiserver_object_take(struct svc__apiserver_feed *feed,
                               enum svc__reflector_fate fate,
                               const struct svc__frame_item *item,
                               svc_error *reterr);

/* What was collected is void. 0 or SVC_ENOMEM. */
int svc__apiserver_object_forget(struct svc__apiserver_feed *feed);

/* A list begins; nothing is collected yet. */
void svc__apiserver_object_begin(struct svc__apiserver_feed *feed);

/* The list is whole: what was collected replaces what is known, also what is
 * newer if history went back. 0 or SVC_ENOMEM, with nothing changed. */
int svc__apiserver_object_commit(struct svc__apiserver_feed *feed,
                                 int is_rewound);

/* Puts what the store has of a Service on the pile, but what is there already:
 * its own list is as new, since lists are read consistently and its own began
 * later. 0 or SVC_ENOMEM. */
int svc__apiserver_object_carry(struct svc__apiserver_feed *feed,
                                const char *service);

void svc__apiserver_object_fini(struct svc__apiserver_feed *feed);

#endif
