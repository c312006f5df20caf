/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pick carries all that closing it takes, in the words that svc.h reserves:
 * the number of a slot and its epoch, never an address. What costs a lock is
 * done for failures alone.
 */
#include "core/pick.h"

#include "base/count.h"
#include "base/hash.h"
#include "base/tick.h"
#include "core/balance.h"
#include "core/registry.h"
#include "core/service.h"
#include "core/ticket.h"
#include "policy/key.h"

#include <arpa/inet.h>
#include <string.h>

_Static_assert(sizeof(struct svc__pick_note) <=
                   sizeof(((svc_pick *)NULL)->reserved),
               "a pick's note fits into it");

/* Draws before those that were not tried are looked for one by one. */
#define DRAWS 16

/* The newest moment that a tracked pick brought, for the costs that picks
 * without a clock compare. Written once a millisecond at most. */
static _Atomic uint32_t reported_ms;

static void report(uint32_t now_ms)
{
    if (atomic_load_explicit(&reported_ms, memory_order_relaxed) != now_ms)
        atomic_store_explicit(&reported_ms, now_ms, memory_order_relaxed);
}

static uint32_t to_ms(int64_t ns)
{
    return (uint32_t)(ns / 1000000);
}

/* ---- what is written into a pick --------------------------------------- */

static void read_note(const svc_pick *pick, struct svc__pick_note *ret)
{
    memcpy(ret, pick->reserved, sizeof(*ret));
}

static void write_note(svc_pick *pick, const struct svc__pick_note *note)
{
    memcpy(pick->reserved, note, sizeof(*note));
}

/* Copies the chosen address into the caller's struct. */
static void fill(svc_pick *ret, const struct svc_endpoints *eps, size_t i)
{
    static const svc_pick blank; /* gcc copies that faster than it clears */
    const struct svc__candidate *c = &eps->endpoints[i].c;
    const struct svc__address *a = &svc__candidate_endpoint(c)->address;

    *ret = blank;
    ret->generation = eps->generation;
    if (a->family == SVC__FAMILY_IPV4) {
        struct sockaddr_in in = {.sin_family = AF_INET,
                                 .sin_port = htons(c->port)};

        memcpy(&in.sin_addr, a->bytes, sizeof(in.sin_addr));
        memcpy(&ret->sockaddr, &in, sizeof(in));
        ret->sockaddr_size = sizeof(in);
        return;
    }
    ret->sockaddr.sin6_family = AF_INET6;
    ret->sockaddr.sin6_port = htons(c->port);
    memcpy(&ret->sockaddr.sin6_addr, a->bytes, sizeof(a->bytes));
    ret->sockaddr_size = sizeof(ret->sockaddr);
}

/* ---- who was tried ----------------------------------------------------- */

/* Address and port in 32 bits: among eight, one in 500 million is taken for
 * another. */
static uint32_t place_of(const svc_pick *pick)
{
    static const struct svc__hash_key key = {0, 0};

    return (uint32_t)svc__hash(&key, &pick->sockaddr, pick->sockaddr_size);
}

static int was_tried(const struct svc__pick_note *before,
                     const struct svc_endpoints *eps, size_t at)
{
    svc_pick as_pick;
    uint32_t place;

    fill(&as_pick, eps, at);
    place = place_of(&as_pick);
    for (size_t i = 0; i < before->tried_count; i++) {
        if (before->tried[i] == place)
            return 1;
    }
    return 0;
}

/* Whether an endpoint was not tried yet, and is of a family (ANY: of either).
 */
static int is_welcome(const struct svc__pick_note *before,
                      const struct svc_endpoints *eps, size_t at,
                      enum svc__family family)
{
    const struct svc__candidate *c = &eps->endpoints[at].c;

    if (family != SVC__FAMILY_ANY &&
        svc__candidate_endpoint(c)->address.family != family)
        return 0;
    return !was_tried(before, eps, at);
}

/* The policy's next choices first, then whoever is left, from anywhere. Returns
 * the number of usable endpoints when there is none. */
static size_t choose_untried(const struct svc__policy *p,
                             const struct svc__pick_note *before,
                             enum svc__family family, struct svc__pick_ctx *ctx)
{
    const size_t count = p->set->count;
    size_t at;

