/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the connections to the API server go: its addresses, or those of the
 * proxy before it. Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_ROUTE_H
#define SVC_BACKEND_APISERVER_ROUTE_H

#include "backend/backend.h"
#include "backend/host.h"
#include "kube/config.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

struct svc__apiserver_route {
    uint64_t generation; /* rises when the proxy is another one */

    /* its own */
    const struct svc__backend_env *env;
    void (*ready)(void *arg);
    void *arg;
    char *host; /* looked up, or being looked up; NULL: none yet */
    struct svc__host *lookup;
    svc_error error; /* of the last look-up; code 0: none */
    char addresses[SVC__HOST_ADDRESSES_MAX][SVC_ADDRESS_TEXT_SIZE];
    size_t count;
    size_t at;        /* which is next */
    int64_t found_ms; /* when; INT64_MIN: never */
    char *proxy;      /* URL, or NULL */
};

/* ready is called when a look-up that need waited for has ended. */
void svc__apiserver_route_init(struct svc__apiserver_route *r,
                               const struct svc__backend_env *env,
                               void (*ready)(void *arg), void *arg);
void svc__apiserver_route_fini(struct svc__apiserver_route *r);

/* Finds the way to the server of a configuration. 0: there is one. 1: a name is
 * looked up, ready will be called. Else SVC_EUNREACH, SVC_ENOTSUP, SVC_EFILE
 * (a URL that cannot be), SVC_ENOMEM. */
int svc__apiserver_route_need(struct svc__apiserver_route *r,
                              const struct svc__config *config,
                              svc_error *reterr);

/* After need: the address to connect to, which is the proxy's if there is one;
 * the proxy, or NULL. Borrowed until the next need. */
const char *svc__apiserver_route_address(const struct svc__apiserver_route *r);
const char *svc__apiserver_route_proxy(const struct svc__apiserver_route *r);

/* Nobody answered at that address. */
void svc__apiserver_route_failed(struct svc__apiserver_route *r);

#endif
