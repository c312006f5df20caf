/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the delivery to subscriptions, and when to look again. Which manifests
 * there are is known by file_set, how one is read by file_source, what all of
 * them say by file_index. Thread that dispatches.
 *
 * Design notes. A change goes through four steps: list (folders to manifests),
 * read (those whose content differs), index (a whole new one from what is
 * good), deliver. When memory runs out the old index stays, the subscriptions
 * are told, and a timer begins anew; nothing is lost on the way, because each
 * step leaves what it has.
 */
#include "backend/file.h"

#include "backend/check.h"
#include "backend/file_index.h"
#include "backend/file_set.h"
#include "base/count.h"
#include "base/err.h"
#include "io/file_watch.h"
#include "kube/store.h"

#include <string.h>

/* When descriptors or memory were short: again after this, doubled up to. */
#define RETRY_MS     1000
#define RETRY_MAX_MS 30000

struct state {
    const struct svc__backend_env *env;
    struct svc__list subs;
    struct svc__file_set set;
    struct svc__file_watch *watch; /* NULL without paths */
    int is_polling;                /* as it was logged */
    struct svc__file_index *index; /* NULL: never there */
    svc_error trouble;             /* why index is old; code 0: it is not */
    struct svc__timer retry;
    int retry_ms;      /* the last pause; 0: none was needed */
    int is_incomplete; /* not all subscriptions were told */
};

/* ---- index --------------------------------------------------------------- */

static void report_index(const struct state *st,
                         const struct svc__file_index *x,
                         const struct svc__file_index *before)
{
    struct svc__store_stats stats;

    svc__store_stats(x->store, &stats);
    svc__count_set(&st->env->stats->objects_services, stats.services);
    svc__count_set(&st->env->stats->objects_slices, stats.slices);
    svc__count_set(&st->env->stats->objects_nodes, stats.nodes);
    svc__count_set(&st->env->stats->slices_fqdn, stats.slices_fqdn);
    if (x->duplicates == 0 ||
        (before != NULL && before->duplicates == x->duplicates &&
         strcmp(before->duplicate, x->duplicate) == 0))
        return;
    svc__log(st->env->log, SVC_LOG_WARNING,
             "%llu objects are given more than once, the last one counts; the "
             "first of them: %s",
             (unsigned long long)x->duplicates, x->duplicate);
}

/* Makes a new index, or keeps the old one and says why. */
static void reindex(struct state *st)
{
    struct svc__file_index *x = NULL;
    svc_error error;

    if (svc__file_index_new(&st->set.sources, st->env, &x, &error) != 0) {
        if (st->trouble.code != error.code)
            svc__log(st->env->log, SVC_LOG_WARNING, "%s", error.message);
        st->trouble = error;
        return;
    }
    st->trouble.code = 0;
    report_index(st, x, st->index);
    svc__file_index_free(st->index);
    st->index = x;
}

/* ---- deliver ------------------------------------------------------------- */

/* Whether what is missing in this answer could be in a manifest that was not
 * read: the Service, or all slices of it. */
static int is_open(const struct state *st, const struct svc__query *q,
                   const struct svc__view *v)
{
    if (v->code == SVC_ENOENDPOINTS)
        return v->kind == SVC__VIEW_PODS && v->gap == NULL &&
               svc__store_slice_count(st->index->store, q->namespace_,
                                      q->service) == 0;
    return v->code == SVC_ENOSERVICE;
}

static int add_step(const struct state *st, struct svc__view *v, int64_t at_us)
{
    const struct svc__file_index *x = st->index;
    struct svc__store_stats stats;
    svc_error gap;
    int err;

    if (v->trace == NULL)
        return 0;
    svc__store_stats(x->store, &stats);
    gap.message[0] = '\0';
    (void)svc__file_set_gap(&st->set, &gap);
    err = svc__view_step(
        v, "source",
        "file: %zu manifests (%zu in trouble), %llu Services, %llu "
        "EndpointSlices, %llu Nodes, %llu objects refused%s%s",
        x->files, x->files_in_trouble, (unsigned long long)stats.services,
        (unsigned long long)stats.slices, (unsigned long long)stats.nodes,
        (unsigned long long)x->refused, gap.message[0] == '\0' ? "" : "; ",
        gap.message);
    if (err == 0) /* it came before what the store wrote */
        svc__view_step_first(v, at_us);
    return err;
}

static void fail_nomem(struct state *st, struct svc__sub *sub)
{
    svc_error error;

    svc__err_nomem(&error);
    st->is_incomplete = 1;
    st->env->fail(sub, &error);
}

/* Says that a name which nothing answers may be in what could not be read. */
static void fail_open(struct state *st, struct svc__sub *sub, int code,
                      const svc_error *gap)
{
    svc_error error;

    svc__err_set(&error, gap->code, "%s, and nothing else has %s \"%s\"",
                 gap->message,
                 code == SVC_ENOSERVICE ? "Service" : "endpoints of Service",
                 sub->query.service);
    svc__err_hint(&error, "%s", gap->hint);
    st->env->fail(sub, &error);
}

/* Hands over a view, and then what is old in it. */
static void hand_over(struct state *st, struct svc__sub *sub,
                      struct svc__view *v)
{
    svc_error error;

    if (is_open(st, &sub->query, v) && svc__file_set_gap(&st->set, &error)) {
        fail_open(st, sub, v->code, &error);
        svc__view_free(v);
        return;
    }
    st->env->update(sub, v);
    if (st->trouble.code != 0)
        st->env->fail(sub, &st->trouble);
    else if (svc__file_index_trouble(st->index, &sub->query, &error))
        st->env->fail(sub, &error);
}

