/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The URLs of requests and proxies in parts, and the texts that go out with
 * them, judged before they reach curl: nothing in them may end a line or begin
 * another header (faults A5). Pure; any thread.
 */
#ifndef SVC_IO_HTTP_URL_H
#define SVC_IO_HTTP_URL_H

#include <stddef.h>

/* Longest host, without brackets, and with its NUL. */
#define SVC__HTTP_URL_HOST_SIZE 256

struct svc__http_url {
    size_t scheme_size; /* "https" */
    int is_tls;
    int is_numeric; /* host is an address */
    int has_user;
    char host[SVC__HTTP_URL_HOST_SIZE]; /* without brackets */
    unsigned port;                      /* 0: not written */
    const char *rest; /* from the first slash behind the port, or "" */
};

/* 0, or SVC_EINVAL: no host, a port that cannot be, a character that has no
 * place in a URL. ret->rest points into url. */
int svc__http_url_read(const char *url, struct svc__http_url *ret);

/* Whether text is an address, IPv4 or IPv6 without brackets. */
int svc__http_url_is_address(const char *text);

/* Whether text is a name or an address that may stand for a host. */
int svc__http_url_is_host(const char *text);

/* Visible ASCII, not empty: a token. */
int svc__http_url_is_token(const char *text);
/* "Name: value" with visible characters, blanks and UTF-8. */
int svc__http_url_is_header(const char *text);

#endif
