/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a kubeconfig says of a credential plugin, and what the plugin is
 * told (KEP-541, client.authentication.k8s.io).
 */
#include "kube/config_exec.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/wipe.h"

#include <stdio.h>
#include <string.h>

/* What svc__config_exec_info may make: the CA of the largest file, encoded,
 * and some. */
#define INFO_MAX (4 * SVC__CONFIG_FILE_MAX)

struct draft {
    struct svc__config_exec exec;
    char *mode;
    struct svc__config_mark env;
};

static const struct svc__config_field exec_fields[] = {
    {"apiVersion", SVC__CONFIG_TEXT, offsetof(struct draft, exec.api_version)},
    {"command", SVC__CONFIG_TEXT, offsetof(struct draft, exec.command)},
    {"args", SVC__CONFIG_LIST, offsetof(struct draft, exec.args)},
    {"env", SVC__CONFIG_ANY, offsetof(struct draft, env)},
    {"installHint", SVC__CONFIG_TEXT,
     offsetof(struct draft, exec.install_hint)},
    {"provideClusterInfo", SVC__CONFIG_BOOL,
     offsetof(struct draft, exec.provide_cluster_info)},
    {"interactiveMode", SVC__CONFIG_TEXT, offsetof(struct draft, mode)},
    {NULL, SVC__CONFIG_ANY, 0}};

static const struct svc__config_field env_fields[] = {
    {"name", SVC__CONFIG_TEXT, offsetof(struct svc__config_variable, name)},
    {"value", SVC__CONFIG_TEXT, offsetof(struct svc__config_variable, value)},
    {NULL, SVC__CONFIG_ANY, 0}};

void svc__config_exec_free(struct svc__config_exec *e)
{
    if (e == NULL)
        return;
    svc__free(e->api_version);
    svc__wipe_text(e->command);
    svc__config_list_free(e->args);
    for (size_t i = 0; i < e->env_count; i++) {
        svc__free(e->env[i].name);
        svc__wipe_text(e->env[i].value);
    }
    svc__free(e->env);
    svc__free(e->install_hint);
    svc__free(e->cluster_config);
    svc__free(e);
}

/* ---- reading ---- */

static int read_variable(const struct svc__config_place *p, struct svc__json *j,
                         struct svc__config_variable *ret)
{
    int err = svc__config_text_read(p, j, env_fields, ret);

    if (err != 0)
        return err;
    if (ret->name == NULL || strchr(ret->name, '=') != NULL)
        return svc__config_text_refuse(p, "name", "not the name of a variable");
    if (ret->value == NULL)
        ret->value = svc__strdup("");
    return ret->value == NULL ? svc__err_nomem(p->reterr) : 0;
}

static int read_env(const struct svc__config_place *p,
                    const struct svc__config_mark *mark,
                    struct svc__config_exec *e)
{
    struct svc__json j = mark->j;
    struct svc__json ahead = mark->j;
    size_t count = 0;

    if (!mark->is_set)
        return 0;
    if (svc__json_enter_array(&ahead) != 0)
        return svc__config_text_refuse(p, "env", "expected a list");
    while (svc__json_next_element(&ahead) == 1 &&
           count <= SVC__CONFIG_LIST_MAX) {
        svc__json_skip(&ahead, NULL);
        count++;
    }
    if (ahead.err != 0 || count > SVC__CONFIG_LIST_MAX)
        return svc__config_text_refuse(p, "env", "more elements than are read");
    e->env = svc__calloc(count, sizeof(*e->env));
    if (e->env == NULL)
        return svc__err_nomem(p->reterr);
    svc__json_enter_array(&j);
    while (svc__json_next_element(&j) == 1) {
        struct svc__config_place at = *p;
        int err;

        (void)snprintf(at.path, sizeof(at.path), "exec.env[%zu].",
                       e->env_count);
        err = read_variable(&at, &j, &e->env[e->env_count++]);

        if (err != 0)
            return err;
    }
    return 0;
}

/* v1beta1 takes IfAvailable where nothing is said; v1 wants the word. */
static int check_mode(const struct svc__config_place *p, const char *mode,
                      int is_old)
{
    if (mode == NULL && !is_old)
        return svc__config_text_refuse_as(
            p, p->code, "interactiveMode", "missing",
            "client.authentication.k8s.io/v1 requires it: set it to Never or "
            "IfAvailable");
    if (mode == NULL || strcmp(mode, "Never") == 0 ||
        strcmp(mode, "IfAvailable") == 0)
        return 0;
    if (strcmp(mode, "Always") == 0)
        return svc__config_text_refuse_as(
            p, SVC_ENOTSUP, "interactiveMode",
            "Always is not supported: a plugin has no terminal here",
            "where the plugin needs no answers, set interactiveMode to "
            "IfAvailable");
    return svc__config_text_refuse(p, "interactiveMode",
                                   "none of Never, IfAvailable and Always");
}