    for (unsigned i = 0; i < DRAWS; i++) {
        ctx->attempt = before->tried_count + i;
        at = svc__policy_pick(p, ctx);
        if (is_welcome(before, p->set, at, family))
            return at;
    }
    for (size_t i = 0; i < count; i++) {
        at = at + 1 < count ? at + 1 : 0;
        if (is_welcome(before, p->set, at, family))
            return at;
    }
    return count;
}

/* Whether a set, which is in order, has usable endpoints of a family. */
static int has_family(const struct svc_endpoints *eps, enum svc__family family)
{
    const size_t at = family == SVC__FAMILY_IPV4 ? 0 : eps->count - 1;

    return svc__candidate_endpoint(&eps->endpoints[at].c)->address.family ==
           family;
}

/* The same, of the family that is preferred where one is left. */
static size_t choose_other(const struct svc__policy *p,
                           const struct svc__pick_wish *wish,
                           struct svc__pick_ctx *ctx)
{
    size_t at = p->set->count;

    if (wish->family != SVC__FAMILY_ANY && has_family(p->set, wish->family))
        at = choose_untried(p, wish->before, wish->family, ctx);
    if (at == p->set->count)
        at = choose_untried(p, wish->before, SVC__FAMILY_ANY, ctx);
    return at;
}

/* ---- picking ----------------------------------------------------------- */

/* A Service with sessionAffinity ClientIP keeps a key with one endpoint,
 * whatever the policy. */
static const struct svc__policy *policy_for(const struct svc__snapshot *s,
                                            const struct svc__pick_wish *wish)
{
    return wish->has_key && s->affinity.ops != NULL ? &s->affinity : &s->policy;
}

static void read_time(const struct svc__policy *p, int track,
                      struct svc__pick_ctx *ctx, int64_t *ret_ns)
{
    *ret_ns = 0;
    if (!track) {
        ctx->now_ms = atomic_load_explicit(&reported_ms, memory_order_relaxed);
        return;
    }
    if (p->ops->is_timed) {
        *ret_ns = svc__tick_exact_ns();
        ctx->now_ms = to_ms(*ret_ns);
    } else {
        ctx->now_ms = (uint32_t)(svc__tick_now() / 1000);
    }
    report(ctx->now_ms);
}

int svc__pick_from(const struct svc__snapshot *s,
                   const struct svc__pick_wish *wish, struct svc__pick_ctx *ctx,
                   svc_pick *ret)
{
    const struct svc__policy *p = policy_for(s, wish);
    struct svc__pick_note note = {.service = s->key.id};
    uint32_t leaked = 0;
    size_t at;

    if (p->ops == NULL)
        return s->code;
    if (wish->track && s->tracks == NULL)
        return SVC_EINVAL;
    ctx->has_key = wish->has_key;
    ctx->hash = wish->hash;
    read_time(p, wish->track, ctx, &note.begin_ns);
    if (wish->before == NULL) {
        at = svc__policy_pick(p, ctx);
        ctx->cursor->picks++;
    } else {
        at = choose_other(p, wish, ctx);
        if (at == s->set->count)
            return SVC_ENOENDPOINTS;
        memcpy(note.tried, wish->before->tried, sizeof(note.tried));
        note.tried_count = wish->before->tried_count;
    }
    if (wish->track) {
        note.ticket = s->tracks->tickets[at];
        note.epoch = svc__slot_take(s->tracks->slots[at], ctx->now_ms, &leaked);
        svc__count_add(s->tracks->leaked, leaked);
        note.state = SVC__PICK_OPEN;
        note.is_timed = (uint8_t)p->ops->is_timed;
    }
    note.has_key = (uint8_t)wish->has_key;
    note.hash = wish->hash;
    fill(ret, s->set, at);
    write_note(ret, &note);
    return 0;
}

int svc__pick(svc_service *s, const svc_pick_options *options, svc_pick *ret)
{
    struct svc__pick_wish wish = {0};

    if (options != NULL) {
        wish.track = options->track;
        wish.has_key = options->key != NULL;
        if (wish.has_key)
            wish.hash = svc__key_hash(options->key, options->key_size);
    }
    return svc__publish_pick(&s->publish, &wish, ret);
}

/* ---- closing ----------------------------------------------------------- */

/* Counts a tracked pick that came too late, or was closed twice, where its
 * service is there to count it. */
