/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who goes when all places are taken. A segmented LRU: a name that was wanted
 * once waits among its like and cannot push out one that was wanted again, so a
 * flood of one-time names only pushes out itself; what gives no addresses goes
 * before all others. Each step is constant.
 */
#include "cache/cache_own.h"

static enum svc__cache_idle belongs(const struct svc__cache_entry *e)
{
    if (e->wanted > 0 || e->asking)
        return SVC__CACHE_IN_USE;
    if (!svc__cache_has_set(e->view))
        return SVC__CACHE_EMPTY;
    return e->visited ? SVC__CACHE_PROVEN : SVC__CACHE_NEW;
}

static void put(struct svc__cache_entry *e, enum svc__cache_idle list)
{
    struct svc__cache *c = e->cache;

    svc__list_remove(&e->link);
    c->proven -= e->idle_in == SVC__CACHE_PROVEN;
    e->idle_in = (int)list;
    c->proven += list == SVC__CACHE_PROVEN;
    if (list != SVC__CACHE_IN_USE)
        svc__list_add(&c->idle[list], &e->link);
}

void svc__cache_evict_place(struct svc__cache_entry *e)
{
    struct svc__cache *c = e->cache;
    enum svc__cache_idle list = belongs(e);
    size_t most = c->settings.entries_max - c->settings.entries_max / 8;

    if ((int)list != e->idle_in)
        put(e, list);
    /* Else what was popular once would leave no room to become so. */
    if (c->proven > most) {
        struct svc__cache_entry *oldest = svc__list_entry(
            c->idle[SVC__CACHE_PROVEN].next, struct svc__cache_entry, link);

        oldest->visited = 0;
        put(oldest, SVC__CACHE_NEW);
    }
}

struct svc__cache_entry *svc__cache_evict_next(const struct svc__cache *c)
{
    for (int i = SVC__CACHE_EMPTY; i < SVC__CACHE_IDLE_COUNT; i++) {
        if (!svc__list_is_empty(&c->idle[i]))
            return svc__list_entry(c->idle[i].next, struct svc__cache_entry,
                                   link);
    }
    return NULL;
}
