/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the search, and the texts of kubeconfigs while they are read.
 */
#include "backend/apiserver_find.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/wipe.h"
#include "io/file.h"

#include <string.h>

/* A file of the service account's folder; NULL when out of memory. */
static char *account_file(const struct svc__backend_surroundings *s,
                          const char *name)
{
    struct svc__buf b;

    svc__buf_init(&b, 4096);
    svc__buf_printf(&b, "%s/%s", s->credentials, name);
    return svc__buf_take(&b);
}

/* What stands for a kubeconfig in a pod. */
static int read_account(const struct svc__backend_surroundings *s, char **where,
                        struct svc__config **ret, svc_error *reterr)
{
    const int is_v6 = strchr(s->kubernetes_service_host, ':') != NULL;
    struct svc__config *c = svc__calloc(1, sizeof(*c));
    struct svc__buf b;

    if (c == NULL)
        return svc__err_nomem(reterr);
    svc__buf_init(&b, 1024);
    svc__buf_printf(&b, is_v6 ? "https://[%s]:%s" : "https://%s:%s",
                    s->kubernetes_service_host,
                    s->kubernetes_service_port == NULL
                        ? "443"
                        : s->kubernetes_service_port);
    c->server = svc__buf_take(&b);
    c->ca_file = account_file(s, "ca.crt");
    c->token_file = account_file(s, "token");
    c->context = svc__strdup("");
    if (*where == NULL)
        *where = svc__strdup("the service account of this pod");
    if (c->server == NULL || c->ca_file == NULL || c->token_file == NULL ||
        c->context == NULL || *where == NULL) {
        svc__config_free(c);
        return svc__err_nomem(reterr);
    }
    *ret = c;
    return 0;
}

/* The paths of a list that is separated by ':', empty ones left out. Owned;
 * NULL when out of memory. */
static char **split(const char *list, size_t *ret_count)
{
    char **paths = svc__calloc(SVC__CONFIG_FILES_MAX + 1, sizeof(*paths));
    size_t n = 0;

    *ret_count = 0;
    while (paths != NULL && list != NULL && n < SVC__CONFIG_FILES_MAX) {
        const char *end = strchr(list, ':');
        size_t size = end == NULL ? strlen(list) : (size_t)(end - list);

        if (size > 0) {
            paths[n] = svc__strndup(list, size);
            if (paths[n] == NULL) {
                svc__free_texts(paths);
                return NULL;
            }
            n++;
        }
        list = end == NULL ? NULL : end + 1;
    }
    *ret_count = n;
    return paths;
}

/* kubeconfigs as they are read. */
struct reading {
    char **paths;
    size_t path_count;
    struct svc__buf texts[SVC__CONFIG_FILES_MAX];
    struct svc__config_file files[SVC__CONFIG_FILES_MAX];
    size_t count; /* of texts and files */
};

/* Reads the files that are there; kubectl passes over missing ones of a list,
 * but one that is named alone must be there. */
static int read_files(struct reading *r, svc_error *reterr)
{
    for (size_t i = 0; i < r->path_count; i++) {
        struct svc__buf *text = &r->texts[r->count];
        int err;

        if (r->path_count > 1 && !svc__file_is_there(r->paths[i]))
            continue;
        svc__buf_init(text, SVC__CONFIG_FILE_MAX);
        r->count++;
        err = svc__file_read(r->paths[i], text, reterr);
        if (err != 0)
            return err;
        r->files[r->count - 1].path = r->paths[i];
        r->files[r->count - 1].text = text->data == NULL ? "" : text->data;
        r->files[r->count - 1].size = text->size;
    }
    return 0;
}

static void forget_files(struct reading *r)
{
    for (size_t i = 0; i < r->count; i++) {
        svc__wipe(r->texts[i].data, r->texts[i].size);
        svc__buf_fini(&r->texts[i]);
    }
    svc__free_texts(r->paths);
}

/* A plugin is code, and who may write the file says which (faults 3.4). */
static int check_writers(const struct svc__config *c, char **paths,
                         size_t count, svc_error *reterr)
{
    for (size_t i = 0; c->exec != NULL && i < count; i++) {
        if (!svc__file_is_writable_by_others(paths[i]))
            continue;
        svc__err_set(reterr, SVC_EAUTH,
                     "%s: others than its owner may write it, and it names a "
                     "credential plugin, which would be run",
                     svc__file_shown(paths[i]));
        svc__err_hint(reterr, "chmod go-w that file");
        return SVC_EAUTH;
    }
    return 0;
}

static int read_kubeconfig(const struct svc__backend_apiserver *a,
                           const char *list, struct svc__config **ret,
                           svc_error *reterr)
{
    struct svc__config *c = NULL;
    struct reading r = {.count = 0};
    int err;

    r.paths = split(list, &r.path_count);
    if (r.paths == NULL)
        return svc__err_nomem(reterr);
    err = read_files(&r, reterr);
    if (err == 0)
        err = svc__config_read(r.files, r.count, a->context, &c, reterr);
    if (err == 0)
        err = check_writers(c, r.paths, r.path_count, reterr);
    forget_files(&r);
    if (err == 0)
        *ret = c;
    else
        svc__config_free(c);
    return err;
}

/* The list of kubeconfigs: owned; NULL with 0 when there is none. */
static int find_kubeconfig(const struct svc__backend_apiserver *a, char **ret)
{
    const struct svc__backend_surroundings *s = a->surroundings;
    struct svc__buf b;

    *ret = NULL;
    if (a->kubeconfig != NULL || s->kubeconfig != NULL) {
        *ret =
            svc__strdup(a->kubeconfig != NULL ? a->kubeconfig : s->kubeconfig);
        return *ret == NULL ? SVC_ENOMEM : 0;
    }
    if (s->home == NULL)
        return 0;
    svc__buf_init(&b, 4096);
    svc__buf_printf(&b, "%s/.kube/config", s->home);
    *ret = svc__buf_take(&b);
    return *ret == NULL ? SVC_ENOMEM : 0;
}

static int none_at_hand(svc_error *reterr)
{
    svc__err_set(reterr, SVC_ENOTSUP,
                 "no credentials for an API server are at hand: no kubeconfig "
                 "(option, KUBECONFIG, ~/.kube/config), and this is no pod");
    svc__err_hint(reterr, "give a kubeconfig (svcctl --kubeconfig FILE), or "
                          "mount a service account's token");
    return SVC_ENOTSUP;
}

int svc__apiserver_find(const struct svc__backend_apiserver *a, char **where,
                        struct svc__config **ret, svc_error *reterr)
{
    if (svc__backend_is_in_pod(a))
        return read_account(a->surroundings, where, ret, reterr);
    if (*where == NULL && find_kubeconfig(a, where) != 0)
        return svc__err_nomem(reterr);
    if (*where == NULL ||
        (a->kubeconfig == NULL && a->surroundings->kubeconfig == NULL &&
         !svc__file_is_there(*where)))
        return none_at_hand(reterr);
    return read_kubeconfig(a, *where, ret, reterr);
}
