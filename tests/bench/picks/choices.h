/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy's choice costs without a service, and what keeps the set
 * meanwhile. Each is a command with words as client_picks.c tells; threads and
 * count are those of a crew.
 */
#ifndef SVC_BENCH_PICKS_CHOICES_H
#define SVC_BENCH_PICKS_CHOICES_H

#include "../dns/client.h"

/* The choice alone, with slots that have answered, or with none; of a set that
 * the library keeps for a reader; within a pthread_rwlock; by a key, which is
 * hashed each time. */
void choices_alone(const char *const words[CLIENT_WORDS_MAX]);
void choices_plain(const char *const words[CLIENT_WORDS_MAX]);
void choices_kept(const char *const words[CLIENT_WORDS_MAX]);
void choices_locked(const char *const words[CLIENT_WORDS_MAX]);
void choices_by_key(const char *const words[CLIENT_WORDS_MAX]);

#endif
