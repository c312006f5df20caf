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

/* One member of the note that a pick carries: one load, one store. */
#define PLACE(pick, member)                                                    \
    ((char *)(pick)->reserved + offsetof(struct svc__pick_note, member))
#define PUT(pick, member, value)                                               \
    memcpy(PLACE(pick, member), &(value), sizeof(value))
#define GET(pick, member, ret) memcpy(ret, PLACE(pick, member), sizeof(*(ret)))

static void read_note(const svc_pick *pick, struct svc__pick_note *ret)
{
    memcpy(ret, pick->reserved, sizeof(*ret));
}

_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
                   offsetof(struct sockaddr_in6, sin6_port),
               "both families have the port in one place");

/* Copies the chosen address into the caller's struct. */
static inline void fill(svc_pick *ret, const struct svc_endpoints *eps,
                        size_t i)
{
    static const svc_pick blank; /* gcc copies that faster than it clears */
    const struct svc__candidate *c = &eps->endpoints[i].c;
    const struct svc__address *a = &svc__candidate_endpoint(c)->address;

    *ret = blank;
    ret->generation = eps->generation;
    ret->sockaddr.sin6_port = htons(c->port);
    if (a->family == SVC__FAMILY_IPV4) {
        ret->sockaddr.sin6_family = AF_INET;
        memcpy((char *)&ret->sockaddr + offsetof(struct sockaddr_in, sin_addr),
               a->bytes, sizeof(struct in_addr));
        ret->sockaddr_size = sizeof(struct sockaddr_in);
        return;
    }
    ret->sockaddr.sin6_family = AF_INET6;
    memcpy(&ret->sockaddr.sin6_addr, a->bytes, sizeof(a->bytes));
    ret->sockaddr_size = sizeof(ret->sockaddr);
}

/* ---- who was tried ----------------------------------------------------- */

/* Address and port in 32 bits: among eight, one in 500 million is taken for
 * another. The caller had the pick: its size is not believed. */
