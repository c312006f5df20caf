/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a list under way that are refused and have no good version:
 * what the store knows of refusals goes with the list that was before, so they
 * are told to it behind the new one. Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_REFUSED_H
#define SVC_BACKEND_APISERVER_REFUSED_H

#include "backend/apiserver_feed.h"
#include "kube/object_name.h"

#include <svc/svc.h>

/* Tells the store at once. 0 or SVC_ENOMEM. */
int svc__apiserver_refused_tell(const struct svc__apiserver_feed *feed,
                                const struct svc__object_name *n,
                                const char *reason);

/* Keeps it until the list is whole. 0 or SVC_ENOMEM. */
int svc__apiserver_refused_keep(struct svc__apiserver_feed *feed,
                                const struct svc__object_name *n,
                                const char *reason);

/* The object is good now, or gone; harmless when none was kept. */
void svc__apiserver_refused_drop(struct svc__apiserver_feed *feed,
                                 const char *name);

/* Tells the store of all that was kept. 0 or SVC_ENOMEM. */
int svc__apiserver_refused_commit(const struct svc__apiserver_feed *feed);

void svc__apiserver_refused_empty(struct svc__apiserver_feed *feed);

#endif
