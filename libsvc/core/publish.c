/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain form: one mutex a service. What is replaced is let go after the
 * lock is dropped, since the last reference may free a large set.
 */
#include "core/publish.h"

#include "base/clock.h"
#include "base/err.h"

#include <string.h>
#include <unistd.h>

int svc__publish_init(struct svc__publish *p,
                      const struct svc__policy_ops *policy, uint64_t seed)
{
    memset(p, 0, sizeof(*p));
    p->policy = policy;
    svc__rng_seed(&p->rng, seed);
    svc__list_init(&p->listeners);
    return svc__mutex_init(&p->lock);
}

void svc__publish_fini(struct svc__publish *p)
{
    p->policy->destroy(p->policy_state);
    svc_endpoints_unref(p->current);
    svc__mutex_fini(&p->lock);
}

/* Lock held: wakes those who wait and makes the listeners' descriptors
 * readable. A full eventfd is readable already. */
static void tell(struct svc__publish *p)
{
    struct svc__list *it;
    const uint64_t one = 1;

    svc__mutex_broadcast(&p->lock);
    svc__list_each (it, &p->listeners) {
        struct svc__listener *l =
            svc__list_entry(it, struct svc__listener, link);
        ssize_t ignored = write(l->fd, &one, sizeof(one));

        (void)ignored;
    }
}

void svc__publish_set(struct svc__publish *p, struct svc_endpoints *eps,
                      void *policy_state)
{
    struct svc_endpoints *old;
    void *old_state;

    svc__mutex_lock(&p->lock);
    old = p->current;
    old_state = p->policy_state;
    p->current = eps;
    p->policy_state = policy_state;
    p->set_event++;
    tell(p);
    svc__mutex_unlock(&p->lock);
    p->policy->destroy(old_state);
    svc_endpoints_unref(old);
}

int svc__publish_trouble(struct svc__publish *p, const svc_error *trouble)
{
    int code = trouble == NULL ? 0 : trouble->code;
    int changed;

    svc__mutex_lock(&p->lock);
    changed = code != p->trouble.code ||
              (code != 0 && strcmp(trouble->message, p->trouble.message) != 0);
    if (changed && code != 0) {
        p->trouble = *trouble;
        p->trouble_event++;
    } else if (changed) {
        p->trouble.code = 0;
        p->set_event += p->current != NULL;
    }
    if (changed)
        tell(p);
    svc__mutex_unlock(&p->lock);
    return changed;
}

void svc__publish_close(struct svc__publish *p)
{
    svc__mutex_lock(&p->lock);
    p->closed = 1;
    tell(p);
    svc__mutex_unlock(&p->lock);
}

struct svc_endpoints *svc__publish_get(struct svc__publish *p)
{
    struct svc_endpoints *eps = NULL;

    svc__mutex_lock(&p->lock);
    if (p->current != NULL && !p->closed)
        eps = svc_endpoints_ref(p->current);
    svc__mutex_unlock(&p->lock);
    return eps;
}

static int closed(svc_error *reterr)
{
    return svc__err_set(reterr, SVC_ECLOSED,
                        "the resolver of this service was freed");
}

/* The code of a set, with its story. */
static int code_of(const struct svc_endpoints *eps, svc_error *reterr)
{
    const struct svc__view *v = eps->view;

    if (v->code == 0)
        return 0;
    svc__err_set(reterr, v->code, "%s",
                 v->message != NULL ? v->message : svc_err_text(v->code));
    if (v->hint != NULL)
        svc__err_hint(reterr, "%s", v->hint);
    return v->code;
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
        *ret_code = code_of(p->current, reterr);
        return 1;
    }
    if (p->trouble.code != 0 && !svc_err_is_transient(p->trouble.code)) {
        *ret_code = p->trouble.code;
        if (reterr != NULL)
            *reterr = p->trouble;
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
        code = p->trouble.code;
        if (code == 0)
            code = svc__err_set(reterr, SVC_ETIMEDOUT,
                                "no answer from the source in time");
        else if (reterr != NULL)
            *reterr = p->trouble;
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
        code = p->trouble.code;
        if (code != 0 && ret != NULL)
            *ret = p->trouble;
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
    if (p->closed)
        code = SVC_ECLOSED;
    else if (p->current == NULL)
        code = SVC_EAGAIN;
    else if (p->policy_state == NULL)
        code = p->current->view->code;
    else
        fill(ret, p->current, p->policy->pick(p->policy_state, &mine));
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
    if (reterr != NULL)
        *reterr = p->trouble;
    return p->trouble.code;
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
