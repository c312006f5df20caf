/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All known Services, slices and Nodes; answers (service, port, view) with a
 * view. Refused objects are known by name, so that the answer can tell why
 * they are missing. Pure; one thread at a time.
 */
#ifndef SVC_KUBE_STORE_H
#define SVC_KUBE_STORE_H

#include "base/hash.h"
#include "kube/decode.h"
#include "kube/slice.h"
#include "model/view.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

struct svc__store;

struct svc__store_stats {
    uint64_t services;
    uint64_t slices;
    uint64_t nodes;
    uint64_t slices_fqdn;
};

/* An empty store, owned; NULL when out of memory. source is a static word for
 * messages and views. */
struct svc__store *svc__store_new(const char *source,
                                  const struct svc__hash_key *key);
void svc__store_free(struct svc__store *st);

/* Adds or replaces an object; takes a reference on success. A slice's label
 * may move it to another Service (semantics 2.9 rule 2). *ret_replaced (may be
 * NULL) tells whether one of that namespace and name was there. A Service that
 * is applied is refused no longer. 0; SVC_EINVAL for a name longer than
 * Kubernetes allows, which no decoder lets through; SVC_ENOMEM. The store is
 * unchanged on failure. */
int svc__store_apply_service(struct svc__store *st,
                             struct svc__service_object *service,
                             int *ret_replaced);
int svc__store_apply_slice(struct svc__store *st, struct svc__slice *slice,
                           int *ret_replaced);
int svc__store_apply_node(struct svc__store *st, struct svc__node_object *node,
                          int *ret_replaced);

/* Removes an object; nothing happens when it is not there. */
void svc__store_delete_service(struct svc__store *st, const char *namespace_,
                               const char *name);
void svc__store_delete_slice(struct svc__store *st, const char *namespace_,
                             const char *name);
void svc__store_delete_node(struct svc__store *st, const char *name);

/* Next Service in no particular order; *at begins as 0. Borrowed until the
 * next change; NULL at the end. */
struct svc__service_object *svc__store_next_service(const struct svc__store *st,
                                                    size_t *at);

/* What the store holds now, or NULL. Borrowed until the next change. */
struct svc__service_object *svc__store_service(const struct svc__store *st,
                                               const char *namespace_,
                                               const char *name);
struct svc__slice *svc__store_slice(const struct svc__store *st,
                                    const char *namespace_, const char *name);
struct svc__node_object *svc__store_node(const struct svc__store *st,
                                         const char *name);

/* How many slices carry the label of a Service, which need not be there. */
size_t svc__store_slice_count(const struct svc__store *st,
                              const char *namespace_, const char *service);

/* Notes that an object was refused and has no good version: reason is copied.
 * A refused Service answers SVC_EFILE; a refused slice is named when its
 * Service (owner) has nothing usable (semantics 2.11, 13). Of several reasons
 * for one Service the first in the order of bytes is kept, whatever the order
 * of the calls. Names that nobody can ask for are passed over. 0 or
 * SVC_ENOMEM with the store unchanged. */
int svc__store_refuse_service(struct svc__store *st, const char *namespace_,
                              const char *name, const char *reason);
int svc__store_refuse_slice(struct svc__store *st, const char *namespace_,
                            const char *owner, const char *reason);

/* Answers a query: the whole of semantics 2.3 to 2.9. *ret is owned
 * (svc__view_free) and has a code where there is nothing to choose from
 * (policy/eligible then looks at ready, terminating and topology). Returns 0;
 * SVC_EFILE when the Service asked for was refused; SVC_ENOMEM. With trace,
 * the view has the steps "service", "port" and "slices". */
int svc__store_view(const struct svc__store *st, const struct svc__query *q,
                    svc__clock_fn trace, struct svc__view **ret,
                    svc_error *reterr);

void svc__store_stats(const struct svc__store *st,
                      struct svc__store_stats *ret);

#endif
