/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/clock for one test program, in place of the library's own: all of it but
 * svc__clock_now_us, and how long is slept. To be included once, by who defines
 * those.
 */
#ifndef TESTS_LIB_OWN_CLOCK_H
#define TESTS_LIB_OWN_CLOCK_H

#include "base/clock.h"

#include <limits.h>
#include <stdint.h>

/* How long is slept with left_ms to go on this clock, 1 … INT_MAX. */
static int own_clock_sleep_ms(int left_ms);

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
    return own_clock_sleep_ms(
        deadline_ms - now_ms > INT_MAX ? INT_MAX : (int)(deadline_ms - now_ms));
}

#endif
