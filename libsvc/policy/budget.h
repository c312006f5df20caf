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

/* Of so many picks that came since a moment, in seconds, those that are not
 * older than ten seconds, as if they had come evenly. */
uint64_t svc__budget_recent(uint64_t picks, uint32_t since_s, int64_t now_ms);

/* The moment of now_ms for the above. */
static inline uint32_t svc__budget_second(int64_t now_ms)
{
    return (uint32_t)(now_ms / 1000);
}

/* Takes a retry. picks: how many recent ones no call has counted yet, retries
 * not among them. Returns whether it is allowed. */
int svc__budget_take(struct svc__budget *b, uint64_t picks, int64_t now_ms);

#endif
