/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who wants what, what is to be done for it, and when. What answers mean is
 * cache/cache_judge's.
 *
 * Design notes. The owner puts events in and takes actions out until there are
 * none; nothing calls back. An entry is in the map as long as it lives; while
 * it is wanted and something will happen to it by itself, in the heap under the
 * next such time (cache_time's svc__cache_time_due); while nobody wants it and
 * no question is out, in one of the lists of what may be evicted; and with
 * actions, in the list of those. So an event costs a search in the map and a
 * step in the heap, however many entries there are, and what nobody wants costs
 * no wake-up: it is looked at when somebody wants it again (wake).
 *
 * `asking` is set when ASK is queued, not when it is taken: that makes it one
 * question for all. `ask_ms` is the next question's time and is kept up also
 * while nobody wants the entry, so that wanting and leaving it in turn asks no
 * more often than staying.
 */
#include "cache/cache.h"

#include "base/alloc.h"
#include "cache/cache_own.h"

#include <string.h>

#define LONG_MS ((int64_t)1 << 40) /* 34 years: no sum of times overflows */

/* ---- life --------------------------------------------------------------- */

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    if (value < least)
        return least;
    return value > most ? most : value;
}

static void normalise(struct svc__cache_settings *s)
{
    s->entries_max = s->entries_max == 0 ? 1 : s->entries_max;
    s->ttl_min_ms = clamp(s->ttl_min_ms, 1, LONG_MS);
    s->ttl_max_ms = clamp(s->ttl_max_ms, s->ttl_min_ms, LONG_MS);
    s->negative_max_ms = clamp(s->negative_max_ms, s->ttl_min_ms, LONG_MS);
    s->nxdomain_keep_ms = clamp(s->nxdomain_keep_ms, -1, LONG_MS);
    s->nodata_keep_ms = clamp(s->nodata_keep_ms, -1, LONG_MS);
    s->error_keep_ms = clamp(s->error_keep_ms, -1, LONG_MS);
    s->max_stale_ms = clamp(s->max_stale_ms, -1, LONG_MS);
}

struct svc__cache *svc__cache_new(const struct svc__cache_settings *settings)
{
    struct svc__cache *c = svc__calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->settings = *settings;
    normalise(&c->settings);
    svc__map_init(&c->entries, &settings->hash_key);
    svc__heap_init(&c->due);
    svc__list_init(&c->actions);
    for (int i = 0; i < SVC__CACHE_IDLE_COUNT; i++)
        svc__list_init(&c->idle[i]);
    svc__rng_seed(&c->rng, settings->seed);
    return c;
}

static void free_entry(struct svc__cache_entry *e)
{
    if (e == NULL)
        return;
    svc__view_free(e->view);
    svc__view_free(e->held);
    svc__free(e->story);
    svc__free(e);
}

void svc__cache_free(struct svc__cache *c)
{
    struct svc__map_entry *it;
    struct svc__list *link;
    struct svc__list *after;
    size_t at = 0;

    if (c == NULL)
        return;
    /* Those that are about to go are in this list only. */
    svc__list_each_safe (link, after, &c->actions) {
        struct svc__cache_entry *e =
            svc__list_entry(link, struct svc__cache_entry, action);

        if (e->actions & SVC__CACHE_GONE)
            free_entry(e);
    }
    free_entry(c->gone);
    while ((it = svc__map_next(&c->entries, &at)) != NULL)
        free_entry(it->value);
    svc__map_fini(&c->entries);
    svc__free(c);
}

/* ---- actions ------------------------------------------------------------ */

void svc__cache_queue(struct svc__cache_entry *e, unsigned actions)
{
    if (e->wanted == 0)
        actions &= ~(unsigned)(SVC__CACHE_SHOW | SVC__CACHE_TELL);
    if (e->actions == 0 && actions != 0)
        svc__list_add(&e->cache->actions, &e->action);
    e->actions |= actions;
}

static void unqueue(struct svc__cache_entry *e, unsigned actions)
{
    e->actions &= ~actions;
    if (e->actions == 0)
        svc__list_remove(&e->action);
}

/* In the order of the bits: first what takes time; SHOW before TELL, since a
 * new view ends the trouble that was told before. */
int svc__cache_next(struct svc__cache *c, struct svc__cache_action *ret)
{
    struct svc__cache_entry *e;
    unsigned what = SVC__CACHE_ASK;

    free_entry(c->gone);
    c->gone = NULL;
    if (svc__list_is_empty(&c->actions))
        return 0;
    e = svc__list_entry(c->actions.next, struct svc__cache_entry, action);
    while ((e->actions & what) == 0)
        what <<= 1;
    unqueue(e, what);
    if (what == SVC__CACHE_GONE)
        c->gone = e;
    ret->entry = e;
    ret->what = (enum svc__cache_do)what;
    ret->confirm = what == SVC__CACHE_ASK && e->confirming;
    return 1;
}

void svc__cache_arm(struct svc__cache_entry *e)
{
    int64_t due_ms = svc__cache_time_due(e);

    if (due_ms == SVC__CACHE_NEVER)
        svc__heap_remove(&e->cache->due, &e->due);
    else
        svc__heap_set(&e->cache->due, &e->due, due_ms);
}

