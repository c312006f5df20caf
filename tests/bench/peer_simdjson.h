/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same work by simdjson On-Demand, where it is installed: the members in
 * the order of the text, the endpoints into the same structs.
 */
#ifndef SVC_BENCH_PEER_SIMDJSON_H
#define SVC_BENCH_PEER_SIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct peer_simdjson_text {
    const char *at; /* NULL: absent */
    size_t size;
};

/* An endpoint as it was found; texts borrowed. */
struct peer_simdjson_endpoint {
    struct peer_simdjson_text address;
    struct peer_simdjson_text hostname;
    struct peer_simdjson_text pod_namespace;
    struct peer_simdjson_text pod;
    struct peer_simdjson_text uid;
    struct peer_simdjson_text node;
    struct peer_simdjson_text zone;
    struct peer_simdjson_text hints[8];
    size_t hints_count;
    int ready;
    int serving;
    int terminating;
};

/* Walks over a list of slices; size bytes of text stand before padding that may
 * be read. 0, or -1 for what cannot be read. */
int peer_simdjson_walk(const char *text, size_t size, size_t room,
                       void (*take)(void *arg,
                                    const struct peer_simdjson_endpoint *found),
                       void *arg);

/* How many bytes may be read behind a text. */
size_t peer_simdjson_padding(void);

#ifdef __cplusplus
}
#endif

#endif
