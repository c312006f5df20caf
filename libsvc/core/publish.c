/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mutex a service, and a hand from which readers take the set without it.
 * What is replaced is let go after the lock is dropped, since the last
 * reference may free a large set.
 *
 * Design notes. Taking the set has to read its address and count a reference in
 * one step, or it may be gone between. Both lie in one word: a reader adds one
 * to the upper bits and has the address that was below. A set that goes into
 * the hand gets LENT references in advance; when it leaves, those that nobody
 * took are given back. So readers that drop theirs meanwhile never drop the
 * last one. The address has 48 bits, as Linux gives them; a set that lies
 * elsewhere (an allocator that tags its pointers) is not lent, and taken under
 * the lock.
 */
#include "core/publish.h"

#include "base/clock.h"
#include "base/err.h"

#include <string.h>
#include <unistd.h>

#define LENT         ((uint32_t)1 << 24)
#define TAKEN_ONE    ((uint64_t)1 << 48)
#define TAKEN_MANY   ((uint64_t)1 << 62) /* a quarter of what can be counted */
#define ADDRESS_MASK (TAKEN_ONE - 1)

static struct svc_endpoints *set_of(uint64_t hand)
{
    return (struct svc_endpoints *)(uintptr_t)(hand & ADDRESS_MASK);
}

/* Puts a set, or none, into the hand; settles for the one that was there. */
static void put_in_hand(struct svc__publish *p, struct svc_endpoints *eps)
{
    uint64_t hand;

    if (((uintptr_t)eps & ~(uintptr_t)ADDRESS_MASK) != 0)
        eps = NULL;
    if (eps != NULL)
        svc__refs_get_many(&eps->refs, LENT);
    hand = atomic_exchange_explicit(&p->hand, (uint64_t)(uintptr_t)eps,
                                    memory_order_acq_rel);
    if (set_of(hand) != NULL)
        svc__refs_put_many(&set_of(hand)->refs, LENT - (uint32_t)(hand >> 48));
}

/* So many were taken that their number could run over: they are settled for,
 * and lent anew. */
static void renew_hand(struct svc__publish *p)
{
    svc__mutex_lock(&p->lock);
    if (atomic_load_explicit(&p->hand, memory_order_relaxed) >= TAKEN_MANY)
        put_in_hand(p, p->closed ? NULL : p->current);
    svc__mutex_unlock(&p->lock);
}

int svc__publish_init(struct svc__publish *p, uint64_t seed)
{
    memset(p, 0, sizeof(*p));
    svc__rng_seed(&p->rng, seed);
    svc__list_init(&p->listeners);
    return svc__mutex_init(&p->lock);
}

