/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-1-3 with a secret key, for every table keyed by text from outside
 * (faults 3.6): an unkeyed hash lets a tenant choose names that collide.
 * Pure; any thread.
 */
#ifndef SVC_BASE_HASH_H
#define SVC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct svc__hash_key {
    uint64_t k0;
    uint64_t k1;
};

uint64_t svc__hash(const struct svc__hash_key *key, const void *data,
                   size_t size);

#endif
