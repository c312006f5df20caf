/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Glue: subscriptions to keys of the cache, the cache's wishes to lookups,
 * their outcomes to the cache, and what it shows to the subscriptions.
 *
 * Design notes. Subscriptions with one key share a cache entry, and one lookup
 * at a time answers for all of them. A subscription that writes steps down
 * (explain) has a lookup of its own, past the cache, since its questions are
 * what is to be seen; it hears one answer. The sinks only queue, and lookups
 * speak later than they are begun, so nothing here is entered twice.
 */
#include "backend/dns.h"

#include "backend/dns_ask.h"
#include "backend/dns_check.h"
#include "backend/dns_run.h"
#include "backend/dns_servers.h"
#include "backend/dns_solo.h"
#include "base/count.h"
#include "base/err.h"
#include "cache/cache.h"

#include <string.h>

#define ENTRIES_MAX     10000
#define NEGATIVE_MAX_MS 5000
#define RETRY_MS        1000 /* after no memory for showing something */
/* Servers that were seen not to speak zonal names are tried again. */
#define ZONAL_NO_MS 300000

struct state {
    const struct svc__backend_env *env;
    struct svc__dns_servers servers;
    struct svc__dns_ask *ask;
    struct svc__cache *cache;
    struct svc__cache_stats told; /* of the cache's numbers */
    struct svc__timer timer;      /* of the cache */
    struct svc__list keys;        /* key.link */
    struct svc__list waiting;     /* key.waiting: to be asked, in order */
    struct svc__list failing;     /* the same, of what failed: behind them */
    struct svc__list solos;       /* of dns_solo */
    struct svc__sub *newcomer;    /* that is just subscribing, or NULL */
    enum svc__lookup_zonal zonal;
    int64_t zonal_until_ms; /* of a NO */
    int64_t show_ms;        /* when to show again what could not be; or never */
};

/* The user of a cache entry, part of it: who wants it. */
struct key {
    struct state *st; /* NULL before the first */
    struct svc__list link;
    struct svc__cache_entry *entry;
    struct svc__list subs;    /* svc__sub.link */
    struct svc__list waiting; /* for its turn to be asked */
    int confirm;              /* how */
    struct svc__dns_run *run;
    int is_unshown;            /* to some: there was no memory for it */
    struct svc__dns_said said; /* of the last answer */
};

static int64_t now_ms(const struct state *st)
{
    return svc__loop_now_ms(st->env->loop);
}

/* ---- what is told -------------------------------------------------------- */

static void report(struct state *st)
{
    struct svc__source_stats *to = st->env->stats;
    struct svc__cache_stats now;

    svc__cache_stats(st->cache, &now);
    svc__count_set(&to->cache_names, now.entries);
    svc__count_set(&to->cache_negative, now.negative);
    svc__count_add(&to->cache_hits, now.hits - st->told.hits);
    svc__count_add(&to->cache_misses, now.misses - st->told.misses);
    svc__count_add(&to->cache_joined, now.joined - st->told.joined);
    svc__count_add(&to->cache_stale, now.stale - st->told.stale);
    svc__count_add(&to->cache_refreshes, now.refreshes - st->told.refreshes);
    svc__count_add(&to->cache_confirmations,
                   now.confirmations - st->told.confirmations);
    svc__count_add(&to->cache_refuted, now.refuted - st->told.refuted);
    svc__count_add(&to->cache_evicted, now.evicted - st->told.evicted);
    st->told = now;
}

static void fail_nomem(struct state *st, struct svc__sub *sub)
{
    svc_error error;

    (void)svc__err_nomem(&error);
    st->env->fail(sub, &error);
}

/* What an entry shows is to be shown once more. */
static void owe(struct state *st, struct key *k)
{
    k->is_unshown = 1;
    if (st->show_ms == INT64_MAX)
        st->show_ms = now_ms(st) + RETRY_MS;
}

/* What is past its time is shown before it is known why nobody answers. */
static void fail_silent(struct state *st, struct svc__sub *sub)
{
    svc_error error;

    svc__err_set(&error, SVC_ETIMEDOUT,
                 "DNS server %s: no answer yet, in more than a second",
                 st->servers.text[0]);
    svc__err_hint(&error, "what was known before is used meanwhile");
    st->env->fail(sub, &error);
}

