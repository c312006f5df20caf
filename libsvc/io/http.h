/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests over libcurl's multi interface, driven by the loop. Knows
 * nothing of Kubernetes. One pool of connections for one server and one set of
 * TLS credentials (faults 3.4). The only file that includes curl.h. Thread
 * that dispatches; makes no thread, raises no signal.
 *
 * What is fixed: HTTP/1.1 over TLS 1.2 or later (plain only where the URL says
 * http), certificate and host checked unless told otherwise, only the given CA
 * (no system CAs beside it), no redirects, no cookies, no netrc, no
 * compression, no authentication but what the caller gives, no proxy but the
 * given one, no look-up of names by curl: the address is given.
 */
#ifndef SVC_IO_HTTP_H
#define SVC_IO_HTTP_H

#include "io/loop.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Response headers of one request (faults A23), and how long a connection and
 * its TLS may take. A dead connection is found by the kernel within 30 s
 * (TCP_USER_TIMEOUT and keep-alive 10/5/3: faults A18). */
#define SVC__HTTP_HEADERS_MAX ((size_t)64 * 1024)
#define SVC__HTTP_CONNECT_MS  10000

struct svc__http;

/* PEM text; NULL: none. */
struct svc__http_pem {
    const char *text;
    size_t size;
};

/* Copied. */
struct svc__http_settings {
    struct svc__loop *loop;
    const char *user_agent;
    const char *proxy;       /* URL (http, https, socks5), or NULL: none,
                                whatever the environment says. socks5:// leaves
                                names to the proxy too */
    struct svc__http_pem ca; /* none: the system's CAs */
    struct svc__http_pem certificate; /* of the client, with key, or none */
    struct svc__http_pem key;
    const char *tls_server_name; /* to be checked instead of the URL's host, or
                                    NULL */
    int insecure;                /* the server's certificate is not checked */
};

/* Owned. 0; SVC_ENOMEM; SVC_ENOTSUP when the running libcurl is too old or
 * lacks what is needed; SVC_EAUTH for text that is no PEM, or a key with a pass
 * phrase; SVC_EINVAL for a proxy that cannot be. */
int svc__http_new(const struct svc__http_settings *settings,
                  struct svc__http **ret, svc_error *reterr);
/* Requests that run end without a call of done. NULL is allowed. Not from
 * inside a callback. After a fork: closes its descriptors, leaks
 * what is shared with the parent. */
void svc__http_free(struct svc__http *h);

/* A request, embedded in its owner; zeroed before the first start. Each
 * callback may stop, start again and free any request. */
struct svc__http_request {
    /* From the caller; texts are copied by start. */
    const char *url;     /* "https://host:port/path?query" */
    const char *address; /* to connect to, numeric: the host's, or with a proxy
                            that one's; NULL: that is written as an address */
    const char *bearer;  /* token, or NULL */
    const char *const *headers; /* more, "Name: value", NULL-terminated; or
                                   NULL */
    const char *body;           /* JSON, sent by POST; NULL: GET */
    int64_t answer_ms; /* until the response's headers are whole; 0: 30 s */
    int64_t total_ms;  /* until the response is whole; 0: no bound */
    int min_rate;      /* bytes a second, over 30 s, that the body must bring;
                          0: no bound */
    /* The response's headers are whole: status and what follows is set. A body
     * that is compressed is never unpacked: with a status of 2xx it is an
     * error, SVC_EPROTO, else handed on as it is. */
    void (*answered)(struct svc__http_request *q); /* or NULL */
    void (*data)(struct svc__http_request *q, const char *bytes, size_t size);
    /* The last call. err 0: a whole response, whatever its status. Else
     * SVC_EUNREACH (refused, cut, silent, too slow), SVC_EAUTH (TLS: which
     * check failed and why), SVC_EPROTO (no HTTP), SVC_ETOOBIG, SVC_ENOMEM
     * (also out of descriptors), with the story and without any secret. */
    void (*done)(struct svc__http_request *q, int err, const svc_error *error);
    void *arg;

    /* Of the response, from answered on. */
    int status;
    int64_t retry_after_ms; /* Retry-After in either form; -1: none, or junk */
    int64_t date_s;         /* Date, seconds of the epoch; -1: none */
    char content_type[64];  /* without parameters; "" */

    void *entry; /* the transport's own; NULL: it does not run */
};

/* Begins; no callback from inside. 0; SVC_ENOMEM; SVC_EINVAL: a text that must
 * not be sent (control characters), a host or proxy without an address, or it
 * runs already. */
int svc__http_start(struct svc__http *h, struct svc__http_request *q,
                    svc_error *reterr);
/* No call for q after return; harmless when it does not run. */
void svc__http_stop(struct svc__http *h, struct svc__http_request *q);

/* Bytes of bodies received so far. */
uint64_t svc__http_received(const struct svc__http *h);

/* Version of the libcurl that is running, as "7.88.1"; static. */
const char *svc__http_version(void);

#endif
