/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pointer a service, which readers follow without a lock, and one mutex for
 * all the rest. What is replaced waits in a list until a sweep finds that no
 * hazard names it. That one cannot be named any more later: a reader looks at
 * the pointer again after it said what it keeps.
 */
#include "core/publish.h"

#include "base/alloc.h"
#include "base/barrier.h"
#include "base/clock.h"
#include "base/err.h"
#include "core/pick.h"

#include <string.h>
#include <unistd.h>

/* Where the kernel's barrier, which was there, is refused, as by a filter of
 * system calls that came later: no processor keeps what it stores to itself for
 * so long. */
#define GRACE_MS 1000

static const struct svc__snapshot none = {.code = SVC_EAGAIN};
static const struct svc__snapshot closed = {.code = SVC_ECLOSED};

/* ---- snapshots --------------------------------------------------------- */

struct svc__snapshot *svc__snapshot_new(struct svc_endpoints *eps)
{
    struct svc__snapshot *s = svc__calloc(1, sizeof(*s));

    if (s == NULL) {
        svc_endpoints_unref(eps);
        return NULL;
    }
    s->set = eps;
    s->code = eps->view->code;
    return s;
}

void svc__snapshot_free(struct svc__snapshot *s)
{
    svc__policy_fini(&s->policy);
    svc__policy_fini(&s->affinity);
    svc__tracks_free(s->tracks);
    svc_endpoints_unref(s->set);
    svc__free(s);
}

/* With the lock, or on the loop, where it cannot be replaced meanwhile. */
static const struct svc__snapshot *newest(const struct svc__publish *p)
{
    return atomic_load_explicit(&p->snapshot, memory_order_relaxed);
}

static int is_closed(const struct svc__publish *p)
{
    return newest(p) == &closed;
}

/* Puts a snapshot that is no longer the newest to the old ones. */
static void put_away(struct svc__publish *p, const struct svc__snapshot *s)
{
    /* Readers only read, and none of them follows the list. */
    struct svc__snapshot *old = (struct svc__snapshot *)(uintptr_t)s;

    if (s == &none || s == &closed)
        return;
    old->next = p->replaced;
    p->replaced = old;
}

/* Lock held: s is the newest from here on. */
static void replace(struct svc__publish *p, const struct svc__snapshot *s)
{
    put_away(p, atomic_exchange(&p->snapshot, s));
    if (p->replaced != NULL && svc__list_is_empty(&p->sweep))
        svc__list_add(p->swept, &p->sweep);
}

/* Whether nobody reads an old snapshot, nor will. */
static int is_let_go(struct svc__snapshot *s, const struct svc__hazards *h,
                     int64_t barred_ms)
{
    if (svc__hazards_have(h, s))
        return 0;
    if (barred_ms == 0)
        return 1;
    if (s->replaced_ms == 0)
        s->replaced_ms = barred_ms;
    return barred_ms - s->replaced_ms >= GRACE_MS;
}

static void sweep(struct svc__publish *p, const struct svc__hazards *h,
                  int64_t barred_ms)
{
    struct svc__snapshot **at = &p->replaced;

    while (*at != NULL) {
        struct svc__snapshot *s = *at;

        if (is_let_go(s, h, barred_ms)) {
            *at = s->next;
            svc__snapshot_free(s);
        } else {
            at = &s->next;
        }
    }
    if (p->replaced == NULL)
        svc__list_remove(&p->sweep);
}

void svc__publish_sweep(struct svc__list *swept)
{
    struct svc__hazards hazards;
    struct svc__list *after;
    struct svc__list *it;
    int64_t barred_ms = 0;

    if (svc__list_is_empty(swept))
        return;
    if (!svc__list_entry(swept->next, struct svc__publish, sweep)->is_fenced &&
        svc__barrier_all() != 0)
        barred_ms = svc__clock_now_ms();
    svc__hazards_read(&hazards);
    svc__list_each_safe (it, after, swept)
        sweep(svc__list_entry(it, struct svc__publish, sweep), &hazards,
              barred_ms);
}

/* ---- the loop's side --------------------------------------------------- */