/* Gives a subscription what the entry shows, and its trouble. */
static void show(struct state *st, const struct svc__cache_entry *e,
                 struct svc__sub *sub)
{
    svc_error trouble;
    struct svc__view *v;

    if (e->view != NULL) {
        v = svc__lookup_deliver(e->view, &sub->query, NULL);
        if (v == NULL) {
            fail_nomem(st, sub);
            owe(st, e->user);
            return;
        }
        st->env->update(sub, v);
    }
    if (svc__cache_trouble(e, &trouble) != 0)
        st->env->fail(sub, &trouble);
    else if (e->view != NULL && e->is_stale)
        fail_silent(st, sub);
}

/* To everybody who wants it; what follows from somebody's coming (nothing else
 * was left to do before) is for that one alone. */
static void show_all(struct state *st, const struct svc__cache_entry *e)
{
    const struct key *k = e->user;
    struct svc__list *it;

    if (st->newcomer != NULL && st->newcomer->place == k) {
        show(st, e, st->newcomer);
        return;
    }
    svc__list_each (it, &k->subs)
        show(st, e, svc__list_entry(it, struct svc__sub, link));
}

static void show_unshown(struct state *st)
{
    struct svc__list *it;

    st->show_ms = INT64_MAX;
    svc__list_each (it, &st->keys) {
        struct key *k = svc__list_entry(it, struct key, link);

        if (!k->is_unshown)
            continue;
        k->is_unshown = 0;
        show_all(st, k->entry);
    }
}

/* ---- asking -------------------------------------------------------------- */

static void pump(struct state *st);

static void learn_zonal(struct state *st, enum svc__lookup_zonal zonal)
{
    if (zonal == SVC__ZONAL_UNKNOWN)
        return;
    if (zonal == SVC__ZONAL_NO)
        st->zonal_until_ms = now_ms(st) + ZONAL_NO_MS;
    st->zonal = zonal;
}

static void fill_run(struct state *st, struct svc__dns_run_settings *ret)
{
    if (st->zonal == SVC__ZONAL_NO && now_ms(st) >= st->zonal_until_ms)
        st->zonal = SVC__ZONAL_UNKNOWN;
    memset(ret, 0, sizeof(*ret));
    ret->loop = st->env->loop;
    ret->ask = st->ask;
    ret->env.source = svc__backend_dns.name;
    ret->env.topo_zone = st->env->dns->topo_zone;
    ret->env.zonal = st->zonal;
    ret->avoid = svc__dns_said_nobody;
}

static void on_outcome(void *arg, const struct svc__dns_outcome *o)
{
    struct key *k = arg;
    struct state *st = k->st;
    const struct svc__cache_answer answer = {
        .view = o->view,
        .found = o->found == SVC__LOOKUP_NXDOMAIN ? SVC__CACHE_NXDOMAIN
                 : o->found == SVC__LOOKUP_NODATA ? SVC__CACHE_NODATA
                                                  : SVC__CACHE_HAVE,
        .is_partial = o->is_partial,
        .is_last = o->is_done};

    if (o->view != NULL) {
        k->said = o->said;
        svc__cache_answer(k->entry, &answer, now_ms(st));
    } else {
        svc__cache_fail(k->entry, o->error, now_ms(st));
    }
    if (o->is_done) {
        learn_zonal(st, o->zonal);
        svc__dns_run_free(k->run);
        k->run = NULL;
    }
    pump(st);
}

/* A question that DNS cannot be asked is an answer: it will not get better. */
static void refuse(struct key *k, const svc_error *error)
{
    struct state *st = k->st;
    struct svc__cache_answer answer = {
        .view = svc__view_new(svc__backend_dns.name, NULL), .is_last = 1};
    svc_error nomem;
    int err = answer.view == NULL ? SVC_ENOMEM : 0;

    if (err == 0)
        err = svc__view_fail(answer.view, error->code, "%s", error->message);
    if (err == 0)
        err = svc__view_hint(answer.view, "%s", error->hint);
    if (err != 0) {
        svc__view_free(answer.view);
        (void)svc__err_nomem(&nomem);
        svc__cache_fail(k->entry, &nomem, now_ms(st));
        return;
    }
    answer.view->ttl_ms = st->env->dns->ttl_max_ms;
    svc__cache_answer(k->entry, &answer, now_ms(st));
}

