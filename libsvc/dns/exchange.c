/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts are numbered as they are sent, and each is in one of three states:
 * awaited, late (its time is over, its answer would still count) and over. The
 * last one sent decides what happens next; what befalls earlier ones is only
 * written down, unless it ends the exchange. An attempt that follows up on an
 * answer (over TCP, without EDNS) is no new try of its server.
 *
 * One place of the table of attempts is kept for follow-ups, so that a cut
 * answer to the last try can still be fetched whole.
 */
#include "dns/exchange.h"

#include "dns/wire.h"

#include <string.h>

enum attempt_flag {
    TCP = 1 << 0,
    PLAIN = 1 << 1, /* without EDNS */
    FOLLOWS = 1 << 2,
    TRIES = 1 << 3, /* whether it helps to leave EDNS away */
    LATE = 1 << 4,
    OVER = 1 << 5,
    DOUBTED = 1 << 6 /* unwanted packets came to it */
};

enum state {
    NEW,
    RUNNING,
    ENDING, /* nobody is asked any more; what is late may still come */
    ENDED
};

/* What one step works on. */
struct turn {
    struct svc__exchange *x;
    struct svc__servers *servers;
    const struct svc__exchange_event *event;
    int64_t now_ms;
    struct svc__exchange_action *ret;
};

void svc__exchange_init(struct svc__exchange *x, int avoid, int tcp)
{
    memset(x, 0, sizeof(*x));
    x->avoid = (int8_t)(avoid >= 0 && avoid < SVC__SERVERS_MAX ? avoid : -1);
    x->spoke = -1;
    x->tcp = tcp != 0;
    x->due_ms = INT64_MAX;
}

static int64_t deadline_ms(const struct svc__exchange *x)
{
    return x->began_us / 1000 + SVC__EXCHANGE_TOTAL_MS;
}

/* How often each server was asked, follow-ups aside. */
static void count_asked(const struct svc__exchange *x,
                        uint8_t ret[SVC__SERVERS_MAX])
{
    memset(ret, 0, SVC__SERVERS_MAX);
    for (unsigned i = 0; i < x->attempts; i++) {
        if (!(x->attempt[i].flags & FOLLOWS))
            ret[x->attempt[i].server]++;
    }
}

static int is_open(const struct svc__exchange *x)
{
    for (unsigned i = 0; i < x->attempts; i++) {
        if (!(x->attempt[i].flags & OVER))
            return 1;
    }
    return 0;
}

/* One TCP connection at a time is enough: two servers that cut their answers
 * would give the same whole one. */
static int is_awaited_by_tcp(const struct svc__exchange *x)
{
    for (unsigned i = 0; i < x->attempts; i++) {
        if ((x->attempt[i].flags & (TCP | LATE | OVER)) == TCP)
            return 1;
    }
    return 0;
}

static struct svc__exchange_attempt *last_attempt(struct svc__exchange *x)
{
    return &x->attempt[x->attempts - 1];
}

static void finish(struct turn *t, int code)
{
    struct svc__exchange *x = t->x;

    x->state = ENDED;
    x->due_ms = INT64_MAX;
    t->ret->what = SVC__EXCHANGE_DONE;
    t->ret->code = code;
    t->ret->rcode = x->last_rcode;
    t->ret->server = x->spoke >= 0 ? (size_t)x->spoke : last_attempt(x)->server;
}

/* Nobody is asked any more. What is late may be on its way all the same, from
 * servers that are slower than all our patience: it has until the deadline. */
static void give_up(struct turn *t)
{
    struct svc__exchange *x = t->x;

    if (is_open(x) && t->now_ms < deadline_ms(x)) {
        x->state = ENDING;
        x->due_ms = deadline_ms(x);
    } else if (x->last_code != 0) {
        finish(t, x->last_code);
    } else {
        finish(t, x->unwanted > 0 ? SVC_EPROTO : SVC_ETIMEDOUT);
    }
}

static void send_attempt(struct turn *t, size_t server, unsigned flags)
{
    struct svc__exchange *x = t->x;
    struct svc__exchange_attempt *a = &x->attempt[x->attempts];
    uint8_t asked[SVC__SERVERS_MAX];
    unsigned again;

    count_asked(x, asked);
    again = asked[server];
    /* A follow-up waits as long as what it follows. */
    if ((flags & FOLLOWS) && again > 0)
        again--;
    /* Nothing is sent after the deadline, so it fits. */
    a->sent_us = (uint32_t)(t->event->now_us - x->began_us);
    a->server = (uint8_t)server;
    a->flags = (uint8_t)flags;
    x->due_ms = t->now_ms + svc__servers_wait_ms(t->servers, server,
                                                 (flags & TCP) != 0, again);
    if (x->due_ms > deadline_ms(x))
        x->due_ms = deadline_ms(x);
    t->ret->what = SVC__EXCHANGE_SEND;
    t->ret->attempt = x->attempts++;
    t->ret->server = server;
    t->ret->tcp = (flags & TCP) != 0;
    t->ret->edns = !(flags & PLAIN);
}

