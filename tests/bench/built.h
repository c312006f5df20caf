/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as the library builds it, of numbered endpoints and without a
 * service, for what is measured of policies alone.
 */
#ifndef SVC_BENCH_BUILT_H
#define SVC_BENCH_BUILT_H

#include "policy/policy.h"

#include <stddef.h>
#include <stdint.h>

#define BUILT_NOW 5000000U /* the time of all picks, in milliseconds */

/* What a policy is built from. All is owned. */
struct built_from {
    struct svc_endpoints *set;
    uint32_t *weights;       /* from 1 to 10 */
    struct svc__slot *slots; /* each has answered once, a little while ago, as
                                fast as the others to a fifth */
    struct svc__slot **tracked;
};

/* Of so many endpoints, or one less: the one of that number, where there is
 * one. 0 or a code. */
int built_from_init(struct built_from *from, unsigned count, unsigned without);
void built_from_fini(struct built_from *from); /* all zero is allowed */

/* Index in the set, and number, of an endpoint. */
unsigned built_number(const struct built_from *from, size_t at);

/* Builds a policy with weights and slots or without. 0 or a code. */
int built_policy(const struct built_from *from,
                 const struct svc__policy_ops *ops, int is_weighted,
                 int is_tracked, struct svc__policy *ret);

/* ---- choosing ----------------------------------------------------------- */

/* What a thread brings along. */
struct built_turn {
    struct svc__rng rng;
    struct svc__cursor cursor;
    struct svc__pick_ctx ctx;
};

void built_turn_init(struct built_turn *t, unsigned number);

#define BUILT_KEYS     256
#define BUILT_KEY_SIZE 64 /* below it */

struct built_keys {
    size_t size;
    char texts[BUILT_KEYS][BUILT_KEY_SIZE];
};

/* Different ones, from 3 bytes on. */
void built_keys_init(struct built_keys *keys, size_t size);

/* So many choices, by keys in turn, which are hashed each time, or with none;
 * their sum. */
uint64_t built_choose(const struct svc__policy *p, unsigned thread,
                      const struct built_keys *keys, size_t count);

#endif