/* Begins the lookup of a key. */
static void begin(struct key *k)
{
    struct state *st = k->st;
    struct svc__dns_run_settings settings;
    svc_error error;
    int err;

    if (svc__list_is_empty(&k->subs)) {
        svc__cache_unasked(k->entry, now_ms(st));
        return;
    }
    fill_run(st, &settings);
    settings.outcome = on_outcome;
    settings.arg = k;
    settings.env.before = k->entry->view;
    if (k->confirm)
        settings.avoid = k->said;
    settings.query =
        &svc__list_entry(k->subs.next, struct svc__sub, link)->query;
    err = svc__dns_run_new(&settings, &k->run, &error);
    if (err == SVC_ENOTSUP || err == SVC_ENAME)
        refuse(k, &error);
    else if (err != 0)
        svc__cache_fail(k->entry, &error, now_ms(st));
}

/* Whose turn it is, or NULL. */
static struct key *next_waiting(const struct state *st)
{
    const struct svc__list *from =
        svc__list_is_empty(&st->waiting) ? &st->failing : &st->waiting;

    return svc__list_is_empty(from)
               ? NULL
               : svc__list_entry(from->next, struct key, waiting);
}

/* Begins those whose turn it is: as many as keep the window full, since each
 * takes memory until it is done. */
static void begin_waiting(struct state *st)
{
    struct key *k;

    while (svc__dns_ask_is_idle(st->ask) && (k = next_waiting(st)) != NULL) {
        svc__list_remove(&k->waiting);
        begin(k);
    }
}

static void on_idle(void *arg)
{
    begin_waiting(arg);
    pump(arg);
}

static void ask(struct state *st, const struct svc__cache_action *action)
{
    struct key *k = action->entry->user;

    k->confirm = action->confirm;
    /* A thousand names without answer would keep the others waiting. */
    svc__list_add(action->entry->failed != 0 ? &st->failing : &st->waiting,
                  &k->waiting);
    begin_waiting(st);
}

static void drop_key(struct key *k)
{
    svc__list_remove(&k->link);
    svc__list_remove(&k->waiting);
    svc__dns_run_free(k->run);
}

/* Does what the cache wishes. */
static void pump(struct state *st)
{
    struct svc__cache_action action;
    int64_t due_ms;

    while (svc__cache_next(st->cache, &action)) {
        switch (action.what) {
        case SVC__CACHE_ASK:
            ask(st, &action);
            break;
        case SVC__CACHE_SHOW:
        case SVC__CACHE_TELL:
            show_all(st, action.entry);
            break;
        case SVC__CACHE_GONE:
            drop_key(action.entry->user);
            break;
        }
    }
    report(st);
    due_ms = svc__cache_due_ms(st->cache);
    if (due_ms > st->show_ms)
        due_ms = st->show_ms;
    if (due_ms == INT64_MAX)
        svc__loop_unset(st->env->loop, &st->timer);
    else
        svc__loop_set(st->env->loop, &st->timer, due_ms);
}

static void on_timer(void *arg)
{
    struct state *st = arg;

    if (now_ms(st) >= st->show_ms)
        show_unshown(st);
    svc__cache_due(st->cache, now_ms(st));
    pump(st);
}

static int on_servers(void *arg)
{
    struct state *st = arg;
    struct svc__list *it;
    svc_error error;

    svc__list_each (it, &st->keys)
        svc__list_entry(it, struct key, link)->said = svc__dns_said_nobody;
    if (svc__dns_ask_restart(st->ask, &error) != 0) {
        svc__log(st->env->log, SVC_LOG_WARNING,
                 "the DNS servers have changed, but: %s", error.message);
        return SVC_ENOMEM;
    }
    st->zonal = SVC__ZONAL_UNKNOWN;
    svc__cache_refresh_all(st->cache, now_ms(st));
    pump(st);
    return 0;
}

/* ---- the table ----------------------------------------------------------- */

static int open_cache(struct state *st, svc_error *reterr)
{
    const struct svc__backend_dns *dns = st->env->dns;
    const struct svc__cache_settings settings = {
        .entries_max = ENTRIES_MAX,
        .ttl_min_ms = dns->ttl_min_ms,
        .ttl_max_ms = dns->ttl_max_ms,
        .negative_max_ms = NEGATIVE_MAX_MS,
        .nxdomain_keep_ms = dns->nxdomain_keep_ms,
        .nodata_keep_ms = dns->nodata_keep_ms,
        .error_keep_ms = dns->error_keep_ms,
        .max_stale_ms = dns->max_stale_ms,
        .user_size = sizeof(struct key),
        .hash_key = st->env->hash_key,
        .seed = svc__hash(&st->env->hash_key, &st, sizeof(st))};

    st->cache = svc__cache_new(&settings);
    return st->cache == NULL ? svc__err_nomem(reterr) : 0;
}

