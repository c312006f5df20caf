/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list/watch machine of one resource (semantics 2.10): which request is
 * made next and when, whether an object counts, when what was collected
 * replaces what was known, how long to wait after a failure. In step form: an
 * event with its time goes in, an action comes out. It knows no object but its
 * resourceVersion. Pure; one thread at a time.
 */
#ifndef SVC_KUBE_REFLECTOR_H
#define SVC_KUBE_REFLECTOR_H

#include "base/buf.h"
#include "kube/event.h"

#include <stdint.h>
#include <svc/svc.h>

/* Back-off of failures: doubled up to the maximum, full jitter, from the start
 * again after so long in health (semantics 2.10). When one 403 followed the
 * other for so long it is believed, and asked again after a random time within
 * its own bounds (docs/architecture.md): an API server that has just begun
 * knows no roles yet, and refuses everybody. */
#define SVC__REFLECTOR_PAUSE_MS      800
#define SVC__REFLECTOR_PAUSE_MAX_MS  30000
#define SVC__REFLECTOR_HEALTHY_MS    120000
#define SVC__REFLECTOR_DENIED_MS     20000
#define SVC__REFLECTOR_DENIED_MIN_MS 300000
#define SVC__REFLECTOR_DENIED_MAX_MS 600000

/* A watch asks for an end within these bounds, and is given this much longer
 * before it is cut (faults A20). After its first bookmark it is also cut when
 * nothing came for so long (faults A19). */
#define SVC__REFLECTOR_WATCH_MIN_S 300
#define SVC__REFLECTOR_WATCH_MAX_S 600
#define SVC__REFLECTOR_GRACE_MS    30000
#define SVC__REFLECTOR_SILENCE_MS  180000

enum svc__reflector_resource {
    SVC__RESOURCE_SERVICES,
    SVC__RESOURCE_SLICES,
    SVC__RESOURCE_NODES
};

/* A list ends within so long, in so many parts; one that a watch begins with is
 * never silent for so long. */
#define SVC__REFLECTOR_LIST_MS    300000
#define SVC__REFLECTOR_PARTS_MAX  100
#define SVC__REFLECTOR_COLLECT_MS 30000

/* The document of one event ends within so long (faults A22). */
#define SVC__REFLECTOR_DOCUMENT_MS 30000

/* What is listened to; strings borrowed as long as the machine lives. */
struct svc__reflector_scope {
    enum svc__reflector_resource resource;
    const char *namespace_; /* NULL for nodes */
    const char *service;    /* one Service and its slices; NULL: all */
};

enum svc__reflector_event_kind {
    SVC__REFLECTOR_START,    /* begin, or be in a hurry: ends a pause */
    SVC__REFLECTOR_OBJECT,   /* an event of the watch, or an item of the list */
    SVC__REFLECTOR_LISTED,   /* the list's document is whole */
    SVC__REFLECTOR_BYTES,    /* a 2xx began, or some of its body came */
    SVC__REFLECTOR_DOCUMENT, /* what came of a watch ends in another one than
                                before, or in none */
    SVC__REFLECTOR_ENDED,    /* the request that ran is over */
    SVC__REFLECTOR_DUE       /* the time of the last action has come */
};

struct svc__reflector_event {
    enum svc__reflector_event_kind kind;
    int64_t now_ms; /* boot-time clock */

    /* OBJECT. Of a list: ADDED. */
    enum svc__event_type type;
    const char *version;
    int is_initial_end;
    const struct svc__status *status; /* type ERROR */

    int is_inside; /* DOCUMENT: it ends in one */

    /* LISTED: version (above), and metadata.continue, or "". */
    const char *more;

    /* ENDED. */
    int err;                /* 0: the response came whole. SVC_EUNREACH: no
                               connection, cut, silent. SVC_EAUTH: TLS, no
                               credentials. SVC_EPROTO, SVC_ETOOBIG: what
                               came cannot be read. SVC_ENOMEM */
    const svc_error *error; /* with err: the story */
    int http_status;        /* 0: there was no response */
    int64_t retry_after_ms; /* -1: not said */
    const struct svc__status *body; /* http_status is no 2xx: what it says */
};

enum svc__reflector_do {
    SVC__REFLECTOR_GO_ON,   /* let run what runs, if anything */
    SVC__REFLECTOR_REQUEST, /* end what runs and send the request that
                               svc__reflector_url writes */
    SVC__REFLECTOR_PAUSE    /* end what runs */
};