static void count(uint64_t id, size_t offset)
{
    svc_service *s = svc__registry_enter(id);

    if (s == NULL)
        return;
    svc__count_add((_Atomic uint64_t *)((char *)&s->r->counters + offset), 1);
    svc__registry_leave();
}

static void want_review(uint64_t id)
{
    svc_service *s = svc__registry_enter(id);

    if (s == NULL)
        return;
    svc__balance_want(s);
    svc__registry_leave();
}

/* Latency, and the moment: a clock is read where somebody wants to know. */
static uint32_t measure(const struct svc__pick_note *note, int outcome,
                        int64_t latency_us, float *ret_us)
{
    int64_t now_ns;

    *ret_us = latency_us < 0 ? -1.0F : (float)latency_us;
    if (!note->is_timed && outcome == SVC_OUTCOME_OK)
        return atomic_load_explicit(&reported_ms, memory_order_relaxed);
    now_ns = svc__tick_exact_ns();
    if (latency_us < 0 && note->begin_ns != 0)
        *ret_us = (float)(now_ns - note->begin_ns) / 1000.0F;
    report(to_ms(now_ns));
    return to_ms(now_ns);
}

void svc__pick_done(svc_pick *pick, int outcome, int64_t latency_us)
{
    struct svc__pick_note note;
    struct svc__slot *slot;
    uint32_t now_ms;
    float us;

    read_note(pick, &note);
    if (note.state != SVC__PICK_OPEN) {
        if (note.state == SVC__PICK_CLOSED)
            count(note.service, offsetof(struct svc__counters, picks_twice));
        return;
    }
    note.state = SVC__PICK_CLOSED;
    write_note(pick, &note);
    slot = svc__ticket_slot(note.ticket);
    if (slot == NULL)
        return;
    now_ms = measure(&note, outcome, latency_us, &us);
    switch (svc__slot_done(slot, note.epoch, outcome, us, now_ms)) {
    case SVC__SLOT_STALE:
        count(note.service, offsetof(struct svc__counters, picks_late));
        break;
    case SVC__SLOT_FAILED:
        want_review(note.service);
        break;
    case SVC__SLOT_TAKEN:
        break;
    }
}

/* ---- trying again ------------------------------------------------------ */

/* Adds a pick to those that its note remembers. Returns whether one more may be
 * tried. */
static int remember(struct svc__pick_note *note, const svc_pick *pick)
{
    note->tried[note->tried_count++ % SVC__PICK_TRIED_MAX] = place_of(pick);
    return note->tried_count < SVC__PICK_TRIED_MAX;
}

/* With the registry entered. */
static int pick_again(svc_service *s, const struct svc__pick_note *before,
                      int track, svc_pick *ret)
{
    const struct svc__pick_wish wish = {.hash = before->hash,
                                        .has_key = before->has_key,
                                        .track = track,
                                        .before = before};

    if (!svc__publish_retry(&s->publish)) {
        svc__count_add(&s->r->counters.retries_refused, 1);
        return SVC_ENOENDPOINTS;
    }
    svc__count_add(&s->r->counters.retries, 1);
    return svc__publish_pick(&s->publish, &wish, ret);
}

int svc__pick_next(svc_pick *pick, int outcome)
{
    struct svc__pick_note note;
    svc_service *s;
    int track;
    int err;

    read_note(pick, &note);
    track = note.state == SVC__PICK_OPEN;
    svc__pick_done(pick, outcome, -1);
    if (note.service == 0)
        return SVC_EINVAL;
    if (!remember(&note, pick))
        return SVC_ENOENDPOINTS;
    s = svc__registry_enter(note.service);
    if (s == NULL)
        return SVC_ECLOSED;
    err = pick_again(s, &note, track, pick);
    svc__registry_leave();
    return err;
}

int svc__pick_beside(svc_service *s, const svc_pick *before,
                     enum svc__family family, svc_pick *ret)
{
    struct svc__pick_note note;
    struct svc__pick_wish wish = {.family = family, .before = &note};

    read_note(before, &note);
    if (!remember(&note, before))
        return SVC_ENOENDPOINTS;
    wish.hash = note.hash;
    wish.has_key = note.has_key;
    wish.track = note.state != SVC__PICK_PLAIN;
    return svc__publish_pick(&s->publish, &wish, ret);
}
