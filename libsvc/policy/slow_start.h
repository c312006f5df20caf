/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slow start (semantics 3): an endpoint that was first seen ready a moment ago
 * gets a tenth of its share, and more from step to step, until it has all of it
 * when the window is over. Pure; loop thread.
 */
#ifndef SVC_POLICY_SLOW_START_H
#define SVC_POLICY_SLOW_START_H

#include <stddef.h>
#include <stdint.h>

#define SVC__SLOW_START_PERCENT 10 /* at first */
#define SVC__SLOW_START_STEPS   9  /* in a window: ten points each */

/* In the place of since_ms: it does not start slowly. Such are the endpoints of
 * a service's first set, where nobody else would take the rest of their
 * share. */
#define SVC__SLOW_START_NONE INT64_MIN

/* Percent of its share that an endpoint has which was first seen ready at
 * since_ms. A window of 0 or less: there is no slow start. */
unsigned svc__slow_start_percent(int64_t since_ms, int window_ms,
                                 int64_t now_ms);

/* Weighs a set: weights is what each endpoint has when it has all of its share.
 * If all have, nothing changes. Else each weight is multiplied by its percent,
 * by 100 where there is no slow start; weights up to 42949672 keep their
 * proportion, greater ones stop at UINT32_MAX. Returns when the next step is
 * due and the set is to be made anew, INT64_MAX: never. Steps are common to all
 * endpoints, however many start: at most ten within a window, so that an
 * endpoint may get the last of its share a ninth of a window late. */
int64_t svc__slow_start_apply(const int64_t *since_ms, size_t count,
                              int window_ms, int64_t now_ms, uint32_t *weights);

#endif