int svc__publish_init(struct svc__publish *p, uint64_t seed,
                      struct svc__list *swept)
{
    memset(p, 0, sizeof(*p));
    p->is_fenced = svc__reader_prepare();
    atomic_init(&p->snapshot, &none);
    svc__rng_seed(&p->rng, seed);
    svc__budget_init(&p->budget, svc__clock_now_ms());
    p->cursor.since_s = svc__budget_second(svc__clock_now_ms());
    svc__list_init(&p->listeners);
    svc__list_init(&p->sweep);
    p->swept = swept;
    return svc__mutex_init(&p->lock);
}

void svc__publish_fini(struct svc__publish *p)
{
    put_away(p, newest(p));
    svc__list_remove(&p->sweep);
    while (p->replaced != NULL) {
        struct svc__snapshot *s = p->replaced;

        p->replaced = s->next;
        svc__snapshot_free(s);
    }
    svc__reader_key_fini(&p->key);
    svc__trouble_fini(&p->trouble);
    svc__mutex_fini(&p->lock);
}

const struct svc_endpoints *svc__publish_current(struct svc__publish *p)
{
    return newest(p)->set;
}

/* Lock held: makes the listeners' descriptors readable (a full eventfd is so
 * already), drops the lock, and then wakes those who wait, who would find it
 * taken before. The loop, which calls this, has a reference to the service. */
static void tell_and_unlock(struct svc__publish *p)
{
    struct svc__list *it;
    const uint64_t one = 1;

    svc__list_each (it, &p->listeners) {
        struct svc__listener *l =
            svc__list_entry(it, struct svc__listener, link);
        ssize_t ignored = write(l->fd, &one, sizeof(one));

        (void)ignored;
    }
    svc__mutex_unlock(&p->lock);
    svc__mutex_broadcast(&p->lock);
}

uint64_t svc__publish_id(struct svc__publish *p)
{
    if (p->key.id == 0)
        svc__reader_key_init(&p->key);
    return p->key.id;
}

void svc__publish_set(struct svc__publish *p, struct svc__snapshot *s)
{
    int is_new;

    /* Numbers are for those that are picked from: not for what is resolved by
     * name, thousands of them. */
    if (s->policy.ops != NULL)
        (void)svc__publish_id(p);
    s->key = p->key;
    svc__mutex_lock(&p->lock);
    if (is_closed(p)) {
        svc__mutex_unlock(&p->lock);
        svc__snapshot_free(s);
        return;
    }
    is_new = newest(p)->set != s->set;
    replace(p, s);
    p->set_event += (uint64_t)is_new;
    if (is_new)
        tell_and_unlock(p);
    else
        svc__mutex_unlock(&p->lock);
}

int svc__publish_trouble(struct svc__publish *p, const svc_error *trouble)
{
    struct svc__trouble before;
    struct svc__trouble now;

    /* Only the loop writes it, so it may read it without the lock. */
    if (svc__trouble_equal(&p->trouble, trouble))
        return 0;
    before = p->trouble;
    svc__trouble_init(&now, trouble);
    svc__mutex_lock(&p->lock);
    p->trouble = now;
    if (now.code != 0)
        p->trouble_event++;
    else
        p->set_event += newest(p)->set != NULL;
    tell_and_unlock(p);
    svc__trouble_fini(&before);
    return 1;
}

void svc__publish_close(struct svc__publish *p)
{
    svc__mutex_lock(&p->lock);
    replace(p, &closed);
    /* What was replaced goes with the service: the loop may be gone first. */
    svc__list_remove(&p->sweep);
    tell_and_unlock(p);
}

static int tell_closed(svc_error *reterr)
{
    return svc__err_set(reterr, SVC_ECLOSED,
                        "the resolver of this service was freed");
}

int svc__publish_code(const struct svc_endpoints *eps, svc_error *reterr)
{
    const struct svc__view *v = eps->view;

    return v->code == 0 ? 0
                        : svc__err_tell(reterr, v->code, v->message, v->hint);
}

