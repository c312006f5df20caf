/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place where a reader meets a new set, and where old ones are let
 * go. The loop publishes; any thread reads, picks, waits and listens. One
 * plain mutex, held for a few loads and stores and never across a call that
 * waits, allocates or makes a system call on the pick's path.
 */
#ifndef SVC_CORE_PUBLISH_H
#define SVC_CORE_PUBLISH_H

#include "base/list.h"
#include "base/rng.h"
#include "base/sync.h"
#include "base/trouble.h"
#include "model/endpoints.h"
#include "policy/policy.h"

#include <stdint.h>
#include <svc/svc.h>

/* Somebody with a descriptor who wants to know of news; embedded. */
struct svc__listener {
    struct svc__list link;
    int fd;                /* eventfd, made readable by news */
    uint64_t seen_set;     /* the last set_event taken */
    uint64_t seen_trouble; /* the last trouble_event taken */
};

struct svc__publish {
    _Atomic uint64_t hand;  /* what readers take without the lock: the set's
                               address, and in the upper 16 bits how many
                               references were taken from it */
    struct svc__mutex lock; /* guards everything below */
    struct svc_endpoints *current; /* NULL before the first answer */
    struct svc__policy policy;     /* built for current, or nothing when it has
                                      none usable */
    struct svc__cursor cursor;
    struct svc__rng rng;
    struct svc__trouble trouble;
    uint64_t set_event;     /* rises with each set, and when trouble ends */
    uint64_t trouble_event; /* rises with each new trouble */
    int closed;
    struct svc__list listeners;
};

/* 0 or SVC_ENOMEM. */
int svc__publish_init(struct svc__publish *p, uint64_t seed);
void svc__publish_fini(struct svc__publish *p);

/* Loop: eps becomes the newest set, with the policy built for it (or NULL, when
 * nothing is usable); both taken. */
void svc__publish_set(struct svc__publish *p, struct svc_endpoints *eps,
                      const struct svc__policy *policy);

/* Loop: trouble of the source, copied; NULL or code 0: it has ended. Repeating
 * the trouble that is there tells nobody. Returns 1 when something changed. */
int svc__publish_trouble(struct svc__publish *p, const svc_error *trouble);

/* Loop: from now on everything answers SVC_ECLOSED. */
void svc__publish_close(struct svc__publish *p);

/* The code of a set, 0 when an endpoint of it is usable, with its story. */
int svc__publish_code(const struct svc_endpoints *eps, svc_error *reterr);

/* The newest set, shared, or NULL. */
struct svc_endpoints *svc__publish_get(struct svc__publish *p);

/* Whether there is a definite answer: 1 and its code in *ret_code (0 when an
 * endpoint is usable), with the story in reterr when it is not 0; or 0 with
 * nothing filled. A trouble that will not pass by itself is definite while
 * there is no set. */
int svc__publish_answer(struct svc__publish *p, int *ret_code,
                        svc_error *reterr);

/* Waits for an answer as above until deadline_ms; returns its code, else the
 * trouble's, else SVC_EAGAIN with nothing filled. */
int svc__publish_wait(struct svc__publish *p, int64_t deadline_ms,
                      svc_error *reterr);

/* The trouble's code, 0, SVC_EAGAIN or SVC_ECLOSED; fills ret. */
int svc__publish_status(struct svc__publish *p, svc_error *ret);

/* One decision from the newest set. */
int svc__publish_pick(struct svc__publish *p, const struct svc__pick_ctx *ctx,
                      svc_pick *ret);

/* Begins and ends listening; listener->fd is set. What is there now is news to
 * a new listener. */
void svc__publish_listen(struct svc__publish *p, struct svc__listener *l);
void svc__publish_unlisten(struct svc__publish *p, struct svc__listener *l);

/* What is new to a listener: 0 with *ret shared, the code of a trouble, or
 * SVC_EAGAIN; waits until deadline_ms for it. */
int svc__publish_next(struct svc__publish *p, struct svc__listener *l,
                      int64_t deadline_ms, struct svc_endpoints **ret,
                      svc_error *reterr);

#endif
