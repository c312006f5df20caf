/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When which connection attempt begins (RFC 8305 section 5): one endpoint after
 * the other, each as soon as the one before it failed or was silent for a
 * while; the first that connects wins. In step form: an event with its time
 * goes in, one action comes out. Knows attempts by number, no address and no
 * socket. Pure; one thread at a time.
 */
#ifndef SVC_POLICY_RACE_H
#define SVC_POLICY_RACE_H

#include "model/address.h"

#include <stdint.h>
#include <svc/svc.h>

/* Endpoints that one connection may cost. */
#define SVC__RACE_ATTEMPTS_MAX 8

/* The Connection Attempt Delay, and the least that it is cut down to where the
 * time would not do for four attempts (RFC 8305 section 8). */
#define SVC__RACE_DELAY_MS     250
#define SVC__RACE_DELAY_MIN_MS 100

enum svc__race_event_kind {
    SVC__RACE_START,
    SVC__RACE_BEGUN,  /* the attempt that was to begin is under way, whatever
                         becomes of it in the same moment */
    SVC__RACE_NOBODY, /* it did not begin: nobody is left now */
    SVC__RACE_CONNECTED,
    SVC__RACE_FAILED,
    SVC__RACE_DUE /* the time of the last action has come */
};

struct svc__race_event {
    enum svc__race_event_kind kind;
    int64_t now_ms;          /* boot-time clock */
    unsigned attempt;        /* CONNECTED, FAILED: which */
    int error;               /* FAILED: an errno */
    enum svc__family family; /* BEGUN: whose address it is */
};

enum svc__race_do {
    SVC__RACE_WAIT,  /* nothing but to wait until due_ms */
    SVC__RACE_BEGIN, /* begin attempt, and tell BEGUN or NOBODY */
    SVC__RACE_DONE
};

struct svc__race_action {
    enum svc__race_do what;
    int64_t due_ms;          /* WAIT */
    unsigned attempt;        /* BEGIN: its number, from 0; DONE: who won */
    enum svc__family family; /* BEGIN: the one to be preferred */
    int code; /* DONE: 0; SVC_ETIMEDOUT: somebody was silent to the end;
                 SVC_EUNREACH: all failed; SVC_ENOMEM: no memory or descriptors
                 for the next one; SVC_ENOENDPOINTS: there was nobody at all */
};

struct svc__race_attempt {
    int64_t began_ms;
    int error;      /* 0: under way, or the winner */
    uint8_t family; /* enum svc__family */
    uint8_t is_over;
};

/* Begins with START. Members are the machine's own. */
struct svc__race {
    int64_t deadline_ms; /* INT64_MAX: none */
    int64_t due_ms;
    int delay_ms;
    unsigned count;
    struct svc__race_attempt attempts[SVC__RACE_ATTEMPTS_MAX];
    uint8_t state;    /* enum state of race.c */
    uint8_t is_spent; /* no other one is to begin: descriptors are short */
};

void svc__race_init(struct svc__race *race, int64_t deadline_ms);

/* One step. START comes first, and only once; to BEGIN the next event is BEGUN
 * or NOBODY. What does not fit (an attempt that is not there or is over,
 * anything after DONE) changes nothing.
 *
 *   begun      the next one begins after the delay, if this one is silent
 *   nobody     asked again after the delay, if somebody is silent
 *   failed     the next one begins at once, if nobody began after this one
 *   connected  done
 *
 * Each prefers the other family than the one before it, so that one that leads
 * nowhere costs one delay (RFC 8305 section 4). The first one begins whatever
 * the time is, so that without any time there is one look. */
void svc__race_step(struct svc__race *race, const struct svc__race_event *event,
                    struct svc__race_action *ret);

/* How an attempt has gone (enum svc_outcome), once it failed or the race is
 * done. One that was silent for less than a delay, or for which we had no
 * descriptor or port, is CANCELLED: that says nothing of the endpoint. */
int svc__race_outcome(const struct svc__race *race, unsigned attempt,
                      int64_t now_ms);

#endif