static void ask(struct svc__cache_entry *e)
{
    e->asking = 1;
    e->confirming = svc__cache_in_doubt(e);
    e->cache->stats.confirmations += (uint64_t)e->confirming;
    svc__cache_queue(e, SVC__CACHE_ASK);
}

/* Asks for what is shown, ahead of its end or again. */
static void ask_again(struct svc__cache_entry *e)
{
    if (e->view != NULL && e->failed == 0 && !svc__cache_in_doubt(e))
        e->cache->stats.refreshes++;
    ask(e);
}

/* ---- wanting ------------------------------------------------------------ */

/* Behind the struct lies what is the owner's, and then the key. */
static struct svc__cache_entry *new_entry(struct svc__cache *c, const char *key,
                                          size_t key_size, int64_t now_ms)
{
    const size_t user_size = c->settings.user_size;
    struct svc__cache_entry *e =
        svc__alloc(sizeof(*e) + user_size + key_size + 1);

    if (e == NULL)
        return NULL;
    memset(e, 0, sizeof(*e) + user_size);
    if (user_size > 0)
        e->user = e + 1;
    e->key = (char *)(e + 1) + user_size;
    memcpy(e->key, key, key_size + 1);
    e->cache = c;
    svc__heap_node_init(&e->due);
    svc__list_init(&e->link);
    svc__list_init(&e->action);
    e->answered_ms = -1;
    e->ask_ms = now_ms;
    e->last_ms = now_ms - c->settings.ttl_min_ms;
    e->doubted_ms = -1;
    e->against_ms = -1;
    e->waiting_ms = -1;
    e->drop_ms = SVC__CACHE_NEVER;
    return e;
}

/* Out of all but the list of actions; the owner takes leave of its user. */
static void evict(struct svc__cache *c, struct svc__cache_entry *e)
{
    svc__map_remove(&c->entries, e->key, strlen(e->key));
    svc__list_remove(&e->link);
    c->proven -= e->idle_in == SVC__CACHE_PROVEN;
    e->idle_in = SVC__CACHE_IN_USE;
    c->stats.negative -= e->view != NULL && e->found != SVC__CACHE_HAVE;
    c->stats.evicted++;
    svc__cache_queue(e, SVC__CACHE_GONE);
}

/* Fills the place of a new key. Whoever has to go goes last, so that a failure
 * costs nobody his place. */
static int add(struct svc__cache *c, struct svc__map_entry *place,
               int64_t now_ms)
{
    struct svc__cache_entry *evicted = NULL;
    struct svc__cache_entry *e;

    if (c->entries.count > c->settings.entries_max) {
        evicted = svc__cache_evict_next(c);
        if (evicted == NULL)
            return SVC_ETOOBIG;
    }
    e = new_entry(c, place->key, place->key_size, now_ms);
    if (e == NULL)
        return SVC_ENOMEM;
    place->value = e;
    if (evicted != NULL)
        evict(c, evicted);
    return 0;
}

/* The entry of a key, new or known. */
static int get(struct svc__cache *c, const char *key, int64_t now_ms,
               struct svc__cache_entry **ret)
{
    size_t key_size = strnlen(key, SVC__CACHE_KEY_MAX + 1);
    struct svc__map_entry *place;
    int err = 0;

    if (key_size > SVC__CACHE_KEY_MAX)
        return SVC_ETOOBIG;
    place = svc__map_enter(&c->entries, key, key_size);
    if (place == NULL)
        return SVC_ENOMEM;
    *ret = place->value;
    if (*ret != NULL) {
        (*ret)->visited = 1;
        return 0;
    }
    err = add(c, place, now_ms);
    if (err != 0)
        svc__map_leave(&c->entries, place);
    else
        *ret = place->value;
    return err;
}

/* Nobody has looked at it for a while: what was failing then may not be now,
 * and a doubt that nobody waited for is cleared up first. */
static void wake(struct svc__cache_entry *e, int64_t now_ms)
{
    if (e->failed != 0 && now_ms >= e->last_ms + SVC__CACHE_CAP_MS) {
        e->failed = 0;
        e->failures = 0;
        if (e->held == NULL) {
            e->trouble = 0;
            e->against_ms = -1;
            e->drop_ms = SVC__CACHE_NEVER;
        }
    }
    if (svc__cache_in_doubt(e) && now_ms >= e->doubted_ms + SVC__CACHE_DOUBT_MS)
        e->doubted_ms = now_ms - SVC__CACHE_PAUSE_MS;
    svc__cache_judge_due(e, now_ms);
}

/* Asks for somebody who waits, as soon as it may be asked (RFC 9520 section
 * 3.2: a failure is remembered for at least a second). */
static void ask_for(struct svc__cache_entry *e, int is_fresh, int64_t now_ms)
{
    int64_t soon_ms = e->last_ms + e->cache->settings.ttl_min_ms;

    if (e->failed != 0 && !svc__cache_in_doubt(e) && soon_ms < e->ask_ms)
        e->ask_ms = soon_ms;
    if (e->asking || now_ms < e->ask_ms)
        return;
    if (is_fresh)
        ask_again(e);
    else
        ask(e);
}

