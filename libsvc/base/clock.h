/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of all timers: milliseconds since boot, suspended time included
 * (CLOCK_BOOTTIME, faults P20, P21). Read once a round by the loop; pure code
 * is handed the value. Any thread.
 */
#ifndef SVC_BASE_CLOCK_H
#define SVC_BASE_CLOCK_H

#include <stdint.h>

int64_t svc__clock_now_ms(void);

/* Microseconds on the same clock, for the durations that explain shows. */
int64_t svc__clock_now_us(void);

/* now_ms + timeout_ms; INT64_MAX for a negative time-out. */
int64_t svc__clock_deadline(int64_t now_ms, int timeout_ms);

/* Milliseconds from now_ms to deadline_ms as a poll time-out: -1 for
 * INT64_MAX, never below 0, never above INT_MAX. */
int svc__clock_until(int64_t now_ms, int64_t deadline_ms);

#endif
