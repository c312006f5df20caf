/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns reading one manifest: bytes to objects, and what is said about them in
 * the log. The text is freed as soon as it is parsed.
 */
#include "backend/file_source.h"

#include "backend/file_keep.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/count.h"
#include "base/err.h"
#include "io/file.h"

#include <string.h>

/* Messages about the objects of one text; the rest is a number. */
#define WARNINGS_MAX 10

struct svc__file_source *svc__file_source_new(const char *path, size_t given)
{
    struct svc__file_source *src = svc__calloc(1, sizeof(*src));

    if (src == NULL)
        return NULL;
    svc__list_init(&src->link);
    src->given = given;
    src->path = svc__strdup(path);
    if (path != NULL && src->path == NULL) {
        svc__free(src);
        return NULL;
    }
    return src;
}

void svc__file_source_free(struct svc__file_source *src)
{
    svc__list_remove(&src->link);
    svc__manifest_free(src->good);
    svc__free(src->path);
    svc__free(src);
}

const char *svc__file_source_name(const struct svc__file_source *src)
{
    return src->path == NULL ? "manifest in memory"
                             : svc__file_shown(src->path);
}

const svc_error *svc__file_source_trouble(const struct svc__file_source *src)
{
    return src->trouble.code != 0 ? &src->trouble : src->above;
}

const char *svc__file_source_gap(const struct svc__file_source *src)
{
    const svc_error *trouble = svc__file_source_trouble(src);

    return trouble != NULL ? trouble->message : src->unknown;
}

/* Sets the trouble, and logs it when it is a new one. 1 when it is. */
static int fail(struct svc__file_source *src,
                const struct svc__backend_env *env, const svc_error *error)
{
    if (src->trouble.code == error->code &&
        strcmp(src->trouble.message, error->message) == 0)
        return 0;
    src->trouble = *error;
    svc__count_add(&env->stats->files_refused, 1);
    if (src->path != NULL) /* of a text in memory init speaks itself */
        svc__log(env->log, SVC_LOG_WARNING, "%s%s%s%s", error->message,
                 error->hint[0] == '\0' ? "" : " (", error->hint,
                 error->hint[0] == '\0' ? "" : ")");
    return 1;
}

/* 1 when there was a trouble to end. */
static int recover(struct svc__file_source *src,
                   const struct svc__backend_env *env)
{
    if (src->trouble.code == 0)
        return 0;
    src->trouble.code = 0;
    svc__log(env->log, SVC_LOG_INFO, "%s: good again",
             svc__file_source_name(src));
    return 1;
}

/* What a text leaves open, or NULL. */
static const char *find_unknown(const struct svc__manifest *m)
{
    if (m->document_refused_count > 0)
        return m->first_document_refused;
    for (size_t i = 0; i < m->count && m->refused > 0; i++) {
        const struct svc__manifest_object *o = &m->objects[i];

        if (o->refusal != NULL && o->refusal->name[0] == '\0')
            return o->refusal->reason;
    }
    return NULL;
}

static void warn(const struct svc__file_source *src,
                 const struct svc__backend_env *env,
                 const struct svc__manifest *m)
{
    const char *name = svc__file_source_name(src);
    size_t said = 0;

    for (size_t i = 0; i < m->count && said < m->refused; i++) {
        const struct svc__manifest_object *o = &m->objects[i];

        if (o->refusal == NULL || o->refusal->name == NULL ||
            said++ >= WARNINGS_MAX)
            continue;
        svc__log(env->log, SVC_LOG_WARNING, "%s: refused: %s%s", name,
                 o->refusal->reason,
                 svc__file_keep_has_value(o) ? " (its last good version stays)"
                                             : "");
    }
    if (said > WARNINGS_MAX)
        svc__log(env->log, SVC_LOG_WARNING, "%s: %zu more objects refused",
                 name, said - WARNINGS_MAX);
    if (m->document_refused_count > 0)
        svc__log(env->log, SVC_LOG_WARNING,
                 "%s: %zu documents refused whole, the first: %s", name,
                 m->document_refused_count, m->first_document_refused);
    if (m->old_versions > 0)
        svc__log(env->log, SVC_LOG_WARNING,
                 "%s: %llu objects of other versions are left out, the first: "
                 "%s",
                 name, (unsigned long long)m->old_versions,
                 m->first_old_version);
}

/* Parses and takes the place of what was good before. */
static int parse(struct svc__file_source *src,
                 const struct svc__backend_env *env, const char *text,
                 size_t size, svc_error *reterr)
{
    const struct svc__manifest_text in = {text, size, SVC__MANIFEST_SNIFF,
                                          env->stop};
    struct svc__manifest *m = NULL;
    const char *unknown;
    int err = svc__manifest_parse(&in, &m, reterr);

    if (err != 0) {
        svc__err_wrap(reterr, "%s", svc__file_source_name(src));
        return err;
    }
    unknown = find_unknown(m);
    if (src->good != NULL) {
        err = svc__file_keep(m, src->good, unknown, &env->hash_key);
        if (err != 0) {
            svc__manifest_free(m);
            return svc__err_nomem(reterr);
        }
    }
    svc__count_add(&env->stats->objects_refused,
                   m->refused + m->document_refused_count);
    svc__count_add(&env->stats->objects_ignored, m->ignored);
    warn(src, env, m);
    svc__manifest_free(src->good);
    src->good = m;
    src->unknown = unknown;
    return 0;
}

int svc__file_source_take(struct svc__file_source *src,
                          const struct svc__backend_env *env, const char *text,
                          size_t size)
{
    svc_error error;
    int err;

    if (src->text != SVC__FILE_TEXT_NONE && src->size == size &&
        src->hash == svc__hash(&env->hash_key, text, size))
        return src->text == SVC__FILE_TEXT_GOOD ? recover(src, env) : 0;
    err = parse(src, env, text, size, &error);
    src->text = SVC__FILE_TEXT_NONE; /* not to its end */
    if (err == SVC_ENOMEM || err == SVC_ECLOSED)
        return fail(src, env, &error);
    src->text = err == 0 ? SVC__FILE_TEXT_GOOD : SVC__FILE_TEXT_BAD;
    src->size = size;
    src->hash = svc__hash(&env->hash_key, text, size);
    if (err != 0)
        return fail(src, env, &error);
    (void)recover(src, env);
    return 1;
}

int svc__file_source_read(struct svc__file_source *src,
                          const struct svc__backend_env *env, int is_cut)
{
    svc_error error;
    struct svc__buf b;
    int changed = 0;

    if (env->stop != NULL && *env->stop != 0)
        return 0;
    svc__buf_init(&b, SVC__FILE_SOURCE_MAX);
    if (svc__file_read(src->path, &b, &error) != 0) {
        if (error.code == SVC_ETOOBIG)
            error.code = SVC_EFILE; /* semantics 2.11, 13 */
        changed = fail(src, env, &error);
        /* A bad text says its own trouble again when it can be read. */
        if (src->text == SVC__FILE_TEXT_BAD)
            src->text = SVC__FILE_TEXT_NONE;
    } else {
        svc__count_add(&env->stats->files_read, 1);
        svc__count_add(&env->stats->bytes_read, b.size);
        if (!is_cut || b.size > 0 || src->good == NULL)
            changed = svc__file_source_take(src, env, b.data, b.size);
    }
    svc__buf_fini(&b);
    return changed;
}
