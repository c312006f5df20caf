/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filters that depend on what was before: who is out of the subset, has no
 * weight or is ejected; and the building of a policy from weights and slots. A
 * set is made anew from the one that is there when one of these changes.
 */
#include "core/balance.h"

#include "base/alloc.h"
#include "base/count.h"
#include "base/err.h"
#include "core/service.h"
#include "core/ticket.h"
#include "policy/slow_start.h"
#include "policy/subset.h"

#include <string.h>

static const uint16_t ours =
    SVC_WHY_OUTSIDE_SUBSET | SVC_WHY_DRAINING | SVC_WHY_EJECTED;

static int64_t now_ms(const svc_service *s)
{
    return svc__loop_now_ms(s->r->loop);
}

/* Whether anything is remembered. */
static int is_used(const svc_service *s)
{
    return s->settings.track || s->settings.slow_start_ms > 0 ||
           s->balance.is_begun;
}

/* ---- ejection ---------------------------------------------------------- */

/* The service is looked at again when the first of these is due. */
static void set_timer(svc_service *s)
{
    struct svc__balance *b = &s->balance;
    const int64_t due_ms = b->ejection.due_ms < b->slow_start_due_ms
                               ? b->ejection.due_ms
                               : b->slow_start_due_ms;

    if (due_ms == INT64_MAX)
        svc__loop_unset(s->r->loop, &b->timer);
    else
        svc__loop_set(s->r->loop, &b->timer, due_ms);
}

/* How many count against a panic, but nobody can eject. Where part of those who
 * are ready was chosen, by subset or place, this is of the others as large a
 * part: beside the few of a subset those of all would always be many. */
static size_t count_unready(const struct svc__view *v, size_t chosen)
{
    static const unsigned unready = SVC_WHY_NOT_READY | SVC_WHY_TERMINATING;
    static const unsigned elsewhere = SVC_WHY_OUTSIDE_SUBSET |
                                      SVC_WHY_OTHER_ZONE | SVC_WHY_OTHER_NODE |
                                      SVC_WHY_NOT_LOCAL;
    size_t count = 0;
    size_t ready = chosen;

    for (size_t i = 0; i < v->count; i++) {
        count += (v->candidates[i].why & unready) != 0;
        ready += (v->candidates[i].why & elsewhere) != 0;
    }
    return ready == chosen ? count : count * chosen / ready;
}

static void count_left_out(svc_service *s, uint64_t left_out)
{
    svc__count_add(&s->r->counters.endpoints_ejected,
                   left_out - s->balance.left_out);
    s->balance.left_out = left_out;
}

static void count_ejections(svc_service *s)
{
    struct svc__counters *counters = &s->r->counters;
    uint64_t left_out = 0;
    struct svc__member *m;
    size_t at = 0;

    while ((m = svc__members_next(&s->balance.members, &at)) != NULL) {
        svc__count_add(&counters->ejections,
                       m->ejection.is_ejected && !m->was_ejected);
        m->was_ejected = m->ejection.is_ejected;
        left_out += svc__ejection_is_left_out(&m->ejection) != 0;
    }
    count_left_out(s, left_out);
}

void svc__balance_leave(svc_service *s)
{
    count_left_out(s, 0);
}

/* Reviews the candidates that nothing else is against. */
static int review(svc_service *s, const struct svc__view *v)
{
    struct svc__ejection_member *members =
        svc__calloc(v->count + 1, sizeof(*members));
    size_t count = 0;

    if (members == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; i < v->count; i++) {
        const struct svc__candidate *c = &v->candidates[i];
        struct svc__member *m =
            c->why == 0 ? svc__members_find(&s->balance.members, c) : NULL;

        if (m == NULL)
            continue;
        members[count].record = &m->ejection;
        members[count++].slot = svc__ticket_slot(m->ticket);
    }
    (void)svc__ejection_review(&s->balance.ejection, members, count,
                               count_unready(v, count), now_ms(s));
    svc__free(members);
    set_timer(s);
    count_ejections(s);
    return 0;
}

/* ---- filters ----------------------------------------------------------- */

/* What explain asks for is judged by what the service that it explains knows.
 */
static const struct svc__members *knowledge(const svc_service *s)
{
    return s->explained != NULL ? &s->explained->balance.members
                                : &s->balance.members;
}

/* Writes down the weights that the caller gave; who has none takes no new
 * picks. */
static size_t drain(svc_service *s, struct svc__view *v)
{
    size_t count = 0;

    for (size_t i = 0; i < v->count; i++) {
        struct svc__candidate *c = &v->candidates[i];
        const struct svc__member *m = svc__members_find(knowledge(s), c);

        c->given = m != NULL ? m->given : 0;
        if (c->why != 0 || svc__candidate_weight(c) != 0)
            continue;
        c->why = SVC_WHY_DRAINING;
        count++;
    }
    return count;
}

