/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's side of a service: opening its chain of subscriptions, taking
 * what they deliver, publishing. What cannot be done for want of memory is
 * tried again a second later; the set that is there stays meanwhile.
 */
#include "core/service.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/err.h"
#include "core/alias.h"
#include "core/literal.h"
#include "core/service_publish.h"

#include <string.h>

#define RETRY_MS   1000
#define PUBLISH_MS 10 /* under load, at most one set in this time */

static void mark_dirty(svc_service *s)
{
    if (svc__list_is_empty(&s->dirty))
        svc__list_add(&s->r->dirty, &s->dirty);
}

/* ---- the chain --------------------------------------------------------- */

static void hop_free(svc_service *s, struct svc__hop *hop)
{
    if (hop->subscribed)
        hop->source->ops->unsubscribe(hop->source->state, &hop->sub);
    if (hop->source != NULL)
        svc__source_put(s->r, hop->source);
    svc__view_free(hop->view);
    svc__trouble_fini(&hop->trouble);
    if (hop->own != NULL)
        svc__name_fini(hop->own);
    svc__free(hop->own);
    svc__free(hop->alias);
    svc__free(hop->port_name);
    if (hop != &s->first_hop)
        svc__free(hop);
}

static void drop_hops(svc_service *s, size_t from)
{
    while (s->hop_count > from)
        hop_free(s, s->hops[--s->hop_count]);
}

static void fill_query(const svc_service *s, struct svc__hop *hop,
                       uint16_t port, enum svc__view_kind view)
{
    struct svc__query *q = &hop->sub.query;

    q->kind = hop->name->kind;
    q->domain = hop->name->domain;
    q->cluster_id = hop->name->cluster_id;
    q->topo_zone = hop->name->topo_zone;
    q->topo_prefer = hop->name->topo_prefer;
    q->service = hop->name->service;
    q->namespace_ = hop->name->namespace_;
    q->host = hop->name->host;
    q->port_name = hop->port_name;
    q->port = port;
    q->zone = s->r->settings.cluster_domain;
    q->proto = s->settings.proto;
    q->family = s->settings.family;
    q->view = view;
    q->allow = s->r->settings.allow;
    q->node = s->r->settings.node;
}

/* Names that only DNS knows are asked there, whatever answered before them;
 * Services of the source that the name asked for. */
static int choose_source(svc_service *s, struct svc__hop *hop,
                         svc_error *reterr)
{
    const struct svc__backend_ops *ops = s->ops;
    const char *file = s->name.file;

    if (svc__name_is_outside(hop->name)) {
        ops = s->r->settings.outside;
        file = NULL;
    }
    return svc__source_get(s->r, ops, file, &hop->source, reterr);
}

/* Begins to listen to what a hop asks; an address is its own answer. */
static int subscribe(svc_service *s, struct svc__hop *hop, svc_error *reterr)
{
    int err;

    if (hop->name->kind == SVC__NAME_POD ||
        hop->name->kind == SVC__NAME_LITERAL) {
        hop->view = svc__literal_view(s, hop->name, hop->sub.query.port,
                                      hop->alias != NULL);
        hop->is_heard = 1;
        mark_dirty(s);
        return hop->view == NULL ? svc__err_nomem(reterr) : 0;
    }
    err = choose_source(s, hop, reterr);
    if (err != 0)
        return err;
    /* Before the call: the backend may deliver from inside it. */
    hop->subscribed = 1;
    err = hop->source->ops->subscribe(hop->source->state, &hop->sub, reterr);
    if (err != 0)
        hop->subscribed = 0;
    return err;
}

/* A hop without a name, to be the next one; NULL when out of memory. */
static struct svc__hop *hop_new(svc_service *s, const char *alias,
                                const char *port_name)
{
    struct svc__hop *hop = &s->first_hop;

    if (s->hop_count > 0)
        hop = svc__alloc(sizeof(*hop));
    if (hop == NULL)
        return NULL;
    memset(hop, 0, sizeof(*hop));
    hop->service = s;
    hop->sub.trace = s->trace;
    hop->sub.owner = hop;
    hop->confirmed_ms = -1;
    svc__list_init(&hop->sub.link);
    hop->alias = svc__strdup(alias);
    hop->port_name = svc__strdup(port_name);
    if ((alias != NULL && hop->alias == NULL) ||
        (port_name != NULL && hop->port_name == NULL)) {
        hop_free(s, hop);
        return NULL;
    }
    return hop;
}

