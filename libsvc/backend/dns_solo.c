/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the lookups of subscriptions that explain.
 */
#include "backend/dns_solo.h"

#include "base/alloc.h"
#include "base/err.h"

struct solo {
    struct svc__list link;
    const struct svc__backend_env *env;
    struct svc__sub *sub;
    struct svc__dns_run *run; /* NULL: it is done */
};

/* The whole view, taken, as the subscription's own. */
static void hand_over(struct solo *s, struct svc__view *whole)
{
    struct svc__view *v =
        svc__lookup_deliver(whole, &s->sub->query, s->sub->trace);
    svc_error error;

    if (v == NULL) {
        (void)svc__err_nomem(&error);
        s->env->fail(s->sub, &error);
    } else {
        svc__view_take_steps(v, whole);
        s->env->update(s->sub, v);
    }
    svc__view_free(whole);
}

static void on_outcome(void *arg, const struct svc__dns_outcome *o)
{
    struct solo *s = arg;

    if (!o->is_done) { /* the whole one will have all steps */
        svc__view_free(o->view);
        return;
    }
    if (o->view != NULL)
        hand_over(s, o->view);
    else
        s->env->fail(s->sub, o->error);
    svc__dns_run_free(s->run);
    s->run = NULL;
}

int svc__dns_solo_new(struct svc__list *solos,
                      const struct svc__backend_env *env, struct svc__sub *sub,
                      struct svc__dns_run_settings *settings, svc_error *reterr)
{
    struct solo *s = svc__calloc(1, sizeof(*s));
    int err;

    if (s == NULL)
        return svc__err_nomem(reterr);
    s->env = env;
    s->sub = sub;
    settings->outcome = on_outcome;
    settings->arg = s;
    settings->query = &sub->query;
    settings->env.trace = sub->trace;
    err = svc__dns_run_new(settings, &s->run, reterr);
    if (err != 0) {
        svc__free(s);
        return err;
    }
    svc__list_init(&s->link);
    svc__list_add(solos, &s->link);
    sub->place = s;
    return 0;
}

static void drop(struct solo *s)
{
    svc__list_remove(&s->link);
    svc__dns_run_free(s->run);
    svc__free(s);
}

void svc__dns_solo_free(struct svc__sub *sub)
{
    drop(sub->place);
}

void svc__dns_solo_free_all(struct svc__list *solos)
{
    while (!svc__list_is_empty(solos))
        drop(svc__list_entry(solos->next, struct solo, link));
}
