/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall clock, which may jump: only to compare with times that others wrote
 * down, such as the end of a credential (faults A31). Any thread.
 */
#ifndef SVC_BASE_WALL_H
#define SVC_BASE_WALL_H

#include <stdint.h>

/* Seconds of the epoch. */
int64_t svc__wall_now_s(void);

#endif
