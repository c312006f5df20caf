/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the sum: the resolver's own counters, and those of its sources, open and
 * closed.
 */
#include "core/stats.h"

#include "core/source.h"

#include <string.h>

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
