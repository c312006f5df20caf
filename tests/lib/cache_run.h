/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cache in virtual time, driven by a transcript that is both the script and
 * what is expected of it. Nothing waits.
 */
#ifndef TESTS_LIB_CACHE_RUN_H
#define TESTS_LIB_CACHE_RUN_H

#include "cache/cache.h"

#include <stddef.h>
#include <stdint.h>

/* The settings of a resolver without options. */
extern const struct svc__cache_settings cache_run_settings;

/* A view of 10.0.0.N for each number in the words, "1 2 7", that lives ttl_ms;
 * owned. */
struct svc__view *cache_run_view(const char *numbers, int64_t ttl_ms);
/* A negative one. */
struct svc__view *cache_run_negative(enum svc__cache_found found,
                                     int64_t ttl_ms);

/* Plays a transcript on a new cache, lines of
 *
 *     [  4500] nxdomain web 5000 -> keep 1 2 3, confirm in 1000 ms
 *
 * a time in ms, what happens, and what the cache does about it. What happens:
 *
 *     want K, unwant K, refresh K
 *     change                       everything is to be asked anew
 *     answer K TTL N…              of addresses 10.0.0.N
 *     part K TTL N…, half K TTL N…  a partial one; the same as the last one
 *     alias K TTL NAME
 *     nxdomain K TTL, nodata K TTL
 *     fail K
 *     time                         goes by, and the cache does something alone
 *
 * What it does: ask, ask another (to confirm), show (numbers, alias or code;
 * stale), tell (a code, or end), gone; keep, with the time to the confirmation;
 * or nothing. Fails the test at the first line that is not as it was said. */
void cache_run_play(const struct svc__cache_settings *settings,
                    const char *transcript);

#endif
