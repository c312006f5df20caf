/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/clock for one test program, in place of the library's own: each look at
 * it takes 20 ms, and nothing ever sleeps. What is tried again after a second,
 * or given up after five, comes in a moment. To be included once.
 */
#ifndef TESTS_INTEGRATION_LEAP_CLOCK_H
#define TESTS_INTEGRATION_LEAP_CLOCK_H

#include "own_clock.h"

#include <stdint.h>

static int64_t leapt_us = 1000000;

int64_t svc__clock_now_us(void)
{
    leapt_us += 20000;
    return leapt_us;
}

static int own_clock_sleep_ms(int left_ms)
{
    (void)left_ms;
    return 0;
}

#endif
