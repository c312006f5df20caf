/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/clock for one test program, in place of the library's own: it goes as
 * time does, and a test may skip minutes of it. To be included once.
 */
#ifndef TESTS_INTEGRATION_SKIP_CLOCK_H
#define TESTS_INTEGRATION_SKIP_CLOCK_H

#include "own_clock.h"

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

static _Atomic int64_t skipped_ms;

static inline void skip_ms(int64_t ms)
{
    atomic_fetch_add(&skipped_ms, ms);
}

int64_t svc__clock_now_us(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_BOOTTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 +
           atomic_load(&skipped_ms) * 1000;
}

static int own_clock_sleep_ms(int left_ms)
{
    return left_ms;
}

#endif
