/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the call that reads the wall clock.
 */
#include "base/wall.h"

#include <time.h>

int64_t svc__wall_now_s(void)
{
    struct timespec ts;

    return clock_gettime(CLOCK_REALTIME, &ts) != 0 ? 0 : (int64_t)ts.tv_sec;
}
