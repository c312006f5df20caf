/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A namespace in which something is open, and which feeds bring it. Thread that
 * dispatches. Between apiserver_plan and apiserver_space.
 */
#ifndef SVC_BACKEND_APISERVER_SPACE_H
#define SVC_BACKEND_APISERVER_SPACE_H

#include "backend/apiserver_plan.h"

#include <stddef.h>
#include <svc/svc.h>

/* A pair has a feed of Services and one of slices, each in the place of its
 * resource (svc__reflector_resource). */
#define SVC__SPACE_RESOURCES 2

struct svc__apiserver_space {
    char *namespace_;
    struct svc__apiserver_plan *plan;
    struct svc__list narrow; /* svc__apiserver_target.link */
    struct svc__list covered;
    struct svc__list waiting;
    size_t narrow_count;
    size_t covered_count;
    size_t waiting_count;
    struct svc__apiserver_feed *wide[SVC__SPACE_RESOURCES]; /* both or none */
    int is_told[SVC__SPACE_RESOURCES]; /* somebody was told of its 403 */
    int is_pending;                    /* to be looked at */
};

/* Its targets, in all lists. */
size_t svc__apiserver_space_count(const struct svc__apiserver_space *space);

/* Puts a target into the list that it belongs to; takes it out of that. */
void svc__apiserver_space_enter(struct svc__apiserver_target *t);
void svc__apiserver_space_leave(struct svc__apiserver_target *t);

/* Whether a feed of that resource is refused. */
int svc__apiserver_space_is_denied(const struct svc__apiserver_space *space,
                                   int resource);

/* Opens and closes what has to be. 0; SVC_ENOMEM, to be done once more. */
int svc__apiserver_space_arrange(struct svc__apiserver_space *space,
                                 svc_error *reterr);

/* A wide list was committed: what it has the narrow feeds need not tell. */
void svc__apiserver_space_listed(struct svc__apiserver_space *space,
                                 enum svc__reflector_resource resource);

void svc__apiserver_space_close(
    struct svc__apiserver_feed *pair[SVC__SPACE_RESOURCES]);

/* Whether both lists of a pair are there; there may be no pair. */
int svc__apiserver_space_is_synced(
    struct svc__apiserver_feed *const pair[SVC__SPACE_RESOURCES]);

/* The feed that a target stands on, or will; NULL: none yet. */
struct svc__apiserver_feed *svc__apiserver_space_cover(
    const struct svc__apiserver_target *target, int resource);

#endif
