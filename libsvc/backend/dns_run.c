/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the lookup and what it wants of the servers. Each of its questions has
 * a want; the usual few lie in the run itself.
 */
#include "backend/dns_run.h"

#include "base/alloc.h"
#include "base/err.h"

/* A, AAAA, SRV. */
#define WANTS_INSIDE 3

struct want {
    struct svc__dns_want want;
    struct svc__dns_run *run;
    size_t question;
    struct want *before; /* of those that lie outside; or NULL */
};

struct svc__dns_run {
    struct svc__loop *loop;
    struct svc__dns_ask *ask;
    struct svc__lookup *lookup;
    struct svc__view *before; /* own copy */
    struct svc__timer timer;
    void (*outcome)(void *arg, const struct svc__dns_outcome *outcome);
    void *arg;
    struct svc__dns_said avoid;
    struct svc__dns_said said;
    size_t want_count;
    struct want inside[WANTS_INSIDE];
    struct want *outside; /* the last one */
};

const struct svc__dns_said svc__dns_said_nobody = {-1, -1, -1};

/* The one for a type. */
static int *said_of(struct svc__dns_said *said, uint16_t type)
{
    if (type == SVC__WIRE_SRV)
        return &said->srv;
    return type == SVC__WIRE_A ? &said->a : &said->aaaa;
}

void svc__dns_run_free(struct svc__dns_run *run)
{
    if (run == NULL)
        return;
    for (size_t i = 0; i < WANTS_INSIDE; i++)
        svc__dns_ask_unwant(run->ask, &run->inside[i].want);
    while (run->outside != NULL) {
        struct want *w = run->outside;

        run->outside = w->before;
        svc__dns_ask_unwant(run->ask, &w->want);
        svc__free(w);
    }
    svc__loop_unset(run->loop, &run->timer);
    svc__lookup_free(run->lookup);
    svc__view_free(run->before);
    svc__free(run);
}

static void on_reply(struct svc__dns_want *dns_want,
                     const struct svc__dns_reply *reply);

/* Room for the next want; NULL when out of memory. */
static struct want *want_new(struct svc__dns_run *run)
{
    struct want *w;

    if (run->want_count < WANTS_INSIDE)
        return &run->inside[run->want_count];
    w = svc__calloc(1, sizeof(*w));
    if (w == NULL)
        return NULL;
    w->before = run->outside;
    run->outside = w;
    return w;
}

/* Asks the next question. 0 or SVC_ENOMEM. */
static int ask(struct svc__dns_run *run)
{
    size_t i = run->want_count;
    const struct svc__wire_question *q = svc__lookup_question(run->lookup, i);
    struct want *w = want_new(run);

    if (w == NULL)
        return SVC_ENOMEM;
    w->run = run;
    w->question = i;
    w->want.done = on_reply;
    run->want_count++;
    return svc__dns_ask_want(run->ask, &w->want, q,
                             *said_of(&run->avoid, q->type));
}

static void fail(struct svc__dns_run *run, const svc_error *error)
{
    const struct svc__dns_outcome outcome = {
        .is_done = 1, .error = error, .said = run->said};

    run->outcome(run->arg, &outcome);
}

/* One step, and what it asks for. 0, or SVC_ENOMEM with nothing told. */
static int step(struct svc__dns_run *run, const struct svc__lookup_event *ev,
                struct svc__lookup_action *ret)
{
    int err = svc__lookup_step(run->lookup, ev, ret);

    if (err != 0)
        return err;
    for (size_t i = 0; i < ret->ask_count && err == 0; i++)
        err = ask(run);
    if (err != 0)
        svc__view_free(ret->view);
    else if (ret->due_ms != INT64_MAX && !ret->is_done)
        svc__loop_set(run->loop, &run->timer, ret->due_ms);
    else
        svc__loop_unset(run->loop, &run->timer);
    return err;
}

/* Takes a step and tells its outcome; the run may be gone afterwards. */
static void feed(struct svc__dns_run *run, struct svc__lookup_event *ev)
{
    struct svc__lookup_action action;
    struct svc__dns_outcome outcome = {0};
    svc_error error;

    ev->now_ms = svc__loop_now_ms(run->loop);
    if (step(run, ev, &action) != 0) {
        (void)svc__err_nomem(&error);
        fail(run, &error);
        return;
    }
    if (action.view == NULL && !action.is_done)
        return;
    outcome.view = action.view;
    outcome.found = action.found;
    outcome.is_partial = action.is_partial;
    outcome.is_done = action.is_done;
    outcome.error = action.view == NULL ? &action.error : NULL;
    outcome.zonal = action.zonal;
    outcome.said = run->said;
    run->outcome(run->arg, &outcome);
}

static void note_said(struct svc__dns_run *run, size_t question, size_t server)
{
    const struct svc__wire_question *q =
        svc__lookup_question(run->lookup, question);
    int *said = said_of(&run->said, q->type);

    if (*said < 0)
        *said = (int)server;
}

static void on_reply(struct svc__dns_want *dns_want,
                     const struct svc__dns_reply *reply)
{
    struct want *w = svc__list_entry(dns_want, struct want, want);
    struct svc__lookup_event ev = {.kind = SVC__LOOKUP_ANSWERED,
                                   .question = w->question,
                                   .answer = reply->answer,
                                   .server = reply->via,
                                   .elapsed_us = reply->elapsed_us};

    if (reply->code != 0) {
        ev.kind = SVC__LOOKUP_FAILED;
        ev.error = reply->error;
    } else {
        note_said(w->run, w->question, reply->server);
    }
    feed(w->run, &ev);
}

static void on_timer(void *arg)
{
    struct svc__lookup_event ev = {.kind = SVC__LOOKUP_DUE};

    feed(arg, &ev);
}

int svc__dns_run_new(const struct svc__dns_run_settings *settings,
                     struct svc__dns_run **ret, svc_error *reterr)
{
    const struct svc__lookup_event ev = {
        .kind = SVC__LOOKUP_START, .now_ms = svc__loop_now_ms(settings->loop)};
    struct svc__dns_run *run = svc__calloc(1, sizeof(*run));
    struct svc__lookup_env env = settings->env;
    struct svc__lookup_action action;
    int err;

    if (run == NULL)
        return svc__err_nomem(reterr);
    run->loop = settings->loop;
    run->ask = settings->ask;
    run->outcome = settings->outcome;
    run->arg = settings->arg;
    run->avoid = settings->avoid;
    run->said = svc__dns_said_nobody;
    svc__timer_init(&run->timer, on_timer, run);
    if (env.before != NULL) {
        run->before = svc__view_copy(env.before, NULL);
        env.before = run->before;
    }
    if (settings->env.before != NULL && run->before == NULL)
        err = svc__err_nomem(reterr);
    else
        err = svc__lookup_new(settings->query, &env, &run->lookup, reterr);
    if (err == 0 && step(run, &ev, &action) != 0)
        err = svc__err_nomem(reterr);
    if (err != 0) {
        svc__dns_run_free(run);
        return err;
    }
    *ret = run;
    return 0;
}
