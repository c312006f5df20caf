/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stays of an earlier manifest when a new one refuses objects (semantics
 * 2.11, 13: failure never shrinks a set). Pure; one thread at a time.
 */
#ifndef SVC_BACKEND_FILE_KEEP_H
#define SVC_BACKEND_FILE_KEEP_H

#include "base/hash.h"
#include "kube/manifest.h"

/* Gives every refused object of m that has a good version in old that version.
 * With unknown (m refuses something that has no name) every object of old that
 * m does not have is kept as well, with unknown as its reason, since it may be
 * the one. 0; SVC_ENOMEM: m is to be thrown away. */
int svc__file_keep(struct svc__manifest *m, const struct svc__manifest *old,
                   const char *unknown, const struct svc__hash_key *key);

/* Namespace ("" of a Node) and name of an object, good or refused. */
void svc__file_keep_names(const struct svc__manifest_object *o,
                          const char **ret_namespace, const char **ret_name);

/* Whether an object has a value: it is good, or a good version was kept. */
int svc__file_keep_has_value(const struct svc__manifest_object *o);

#endif