/* What becomes of the object of an OBJECT event. */
enum svc__reflector_fate {
    SVC__REFLECTOR_IGNORE,
    SVC__REFLECTOR_APPLY,   /* to what is known */
    SVC__REFLECTOR_DELETE,  /* from what is known */
    SVC__REFLECTOR_COLLECT, /* to what will replace it */
    SVC__REFLECTOR_DISCARD  /* from what will replace it */
};

struct svc__reflector_action {
    enum svc__reflector_do what;
    enum svc__reflector_fate fate;
    int forget;     /* first: what was collected is void */
    int begin;      /* the request begins to collect */
    int commit;     /* what was collected replaces what was known */
    int is_rewound; /* with it: whatever is known, though it may be newer, since
                       history went back (faults A26) */
    int authorize;  /* the next request needs credentials that were read anew */
    int64_t due_ms; /* when to give DUE; INT64_MAX: never */
};

struct svc__reflector_stats {
    uint64_t lists;   /* begun, by watch-list or LIST */
    uint64_t watches; /* begun */
    uint64_t events;  /* that counted */
    uint64_t bookmarks;
    uint64_t expired;  /* 410 in any form */
    uint64_t failures; /* requests that failed */
};

struct svc__reflector;

/* seed makes its random times. Owned; NULL when out of memory. */
struct svc__reflector *svc__reflector_new(
    const struct svc__reflector_scope *scope, uint64_t seed);
void svc__reflector_free(struct svc__reflector *rf);

/* Takes an event. Events that cannot be (OBJECT with nothing running) are
 * ignored: GO_ON. Bounded in requests a minute, whatever the server does.
 *
 *   end of a watch   the next one from its version: at once, or within 0.8 s
 *                    where many may have lost theirs (faults A33); one that
 *                    brought nothing is a failure, three also list anew (A21)
 *   cut              the same, but a failure never lists anew (A1)
 *   401              at once with new credentials, then a failure (A6)
 *   403, 404, TLS    after long, the first after minutes (A2, A7, A9)
 *   410, a version   everything is listed: within 0.8 s, if it was not so in
 *   that goes back   the last two minutes, else a failure (A11, A26)
 *   another 4xx, 501 of a watch-list: by LIST for life; else a failure, and
 *                    everything is listed
 *   429, 5xx         a failure; not before the server's wish (A12, A13)
 *   unreadable, or   a failure, and everything is listed: what was given out
 *   SVC_ENOMEM       last may be lost (J2). So is a commit that failed
 *   silence          as cut (A19); before the list is whole: by LIST for life
 *   half an event    as cut; one that nothing came before is a failure, three
 *                    also list anew (A22)
 */
void svc__reflector_step(struct svc__reflector *rf,
                         const struct svc__reflector_event *event,
                         struct svc__reflector_action *ret);

/* The next 403 is no news, since a wider scope is refused for long: it is
 * believed at once, unless something went well before. */
void svc__reflector_believe(struct svc__reflector *rf);

/* Appends path and query of the request to be made, from "/api…". 0 or
 * SVC_ENOMEM. */
int svc__reflector_url(const struct svc__reflector *rf, struct svc__buf *b);

/* Whether the request that runs is answered by events, not by one list. */
int svc__reflector_is_watch(const struct svc__reflector *rf);

/* Whether a whole list was committed, ever. What is known stays through all
 * troubles. */
int svc__reflector_is_synced(const struct svc__reflector *rf);

/* Why it is not up to date: fills reterr and returns its code, with verb,
 * resource and namespace in the message, and the right to grant in the hint
 * (SVC_EAUTH: 401, 403; also SVC_EUNREACH, SVC_EPROTO, SVC_ETOOBIG,
 * SVC_ENOTSUP: no such API group). 0: it is, or its first request runs. */
int svc__reflector_trouble(const struct svc__reflector *rf, svc_error *reterr);

/* Whether the last trouble was 403: SVC_EAUTH that only somebody with rights
 * can cure. */
int svc__reflector_is_denied(const struct svc__reflector *rf);

/* … and was so for SVC__REFLECTOR_DENIED_MS: it is believed. */
int svc__reflector_is_denied_for_long(const struct svc__reflector *rf);

/* The position in the stream: the last resourceVersion, or "". Borrowed until
 * the next step. */
const char *svc__reflector_version(const struct svc__reflector *rf);

void svc__reflector_stats(const struct svc__reflector *rf,
                          struct svc__reflector_stats *ret);

#endif
