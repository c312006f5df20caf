/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks whose memory is not in the nearest cache: from many services in no
 * order, and when nothing at all is cached. Each is a command with words as
 * client_picks.c tells.
 */
#ifndef SVC_BENCH_PICKS_AMONG_H
#define SVC_BENCH_PICKS_AMONG_H

#include "../dns/client.h"

void among_many(const char *const words[CLIENT_WORDS_MAX]);
void among_cold(const char *const words[CLIENT_WORDS_MAX]);

#endif
