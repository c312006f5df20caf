/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints what was measured: a row for each scenario and peer.
 */
#ifndef SVC_LBSIM_REPORT_H
#define SVC_LBSIM_REPORT_H

#include "measure.h"
#include "settings.h"

/* What was run, and the heads of columns. */
void report_begin(const struct settings *s);

/* The oracle's row of a scenario comes first: the others are told in multiples
 * of it. */
void report_row(const struct settings *s, const struct scenario *scenario,
                const struct peer *peer, const struct measure *m,
                const struct measure *oracle);

#endif
