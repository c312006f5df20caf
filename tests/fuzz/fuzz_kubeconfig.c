/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a kubeconfig, alone and before another one: an error has words,
 * and what is taken can be sent without ending a line. */
#include "base/alloc.h"
#include "kube/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char other[] =
    "{clusters: [{name: c, cluster: {server: https://h}}], users: [{name: u, "
    "user: {}}], contexts: [{name: x, context: {cluster: c, user: u}}], "
    "current-context: x}";

static void check_line(const char *text)
{
    if (text != NULL && strpbrk(text, "\r\n") != NULL)
        abort();
}

static void check(const struct svc__config *c)
{
    static const struct svc__config_proxies p = {"s", "h", "a,10.0.0.0/8"};
    struct svc__config_url url;
    char *info;

    if (svc__config_url_read(c->server, &url, NULL) != 0 || url.port == 0)
        abort();
    (void)svc__config_proxy(c, &p);
    check_line(c->server);
    check_line(c->tls_server_name);
    check_line(c->proxy_url);
    check_line(c->token);
    check_line(c->as);
    check_line(c->as_uid);
    for (char **g = c->as_groups; g != NULL && *g != NULL; g++)
        check_line(*g);
    if ((c->certificate.bytes != NULL || c->certificate_file != NULL) !=
        (c->key.bytes != NULL || c->key_file != NULL))
        abort();
    if (c->exec == NULL)
        return;
    info = svc__config_exec_info(c);
    if (info == NULL)
        abort();
    svc__free(info);
}

static void read_files(const struct svc__config_file *files, size_t count,
                       const char *context)
{
    struct svc__config *c = NULL;
    svc_error error = {0, "", ""};
    int err = svc__config_read(files, count, context, &c, &error);

    if ((err == 0) != (c != NULL))
        abort();
    if (err != 0 && ((err != SVC_EFILE && err != SVC_ENOTSUP) ||
                     error.message[0] == '\0' || error.code != err))
        abort();
    if (c != NULL)
        check(c);
    svc__config_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct svc__config_file files[2] = {
        {"a/b", (const char *)(const void *)data, size},
        {"/c/d", other, sizeof(other) - 1}};

    read_files(files, 1, NULL);
    read_files(files, 2, "x");
    return 0;
}
