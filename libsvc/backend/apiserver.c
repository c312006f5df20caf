/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the delivery to subscriptions: what changed is queued by Service and
 * delivered when the chunk that said it was read. What is listened to is
 * decided by apiserver_plan, how by apiserver_feed, what an answer is by
 * kube/store.
 */
#include "backend/apiserver.h"

#include "backend/apiserver_check.h"
#include "backend/apiserver_plan.h"
#include "backend/apiserver_zone.h"
#include "base/alloc.h"
#include "base/count.h"
#include "base/err.h"

#define RETRY_MS 1000

/* Why a target is queued. */
enum {
    BY_SERVICE = 1, /* the Service object changed */
    BY_SLICE = 2,
    BY_STATE = 4 /* synced, trouble, a new subscription, Nodes */
};

struct state {
    const struct svc__backend_env *env;
    struct svc__apiserver_plan plan;
    struct svc__apiserver_zone zone;
    struct svc__timer timer;
};

/* One subscription: sub->place. */
struct want {
    struct svc__list link; /* of the target */
    struct svc__sub *sub;
    struct svc__apiserver_target *target;
    int with_nodes; /* needs Nodes, and has asked for them */
    int had;        /* the last view had somebody to choose */
    enum svc__type type;
};

static int64_t now_ms(const struct state *st)
{
    return svc__loop_now_ms(st->env->loop);
}

/* Has the timer fire when the first target is due. */
static void set_timer(struct state *st)
{
    const struct svc__heap_node *first = svc__heap_first(&st->plan.due);

    if (first == NULL)
        svc__loop_unset(st->env->loop, &st->timer);
    else if (!svc__timer_is_set(&st->timer) ||
             st->timer.deadline_ms != first->key)
        svc__loop_set(st->env->loop, &st->timer, first->key);
}

/* When a target that changed is to be delivered. */
static int64_t due_of(const struct svc__apiserver_target *t)
{
    if (t->causes == BY_SERVICE && t->hold_ms != INT64_MAX)
        return t->hold_ms;
    return t->delivered_ms == INT64_MIN
               ? INT64_MIN
               : t->delivered_ms + SVC__APISERVER_DELIVER_MS;
}

static void queue(struct state *st, struct svc__apiserver_target *t,
                  unsigned cause)
{
    t->causes |= cause;
    svc__heap_set(&st->plan.due, &t->due, due_of(t));
}

/* ---- one view ------------------------------------------------------------ */

static int has_usable(const struct svc__view *v)
{
    if (v->alias != NULL)
        return 1;
    for (size_t i = 0; i < v->count; i++) {
        if (v->candidates[i].why == 0)
            return 1;
    }
    return 0;
}

static int add_step(const struct state *st, const struct want *w,
                    struct svc__view *v, int64_t at_us)
{
    const struct svc__apiserver_login *l =
        svc__apiserver_login(st->plan.feeds.server);
    struct svc__store_stats stats;
    int err;

    if (v->trace == NULL)
        return 0;
    svc__store_stats(st->plan.feeds.store, &stats);
    err = svc__view_step(
        v, "source",
        "apiserver: %s (%s%s%s), a %s watch; known: %llu Services, %llu "
        "EndpointSlices, %llu Nodes",
        l->config->server, l->where,
        l->config->context[0] == '\0' ? "" : ", context ", l->config->context,
        svc__apiserver_plan_word(w->target), (unsigned long long)stats.services,
        (unsigned long long)stats.slices, (unsigned long long)stats.nodes);
    if (err == 0)
        svc__view_step_first(v, at_us);
    return err;
}

/* What is asked, completed by what this backend knows of the caller. */
static struct svc__query query_of(const struct state *st, const struct want *w)
{
    struct svc__query q = w->sub->query;

    q.outside = svc__apiserver_login(st->plan.feeds.server)->is_outside;
    q.is_partial = 1;
    return q;
}

static int make_view(const struct state *st, const struct want *w,
                     const struct svc__query *q, struct svc__view **ret,
                     svc_error *reterr)
{
    const int64_t at_us = w->sub->trace == NULL ? 0 : w->sub->trace();
    struct svc__view *v;
    int err =
        svc__store_view(st->plan.feeds.store, q, w->sub->trace, &v, reterr);

    if (err == SVC_EFILE) /* what was refused came from the server */
        err = reterr->code = SVC_EPROTO;
    if (err != 0)
        return err;
    if (add_step(st, w, v, at_us) != 0) {
        svc__view_free(v);
        return svc__err_nomem(reterr);
    }
    *ret = v;
    return 0;
}

