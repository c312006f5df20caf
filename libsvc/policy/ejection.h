/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which endpoints of a service are left out for a while because of what became
 * of their picks (semantics 3): outlier detection as Envoy and gRFC A50 have
 * it, with bounds under which no set is emptied. Pure; loop thread. Slots are
 * read while other threads count on; all that is written there is the end of a
 * row that was answered for.
 */
#ifndef SVC_POLICY_EJECTION_H
#define SVC_POLICY_EJECTION_H

#include "base/heap.h"
#include "policy/slot.h"

#include <stddef.h>
#include <stdint.h>

#define SVC__EJECTION_ROW           5     /* failures in a row, or */
#define SVC__EJECTION_DEVIATIONS    1.9   /* so far below the others, */
#define SVC__EJECTION_WINDOW_MS     10000 /* within this time, */
#define SVC__EJECTION_OUTCOMES      100   /* having so many outcomes, as have */
#define SVC__EJECTION_ENDPOINTS     5     /* so many endpoints */
#define SVC__EJECTION_BASE_MS       30000 /* the first time is so long */
#define SVC__EJECTION_TIMES         10    /* and the longest so many of it */
#define SVC__EJECTION_PERCENT       10    /* of the set may be out, or one */
#define SVC__EJECTION_PANIC_PERCENT 50    /* fewer usable: all are used */

/* What is known of an endpoint. All zero: nothing, as behind svc__slot_begin.
 * Who leaves the set for a while, not ready, keeps it, and comes back as
 * ejected as before. */
struct svc__ejection {
    int64_t back_ms; /* ejected: when it is let back; else when it was */
    uint32_t period; /* of the set, when these were noted: */
    uint32_t good;   /* counters of its slot */
    uint32_t bad;
    uint8_t times;       /* ejections, as of back_ms; they fade */
    uint8_t is_ejected;  /* whatever follows from it */
    uint8_t is_left_out; /* ejected, and no panic, at the last review */
};

/* What is known of a service. All zero: nothing. Outcomes are compared in
 * windows, which begin with a failure and end with one that had none: where
 * nothing fails nobody is woken up. Between two windows is a period, too. */
struct svc__ejection_set {
    uint32_t period;       /* number of this one, from 1 */
    int64_t window_end_ms; /* 0: it is no window */
    int64_t due_ms;        /* when to review again; INT64_MAX: when something
                              fails or the set changes */
};

/* One endpoint for a review: nothing but ejection may be against it. */
struct svc__ejection_member {
    struct svc__ejection *record;
    struct svc__slot *slot;
    struct svc__heap_node node; /* these are the review's, of no use outside */
    double rate;
};

/* Decides who is ejected; to be called soon after a failure, when it is due,
 * and for a new set before it is published. unready: how many endpoints are
 * there beside the members, but not ready; they count in what panic is measured
 * by. Sets due_ms. Returns whether another one is left out than before, so that
 * the set is to be published anew. Time and number of endpoints: n log n. */
int svc__ejection_review(struct svc__ejection_set *set,
                         struct svc__ejection_member *members, size_t count,
                         size_t unready, int64_t now_ms);

/* Whether it is left out, SVC_WHY_EJECTED. */
static inline int svc__ejection_is_left_out(const struct svc__ejection *r)
{
    return r->is_left_out;
}

#endif
