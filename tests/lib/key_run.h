/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks with keys, for tests of the hashing policies.
 */
#ifndef SVC_TESTS_LIB_KEY_RUN_H
#define SVC_TESTS_LIB_KEY_RUN_H

#include "policy_run.h"

#include <stddef.h>
#include <stdint.h>

/* Index of the endpoint for a key with this hash. */
size_t pick_hash(struct policy_run *run, uint64_t hash);

/* Index of the endpoint for a number as text, "17". */
size_t pick_number(struct policy_run *run, unsigned key);

/* The least hash that falls on a place. */
uint64_t hash_of_place(uint32_t place, uint32_t places);

/* Of this many keys, the numbers from 0, those that another set gives to
 * another endpoint: of all, and of those whose endpoint is still there. */
struct moved {
    size_t all;
    size_t others;
};
struct moved count_moved(const struct svc__policy_ops *ops, uint32_t count,
                         uint32_t gone, unsigned keys);

#endif
