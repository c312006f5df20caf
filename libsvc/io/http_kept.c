/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the copies of settings.
 */
#include "io/http_kept.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/wipe.h"
#include "io/http_pem.h"

#include <string.h>
#include <strings.h>

#define SCHEME_SHOWN 32

/* What may be a proxy. socks5 would have names looked up here, so it is read
 * as socks5h, like everywhere in Go (faults A30). */
static const struct {
    const char *scheme;
    const char *curl;
    unsigned port;
} proxies[] = {
    {"http", "http", 80},
    {"https", "https", 443},
    {"socks5", "socks5h", 1080},
    {"socks5h", "socks5h", 1080},
};
#define PROXIES (sizeof(proxies) / sizeof(proxies[0]))

static size_t find_proxy(const char *url, size_t scheme_size)
{
    size_t i = 0;

    while (i < PROXIES &&
           (strlen(proxies[i].scheme) != scheme_size ||
            strncasecmp(proxies[i].scheme, url, scheme_size) != 0))
        i++;
    return i;
}

/* The URL may hold a password: it is in no message. */
static int keep_proxy(struct svc__http_kept *k, const char *url,
                      svc_error *reterr)
{
    struct svc__buf b;
    size_t i;

    if (svc__http_url_read(url, &k->proxy_at) != 0)
        return svc__err_set(reterr, SVC_EINVAL, "the proxy's URL is malformed");
    i = find_proxy(url, k->proxy_at.scheme_size);
    if (i == PROXIES) {
        const size_t size = k->proxy_at.scheme_size;

        svc__err_set(reterr, SVC_EINVAL,
                     "a proxy of the kind \"%.*s\" cannot be used",
                     (int)(size < SCHEME_SHOWN ? size : SCHEME_SHOWN), url);
        svc__err_hint(reterr, "http, https and socks5 can");
        return SVC_EINVAL;
    }
    svc__buf_init(&b, strlen(url) + 16);
    svc__buf_add_text(&b, proxies[i].curl);
    svc__buf_add(&b, url + k->proxy_at.scheme_size,
                 (size_t)(k->proxy_at.rest - url) - k->proxy_at.scheme_size);
    if (k->proxy_at.port == 0) {
        /* curl would take 1080 for any kind. */
        k->proxy_at.port = proxies[i].port;
        svc__buf_printf(&b, ":%u", k->proxy_at.port);
    }
    k->proxy_at.rest = "";
    k->proxy = svc__buf_take(&b);
    svc__buf_fini(&b);
    return k->proxy != NULL ? 0 : svc__err_nomem(reterr);
}

static int keep_pem(struct svc__http_pem *ret, const struct svc__http_pem *pem,
                    const char *what, const char *kind, svc_error *reterr)
{
    char *copy;

    if (pem->text == NULL)
        return 0;
    if (svc__http_pem_check(pem->text, pem->size, what, kind, reterr) != 0)
        return SVC_EAUTH;
    copy = svc__alloc(pem->size);
    if (copy == NULL)
        return svc__err_nomem(reterr);
    memcpy(copy, pem->text, pem->size);
    ret->text = copy;
    ret->size = pem->size;
    return 0;
}

static void drop_pem(struct svc__http_pem *pem)
{
    char *text = (char *)(uintptr_t)pem->text; /* it is ours */

    svc__wipe(text, pem->size);
    svc__free(text);
}

static int keep_text(char **ret, const char *text, svc_error *reterr)
{
    if (text == NULL)
        return 0;
    if (!svc__http_url_is_token(text))
        return svc__err_set(reterr, SVC_EINVAL,
                            "the user agent has characters that cannot be "
                            "sent");
    *ret = svc__strdup(text);
    return *ret != NULL ? 0 : svc__err_nomem(reterr);
}

int svc__http_kept_init(struct svc__http_kept *ret,
                        const struct svc__http_settings *settings,
                        svc_error *reterr)
{
    int err = keep_text(&ret->user_agent, settings->user_agent, reterr);

    ret->loop = settings->loop;
    ret->insecure = settings->insecure;
    if (err == 0 && settings->tls_server_name != NULL &&
        !svc__http_url_is_host(settings->tls_server_name))
        err = svc__err_set(reterr, SVC_EINVAL,
                           "the name for TLS is no name of a host");
    if (err == 0)
        err =
            keep_text(&ret->tls_server_name, settings->tls_server_name, reterr);
    if (err == 0 && settings->proxy != NULL)
        err = keep_proxy(ret, settings->proxy, reterr);
    if (err == 0)
        err = keep_pem(&ret->ca, &settings->ca, "the CA certificate",
                       "CERTIFICATE", reterr);
    if (err == 0)
        err = keep_pem(&ret->certificate, &settings->certificate,
                       "the client certificate", "CERTIFICATE", reterr);
    if (err == 0)
        err = keep_pem(&ret->key, &settings->key, "the client's key",
                       "PRIVATE KEY", reterr);
    if (err == 0 && (ret->certificate.text == NULL) != (ret->key.text == NULL))
        err = svc__err_set(reterr, SVC_EAUTH,
                           "a client certificate needs its key, and the key "
                           "its certificate");
    return err;
}

void svc__http_kept_fini(struct svc__http_kept *k)
{
    svc__wipe_text(k->proxy);
    svc__free(k->user_agent);
    svc__free(k->tls_server_name);
    drop_pem(&k->ca);
    drop_pem(&k->certificate);
    drop_pem(&k->key);
}
