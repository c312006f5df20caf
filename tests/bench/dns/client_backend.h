/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command "backend COUNT ipv4|any": the dns backend by itself, on a loop,
 * with a sink that only counts and adds up.
 */
#ifndef SVC_BENCH_DNS_CLIENT_BACKEND_H
#define SVC_BENCH_DNS_CLIENT_BACKEND_H

#include "client.h"

void client_backend(const char *const words[CLIENT_WORDS_MAX]);

#endif
