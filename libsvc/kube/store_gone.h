/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of objects that were deleted lately, with the version that did it,
 * so that what a slower stream still says of them brings none of them back
 * (faults J13). Bounded: the oldest are forgotten. Between kube/store*.c.
 */
#ifndef SVC_KUBE_STORE_GONE_H
#define SVC_KUBE_STORE_GONE_H

#include "base/map.h"

#include <stdint.h>

/* That many are remembered at least, and twice as many at most. */
#define SVC__STORE_GONE_MIN 512

enum svc__store_kind {
    SVC__STORE_SERVICE,
    SVC__STORE_SLICE,
    SVC__STORE_NODE
};

struct svc__store_gone {
    struct svc__map young;
    struct svc__map old;
};

void svc__store_gone_init(struct svc__store_gone *g,
                          const struct svc__hash_key *key);
void svc__store_gone_fini(struct svc__store_gone *g);

/* Remembers a deletion; version 0: nothing. Out of memory: it does not, which
 * is safe, since the stream that lags behind will tell of the deletion too. */
void svc__store_gone_note(struct svc__store_gone *g, enum svc__store_kind kind,
                          const char *namespace_, const char *name,
                          uint64_t version);

/* Whether an object of this version was deleted after it. */
int svc__store_gone_is_older(const struct svc__store_gone *g,
                             enum svc__store_kind kind, const char *namespace_,
                             const char *name, uint64_t version);

/* Forgets all: versions begin anew. */
void svc__store_gone_clear(struct svc__store_gone *g);

#endif