static int start(svc_service *s, svc_error *reterr)
{
    struct svc__hop *hop;

    if (s->ops != NULL && s->source == NULL) {
        int err =
            svc__source_get(s->r, s->ops, s->name.file, &s->source, reterr);

        if (err != 0)
            return err;
    }
    hop = hop_new(s, NULL, s->name.port_name);
    if (hop == NULL)
        return svc__err_nomem(reterr);
    hop->name = &s->name;
    fill_query(s, hop, s->name.port, s->settings.view);
    s->hops[s->hop_count++] = hop;
    return subscribe(s, hop, reterr);
}

/* Whether hop at + 1 already asks what the alias of hop `at` says now. */
static int is_followed(const svc_service *s, size_t at)
{
    const struct svc__view *v = s->hops[at]->view;
    const struct svc__hop *next;

    if (s->hop_count <= at + 1)
        return 0;
    next = s->hops[at + 1];
    return next->alias_type == v->type && strcmp(next->alias, v->alias) == 0 &&
           next->sub.query.port == v->alias_port &&
           (v->alias_port_name == NULL) == (next->port_name == NULL) &&
           (next->port_name == NULL ||
            strcmp(next->port_name, v->alias_port_name) == 0);
}

/* Goes after the alias of hop `at`. *ret_view is set when that is the answer
 * already. 0 or a code with the chain cut behind `at`. */
static int follow(svc_service *s, size_t at, struct svc__view **ret_view,
                  svc_error *reterr)
{
    const struct svc__view *v = s->hops[at]->view;
    struct svc__name target;
    struct svc__hop *hop;
    int judged;
    int err;

    if (is_followed(s, at))
        return 0;
    drop_hops(s, at + 1);
    judged = svc__alias_judge(s, at, &target, ret_view);
    if (judged == 0)
        return 0;
    if (judged < 0)
        return svc__err_nomem(reterr);
    hop = hop_new(s, v->alias, v->alias_port_name);
    if (hop != NULL)
        hop->own = svc__alloc(sizeof(target));
    if (hop == NULL || hop->own == NULL) {
        svc__name_fini(&target);
        if (hop != NULL)
            hop_free(s, hop);
        return svc__err_nomem(reterr);
    }
    hop->alias_type = v->type;
    *hop->own = target;
    hop->name = hop->own;
    fill_query(s, hop, v->alias_port,
               v->type == SVC__TYPE_EXTERNALNAME ? s->settings.view
                                                 : SVC__VIEW_AUTO);
    s->hops[s->hop_count++] = hop;
    err = subscribe(s, hop, reterr);
    if (err != 0)
        drop_hops(s, at + 1);
    return err;
}

/* ---- freshness and trouble -------------------------------------------- */

/* When the sources of the chain last stood by it: the oldest of those that are
 * asked again and again, -1 where there is none. */
static int64_t confirmed_of(const svc_service *s)
{
    int64_t oldest = -1;

    for (size_t i = 0; i < s->hop_count; i++) {
        int64_t confirmed_ms = s->hops[i]->confirmed_ms;

        if (confirmed_ms >= 0 && (oldest < 0 || confirmed_ms < oldest))
            oldest = confirmed_ms;
    }
    return oldest;
}

static void set_freshness(svc_service *s, int is_stale)
{
    struct svc__freshness *f = s->freshness;
    int64_t confirmed_ms = confirmed_of(s);

    if (confirmed_ms >= 0 || !is_stale)
        atomic_store(&f->confirmed_ms, confirmed_ms);
    else if (atomic_load(&f->confirmed_ms) < 0)
        atomic_store(&f->confirmed_ms, svc__loop_now_ms(s->r->loop));
    atomic_store(&f->stale, is_stale);
}

/* Whether the answers are fresh in spite of all troubles: whoever is in trouble
 * has a stand-in. */