/* Gives somebody new what there is. */
static void offer(struct svc__cache_entry *e, int64_t now_ms)
{
    struct svc__cache_stats *stats = &e->cache->stats;
    int is_fresh = e->view != NULL && now_ms < e->expires_ms;

    if (is_fresh)
        stats->hits++;
    else if (e->asking)
        stats->joined++;
    else
        stats->misses++;
    ask_for(e, is_fresh, now_ms);
    if (is_fresh)
        svc__cache_queue(e, SVC__CACHE_SHOW);
    else if (e->trouble != 0)
        svc__cache_view_stale(e, now_ms);
    else if (e->view != NULL && e->waiting_ms < 0)
        e->waiting_ms = now_ms;
    /* Who has nothing yet waits for the answer to a question that is out. */
    if (e->trouble != 0 && (!e->asking || svc__cache_has_set(e->view)))
        svc__cache_queue(e, SVC__CACHE_TELL);
}

int svc__cache_want(struct svc__cache *c, const char *key, int64_t now_ms,
                    struct svc__cache_entry **ret)
{
    struct svc__cache_entry *e;
    int err = get(c, key, now_ms, &e);

    if (err != 0)
        return err;
    if (e->wanted++ == 0) {
        c->wanted++;
        svc__cache_evict_place(e);
        wake(e, now_ms);
    }
    offer(e, now_ms);
    svc__cache_arm(e);
    *ret = e;
    return 0;
}

static void take_back(struct svc__cache_entry *e, int64_t now_ms)
{
    e->asking = 0;
    e->confirming = 0;
    e->ask_ms = now_ms;
}

void svc__cache_unwant(struct svc__cache_entry *e, int64_t now_ms)
{
    if (--e->wanted > 0)
        return;
    e->cache->wanted--;
    e->waiting_ms = -1;
    /* A question that nobody took is taken back; the next to come asks it. */
    if (e->actions & SVC__CACHE_ASK)
        take_back(e, now_ms);
    unqueue(e, SVC__CACHE_ASK | SVC__CACHE_SHOW | SVC__CACHE_TELL);
    svc__cache_evict_place(e);
    svc__cache_arm(e);
}

void svc__cache_unasked(struct svc__cache_entry *e, int64_t now_ms)
{
    take_back(e, now_ms);
    e->again = 0;
    svc__cache_evict_place(e);
    svc__cache_arm(e);
}

/* ---- asking anew -------------------------------------------------------- */

void svc__cache_refresh(struct svc__cache_entry *e, int64_t now_ms)
{
    if (e->wanted == 0 || e->asking || svc__cache_in_doubt(e) ||
        now_ms < e->last_ms + e->cache->settings.ttl_min_ms)
        return;
    ask_again(e);
    svc__cache_arm(e);
}

/* What is out may have gone to the old servers, and is not waited for twice:
 * its answer is used, and asked for anew behind it. */
static void ask_anew(struct svc__cache_entry *e, uint32_t spread_ms,
                     int64_t now_ms)
{
    int64_t ask_ms = now_ms;

    if (e->asking) {
        e->again = 1;
        return;
    }
    if (e->wanted > 0)
        ask_ms += svc__rng_below(&e->cache->rng, spread_ms);
    else if (e->expires_ms > now_ms)
        e->expires_ms = now_ms;
    e->failures = 0;
    if (!svc__cache_in_doubt(e) && ask_ms < e->ask_ms)
        e->ask_ms = ask_ms;
    svc__cache_arm(e);
}

void svc__cache_refresh_all(struct svc__cache *c, int64_t now_ms)
{
    /* One is asked now; many within a second. */
    uint32_t spread_ms = c->wanted < 1000 ? (uint32_t)c->wanted : 1000;
    struct svc__map_entry *it;
    size_t at = 0;

    while ((it = svc__map_next(&c->entries, &at)) != NULL)
        ask_anew(it->value, spread_ms, now_ms);
    svc__cache_due(c, now_ms);
}

/* ---- time --------------------------------------------------------------- */

int64_t svc__cache_due_ms(const struct svc__cache *c)
{
    const struct svc__heap_node *first = svc__heap_first(&c->due);

    return first == NULL ? SVC__CACHE_NEVER : first->key;
}

void svc__cache_due(struct svc__cache *c, int64_t now_ms)
{
    struct svc__heap_node *node;

    while ((node = svc__heap_first(&c->due)) != NULL && node->key <= now_ms) {
        struct svc__cache_entry *e =
            svc__heap_entry(node, struct svc__cache_entry, due);

        svc__cache_judge_due(e, now_ms);
        if (!e->asking && now_ms >= e->ask_ms)
            ask_again(e);
        svc__cache_arm(e);
    }
}

void svc__cache_stats(const struct svc__cache *c, struct svc__cache_stats *ret)
{
    *ret = c->stats;
    ret->entries = c->entries.count;
}
