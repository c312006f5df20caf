/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a set an answer would take away. Candidates are the same by
 * address, port and protocol; found by a keyed hash, since a set may hold
 * thousands and comes from outside.
 */
#include "base/alloc.h"
#include "cache/cache_own.h"

#define GUARDED_MIN 4 /* fewer come and go in normal work */

static size_t count_usable(const struct svc__view *v)
{
    size_t count = 0;

    for (size_t i = 0; i < v->count; i++)
        count += v->candidates[i].why == 0;
    return count;
}

/* A set of candidates: open addressing, at most half full. */
struct table {
    const struct svc__candidate **slots;
    size_t mask;
    const struct svc__hash_key *key;
};

/* The slot that holds the candidate, or the empty one where it would go. */
static size_t find(const struct table *t, const struct svc__candidate *c)
{
    size_t i = (size_t)svc__candidate_hash(c, t->key) & t->mask;

    while (t->slots[i] != NULL && svc__candidate_compare(t->slots[i], c) != 0)
        i = (i + 1) & t->mask;
    return i;
}

static int fill(struct table *t, const struct svc__view *v)
{
    size_t size = 8;

    while (size / 2 < v->count)
        size *= 2;
    t->slots = svc__calloc(size, sizeof(const struct svc__candidate *));
    if (t->slots == NULL)
        return SVC_ENOMEM;
    t->mask = size - 1;
    for (size_t i = 0; i < v->count; i++) {
        if (v->candidates[i].why == 0)
            t->slots[find(t, &v->candidates[i])] = &v->candidates[i];
    }
    return 0;
}

int svc__cache_guard_lost(const struct svc__view *before,
                          const struct svc__view *after,
                          const struct svc__hash_key *key)
{
    struct table t = {NULL, 0, key};
    size_t usable = count_usable(before);
    size_t lost = 0;

    if (usable < GUARDED_MIN)
        return 0;
    if (fill(&t, after) != 0)
        return 1;
    for (size_t i = 0; i < before->count; i++) {
        const struct svc__candidate *c = &before->candidates[i];

        lost += c->why == 0 && t.slots[find(&t, c)] == NULL;
    }
    svc__free(t.slots);
    return lost > usable / 2;
}
