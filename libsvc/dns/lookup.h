/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that has to be asked to answer one query of a Service by DNS, and
 * what the answers say together: which questions at once, which after them,
 * when half an answer is given out, when it is whole. In step form; the
 * records themselves are read by dns/answer. docs/dns.md has the table of the
 * questions that each form of a name costs. Pure; one thread at a time.
 */
#ifndef SVC_DNS_LOOKUP_H
#define SVC_DNS_LOOKUP_H

#include "dns/wire.h"
#include "model/view.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

#define SVC__LOOKUP_QUESTIONS_MAX                                              \
    80                             /* 2 of the name, 3 SRV, 2 zonal, targets */
#define SVC__LOOKUP_TARGETS_MAX 32 /* SRV targets without addresses */
#define SVC__LOOKUP_PATIENCE_MS 50 /* for the other family (faults D12) */
#define SVC__LOOKUP_KEY_MAX     1024

/* Whether the servers speak zonal names (semantics 2.1). */
enum svc__lookup_zonal {
    SVC__ZONAL_UNKNOWN = 0,
    SVC__ZONAL_YES,
    SVC__ZONAL_NO
};

struct svc__lookup_env {
    const char *source;    /* static: the backend's name */
    const char *topo_zone; /* the caller's topology zone, or NULL */
    enum svc__lookup_zonal zonal;
    const struct svc__view *before; /* what is known so far, or NULL; borrowed
                                       until free: a family that does not
                                       answer keeps its addresses (faults D7) */
    svc__clock_fn trace;            /* NULL, or: write steps down */
};

struct svc__lookup;

/* The text that two queries have in common exactly when one lookup answers
 * both: a port's number is no part of it. 0, or SVC_ETOOBIG for texts that are
 * longer than names are. */
int svc__lookup_key(const struct svc__query *q,
                    char ret[SVC__LOOKUP_KEY_MAX + 1]);

/* Owned; the query's texts are copied. 0; SVC_ENOTSUP for a view that DNS
 * cannot give (node, lb: semantics 2.6, 2.7); SVC_ENAME when a name does not
 * fit into 255 octets; SVC_ENOMEM. */
int svc__lookup_new(const struct svc__query *q,
                    const struct svc__lookup_env *env, struct svc__lookup **ret,
                    svc_error *reterr);
void svc__lookup_free(struct svc__lookup *l);

enum svc__lookup_event_kind {
    SVC__LOOKUP_START,
    SVC__LOOKUP_ANSWERED, /* a question has its whole answer */
    SVC__LOOKUP_FAILED,   /* a question has none */
    SVC__LOOKUP_DUE       /* due_ms of the last action has come */
};

struct svc__lookup_event {
    enum svc__lookup_event_kind kind;
    int64_t now_ms;
    size_t question;                        /* ANSWERED, FAILED: its number */
    const struct svc__wire_message *answer; /* ANSWERED: NOERROR or NXDOMAIN,
                              not cut; borrowed for the call */
    const svc_error *error;                 /* FAILED; borrowed for the call */
    const char *server; /* "10.96.0.10:53 over UDP", for the steps */
    int64_t elapsed_us; /* since it was asked */
};

/* What the answer is, for the cache. */
enum svc__lookup_found {
    SVC__LOOKUP_HAVE,     /* something: endpoints, an alias, or a refusal that
                             is no emptiness (several ports…) */
    SVC__LOOKUP_NXDOMAIN, /* no such name */
    SVC__LOOKUP_NODATA    /* the name is there, without what was asked */
};

struct svc__lookup_action {
    size_t ask_first; /* questions [ask_first, ask_first + ask_count) are to be
                         asked now */
    size_t ask_count;
    struct svc__view *view;       /* owned by the caller, or NULL */
    enum svc__lookup_found found; /* with a view */
    int is_partial;  /* with a view: a family is missing and may still come; or,
                        with is_done, did not come: ask again soon */
    int is_done;     /* no more steps: what is still out is to be dropped.
                        Without a view error says why; with a trace that is in
                        a view with the code and the steps */
    svc_error error; /* code 0: none, and its texts are of no use */
    enum svc__lookup_zonal zonal; /* with is_done: what was learnt */
    int64_t due_ms; /* when to come back with DUE; INT64_MAX: never */
};

/* One step. 0, or SVC_ENOMEM with the lookup over: only free follows, and *ret
 * is of no use. */
int svc__lookup_step(struct svc__lookup *l, const struct svc__lookup_event *ev,
                     struct svc__lookup_action *ret);

/* Question i, borrowed until free. */
const struct svc__wire_question *svc__lookup_question(
    const struct svc__lookup *l, size_t i);

/* The view of one query from that of the lookup: a copy, without steps, in
 * which the number of the port and the protocol asked for are filled in. ttl_ms
 * is as the source said. Owned; NULL when out of memory. */
struct svc__view *svc__lookup_deliver(const struct svc__view *v,
                                      const struct svc__query *q,
                                      svc__clock_fn trace);

#endif