/* Lock held: as svc__publish_answer. */
static int answer_locked(const struct svc__publish *p, int *ret_code,
                         svc_error *reterr)
{
    if (is_closed(p)) {
        *ret_code = tell_closed(reterr);
        return 1;
    }
    if (newest(p)->set != NULL) {
        *ret_code = svc__publish_code(newest(p)->set, reterr);
        return 1;
    }
    if (p->trouble.code != 0 && !svc_err_is_transient(p->trouble.code)) {
        *ret_code = svc__trouble_fill(&p->trouble, reterr);
        return 1;
    }
    return 0;
}

int svc__publish_answer(struct svc__publish *p, int *ret_code,
                        svc_error *reterr)
{
    int found;

    svc__mutex_lock(&p->lock);
    found = answer_locked(p, ret_code, reterr);
    svc__mutex_unlock(&p->lock);
    return found;
}

int svc__publish_wait(struct svc__publish *p, int64_t deadline_ms,
                      svc_error *reterr)
{
    int code;

    svc__mutex_lock(&p->lock);
    while (!answer_locked(p, &code, reterr)) {
        if (svc__clock_now_ms() < deadline_ms) {
            svc__mutex_wait(&p->lock, deadline_ms);
            continue;
        }
        code = svc__trouble_fill(&p->trouble, reterr);
        if (code == 0)
            code = SVC_EAGAIN;
        break;
    }
    svc__mutex_unlock(&p->lock);
    return code;
}

int svc__publish_status(struct svc__publish *p, svc_error *ret)
{
    int code;

    svc__mutex_lock(&p->lock);
    if (is_closed(p)) {
        code = tell_closed(ret);
    } else {
        code = svc__trouble_fill(&p->trouble, ret);
        if (code == 0 && newest(p)->set == NULL)
            code = SVC_EAGAIN;
    }
    svc__mutex_unlock(&p->lock);
    return code;
}

/* ---- readers ----------------------------------------------------------- */

/* With the generator and the cursor that all such threads share. */
static int pick_locked(struct svc__publish *p,
                       const struct svc__pick_wish *wish, svc_pick *ret)
{
    struct svc__pick_ctx ctx = {.rng = &p->rng, .cursor = &p->cursor};
    int code;

    svc__mutex_lock(&p->lock);
    code = svc__pick_from(newest(p), wish, &ctx, ret);
    svc__mutex_unlock(&p->lock);
    return code;
}

/* From a snapshot that this thread keeps. SVC_ENOMEM: there is no cursor. */
static int pick_kept(const struct svc__snapshot *s, struct svc__reader *me,
                     const struct svc__pick_wish *wish, svc_pick *ret)
{
    struct svc__pick_ctx ctx = {.rng = &me->rng};

    if (s->policy.ops == NULL)
        return s->code;
    ctx.cursor = svc__reader_cursor(me, &s->key);
    if (ctx.cursor == NULL)
        return SVC_ENOMEM;
    return svc__pick_from(s, wish, &ctx, ret);
}

int svc__publish_pick(struct svc__publish *p, const struct svc__pick_wish *wish,
                      svc_pick *ret)
{
    struct svc__reader *me = svc__reader_self();
    int code;

    if (me == NULL)
        return pick_locked(p, wish, ret);
    code = pick_kept(svc__reader_enter(me, &p->snapshot, p->is_fenced), me,
                     wish, ret);
    svc__reader_leave(me);
    return code == SVC_ENOMEM ? pick_locked(p, wish, ret) : code;
}

/* What a cursor has counted since it was asked last, and lately. */
static uint64_t take_picks(struct svc__cursor *c, int64_t now_ms)
{
    const uint64_t picks = svc__budget_recent(c->picks, c->since_s, now_ms);

    c->picks = 0;
    c->since_s = svc__budget_second(now_ms);
    return picks;
}

/* This thread's picks count, and those of threads without a record; another
 * thread's do when that one comes. */
int svc__publish_retry(struct svc__publish *p)
{
    const int64_t now_ms = svc__clock_now_ms();
    struct svc__reader *me = svc__reader_self();
    struct svc__cursor *mine = NULL;
    uint64_t picks;

    svc__mutex_lock(&p->lock);
    picks = take_picks(&p->cursor, now_ms);
    svc__mutex_unlock(&p->lock);
    if (me != NULL)
        mine = svc__reader_cursor(me, &p->key);
    if (mine != NULL)
        picks += take_picks(mine, now_ms);
    return svc__budget_take(&p->budget, picks, now_ms);
}