static size_t eject(svc_service *s, struct svc__view *v)
{
    size_t count = 0;

    for (size_t i = 0; i < v->count; i++) {
        struct svc__candidate *c = &v->candidates[i];
        const struct svc__member *m =
            c->why == 0 ? svc__members_find(knowledge(s), c) : NULL;

        if (m == NULL || !svc__ejection_is_left_out(&m->ejection))
            continue;
        c->why = SVC_WHY_EJECTED;
        count++;
    }
    return count;
}

int svc__balance_filter(svc_service *s, struct svc__view *v)
{
    size_t drained;
    size_t ejected;
    int err = 0;

    /* Whether anybody of this set starts slowly is known when it is built. */
    s->balance.slow_start_due_ms = INT64_MAX;
    if (s->settings.subset > 0)
        err = svc__subset_apply(v, s->r->settings.client_id,
                                (size_t)s->settings.subset);
    if (err == 0 && is_used(s))
        err = svc__members_meet(&s->balance.members, v, ours, s->settings.track,
                                now_ms(s));
    if (err != 0 || !(is_used(s) || s->explained != NULL))
        return err;
    drained = drain(s, v);
    if (s->settings.track)
        err = review(s, v);
    ejected = eject(s, v);
    if (err == 0 && drained > 0)
        err = svc__view_step(v, "filter", "%zu draining: their weight is 0",
                             drained);
    if (err == 0 && ejected > 0)
        err = svc__view_step(v, "filter",
                             "%zu ejected for a while: their picks failed",
                             ejected);
    return err;
}

struct svc__view *svc__balance_view(const struct svc_endpoints *eps)
{
    struct svc__view *v = svc__view_copy(eps->view, NULL);
    unsigned seen = 0;

    if (v == NULL || svc__view_reserve(v, eps->total) != 0) {
        svc__view_free(v);
        return NULL;
    }
    for (size_t i = 0; i < eps->total; i++) {
        struct svc__candidate c = eps->endpoints[i].c;

        seen |= c.why;
        c.why &= (uint16_t)~ours;
        (void)svc__view_add(v, &c); /* there is room */
    }
    /* The code was that of a set that these filters emptied. */
    if ((seen & ours) != 0 && v->code == SVC_ENOENDPOINTS)
        svc__view_clear_code(v);
    return v;
}

/* ---- policies ---------------------------------------------------------- */

/* Weights of the usable endpoints, with slow starts in them. Returns when the
 * next of these has changed. */
static int64_t fill_weights(svc_service *s, const struct svc_endpoints *eps,
                            int64_t *since_ms, uint32_t *ret)
{
    for (size_t i = 0; i < eps->count; i++) {
        const struct svc__candidate *c = &eps->endpoints[i].c;
        const struct svc__member *m = svc__members_find(&s->balance.members, c);

        ret[i] = svc__candidate_weight(c);
        since_ms[i] = m != NULL ? m->since_ms : SVC__SLOW_START_NONE;
    }
    return svc__slow_start_apply(since_ms, eps->count,
                                 s->settings.slow_start_ms, now_ms(s), ret);
}

/* NULL without tracking, too. */
static int make_tracks(svc_service *s, const struct svc_endpoints *eps,
                       struct svc__tracks **ret)
{
    uint32_t *tickets;

    if (!s->settings.track)
        return 0;
    tickets = svc__calloc(eps->count, sizeof(*tickets));
    if (tickets == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; i < eps->count; i++)
        tickets[i] =
            svc__members_find(&s->balance.members, &eps->endpoints[i].c)
                ->ticket;
    *ret = svc__tracks_new(tickets, eps->count, &s->r->counters.picks_leaked);
    svc__free(tickets);
    return *ret == NULL ? SVC_ENOMEM : 0;
}

static int build(svc_service *s, const struct svc__policy_input *in,
                 struct svc__snapshot *snapshot)
{
    const struct svc__policy_params params = {
        .seed = s->seed,
        .hash_balance_factor = (unsigned)s->settings.hash_balance_factor};
    int err =
        svc__policy_build(s->settings.policy, in, &params, &snapshot->policy);

    if (err == 0 && snapshot->set->view->client_ip)
        err = svc__policy_build(&svc__policy_maglev, in, &params,
                                &snapshot->affinity);
    return err;
}

