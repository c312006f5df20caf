/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way from a request to what curl is told.
 *
 * Design notes. curl must never look a name up: it would start a thread for
 * it. So each host that it connects to is an address, or has one given:
 * - the server's by CURLOPT_CONNECT_TO, which changes where to connect and
 *   nothing else, so that pooled connections are told apart by address;
 * - the proxy's by CURLOPT_RESOLVE, since a proxy has no CONNECT_TO. Names
 *   behind the proxy are the proxy's business.
 * The name for TLS is always that of the URL. Where another one is wanted, the
 * URL gets that, CONNECT_TO leads to the place, and the header Host keeps what
 * the caller wrote.
 */
#include "io/http_plan.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/wipe.h"

#include <string.h>
#include <strings.h>

/* Longest text: a token of a megabyte is no token (faults A5). */
#define TEXT_MAX ((size_t)256 * 1024)

/* The first failure of the texts of a plan. */
struct writer {
    int err;
};

static unsigned port_of(const struct svc__http_url *url)
{
    return url->port != 0 ? url->port : url->is_tls ? 443 : 80;
}

/* "host" or "[host]" */
static void add_host(struct svc__buf *b, const char *host)
{
    int is_ipv6 = strchr(host, ':') != NULL;

    svc__buf_printf(b, "%s%s%s", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "");
}

/* "host:port"; port 0: without one. */
static void add_place(struct svc__buf *b, const char *host, unsigned port)
{
    add_host(b, host);
    if (port != 0)
        svc__buf_printf(b, ":%u", port);
}

static char *finish(struct writer *w, struct svc__buf *b)
{
    char *text = svc__buf_take(b);

    if (text == NULL && w->err == 0)
        w->err = b->err == SVC_ETOOBIG ? SVC_EINVAL : SVC_ENOMEM;
    svc__buf_fini(b);
    return text;
}

static char *place(struct writer *w, const char *before, const char *host,
                   unsigned port)
{
    struct svc__buf b;

    svc__buf_init(&b, TEXT_MAX);
    svc__buf_add_text(&b, before);
    add_place(&b, host, port);
    return finish(w, &b);
}

/* One allocation, so that no copy is left behind unwiped. */
static char *authorization(struct writer *w, const char *bearer)
{
    static const char before[] = "Authorization: Bearer ";
    size_t size = strlen(bearer) + 1;
    char *text = NULL;

    if (size <= TEXT_MAX)
        text = svc__alloc(sizeof(before) - 1 + size);
    if (text == NULL) {
        w->err = size > TEXT_MAX ? SVC_EINVAL : SVC_ENOMEM;
        return NULL;
    }
    memcpy(text, before, sizeof(before) - 1);
    memcpy(text + sizeof(before) - 1, bearer, size);
    return text;
}

/* "::address:": whatever the host and port, to this address and that port. */
static char *connect_to(struct writer *w, const char *host)
{
    struct svc__buf b;

    svc__buf_init(&b, TEXT_MAX);
    svc__buf_add_text(&b, "::");
    add_host(&b, host);
    svc__buf_add_text(&b, ":");
    return finish(w, &b);
}

static void plan_url(struct writer *w, struct svc__http_plan *p,
                     const struct svc__http_url *url, const char *tls_name)
{
    struct svc__buf b;

    p->tls_name = svc__strdup(tls_name);
    if (p->tls_name == NULL)
        w->err = SVC_ENOMEM;
    svc__buf_init(&b, TEXT_MAX);
    svc__buf_add_text(&b, url->is_tls ? "https://" : "http://");
    add_place(&b, tls_name, port_of(url));
    svc__buf_add_text(&b, url->rest[0] == '/' ? "" : "/");
    svc__buf_add_text(&b, url->rest);
    p->url = finish(w, &b);
}

static void plan_proxy(struct writer *w, struct svc__http_plan *p,
                       const struct svc__http_kept *k, const char *address)
{
    const struct svc__http_url *at = &k->proxy_at;
    struct svc__buf b;

    p->proxy = place(w, "", at->host, at->port);
    if (at->is_numeric)
        return;
    svc__buf_init(&b, TEXT_MAX);
    svc__buf_printf(&b, "%s:%u:", at->host, at->port);
    add_host(&b, address);
    p->resolve = finish(w, &b);
}