static struct svc_endpoints *get_locked(struct svc__publish *p)
{
    struct svc_endpoints *eps;

    svc__mutex_lock(&p->lock);
    eps = newest(p)->set;
    if (eps != NULL)
        svc__refs_get(&eps->refs);
    svc__mutex_unlock(&p->lock);
    return eps;
}

struct svc_endpoints *svc__publish_get(struct svc__publish *p)
{
    struct svc__reader *me = svc__reader_self();
    struct svc_endpoints *eps;

    if (me == NULL)
        return get_locked(p);
    eps = svc__reader_enter(me, &p->snapshot, p->is_fenced)->set;
    if (eps != NULL)
        svc__refs_get(&eps->refs);
    svc__reader_leave(me);
    return eps;
}

/* ---- listeners --------------------------------------------------------- */

void svc__publish_listen(struct svc__publish *p, struct svc__listener *l)
{
    const uint64_t one = 1;

    svc__mutex_lock(&p->lock);
    l->seen_set = 0;
    l->seen_trouble = p->trouble.code != 0 ? 0 : p->trouble_event;
    svc__list_add(&p->listeners, &l->link);
    if (is_closed(p) || newest(p)->set != NULL || p->trouble.code != 0) {
        ssize_t ignored = write(l->fd, &one, sizeof(one));

        (void)ignored;
    }
    svc__mutex_unlock(&p->lock);
}

void svc__publish_unlisten(struct svc__publish *p, struct svc__listener *l)
{
    svc__mutex_lock(&p->lock);
    svc__list_remove(&l->link);
    svc__mutex_unlock(&p->lock);
}

/* Lock held: whether something is new to l. */
static int has_news(const struct svc__publish *p, const struct svc__listener *l)
{
    return is_closed(p) ||
           (newest(p)->set != NULL && l->seen_set != p->set_event) ||
           (p->trouble.code != 0 && l->seen_trouble != p->trouble_event);
}

/* Lock held: takes the next news, a set before a trouble. */
static int take_news(struct svc__publish *p, struct svc__listener *l,
                     struct svc_endpoints **ret, svc_error *reterr)
{
    if (is_closed(p))
        return tell_closed(reterr);
    if (newest(p)->set != NULL && l->seen_set != p->set_event) {
        l->seen_set = p->set_event;
        *ret = svc_endpoints_ref(newest(p)->set);
        return 0;
    }
    l->seen_trouble = p->trouble_event;
    return svc__trouble_fill(&p->trouble, reterr);
}

int svc__publish_next(struct svc__publish *p, struct svc__listener *l,
                      int64_t deadline_ms, struct svc_endpoints **ret,
                      svc_error *reterr)
{
    uint64_t drained;
    int code;

    svc__mutex_lock(&p->lock);
    while (!has_news(p, l) && svc__clock_now_ms() < deadline_ms)
        svc__mutex_wait(&p->lock, deadline_ms);
    if (has_news(p, l))
        code = take_news(p, l, ret, reterr);
    else
        code = svc__err_set(reterr, SVC_EAGAIN, "nothing new in time");
    /* Under the lock, so that no news can slip between look and drain. */
    if (!has_news(p, l)) {
        ssize_t ignored = read(l->fd, &drained, sizeof(drained));

        (void)ignored;
    }
    svc__mutex_unlock(&p->lock);
    return code;
}

/* ---- freshness, as readers see it --------------------------------------- */

int svc_endpoints_is_stale(const svc_endpoints *eps)
{
    return atomic_load(&eps->freshness->stale);
}

int64_t svc_endpoints_age_ms(const svc_endpoints *eps)
{
    int64_t confirmed_ms = atomic_load(&eps->freshness->confirmed_ms);
    int64_t now_ms = confirmed_ms < 0 ? -1 : svc__clock_now_ms();

    return now_ms > confirmed_ms ? now_ms - confirmed_ms : 0;
}
