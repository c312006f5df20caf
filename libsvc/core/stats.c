/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the sum of what is counted, and which services are listed.
 *
 * Design notes. The list of all services belongs to the loop, so those that are
 * to be told have one of their own, under the resolver's lock: a service is in
 * it from svc_service_new to svc_service_free, in which time the caller's
 * reference keeps it. Under the lock each is only given another reference;
 * what there is to say of it is read behind, from what any thread may read.
 */
#include "core/stats.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "core/source.h"

#include <stdlib.h>
#include <string.h>

/* ---- the resolver -------------------------------------------------------- */

/* Lock held: adds a source's numbers. */
static void add_source(const struct svc__source_stats *from, svc_stats *ret)
{
    ret->files_read += from->files_read;
    ret->files_refused += from->files_refused;
    ret->bytes_read += from->bytes_read;
    ret->objects_services += from->objects_services;
    ret->objects_slices += from->objects_slices;
    ret->objects_nodes += from->objects_nodes;
    ret->objects_refused += from->objects_refused;
    ret->objects_ignored += from->objects_ignored;
    ret->slices_fqdn += from->slices_fqdn;
    ret->dns_queries += from->dns_queries;
    ret->dns_queries_tcp += from->dns_queries_tcp;
    ret->dns_answers += from->dns_answers;
    ret->dns_unwanted += from->dns_unwanted;
    ret->dns_timeouts += from->dns_timeouts;
    ret->dns_failures += from->dns_failures;
    ret->cache_names += from->cache_names;
    ret->cache_negative += from->cache_negative;
    ret->cache_hits += from->cache_hits;
    ret->cache_misses += from->cache_misses;
    ret->cache_joined += from->cache_joined;
    ret->cache_stale += from->cache_stale;
    ret->cache_refreshes += from->cache_refreshes;
    ret->cache_confirmations += from->cache_confirmations;
    ret->cache_refuted += from->cache_refuted;
    ret->cache_evicted += from->cache_evicted;
    ret->api_lists += from->api_lists;
    ret->api_watches += from->api_watches;
    ret->api_events += from->api_events;
    ret->api_bookmarks += from->api_bookmarks;
    ret->api_expired += from->api_expired;
    ret->api_failures += from->api_failures;
    ret->api_bytes += from->api_bytes;
}

void svc__stats_read(svc_resolver *r, svc_stats *ret)
{
    const struct svc__counters *c = &r->counters;
    struct svc__list *it;

    memset(ret, 0, sizeof(*ret));
    ret->services_open = c->services_open;
    ret->watches_open = c->watches_open;
    ret->resolves = c->resolves;
    ret->updates = c->updates;
    ret->updates_unchanged = c->updates_unchanged;
    ret->publishes = c->publishes;
    ret->publishes_empty = c->publishes_empty;
    ret->troubles = c->troubles;
    ret->recoveries = c->recoveries;
    ret->dispatches = c->dispatches;
    ret->addresses_refused = c->addresses_refused;
    ret->endpoints_duplicate = c->endpoints_duplicate;
    ret->endpoints_published = c->endpoints_published;
    ret->picks_late = c->picks_late;
    ret->picks_twice = c->picks_twice;
    ret->picks_leaked = c->picks_leaked;
    ret->retries = c->retries;
    ret->retries_refused = c->retries_refused;
    ret->ejections = c->ejections;
    ret->endpoints_ejected = c->endpoints_ejected;
    svc__mutex_lock(&r->lock);
    add_source(&r->closed_sources, ret);
    svc__list_each (it, &r->sources) {
        add_source(&svc__list_entry(it, struct svc__source, link)->stats, ret);
        ret->sources_open++;
    }
    svc__mutex_unlock(&r->lock);
}

/* ---- the services -------------------------------------------------------- */

void svc__stats_list(svc_service *s)
{
    svc__list_add(&s->r->listed, &s->listed);
    s->r->listed_count++;
}

