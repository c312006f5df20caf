/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that svc_resolver_resolve was asked for, each with a service that stays
 * open for some five seconds behind the last call, so that asking again costs
 * one lock and no allocation. However many threads ask for a name that is not
 * there yet, one service is opened for it.
 */
#ifndef SVC_CORE_MEMO_H
#define SVC_CORE_MEMO_H

#include "base/list.h"
#include "base/sync.h"
#include "io/loop.h"
#include "model/endpoints.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

#define SVC__MEMO_MAX      10000
#define SVC__MEMO_SWEEP_MS 2500
#define SVC__MEMO_SWEEPS   2 /* that an entry stays without a use between */

/* One name with its options. Its service frees it. Under the memo's lock. */
struct svc__memo_entry {
    struct svc__memo_entry *next; /* in its bucket */
    uint64_t hash;
    struct svc_endpoints *eps; /* the newest set; NULL before there is one */
    const char *message; /* of a set without usable endpoints, and hint: */
    const char *hint;    /* borrowed from eps */
    uint16_t message_size;
    uint16_t hint_size;
    int code;
    uint32_t key_size;
    uint32_t spare;   /* references to eps, to be handed out */
    uint32_t waiting; /* callers: the last of them lets go what was taken out */
    uint8_t is_kept;  /* 0: it was taken out, and takes no set any more */
    uint8_t is_used;  /* since the last look */
    uint8_t idle;     /* sweeps since it was used */
    svc_service *s;   /* one reference while kept or waited for */
    struct svc__list link;
    char key[];
};

struct svc__memo {
    struct svc__mutex lock; /* guards what is not the loop's */
    struct svc__memo_entry **buckets;
    size_t mask; /* buckets - 1 */
    size_t count;
    struct svc__list entries; /* those not used for long are in front */
    int closed;               /* keeps no new ones */
    struct svc__timer timer;  /* loop: set while there are entries */
    int64_t tick; /* with an external loop: of the last round for a hit */
};

/* 0 or SVC_ENOMEM. */
int svc__memo_init(struct svc__memo *m, svc_resolver *r);
void svc__memo_fini(struct svc__memo *m);

/* What svc_resolver_resolve is asked. Borrowed for the call. */
struct svc__memo_question {
    const char *name;
    const svc_service_options *options; /* or NULL */
    int timeout_ms;
};

/* As svc_resolver_resolve. Any thread, or dispatching. */
int svc__memo_resolve(svc_resolver *r, const struct svc__memo_question *q,
                      struct svc_endpoints **ret, svc_error *reterr);

/* Loop: eps is the newest set of the entry's service; it gets a reference. */
void svc__memo_set(struct svc__memo *m, struct svc__memo_entry *e,
                   struct svc_endpoints *eps);

/* Loop: a service that the memo keeps was opened: from now on it is looked
 * after. */
void svc__memo_begin(svc_resolver *r);

/* Loop: a source is full of names. Lets some of those go that are kept in case
 * that they are asked for again, so that the next commands make room. 0: there
 * are none. */
int svc__memo_give_way(struct svc__memo *m);

/* Lets all go, and keeps no new ones. Any thread; the timer stays as it is. */
void svc__memo_close(struct svc__memo *m);

#endif
