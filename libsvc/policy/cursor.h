/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where one thread stands in the turns of one service. It outlives the sets of
 * the service by the identity of the endpoint that had its turn last, so
 * threads that pick write to nothing that they share (faults L7: each begins
 * somewhere else). One thread at a time.
 */
#ifndef SVC_POLICY_CURSOR_H
#define SVC_POLICY_CURSOR_H

#include "base/rng.h"
#include "model/endpoints.h"

#include <stddef.h>
#include <stdint.h>

/* All zero: it has been nowhere yet. */
struct svc__cursor {
    uint64_t policy; /* svc__policy.id of the one that `at` is about */
    uint32_t at;     /* the policy's: what comes next */
    uint32_t picks;  /* by this thread, runs over; for the retry budget */
    struct svc__identity last; /* who had its turn last; family 0: nobody */
    uint32_t since_s; /* from when on picks are counted (policy/budget.h) */
};

/* Remembers who had its turn. */
static inline void svc__cursor_note(struct svc__cursor *c,
                                    const struct svc_endpoint *ep)
{
    /* Member by member: svc__candidate_identity would go over the stack. */
    c->last.address = svc__candidate_endpoint(&ep->c)->address;
    c->last.proto = ep->c.proto;
    c->last.port = ep->c.port;
}

/* Index of the usable endpoint whose turn it is, by the order of the set; notes
 * it, and the next one comes next. */
static inline uint32_t svc__cursor_turn(struct svc__cursor *c,
                                        const struct svc_endpoints *set)
{
    const uint32_t at = c->at;

    c->at = at + 1 < set->count ? at + 1 : 0;
    svc__cursor_note(c, &set->endpoints[at]);
    return at;
}

/* Index of the usable endpoint whose turn is next: the first behind the one
 * that had its turn last, whether that one is there or not; anywhere for a
 * cursor that has been nowhere. */
size_t svc__cursor_next(const struct svc__cursor *c,
                        const struct svc_endpoints *set, struct svc__rng *rng);

#endif
