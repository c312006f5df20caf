/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the slope and the moments of its steps. Shares are taken from the slope
 * whenever a set is made, whatever for; a step only sees to it that one is
 * made.
 */
#include "policy/slow_start.h"

#define WHOLE 100 /* percent */

unsigned svc__slow_start_percent(int64_t since_ms, int window_ms,
                                 int64_t now_ms)
{
    const int slope = WHOLE - SVC__SLOW_START_PERCENT;

    if (since_ms == SVC__SLOW_START_NONE || window_ms <= 0 ||
        now_ms - since_ms >= window_ms)
        return WHOLE;
    if (now_ms <= since_ms)
        return SVC__SLOW_START_PERCENT;
    return SVC__SLOW_START_PERCENT +
           (unsigned)((now_ms - since_ms) * slope / window_ms);
}

/* Steps are at whole multiples of their length, whoever they are for. */
static int64_t next_step(int window_ms, int64_t now_ms)
{
    const int64_t step_ms = ((int64_t)window_ms + SVC__SLOW_START_STEPS - 1) /
                            SVC__SLOW_START_STEPS;

    return (now_ms / step_ms + 1) * step_ms;
}

static uint32_t scale(uint32_t weight, unsigned percent)
{
    const uint64_t scaled = (uint64_t)weight * percent;

    return scaled < UINT32_MAX ? (uint32_t)scaled : UINT32_MAX;
}

int64_t svc__slow_start_apply(const int64_t *since_ms, size_t count,
                              int window_ms, int64_t now_ms, uint32_t *weights)
{
    size_t starting = 0;

    for (size_t i = 0; i < count; i++)
        starting +=
            svc__slow_start_percent(since_ms[i], window_ms, now_ms) < WHOLE;
    if (starting == 0)
        return INT64_MAX;
    for (size_t i = 0; i < count; i++)
        weights[i] =
            scale(weights[i],
                  svc__slow_start_percent(since_ms[i], window_ms, now_ms));
    return next_step(window_ms, now_ms);
}
