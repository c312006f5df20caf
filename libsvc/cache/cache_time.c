/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that is counted in time: how long answers live, when to ask again, how
 * long a set is kept against what speaks against it.
 */
#include "cache/cache_own.h"

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_ms(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Even in [0, n); n > 0. */
static int64_t below(struct svc__cache *c, int64_t n)
{
    return svc__rng_below(&c->rng, (uint32_t)min_ms(n, UINT32_MAX));
}

/* TTL 0 is used all the same (faults D17); no TTL is taken for the shortest,
 * since nothing says that it may be kept (RFC 2308 section 5: a negative answer
 * without an SOA should not be cached). */
int64_t svc__cache_time_ttl(const struct svc__cache_settings *s, int64_t ttl_ms,
                            enum svc__cache_found found)
{
    int64_t most =
        found == SVC__CACHE_HAVE ? s->ttl_max_ms : s->negative_max_ms;

    return max_ms(s->ttl_min_ms, min_ms(ttl_ms, most));
}

/* At 75 to 90 % of its life, so that entries of one answer's age spread. */
int64_t svc__cache_time_refresh(struct svc__cache *c, int64_t ttl_ms,
                                int64_t now_ms)
{
    int64_t wait = ttl_ms / 4 * 3 + below(c, ttl_ms * 15 / 100 + 1);

    return now_ms + max_ms(wait, c->settings.ttl_min_ms);
}

int64_t svc__cache_time_backoff(struct svc__cache *c, unsigned failures)
{
    int64_t most = SVC__CACHE_BACKOFF_MS;

    for (unsigned i = 1; i < failures && most < SVC__CACHE_CAP_MS; i++)
        most *= 2;
    /* Never at once: a source that fails in no time is not asked in a loop. */
    return max_ms(SVC__CACHE_BACKOFF_MS / 8,
                  1 + below(c, min_ms(most, SVC__CACHE_CAP_MS)));
}

int64_t svc__cache_time_drop(const struct svc__cache_entry *e)
{
    const struct svc__cache_settings *s = &e->cache->settings;
    int64_t drop_ms = SVC__CACHE_NEVER;

    if (s->error_keep_ms >= 0)
        drop_ms = e->against_ms + s->error_keep_ms;
    if (s->max_stale_ms >= 0)
        drop_ms = min_ms(drop_ms, e->expires_ms + s->max_stale_ms);
    return max_ms(drop_ms, e->expires_ms);
}

int64_t svc__cache_time_keep(const struct svc__cache_settings *s,
                             enum svc__cache_found found)
{
    int64_t keep = 0;

    if (found == SVC__CACHE_NXDOMAIN)
        keep = s->nxdomain_keep_ms;
    else if (found == SVC__CACHE_NODATA)
        keep = s->nodata_keep_ms;
    if (s->max_stale_ms < 0)
        return keep;
    return keep < 0 ? s->max_stale_ms : min_ms(keep, s->max_stale_ms);
}

int64_t svc__cache_time_due(const struct svc__cache_entry *e)
{
    int64_t due_ms = e->drop_ms;

    if (e->wanted == 0)
        return SVC__CACHE_NEVER;
    if (!e->asking)
        due_ms = min_ms(due_ms, e->ask_ms);
    if (e->view != NULL && !e->is_stale)
        due_ms = min_ms(due_ms, e->expires_ms);
    if (e->waiting_ms >= 0)
        due_ms = min_ms(due_ms, e->waiting_ms + SVC__CACHE_PATIENCE_MS);
    if (svc__cache_in_doubt(e))
        due_ms = min_ms(due_ms, e->doubted_ms + SVC__CACHE_DOUBT_MS);
    return due_ms;
}