/* An empty Expect keeps curl from asking before it sends a long body. */
static void list_headers(struct svc__http_plan *p, int has_body)
{
    const char *all[] = {p->host, p->authorization,
                         has_body ? "Content-Type: application/json" : NULL,
                         has_body ? "Expect:" : NULL};
    size_t count = 0;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] != NULL)
            p->headers[count++] = all[i];
    }
}

static int fill(struct svc__http_plan *p, const struct svc__http_kept *k,
                const struct svc__http_request *q,
                const struct svc__http_url *url)
{
    const char *tls_name = k->tls_server_name != NULL && url->is_tls
                               ? k->tls_server_name
                               : url->host;
    int is_renamed = strcasecmp(tls_name, url->host) != 0;
    struct writer w = {0};

    plan_url(&w, p, url, tls_name);
    p->server = place(&w, "", url->host, port_of(url));
    if (k->proxy != NULL)
        plan_proxy(&w, p, k, q->address);
    else if (!url->is_numeric)
        p->address = place(&w, "", q->address, 0);
    if (is_renamed)
        p->host = place(&w, "Host: ", url->host, url->port);
    if (p->address != NULL)
        p->connect_to = connect_to(&w, q->address);
    else if (is_renamed)
        p->connect_to = connect_to(&w, url->host);
    if (q->bearer != NULL)
        p->authorization = authorization(&w, q->bearer);
    list_headers(p, q->body != NULL);
    return w.err;
}

static int check_texts(const struct svc__http_request *q, svc_error *reterr)
{
    if (q->bearer != NULL && !svc__http_url_is_token(q->bearer))
        return svc__err_set(reterr, SVC_EINVAL,
                            "the token has characters that cannot be in one");
    for (const char *const *header = q->headers;
         header != NULL && *header != NULL; header++) {
        if (!svc__http_url_is_header(*header))
            return svc__err_set(reterr, SVC_EINVAL,
                                "a header has characters that cannot be sent");
    }
    return 0;
}

static int check(const struct svc__http_kept *k,
                 const struct svc__http_request *q, struct svc__http_url *ret,
                 svc_error *reterr)
{
    int is_numeric;

    if (svc__http_url_read(q->url, ret) != 0 || ret->has_user ||
        strchr(ret->rest, '#') != NULL ||
        (!ret->is_tls &&
         (ret->scheme_size != 4 || strncasecmp(q->url, "http", 4) != 0)))
        return svc__err_set(reterr, SVC_EINVAL,
                            "the URL of the request is malformed");
    is_numeric = k->proxy != NULL ? k->proxy_at.is_numeric : ret->is_numeric;
    if (q->address != NULL ? !svc__http_url_is_address(q->address)
                           : !is_numeric)
        return svc__err_set(reterr, SVC_EINVAL,
                            "no address was given for \"%.200s\"",
                            k->proxy != NULL ? k->proxy_at.host : ret->host);
    return check_texts(q, reterr);
}

int svc__http_plan_init(struct svc__http_plan *ret,
                        const struct svc__http_kept *k,
                        const struct svc__http_request *q, svc_error *reterr)
{
    struct svc__http_plan p = {0};
    struct svc__http_url url;
    int err = check(k, q, &url, reterr);

    if (err != 0)
        return err;
    err = fill(&p, k, q, &url);
    if (err != 0) {
        svc__http_plan_fini(&p);
        return err == SVC_ENOMEM
                   ? svc__err_nomem(reterr)
                   : svc__err_set(reterr, err,
                                  "a text of the request is too long");
    }
    *ret = p;
    return 0;
}

void svc__http_plan_fini(struct svc__http_plan *p)
{
    svc__wipe_text(p->authorization);
    svc__free(p->url);
    svc__free(p->tls_name);
    svc__free(p->server);
    svc__free(p->address);
    svc__free(p->proxy);
    svc__free(p->host);
    svc__free(p->connect_to);
    svc__free(p->resolve);
}
