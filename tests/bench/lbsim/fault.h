/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a server, and when: in the first part of each period. All
 * of it is known before, so a finish is computed, not simulated. Times are in
 * nanoseconds since the start.
 */
#ifndef SVC_LBSIM_FAULT_H
#define SVC_LBSIM_FAULT_H

#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

enum fault_kind {
    FAULT_NONE,
    FAULT_SLOW,  /* work that begins takes longer, by factor */
    FAULT_STALL, /* no work goes on */
    FAULT_FAIL,  /* what begins fails, factor of the time */
    FAULT_FLAKY  /* what begins fails with the chance of factor */
};

struct fault {
    enum fault_kind kind;
    double factor;
    int64_t period;
    int64_t length; /* of the bad part, which is first */
};

static inline int fault_is_on(const struct fault *f, int64_t now)
{
    return f->kind != FAULT_NONE && now % f->period < f->length;
}

/* Whether it fails, by a number that is even in [0, 1). */
static inline int fault_fails(const struct fault *f, int64_t now, double luck)
{
    const double chance = f->kind == FAULT_FAIL    ? 1.0
                          : f->kind == FAULT_FLAKY ? f->factor
                                                   : 0.0;

    return luck < chance && fault_is_on(f, now);
}

/* Nanoseconds of [from, to) in which it is on. */
int64_t fault_time(const struct fault *f, int64_t from, int64_t to);

/* How much longer than elsewhere work takes that begins now. */
double fault_factor(const struct fault *f, int64_t now);

/* When so much work is done that begins now. */
int64_t fault_finish(const struct fault *f, int64_t now, int64_t work);

/* Work that is done in a unit of time, in the long run; a failing server is
 * taken for a well one. */
double fault_speed(const struct fault *f);

#endif