void svc__publish_fini(struct svc__publish *p)
{
    svc__policy_fini(&p->policy);
    put_in_hand(p, NULL);
    svc_endpoints_unref(p->current);
    svc__trouble_fini(&p->trouble);
    svc__mutex_fini(&p->lock);
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

void svc__publish_set(struct svc__publish *p, struct svc_endpoints *eps,
                      const struct svc__policy *policy)
{
    static const struct svc__policy none;
    struct svc__policy old_policy;
    struct svc_endpoints *old;

    svc__mutex_lock(&p->lock);
    old = p->current;
    old_policy = p->policy;
    p->current = eps;
    put_in_hand(p, p->closed ? NULL : eps);
    p->policy = policy != NULL ? *policy : none;
    p->set_event++;
    tell_and_unlock(p);
    svc__policy_fini(&old_policy);
    svc_endpoints_unref(old);
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
        p->set_event += p->current != NULL;
    tell_and_unlock(p);
    svc__trouble_fini(&before);
    return 1;
}

void svc__publish_close(struct svc__publish *p)
{
    svc__mutex_lock(&p->lock);
    p->closed = 1;
    put_in_hand(p, NULL);
    tell_and_unlock(p);
}

static struct svc_endpoints *get_locked(struct svc__publish *p)
{
    struct svc_endpoints *eps = NULL;

    svc__mutex_lock(&p->lock);
    if (p->current != NULL && !p->closed)
        eps = svc_endpoints_ref(p->current);
    svc__mutex_unlock(&p->lock);
    return eps;
}

struct svc_endpoints *svc__publish_get(struct svc__publish *p)
{
    uint64_t hand =
        atomic_fetch_add_explicit(&p->hand, TAKEN_ONE, memory_order_acquire);

    if (hand >= TAKEN_MANY)
        renew_hand(p);
    return set_of(hand) != NULL ? set_of(hand) : get_locked(p);
}

static int closed(svc_error *reterr)
{
    return svc__err_set(reterr, SVC_ECLOSED,
                        "the resolver of this service was freed");
}

/* The texts of a view are tidy already: they are copied where they fit, and
 * cut as all others are where they do not. */
static void fill_story(const struct svc__view *v, svc_error *ret)
{
    const char *message =
        v->message != NULL ? v->message : svc_err_text(v->code);
    const char *hint = v->hint != NULL ? v->hint : "";
    size_t message_size = strlen(message) + 1;
    size_t hint_size = strlen(hint) + 1;

    ret->code = v->code;
    if (message_size > sizeof(ret->message) || hint_size > sizeof(ret->hint)) {
        svc__err_set(ret, v->code, "%s", message);
        svc__err_hint(ret, "%s", hint);
        return;
    }
    memcpy(ret->message, message, message_size);
    memcpy(ret->hint, hint, hint_size);
}

int svc__publish_code(const struct svc_endpoints *eps, svc_error *reterr)
{
    if (eps->view->code != 0 && reterr != NULL)
        fill_story(eps->view, reterr);
    return eps->view->code;
}

/* Lock held: as svc__publish_answer. */
static int answer_locked(const struct svc__publish *p, int *ret_code,
                         svc_error *reterr)
{
    if (p->closed) {
        *ret_code = closed(reterr);
        return 1;
    }
    if (p->current != NULL) {
        *ret_code = svc__publish_code(p->current, reterr);
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
    if (p->closed) {
        code = closed(ret);
    } else {
        code = svc__trouble_fill(&p->trouble, ret);
        if (code == 0 && p->current == NULL)
            code = SVC_EAGAIN;
    }
    svc__mutex_unlock(&p->lock);
    return code;
}

/* Copies the chosen address into the caller's struct. */
static void fill(svc_pick *ret, const struct svc_endpoints *eps, size_t i)
{
    struct sockaddr_storage ss;

    memset(ret, 0, sizeof(*ret));
    ret->sockaddr_size = svc_endpoint_sockaddr(&eps->endpoints[i], &ss);
    memcpy(&ret->sockaddr, &ss, ret->sockaddr_size);
    ret->generation = eps->generation;
}

int svc__publish_pick(struct svc__publish *p, const struct svc__pick_ctx *ctx,
                      svc_pick *ret)
{
    struct svc__pick_ctx mine = *ctx;
    int code = 0;

    svc__mutex_lock(&p->lock);
    mine.rng = &p->rng;
    mine.cursor = &p->cursor;
    if (p->closed)
        code = SVC_ECLOSED;
    else if (p->current == NULL)
        code = SVC_EAGAIN;
    else if (p->policy.ops == NULL)
        code = p->current->view->code;
    else
        fill(ret, p->current, svc__policy_pick(&p->policy, &mine));
    svc__mutex_unlock(&p->lock);
    return code;
}

void svc__publish_listen(struct svc__publish *p, struct svc__listener *l)
{
    const uint64_t one = 1;

    svc__mutex_lock(&p->lock);
    l->seen_set = 0;
    l->seen_trouble = p->trouble.code != 0 ? 0 : p->trouble_event;
    svc__list_add(&p->listeners, &l->link);
    if (p->closed || p->current != NULL || p->trouble.code != 0) {
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
    return p->closed || (p->current != NULL && l->seen_set != p->set_event) ||
           (p->trouble.code != 0 && l->seen_trouble != p->trouble_event);
}

/* Lock held: takes the next news, a set before a trouble. */
static int take_news(struct svc__publish *p, struct svc__listener *l,
                     struct svc_endpoints **ret, svc_error *reterr)
{
    if (p->closed)
        return closed(reterr);
    if (p->current != NULL && l->seen_set != p->set_event) {
        l->seen_set = p->set_event;
        *ret = svc_endpoints_ref(p->current);
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
