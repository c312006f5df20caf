/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of a pool of connections, copied and judged. Keys are wiped when
 * they go. One thread at a time.
 */
#ifndef SVC_IO_HTTP_KEPT_H
#define SVC_IO_HTTP_KEPT_H

#include "io/http.h"
#include "io/http_url.h"

#include <svc/svc.h>

struct svc__http_kept {
    struct svc__loop *loop;
    char *user_agent;
    char *proxy;                   /* URL, or NULL */
    struct svc__http_url proxy_at; /* of it; port is never 0 */
    char *tls_server_name;         /* or NULL */
    struct svc__http_pem ca;       /* owned texts, or NULL */
    struct svc__http_pem certificate;
    struct svc__http_pem key;
    int insecure;
};

/* 0; SVC_ENOMEM, SVC_EAUTH, SVC_EINVAL as svc__http_new. *ret, zeroed before,
 * is to be given to fini also after a failure. */
int svc__http_kept_init(struct svc__http_kept *ret,
                        const struct svc__http_settings *settings,
                        svc_error *reterr);
void svc__http_kept_fini(struct svc__http_kept *k);

#endif