/* Asks for Nodes when the view needs them. 0 or SVC_ENOMEM. */
static int need_nodes(struct state *st, struct want *w,
                      const struct svc__query *q, svc_error *reterr)
{
    int err;

    if (w->with_nodes || !svc__store_needs_nodes(st->plan.feeds.store, q))
        return 0;
    err = svc__apiserver_plan_nodes(&st->plan, 1, reterr);
    w->with_nodes = err == 0;
    return err;
}

/* ---- delivery ------------------------------------------------------------ */

/* Whether a view that is empty is to wait for the slices that will follow the
 * Service (docs/apiserver.md). */
static int is_to_hold(const struct state *st, const struct want *w,
                      const struct svc__view *v)
{
    const struct svc__apiserver_target *t = w->target;

    return w->had && (t->causes & (BY_SERVICE | BY_SLICE)) == BY_SERVICE &&
           v->type == w->type && !has_usable(v) &&
           (t->hold_ms == INT64_MAX || now_ms(st) < t->hold_ms);
}

/* Tells a subscription what is known. 0; 1 when its view is to wait for the
 * slices, which keeps no trouble back; SVC_ENOMEM. */
static int show(struct state *st, struct want *w)
{
    const struct svc__query q = query_of(st, w);
    struct svc__view *v = NULL;
    svc_error error;
    int is_synced;
    int held;
    int err = 0;

    error.code = 0;
    is_synced = svc__apiserver_plan_is_synced(&st->plan, w->target, 0);
    if (is_synced && need_nodes(st, w, &q, &error) != 0)
        return SVC_ENOMEM;
    is_synced =
        is_synced && !st->zone.is_pending &&
        svc__apiserver_plan_is_synced(&st->plan, w->target, w->with_nodes);
    if (is_synced)
        err = make_view(st, w, &q, &v, &error);
    if (err == SVC_ENOMEM)
        return err;
    held = v != NULL && is_to_hold(st, w, v);
    if (held) {
        svc__view_free(v);
    } else if (v != NULL) {
        w->had = has_usable(v);
        w->type = v->type;
        st->env->update(w->sub, v);
    }
    if (err == 0)
        err = svc__apiserver_plan_trouble(&st->plan, w->target, w->with_nodes,
                                          &w->sub->is_told, &error);
    else
        w->sub->is_told = 0;
    if (err != 0)
        st->env->fail(w->sub, &error);
    return held;
}

/* All subscriptions of a target. When one is to wait, or there was no memory,
 * the target stays queued. */
static void deliver(struct state *st, struct svc__apiserver_target *t)
{
    const int64_t now = now_ms(st);
    struct svc__list *it;
    int held = 0;
    int failed = 0;

    svc__list_each (it, &t->wants) {
        int err = show(st, svc__list_entry(it, struct want, link));

        held |= err == 1;
        failed |= err < 0;
    }
    t->delivered_ms = now;
    if (failed) {
        svc__heap_set(&st->plan.due, &t->due, now + RETRY_MS);
    } else if (held) {
        if (t->hold_ms == INT64_MAX)
            t->hold_ms = now + SVC__APISERVER_HOLD_MS;
        t->causes = BY_SERVICE; /* the rest was told */
        svc__heap_set(&st->plan.due, &t->due, t->hold_ms);
    } else {
        t->causes = 0;
        t->hold_ms = INT64_MAX;
        svc__heap_remove(&st->plan.due, &t->due);
    }
}

static void report(struct state *st)
{
    struct svc__source_stats *to = st->env->stats;
    struct svc__store_stats stats;

    svc__store_stats(st->plan.feeds.store, &stats);
    svc__count_set(&to->objects_services, stats.services);
    svc__count_set(&to->objects_slices, stats.slices);
    svc__count_set(&to->objects_nodes, stats.nodes);
    svc__count_set(&to->slices_fqdn, stats.slices_fqdn);
    svc__count_set(&to->api_bytes,
                   svc__apiserver_received(st->plan.feeds.server));
}

static void flush(struct state *st)
{
    const int64_t now = now_ms(st);
    struct svc__heap_node *first;

    while ((first = svc__heap_first(&st->plan.due)) != NULL &&
           first->key <= now)
        deliver(st, svc__heap_entry(first, struct svc__apiserver_target, due));
    set_timer(st);
    report(st);
}

/* ---- what happened ------------------------------------------------------- */

static void on_timer(void *arg)
{
    flush(arg);
}

static void on_written(void *arg)
{
    const struct svc__apiserver_plan *plan = arg;

    flush(plan->arg);
}

