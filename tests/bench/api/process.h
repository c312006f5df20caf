/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel says of this process: its memory, and how often it waited.
 */
#ifndef SVC_BENCH_API_PROCESS_H
#define SVC_BENCH_API_PROCESS_H

#include <stddef.h>
#include <stdint.h>

uint64_t process_ns(void); /* the clock that the server writes into events */

/* Bytes: in memory now, and the most that it was. */
void process_memory(size_t *ret_now, size_t *ret_peak);

/* How often its threads have waited of their own accord, but for the first
 * one, which takes commands. */
size_t process_switches(void);

/* The commands "memory" (rss, peak; without a word behind it tidy, too: what is
 * left when malloc has given back what it can) and "switches". */
void process_tell_memory(const char *const words[]);
void process_tell_switches(const char *const words[]);

#endif
