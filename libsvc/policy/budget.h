/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The retry budget of a service (semantics 3): how many retries its picks
 * allow, so that retries do not make an overload worse. There is a reserve,
 * which fills by itself, and what picks deposit, which fades within ten
 * seconds. Pure; one thread at a time.
 */
#ifndef SVC_POLICY_BUDGET_H
#define SVC_POLICY_BUDGET_H

#include <stdint.h>

#define SVC__BUDGET_PER_PICK   0.2   /* retries that a pick allows */
#define SVC__BUDGET_PER_SECOND 3.0   /* retries that need no pick */
#define SVC__BUDGET_WORTH_MS   10000 /* what is saved up is of so long */

struct svc__budget {
    int64_t last_ms;
    double reserve; /* retries, and parts of one */
    double deposit;
};

/* The reserve is full: thirty retries. */
void svc__budget_init(struct svc__budget *b, int64_t now_ms);

/* Takes a retry. picks: how many there were since the last call, retries not
 * counted. Returns whether it is allowed. */
int svc__budget_take(struct svc__budget *b, uint64_t picks, int64_t now_ms);

#endif
