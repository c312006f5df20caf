/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endpoints that a peer found, in the structs of the library, so that all
 * fill the same and have the same sum. Ends the program without memory.
 */
#ifndef SVC_BENCH_FOUND_H
#define SVC_BENCH_FOUND_H

#include "base/buf.h"
#include "model/endpoint.h"

#include <stddef.h>
#include <stdint.h>

struct found {
    struct svc__endpoint *endpoints;
    size_t count;
    size_t capacity;
    struct svc__buf words; /* offsets of endpoints point here */
};

void found_begin(struct found *f);

/* Room for so many more. */
void found_reserve(struct found *f, size_t count);

/* The next one, of which nothing is known but its address and that it has
 * conditions. */
struct svc__endpoint *found_add(struct found *f, const char *address,
                                size_t size);

/* Where a text is from now on; NULL: none. */
uint32_t found_keep(struct found *f, const char *text, size_t size);

/* Frees them. Their checksum. */
uint64_t found_end(struct found *f);

#endif
