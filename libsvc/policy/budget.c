/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what there is at a moment: at most ten seconds' worth. Over any time the
 * retries that are allowed are no more than what there was at its begin, three
 * a second and a fifth of the picks.
 */
#include "policy/budget.h"

static const double reserve_max =
    SVC__BUDGET_PER_SECOND * SVC__BUDGET_WORTH_MS / 1000;

void svc__budget_init(struct svc__budget *b, int64_t now_ms)
{
    b->last_ms = now_ms;
    b->reserve = reserve_max;
    b->deposit = 0;
}

/* Threads count their picks each by itself, and bring them when they want a
 * retry: who did not for an hour would bring an hour's worth. */
uint64_t svc__budget_recent(uint64_t picks, uint32_t since_s, int64_t now_ms)
{
    const uint32_t worth_s = SVC__BUDGET_WORTH_MS / 1000;
    const uint32_t passed_s = svc__budget_second(now_ms) - since_s;

    return passed_s <= worth_s ? picks : picks * worth_s / passed_s;
}

/* The deposit loses a tenth a second, so that it tends to ten seconds' worth of
 * the picks, whatever their number is. */
static void refill(struct svc__budget *b, uint64_t picks, int64_t passed_ms)
{
    const double part = (double)passed_ms / SVC__BUDGET_WORTH_MS;

    b->reserve += part * reserve_max;
    if (b->reserve > reserve_max)
        b->reserve = reserve_max;
    b->deposit = part < 1 ? b->deposit * (1 - part) : 0;
    b->deposit += (double)picks * SVC__BUDGET_PER_PICK;
}

int svc__budget_take(struct svc__budget *b, uint64_t picks, int64_t now_ms)
{
    const int64_t passed_ms = now_ms > b->last_ms ? now_ms - b->last_ms : 0;

    refill(b, picks, passed_ms);
    b->last_ms += passed_ms;
    if (b->deposit + b->reserve < 1)
        return 0;
    /* The deposit first: it does not last. */
    b->deposit -= 1;
    if (b->deposit < 0) {
        b->reserve += b->deposit;
        b->deposit = 0;
    }
    return 1;
}
