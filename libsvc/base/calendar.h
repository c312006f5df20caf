/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days of the proleptic Gregorian calendar (RFC 3339 appendix C). Pure;
 * whatever the width of time_t.
 */
#ifndef SVC_BASE_CALENDAR_H
#define SVC_BASE_CALENDAR_H

#include <stdint.h>

/* Days from 1970-01-01 to that one, negative before it; year 0 … 9999, month
 * and day from 1. 0, or SVC_EINVAL where the calendar has no such day. */
int svc__calendar_days(int year, int month, int day, int64_t *ret_days);

#endif
