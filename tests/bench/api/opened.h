/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resolver with Services opened, by the public interface and nothing else;
 * and who waits for what becomes visible there.
 */
#ifndef SVC_BENCH_API_OPENED_H
#define SVC_BENCH_API_OPENED_H

#include "events.h"

#include <stddef.h>
#include <svc/svc.h>

struct opened {
    const char *namespace_;
    svc_resolver *r;
    svc_service **services; /* svc-00000, svc-00001 … */
    size_t count;
    int is_external; /* the loop is driven by who waits */
};

/* A resolver of the API server that KUBECONFIG names; in what the command
 * says: namespace, "thread" or "external". */
void opened_init(struct opened *o, const char *namespace_, const char *loop);
/* Opens so many Services and waits for the first answer of each. */
void opened_open(struct opened *o, size_t count);
void opened_fini(struct opened *o);

/* All their endpoints, and their sum. */
size_t opened_endpoints(const struct opened *o, uint64_t *ret_sum);

/* Follows Services from number first on, so many, until the last event was
 * seen, on this thread. */
void opened_follow(struct opened *o, size_t first, size_t count,
                   struct events *e);

#endif
