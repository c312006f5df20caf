/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resolver: owns the loop, the sources and the list of open services, and
 * runs the rounds. What is under "loop" belongs to the thread that
 * dispatches; what is under "lock" to whoever holds it.
 */
#ifndef SVC_CORE_RESOLVER_H
#define SVC_CORE_RESOLVER_H

#include "base/hash.h"
#include "base/list.h"
#include "base/sync.h"
#include "core/memo.h"
#include "core/settings.h"
#include "io/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <svc/svc.h>

/* Numbers for svc_stats; any thread. */
struct svc__counters {
    _Atomic uint64_t services_open;
    _Atomic uint64_t watches_open;
    _Atomic uint64_t resolves;
    _Atomic uint64_t updates;
    _Atomic uint64_t updates_unchanged;
    _Atomic uint64_t publishes;
    _Atomic uint64_t publishes_empty;
    _Atomic uint64_t troubles;
    _Atomic uint64_t recoveries;
    _Atomic uint64_t dispatches;
    _Atomic uint64_t addresses_refused;
    _Atomic uint64_t endpoints_duplicate;
    _Atomic uint64_t endpoints_published;
    _Atomic uint64_t picks_late;
    _Atomic uint64_t picks_twice;
    _Atomic uint64_t picks_leaked;
    _Atomic uint64_t retries;
    _Atomic uint64_t retries_refused;
    _Atomic uint64_t ejections;
    _Atomic uint64_t endpoints_ejected;
};

struct svc_resolver {
    struct svc__refs refs; /* the caller's, and one of each service */
    unsigned fork_generation;
    struct svc__settings settings;
    struct svc__hash_key hash_key;
    struct svc__counters counters;
    _Atomic int stop; /* being freed: the thread ends, and the loop gives up
                         what takes long */
    struct svc__loop *loop;
    pthread_t thread; /* without external_loop */

    /* lock */
    struct svc__mutex lock;
    struct svc__list commands; /* svc_service.command: to open or close */
    struct svc__list checks;   /* svc__check_run.link: to begin */
    struct svc__list sources;  /* changed by the loop only, under the lock */
    struct svc__source_stats closed_sources; /* counters of those closed */
    struct svc__list listed; /* svc_service.listed: to be told in statistics */
    size_t listed_count;
    int closed;

    struct svc__memo memo; /* has a lock of its own, taken before this one */

    /* loop */
    struct svc__list services; /* svc_service.link: open ones */
    struct svc__list dirty;    /* svc_service.dirty: to be looked at */
    struct svc__list swept;    /* svc__publish.sweep: with old snapshots */
    int dispatching;
};

/* Makes a resolver whose thread, if it is to have one, runs. As
 * svc_resolver_new. */
int svc__resolver_new(const svc_resolver_options *options, svc_resolver **ret,
                      svc_error *reterr);

/* Ends everything that runs, tells the services, drops the caller's
 * reference. */
void svc__resolver_free(svc_resolver *r);
void svc__resolver_unref(svc_resolver *r);

/* One round: wait, events, commands, publishing. Thread that dispatches.
 * SVC_ESTATE when called from inside a round. */
int svc__resolver_round(svc_resolver *r, int timeout_ms);

/* Lock held: gives the loop a service to look at, once. */
void svc__resolver_command(svc_resolver *r, svc_service *s);

/* Whether the object was made before a fork of which this is the child. */
static inline int svc__resolver_is_foreign(const svc_resolver *r)
{
    return r->fork_generation != svc__fork_now();
}

#endif
