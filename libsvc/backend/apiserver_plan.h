/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is listened to: which Services are open in which namespace, and which
 * feeds bring them (docs/apiserver.md). Up to four Services of a
 * namespace have a pair of feeds each, for the Service and for its slices;
 * more of them share one wide pair. Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_PLAN_H
#define SVC_BACKEND_APISERVER_PLAN_H

#include "backend/apiserver_feed.h"
#include "backend/backend.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Services of one namespace that are listened to one by one. */
#define SVC__PLAN_NARROW_MAX 4

/* With so many that the wide pair has passed over, and more than half as many
 * as it covers, it begins anew instead of one by one. */
#define SVC__PLAN_ANEW_MIN 16

/* A Service that nobody wants any more is let go after so long; Nodes too. */
#define SVC__PLAN_IDLE_MS 300000

struct svc__apiserver_space;

/* One Service that is open. */
struct svc__apiserver_target {
    char *service;
    struct svc__apiserver_space *space; /* its namespace */
    size_t users;

    /* Of who delivers (backend/apiserver). */
    struct svc__list wants;
    struct svc__heap_node due; /* when it is to be delivered */
    unsigned causes;           /* why */
    int64_t delivered_ms;      /* when last; INT64_MIN: never */
    int64_t hold_ms; /* what is empty waits until then; INT64_MAX: none */

    /* the plan's own */
    struct svc__list link;               /* of one of the space's lists */
    struct svc__apiserver_feed *pair[2]; /* by resource; NULL: none */
    int is_covered;                      /* by the wide pair */
    uint64_t opened;                     /* feeds.clock */
    int64_t idle_ms;                     /* since nobody wants it */
};

struct svc__apiserver_plan {
    struct svc__apiserver_feeds feeds;
    struct svc__heap due; /* svc__apiserver_target.due */
    /* Whether the target is synced, or its trouble, is another now: queue it.
     */
    void (*changed)(void *arg, struct svc__apiserver_target *target);
    void *arg;

    /* its own */
    struct svc__map spaces;  /* by namespace */
    struct svc__map targets; /* by "namespace/service" */
    struct svc__timer timer; /* of work */
    struct svc__timer idle;
    struct svc__apiserver_feed *nodes; /* or NULL */
    int nodes_told;                    /* as svc__apiserver_space.is_told */
    size_t nodes_wanted;
    int64_t nodes_idle_ms;
};

/* feeds.env, changed and arg were filled in; server, store, decoder and written
 * of feeds follow before anything is opened, the other callbacks of feeds are
 * set here. Give it to fini also after a failure of something else. */
void svc__apiserver_plan_init(struct svc__apiserver_plan *plan);
void svc__apiserver_plan_fini(struct svc__apiserver_plan *plan);

/* The target of a Service with one more user; listened to from here on. 0 or
 * SVC_ENOMEM. */
int svc__apiserver_plan_open(struct svc__apiserver_plan *plan,
                             const char *namespace_, const char *service,
                             struct svc__apiserver_target **ret,
                             svc_error *reterr);
void svc__apiserver_plan_close(struct svc__apiserver_plan *plan,
                               struct svc__apiserver_target *target);

/* The target, or NULL. */
struct svc__apiserver_target *svc__apiserver_plan_find(
    const struct svc__apiserver_plan *plan, const char *namespace_,
    const char *service);

/* One more, or one less (-1), wants Nodes. 0 or SVC_ENOMEM. */
int svc__apiserver_plan_nodes(struct svc__apiserver_plan *plan, int more,
                              svc_error *reterr);

/* Whether all that a target stands on was listed. */
int svc__apiserver_plan_is_synced(const struct svc__apiserver_plan *plan,
                                  const struct svc__apiserver_target *target,
                                  int with_nodes);

/* Why what it stands on is not up to date: as svc__reflector_trouble.
 * *ret_told: it is a 403 that was asked for before; each namespace and resource
 * is refused once. */
int svc__apiserver_plan_trouble(struct svc__apiserver_plan *plan,
                                const struct svc__apiserver_target *target,
                                int with_nodes, int *ret_told,
                                svc_error *reterr);

/* Somebody is in a hurry. */
void svc__apiserver_plan_hurry(struct svc__apiserver_plan *plan,
                               struct svc__apiserver_target *target);

/* How it is listened to, in words: "narrow", "wide". */
const char *svc__apiserver_plan_word(
    const struct svc__apiserver_target *target);

#endif