static int is_covered(const svc_service *s)
{
    for (size_t i = 0; i < s->hop_count; i++) {
        if (s->hops[i]->trouble.code != 0 && !s->hops[i]->sub.is_covered)
            return 0;
    }
    return s->hop_count > 0;
}

/* Whether the first trouble of the chain is to be logged; it is no news from
 * here on. */
static int take_news(svc_service *s)
{
    for (size_t i = 0; i < s->hop_count; i++) {
        struct svc__hop *hop = s->hops[i];

        if (hop->trouble.code != 0) {
            const int is_news = hop->is_news;

            hop->is_news = 0;
            return is_news;
        }
    }
    return 1;
}

static void report(svc_service *s, const svc_error *trouble)
{
    int has = trouble != NULL && trouble->code != 0;
    int covered = has && is_covered(s);
    int is_new = take_news(s);

    /* Before the news comes, so that a reader of it sees the true age. */
    set_freshness(s, has && !covered);
    if (!svc__publish_trouble(&s->publish, trouble))
        return;
    if (has) {
        svc__count_add(&s->r->counters.troubles, 1);
        if (is_new)
            svc__log(&s->r->settings.log,
                     covered ? SVC_LOG_INFO : SVC_LOG_WARNING, "%s",
                     trouble->message);
    } else {
        svc__count_add(&s->r->counters.recoveries, 1);
        svc__log(&s->r->settings.log, SVC_LOG_INFO,
                 "\"%s\": the source is well again", s->text);
    }
}

/* The first trouble of the chain, or NULL. */
static const struct svc__trouble *trouble_of(const svc_service *s)
{
    for (size_t i = 0; i < s->hop_count; i++) {
        if (s->hops[i]->trouble.code != 0)
            return &s->hops[i]->trouble;
    }
    return NULL;
}

/* Whether the source has said anything since it was asked: that a set is to be
 * judged anew says nothing of it. */
static int is_heard(const svc_service *s)
{
    return s->hop_count > 0 && s->hops[0]->is_heard;
}

static void report_trouble(svc_service *s, const struct svc__trouble *trouble)
{
    svc_error error;

    (void)svc__trouble_fill(trouble, &error);
    report(s, &error);
}

static void begin_anew(svc_service *s, int in_ms)
{
    s->timer_retries = 1;
    svc__loop_set(s->r->loop, &s->timer, svc__loop_now_ms(s->r->loop) + in_ms);
}

/* Something failed here, not at the source: say so, and begin anew later; at
 * once where nothing but names that nobody has open are in the way. */
static void retry_later(svc_service *s, const svc_error *error)
{
    svc_error trouble = *error;

    drop_hops(s, 0);
    if (error->code == SVC_ETOOBIG && s->source != NULL &&
        svc__memo_give_way(&s->r->memo)) {
        begin_anew(s, 0);
        return;
    }
    svc__err_wrap(&trouble, "\"%.200s\"", s->text);
    report(s, &trouble);
    /* A source that cannot be opened for good, such as a broken text in
     * memory, is not parsed again and again. */
    if (s->source == NULL && !svc_err_is_transient(trouble.code))
        return;
    begin_anew(s, RETRY_MS);
}

/* Walks the chain to the view at its end: *ret_view and its place, or NULL
 * when there is nothing new. */
static int walk(svc_service *s, struct svc__view **ret_view, size_t *ret_end,
                svc_error *reterr)
{
    size_t at;
    int err;

    *ret_view = NULL;
    for (at = 0; at < s->hop_count && s->hops[at]->view != NULL; at++) {
        if (s->hops[at]->view->alias == NULL) {
            *ret_view = s->hops[at]->view;
            *ret_end = at;
            s->hops[at]->view = NULL;
            drop_hops(s, at + 1);
            return 0;
        }
        err = follow(s, at, ret_view, reterr);
        if (err != 0)
            return err;
        if (*ret_view != NULL) {
            *ret_end = at + 1;
            return 0;
        }
    }
    return 0;
}

/* The view that came, taken; or, when none did, the set that is there, if it is
 * to be judged anew. For want of memory that is done later: nothing of what the
 * source said is lost. */
