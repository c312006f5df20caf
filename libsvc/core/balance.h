/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service remembers of its endpoints from one set to the next: the
 * weights that its caller gave, the slots of tracked picks, who is ejected and
 * who starts slowly. Only services that ask for one of these have it. Loop,
 * where nothing else is said.
 */
#ifndef SVC_CORE_BALANCE_H
#define SVC_CORE_BALANCE_H

#include "base/map.h"
#include "core/members.h"
#include "io/loop.h"
#include "model/endpoints.h"
#include "policy/ejection.h"

#include <stdint.h>
#include <svc/svc.h>

struct svc__balance {
    struct svc__members members;
    struct svc__ejection_set ejection;
    struct svc__timer timer;
    int64_t slow_start_due_ms;
    uint64_t left_out;      /* ejected, for the statistics */
    int is_begun;           /* there are members */
    _Atomic int is_wanted;  /* a failure wants it looked at; any thread */
    struct svc__map wishes; /* weights that callers ask for, by identity, until
                               the loop takes them; under the resolver's lock */
};

/* due is called in a round, when something about the set has changed by time
 * alone. */
void svc__balance_init(svc_service *s, void (*due)(void *service));
void svc__balance_fini(svc_service *s);

/* Any thread: asks for a weight. As svc_service_weigh. */
int svc__balance_weigh(svc_service *s, const struct svc__candidate *c,
                       int weight);

/* Any thread: a tracked pick failed. */
void svc__balance_want(svc_service *s);

/* Takes what other threads asked for; eps is the newest set, or NULL. Returns
 * whether a set is to be made anew. */
int svc__balance_command(svc_service *s, const struct svc_endpoints *eps);

/* The filters behind policy/eligible: subset, draining, ejection. 0 or
 * SVC_ENOMEM. */
int svc__balance_filter(svc_service *s, struct svc__view *v);

/* Nobody is left out, for the statistics: the set has a code of its own, or
 * there is none any more. */
void svc__balance_leave(svc_service *s);

/* A view like the one that the set was made of, without the reasons that those
 * filters gave; NULL: out of memory. */
struct svc__view *svc__balance_view(const struct svc_endpoints *eps);

/* Builds what it takes to pick from a set that went through the filters and has
 * usable endpoints. 0 or SVC_ENOMEM; what is built then goes with the
 * snapshot. */
struct svc__snapshot;
int svc__balance_build(svc_service *s, struct svc__snapshot *snapshot);

#endif
