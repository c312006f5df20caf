/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a cluster may be, by the rules of client-go: tools/clientcmd
 * (validateClusterInfo), rest (DefaultServerURL) and transport.
 */
#include "kube/config_draft.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "kube/config_url.h"

#include <string.h>

const struct svc__config_field svc__config_cluster_fields[] = {
    {"server", SVC__CONFIG_TEXT, offsetof(struct svc__config_draft, c.server)},
    {"tls-server-name", SVC__CONFIG_TEXT,
     offsetof(struct svc__config_draft, c.tls_server_name)},
    {"insecure-skip-tls-verify", SVC__CONFIG_BOOL,
     offsetof(struct svc__config_draft, c.insecure)},
    {"certificate-authority", SVC__CONFIG_TEXT,
     offsetof(struct svc__config_draft, c.ca_file)},
    {"certificate-authority-data", SVC__CONFIG_DATA,
     offsetof(struct svc__config_draft, c.ca)},
    {"proxy-url", SVC__CONFIG_TEXT,
     offsetof(struct svc__config_draft, c.proxy_url)},
    {"extensions", SVC__CONFIG_ANY,
     offsetof(struct svc__config_draft, extensions)},
    {NULL, SVC__CONFIG_ANY, 0}};

int svc__config_cluster_check(const struct svc__config_place *p,
                              struct svc__config_draft *d)
{
    struct svc__config *c = &d->c;
    const char *reason = NULL;

    if (c->server == NULL)
        return svc__config_text_refuse(p, "server", "missing");
    if (c->tls_server_name != NULL &&
        !svc__config_url_is_host(c->tls_server_name))
        return svc__config_text_refuse(p, "tls-server-name",
                                       "not the name of a host");
    if (c->proxy_url != NULL)
        reason = svc__config_url_check_proxy(c->proxy_url);
    if (reason != NULL)
        return svc__config_text_refuse(p, "proxy-url", reason);
    if (c->insecure && (c->ca.bytes != NULL || c->ca_file != NULL))
        return svc__config_text_refuse_as(
            p, SVC_EFILE, "insecure-skip-tls-verify",
            "true beside a certificate-authority",
            "take one of them out: kubectl refuses both together");
    if (c->ca.bytes != NULL) {
        svc__free(c->ca_file);
        c->ca_file = NULL;
    }
    return svc__config_text_path(p, &c->ca_file);
}

/* kubectl takes a server without a scheme: https where anything of TLS is
 * said. Takes off final slashes. */
static int write_server(const struct svc__config_place *p,
                        struct svc__config_draft *d)
{
    struct svc__config *c = &d->c;
    const char *scheme = strstr(c->server, "://");
    size_t least;
    struct svc__buf b;
    int is_tls = c->ca.bytes != NULL || c->ca_file != NULL || c->insecure ||
                 c->certificate.bytes != NULL || c->certificate_file != NULL;

    svc__buf_init(&b, strlen(c->server) + 16);
    if (scheme == NULL)
        svc__buf_add_text(&b, is_tls ? "https://" : "http://");
    least = scheme == NULL ? b.size : (size_t)(scheme + 3 - c->server);
    svc__buf_add_text(&b, c->server);
    while (b.err == 0 && b.size > least && b.data[b.size - 1] == '/')
        b.data[--b.size] = '\0';
    if (b.err != 0) {
        svc__buf_fini(&b);
        return svc__err_nomem(p->reterr);
    }
    for (char *at = b.data; *at >= 'A' && *at <= 'Z'; at++)
        *at = (char)(*at | 0x20);
    svc__free(c->server);
    c->server = svc__buf_take(&b);
    return 0;
}

/* A token does not go over a line that anybody can read (faults 3.4). */
static int check_plain(const struct svc__config_place *p,
                       struct svc__config_draft *d)
{
    const struct svc__config *c = &d->c;

    if (strncmp(c->server, "http://", 7) != 0 ||
        (c->token == NULL && c->token_file == NULL && c->exec == NULL))
        return 0;
    return svc__config_text_refuse_as(
        p, SVC_ENOTSUP, "server", "credentials are not sent over http://",
        "use https://, or a context whose user has no credentials");
}

int svc__config_cluster_server(const struct svc__config_place *p,
                               struct svc__config_draft *d)
{
    struct svc__config_url url;
    svc_error error;
    int err = write_server(p, d);

    if (err != 0)
        return err;
    if (svc__config_url_read(d->c.server, &url, &error) == 0)
        return check_plain(p, d);
    return svc__config_text_refuse_as(p, SVC_EFILE, "server", error.message,
                                      "write it as https://HOST:PORT");
}
