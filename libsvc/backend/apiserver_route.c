/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the look-up of the one host that connections go to.
 */
#include "backend/apiserver_route.h"

#include "backend/apiserver_call.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/wipe.h"

#include <string.h>

/* The host of a URL. */
struct parts {
    const char *host;
    size_t host_size;
};

/* A proxy's URL: scheme://[user:password@]host[:port]. */
static int read_proxy(const char *url, struct parts *ret)
{
    const char *at = strstr(url, "://");
    const char *end;
    const char *user;
    char close;

    if (at == NULL)
        return SVC_EINVAL;
    at += 3;
    end = at + strcspn(at, "/?#");
    for (user = at; user < end; user++) {
        if (*user == '@')
            at = user + 1;
    }
    close = *at == '[' ? ']' : ':';
    at += *at == '[';
    ret->host = at;
    while (at < end && *at != close)
        at++;
    ret->host_size = (size_t)(at - ret->host);
    return ret->host_size == 0 ? SVC_EINVAL : 0;
}

static int read_server(const char *url, struct parts *ret, svc_error *reterr)
{
    struct svc__config_url parts;
    int err = svc__config_url_read(url, &parts, reterr);

    if (err != 0)
        return svc__err_set(reterr, SVC_EFILE,
                            "the API server's URL cannot be used: \"%.200s\"",
                            url);
    ret->host = parts.host;
    ret->host_size = parts.host_size;
    return 0;
}

/* ---- look-up ------------------------------------------------------------- */

static void take(struct svc__apiserver_route *r,
                 const struct svc__address *addresses, size_t count)
{
    r->count = 0;
    r->at = 0;
    for (size_t i = 0; i < count && i < SVC__HOST_ADDRESSES_MAX; i++)
        svc__address_format(&addresses[i], r->addresses[r->count++]);
    r->found_ms = svc__loop_now_ms(r->env->loop);
}

static void on_found(void *arg, int err, const struct svc__address *addresses,
                     size_t count, const svc_error *error)
{
    struct svc__apiserver_route *r = arg;

    r->error.code = 0;
    if (err != 0)
        r->error = *error;
    else
        take(r, addresses, count);
    svc__host_free(r->lookup);
    r->lookup = NULL;
    r->ready(r->arg);
}

/* Whether what was found is still to be used for this host. */
static int is_fresh(const struct svc__apiserver_route *r,
                    const struct parts *parts)
{
    return r->host != NULL && r->found_ms != INT64_MIN &&
           strlen(r->host) == parts->host_size &&
           memcmp(r->host, parts->host, parts->host_size) == 0 &&
           svc__loop_now_ms(r->env->loop) - r->found_ms < SVC__CALL_ADDRESS_MS;
}

static int look_up(struct svc__apiserver_route *r, const struct parts *parts,
                   svc_error *reterr)
{
    const struct svc__host_settings settings = {.env = r->env,
                                                .hosts = svc__host_usual_hosts,
                                                .done = on_found,
                                                .arg = r};
    char *host = svc__strndup(parts->host, parts->host_size);
    int err;

    if (host == NULL)
        return svc__err_nomem(reterr);
    err = svc__host_new(&settings, host, &r->lookup, reterr);
    if (err != 0) {
        svc__free(host);
        return err;
    }
    svc__free(r->host);
    r->host = host;
    /* The addresses of another one lead to somebody else. */
    r->found_ms = INT64_MIN;
    return 1;
}

/* The addresses of a host: 0, 1 while they are looked up, or a code. */
static int need_addresses(struct svc__apiserver_route *r,
                          const struct parts *parts, svc_error *reterr)
{
    const svc_error before = r->error;

    if (r->lookup != NULL)
        return 1;
    /* What was said when it was waited for is the answer, once. */
    r->error.code = 0;
    if (before.code != 0) {
        *reterr = before;
        return before.code;
    }
    return is_fresh(r, parts) ? 0 : look_up(r, parts, reterr);
}

/* ---- proxy --------------------------------------------------------------- */

static int set_proxy(struct svc__apiserver_route *r, const char *url,
                     svc_error *reterr)
{
    char *proxy;

    if ((url == NULL) == (r->proxy == NULL) &&
        (url == NULL || strcmp(url, r->proxy) == 0))
        return 0;
    proxy = svc__strdup(url);
    if (url != NULL && proxy == NULL)
        return svc__err_nomem(reterr);
    svc__wipe_text(r->proxy);
    r->proxy = proxy;
    r->generation++;
    return 0;
}

static const char *proxy_of(const struct svc__apiserver_route *r,
                            const struct svc__config *config)
{
    const struct svc__backend_surroundings *s = r->env->apiserver->surroundings;
    const struct svc__config_proxies proxies = {s->https_proxy, s->http_proxy,
                                                s->no_proxy};

    /* In a pod the server is near: no environment leads away from it. */
    if (config->context == NULL || config->context[0] == '\0')
        return config->proxy_url;
    return svc__config_proxy(config, &proxies);
}

/* ---- the interface ------------------------------------------------------- */

void svc__apiserver_route_init(struct svc__apiserver_route *r,
                               const struct svc__backend_env *env,
                               void (*ready)(void *arg), void *arg)
{
    memset(r, 0, sizeof(*r));
    r->env = env;
    r->ready = ready;
    r->arg = arg;
    r->found_ms = INT64_MIN;
}

void svc__apiserver_route_fini(struct svc__apiserver_route *r)
{
    svc__host_free(r->lookup);
    svc__free(r->host);
    svc__wipe_text(r->proxy);
}

int svc__apiserver_route_need(struct svc__apiserver_route *r,
                              const struct svc__config *config,
                              svc_error *reterr)
{
    const char *proxy = proxy_of(r, config);
    struct parts parts = {"", 0};
    int err;

    if (proxy == NULL) {
        err = read_server(config->server, &parts, reterr);
    } else {
        err = read_proxy(proxy, &parts);
        if (err != 0)
            svc__err_set(reterr, SVC_EFILE,
                         "the proxy's URL cannot be used: it is not "
                         "scheme://host:port");
    }
    if (err == 0)
        err = need_addresses(r, &parts, reterr);
    return err != 0 ? err : set_proxy(r, proxy, reterr);
}

const char *svc__apiserver_route_address(const struct svc__apiserver_route *r)
{
    return r->count == 0 ? NULL : r->addresses[r->at % r->count];
}

const char *svc__apiserver_route_proxy(const struct svc__apiserver_route *r)
{
    return r->proxy;
}

void svc__apiserver_route_failed(struct svc__apiserver_route *r)
{
    r->at++;
}
