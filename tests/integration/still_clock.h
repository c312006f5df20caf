/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/clock for one test program, in place of the library's own: it stands
 * still unless the test moves it, so that nothing depends on how fast the
 * machine is. To be included once.
 */
#ifndef TESTS_INTEGRATION_STILL_CLOCK_H
#define TESTS_INTEGRATION_STILL_CLOCK_H

#include "own_clock.h"

#include <stdint.h>

static int64_t moved_ms;

int64_t svc__clock_now_us(void)
{
    return (1000000 + moved_ms) * 1000;
}

static int own_clock_sleep_ms(int left_ms)
{
    return left_ms;
}

#endif
