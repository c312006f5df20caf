/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Round trips, failures in a row, and the order of the servers.
 */
#include "dns/servers.h"

#include <string.h>

/* A 128th for each question that went elsewhere: a server ten times as slow
 * as the fastest gets about one question in a hundred. */
#define AGE_SHIFT 7

void svc__servers_init(struct svc__servers *s, size_t count, int tcp_only)
{
    memset(s, 0, sizeof(*s));
    s->count = count == 0 ? 1 : count;
    if (s->count > SVC__SERVERS_MAX)
        s->count = SVC__SERVERS_MAX;
    s->tcp_only = tcp_only;
}

static int is_avoided(const struct svc__server *server)
{
    return server->failures >= SVC__SERVERS_FAILURES;
}

/* Whether a is to be asked before b, which is before it in the list. A server
 * that was never measured is one that the list puts last, or that did not
 * answer yet: the known one is the safer choice. */
static int is_better(const struct svc__server *a, const struct svc__server *b)
{
    if (is_avoided(a) != is_avoided(b))
        return is_avoided(b);
    if (is_avoided(a) && a->failures != b->failures)
        return a->failures < b->failures;
    if (a->srtt_us == 0 || b->srtt_us == 0)
        return a->srtt_us != 0 && b->srtt_us == 0;
    return a->srtt_us < b->srtt_us;
}

size_t svc__servers_best(const struct svc__servers *s,
                         const uint8_t asked[SVC__SERVERS_MAX])
{
    size_t best = 0;

    for (size_t i = 1; i < s->count; i++) {
        if (asked[i] < asked[best] ||
            (asked[i] == asked[best] &&
             is_better(&s->server[i], &s->server[best])))
            best = i;
    }
    return best;
}

void svc__servers_age(struct svc__servers *s, size_t chosen)
{
    for (size_t i = 0; i < s->count; i++) {
        if (i != chosen)
            s->server[i].srtt_us -= s->server[i].srtt_us >> AGE_SHIFT;
    }
}

/* One more, and when that is enough, avoided from now on. */
static void book_failure(struct svc__server *server, int64_t now_us)
{
    int64_t avoid_ms = SVC__SERVERS_AVOID_MIN_MS;
    unsigned over;

    if (server->failures < UINT16_MAX)
        server->failures++;
    server->failed_us = now_us;
    if (!is_avoided(server))
        return;
    over = server->failures - SVC__SERVERS_FAILURES;
    avoid_ms <<= over < 5 ? over : 5;
    if (avoid_ms > SVC__SERVERS_AVOID_MAX_MS)
        avoid_ms = SVC__SERVERS_AVOID_MAX_MS;
    server->avoid_until_ms = now_us / 1000 + avoid_ms;
}

size_t svc__servers_probe(struct svc__servers *s, size_t best, int64_t now_us)
{
    if (is_avoided(&s->server[best]))
        return s->count;
    for (size_t i = 0; i < s->count; i++) {
        if (is_avoided(&s->server[i]) &&
            s->server[i].avoid_until_ms <= now_us / 1000) {
            book_failure(&s->server[i], now_us);
            return i;
        }
    }
    return s->count;
}

int64_t svc__servers_wait_ms(const struct svc__servers *s, size_t server,
                             int tcp, unsigned again)
{
    const struct svc__server *of = &s->server[server];
    int64_t least = tcp ? SVC__SERVERS_WAIT_TCP_MS : SVC__SERVERS_WAIT_MIN_MS;
    int64_t wait = SVC__SERVERS_WAIT_NEW_MS;

    if (of->srtt_us != 0)
        wait = (of->srtt_us + 4 * of->rttvar_us + 999) / 1000;
    if (wait < least)
        wait = least;
    /* RFC 6298 section 5.5; stops at the cap, so it cannot overflow. */
    for (; again > 0 && wait < SVC__SERVERS_WAIT_MAX_MS; again--)
        wait *= 2;
    return wait < SVC__SERVERS_WAIT_MAX_MS ? wait : SVC__SERVERS_WAIT_MAX_MS;
}

void svc__servers_measured(struct svc__servers *s, size_t server,
                           int64_t rtt_us)
{
    struct svc__server *of = &s->server[server];
    int64_t off;

    if (rtt_us < 1)
        rtt_us = 1; /* 0 is unknown */
    if (of->srtt_us == 0) {
        of->srtt_us = rtt_us;
        of->rttvar_us = rtt_us / 2;
        return;
    }
    /* RFC 6298 section 2.3: alpha is 1/8, beta 1/4. */
    off = of->srtt_us > rtt_us ? of->srtt_us - rtt_us : rtt_us - of->srtt_us;
    of->rttvar_us += (off - of->rttvar_us) / 4;
    of->srtt_us += (rtt_us - of->srtt_us) / 8;
}

void svc__servers_answered(struct svc__servers *s, size_t server)
{
    s->server[server].failures = 0;
    s->server[server].avoid_until_ms = 0;
}

void svc__servers_failed(struct svc__servers *s, size_t server, int64_t sent_us,
                         int64_t now_us)
{
    struct svc__server *of = &s->server[server];

    /* What was sent before the last failure was seen tells nothing new: else
     * one lost second of a busy program would count as sixty failures. */
    if (of->failures == 0 || sent_us > of->failed_us)
        book_failure(of, now_us);
}
