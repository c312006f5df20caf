/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the run of a lookup: events in, questions and views out, and the
 * patience between half an answer and the whole of it.
 *
 * A lookup is its list of questions. An event gives one of them its end, and
 * perhaps makes others necessary (dns/lookup_plan); then all of them together
 * come to a verdict (dns/lookup_join), and a verdict that something can be said
 * becomes a view (dns/lookup_view, lookup_fill, lookup_words). Nothing else is
 * remembered but since when half an answer is there.
 */
#include "dns/lookup.h"

#include "base/alloc.h"
#include "base/err.h"
#include "dns/lookup_fill.h"
#include "dns/lookup_join.h"
#include "dns/lookup_plan.h"
#include "dns/lookup_state.h"
#include "dns/lookup_view.h"
#include "dns/lookup_words.h"

#include <stddef.h>
#include <string.h>

/* ---- life ------------------------------------------------------------ */

/* A lookup with a copy of the query and its texts; NULL when out of memory. */
static struct svc__lookup *copy_query(const struct svc__query *query,
                                      const struct svc__lookup_env *env)
{
    struct svc__query q = *query;
    const char *topo_zone = env->topo_zone;
    const char **const texts[] = {&q.domain,    &q.cluster_id, &q.topo_zone,
                                  &q.service,   &q.namespace_, &q.host,
                                  &q.port_name, &q.zone,       &topo_zone};
    const size_t count = sizeof(texts) / sizeof(texts[0]);
    size_t sizes[sizeof(texts) / sizeof(texts[0])];
    size_t size = sizeof(struct svc__lookup);
    struct svc__lookup *l;
    char *at;

    q.node = NULL; /* DNS knows no Nodes */
    for (size_t i = 0; i < count; i++) {
        sizes[i] = *texts[i] == NULL ? 0 : strlen(*texts[i]) + 1;
        size += sizes[i];
    }
    l = svc__alloc(size);
    if (l == NULL)
        return NULL;
    at = (char *)(l + 1);
    for (size_t i = 0; i < count; i++) {
        if (sizes[i] == 0)
            continue;
        memcpy(at, *texts[i], sizes[i]);
        *texts[i] = at;
        at += sizes[i];
    }
    memset(l, 0, offsetof(struct svc__lookup, domain));
    l->q = q;
    l->env = *env;
    l->env.topo_zone = topo_zone;
    return l;
}

int svc__lookup_new(const struct svc__query *q,
                    const struct svc__lookup_env *env, struct svc__lookup **ret,
                    svc_error *reterr)
{
    struct svc__lookup *l = copy_query(q, env);
    int err;

    if (l == NULL)
        return svc__err_nomem(reterr);
    l->asks = l->few;
    l->capacity = SVC__LOOKUP_FEW;
    l->negative_ms = -1;
    l->patience_ms = INT64_MAX;
    if (env->trace != NULL)
        l->log = svc__view_new(env->source, env->trace);
    if (env->trace != NULL && l->log == NULL)
        err = svc__err_nomem(reterr);
    else
        err = svc__lookup_plan_init(l, reterr);
    if (err != 0) {
        svc__lookup_free(l);
        return err;
    }
    *ret = l;
    return 0;
}

void svc__lookup_free(struct svc__lookup *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->count; i++) {
        svc__dns_answer_fini(&l->asks[i]->answer);
        svc__free(l->asks[i]->server);
        if (l->asks[i] != &l->first)
            svc__free(l->asks[i]);
    }
    if (l->asks != l->few)
        svc__free(l->asks);
    svc__view_free(l->log);
    svc__free(l->error);
    svc__free(l->part);
    svc__free(l);
}

const struct svc__wire_question *svc__lookup_question(
    const struct svc__lookup *l, size_t i)
{
    return &l->asks[i]->question;
}

svc_error *svc__lookup_trouble(struct svc__lookup *l)
{
    if (l->error == NULL)
        l->error = svc__calloc(1, sizeof(*l->error));
    return l->error;
}

/* ---- events ---------------------------------------------------------- */

/* A question without answer. What the answer can do without is no trouble; the
 * first trouble is told. */
static int take_failure(struct svc__lookup *l, struct svc__lookup_ask *ask,
                        const struct svc__lookup_event *ev,
                        const svc_error *error)
{
    ask->standing = SVC__LOOKUP_UNKNOWN;
    if (ask->role != SVC__LOOKUP_ZONE && l->error == NULL) {
        if (svc__lookup_trouble(l) == NULL)
            return SVC_ENOMEM;
        *l->error = *error;
    }
    return l->log == NULL ? 0 : svc__lookup_words_failed(l, ask, ev, error);
}

static int refuse_answer(struct svc__lookup *l, struct svc__lookup_ask *ask,
                         const struct svc__lookup_event *ev)
{
    svc_error error;

    svc__err_set(&error, SVC_EPROTO, "an answer of %s cannot be used",
                 ev->server == NULL ? "a server" : ev->server);
    return take_failure(l, ask, ev, &error);
}

/* "10.96.0.10:53" of "10.96.0.10:53 over UDP", for the story of an answer that
 * offers nothing. */
static int keep_server(struct svc__lookup_ask *ask, const char *server)
{
    if (server == NULL || ask->answer.kind == SVC__DNS_HAVE)
        return 0;
    ask->server = svc__strndup(server, strcspn(server, " "));
    return ask->server == NULL ? SVC_ENOMEM : 0;
}

