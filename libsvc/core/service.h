/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An opened service: a chain of subscriptions (the name asked, then what its
 * aliases lead to), and the set published from the end of it.
 */
#ifndef SVC_CORE_SERVICE_H
#define SVC_CORE_SERVICE_H

#include "backend/backend.h"
#include "base/list.h"
#include "base/trouble.h"
#include "core/balance.h"
#include "core/memo.h"
#include "core/publish.h"
#include "core/resolver.h"
#include "core/source.h"
#include "model/name.h"

#include <stdint.h>
#include <svc/svc.h>

/* CoreDNS follows at most this many aliases, and so do we (semantics 2.8). */
#define SVC__ALIASES_MAX 11

/* One subscription of the chain. */
struct svc__hop {
    struct svc__sub sub;
    struct svc_service *service;
    struct svc__source *source;   /* one use; NULL for an address */
    const struct svc__name *name; /* the service's, or own */
    struct svc__name *own;        /* of an alias's target, or NULL */
    char *alias; /* what the hop before said, or NULL for the first */
    enum svc__type alias_type; /* and which type of Service said it */
    char *port_name;           /* asked for here, or NULL */
    int subscribed;
    int is_heard;           /* it was told something */
    struct svc__view *view; /* delivered and not yet published; one that is an
                               alias stays until the next one */
    int64_t confirmed_ms;   /* of the last view; -1: its source tells changes */
    struct svc__trouble trouble;
    int is_news; /* that is for the log: no other service told it */
};

struct svc_service {
    struct svc__refs refs; /* the caller's, the loop's, each watch's, and of who
                              explains it */
    svc_resolver *r;       /* one reference */
    struct svc__name name;
    char *text; /* as the caller wrote it */
    struct svc__service_settings settings;
    const struct svc__backend_ops *ops; /* of the name itself; NULL: no source
                                           is needed */
    int is_picked;       /* the caller's own: others need no policy */
    uint64_t seed;       /* of that */
    svc__clock_fn trace; /* NULL, or: write steps down, for explain */
    int64_t opened_us;   /* with trace: when it was asked, and read */
    int64_t named_us;
    struct svc__freshness *freshness;
    struct svc__memo_entry *memo; /* owned, kept in the memo or no more; NULL
                                     when a caller opened it */
    struct svc__publish publish;
    struct svc__balance balance;
    svc_service *explained; /* with trace: the one that is explained; one
                               reference, for the loop may judge this one
                               after the caller has its answer */

    /* under r->lock */
    struct svc__list command;
    struct svc__list listed; /* in r->listed, or in none */
    int closing;

    /* loop */
    struct svc__list link;                       /* in r->services, when open */
    struct svc__list dirty;                      /* in r->dirty */
    struct svc__source *source;                  /* of ops, kept over retries */
    struct svc__hop *hops[SVC__ALIASES_MAX + 1]; /* the first is first_hop */
    size_t hop_count;
    struct svc__hop first_hop; /* most have no other */
    struct svc__timer timer;   /* to publish again, or to try again */
    int timer_retries;         /* what it is set for */
    int64_t published_ms;      /* when a set was last judged and, if it is
                                  another, published; INT64_MIN: never */
    int is_due;                /* its set is to be judged anew */
    int is_enlisted;           /* in the registry */
    uint64_t generation;
};

/* What is asked for when a service is opened. Borrowed for the call. */
struct svc__request {
    const char *name;
    const svc_service_options *options; /* or NULL */
    svc__clock_fn trace;                /* NULL but for explain */
    svc_service *explained;             /* the same: which one is explained */
    struct svc__memo_entry *memo;       /* taken on success; or NULL */
    const struct svc__backend_ops *ops; /* asks this one for a Service without
                                           a scheme; NULL: as the options say */
    int is_picked; /* the caller's own: it is picked from, and told in
                      statistics */
};

/* Any thread: as svc_service_new and _free. */
int svc__service_new(svc_resolver *r, const struct svc__request *request,
                     svc_service **ret, svc_error *reterr);
void svc__service_free(svc_service *s);
void svc__service_unref(svc_service *s);

/* Waits for the first definite answer: any thread with an internal loop, else
 * dispatching. */
int svc__service_wait(svc_service *s, int timeout_ms, svc_error *reterr);

/* Loop: carries out a command: opens it, or takes what is asked for since; the
 * loop's reference goes with close. */
void svc__service_command(svc_service *s);
void svc__service_close(svc_service *s);

/* Loop: its set (of a svc_service) is to be judged anew. */
void svc__service_judge(void *service);

/* Loop: publishes what its chain has delivered. */
void svc__service_flush(svc_service *s);

/* The sink of the backends: they queue, nothing more. */
void svc__service_update(struct svc__sub *sub, struct svc__view *view);
void svc__service_fail(struct svc__sub *sub, const svc_error *error);

#endif