static int init(void *state, const struct svc__backend_env *env,
                svc_error *reterr)
{
    struct state *st = state;
    const struct svc__dns_idle idle = {on_idle, st};
    int err;

    st->env = env;
    st->show_ms = INT64_MAX;
    svc__list_init(&st->keys);
    svc__list_init(&st->waiting);
    svc__list_init(&st->failing);
    svc__list_init(&st->solos);
    svc__timer_init(&st->timer, on_timer, st);
    err = svc__dns_servers_init(&st->servers, env, on_servers, st, reterr);
    if (err == 0)
        err = svc__dns_ask_new(env, &st->servers, idle, &st->ask, reterr);
    if (err == 0)
        err = open_cache(st, reterr);
    return err;
}

/* The key of a subscription, wanted once more. */
static int want(struct state *st, struct svc__sub *sub,
                struct svc__cache_entry **ret, svc_error *reterr)
{
    char key[SVC__LOOKUP_KEY_MAX + 1];
    int err = svc__lookup_key(&sub->query, key);

    if (err == 0)
        err = svc__cache_want(st->cache, key, now_ms(st), ret);
    if (err == SVC_ETOOBIG)
        return svc__err_set(reterr, err,
                            "more than %d names are open at once with the dns "
                            "backend",
                            ENTRIES_MAX);
    return err == 0 ? 0 : svc__err_nomem(reterr);
}

/* Who wants an entry, begun with the first. */
static struct key *key_of(struct state *st, struct svc__cache_entry *e)
{
    struct key *k = e->user;

    if (k->st != NULL)
        return k;
    k->st = st;
    k->entry = e;
    k->said = svc__dns_said_nobody;
    svc__list_init(&k->subs);
    svc__list_init(&k->link);
    svc__list_init(&k->waiting);
    svc__list_add(&st->keys, &k->link);
    return k;
}

static int subscribe(void *state, struct svc__sub *sub, svc_error *reterr)
{
    struct state *st = state;
    struct svc__dns_run_settings settings;
    struct svc__cache_entry *e = NULL;
    struct key *k;
    int err;

    svc__list_init(&sub->link);
    if (sub->trace != NULL) {
        fill_run(st, &settings);
        return svc__dns_solo_new(&st->solos, st->env, sub, &settings, reterr);
    }
    err = want(st, sub, &e, reterr);
    if (err != 0 || e == NULL)
        return err;
    k = key_of(st, e);
    sub->place = k;
    svc__list_add(&k->subs, &sub->link);
    st->newcomer = sub;
    pump(st);
    st->newcomer = NULL;
    return 0;
}

static void unsubscribe(void *state, struct svc__sub *sub)
{
    struct state *st = state;
    struct key *k = sub->place;

    if (sub->trace != NULL) {
        svc__dns_solo_free(sub);
        return;
    }
    svc__list_remove(&sub->link);
    svc__cache_unwant(k->entry, now_ms(st));
    pump(st);
}

static void refresh(void *state, struct svc__sub *sub)
{
    struct state *st = state;
    struct key *k = sub->place;

    if (sub->trace != NULL)
        return;
    svc__cache_refresh(k->entry, now_ms(st));
    pump(st);
}

static void check(void *state, struct svc__check *c)
{
    struct state *st = state;

    svc__dns_check(st->env, &st->servers, c);
}

static void uncheck(void *state, struct svc__check *c)
{
    (void)state;
    svc__dns_check_end(c);
}

static void fini(void *state)
{
    struct state *st = state;

    svc__dns_solo_free_all(&st->solos);
    svc__loop_unset(st->env->loop, &st->timer);
    while (!svc__list_is_empty(&st->keys))
        drop_key(svc__list_entry(st->keys.next, struct key, link));
    svc__cache_free(st->cache);
    svc__dns_ask_free(st->ask);
    svc__dns_servers_fini(&st->servers);
}

const struct svc__backend_ops svc__backend_dns = {
    .name = "dns",
    .state_size = sizeof(struct state),
    .init = init,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .refresh = refresh,
    .fini = fini,
    .check = check,
    .uncheck = uncheck,
};
