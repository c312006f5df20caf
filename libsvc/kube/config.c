/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the merging of kubeconfigs and the choice of one context, by the rules
 * of client-go's tools/clientcmd. Of other contexts, clusters and users only
 * the names are looked at.
 */
#include "kube/config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/wipe.h"
#include "kube/config_draft.h"
#include "kube/config_exec.h"
#include "kube/config_text.h"
#include "model/name.h"

#include <string.h>

/* A file, taken apart at its top level. */
struct file {
    const char *path;
    struct svc__config_text text;
    char *current; /* current-context, or NULL */
    struct svc__config_mark contexts;
    struct svc__config_mark clusters;
    struct svc__config_mark users;
};

static const struct svc__config_field file_fields[] = {
    {"current-context", SVC__CONFIG_TEXT, offsetof(struct file, current)},
    {"contexts", SVC__CONFIG_ANY, offsetof(struct file, contexts)},
    {"clusters", SVC__CONFIG_ANY, offsetof(struct file, clusters)},
    {"users", SVC__CONFIG_ANY, offsetof(struct file, users)},
    {NULL, SVC__CONFIG_ANY, 0}};

static const struct svc__config_field context_fields[] = {
    {"cluster", SVC__CONFIG_TEXT,
     offsetof(struct svc__config_draft, c.cluster)},
    {"user", SVC__CONFIG_TEXT, offsetof(struct svc__config_draft, c.user)},
    {"namespace", SVC__CONFIG_TEXT,
     offsetof(struct svc__config_draft, c.namespace_)},
    {NULL, SVC__CONFIG_ANY, 0}};

struct reader {
    struct file *files;
    size_t count;
    struct svc__config_place place;
    struct svc__config_place cluster; /* where the cluster is */
    struct svc__config_draft d;
};

void svc__config_data_fini(struct svc__config_data *d)
{
    svc__wipe(d->bytes, d->size);
    svc__free(d->bytes);
    d->bytes = NULL;
    d->size = 0;
}

void svc__config_list_free(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        svc__wipe_text(list[i]);
    svc__free(list);
}

static void fini_config(struct svc__config *c)
{
    svc__free(c->context);
    svc__free(c->cluster);
    svc__free(c->user);
    svc__free(c->namespace_);
    svc__free(c->server);
    svc__config_data_fini(&c->ca);
    svc__free(c->ca_file);
    svc__free(c->tls_server_name);
    svc__wipe_text(c->proxy_url); /* a password may be in it */
    svc__config_data_fini(&c->certificate);
    svc__free(c->certificate_file);
    svc__config_data_fini(&c->key);
    svc__free(c->key_file);
    svc__wipe_text(c->token);
    svc__free(c->token_file);
    svc__free(c->as);
    svc__free(c->as_uid);
    svc__config_list_free(c->as_groups);
    svc__config_exec_free(c->exec);
}

void svc__config_free(struct svc__config *c)
{
    if (c == NULL)
        return;
    fini_config(c);
    svc__free(c);
}

/* ---- files ---- */

static int check_id(const struct svc__config_place *p,
                    const struct svc__frame_id *id)
{
    if (id->kind[0] != '\0' && strcmp(id->kind, "Config") != 0)
        return svc__config_text_refuse(p, "kind", "not Config");
    if (id->api_version[0] != '\0' && strcmp(id->api_version, "v1") != 0)
        return svc__config_text_refuse(p, "apiVersion", "not v1");
    return 0;
}

static int open_file(struct reader *r, const struct svc__config_file *in,
                     struct file *f)
{
    struct svc__json j;
    int err;

    f->path = in->path == NULL ? "kubeconfig" : in->path;
    r->place.source = f->path;
    r->place.object[0] = '\0';
    if (in->size > SVC__CONFIG_FILE_MAX)
        return svc__config_text_refuse(&r->place, "", "larger than 4 MiB");
    err = svc__config_text_init(&f->text, in->text, in->size, &r->place);
    if (err == 0)
        err = check_id(&r->place, &f->text.id);
    if (err != 0)
        return err;
    svc__json_init(&j, f->text.json.data, f->text.json.size);
    return svc__config_text_read(&r->place, &j, file_fields, f);
}

static void close_files(struct reader *r)
{
    for (size_t i = 0; i < r->count; i++) {
        svc__config_text_fini(&r->files[i].text);
        svc__free(r->files[i].current);
    }
    svc__free(r->files);
}

static int open_files(struct reader *r, const struct svc__config_file *files,
                      size_t count)
{
    int err = 0;

    if (count > SVC__CONFIG_FILES_MAX)
        return svc__err_set(r->place.reterr, SVC_EFILE,
                            "more than %d kubeconfigs", SVC__CONFIG_FILES_MAX);
    r->files = svc__calloc(count, sizeof(*r->files));
    if (r->files == NULL)
        return svc__err_nomem(r->place.reterr);
    for (size_t i = 0; err == 0 && i < count; i++) {
        r->count++;
        err = open_file(r, &files[i], &r->files[i]);
    }
    return err;
}

/* ---- entries ---- */

/* A list of a file, and what an entry of it is called. */
struct kind {
    const char *name; /* also the key of its value */
    size_t offset;
};

