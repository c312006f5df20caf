/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run: clients that all choose in one way, in one scenario. Open loop: a
 * request comes when it comes, however many wait; its latency counts from then
 * on. What was asked for before the end is waited for.
 */
#ifndef SVC_LBSIM_SIM_H
#define SVC_LBSIM_SIM_H

#include "measure.h"
#include "settings.h"

/* The same settings give the same, and the same requests for all peers. */
void sim_run(const struct settings *settings, const struct scenario *scenario,
             const struct peer *peer, struct measure *ret);

#endif
