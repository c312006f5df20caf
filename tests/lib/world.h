/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small manifests, and waiting with a deadline, for tests of the whole
 * library through its public header.
 */
#ifndef TESTS_LIB_WORLD_H
#define TESTS_LIB_WORLD_H

#include <svc/svc.h>

/* No test waits for longer: one that does has failed. */
#define WORLD_MS 20000

/* YAML, owned (free): Service "name" in namespace "dev" with port "http" 80 to
 * 8080, and a slice with these addresses, separated by spaces; those with a '!'
 * behind them are not ready. */
char *world_service(const char *name, const char *addresses);

/* The texts of all, NULL at the end, as documents of one; they are freed. */
char *world_join(char *first, ...);

/* A resolver on a manifest in memory (copied) or a file, with its own thread
 * or an external loop. */
svc_resolver *world_memory(const char *manifest, int external_loop);
svc_resolver *world_file(const char *path, int external_loop);

/* A service that has answered: with code. */
svc_service *world_open(svc_resolver *r, const char *name, int code);

/* The usable addresses of a set in words. Valid until the next call of the
 * same thread. */
const char *world_text(const svc_endpoints *eps);

/* Takes from the watch until a set has these usable addresses. */
void world_expect(svc_watch *w, const char *addresses);

/* As assert_true, on threads that a test made, where cmocka cannot come back
 * from a failure: says it and ends the program. */
#define world_check(condition)                                                 \
    world_check_at((condition) != 0, #condition, __FILE__, __LINE__)
void world_check_at(int holds, const char *what, const char *file, int line);

/* Takes from the watch until it tells a trouble with this code. */
void world_expect_trouble(svc_watch *w, int code, svc_error *ret);

#endif
