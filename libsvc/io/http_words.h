/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a request failed, in words: what was done, with which host and address,
 * and what to do. Sees no request, so no secret of one. Pure; any thread.
 */
#ifndef SVC_IO_HTTP_WORDS_H
#define SVC_IO_HTTP_WORDS_H

#include <stdint.h>
#include <svc/svc.h>

enum svc__http_problem {
    SVC__HTTP_NONE,
    SVC__HTTP_MEMORY,
    SVC__HTTP_SOCKET,       /* none could be opened or watched */
    SVC__HTTP_CONNECT,      /* refused, no route … */
    SVC__HTTP_CONNECT_TIME, /* no connection in time */
    SVC__HTTP_NO_ADDRESS,
    SVC__HTTP_PROXY,
    SVC__HTTP_TLS,             /* no handshake; the reason is in the detail */
    SVC__HTTP_TLS_PEER,        /* its certificate, see verify */
    SVC__HTTP_TLS_CERTIFICATE, /* ours cannot be used */
    SVC__HTTP_TLS_CA,          /* likewise */
    SVC__HTTP_CUT,
    SVC__HTTP_SILENT, /* no whole headers in time */
    SVC__HTTP_TOTAL,  /* no whole response in time */
    SVC__HTTP_SLOW,
    SVC__HTTP_PARTIAL,
    SVC__HTTP_NO_HTTP,
    SVC__HTTP_ENCODED,
    SVC__HTTP_HEADERS, /* over SVC__HTTP_HEADERS_MAX */
    SVC__HTTP_OTHER,
    SVC__HTTP_PROBLEMS
};

struct svc__http_facts {
    enum svc__http_problem problem;
    const char *server;   /* "host:port" */
    const char *address;  /* what the host's name stands for, or NULL */
    const char *proxy;    /* "host:port", or NULL */
    const char *tls_name; /* what its certificate has to be for */
    int has_ca;           /* one was given */
    int error;            /* an errno, or 0 */
    long verify;          /* what X509_verify_cert(3) found; 0: nothing */
    int64_t ms;           /* the time that ran out */
    int64_t now_s;        /* wall clock, for certificates (faults A31) */
    const char *detail;   /* of the library that failed, or "" */
};

/* Fills reterr, and returns its code. */
int svc__http_words(const struct svc__http_facts *f, svc_error *reterr);

#endif