static void ask(struct turn *t, size_t server)
{
    unsigned flags = 0;

    if (t->x->tcp || t->servers->tcp_only)
        flags |= TCP;
    if (t->servers->server[server].no_edns_until_ms > t->now_ms)
        flags |= PLAIN;
    send_attempt(t, server, flags);
}

/* Whether one more may be sent, with places attempts left free behind it. */
static int has_room(const struct turn *t, unsigned places)
{
    return t->x->attempts + places < SVC__ATTEMPTS_MAX &&
           t->now_ms < deadline_ms(t->x);
}

static void ask_next(struct turn *t)
{
    uint8_t asked[SVC__SERVERS_MAX];

    if (t->x->state == ENDING || !has_room(t, 1)) {
        give_up(t);
        return;
    }
    count_asked(t->x, asked);
    ask(t, svc__servers_best(t->servers, asked));
}

/* An attempt got something else than an answer that counts. pauses: also where
 * another server is left in this round. */
static void go_on(struct turn *t, const struct svc__exchange_attempt *failed,
                  int pauses)
{
    struct svc__exchange *x = t->x;
    uint8_t asked[SVC__SERVERS_MAX];
    int64_t due_ms;
    size_t best;

    /* The last one decides: its time, or the pause after it, is running. */
    if (failed != last_attempt(x) && (x->state == RUNNING || is_open(x)))
        return;
    if (x->state == ENDING || !has_room(t, 1)) {
        give_up(t);
        return;
    }
    count_asked(x, asked);
    best = svc__servers_best(t->servers, asked);
    if (!pauses && asked[best] < asked[failed->server]) {
        ask(t, best);
        return;
    }
    due_ms =
        t->now_ms + (SVC__EXCHANGE_PAUSE_MS << (asked[failed->server] - 1));
    if (asked[best] >= SVC__EXCHANGE_ROUNDS || due_ms >= deadline_ms(x))
        give_up(t);
    else
        x->due_ms = due_ms;
}

/* The same server in another way, at once. Without room there is no other way
 * to a whole answer than those that are still out. */
static void follow_up(struct turn *t, const struct svc__exchange_attempt *a,
                      unsigned flags)
{
    if (has_room(t, 0))
        send_attempt(t, a->server, flags | FOLLOWS);
    else
        give_up(t);
}

static void on_start(struct turn *t)
{
    struct svc__exchange *x = t->x;
    uint8_t asked[SVC__SERVERS_MAX] = {0};
    size_t probe = t->servers->count;
    size_t best;

    x->state = RUNNING;
    x->began_us = t->event->now_us;
    if (x->avoid >= 0)
        asked[x->avoid] = 1;
    best = svc__servers_best(t->servers, asked);
    svc__servers_age(t->servers, best);
    if (x->avoid < 0)
        probe = svc__servers_probe(t->servers, best, t->event->now_us);
    if (probe < t->servers->count) {
        ask(t, probe);
        /* Not waited for: the good one is asked beside it. */
        last_attempt(x)->flags |= LATE;
        x->due_ms = t->now_ms;
    } else {
        ask(t, best);
    }
}

static int64_t sent_us(const struct turn *t,
                       const struct svc__exchange_attempt *a)
{
    return t->x->began_us + a->sent_us;
}

/* NOERROR or NXDOMAIN. A cut one measures the server, but is no proof that it
 * can be used: that is for the whole answer over TCP to give (faults D5). */
static void on_good(struct turn *t, const struct svc__exchange_attempt *a)
{
    if (!(a->flags & TCP))
        svc__servers_measured(t->servers, a->server,
                              t->event->now_us - sent_us(t, a));
    if (a->flags & TRIES)
        t->servers->server[a->server].no_edns_until_ms =
            t->now_ms + SVC__SERVERS_NO_EDNS_MS;
    /* A cut answer has no record that may be used (RFC 2181 section 9). */
    if (!t->event->tc) {
        svc__servers_answered(t->servers, a->server);
        finish(t, 0);
    } else if (a->flags & TCP) {
        finish(t, SVC_ETOOBIG);
    } else if (!is_awaited_by_tcp(t->x)) {
        follow_up(t, a, (a->flags & PLAIN) | TCP);
    }
}

