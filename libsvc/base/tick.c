/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own idea of the time at its last tick, and now
 * (clock_gettime(2)).
 */
#include "base/tick.h"

#include <time.h>

int64_t svc__tick_now(void)
{
    struct timespec ts = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t svc__tick_exact_ns(void)
{
    struct timespec ts = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}
