/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's own Node, for its zone: got once, into the store, where the
 * caller knows its Node and not its zone. Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_ZONE_H
#define SVC_BACKEND_APISERVER_ZONE_H

#include "backend/apiserver_call.h"
#include "base/buf.h"
#include "kube/store.h"

#include <svc/svc.h>

/* After a failure again; a Node's zone does not change while it lives. */
#define SVC__ZONE_RETRY_MS  30000
#define SVC__ZONE_DENIED_MS 600000

/* How long the first sets wait for it. */
#define SVC__ZONE_WAIT_MS 2000

struct svc__apiserver_zone {
    int is_pending;             /* sets wait for it */
    void (*changed)(void *arg); /* is_pending ended, or the zone is known */
    void *arg;

    /* its own */
    const struct svc__backend_env *env;
    struct svc__apiserver *server;
    struct svc__store *store;
    struct svc__apiserver_call call;
    struct svc__buf path;
    struct svc__buf body;
    struct svc__timer timer;
    int is_told; /* a failure was logged */
};

/* Begins, if there is something to be known; changed and arg were filled in. 0
 * or SVC_ENOMEM. */
int svc__apiserver_zone_init(struct svc__apiserver_zone *z,
                             const struct svc__backend_env *env,
                             struct svc__apiserver *server,
                             struct svc__store *store);
void svc__apiserver_zone_fini(struct svc__apiserver_zone *z);

#endif
