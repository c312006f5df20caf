/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request by libcurl, as one writes it: to the server of the command line,
 * by HTTPS where the environment says so (raw.h).
 */
#ifndef SVC_BENCH_API_FETCH_H
#define SVC_BENCH_API_FETCH_H

#include <stddef.h>

/* Bytes of the body. Not 0: enough. */
typedef int fetch_fn(void *arg, const char *bytes, size_t size);

int fetch_is_plain(void);

/* Returns at the end. Ends the program when the answer is no success. */
void fetch(const char *path, fetch_fn *data, void *arg);

#endif
