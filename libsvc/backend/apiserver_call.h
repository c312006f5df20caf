/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the API server: waits for credentials and for the addresses of
 * its name, then hands over to io/http. One pool of connections for each set
 * of TLS credentials; an old one lives as long as its requests. Knows no
 * resource. Thread that dispatches.
 */
#ifndef SVC_BACKEND_APISERVER_CALL_H
#define SVC_BACKEND_APISERVER_CALL_H

#include "backend/apiserver_login.h"
#include "backend/backend.h"
#include "io/http.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* The server's address that was found is used for so long, for the requests
 * that begin together; later ones ask again (faults A29). */
#define SVC__CALL_ADDRESS_MS 5000

struct svc__apiserver; /* the server, and the way to it */

/* One request, embedded in its owner; zeroed before the first start. Each
 * callback may stop, start and free any call. */
struct svc__apiserver_call {
    /* From the caller, borrowed until done or stop. */
    const char *path; /* "/api/v1/…?query" */
    const char *body; /* JSON to be posted, or NULL: GET */
    int authorize;    /* read the credentials anew first */
    int64_t total_ms; /* until the response is whole; 0: no bound */
    int min_rate;     /* bytes a second that the body must bring; or 0 */
    void (*answered)(struct svc__apiserver_call *call); /* or NULL */
    void (*data)(struct svc__apiserver_call *call, const char *bytes,
                 size_t size);
    /* As svc__http_request.done; never from inside start. */
    void (*done)(struct svc__apiserver_call *call, int err,
                 const svc_error *error);
    void *arg;

    struct svc__http_request http; /* the response's members are its own */

    /* its own */
    struct svc__list link; /* of those that wait, or that run */
    struct svc__apiserver *server;
    void *pool;
    int is_open;
};

/* Reads the configuration. Owned. 0 or what svc__apiserver_login_init says. */
int svc__apiserver_new(const struct svc__backend_env *env,
                       struct svc__apiserver **ret, svc_error *reterr);
/* Calls that run end without done. NULL is allowed. */
void svc__apiserver_free(struct svc__apiserver *server);

/* Who we are to it, and its URL ("https://10.96.0.1:443"). Borrowed until the
 * next round. */
const struct svc__apiserver_login *svc__apiserver_login(
    const struct svc__apiserver *server);

void svc__apiserver_start(struct svc__apiserver *server,
                          struct svc__apiserver_call *call);
/* No call of done any more; harmless when it does not run. */
void svc__apiserver_stop(struct svc__apiserver_call *call);

/* Bytes of responses so far. */
uint64_t svc__apiserver_received(const struct svc__apiserver *server);

#endif
