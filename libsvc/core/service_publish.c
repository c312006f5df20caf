/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the order of the filters, and when a set is a new one.
 */
#include "core/service_publish.h"

#include "base/count.h"
#include "core/alias.h"
#include "core/balance.h"
#include "core/explain.h"
#include "core/registry.h"
#include "policy/eligible.h"

static void count_publish(svc_service *s, const struct svc_endpoints *eps)
{
    struct svc__counters *c = &s->r->counters;

    svc__count_add(&c->publishes, 1);
    svc__count_add(&c->publishes_empty, eps->count == 0);
    svc__count_add(&c->endpoints_published, eps->count);
    svc__count_add(&c->addresses_refused, eps->view->refused);
    svc__count_add(&c->endpoints_duplicate, eps->view->duplicates);
}

/* Who picks from it is to find the service again. 0 or SVC_ENOMEM. */
static int enlist(svc_service *s)
{
    int err;

    if (s->is_enlisted)
        return 0;
    err = svc__registry_add(svc__publish_id(&s->publish), s);
    s->is_enlisted = err == 0;
    return err;
}

/* A set, taken, with what it takes to pick from it, if anybody does. NULL: out
 * of memory. */
static struct svc__snapshot *make(svc_service *s, struct svc_endpoints *eps)
{
    struct svc__snapshot *snapshot = svc__snapshot_new(eps);

    if (snapshot == NULL || eps->count == 0 || !s->is_picked)
        return snapshot;
    if (enlist(s) != 0 || svc__balance_build(s, snapshot) != 0) {
        svc__snapshot_free(snapshot);
        return NULL;
    }
    return snapshot;
}

/* The set stays, but slow starts give it other weights. */
static int renew_policy(svc_service *s, const struct svc_endpoints *eps)
{
    struct svc__snapshot *snapshot;

    if (s->settings.slow_start_ms == 0 || eps->count == 0)
        return 0;
    snapshot =
        make(s, svc_endpoints_ref((struct svc_endpoints *)(uintptr_t)eps));
    if (snapshot == NULL)
        return SVC_ENOMEM;
    svc__publish_set(&s->publish, snapshot);
    return 0;
}

/* Turns a finished view, taken, into the newest set. */
static int publish_view(svc_service *s, struct svc__view *v)
{
    const struct svc_endpoints *before = svc__publish_current(&s->publish);
    struct svc__snapshot *snapshot;
    struct svc_endpoints *eps = svc__endpoints_new(
        v, s->freshness, s->settings.policy->name, s->generation + 1);

    if (eps == NULL) {
        svc__view_free(v);
        return SVC_ENOMEM;
    }
    /* Also where nothing comes of it: it took the time to look. */
    s->published_ms = svc__loop_now_ms(s->r->loop);
    if (before != NULL && svc__endpoints_equal(before, eps)) {
        svc_endpoints_unref(eps);
        return renew_policy(s, before);
    }
    snapshot = make(s, eps);
    if (snapshot == NULL)
        return SVC_ENOMEM;
    s->generation++;
    count_publish(s, eps);
    /* First, so that who was waiting finds it there. */
    if (s->memo != NULL)
        svc__memo_set(&s->r->memo, s->memo, eps);
    svc__publish_set(&s->publish, snapshot);
    return 0;
}

/* The filters that know what was before, and the verdict. */
static int judge(svc_service *s, struct svc__view *v)
{
    int err = 0;

    if (v->code == 0)
        err = svc__balance_filter(s, v);
    else
        svc__balance_leave(s);
    if (err == 0)
        err = svc__eligible_judge(v);
    if (err == 0)
        err = svc__explain_add_steps(s, v);
    if (err != 0) {
        svc__view_free(v);
        return err;
    }
    return publish_view(s, v);
}

/* The zone of the caller that was said wins over what the source knows of its
 * Node. */
int svc__service_publish(svc_service *s, size_t end, struct svc__view *v)
{
    const char *zone = s->r->settings.zone;
    const uint64_t before = s->generation;
    const struct svc__eligible_env env = {s->r->settings.node,
                                          zone != NULL ? zone : v->caller_zone};
    int err = svc__alias_adopt(s, end, v);

    if (err == 0 && v->code == 0)
        err = svc__eligible_apply(v, &env);
    if (err != 0) {
        svc__view_free(v);
        return err;
    }
    err = judge(s, v);
    svc__count_add(&s->r->counters.updates_unchanged,
                   err == 0 && s->generation == before);
    return err;
}

int svc__service_publish_again(svc_service *s)
{
    const struct svc_endpoints *eps = svc__publish_current(&s->publish);
    struct svc__view *v;

    if (eps == NULL)
        return 0;
    v = svc__balance_view(eps);
    return v == NULL ? SVC_ENOMEM : judge(s, v);
}
