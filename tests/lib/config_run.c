/* SPDX-License-Identifier: Apache-2.0 */
#include "config_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void dump_text(struct svc__buf *b, const char *key, const char *text)
{
    if (text != NULL)
        svc__buf_printf(b, "%s=%s\n", key, text);
}

static void dump_data(struct svc__buf *b, const char *key,
                      const struct svc__config_data *data)
{
    if (data->bytes == NULL)
        return;
    assert_int_equal(data->bytes[data->size], '\0');
    svc__buf_printf(b, "%s=", key);
    svc__buf_add_json(b, data->bytes, data->size);
    svc__buf_add_byte(b, '\n');
}

static void dump_list(struct svc__buf *b, const char *key, char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        svc__buf_printf(b, "%s[%zu]=%s\n", key, i, list[i]);
}

static void dump_exec(struct svc__buf *b, const struct svc__config_exec *e)
{
    if (e == NULL)
        return;
    dump_text(b, "exec.api_version", e->api_version);
    dump_text(b, "exec.command", e->command);
    dump_list(b, "exec.args", e->args);
    for (size_t i = 0; i < e->env_count; i++)
        svc__buf_printf(b, "exec.env[%zu]=%s=%s\n", i, e->env[i].name,
                        e->env[i].value);
    if (e->provide_cluster_info)
        dump_text(b, "exec.provide_cluster_info", "1");
    dump_text(b, "exec.install_hint", e->install_hint);
    dump_text(b, "exec.cluster_config", e->cluster_config);
}

void config_dump(struct svc__buf *b, const struct svc__config *c)
{
    dump_text(b, "context", c->context);
    dump_text(b, "cluster", c->cluster);
    dump_text(b, "user", c->user);
    dump_text(b, "namespace", c->namespace_);
    dump_text(b, "server", c->server);
    dump_data(b, "ca", &c->ca);
    dump_text(b, "ca_file", c->ca_file);
    dump_text(b, "tls_server_name", c->tls_server_name);
    dump_text(b, "proxy_url", c->proxy_url);
    if (c->insecure)
        dump_text(b, "insecure", "1");
    dump_data(b, "certificate", &c->certificate);
    dump_text(b, "certificate_file", c->certificate_file);
    dump_data(b, "key", &c->key);
    dump_text(b, "key_file", c->key_file);
    dump_text(b, "token", c->token);
    dump_text(b, "token_file", c->token_file);
    dump_text(b, "as", c->as);
    dump_text(b, "as_uid", c->as_uid);
    dump_list(b, "as_groups", c->as_groups);
    dump_exec(b, c->exec);
}

const char *config_say_files(const struct svc__config_file *files,
                             const char *context)
{
    static char said[65536];
    struct svc__config *c = NULL;
    svc_error error = {0, "", ""};
    struct svc__buf b;
    size_t count = 0;
    int err;

    while (files[count].path != NULL)
        count++;
    svc__buf_init(&b, sizeof(said) - 1);
    err = svc__config_read(files, count, context, &c, &error);
    assert_int_equal(error.code, err);
    if (err == 0)
        config_dump(&b, c);
    else
        svc__buf_printf(&b, "%s: %s%s%s", svc_err_name(err), error.message,
                        error.hint[0] == '\0' ? "" : " | ", error.hint);
    assert_true((err == 0) == (c != NULL));
    assert_int_equal(b.err, 0);
    memcpy(said, b.data, b.size + 1);
    svc__buf_fini(&b);
    svc__config_free(c);
    return said;
}

const char *config_say(const char *text, const char *context)
{
    struct svc__config_file files[2] = {{"/k/config", text, strlen(text)},
                                        {NULL, NULL, 0}};

    return config_say_files(files, context);
}

const char *config_say_parts(const char *cluster, const char *user)
{
    struct svc__buf b;
    const char *said;

    svc__buf_init(&b, 1 << 20);
    svc__buf_printf(&b,
                    "{clusters: [{name: c, cluster: {%s}}], users: [{name: u, "
                    "user: {%s}}], contexts: [{name: x, context: {cluster: c, "
                    "user: u}}], current-context: x}",
                    cluster, user);
    said = config_say(b.data, NULL);
    svc__buf_fini(&b);
    return said;
}
