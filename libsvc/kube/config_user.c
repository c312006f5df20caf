/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns which credentials of a user go together, by the rules of client-go:
 * tools/clientcmd (validateAuthInfo, getUserIdentificationPartialConfig) and
 * transport.
 */
#include "kube/config_draft.h"

#include "base/alloc.h"
#include "base/wipe.h"
#include "kube/config_exec.h"

#include <string.h>

const struct svc__config_field svc__config_user_fields[] = {
    {"client-certificate", SVC__CONFIG_TEXT,
     offsetof(struct svc__config_draft, c.certificate_file)},
    {"client-certificate-data", SVC__CONFIG_DATA,
     offsetof(struct svc__config_draft, c.certificate)},
    {"client-key", SVC__CONFIG_TEXT,
     offsetof(struct svc__config_draft, c.key_file)},
    {"client-key-data", SVC__CONFIG_DATA,
     offsetof(struct svc__config_draft, c.key)},
    {"token", SVC__CONFIG_TEXT, offsetof(struct svc__config_draft, c.token)},
    {"tokenFile", SVC__CONFIG_TEXT,
     offsetof(struct svc__config_draft, c.token_file)},
    {"as", SVC__CONFIG_TEXT, offsetof(struct svc__config_draft, c.as)},
    {"as-uid", SVC__CONFIG_TEXT, offsetof(struct svc__config_draft, c.as_uid)},
    {"as-groups", SVC__CONFIG_LIST,
     offsetof(struct svc__config_draft, c.as_groups)},
    {"as-user-extra", SVC__CONFIG_ANY,
     offsetof(struct svc__config_draft, as_user_extra)},
    {"username", SVC__CONFIG_NAME,
     offsetof(struct svc__config_draft, username)},
    {"password", SVC__CONFIG_NAME,
     offsetof(struct svc__config_draft, password)},
    {"auth-provider", SVC__CONFIG_ANY,
     offsetof(struct svc__config_draft, auth_provider)},
    {"exec", SVC__CONFIG_ANY, offsetof(struct svc__config_draft, exec)},
    {NULL, SVC__CONFIG_ANY, 0}};

static int refuse_unsupported(const struct svc__config_place *p,
                              const char *key, const char *hint)
{
    return svc__config_text_refuse_as(p, SVC_ENOTSUP, key, "not supported",
                                      hint);
}

/* Whether a value is anything but {} (or no object at all). */
static int has_members(const struct svc__config_mark *mark)
{
    struct svc__json j = mark->j;
    struct svc__json_str key;

    return mark->is_set && (svc__json_enter_object(&j) != 0 ||
                            svc__json_next_member(&j, &key) != 0);
}

/* What cannot be served must not be passed over: the request would go out in
 * another name. */
static int check_unsupported(const struct svc__config_place *p,
                             struct svc__config_draft *d)
{
    if (d->username.size > 0 || d->password.size > 0)
        return refuse_unsupported(
            p, d->username.size > 0 ? "username" : "password",
            "API servers read no passwords since Kubernetes 1.19: use a "
            "token, a certificate or an exec plugin");
    if (d->auth_provider.is_set)
        return refuse_unsupported(
            p, "auth-provider",
            "kubectl dropped them in 1.26: use the exec plugin of the "
            "provider");
    if (has_members(&d->as_user_extra))
        return refuse_unsupported(p, "as-user-extra",
                                  "impersonate by as, as-uid and as-groups");
    return 0;
}

/* Header values: what a line could be ended with is refused. */
static int is_header(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return 0;
    }
    return 1;
}

static int check_impersonation(const struct svc__config_place *p,
                               struct svc__config_draft *d)
{
    static const char reason[] = "it has characters that cannot be in a header";
    const struct svc__config *c = &d->c;

    if (c->as == NULL && (c->as_uid != NULL || c->as_groups != NULL))
        return svc__config_text_refuse(p, "as",
                                       "missing, beside as-uid or as-groups");
    if (!is_header(c->as))
        return svc__config_text_refuse(p, "as", reason);
    if (!is_header(c->as_uid))
        return svc__config_text_refuse(p, "as-uid", reason);
    for (char **group = c->as_groups; group != NULL && *group != NULL;
         group++) {
        if (!is_header(*group))
            return svc__config_text_refuse(p, "as-groups", reason);
    }
    return 0;
}

static int check_token(const struct svc__config_place *p,
                       struct svc__config_draft *d)
{
    char *token = d->c.token;
    size_t size;
    const char *start;

    if (token == NULL)
        return 0;
    size = strlen(token);
    start = svc__config_trim(token, &size);
    if (!svc__config_is_token(start, size))
        return svc__config_text_refuse(
            p, "token", "it has characters that cannot be in a header");
    memmove(token, start, size);
    svc__wipe(token + size, strlen(token + size));
    return 0;
}

/* Data goes before a file, and a key without a certificate is no credential,
 * as for client-go. */
static int check_certificate(const struct svc__config_place *p,
                             struct svc__config_draft *d)
{
    struct svc__config *c = &d->c;
    int err;

    if (c->certificate.bytes != NULL) {
        svc__free(c->certificate_file);
        c->certificate_file = NULL;
    }
    if (c->certificate.bytes == NULL && c->certificate_file == NULL)
        svc__config_data_fini(&c->key);
    if (c->key.bytes != NULL ||
        (c->certificate.bytes == NULL && c->certificate_file == NULL)) {
        svc__free(c->key_file);
        c->key_file = NULL;
    }
    if ((c->certificate.bytes != NULL || c->certificate_file != NULL) &&
        c->key.bytes == NULL && c->key_file == NULL)
        return svc__config_text_refuse(
            p, "client-key",
            "missing, and so is client-key-data: the certificate needs its "
            "key");
    err = svc__config_text_path(p, &c->certificate_file);
    return err == 0 ? svc__config_text_path(p, &c->key_file) : err;
}

/* A plugin does not run where there is another credential (client-go,
 * Authenticator.UpdateTransportConfig). */
static int read_exec(const struct svc__config_place *p,
                     struct svc__config_draft *d)
{
    struct svc__config *c = &d->c;
    int err;

    if (!d->exec.is_set || c->token != NULL || c->token_file != NULL ||
        c->certificate.bytes != NULL || c->certificate_file != NULL)
        return 0;
    err = svc__config_exec_read(p, &d->exec, &d->extensions, &c->exec);
    if (err == 0 && strchr(c->exec->command, '/') != NULL)
        err = svc__config_text_path(p, &c->exec->command);
    return err;
}

int svc__config_user_check(const struct svc__config_place *p,
                           struct svc__config_draft *d)
{
    int err = check_unsupported(p, d);

    if (err == 0)
        err = check_impersonation(p, d);
    if (err == 0)
        err = check_token(p, d);
    if (err == 0)
        err = svc__config_text_path(p, &d->c.token_file);
    if (err == 0)
        err = check_certificate(p, d);
    return err == 0 ? read_exec(p, d) : err;
}
