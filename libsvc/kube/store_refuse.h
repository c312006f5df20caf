/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why objects are missing: what the store keeps of refusals, so that answers
 * can tell (semantics 2.11, 13; faults J3). Between kube/store*.c.
 */
#ifndef SVC_KUBE_STORE_REFUSE_H
#define SVC_KUBE_STORE_REFUSE_H

#include "kube/store_inside.h"

/* Why the Service of an owner was refused, or NULL. */
const char *svc__store_refuse_why_service(const struct svc__store_owner *o);

/* Why slices of an owner were refused, the first reason in order of bytes, or
 * NULL; *ret_more tells whether there are others. */
const char *svc__store_refuse_why_slices(const struct svc__store_owner *o,
                                         int *ret_more);

/* Forgets why the Service of an owner was refused. Tells nobody. */
void svc__store_refuse_end_service(struct svc__store_owner *o);

/* Forgets that the slice of a name was refused; tells, and may remove the
 * owner. */
void svc__store_refuse_end_slice(struct svc__store *st, const char *namespace_,
                                 const char *name);

/* Forgets the refusals of a scope, of its Services or of its slices; tells,
 * and may remove owners. */
void svc__store_refuse_end_services(struct svc__store *st,
                                    const struct svc__store_scope *scope);
void svc__store_refuse_end_slices(struct svc__store *st,
                                  const struct svc__store_scope *scope);

/* Frees what the store has of refusals, before its owners are. */
void svc__store_refuse_fini(struct svc__store *st);

#endif
