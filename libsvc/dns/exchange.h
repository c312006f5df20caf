/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question's way to an answer: which server next, how long to wait, when
 * over TCP, when without EDNS, when to give up. In step form: an event with
 * its time goes in, at most one action comes out. Pure; one thread at a time.
 */
#ifndef SVC_DNS_EXCHANGE_H
#define SVC_DNS_EXCHANGE_H

#include "dns/servers.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

#define SVC__ATTEMPTS_MAX 8 /* packets that one question may cost */

/* From the first packet to giving up: a lone server that nothing is known of is
 * asked four times, the last time for a second (faults D1). Below the five
 * seconds that callers usually wait, so that they hear why. */
#define SVC__EXCHANGE_TOTAL_MS 4500

/* Servers that answer, but not with what counts (SERVFAIL…), or that cannot be
 * reached, are asked again in so many rounds, this long apart, twice as long
 * each time: after 1.4 s at the latest nobody is waited for in vain. */
#define SVC__EXCHANGE_ROUNDS   4
#define SVC__EXCHANGE_PAUSE_MS 200

/* More unwanted packets than this are an attack, or a broken server. */
#define SVC__EXCHANGE_UNWANTED_MAX 10

enum svc__exchange_event_kind {
    SVC__EXCHANGE_START,
    SVC__EXCHANGE_ANSWER,   /* a vetted packet for one of its attempts */
    SVC__EXCHANGE_FAILED,   /* the transport could not: refused, unreachable,
                               cut, out of descriptors */
    SVC__EXCHANGE_UNWANTED, /* a packet with the id but not the question, or
                               broken, was thrown away (faults D10, D11, D21) */
    SVC__EXCHANGE_DUE       /* the time of the last action has come */
};

struct svc__exchange_event {
    enum svc__exchange_event_kind kind;
    int64_t now_us;   /* boot-time clock */
    unsigned attempt; /* ANSWER, FAILED, UNWANTED: of which */
    uint16_t rcode;   /* ANSWER */
    int tc;           /* ANSWER */
    int err;          /* FAILED: SVC_EUNREACH, SVC_ENOMEM, SVC_EPROTO, or
                         SVC_ETOOBIG, which ends it */
};

enum svc__exchange_do {
    SVC__EXCHANGE_WAIT, /* nothing but to wait until due_ms */
    SVC__EXCHANGE_SEND, /* send attempt, then wait until due_ms */
    SVC__EXCHANGE_DONE
};

struct svc__exchange_action {
    enum svc__exchange_do what;
    int64_t due_ms;   /* INT64_MAX: never (DONE, or not begun) */
    int lost;         /* the attempt whose time ran out in this step, or -1. It
                         stays open: a late answer to it is still welcome */
    unsigned attempt; /* SEND: its number, from 0 */
    size_t server;    /* SEND: of svc__servers; DONE: who answered last, and if
                         nobody did, who was asked last */
    int tcp;          /* SEND */
    int edns;         /* SEND: with an OPT record */
    int code; /* DONE: 0 when the answer at hand counts (NOERROR or NXDOMAIN,
                 whole), else SVC_ETIMEDOUT, SVC_EUNREACH, SVC_EPROTO,
                 SVC_ENOMEM, SVC_ETOOBIG (cut over TCP: more than DNS holds,
                 faults D6; or more records than are taken, faults D16) */
    uint16_t rcode; /* DONE: what the last answer said, SERVFAIL… (of server);
                       0 where nobody answered */
};

struct svc__exchange_attempt {
    uint32_t sent_us; /* since the beginning */
    uint8_t server;
    uint8_t flags; /* enum attempt_flag of exchange.c */
};

/* Embedded in each question, so it is small; begins with START. Members are
 * the machine's own. */
struct svc__exchange {
    int64_t began_us;
    int64_t due_ms;
    struct svc__exchange_attempt attempt[SVC__ATTEMPTS_MAX];
    uint8_t attempts;
    uint8_t unwanted; /* stops where it is too many */
    uint8_t state;    /* enum state of exchange.c */
    uint8_t tcp;      /* everything by TCP from now on */
    int8_t avoid;     /* a server not to be asked first, or -1 (confirming) */
    int8_t spoke;     /* who answered last, or -1 */
    uint16_t last_rcode;
    int last_code;
};

/* avoid: index of the server whose answer is to be confirmed by another one if
 * there is any (faults D9), or -1. tcp: 1 when this name is asked by TCP (too
 * many unwanted answers before: faults 3.2). */
void svc__exchange_init(struct svc__exchange *x, int avoid, int tcp);

/* One step; servers are the same ones in all steps. START comes first, and
 * only once. An answer to an earlier attempt counts as long as the exchange
 * runs, also one by UDP while TCP is being tried (faults D25); the first whole
 * NOERROR or NXDOMAIN ends it, whoever says so: that another server may know
 * better is the cache's to find out (faults D9). What does not fit (an attempt
 * that is not there, or has its answer; anything after DONE) changes nothing.
 *
 *   SERVFAIL, REFUSED…  the next server at once, or a pause and a new round
 *   FORMERR, BADVERS    once more without EDNS, then the next server
 *   cut over UDP        the same server over TCP at once (faults D4)
 *   cut over TCP        SVC_ETOOBIG (faults D6)
 *   failed              as SERVFAIL; SVC_ENOMEM: again after a pause
 *   unwanted            nothing; too many: over TCP, and no UDP answer counts
 *   no answer in time   the next server; each waits twice as long when asked
 *                       again. Where unwanted packets came by UDP: the same
 *                       server over TCP (faults D11)
 *
 * In the end: SVC_ENOMEM or the transport's code when that was the last
 * failure, SVC_EUNREACH when a server refused (semantics 2.11, 12), SVC_EPROTO
 * when only unwanted packets came, else SVC_ETIMEDOUT. */
void svc__exchange_step(struct svc__exchange *x, struct svc__servers *servers,
                        const struct svc__exchange_event *event,
                        struct svc__exchange_action *ret);

/* Whether too many unwanted packets came, so that this name goes by TCP for
 * the next five minutes (faults 3.2: more than 10). */
int svc__exchange_is_suspect(const struct svc__exchange *x);

#endif
