/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A number that changes every few milliseconds and costs a fraction of reading
 * the clock: to see that time has passed, no more. Any thread.
 */
#ifndef SVC_BASE_TICK_H
#define SVC_BASE_TICK_H

#include <stdint.h>

/* At least 1 ms and at most 10 ms apart, whatever the kernel's tick is. */
int64_t svc__tick_now(void);

#endif
