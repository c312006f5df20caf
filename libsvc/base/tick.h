/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of what is measured: the monotonic one, exactly, or as it was a few
 * milliseconds ago for a fraction of the cost. Any thread.
 */
#ifndef SVC_BASE_TICK_H
#define SVC_BASE_TICK_H

#include <stdint.h>

/* Microseconds that change every 1 to 10 ms, whatever the kernel's tick is. */
int64_t svc__tick_now(void);

/* Nanoseconds on the same clock. */
int64_t svc__tick_exact_ns(void);

#endif
