/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the life of sources and the wiring of a backend's environment: what it
 * may touch is its own state, the loop and the sink.
 */
#include "core/source.h"

#include "base/alloc.h"
#include "base/count.h"
#include "base/err.h"
#include "core/service.h"

#include <string.h>

static struct svc__source *find(svc_resolver *r,
                                const struct svc__backend_ops *ops,
                                const char *file)
{
    struct svc__list *it;

    svc__list_each (it, &r->sources) {
        struct svc__source *s = svc__list_entry(it, struct svc__source, link);

        if (s->ops == ops && (file == NULL) == (s->file == NULL) &&
            (file == NULL || strcmp(file, s->file) == 0))
            return s;
    }
    return NULL;
}

static void fill_env(svc_resolver *r, struct svc__source *source)
{
    struct svc__backend_env *env = &source->env;

    env->loop = r->loop;
    env->log = &r->settings.log;
    env->hash_key = r->hash_key;
    env->stats = &source->stats;
    env->stop = &r->stop;
    env->dns = &r->settings.dns;
    env->apiserver = &r->settings.apiserver;
    env->update = svc__service_update;
    env->fail = svc__service_fail;
    if (source->file != NULL) {
        source->files[0] = source->file;
        env->files = source->files;
    } else {
        env->files = (const char *const *)r->settings.files;
        env->manifest = r->settings.manifest;
        env->manifest_size = r->settings.manifest_size;
    }
}

static void discard(struct svc__source *source)
{
    svc__free(source->state);
    svc__free(source->file);
    svc__free(source);
}

static struct svc__source *make(const struct svc__backend_ops *ops,
                                const char *file)
{
    struct svc__source *source = svc__calloc(1, sizeof(*source));

    if (source == NULL)
        return NULL;
    source->ops = ops;
    source->file = svc__strdup(file);
    source->state = svc__calloc(1, ops->state_size);
    if (source->state == NULL || (file != NULL && source->file == NULL)) {
        discard(source);
        return NULL;
    }
    svc__list_init(&source->link);
    return source;
}

/* Lets the backend begin; the source is gone when it cannot. */
static int begin(svc_resolver *r, struct svc__source *source, svc_error *reterr)
{
    int err;

    fill_env(r, source);
    err = source->ops->init(source->state, &source->env, reterr);
    if (err != 0) {
        source->ops->fini(source->state);
        discard(source);
        return err;
    }
    svc__mutex_lock(&r->lock);
    svc__list_add(&r->sources, &source->link);
    svc__mutex_unlock(&r->lock);
    return 0;
}

int svc__source_get(svc_resolver *r, const struct svc__backend_ops *ops,
                    const char *file, struct svc__source **ret,
                    svc_error *reterr)
{
    struct svc__source *source = find(r, ops, file);
    int err;

    if (source == NULL) {
        source = make(ops, file);
        if (source == NULL)
            return svc__err_nomem(reterr);
        err = begin(r, source, reterr);
        if (err != 0)
            return err;
    }
    source->users++;
    *ret = source;
    return 0;
}

int svc__source_is_open(svc_resolver *r, const struct svc__backend_ops *ops)
{
    return find(r, ops, NULL) != NULL;
}

void svc__source_put(svc_resolver *r, struct svc__source *source)
{
    source->users--;
    if (source->users == 0 && source->file != NULL)
        svc__source_close(r, source);
}

/* Counters outlive their source; its gauges go with it. */
static void keep_counters(struct svc__source_stats *to,
                          const struct svc__source_stats *from)
{
    svc__count_add(&to->files_read, from->files_read);
    svc__count_add(&to->files_refused, from->files_refused);
    svc__count_add(&to->bytes_read, from->bytes_read);
    svc__count_add(&to->objects_refused, from->objects_refused);
    svc__count_add(&to->objects_ignored, from->objects_ignored);
    svc__count_add(&to->dns_queries, from->dns_queries);
    svc__count_add(&to->dns_queries_tcp, from->dns_queries_tcp);
    svc__count_add(&to->dns_answers, from->dns_answers);
    svc__count_add(&to->dns_unwanted, from->dns_unwanted);
    svc__count_add(&to->dns_timeouts, from->dns_timeouts);
    svc__count_add(&to->dns_failures, from->dns_failures);
    svc__count_add(&to->cache_hits, from->cache_hits);
    svc__count_add(&to->cache_misses, from->cache_misses);
    svc__count_add(&to->cache_joined, from->cache_joined);
    svc__count_add(&to->cache_stale, from->cache_stale);
    svc__count_add(&to->cache_refreshes, from->cache_refreshes);
    svc__count_add(&to->cache_confirmations, from->cache_confirmations);
    svc__count_add(&to->cache_refuted, from->cache_refuted);
    svc__count_add(&to->cache_evicted, from->cache_evicted);
    svc__count_add(&to->api_lists, from->api_lists);
    svc__count_add(&to->api_watches, from->api_watches);
    svc__count_add(&to->api_events, from->api_events);
    svc__count_add(&to->api_bookmarks, from->api_bookmarks);
    svc__count_add(&to->api_expired, from->api_expired);
    svc__count_add(&to->api_failures, from->api_failures);
    svc__count_add(&to->api_bytes, from->api_bytes);
}

void svc__source_close(svc_resolver *r, struct svc__source *source)
{
    svc__mutex_lock(&r->lock);
    svc__list_remove(&source->link);
    keep_counters(&r->closed_sources, &source->stats);
    svc__mutex_unlock(&r->lock);
    source->ops->fini(source->state);
    discard(source);
}
