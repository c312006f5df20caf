/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the call that reads the clock of all timers.
 */
#include "base/clock.h"

#include <limits.h>
#include <time.h>

int64_t svc__clock_now_us(void)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
        return 0;
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t svc__clock_now_ms(void)
{
    return svc__clock_now_us() / 1000;
}

int64_t svc__clock_deadline(int64_t now_ms, int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : now_ms + timeout_ms;
}

int svc__clock_until(int64_t now_ms, int64_t deadline_ms)
{
    if (deadline_ms == INT64_MAX)
        return -1;
    if (deadline_ms <= now_ms)
        return 0;
    return deadline_ms - now_ms > INT_MAX ? INT_MAX
                                          : (int)(deadline_ms - now_ms);
}
