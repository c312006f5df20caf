/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the cache share: its state, and what one asks of the other.
 * For cache/ only. Pure; one thread at a time.
 */
#ifndef SVC_CACHE_CACHE_OWN_H
#define SVC_CACHE_CACHE_OWN_H

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rng.h"
#include "cache/cache.h"

#include <stddef.h>
#include <stdint.h>

#define SVC__CACHE_NEVER       INT64_MAX
#define SVC__CACHE_PATIENCE_MS 1800  /* RFC 8767 section 5 */
#define SVC__CACHE_PAUSE_MS    1000  /* before an answer is confirmed */
#define SVC__CACHE_DOUBT_MS    5000  /* then it is believed as it is */
#define SVC__CACHE_BACKOFF_MS  800   /* faults R4 */
#define SVC__CACHE_CAP_MS      30000 /* of the back-off */

/* Lists of what may be evicted, in the order in which they are emptied; each
 * begins with what was unwanted first. */
enum svc__cache_idle {
    SVC__CACHE_IN_USE = 0, /* in none */
    SVC__CACHE_EMPTY,      /* negative, or without an answer */
    SVC__CACHE_NEW,        /* wanted once */
    SVC__CACHE_PROVEN,     /* wanted again, at most 7/8 of all entries */
    SVC__CACHE_IDLE_COUNT
};

struct svc__cache {
    struct svc__cache_settings settings;
    struct svc__map entries; /* by key */
    struct svc__heap due;    /* of what is wanted */
    struct svc__list actions;
    struct svc__list idle[SVC__CACHE_IDLE_COUNT];
    size_t proven; /* entries in that list */
    size_t wanted; /* entries that are wanted */
    struct svc__cache_entry *gone;
    struct svc__rng rng;
    struct svc__cache_stats stats;
};

/* Whether there is something that an answer could take away. */
static inline int svc__cache_has_set(const struct svc__view *v)
{
    return v != NULL && (v->count > 0 || v->alias != NULL);
}

/* Whether an answer waits to be confirmed. */
static inline int svc__cache_in_doubt(const struct svc__cache_entry *e)
{
    return e->held != NULL && e->doubted_ms >= 0;
}

/* ---- cache.c ------------------------------------------------------------ */

/* Queues actions (bits); SHOW and TELL only where somebody wants it. */
void svc__cache_queue(struct svc__cache_entry *e, unsigned actions);
void svc__cache_arm(struct svc__cache_entry *e); /* its place in the heap */

/* ---- cache_judge.c ------------------------------------------------------ */

/* What time alone brings, but for questions: a doubt that ends, a view that
 * goes by policy, expires or is shown stale. */
void svc__cache_judge_due(struct svc__cache_entry *e, int64_t now_ms);

/* ---- cache_view.c ------------------------------------------------------- */

/* Makes the answer (taken) what is shown; ends doubts and trouble. */
void svc__cache_view_show(struct svc__cache_entry *e, struct svc__view *view,
                          enum svc__cache_found found);
/* The same with what is held. */
void svc__cache_view_show_held(struct svc__cache_entry *e);
/* Replaces the set by an empty view that tells the last failure; tries again a
 * second later when out of memory. */
void svc__cache_view_drop(struct svc__cache_entry *e, int64_t now_ms);
/* Shows what is past its time, where policy allows. */
void svc__cache_view_stale(struct svc__cache_entry *e, int64_t now_ms);
/* Keeps the message and hint for svc__cache_trouble; out of memory they are
 * lost, the code is not. Either may be NULL. */
void svc__cache_view_story(struct svc__cache_entry *e, const char *message,
                           const char *hint);

/* ---- cache_guard.c ------------------------------------------------------ */

/* Whether more than half of four or more usable candidates of before are not
 * usable in after. Out of memory: yes, since a doubt costs but a second. */
int svc__cache_guard_lost(const struct svc__view *before,
                          const struct svc__view *after,
                          const struct svc__hash_key *key);

/* ---- cache_evict.c ------------------------------------------------------ */

/* Puts an entry into the list where it belongs now, or takes it out. */
void svc__cache_evict_place(struct svc__cache_entry *e);
/* The entry that would go next, or NULL when all are in use. */
struct svc__cache_entry *svc__cache_evict_next(const struct svc__cache *c);

/* ---- cache_time.c ------------------------------------------------------- */

/* How long an answer lives. */
int64_t svc__cache_time_ttl(const struct svc__cache_settings *s, int64_t ttl_ms,
                            enum svc__cache_found found);
/* When to ask again ahead of the end of what lives ttl_ms from now on. */
int64_t svc__cache_time_refresh(struct svc__cache *c, int64_t ttl_ms,
                                int64_t now_ms);
/* The pause before the next try. */
int64_t svc__cache_time_backoff(struct svc__cache *c, unsigned failures);
/* When a view whose source fails is to go. */
int64_t svc__cache_time_drop(const struct svc__cache_entry *e);
/* For how long a negative answer is held back; -1: for ever. */
int64_t svc__cache_time_keep(const struct svc__cache_settings *s,
                             enum svc__cache_found found);
/* When the entry has something to do by itself. */
int64_t svc__cache_time_due(const struct svc__cache_entry *e);

#endif
