/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place where a reader meets a new set, and where old ones are let
 * go. The loop publishes; any thread reads, picks, waits and listens. Picks,
 * and taking the set, need no lock (docs/publish.md); what is waited for and
 * listened to is under one plain mutex, never held across a call that waits,
 * allocates or makes a system call on the pick's path.
 */
#ifndef SVC_CORE_PUBLISH_H
#define SVC_CORE_PUBLISH_H

#include "base/list.h"
#include "base/rng.h"
#include "base/sync.h"
#include "base/trouble.h"
#include "core/reader.h"
#include "core/tracks.h"
#include "model/endpoints.h"
#include "policy/budget.h"
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

/* What a pick reads: never changed once it is published. Owned. */
struct svc__snapshot {
    struct svc_endpoints *set; /* one reference; NULL: there is none yet, or
                                  no more */
    int code;                  /* what a pick answers without a policy */
    struct svc__policy policy; /* built for the set, or nothing when it has none
                                  usable */
    struct svc__policy affinity; /* for picks with a key, where the Service
                                    wants it so; or nothing */
    struct svc__tracks *tracks;  /* owned, or NULL: nothing is tracked */
    struct svc__reader_key key;  /* the service's */

    /* loop, once it was replaced */
    struct svc__snapshot *next; /* replaced before it */
    int64_t replaced_ms;        /* 0: not known */
};

struct svc__publish {
    _Atomic(const struct svc__snapshot *) snapshot; /* the newest, never NULL;
                                                       written with the lock */
    int is_fenced;              /* as svc__reader_prepare said; constant */
    char apart[SVC__LINE_SIZE]; /* what is below is written to more often */

    struct svc__mutex lock;    /* guards everything down to the loop's */
    struct svc__cursor cursor; /* of threads that have no record of their own */
    struct svc__rng rng;
    struct svc__budget budget; /* of retries; under the registry's lock */
    struct svc__trouble trouble;
    uint64_t set_event;     /* rises with each set, and when trouble ends */
    uint64_t trouble_event; /* rises with each new trouble */
    struct svc__list listeners;

    /* loop */
    struct svc__reader_key key;     /* begun with the first policy */
    struct svc__snapshot *replaced; /* and perhaps still read, newest first */
    struct svc__list sweep;         /* in *swept, when there are any */
    struct svc__list *swept;
};

/* A set, taken, and the code of its view; no policy yet. NULL, with the set
 * dropped, when out of memory. */
struct svc__snapshot *svc__snapshot_new(struct svc_endpoints *eps);
void svc__snapshot_free(struct svc__snapshot *s); /* not published */

/* 0 or SVC_ENOMEM. Where old snapshots wait for their last reader, it is put on
 * the list swept, which belongs to the loop and lives longer. */
int svc__publish_init(struct svc__publish *p, uint64_t seed,
                      struct svc__list *swept);

/* When nobody can read any more, and the loop has closed it. */
void svc__publish_fini(struct svc__publish *p);

/* Loop: the newest set, borrowed until the next one is published; or NULL. */
const struct svc_endpoints *svc__publish_current(struct svc__publish *p);

/* Loop: the number of the service among all that are picked from. */
uint64_t svc__publish_id(struct svc__publish *p);

/* Loop: a snapshot, taken, with the policy built for its set, becomes the
 * newest. The one before goes with a sweep. Nobody is told of one with the same
 * set. */
void svc__publish_set(struct svc__publish *p, struct svc__snapshot *s);

/* Loop: of all that is on the list, frees the old snapshots that no thread
 * reads; the others stay there for the next sweep. Waits for nobody. */
void svc__publish_sweep(struct svc__list *swept);

/* Loop: trouble of the source, copied; NULL or code 0: it has ended. Repeating
 * the trouble that is there tells nobody. Returns 1 when something changed. */
int svc__publish_trouble(struct svc__publish *p, const svc_error *trouble);

/* Loop: from now on everything answers SVC_ECLOSED, and nothing is swept. */
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

/* One decision from the newest set (core/pick.h). */
struct svc__pick_wish;
int svc__publish_pick(struct svc__publish *p, const struct svc__pick_wish *wish,
                      svc_pick *ret);

/* Whether the budget allows one more retry. With the registry entered. */
int svc__publish_retry(struct svc__publish *p);

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
