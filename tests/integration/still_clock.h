/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/clock for one test program, in place of the library's own: it stands
 * still unless the test moves it, so that nothing depends on how fast the
 * machine is. To be included once.
 */
#ifndef TESTS_INTEGRATION_STILL_CLOCK_H
#define TESTS_INTEGRATION_STILL_CLOCK_H

#include "base/clock.h"

#include <stdint.h>

static int64_t moved_ms;

int64_t svc__clock_now_us(void)
{
    return (1000000 + moved_ms) * 1000;
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
    return deadline_ms <= now_ms ? 0 : (int)(deadline_ms - now_ms);
}

#endif