static void deliver(struct state *st, struct svc__sub *sub)
{
    const int64_t at_us = sub->trace == NULL ? 0 : sub->trace();
    struct svc__view *v = NULL;
    svc_error error;
    int err;

    if (st->index == NULL) {
        st->env->fail(sub, &st->trouble);
        return;
    }
    err =
        svc__store_view(st->index->store, &sub->query, sub->trace, &v, &error);
    if (err != 0 && err != SVC_ENOMEM) {
        st->env->fail(sub, &error);
        return;
    }
    if (err == 0)
        err = add_step(st, v, at_us);
    if (err != 0) {
        svc__view_free(v);
        fail_nomem(st, sub);
        return;
    }
    hand_over(st, sub, v);
}

/* ---- the four steps ------------------------------------------------------ */

static void plan_retry(struct state *st)
{
    if (!st->is_incomplete && st->trouble.code != SVC_ENOMEM &&
        !svc__file_set_is_short(&st->set)) {
        st->retry_ms = 0;
        svc__loop_unset(st->env->loop, &st->retry);
        return;
    }
    st->retry_ms = st->retry_ms == 0 ? RETRY_MS : st->retry_ms * 2;
    if (st->retry_ms > RETRY_MAX_MS)
        st->retry_ms = RETRY_MAX_MS;
    svc__loop_set(st->env->loop, &st->retry,
                  svc__loop_now_ms(st->env->loop) + st->retry_ms);
}

static void report_watch(struct state *st)
{
    const int is_polling =
        st->watch != NULL && svc__file_watch_is_polling(st->watch);

    if (is_polling && !st->is_polling)
        svc__log(st->env->log, SVC_LOG_WARNING,
                 "manifests are looked at every %d s: changes are not told by "
                 "the system (see /proc/sys/fs/inotify)",
                 SVC__FILE_WATCH_SLOW_MS / 1000);
    st->is_polling = is_polling;
}

/* Looks whether something changed, and delivers if so. */
static void check(struct state *st)
{
    struct svc__list *it;
    const int is_cut = st->watch != NULL && svc__file_watch_is_cut(st->watch);
    int changed = svc__file_set_look(&st->set, is_cut);

    report_watch(st);
    if (changed || st->index == NULL || st->trouble.code != 0) {
        reindex(st);
        changed = 1;
    }
    if (changed || st->is_incomplete) {
        st->is_incomplete = 0;
        svc__list_each (it, &st->subs)
            deliver(st, svc__list_entry(it, struct svc__sub, link));
    }
    plan_retry(st);
}

static void on_change(void *arg)
{
    check(arg);
}

/* ---- the table ----------------------------------------------------------- */

static int init(void *state, const struct svc__backend_env *env,
                svc_error *reterr)
{
    struct state *st = state;
    const struct svc__file_listener listener = {on_change, st};
    int err;

    st->env = env;
    svc__list_init(&st->subs);
    svc__timer_init(&st->retry, on_change, st);
    err = svc__file_set_init(&st->set, env, reterr);
    /* First the watch, then the reading: what changes between is told. */
    if (err == 0 && env->files != NULL)
        err = svc__file_watch_new(env->loop, env->files, listener, &st->watch,
                                  reterr);
    if (err == 0)
        check(st);
    return err;
}

static int subscribe(void *state, struct svc__sub *sub, svc_error *reterr)
{
    struct state *st = state;

    (void)reterr;
    svc__list_init(&sub->link);
    svc__list_add(&st->subs, &sub->link);
    deliver(st, sub);
    if (st->is_incomplete && !svc__timer_is_set(&st->retry))
        plan_retry(st);
    return 0;
}

static void unsubscribe(void *state, struct svc__sub *sub)
{
    (void)state;
    svc__list_remove(&sub->link);
}

static void refresh(void *state, struct svc__sub *sub)
{
    (void)sub;
    check(state);
}

static void check_manifests(void *state, struct svc__check *c)
{
    const struct state *st = state;
    struct svc__store_stats stats;
    svc_error found;

    if (st->index == NULL || st->trouble.code != 0) {
        svc__check_add(c, SVC__CHECK_FAIL, "manifests", &st->trouble);
        return;
    }
    svc__store_stats(st->index->store, &stats);
    svc__err_set(&found, 0,
                 "%zu manifests: %llu Services, %llu EndpointSlices, %llu "
                 "Nodes, %llu objects refused",
                 st->index->files, (unsigned long long)stats.services,
                 (unsigned long long)stats.slices,
                 (unsigned long long)stats.nodes,
                 (unsigned long long)st->index->refused);
    if (st->index->refused > 0)
        svc__err_hint(&found, "log_level warning (svcctl -v) tells why");
    svc__check_add(c, st->index->refused > 0 ? SVC__CHECK_WARN : SVC__CHECK_OK,
                   "manifests", &found);
    if (svc__file_set_gap(&st->set, &found))
        svc__check_add(c, SVC__CHECK_FAIL, "manifests", &found);
}

static void uncheck_manifests(void *state, struct svc__check *c)
{
    (void)state;
    (void)c;
}

static void fini(void *state)
{
    struct state *st = state;

    svc__loop_unset(st->env->loop, &st->retry);
    svc__file_watch_free(st->watch);
    svc__file_index_free(st->index);
    svc__file_set_fini(&st->set);
}

const struct svc__backend_ops svc__backend_file = {
    .name = "file",
    .state_size = sizeof(struct state),
    .init = init,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .refresh = refresh,
    .fini = fini,
    .check = check_manifests,
    .uncheck = uncheck_manifests,
};
