/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread that picks by one policy from set after set, for tests of
 * policies.
 */
#ifndef SVC_TESTS_LIB_POLICY_RUN_H
#define SVC_TESTS_LIB_POLICY_RUN_H

#include "policy/policy.h"
#include "set_build.h"

struct policy_run {
    const struct svc__policy_ops *ops;
    struct svc__policy_params params;
    struct svc__policy policy;
    struct svc_endpoints *set; /* one reference */
    struct svc__rng rng;
    struct svc__cursor cursor;
    struct svc__pick_ctx ctx;
};

/* A thread that has picked nothing yet, at TRACKED_NOW (tracked.h); the seed is
 * that of its generator and of the policy. */
void policy_begin(struct policy_run *run, const struct svc__policy_ops *ops,
                  uint64_t seed);
void policy_end(struct policy_run *run);

/* Goes on with a set, taken; weights and slots as svc__policy_input has them,
 * borrowed for as long as the set. */
void policy_set(struct policy_run *run, struct svc_endpoints *set,
                const uint32_t *weights, struct svc__slot *const *slots);

/* Index in the set, and number (set_build.h), of the next pick. */
size_t policy_index(struct policy_run *run);
uint32_t policy_pick(struct policy_run *run);

#endif
