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
    uint64_t endpoints; /* in all slices */
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

/* The same for what a watch tells: an object that is older than the one held
 * (both resourceVersions are numbers) is passed over, so that two streams about
 * one object never go back (faults J13). One of the same version changes
 * nothing. 0 or as above. */
int svc__store_update_service(struct svc__store *st,
                              struct svc__service_object *service);
int svc__store_update_slice(struct svc__store *st, struct svc__slice *slice);
int svc__store_update_node(struct svc__store *st,
                           struct svc__node_object *node);

/* What DELETED tells: removes an object unless the one held is newer, and
 * remembers the version for a while, so that an update of an older one does not
 * bring it back. A slice that is held in that very version for another Service
 * than `service` (the label in the event) has moved there, and stays. Version
 * 0 (unknown): removed in any case. */
void svc__store_remove_service(struct svc__store *st, const char *namespace_,
                               const char *name, uint64_t version);
void svc__store_remove_slice(struct svc__store *st, const char *namespace_,
                             const char *name, const char *service,
                             uint64_t version);
void svc__store_remove_node(struct svc__store *st, const char *name,
                            uint64_t version);

/* The same for what is deleted while a list is collected: nothing is removed,
 * the list will do that, but the version is remembered. */
void svc__store_expect_no_service(struct svc__store *st, const char *namespace_,
                                  const char *name, uint64_t version);
void svc__store_expect_no_slice(struct svc__store *st, const char *namespace_,
                                const char *name, uint64_t version);

/* Whether an object that is held is none of those. */
int svc__store_expects_service(const struct svc__store *st,
                               const char *namespace_, const char *name);
int svc__store_expects_slice(const struct svc__store *st,
                             const struct svc__slice *slice);

/* What a whole list says: afterwards the store holds these in the namespace
 * (of one Service; NULL: of all of them) and no others; refusals there are
 * forgotten. One that is held in the same version stays as it is, and nobody
 * is told. For an object that was refused, give the version that is held. Takes
 * a reference to each. All or nothing: 0, SVC_EINVAL (a name as above, or an
 * object that is not of the scope), SVC_ENOMEM.
 * An object that is held and is newer than `version` came by another stream,
 * and stays where the list does not have it; one that is newer than its listed
 * one stays too. Version 0: the list wins over whatever is held (versions are
 * no numbers, or began anew: faults A26). Nodes: the list wins always. */
struct svc__store_scope {
    const char *namespace_;
    const char *service; /* or NULL */
    uint64_t version;
};
int svc__store_replace_services(struct svc__store *st,
                                const struct svc__store_scope *scope,
                                struct svc__service_object *const *objects,
                                size_t count);
int svc__store_replace_slices(struct svc__store *st,
                              const struct svc__store_scope *scope,
                              struct svc__slice *const *objects, size_t count);
int svc__store_replace_nodes(struct svc__store *st,
                             struct svc__node_object *const *objects,
                             size_t count);

/* Whom to tell that the answer for a Service may be another now: once in each
 * call, from inside it, when the store may be half-way: it notes the names
 * (borrowed for the call) and does nothing else with the store. Both are NULL
 * when a Node changed in something that an answer may show. NULL fn: nobody. */
typedef void svc__store_changed_fn(void *arg, const char *namespace_,
                                   const char *service);
void svc__store_listen(struct svc__store *st, svc__store_changed_fn *fn,
                       void *arg);

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

/* Slice number at (from 0) of those with the label of a Service, in no
 * particular order; NULL behind the last. Borrowed until the next change. */
struct svc__slice *svc__store_slice_at(const struct svc__store *st,
                                       const char *namespace_,
                                       const char *service, size_t at);

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
/* The same for one slice by name, until a version of it is taken or it is
 * deleted; one that is held stays with its last good version (faults J3), whose
 * Service is meant when owner is "". */
int svc__store_refuse_one(struct svc__store *st, const char *namespace_,
                          const char *owner, const char *name,
                          const char *reason);

/* Answers a query: the whole of semantics 2.3 to 2.9. *ret is owned
 * (svc__view_free) and has a code where there is nothing to choose from
 * (policy/eligible then looks at ready, terminating and topology). Returns 0;
 * SVC_EFILE when the Service asked for was refused; SVC_ENOMEM. With trace,
 * the view has the steps "service", "port" and "slices". */
int svc__store_view(const struct svc__store *st, const struct svc__query *q,
                    svc__clock_fn trace, struct svc__view **ret,
                    svc_error *reterr);

/* Whether the answer to a query needs Nodes: the view that it comes to is that
 * of nodes, and the Service has one. 0 as long as it is not there. */
int svc__store_needs_nodes(const struct svc__store *st,
                           const struct svc__query *q);

void svc__store_stats(const struct svc__store *st,
                      struct svc__store_stats *ret);

#endif