void svc__stats_unlist(svc_service *s)
{
    if (svc__list_is_empty(&s->listed))
        return;
    svc__list_remove(&s->listed);
    s->r->listed_count--;
}

static size_t room_for(svc_resolver *r)
{
    size_t count;

    svc__mutex_lock(&r->lock);
    count = r->listed_count;
    svc__mutex_unlock(&r->lock);
    return count < SVC__STATS_SERVICES_MAX ? count : SVC__STATS_SERVICES_MAX;
}

/* A reference to each for which there is room, oldest first. */
static void hold(svc_resolver *r, size_t room, struct svc__stats_services *all)
{
    struct svc__list *it;

    svc__mutex_lock(&r->lock);
    svc__list_each (it, &r->listed) {
        svc_service *s = svc__list_entry(it, svc_service, listed);

        if (all->count == room)
            break;
        svc__refs_get(&s->refs);
        all->rows[all->count++].s = s;
    }
    all->unlisted = r->listed_count - all->count;
    svc__mutex_unlock(&r->lock);
}

static void measure(struct svc__stats_service *row)
{
    struct svc_endpoints *eps = svc__publish_get(&row->s->publish);

    row->stale = atomic_load(&row->s->freshness->stale) != 0;
    if (eps == NULL)
        return;
    row->answered = 1;
    row->endpoints = svc_endpoints_count(eps);
    row->endpoints_unusable = svc_endpoints_total(eps) - row->endpoints;
    row->age_ms = (uint64_t)svc_endpoints_age_ms(eps);
    svc_endpoints_unref(eps);
}

/* Measures those that can be told, and lets the others go. */
static void measure_all(struct svc__stats_services *all)
{
    size_t held = all->count;
    size_t bytes = 0;

    all->count = 0;
    for (size_t i = 0; i < held; i++) {
        struct svc__stats_service row = {.s = all->rows[i].s};
        size_t size = strlen(row.s->text);

        if (size > SVC__STATS_NAMES_MAX - bytes ||
            !svc__utf8_is_valid(row.s->text, size)) {
            svc__service_unref(row.s);
            all->unlisted++;
            continue;
        }
        bytes += size;
        measure(&row);
        all->rows[all->count++] = row;
    }
}

/* By name, and of one name the worst answer first. */
static int compare(const void *a, const void *b)
{
    const struct svc__stats_service *x = a;
    const struct svc__stats_service *y = b;
    int order = strcmp(x->s->text, y->s->text);

    if (order == 0)
        order = (x->answered < y->answered) - (x->answered > y->answered);
    if (order == 0)
        order = (x->endpoints > y->endpoints) - (x->endpoints < y->endpoints);
    return order;
}

/* A name may be open several times, perhaps with other options; a time series
 * of that name is there once. An outage is not to hide behind another one. */
static void keep_worst(struct svc__stats_services *all)
{
    size_t sorted = all->count;

    if (sorted > 0)
        qsort(all->rows, sorted, sizeof(*all->rows), compare);
    all->count = 0;
    for (size_t i = 0; i < sorted; i++) {
        svc_service *s = all->rows[i].s;

        if (all->count > 0 &&
            strcmp(all->rows[all->count - 1].s->text, s->text) == 0)
            svc__service_unref(s);
        else
            all->rows[all->count++] = all->rows[i];
    }
}

int svc__stats_services(svc_resolver *r, struct svc__stats_services *ret)
{
    struct svc__stats_services all = {0};
    size_t room = room_for(r);

    all.rows = svc__calloc(room, sizeof(*all.rows));
    if (all.rows == NULL)
        return SVC_ENOMEM;
    hold(r, room, &all);
    measure_all(&all);
    keep_worst(&all);
    *ret = all;
    return 0;
}

void svc__stats_services_fini(struct svc__stats_services *all)
{
    for (size_t i = 0; i < all->count; i++)
        svc__service_unref(all->rows[i].s);
    svc__free(all->rows);
    memset(all, 0, sizeof(*all));
}