static const struct kind context_kind = {"context",
                                         offsetof(struct file, contexts)};
static const struct kind cluster_kind = {"cluster",
                                         offsetof(struct file, clusters)};
static const struct kind user_kind = {"user", offsetof(struct file, users)};

/* Reads the entry of that name out of the first file that has one. The place
 * is the entry's afterwards. 1, 0 when there is none, or an error. */
static int read_entry(struct reader *r, const struct kind *kind,
                      const char *name, const struct svc__config_field *fields)
{
    struct svc__config_mark value;

    for (size_t i = 0; i < r->count; i++) {
        const char *file = (const char *)&r->files[i];
        int found;

        r->place.source = r->files[i].path;
        r->place.object[0] = '\0';
        found = svc__config_text_find(
            &r->place,
            (const struct svc__config_mark *)(const void *)(file +
                                                            kind->offset),
            kind->name, name, &value);
        if (found < 0)
            return found;
        if (found == 0)
            continue;
        svc__config_text_object(&r->place, kind->name, name);
        found = svc__config_text_inner(&r->place, &value, fields, &r->d);
        return found == 0 ? 1 : found;
    }
    return 0;
}

/* No file has it; by is who names it, or "". */
static int refuse_missing(const struct reader *r, const struct kind *kind,
                          const char *name, const char *by)
{
    svc__err_set(r->place.reterr, SVC_EFILE, "%s%s: no %s \"%s\"%s%s%s",
                 r->count > 0 ? r->files[0].path : "no kubeconfig",
                 r->count > 1 ? " and the other kubeconfigs" : "", kind->name,
                 name, by[0] == '\0' ? "" : ", which context \"", by,
                 by[0] == '\0' ? "" : "\" names");
    svc__err_hint(r->place.reterr,
                  "see what there is: kubectl config get-contexts");
    return SVC_EFILE;
}

/* ---- the context ---- */

static int pick_context(struct reader *r, const char *context)
{
    struct svc__config *c = &r->d.c;

    for (size_t i = 0; context == NULL && i < r->count; i++)
        context = r->files[i].current;
    if (context == NULL) {
        svc__err_set(r->place.reterr, SVC_EFILE, "%s: no current-context",
                     r->count > 0 ? r->files[0].path : "no kubeconfig");
        svc__err_hint(r->place.reterr,
                      "name a context, or: kubectl config use-context NAME");
        return SVC_EFILE;
    }
    c->context = svc__strdup(context);
    return c->context == NULL ? svc__err_nomem(r->place.reterr) : 0;
}

static int read_context(struct reader *r, const char *context)
{
    struct svc__config *c = &r->d.c;
    int found = pick_context(r, context);

    if (found != 0)
        return found;
    found = read_entry(r, &context_kind, c->context, context_fields);
    if (found < 0)
        return found;
    if (found == 0)
        return refuse_missing(r, &context_kind, c->context, "");
    if (c->cluster == NULL)
        return svc__config_text_refuse(&r->place, "cluster", "missing");
    if (c->namespace_ != NULL &&
        !svc__name_is_label(c->namespace_, strlen(c->namespace_)))
        return svc__config_text_refuse(&r->place, "namespace",
                                       "not a name of a namespace");
    return 0;
}

/* ---- the cluster ---- */

static int read_cluster(struct reader *r)
{
    struct svc__config *c = &r->d.c;
    int found =
        read_entry(r, &cluster_kind, c->cluster, svc__config_cluster_fields);

    if (found == 0)
        return refuse_missing(r, &cluster_kind, c->cluster, c->context);
    r->cluster = r->place;
    return found < 0 ? found : svc__config_cluster_check(&r->place, &r->d);
}

/* ---- the user, and all together ---- */

static int read_user(struct reader *r)
{
    struct svc__config *c = &r->d.c;
    int found;

    if (c->user == NULL)
        return 0;
    found = read_entry(r, &user_kind, c->user, svc__config_user_fields);
    if (found == 0)
        return refuse_missing(r, &user_kind, c->user, c->context);
    return found < 0 ? found : svc__config_user_check(&r->place, &r->d);
}

static int read_all(struct reader *r, const char *context)
{
    int err = read_context(r, context);

    if (err == 0)
        err = read_cluster(r);
    if (err == 0)
        err = read_user(r);
    if (err == 0)
        err = svc__config_cluster_server(&r->cluster, &r->d);
    return err;
}

int svc__config_read(const struct svc__config_file *files, size_t count,
                     const char *context, struct svc__config **ret,
                     svc_error *reterr)
{
    struct svc__config *c = svc__alloc(sizeof(*c));
    struct reader r;
    int err;

    memset(&r, 0, sizeof(r));
    r.place.code = SVC_EFILE;
    r.place.reterr = reterr;
    if (context != NULL && context[0] == '\0')
        context = NULL;
    err = c == NULL ? svc__err_nomem(reterr) : open_files(&r, files, count);
    if (err == 0)
        err = read_all(&r, context);
    close_files(&r);
    if (err == 0) {
        *c = r.d.c;
        *ret = c;
    } else {
        fini_config(&r.d.c);
        svc__free(c);
    }
    return err;
}
