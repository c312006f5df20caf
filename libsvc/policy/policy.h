/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of a balancing policy, and finding one by name. build runs on the
 * loop thread; pick runs on any thread, many at once: no lock, no allocation,
 * no clock, no blocking; destroy runs on any thread, when no pick can come.
 */
#ifndef SVC_POLICY_POLICY_H
#define SVC_POLICY_POLICY_H

#include "base/rng.h"
#include "model/endpoints.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* What a policy may need when it is built. */
struct svc__policy_params {
    uint64_t seed; /* random, one a service, the same for all its sets */
};

/* What one pick brings along. */
struct svc__pick_ctx {
    const void *key; /* bytes for the hashing policies, or NULL */
    size_t key_size;
    struct svc__rng *rng; /* nobody else's during the pick */
};

struct svc__policy_ops {
    const char *name;  /* as in IPVS: "rr" */
    const char *alias; /* long forms, accepted too, a space between them:
                          "round_robin"; or "" */

    /* Prepares to pick from the usable part of set, which has at least one
     * endpoint and outlives the state. prev is the state built for the set
     * before, of this policy, or NULL; still in use by picks. *ret_state is
     * owned (destroy). 0 or SVC_ENOMEM. */
    int (*build)(const struct svc_endpoints *set,
                 const struct svc__policy_params *params, const void *prev,
                 void **ret_state);

    /* Index of the endpoint chosen, below the number of usable ones. */
    size_t (*pick)(void *state, const struct svc__pick_ctx *ctx);

    void (*destroy)(void *state); /* NULL is allowed */
};

/* By name or alias; NULL (and the empty word) give the default. SVC_EINVAL
 * lists the policies that there are. */
int svc__policy_find(const char *name, const struct svc__policy_ops **ret,
                     svc_error *reterr);

/* The i-th policy, or NULL. */
const struct svc__policy_ops *svc__policy_at(size_t i);

extern const struct svc__policy_ops svc__policy_rr;
extern const struct svc__policy_ops svc__policy_random;
extern const struct svc__policy_ops svc__policy_pick_first;

#endif
