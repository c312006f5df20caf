/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the configuration and the copies of its files. Texts of secrets are in
 * no message.
 */
#include "backend/apiserver_login.h"

#include "backend/apiserver_find.h"
#include "backend/apiserver_plugin.h"
#include "backend/apiserver_secret.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/wall.h"
#include "io/file.h"

#include <string.h>

/* CA, certificate, key. */
#define PEMS 3

/* ---- the configuration --------------------------------------------------- */

static int is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Whether connections made for one configuration will do for the other. */
static int is_same_tls(const struct svc__config *a, const struct svc__config *b)
{
    return a->insecure == b->insecure &&
           is_same_text(a->tls_server_name, b->tls_server_name);
}

/* Whether what was read for one configuration may stay where a file of the
 * other one is bad: the same files, for the same user. */
static int is_same_party(const struct svc__config *a,
                         const struct svc__config *b)
{
    return is_same_text(a->user, b->user) &&
           is_same_text(a->ca_file, b->ca_file) &&
           is_same_text(a->certificate_file, b->certificate_file) &&
           is_same_text(a->key_file, b->key_file) &&
           is_same_text(a->token_file, b->token_file) &&
           (a->exec == NULL) == (b->exec == NULL);
}

static void forget(struct svc__apiserver_login *l)
{
    svc__config_data_fini(&l->token);
    svc__config_data_fini(&l->ca);
    svc__config_data_fini(&l->certificate);
    svc__config_data_fini(&l->key);
    l->has_credential = 0;
    l->tls_generation++;
    l->read_ms = INT64_MIN;
}

/* Another server's versions are no later ones of what is known here, and its
 * objects would stand beside those of the one that we began with. */
static int check_server(const struct svc__apiserver_login *l,
                        const struct svc__config *c, svc_error *reterr)
{
    if (l->config == NULL || strcmp(l->config->server, c->server) == 0)
        return 0;
    return svc__err_set(reterr, SVC_EFILE,
                        "%s: names another API server now, %.200s: only a new "
                        "resolver goes there, not one that began with %.200s",
                        svc__file_shown(l->where), c->server,
                        l->config->server);
}

/* The configuration as the files say it now; the one that is there stays when
 * they cannot be read, or lead to another server. */
static int configure(struct svc__apiserver_login *l, svc_error *reterr)
{
    const struct svc__backend_apiserver *a = l->env->apiserver;
    struct svc__config *c = NULL;
    int err;

    l->is_outside = !svc__backend_is_in_pod(a);
    err = svc__apiserver_find(a, &l->where, &c, reterr);
    if (err == 0)
        err = check_server(l, c, reterr);
    if (err != 0) {
        svc__config_free(c);
        return err;
    }
    if (c->insecure && (l->config == NULL || !l->config->insecure))
        svc__log(l->env->log, SVC_LOG_WARNING,
                 "%s: insecure-skip-tls-verify is set: the API server's "
                 "certificate is not checked, anybody on the way can read the "
                 "credentials",
                 svc__file_shown(l->where));
    if (l->config != NULL && !is_same_tls(l->config, c))
        l->tls_generation++;
    if (l->config != NULL && !is_same_party(l->config, c))
        forget(l);
    svc__config_free(l->config);
    l->config = c;
    return 0;
}

/* ---- what counts --------------------------------------------------------- */

static int is_same(const struct svc__config_data *a,
                   const struct svc__config_data *b)
{
    return a->size == b->size && (a->bytes == NULL) == (b->bytes == NULL) &&
           (a->bytes == NULL || b->bytes == NULL ||
            memcmp(a->bytes, b->bytes, a->size) == 0);
}

/* Puts a new value into its place: 1 when it is another one. */
static int replace(struct svc__config_data *place,
                   struct svc__config_data *with)
{
    if (is_same(place, with)) {
        svc__config_data_fini(with);
        return 0;
    }
    svc__config_data_fini(place);
    *place = *with;
    return 1;
}

/* Reads one file anew. What was there stays when it has become bad, which is
 * said; 1 when there is another value now. */
static int renew(struct svc__apiserver_login *l, struct svc__config_data *place,
                 int err, struct svc__config_data *fresh, svc_error *error)
{
    if (err == 0)
        return replace(place, fresh);
    if (place->bytes == NULL || err == SVC_ENOMEM)
        return err;
    svc__log(l->env->log, SVC_LOG_WARNING, "%s; what was read before stays",
             error->message);
    return 0;
}

/* Reads what is in files; 0, or a code when something is missing that was
 * never there. With a plugin there is nothing but the CA: the rest is its own
 * (see svc__config_exec). */
static int read_material(struct svc__apiserver_login *l, svc_error *reterr)
{
    const struct svc__config *c = l->config;
    const struct {
        const struct svc__config_data *data;
        const char *path;
        const char *kind;
        struct svc__config_data *place;
    } pems[PEMS] = {
        {&c->ca, c->ca_file, "CERTIFICATE", &l->ca},
        {&c->certificate, c->certificate_file, "CERTIFICATE", &l->certificate},
        {&c->key, c->key_file, "PRIVATE KEY", &l->key}};
    struct svc__config_data fresh;
    int changed = 0;
    int got;

    for (size_t i = 0; i < (c->exec != NULL ? 1 : PEMS); i++) {
        int err = svc__apiserver_secret_pem(pems[i].data, pems[i].path,
                                            pems[i].kind, &fresh, reterr);

        got = renew(l, pems[i].place, err, &fresh, reterr);
        if (got < 0)
            return got;
        changed |= got;
    }
    l->tls_generation += (uint64_t)changed;
    if (c->exec != NULL)
        return 0;
    got = svc__apiserver_secret_token(c, c->token_file, &fresh, reterr);
    if (got == SVC_EAUTH && l->token.bytes == NULL && c->token != NULL) {
        svc__log(l->env->log, SVC_LOG_WARNING,
                 "%s; the kubeconfig's token is used", reterr->message);
        got = svc__apiserver_secret_token(c, NULL, &fresh, reterr);
    }
    got = renew(l, &l->token, got, &fresh, reterr);
    return got < 0 ? got : 0;
}

