/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what an ExecCredential may be, as client-go takes it: the version that
 * was asked for, and a token, or a certificate with its key, or both.
 */
#include "base/err.h"
#include "base/wipe.h"
#include "kube/config_text.h"
#include "kube/rfc3339.h"

#include <stdio.h>
#include <string.h>

struct status {
    char *token;
    char *certificate;
    char *key;
    struct svc__json_str expires;
};

static const struct svc__config_field status_fields[] = {
    {"token", SVC__CONFIG_TEXT, offsetof(struct status, token)},
    {"clientCertificateData", SVC__CONFIG_TEXT,
     offsetof(struct status, certificate)},
    {"clientKeyData", SVC__CONFIG_TEXT, offsetof(struct status, key)},
    {"expirationTimestamp", SVC__CONFIG_NAME, offsetof(struct status, expires)},
    {NULL, SVC__CONFIG_ANY, 0}};

static const struct svc__config_field top_fields[] = {
    {"status", SVC__CONFIG_ANY, 0}, {NULL, SVC__CONFIG_ANY, 0}};

int svc__config_is_token(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return 0;
    }
    return size > 0;
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *svc__config_trim(const char *text, size_t *size)
{
    while (*size > 0 && is_space(text[0])) {
        text++;
        (*size)--;
    }
    while (*size > 0 && is_space(text[*size - 1]))
        (*size)--;
    return text;
}

static void fini_status(struct status *s)
{
    svc__wipe_text(s->token);
    svc__wipe_text(s->certificate);
    svc__wipe_text(s->key);
}

static int check_id(const struct svc__config_place *p,
                    const struct svc__frame_id *id, const char *api_version)
{
    if (strcmp(id->kind, "ExecCredential") != 0)
        return svc__config_text_refuse(p, "kind", "not ExecCredential");
    if (strcmp(id->api_version, api_version) != 0) {
        svc__config_text_refuse(p, "apiVersion", "not the one asked for");
        svc__err_hint(p->reterr,
                      "the kubeconfig asks for %s; see which one this version "
                      "of the plugin speaks",
                      api_version);
        return p->code;
    }
    return 0;
}

static int check_status(const struct svc__config_place *p,
                        const struct status *s, int64_t *ret_expires_s)
{
    if (s->token == NULL && s->certificate == NULL && s->key == NULL)
        return svc__config_text_refuse(
            p, "", "neither a token nor a certificate in it");
    if ((s->certificate == NULL) != (s->key == NULL))
        return svc__config_text_refuse(
            p, "", "a certificate without its key, or the reverse");
    if (s->token != NULL && !svc__config_is_token(s->token, strlen(s->token)))
        return svc__config_text_refuse(
            p, "token", "it has characters that cannot be in a header");
    *ret_expires_s = INT64_MAX;
    if (s->expires.text == NULL)
        return 0;
    if (s->expires.escaped ||
        svc__rfc3339_read(s->expires.text, s->expires.size, ret_expires_s) != 0)
        return svc__config_text_refuse(p, "expirationTimestamp",
                                       "not a time (RFC 3339)");
    return 0;
}

static struct svc__config_data take_data(char **text)
{
    struct svc__config_data data = {*text, *text == NULL ? 0 : strlen(*text)};

    *text = NULL;
    return data;
}

static int read_status(const struct svc__config_place *p,
                       const struct svc__config_text *t,
                       struct svc__config_credential *ret)
{
    struct svc__config_place at = *p;
    struct svc__config_mark mark = {0};
    struct status s = {0};
    struct svc__json j;
    int64_t expires_s = 0;
    int err;

    svc__json_init(&j, t->json.data, t->json.size);
    err = svc__config_text_read(p, &j, top_fields, &mark);
    if (err == 0 && !mark.is_set)
        err = svc__config_text_refuse(p, "status", "missing");
    (void)snprintf(at.path, sizeof(at.path), "status.");
    if (err == 0)
        err = svc__config_text_inner(&at, &mark, status_fields, &s);
    if (err == 0)
        err = check_status(&at, &s, &expires_s);
    if (err == 0) {
        ret->token = s.token;
        s.token = NULL;
        ret->certificate = take_data(&s.certificate);
        ret->key = take_data(&s.key);
        ret->expires_s = expires_s;
    }
    fini_status(&s);
    return err;
}

int svc__config_credential_read(const char *text, size_t size,
                                const char *api_version,
                                struct svc__config_credential *ret,
                                svc_error *reterr)
{
    struct svc__config_place p = {"the credential plugin's answer", "", "",
                                  SVC_EAUTH, reterr};
    struct svc__config_text t;
    int err;

    if (size > SVC__CONFIG_EXEC_MAX)
        return svc__config_text_refuse(&p, "", "larger than is read");
    err = svc__config_text_init(&t, text, size, &p);
    if (err != 0)
        return err;
    err = check_id(&p, &t.id, api_version);
    if (err == 0)
        err = read_status(&p, &t, ret);
    svc__config_text_fini(&t);
    return err;
}

void svc__config_credential_fini(struct svc__config_credential *c)
{
    svc__wipe_text(c->token);
    c->token = NULL;
    svc__config_data_fini(&c->certificate);
    svc__config_data_fini(&c->key);
}