/* Reads an answer. One that is none is a failure of its question. */
static int take_answer(struct svc__lookup *l, struct svc__lookup_ask *ask,
                       const struct svc__lookup_event *ev)
{
    struct svc__dns_reading how = svc__lookup_plan_reading(l, ask);
    const struct svc__wire_message *m = ev->answer;

    if (m->tc ||
        (m->rcode != SVC__WIRE_NOERROR && m->rcode != SVC__WIRE_NXDOMAIN))
        return refuse_answer(l, ask, ev);
    if (svc__dns_answer_read(m, &how, &ask->answer) != 0)
        return SVC_ENOMEM;
    ask->standing = SVC__LOOKUP_KNOWN;
    if (keep_server(ask, ev->server) != 0)
        return SVC_ENOMEM;
    if (l->log != NULL && svc__lookup_words_answered(l, ask, m, ev) != 0)
        return SVC_ENOMEM;
    return svc__lookup_plan_more(l, ask);
}

static int take(struct svc__lookup *l, const struct svc__lookup_event *ev)
{
    struct svc__lookup_ask *ask;

    if (ev->kind == SVC__LOOKUP_START)
        return svc__lookup_plan_begin(l);
    if (ev->kind == SVC__LOOKUP_DUE || ev->question >= l->count)
        return 0;
    ask = l->asks[ev->question];
    if (ask->standing != SVC__LOOKUP_OUT)
        return 0;
    return ev->kind == SVC__LOOKUP_ANSWERED
               ? take_answer(l, ask, ev)
               : take_failure(l, ask, ev, ev->error);
}

/* ---- actions --------------------------------------------------------- */

/* With the steps at hand the failure comes as a view that has them, so that it
 * can be explained. */
static int fail(struct svc__lookup *l, struct svc__lookup_action *ret)
{
    int err = 0;

    ret->error = *l->error;
    ret->is_done = 1;
    if (l->log == NULL)
        return 0;
    err = svc__view_fail(l->log, l->error->code, "%s", l->error->message);
    if (err == 0)
        err = svc__view_hint(l->log, "%s", l->error->hint);
    if (err == 0) {
        ret->view = l->log;
        l->log = NULL;
    }
    return err;
}

static int show(struct svc__lookup *l, enum svc__lookup_verdict verdict,
                struct svc__lookup_action *ret)
{
    int err = svc__lookup_view_make(l, verdict, &ret->view, &ret->found);

    if (err == SVC_ETOOBIG)
        return fail(l, ret);
    if (err != 0)
        return err;
    ret->is_done = verdict != SVC__LOOKUP_HALF;
    ret->is_partial =
        (verdict == SVC__LOOKUP_HALF || verdict == SVC__LOOKUP_WHOLE ||
         verdict == SVC__LOOKUP_ENOUGH) &&
        svc__lookup_view_is_partial(l);
    l->is_shown = 1;
    return 0;
}

/* Something is there, but not all: the rest has a moment to come (faults D12).
 * What the answer can do without has no more than that. */
static int wait(struct svc__lookup *l, enum svc__lookup_verdict verdict,
                int64_t now_ms, struct svc__lookup_action *ret)
{
    if (l->patience_ms == INT64_MAX)
        l->patience_ms = now_ms + SVC__LOOKUP_PATIENCE_MS;
    if (now_ms >= l->patience_ms &&
        (verdict == SVC__LOOKUP_ENOUGH || !l->is_shown))
        return show(l, verdict, ret);
    if (now_ms < l->patience_ms)
        ret->due_ms = l->patience_ms;
    return 0;
}

static int act(struct svc__lookup *l, int64_t now_ms,
               struct svc__lookup_action *ret)
{
    enum svc__lookup_verdict verdict = svc__lookup_join(l);

    switch (verdict) {
    case SVC__LOOKUP_WAIT:
        return 0;
    case SVC__LOOKUP_HALF:
    case SVC__LOOKUP_ENOUGH:
        return wait(l, verdict, now_ms, ret);
    case SVC__LOOKUP_TROUBLE:
        return fail(l, ret);
    default:
        return show(l, verdict, ret);
    }
}

/* An action that does nothing; the text of its error is not cleared. */
static void begin(const struct svc__lookup *l, struct svc__lookup_action *ret)
{
    ret->ask_first = l->count;
    ret->ask_count = 0;
    ret->view = NULL;
    ret->found = SVC__LOOKUP_HAVE;
    ret->is_partial = 0;
    ret->is_done = 0;
    ret->error.code = 0;
    ret->zonal = SVC__ZONAL_UNKNOWN;
    ret->due_ms = INT64_MAX;
}

int svc__lookup_step(struct svc__lookup *l, const struct svc__lookup_event *ev,
                     struct svc__lookup_action *ret)
{
    int err;

    begin(l, ret);
    err = take(l, ev);
    if (err == 0) {
        ret->ask_count = l->count - ret->ask_first;
        err = act(l, ev->now_ms, ret);
    } else if (err == SVC_ETOOBIG) {
        err = fail(l, ret);
    }
    if (err != 0)
        return SVC_ENOMEM;
    if (ret->is_done) {
        ret->ask_count = 0;
        ret->zonal = svc__lookup_fill_zonal(l);
    }
    return 0;
}