int svc__balance_build(svc_service *s, struct svc__snapshot *snapshot)
{
    const struct svc_endpoints *eps = snapshot->set;
    struct svc__policy_input in = {.set = eps};
    uint32_t *weights = svc__calloc(eps->count, sizeof(*weights));
    int64_t *since_ms = svc__calloc(eps->count, sizeof(*since_ms));
    int err = SVC_ENOMEM;

    if (weights != NULL && since_ms != NULL) {
        s->balance.slow_start_due_ms = fill_weights(s, eps, since_ms, weights);
        set_timer(s);
        in.weights = weights;
        if (!svc__policy_is_weighted(&in))
            in.weights = NULL;
        err = make_tracks(s, eps, &snapshot->tracks);
    }
    if (err == 0) {
        if (snapshot->tracks != NULL)
            in.slots = snapshot->tracks->slots;
        err = build(s, &in, snapshot);
    }
    svc__free(since_ms);
    svc__free(weights);
    return err;
}

/* ---- what other threads ask for ---------------------------------------- */

/* A wish as the map holds it, which is never NULL: one more than a member's
 * `given`. */
static void *to_wish(int weight)
{
    return (void *)(uintptr_t)(weight + 2);
}

static uint16_t from_wish(const void *wish)
{
    return (uint16_t)((uintptr_t)wish - 1);
}

/* In the place of an older one for the same endpoint: there are never more of
 * them than endpoints. */
int svc__balance_weigh(svc_service *s, const struct svc__candidate *c,
                       int weight)
{
    const struct svc__identity id = svc__candidate_identity(c);
    svc_resolver *r = s->r;
    int err = SVC_ECLOSED;

    svc__mutex_lock(&r->lock);
    if (!r->closed)
        err = svc__map_put(&s->balance.wishes, (const char *)&id, sizeof(id),
                           to_wish(weight), NULL);
    if (err == 0)
        svc__resolver_command(r, s);
    svc__mutex_unlock(&r->lock);
    return err;
}

/* A failure of a tracked pick, as long as it was not looked at yet: at most one
 * command is under way. */
void svc__balance_want(svc_service *s)
{
    svc_resolver *r = s->r;

    if (atomic_exchange(&s->balance.is_wanted, 1))
        return;
    /* One that is closing was given its last command. */
    svc__mutex_lock(&r->lock);
    if (!r->closed && !s->closing)
        svc__resolver_command(r, s);
    svc__mutex_unlock(&r->lock);
}

/* An endpoint that is not there any more has no weight to be changed. */
static int grant(svc_service *s, const struct svc_endpoints *eps,
                 const struct svc__map_entry *wish)
{
    const struct svc__candidate *c;
    struct svc__identity id;
    struct svc__member *m;

    memcpy(&id, wish->key, sizeof(id));
    c = eps == NULL ? NULL : svc__endpoints_find(eps, &id);
    if (c == NULL)
        return 0;
    m = svc__members_add(&s->balance.members, c, s->settings.track, now_ms(s));
    if (m == NULL)
        return SVC_ENOMEM;
    m->given = from_wish(wish->value);
    s->balance.is_begun = 1;
    return 0;
}

/* The wishes that are there now. */
static struct svc__map take_wishes(svc_service *s)
{
    struct svc__map wishes;

    svc__mutex_lock(&s->r->lock);
    wishes = s->balance.wishes;
    svc__map_init(&s->balance.wishes, &s->r->hash_key);
    svc__mutex_unlock(&s->r->lock);
    return wishes;
}

int svc__balance_command(svc_service *s, const struct svc_endpoints *eps)
{
    int found = atomic_exchange(&s->balance.is_wanted, 0);
    struct svc__map wishes = take_wishes(s);
    const struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(&wishes, &at)) != NULL) {
        if (grant(s, eps, e) != 0)
            svc__log(&s->r->settings.log, SVC_LOG_WARNING,
                     "\"%s\": out of memory: a weight is not changed", s->text);
        found = 1;
    }
    svc__map_fini(&wishes);
    return found;
}

/* ---- life -------------------------------------------------------------- */

void svc__balance_init(svc_service *s, void (*due)(void *service))
{
    struct svc__balance *b = &s->balance;

    svc__members_init(&b->members, &s->r->hash_key);
    svc__map_init(&b->wishes, &s->r->hash_key);
    svc__timer_init(&b->timer, due, s);
    b->ejection.due_ms = INT64_MAX;
    b->slow_start_due_ms = INT64_MAX;
}

void svc__balance_fini(svc_service *s)
{
    struct svc__balance *b = &s->balance;

    svc__members_fini(&b->members);
    svc__balance_leave(s);
    svc__map_fini(&b->wishes);
}
