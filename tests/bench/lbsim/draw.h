/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random draws with a mean of 1: gaps between arrivals, work of a request.
 */
#ifndef SVC_LBSIM_DRAW_H
#define SVC_LBSIM_DRAW_H

#include "base/rng.h"

enum draw_kind {
    DRAW_EXPONENTIAL,
    DRAW_LOGNORMAL,
    DRAW_FIXED
};

/* Even in (0, 1]. */
double draw_unit(struct svc__rng *rng);

/* Each draw takes the same number of random numbers, whatever it gives, so that
 * what comes behind it does not depend on it. */
double draw_exponential(struct svc__rng *rng);
double draw_work(struct svc__rng *rng, enum draw_kind kind);

#endif
