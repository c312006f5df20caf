/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch that is read and not understood: as early as a process can see what
 * the server sent. Plain HTTP by a socket; HTTPS by libcurl, where the
 * environment names a file of CAs (SVC_BENCH_CA) and has a token
 * (SVC_BENCH_TOKEN).
 */
#ifndef SVC_BENCH_API_RAW_H
#define SVC_BENCH_API_RAW_H

#include <stddef.h>
#include <stdint.h>

/* Each line when it is whole, with the time at which its last byte was there.
 * Not 0: enough. */
typedef int raw_line_fn(void *arg, const char *line, uint64_t now_ns);

/* Opens the watch on a thread of its own and returns when the first bytes of
 * an answer have come, by a socket, or after a second. The thread ends with
 * the process or when a line was enough. */
void raw_start(const char *path, raw_line_fn *line, void *arg);

#endif