/* The store says that an answer may be another one. */
static void on_store(void *arg, const char *namespace_, const char *service)
{
    struct state *st = arg;
    struct svc__apiserver_target *t;
    struct svc__map_entry *e;
    size_t at = 0;

    if (service != NULL) {
        t = svc__apiserver_plan_find(&st->plan, namespace_, service);
        if (t != NULL)
            queue(st, t,
                  st->plan.feeds.writing == SVC__RESOURCE_SERVICES ? BY_SERVICE
                                                                   : BY_SLICE);
        return;
    }
    while ((e = svc__map_next(&st->plan.targets, &at)) != NULL)
        queue(st, e->value, BY_STATE);
}

/* A feed reports from inside its work; who is told waits for a timer. */
static void on_target(void *arg, struct svc__apiserver_target *t)
{
    struct state *st = arg;

    queue(st, t, BY_STATE);
    set_timer(st);
}

static void on_zone(void *arg)
{
    struct state *st = arg;

    on_store(st, NULL, NULL);
    set_timer(st);
}

/* ---- the table ----------------------------------------------------------- */

static int init(void *state, const struct svc__backend_env *env,
                svc_error *reterr)
{
    struct state *st = state;
    struct svc__apiserver_feeds *feeds = &st->plan.feeds;
    int err;

    st->env = env;
    feeds->env = env;
    svc__timer_init(&st->timer, on_timer, st);
    st->plan.changed = on_target;
    st->plan.arg = st;
    svc__apiserver_plan_init(&st->plan);
    feeds->written = on_written;
    feeds->store = svc__store_new(svc__backend_apiserver.name, &env->hash_key);
    feeds->decoder = svc__slice_decoder_new();
    if (feeds->store == NULL || feeds->decoder == NULL)
        return svc__err_nomem(reterr);
    svc__store_listen(feeds->store, on_store, st);
    err = svc__apiserver_new(env, &feeds->server, reterr);
    st->zone.changed = on_zone;
    st->zone.arg = st;
    if (err == 0 && svc__apiserver_zone_init(&st->zone, env, feeds->server,
                                             feeds->store) != 0)
        err = svc__err_nomem(reterr);
    return err;
}

static int subscribe(void *state, struct svc__sub *sub, svc_error *reterr)
{
    struct state *st = state;
    struct want *w = svc__calloc(1, sizeof(*w));
    int err;

    if (w == NULL)
        return svc__err_nomem(reterr);
    err = svc__apiserver_plan_open(&st->plan, sub->query.namespace_,
                                   sub->query.service, &w->target, reterr);
    if (err != 0) {
        svc__free(w);
        return err;
    }
    w->sub = sub;
    sub->place = w;
    svc__list_init(&w->link);
    svc__list_add(&w->target->wants, &w->link);
    /* A known trouble may be over: who comes now does not wait for a pause. */
    svc__apiserver_plan_hurry(&st->plan, w->target);
    if (show(st, w) != 0) {
        queue(st, w->target, BY_STATE);
        set_timer(st);
    }
    return 0;
}

static void unsubscribe(void *state, struct svc__sub *sub)
{
    struct state *st = state;
    struct want *w = sub->place;

    if (w->with_nodes)
        (void)svc__apiserver_plan_nodes(&st->plan, -1, NULL);
    svc__list_remove(&w->link);
    svc__apiserver_plan_close(&st->plan, w->target);
    svc__free(w);
}

static void refresh(void *state, struct svc__sub *sub)
{
    struct state *st = state;
    struct want *w = sub->place;

    svc__apiserver_plan_hurry(&st->plan, w->target);
}

static void check(void *state, struct svc__check *c)
{
    struct state *st = state;

    svc__apiserver_check(st->env, st->plan.feeds.server, c);
}

static void uncheck(void *state, struct svc__check *c)
{
    (void)state;
    svc__apiserver_check_end(c);
}

static void fini(void *state)
{
    struct state *st = state;
    struct svc__apiserver_feeds *feeds = &st->plan.feeds;

    if (st->env == NULL)
        return;
    if (feeds->store != NULL)
        svc__store_listen(feeds->store, NULL, NULL);
    svc__apiserver_zone_fini(&st->zone);
    svc__apiserver_plan_fini(&st->plan);
    svc__apiserver_free(feeds->server);
    svc__slice_decoder_free(feeds->decoder);
    svc__store_free(feeds->store);
    svc__loop_unset(st->env->loop, &st->timer);
}

const struct svc__backend_ops svc__backend_apiserver = {
    .name = "apiserver",
    .state_size = sizeof(struct state),
    .init = init,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .refresh = refresh,
    .caller_namespace = svc__apiserver_login_namespace,
    .fini = fini,
    .check = check,
    .uncheck = uncheck,
};
