/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all manifests of the file backend say together, and for which Services
 * something of it is a last good version. Made whole, then never changed.
 * Thread that dispatches.
 */
#ifndef SVC_BACKEND_FILE_INDEX_H
#define SVC_BACKEND_FILE_INDEX_H

#include "backend/backend.h"
#include "backend/file_source.h"
#include "base/list.h"
#include "base/map.h"
#include "kube/store.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* The most of a source (faults 3.6). */
#define SVC__FILE_INDEX_SERVICES  10000
#define SVC__FILE_INDEX_ENDPOINTS 200000

struct svc__file_index {
    struct svc__store *store;
    struct svc__map troubled; /* "namespace/name" to svc__file_source */
    uint64_t duplicates;      /* objects that a later one replaced */
    char duplicate[384];      /* the first of them, for the log */
    size_t files;
    size_t files_in_trouble;
    uint64_t refused; /* objects, those with a last good version too */
};

/* Makes an index of a list of svc__file_source, later ones over earlier ones.
 * Owned (free). 0; SVC_ETOOBIG over the bounds; SVC_ENOMEM. */
int svc__file_index_new(const struct svc__list *sources,
                        const struct svc__backend_env *env,
                        struct svc__file_index **ret, svc_error *reterr);
void svc__file_index_free(struct svc__file_index *x);

/* When what is known of a Service is in part a last good version: 1, and why.
 * Else 0. The sources must be as they were for new. */
int svc__file_index_trouble(const struct svc__file_index *x,
                            const struct svc__query *q, svc_error *ret);

#endif
