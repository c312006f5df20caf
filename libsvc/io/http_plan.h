/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a request goes to curl, in its form: the URL, where to connect
 * instead of asking for addresses, headers of our own; and what messages call
 * the server. Refuses what must not be sent. Pure; one thread at a time.
 */
#ifndef SVC_IO_HTTP_PLAN_H
#define SVC_IO_HTTP_PLAN_H

#include "io/http.h"
#include "io/http_kept.h"

#include <svc/svc.h>

/* Owned texts; NULL: not needed. */
struct svc__http_plan {
    char *url;           /* its host is the name that TLS asks for and checks */
    char *tls_name;      /* that name */
    char *server;        /* "host:port" */
    char *address;       /* of the host, where it is a name */
    char *proxy;         /* "host:port" */
    char *host;          /* "Host: …", where the URL's would be another one */
    char *authorization; /* "Authorization: Bearer …"; wiped */
    const char *headers[5]; /* all of them that are ours, up to a NULL */
    char *connect_to;       /* for CURLOPT_CONNECT_TO */
    char *resolve;          /* for CURLOPT_RESOLVE */
};

/* 0, SVC_EINVAL, SVC_ENOMEM as svc__http_start. *ret is to be given to fini
 * only after 0. */
int svc__http_plan_init(struct svc__http_plan *ret,
                        const struct svc__http_kept *k,
                        const struct svc__http_request *q, svc_error *reterr);
void svc__http_plan_fini(struct svc__http_plan *p);

#endif
