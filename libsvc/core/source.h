/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source: a backend that runs with its settings. The one that the resolver's
 * options name stays open once opened; one that a file:// name brings goes
 * with its last subscription. Thread that dispatches.
 */
#ifndef SVC_CORE_SOURCE_H
#define SVC_CORE_SOURCE_H

#include "backend/backend.h"
#include "core/resolver.h"

#include <stddef.h>

struct svc__source {
    struct svc__list link; /* in the resolver's list */
    const struct svc__backend_ops *ops;
    char *file; /* path of a file:// name, or NULL: the resolver's own */
    const char *files[2];
    size_t users;
    struct svc__backend_env env;
    struct svc__source_stats stats;
    void *state;
};

/* The source of a backend (and a path, or NULL), opened if it is not, with one
 * more user. 0, SVC_ENOMEM, or what the backend says. */
int svc__source_get(svc_resolver *r, const struct svc__backend_ops *ops,
                    const char *file, struct svc__source **ret,
                    svc_error *reterr);
/* Whether the resolver's own source of a backend is open. */
int svc__source_is_open(svc_resolver *r, const struct svc__backend_ops *ops);

void svc__source_put(svc_resolver *r, struct svc__source *source);

/* Closes a source that has no users. */
void svc__source_close(svc_resolver *r, struct svc__source *source);

#endif
