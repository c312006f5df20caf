/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What chooses servers in a run: a policy of the library, or one that knows
 * what no client can know.
 */
#ifndef SVC_LBSIM_PEER_H
#define SVC_LBSIM_PEER_H

#include "policy/policy.h"

#include <stddef.h>

/* "oracle": least expected finish over all servers, each knowing all queues.
 * "static": weighted round robin by the true speeds. */
struct peer {
    const char *name;
    const struct svc__policy_ops *ops; /* NULL: the oracle */
    int has_weights;                   /* the true ones */
};

/* The i-th: oracle, static, then all policies of the library. 0 or -1. */
int peer_at(size_t i, struct peer *ret);
int peer_find(const char *name, struct peer *ret); /* -1: no such */

#endif
