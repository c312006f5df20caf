/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns nothing: what is read is the caller's.
 */
#include "backend/apiserver_secret.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/wipe.h"
#include "io/file.h"
#include "io/http_pem.h"

#include <string.h>

/* Bounds of a file with a token, and of one with certificates. */
#define TOKEN_MAX ((size_t)64 * 1024)
#define PEM_MAX   ((size_t)4 * 1024 * 1024)

static int copy(const char *bytes, size_t size, struct svc__config_data *ret)
{
    ret->bytes = svc__strndup(bytes, size);
    ret->size = ret->bytes == NULL ? 0 : size;
    return ret->bytes == NULL ? SVC_ENOMEM : 0;
}

/* Data as the configuration has them, or their file's content; neither is no
 * data. */
static int load(const struct svc__config_data *data, const char *path,
                size_t max, struct svc__config_data *ret, svc_error *reterr)
{
    struct svc__buf b;
    int err;

    ret->bytes = NULL;
    ret->size = 0;
    if (data->bytes != NULL)
        return copy(data->bytes, data->size, ret) == 0 ? 0
                                                       : svc__err_nomem(reterr);
    if (path == NULL)
        return 0;
    svc__buf_init(&b, max);
    err = svc__file_read(path, &b, reterr);
    if (err == 0) {
        const size_t size = b.size;

        ret->bytes = svc__buf_take(&b);
        if (ret->bytes == NULL)
            return svc__err_nomem(reterr);
        ret->size = size;
        return 0;
    }
    svc__wipe(b.data, b.size);
    svc__buf_fini(&b);
    if (err == SVC_ENOMEM)
        return err;
    if (reterr != NULL)
        reterr->code = SVC_EAUTH;
    return SVC_EAUTH;
}

/* What stands in the configuration is looked at where it is used. */
int svc__apiserver_secret_pem(const struct svc__config_data *data,
                              const char *path, const char *kind,
                              struct svc__config_data *ret, svc_error *reterr)
{
    struct svc__config_data got;
    int err = load(data, path, PEM_MAX, &got, reterr);

    if (err == 0 && data->bytes == NULL && got.bytes != NULL)
        err = svc__http_pem_check(got.bytes, got.size, svc__file_shown(path),
                                  kind, reterr);
    if (err == 0)
        *ret = got;
    else
        svc__config_data_fini(&got);
    return err;
}

int svc__apiserver_secret_token(const struct svc__config *c, const char *path,
                                struct svc__config_data *ret, svc_error *reterr)
{
    const int is_text = path == NULL && c->token != NULL;
    const struct svc__config_data data = {is_text ? c->token : NULL,
                                          is_text ? strlen(c->token) : 0};
    struct svc__config_data raw;
    const char *text;
    size_t size;
    int err = load(&data, path, TOKEN_MAX, &raw, reterr);

    ret->bytes = NULL;
    ret->size = 0;
    if (err != 0 || raw.bytes == NULL)
        return err;
    size = raw.size;
    text = svc__config_trim(raw.bytes, &size);
    if (!svc__config_is_token(text, size)) {
        err = svc__err_set(
            reterr, SVC_EAUTH, "%s: %s",
            is_text ? "the kubeconfig's token" : svc__file_shown(path),
            size == 0 ? "is empty"
                      : "is no token: it has characters that a header cannot "
                        "have");
        svc__err_hint(reterr, "wait for the file to be written whole, or "
                              "write it anew");
    } else if (copy(text, size, ret) != 0) {
        err = svc__err_nomem(reterr);
    }
    svc__config_data_fini(&raw);
    return err;
}