static uint32_t place_of(const svc_pick *pick)
{
    static const struct svc__hash_key key = {0, 0};
    const size_t size = pick->sockaddr.sin6_family == AF_INET
                            ? sizeof(struct sockaddr_in)
                            : sizeof(struct sockaddr_in6);

    return (uint32_t)svc__hash(&key, &pick->sockaddr, size);
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

/* The moment of a tracked pick, and when it began if its latency matters. */
static void read_time(const struct svc__policy *p, struct svc__pick_ctx *ctx,
                      int64_t *ret_ns)
{
    if (p->ops->is_timed) {
        *ret_ns = svc__tick_exact_ns();
        ctx->now_ms = to_ms(*ret_ns);
    } else {
        *ret_ns = 0;
        ctx->now_ms = (uint32_t)(svc__tick_now() / 1000);
    }
    report(ctx->now_ms);
}

/* Counts a pick that is filled. */
static void track(const struct svc__tracks *t, size_t at, uint32_t now_ms,
                  svc_pick *ret)
{
    const uint8_t state = SVC__PICK_OPEN;
    uint32_t leaked = 0;
    uint32_t epoch = svc__slot_take(t->slots[at], now_ms, &leaked);

    PUT(ret, ticket, t->tickets[at]);
    PUT(ret, epoch, epoch);
    PUT(ret, state, state);
    svc__count_add(t->leaked, leaked);
}

/* One that was not tried. The usable ones are all tried: their number. */
static size_t choose_again(const struct svc__policy *p,
                           const struct svc__pick_wish *wish,
                           struct svc__pick_ctx *ctx)
{
    return wish->before == NULL ? svc__policy_pick(p, ctx)
                                : choose_other(p, wish, ctx);
}

/* A pick that is tracked, or one more for the same request. */
static int pick_more(const struct svc__snapshot *s, const struct svc__policy *p,
                     const struct svc__pick_wish *wish,
                     struct svc__pick_ctx *ctx, svc_pick *ret)
{
    const uint8_t is_timed = (uint8_t)p->ops->is_timed;
    int64_t begin_ns = 0;
    size_t at;

    if (wish->track && s->tracks == NULL)
        return SVC_EINVAL;
    if (wish->track)
        read_time(p, ctx, &begin_ns);
    at = choose_again(p, wish, ctx);
    if (at == s->set->count)
        return SVC_ENOENDPOINTS;
    fill(ret, s->set, at);
    if (wish->before != NULL) {
        PUT(ret, tried, wish->before->tried);
        PUT(ret, tried_count, wish->before->tried_count);
    }
    if (wish->track) {
        track(s->tracks, at, ctx->now_ms, ret);
        PUT(ret, begin_ns, begin_ns);
        PUT(ret, is_timed, is_timed);
    }
    return 0;
}

int svc__pick_from(const struct svc__snapshot *s,
                   const struct svc__pick_wish *wish, struct svc__pick_ctx *ctx,
                   svc_pick *ret)
{
    const struct svc__policy *p = policy_for(s, wish);
    int err = 0;

    if (p->ops == NULL)
        return s->code;
    ctx->has_key = wish->has_key;
    ctx->hash = wish->hash;
    ctx->now_ms = atomic_load_explicit(&reported_ms, memory_order_relaxed);
    if (wish->track || wish->before != NULL)
        err = pick_more(s, p, wish, ctx, ret);
    else
        fill(ret, s->set, svc__policy_pick(p, ctx));
    if (err != 0)
        return err;
    ctx->cursor->picks += wish->before == NULL;
    PUT(ret, service, s->key.id);
    if (wish->has_key) {
        const uint8_t has_key = 1;

        PUT(ret, has_key, has_key);
        PUT(ret, hash, wish->hash);
    }
    return 0;
}

static const struct svc__pick_wish plain;

int svc__pick_plain(svc_service *s, svc_pick *ret)
{
    return svc__publish_pick(&s->publish, &plain, ret);
}

int svc__pick(svc_service *s, const svc_pick_options *options, svc_pick *ret)
{
    struct svc__pick_wish wish = plain;

    wish.track = options->track;
    wish.has_key = options->key != NULL;
    if (wish.has_key)
        wish.hash = svc__key_hash(options->key, options->key_size);
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
static uint32_t measure(const svc_pick *pick, int outcome, int64_t latency_us,
                        float *ret_us)
{
    uint8_t is_timed;
    int64_t begin_ns;
    int64_t now_ns;

    *ret_us = latency_us < 0 ? -1.0F : (float)latency_us;
    GET(pick, is_timed, &is_timed);
    if (!is_timed && outcome == SVC_OUTCOME_OK)
        return atomic_load_explicit(&reported_ms, memory_order_relaxed);
    now_ns = svc__tick_exact_ns();
    GET(pick, begin_ns, &begin_ns);
    if (latency_us == SVC__PICK_MEASURE && begin_ns != 0)
        *ret_us =
            (float)(int64_t)((uint64_t)now_ns - (uint64_t)begin_ns) / 1000.0F;
    report(to_ms(now_ns));
    return to_ms(now_ns);
}

/* Ends the count of a pick in its slot. */
static void end(const svc_pick *pick, int outcome, int64_t latency_us)
{
    struct svc__slot *slot;
    uint64_t service;
    uint32_t ticket;
    uint32_t epoch;
    uint32_t now_ms;
    float us;

    GET(pick, ticket, &ticket);
    GET(pick, epoch, &epoch);
    slot = svc__ticket_slot(ticket);
    if (slot == NULL)
        return;
    now_ms = measure(pick, outcome, latency_us, &us);
    GET(pick, service, &service);
    switch (svc__slot_done(slot, epoch, outcome, us, now_ms)) {
    case SVC__SLOT_STALE:
        count(service, offsetof(struct svc__counters, picks_late));
        break;
    case SVC__SLOT_FAILED:
        want_review(service);
        break;
    case SVC__SLOT_TAKEN:
        break;
    }
}

void svc__pick_done(svc_pick *pick, int outcome, int64_t latency_us)
{
    const uint8_t closed = SVC__PICK_CLOSED;
    uint64_t service;
    uint8_t state;

    GET(pick, state, &state);
    if (state == SVC__PICK_OPEN) {
        PUT(pick, state, closed);
        end(pick, outcome, latency_us);
    } else if (state == SVC__PICK_CLOSED) {
        GET(pick, service, &service);
        count(service, offsetof(struct svc__counters, picks_twice));
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
    int err;

    if (!svc__publish_retry(&s->publish)) {
        svc__count_add(&s->r->counters.retries_refused, 1);
        return SVC_ENOENDPOINTS;
    }
    err = svc__publish_pick(&s->publish, &wish, ret);
    svc__count_add(&s->r->counters.retries, err == 0);
    return err;
}

int svc__pick_next(svc_pick *pick, int outcome)
{
    struct svc__pick_note note;
    svc_service *s;
    int track;
    int err;

    read_note(pick, &note);
    track = note.state == SVC__PICK_OPEN;
    svc__pick_done(pick, outcome, SVC__PICK_MEASURE);
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