static void on_answer(struct turn *t, struct svc__exchange_attempt *a)
{
    struct svc__exchange *x = t->x;
    uint16_t rcode = t->event->rcode;

    x->spoke = (int8_t)a->server;
    x->last_rcode = rcode;
    if (rcode == SVC__WIRE_NOERROR || rcode == SVC__WIRE_NXDOMAIN) {
        on_good(t, a);
        return;
    }
    /* RFC 6891 section 7: a server from before EDNS says FORMERR to it. */
    if ((rcode == SVC__WIRE_FORMERR || rcode == SVC__WIRE_BADVERS) &&
        !(a->flags & PLAIN)) {
        follow_up(t, a, (a->flags & TCP) | PLAIN | TRIES);
        return;
    }
    /* Not known, rather than not there (semantics 2.2; faults D2, D3). */
    x->last_code = SVC_EUNREACH;
    svc__servers_failed(t->servers, a->server, sent_us(t, a), t->event->now_us);
    go_on(t, a, 0);
}

/* The transport. Memory and descriptors are ours: no server is to blame, and
 * asking another one at once would not help (faults P4). */
static void on_failed(struct turn *t, const struct svc__exchange_attempt *a)
{
    int is_ours = t->event->err == SVC_ENOMEM;

    if (t->event->err == SVC_ETOOBIG) {
        finish(t, SVC_ETOOBIG);
        return;
    }
    t->x->last_code = t->event->err != 0 ? t->event->err : SVC_EUNREACH;
    if (!is_ours)
        svc__servers_failed(t->servers, a->server, sent_us(t, a),
                            t->event->now_us);
    go_on(t, a, is_ours);
}

/* Whoever floods us may guess right in the end: from now on nothing that came
 * by UDP counts (faults 3.2). */
static void on_unwanted(struct turn *t, struct svc__exchange_attempt *a)
{
    struct svc__exchange *x = t->x;

    a->flags |= DOUBTED;
    if (x->unwanted <= SVC__EXCHANGE_UNWANTED_MAX)
        x->unwanted++;
    if (!svc__exchange_is_suspect(x) || x->tcp || t->servers->tcp_only)
        return;
    x->tcp = 1;
    for (unsigned i = 0; i < x->attempts; i++) {
        if (!(x->attempt[i].flags & TCP))
            x->attempt[i].flags |= OVER;
    }
    if (!is_awaited_by_tcp(x))
        follow_up(t, a, (a->flags & PLAIN) | TCP);
}

static void on_due(struct turn *t)
{
    struct svc__exchange *x = t->x;
    struct svc__exchange_attempt *a = last_attempt(x);

    if (t->now_ms < x->due_ms)
        return;
    if (!(a->flags & (LATE | OVER))) {
        a->flags |= LATE;
        t->ret->lost = x->attempts - 1;
        svc__servers_failed(t->servers, a->server, sent_us(t, a),
                            t->event->now_us);
        /* Memory, or a descriptor, was there again. */
        if (x->last_code == SVC_ENOMEM)
            x->last_code = 0;
        if ((a->flags & (DOUBTED | TCP)) == DOUBTED) {
            follow_up(t, a, (a->flags & PLAIN) | TCP);
            return;
        }
    }
    ask_next(t);
}

/* Something happened to an attempt. */
static void on_attempt(struct turn *t)
{
    struct svc__exchange_attempt *a;

    if (t->event->attempt >= t->x->attempts)
        return;
    a = &t->x->attempt[t->event->attempt];
    if (t->event->kind == SVC__EXCHANGE_UNWANTED) {
        on_unwanted(t, a);
        return;
    }
    if (a->flags & OVER)
        return;
    a->flags |= OVER;
    if (t->event->kind == SVC__EXCHANGE_ANSWER)
        on_answer(t, a);
    else
        on_failed(t, a);
}

void svc__exchange_step(struct svc__exchange *x, struct svc__servers *servers,
                        const struct svc__exchange_event *event,
                        struct svc__exchange_action *ret)
{
    struct turn t = {.x = x,
                     .servers = servers,
                     .event = event,
                     .now_ms = event->now_us / 1000,
                     .ret = ret};

    memset(ret, 0, sizeof(*ret));
    ret->what = SVC__EXCHANGE_WAIT;
    ret->lost = -1;
    if (event->kind == SVC__EXCHANGE_START) {
        if (x->state == NEW)
            on_start(&t);
    } else if (x->state == RUNNING || x->state == ENDING) {
        if (event->kind == SVC__EXCHANGE_DUE)
            on_due(&t);
        else
            on_attempt(&t);
    }
    ret->due_ms = x->due_ms;
}

int svc__exchange_is_suspect(const struct svc__exchange *x)
{
    return x->unwanted > SVC__EXCHANGE_UNWANTED_MAX;
}