static int publish(svc_service *s, size_t end, struct svc__view *v)
{
    int err = 0;

    if (v != NULL)
        err = svc__service_publish(s, end, v);
    else if (s->is_due)
        err = svc__service_publish_again(s);
    if (err == 0)
        s->is_due = 0;
    if (v != NULL || err == 0)
        return err;
    if (!s->timer_retries)
        svc__loop_set(s->r->loop, &s->timer,
                      svc__loop_now_ms(s->r->loop) + RETRY_MS);
    return 0;
}

void svc__service_flush(svc_service *s)
{
    struct svc__view *v;
    svc_error error;
    size_t end = 0;
    int err;

    if (s->published_ms != INT64_MIN && !s->timer_retries &&
        svc__loop_now_ms(s->r->loop) < s->published_ms + PUBLISH_MS) {
        svc__loop_set(s->r->loop, &s->timer, s->published_ms + PUBLISH_MS);
        return;
    }
    err = walk(s, &v, &end, &error);
    /* The end of a trouble comes before the new set, which nobody is to see as
     * stale; its begin comes behind. */
    if (err == 0 && is_heard(s) && trouble_of(s) == NULL)
        report(s, NULL);
    if (err == 0 && publish(s, end, v) != 0)
        err = svc__err_nomem(&error);
    if (err != 0)
        retry_later(s, &error);
    else if (trouble_of(s) != NULL)
        report_trouble(s, trouble_of(s));
}

/* ---- events ------------------------------------------------------------ */

static void on_timer(void *arg)
{
    svc_service *s = arg;
    svc_error error;

    if (!s->timer_retries) {
        mark_dirty(s);
        return;
    }
    s->timer_retries = 0;
    if (s->is_due)
        mark_dirty(s);
    if (start(s, &error) != 0)
        retry_later(s, &error);
}

void svc__service_update(struct svc__sub *sub, struct svc__view *view)
{
    struct svc__hop *hop = sub->owner;

    svc__view_free(hop->view);
    hop->view = view;
    hop->is_heard = 1;
    hop->confirmed_ms = view->confirmed_ms;
    svc__trouble_fini(&hop->trouble);
    hop->is_news = 0;
    svc__count_add(&hop->service->r->counters.updates, 1);
    mark_dirty(hop->service);
}

void svc__service_fail(struct svc__sub *sub, const svc_error *error)
{
    struct svc__hop *hop = sub->owner;
    svc_error trouble = *error;

    svc__err_wrap(&trouble, "\"%.200s\"", hop->service->text);
    svc__trouble_set(&hop->trouble, &trouble);
    hop->is_news |= !sub->is_told;
    hop->is_heard = 1;
    mark_dirty(hop->service);
}

void svc__service_judge(void *service)
{
    svc_service *s = service;

    s->is_due = 1;
    mark_dirty(s);
}

static void open_service(svc_service *s)
{
    svc_error error;

    svc__list_add(&s->r->services, &s->link);
    svc__timer_init(&s->timer, on_timer, s);
    if (s->memo != NULL)
        svc__memo_begin(s->r);
    if (start(s, &error) != 0)
        retry_later(s, &error);
}

void svc__service_command(svc_service *s)
{
    if (svc__list_is_empty(&s->link))
        open_service(s);
    else if (svc__balance_command(s, svc__publish_current(&s->publish)))
        svc__service_judge(s);
}

/* Sets outlive their service; from here on nobody confirms them. The loop's
 * clock may be old: a resolver can be freed long after its last round. */
static void leave_sets(svc_service *s)
{
    int64_t now = -1;

    atomic_compare_exchange_strong(&s->freshness->confirmed_ms, &now,
                                   svc__clock_now_ms());
}

void svc__service_close(svc_service *s)
{
    leave_sets(s);
    if (!svc__list_is_empty(&s->link)) {
        svc__loop_unset(s->r->loop, &s->timer);
        svc__loop_unset(s->r->loop, &s->balance.timer);
        drop_hops(s, 0);
        if (s->source != NULL)
            svc__source_put(s->r, s->source);
        s->source = NULL;
        svc__list_remove(&s->dirty);
        svc__list_remove(&s->link);
    }
    svc__publish_close(&s->publish);
    svc__balance_leave(s);
    svc__count_add(&s->r->counters.services_open, (uint64_t)-1);
    svc__service_unref(s);
}
