/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same work by json-c: a tree of the whole list, and the endpoints out of
 * it into the same structs.
 */
#ifndef SVC_BENCH_PEER_JSON_C_H
#define SVC_BENCH_PEER_JSON_C_H

#include "found.h"

struct peer_json_c {
    const struct svc__buf *text;
    void *tree;
    struct found found;
};

/* Parses, and extracts. */
void peer_json_c_run(void *peer);

/* The same, and frees the tree: then only the endpoints stay, as with us. */
void peer_json_c_run_and_free(void *peer);

/* Frees the results. Their checksum. */
uint64_t peer_json_c_after(void *peer);

#endif