/* ---- the plugin ---------------------------------------------------------- */

/* Takes what the plugin gave: the whole credential, so what it does not have
 * is no longer there. */
static void take_credential(struct svc__apiserver_login *l,
                            struct svc__config_credential *c)
{
    struct svc__config_data token = {c->token,
                                     c->token == NULL ? 0 : strlen(c->token)};
    int changed;

    (void)replace(&l->token, &token);
    changed = replace(&l->certificate, &c->certificate);
    changed |= replace(&l->key, &c->key);
    l->tls_generation += (uint64_t)changed;
    l->expires_s = c->expires_s;
    l->has_credential = 1;
    l->got_ms = svc__loop_now_ms(l->env->loop);
}

static void on_plugin(void *arg, int err, const char *output, size_t size,
                      const svc_error *error)
{
    struct svc__apiserver_login *l = arg;
    struct svc__config_credential got;

    memset(&got, 0, sizeof(got));
    l->plugin_error.code = 0;
    if (err != 0) {
        l->plugin_error = *error;
    } else if (svc__config_credential_read(output, size,
                                           l->config->exec->api_version, &got,
                                           &l->plugin_error) == 0) {
        l->plugin_error.code = 0;
        take_credential(l, &got);
    } else {
        svc__config_credential_fini(&got);
    }
    if (l->plugin_error.code != 0)
        svc__err_wrap(&l->plugin_error, "credential plugin \"%.100s\"",
                      l->config->exec->command);
    svc__proc_free(l->plugin);
    l->plugin = NULL;
    l->ready(l->arg);
}

/* Whether the plugin's credential is to be asked for again. Who asked for it
 * tries it, even if it seems to be over: the clock may be wrong, and the plugin
 * would be run for ever. */
static int is_expired(const struct svc__apiserver_login *l)
{
    return !l->has_credential ||
           (svc__wall_now_s() >= l->expires_s &&
            svc__loop_now_ms(l->env->loop) - l->got_ms >= SVC__LOGIN_USE_MS);
}

/* Has the plugin run where it must: 0, 1 while it runs, or a code. */
static int need_plugin(struct svc__apiserver_login *l, int anew,
                       svc_error *reterr)
{
    const struct svc__apiserver_plugin_done done = {on_plugin, l};
    const svc_error before = l->plugin_error;
    int err;

    if (l->plugin != NULL)
        return 1;
    /* What it said when it was waited for is the answer, once. */
    l->plugin_error.code = 0;
    if (before.code != 0) {
        *reterr = before;
        return before.code;
    }
    if (!anew && !is_expired(l))
        return 0;
    l->has_credential = 0;
    err = svc__apiserver_plugin_start(l, done, &l->plugin, reterr);
    return err == 0 ? 1 : err;
}

/* ---- the interface ------------------------------------------------------- */

int svc__apiserver_login_init(struct svc__apiserver_login *l,
                              const struct svc__backend_env *env,
                              void (*ready)(void *arg), void *arg,
                              svc_error *reterr)
{
    l->env = env;
    l->ready = ready;
    l->arg = arg;
    l->read_ms = INT64_MIN;
    l->tls_generation = 1;
    return configure(l, reterr);
}

void svc__apiserver_login_fini(struct svc__apiserver_login *l)
{
    svc__proc_free(l->plugin);
    forget(l);
    svc__config_free(l->config);
    svc__free(l->where);
}

int svc__apiserver_login_need(struct svc__apiserver_login *l, int anew,
                              svc_error *reterr)
{
    const int64_t now_ms = svc__loop_now_ms(l->env->loop);
    svc_error error;
    int err;

    if (anew && l->plugin == NULL && l->plugin_error.code == 0 &&
        configure(l, &error) != 0)
        svc__log(l->env->log, SVC_LOG_WARNING, "%s; what was read before stays",
                 error.message);
    if (anew || l->read_ms == INT64_MIN ||
        now_ms - l->read_ms >= SVC__LOGIN_FRESH_MS) {
        err = read_material(l, reterr);
        if (err != 0)
            return err;
        l->read_ms = now_ms;
    }
    return l->config->exec == NULL ? 0 : need_plugin(l, anew, reterr);
}

int svc__apiserver_login_namespace(
    const struct svc__backend_apiserver *settings, char **ret)
{
    struct svc__config *c = NULL;
    char *where = NULL;
    int err = svc__apiserver_find(settings, &where, &c, NULL);

    *ret = NULL;
    if (err == 0 && c->namespace_ != NULL) {
        *ret = svc__strdup(c->namespace_);
        err = *ret == NULL ? SVC_ENOMEM : 0;
    }
    svc__config_free(c);
    svc__free(where);
    return err == SVC_ENOMEM ? err : 0;
}
