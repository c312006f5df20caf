/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured of a run: latency of what went well, errors, shares of the
 * servers, and how soon a server that returns has its share again. Only what
 * arrives behind the warm-up counts.
 */
#ifndef SVC_LBSIM_MEASURE_H
#define SVC_LBSIM_MEASURE_H

#include "histogram.h"

#include <stddef.h>
#include <stdint.h>

#define RETURN_SECOND 4u   /* slices of it */
#define RETURN_SLICES 120u /* nobody waits longer for a share */

/* One server that came, or came back. */
struct measure_return {
    size_t server;
    int64_t at; /* below 0: none is watched */
    uint32_t own[RETURN_SLICES];
    uint32_t all[RETURN_SLICES];
};

struct measure {
    int64_t from, to; /* nanoseconds; arrivals in between count */
    struct histogram good;
    uint64_t picks;
    uint64_t errors;
    uint64_t probes;  /* picks of a server while it fails */
    double share_max; /* of a server's rate of picks, over the mean rate */

    size_t servers; /* at a time */
    struct measure_return now;
    unsigned returns;
    double settle_sum; /* seconds until the share was fair again */
    double settle_max;
    double rush_max; /* the largest share of a second in the first ten, over
                        the fair one */
};

void measure_begin(struct measure *m, size_t servers, int64_t from, int64_t to);

/* A server returns now; what was known of another is settled. */
void measure_return(struct measure *m, size_t server, int64_t now);

/* A pick, with what is watched of it. */
void measure_pick(struct measure *m, size_t server, int is_failing,
                  int64_t now);

/* How a request ended that arrived then. */
void measure_done(struct measure *m, int64_t arrived, int64_t now, int is_good);

/* Settles what is still watched. */
void measure_end(struct measure *m, int64_t now);

#endif
