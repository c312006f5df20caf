/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks questions of the servers: equal questions once, no more on their way
 * than the window lets out, each by an exchange over the transport. Thread
 * that dispatches.
 */
#ifndef SVC_BACKEND_DNS_ASK_H
#define SVC_BACKEND_DNS_ASK_H

#include "backend/backend.h"
#include "backend/dns_servers.h"
#include "base/list.h"
#include "dns/wire.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

struct svc__dns_ask;

/* How a question ended. Borrowed until done returns. */
struct svc__dns_reply {
    int code; /* 0: answer is whole, NOERROR or NXDOMAIN; else error says */
    const struct svc__wire_message *answer;
    const svc_error *error;
    size_t server;      /* who answered, or was asked last */
    int is_tcp;         /* how */
    int is_suspect;     /* many packets for it were thrown away */
    const char *via;    /* "10.96.0.10:53 over UDP" */
    int64_t elapsed_us; /* since it was asked */
};

/* Somebody who waits for a question; embedded, zeroed before the first use. */
struct svc__dns_want {
    struct svc__list link;
    void *question;
    int64_t asked_us;
    void (*done)(struct svc__dns_want *w, const struct svc__dns_reply *reply);
};

/* Called on the loop whenever more could be asked at once; may want more. */
struct svc__dns_idle {
    void (*fn)(void *arg);
    void *arg;
};

/* Owned; servers is borrowed until free. 0 or SVC_ENOMEM, SVC_ENOTSUP. */
int svc__dns_ask_new(const struct svc__backend_env *env,
                     const struct svc__dns_servers *servers,
                     struct svc__dns_idle idle, struct svc__dns_ask **ret,
                     svc_error *reterr);
/* No done is called any more. NULL is allowed. */
void svc__dns_ask_free(struct svc__dns_ask *a);

/* Whether a question that is wanted now would go out in this round: none waits
 * for the window, which is open. */
int svc__dns_ask_is_idle(const struct svc__dns_ask *a);

/* Asks; avoid is the index of a server whose word is to be confirmed by
 * another one, or -1, and part of what makes questions equal. done is called
 * once, later, never from inside. 0 or SVC_ENOMEM with nothing begun. */
int svc__dns_ask_want(struct svc__dns_ask *a, struct svc__dns_want *w,
                      const struct svc__wire_question *q, int avoid);

/* No done any more; harmless when it was called already. */
void svc__dns_ask_unwant(struct svc__dns_ask *a, struct svc__dns_want *w);

/* The servers are others now: what is out is asked again of them. 0, or
 * SVC_ENOMEM, and then the old ones stay. */
int svc__dns_ask_restart(struct svc__dns_ask *a, svc_error *reterr);

#endif
