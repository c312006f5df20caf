/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EndpointSlices from bytes to endpoints by simdjson On-Demand; only where that
 * is installed.
 */
#ifndef SVC_BENCH_SLICES_SIMDJSON_H
#define SVC_BENCH_SLICES_SIMDJSON_H

#include "found.h"

struct slices_simdjson {
    struct svc__buf *text;
    struct found found;
};

/* Room behind the text that may be read. */
void slices_simdjson_before(void *peer);
void slices_simdjson_run(void *peer);
/* Frees the results. Their checksum. */
uint64_t slices_simdjson_after(void *peer);

#endif
