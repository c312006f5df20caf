/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes objects as an API server and kubectl print them, from a seed: the
 * same seed gives the same bytes. For tests and the benchmark.
 */
#ifndef SVC_TEST_GENERATE_H
#define SVC_TEST_GENERATE_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* How the text looks. */
enum generate_style {
    GENERATE_COMPACT, /* as the API server: no spaces, its order of members,
                         kind first, items without kind where all are slices */
    GENERATE_INDENTED /* as kubectl -o json: four spaces, sorted members, the
                         list's kind behind its items */
};

struct generate_options {
    uint64_t seed;
    enum generate_style style;
    size_t services;  /* Services, before the slices; 0: slices alone */
    size_t slices;    /* EndpointSlices, spread over the Services, or one
                         Service each when there are none */
    size_t endpoints; /* in each slice */
    int managed_fields;
};

/* Appends one list of all objects to b. Look at b->err. */
void generate_list(struct svc__buf *b, const struct generate_options *options);

/* Appends one EndpointSlice, as an item of such a list, with an index. */
void generate_slice(struct svc__buf *b, const struct generate_options *options,
                    size_t index);

#endif
