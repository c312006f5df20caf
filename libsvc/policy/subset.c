/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the ranks of endpoints for a client. The rank is the hash of an
 * endpoint's 20 bytes (policy/key.h) by SipHash-1-3 whose key is made from the
 * hash of the client's id, h, under the key (0, 2): (h, 0).
 */
#include "policy/subset.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

static const struct svc__hash_key for_clients = {0, 2};

struct rank {
    uint64_t hash;
    struct svc__candidate *c;
};

/* The greatest hash first. Equal ones, which nobody will meet, in the order of
 * sets, so that it does not matter how a source lists them. */
static int by_rank(const void *x, const void *y)
{
    const struct rank *a = x;
    const struct rank *b = y;

    if (a->hash != b->hash)
        return a->hash > b->hash ? -1 : 1;
    return svc__candidate_compare(a->c, b->c);
}

/* Ranks the usable candidates of a family; returns how many. */
static size_t rank(struct svc__view *v, unsigned family,
                   const struct svc__hash_key *key, struct rank *ret)
{
    size_t count = 0;

    for (size_t i = 0; i < v->count; i++) {
        struct svc__candidate *c = &v->candidates[i];

        if (c->why != 0 || svc__candidate_endpoint(c)->address.family != family)
            continue;
        ret[count].hash = svc__candidate_hash(c, key);
        ret[count++].c = c;
    }
    qsort(ret, count, sizeof(*ret), by_rank);
    return count;
}

int svc__subset_apply(struct svc__view *v, const char *client, size_t size)
{
    static const unsigned families[] = {SVC__FAMILY_IPV4, SVC__FAMILY_IPV6};
    const struct svc__hash_key key = {
        svc__hash(&for_clients, client, strlen(client)), 0};
    struct rank *ranks;
    int err = 0;

    if (size == 0 || v->count == 0)
        return 0;
    ranks = svc__calloc(v->count, sizeof(*ranks));
    if (ranks == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; i < 2 && err == 0; i++) {
        const size_t count = rank(v, families[i], &key, ranks);

        for (size_t k = size; k < count; k++)
            ranks[k].c->why = SVC_WHY_OUTSIDE_SUBSET;
        if (count > 0)
            err = svc__view_step(v, "filter",
                                 "%s: subset of client \"%s\": %zu of %zu",
                                 i == 0 ? "IPv4" : "IPv6", client,
                                 size < count ? size : count, count);
    }
    svc__free(ranks);
    return err;
}
