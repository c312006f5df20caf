/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of a balancing policy, finding one by name, and a policy that was
 * built for a set. build runs on the loop thread; pick runs on any thread, many
 * at once: no lock, no allocation, no clock, no write to what threads share;
 * destroy runs on any thread, when no pick can come.
 */
#ifndef SVC_POLICY_POLICY_H
#define SVC_POLICY_POLICY_H

#include "base/rng.h"
#include "model/endpoints.h"
#include "policy/cursor.h"
#include "policy/slot.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* What a policy may need when it is built, the same for all sets of a
 * service. */
struct svc__policy_params {
    uint64_t seed;                /* random, one a service */
    unsigned hash_balance_factor; /* ring: what an endpoint may have in flight,
                                     in percent of the mean; 0: as much as
                                     comes */
};

/* What it is built from. The set has at least one usable endpoint, and
 * everything here but the weights outlives the policy. */
struct svc__policy_input {
    const struct svc_endpoints *set;
    const uint32_t *weights;        /* one for each usable endpoint, none of
                                       them 0; NULL: all alike */
    struct svc__slot *const *slots; /* the same; NULL: nothing is tracked */
};

/* How many endpoints there are to pick from. */
static inline uint32_t svc__policy_count(const struct svc__policy_input *in)
{
    return in->set->count < UINT32_MAX ? (uint32_t)in->set->count : UINT32_MAX;
}

/* Whether some weight differs from another. */
int svc__policy_is_weighted(const struct svc__policy_input *in);

/* a or b without a branch, for what is left to chance and cannot be foretold.
 */
static inline uint32_t svc__policy_either(uint32_t a, uint32_t b, int is_b)
{
    return a ^ ((a ^ b) & (0 - (uint32_t)is_b));
}

/* What one pick brings along. */
struct svc__pick_ctx {
    uint64_t hash;              /* of the pick's key (policy/key.h), if */
    int has_key;                /* it has one */
    unsigned attempt;           /* endpoints that were tried before for this */
    uint32_t now_ms;            /* as svc__slot has it */
    struct svc__rng *rng;       /* nobody else's during the pick */
    struct svc__cursor *cursor; /* the same; of this thread and service */
};

struct svc__policy_ops {
    const char *name;  /* as in IPVS: "rr" */
    const char *alias; /* long forms, accepted too, a space between them:
                          "round_robin"; or "" */
    int is_timed;      /* its costs have to do with time: a tracked pick reads
                          a clock */

    /* Prepares to pick from a set. *ret_state is owned (destroy). 0 or
     * SVC_ENOMEM. */
    int (*build)(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state);

    /* Puts a cursor that comes from another set, or from nowhere, to where it
     * goes on in this one. NULL: the policy has no use for cursors. */
    void (*enter)(const void *state, const struct svc__pick_ctx *ctx);

    /* Index of the endpoint chosen, below the number of usable ones. Notes in
     * the cursor whose turn it was, where the policy has one. */
    size_t (*pick)(const void *state, const struct svc__pick_ctx *ctx);

    void (*destroy)(void *state); /* NULL is allowed */
};

/* A policy as it was built for a set. */
struct svc__policy {
    const struct svc__policy_ops *ops; /* NULL: nothing is built */
    void *state;
    const struct svc_endpoints *set;
    uint64_t id; /* no other in this process has it; never 0 */
};

/* 0 or SVC_ENOMEM. The set and the slots are to outlive *ret. */
int svc__policy_build(const struct svc__policy_ops *ops,
                      const struct svc__policy_input *in,
                      const struct svc__policy_params *params,
                      struct svc__policy *ret);
void svc__policy_fini(struct svc__policy *p); /* nothing built is allowed */

/* Index in the set of the endpoint chosen. */
static inline size_t svc__policy_pick(const struct svc__policy *p,
                                      const struct svc__pick_ctx *ctx)
{
    if (p->ops->enter != NULL && ctx->cursor->policy != p->id) {
        p->ops->enter(p->state, ctx);
        ctx->cursor->policy = p->id;
    }
    return p->ops->pick(p->state, ctx);
}

/* By name or alias; NULL (and the empty word) give the default. SVC_EINVAL
 * lists the policies that there are. */
int svc__policy_find(const char *name, const struct svc__policy_ops **ret,
                     svc_error *reterr);

/* The i-th policy, or NULL. */
const struct svc__policy_ops *svc__policy_at(size_t i);

/* The policies of this build, the default first: a policy has a file of its
 * own, and its name here. */
#define SVC__POLICIES(each)                                                    \
    each(adaptive) each(rr) each(wrr) each(random) each(lc) each(wlc)          \
        each(sed) each(nq) each(twos) each(ewma) each(pick_first) each(sh)     \
            each(maglev) each(ring)

#define SVC__POLICY_DECLARE(name)                                              \
    extern const struct svc__policy_ops svc__policy_##name;

SVC__POLICIES(SVC__POLICY_DECLARE)

#endif