static int check_version(const struct svc__config_place *p, const char *version,
                         int *ret_is_old)
{
    static const char group[] = "client.authentication.k8s.io/";

    if (version == NULL)
        return svc__config_text_refuse(p, "apiVersion", "missing");
    *ret_is_old = 0;
    if (strncmp(version, group, sizeof(group) - 1) == 0) {
        version += sizeof(group) - 1;
        *ret_is_old = strcmp(version, "v1beta1") == 0;
        if (*ret_is_old || strcmp(version, "v1") == 0)
            return 0;
    }
    return svc__config_text_refuse_as(
        p, SVC_ENOTSUP, "apiVersion",
        "neither client.authentication.k8s.io/v1 nor "
        "client.authentication.k8s.io/v1beta1",
        "let the program that wrote the kubeconfig write it again: it made one "
        "for an old kubectl");
}

/* The extension that the plugin gets as spec.cluster.config, as JSON text. */
static int read_extension(const struct svc__config_place *p,
                          const struct svc__config_mark *extensions,
                          struct svc__config_exec *e)
{
    struct svc__config_mark found;
    struct svc__json_str raw;
    int err =
        svc__config_text_find(p, extensions, "extension",
                              "client.authentication.k8s.io/exec", &found);

    if (err <= 0 || !found.is_set)
        return err < 0 ? err : 0;
    svc__json_skip(&found.j, &raw);
    e->cluster_config = svc__strndup(raw.text, raw.size);
    return e->cluster_config == NULL ? svc__err_nomem(p->reterr) : 0;
}

static int read_draft(const struct svc__config_place *p,
                      const struct svc__config_mark *exec,
                      const struct svc__config_mark *extensions,
                      struct draft *d)
{
    int is_old = 0;
    int err = svc__config_text_inner(p, exec, exec_fields, d);

    if (err == 0)
        err = read_env(p, &d->env, &d->exec);
    if (err == 0 && d->exec.command == NULL)
        err = svc__config_text_refuse(p, "command", "missing");
    if (err == 0)
        err = check_version(p, d->exec.api_version, &is_old);
    if (err == 0)
        err = check_mode(p, d->mode, is_old);
    if (err == 0 && d->exec.provide_cluster_info)
        err = read_extension(p, extensions, &d->exec);
    return err;
}

int svc__config_exec_read(const struct svc__config_place *p,
                          const struct svc__config_mark *exec,
                          const struct svc__config_mark *extensions,
                          struct svc__config_exec **ret)
{
    struct svc__config_place at = *p;
    struct svc__config_exec *e = svc__alloc(sizeof(*e));
    struct draft d;
    int err;

    if (e == NULL)
        return svc__err_nomem(p->reterr);
    (void)snprintf(at.path, sizeof(at.path), "exec.");
    memset(&d, 0, sizeof(d));
    err = read_draft(&at, exec, extensions, &d);
    svc__free(d.mode);
    *e = d.exec;
    if (err == 0)
        *ret = e;
    else
        svc__config_exec_free(e);
    return err;
}

/* ---- KUBERNETES_EXEC_INFO ---- */

static void add_text(struct svc__buf *b, const char *key, const char *text)
{
    if (text == NULL)
        return;
    svc__buf_printf(b, ",\"%s\":", key);
    svc__buf_add_json(b, text, strlen(text));
}

static void add_cluster(struct svc__buf *b, const struct svc__config *c)
{
    svc__buf_add_text(b, "\"cluster\":{\"server\":");
    svc__buf_add_json(b, c->server, strlen(c->server));
    add_text(b, "tls-server-name", c->tls_server_name);
    if (c->insecure)
        svc__buf_add_text(b, ",\"insecure-skip-tls-verify\":true");
    if (c->ca.bytes != NULL) {
        svc__buf_add_text(b, ",\"certificate-authority-data\":\"");
        svc__base64_add(b, c->ca.bytes, c->ca.size);
        svc__buf_add_byte(b, '"');
    }
    add_text(b, "proxy-url", c->proxy_url);
    if (c->exec->cluster_config != NULL)
        svc__buf_printf(b, ",\"config\":%s", c->exec->cluster_config);
    svc__buf_add_text(b, "},");
}

char *svc__config_exec_info(const struct svc__config *c)
{
    struct svc__buf b;
    char *text;

    svc__buf_init(&b, INFO_MAX);
    svc__buf_add_text(&b, "{\"kind\":\"ExecCredential\",\"apiVersion\":");
    svc__buf_add_json(&b, c->exec->api_version, strlen(c->exec->api_version));
    svc__buf_add_text(&b, ",\"spec\":{");
    if (c->exec->provide_cluster_info)
        add_cluster(&b, c);
    svc__buf_add_text(&b, "\"interactive\":false}}");
    text = svc__buf_take(&b);
    svc__buf_fini(&b);
    return text;
}
