/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns which manifests there are. Two kinds of absence differ: a file that is
 * no longer in a folder which lists fine is positive knowledge, and goes; a
 * file that was named itself, or whose folder does not list, is trouble, and
 * stays with what it held last.
 */
#include "backend/file_set.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/file.h"

#include <stdint.h>
#include <string.h>

#define ALL SIZE_MAX

static struct svc__file_source *entry(struct svc__list *link)
{
    return svc__list_entry(link, struct svc__file_source, link);
}

/* ---- list ---- */

/* The manifests that a path stands for now. Owned as by svc__file_list. */
static int expand(struct svc__file_given *g, const struct svc__list *old,
                  char ***ret_paths, svc_error *reterr)
{
    /* What was good as a file is a file: a folder in its place is trouble. */
    const int was_file = !svc__list_is_empty(old) &&
                         entry(old->next)->good != NULL && !g->is_folder;
    char **paths;

    if (g->is_folder || (!was_file && svc__file_is_folder(g->path))) {
        int err = svc__file_list(g->path, ret_paths, reterr);

        g->is_folder |= err == 0;
        if (err == SVC_ETOOBIG && reterr != NULL)
            reterr->code = SVC_EFILE; /* semantics 2.11, 13 */
        return err;
    }
    paths = svc__calloc(2, sizeof(*paths));
    if (paths != NULL)
        paths[0] = svc__strdup(g->path);
    if (paths == NULL || paths[0] == NULL) {
        svc__free(paths);
        return svc__err_nomem(reterr);
    }
    *ret_paths = paths;
    return 0;
}

/* Moves the sources of a path, or of all, from one list to the end of
 * another. */
static void take_sources(struct svc__list *from, size_t given,
                         struct svc__list *to)
{
    while (!svc__list_is_empty(from) &&
           (given == ALL || entry(from->next)->given == given)) {
        struct svc__list *link = from->next;

        svc__list_remove(link);
        svc__list_add(to, link);
    }
}

/* Fills the empty list now with a source for each path, from old where it is
 * there; what is left in old is gone. Both are sorted. *ret_changed is set
 * when they differ. 0 or SVC_ENOMEM with paths missing. */
static int match(struct svc__list *old, char *const *paths, size_t given,
                 struct svc__list *now, int *ret_changed)
{
    for (size_t i = 0; paths[i] != NULL; i++) {
        struct svc__file_source *src = NULL;

        while (!svc__list_is_empty(old) && src == NULL) {
            const int order = strcmp(entry(old->next)->path, paths[i]);

            if (order > 0)
                break;
            src = entry(old->next);
            svc__list_remove(&src->link);
            if (order < 0) {
                svc__file_source_free(src);
                src = NULL;
                *ret_changed = 1;
            }
        }
        if (src == NULL) {
            src = svc__file_source_new(paths[i], given);
            *ret_changed = 1;
        }
        if (src == NULL)
            return SVC_ENOMEM;
        svc__list_add(now, &src->link);
    }
    return 0;
}

static int set_folder_trouble(struct svc__file_set *set,
                              struct svc__file_given *g, const svc_error *error)
{
    const int code = error == NULL ? 0 : error->code;

    if (g->trouble.code == code &&
        (code == 0 || strcmp(g->trouble.message, error->message) == 0))
        return 0;
    if (code == 0) {
        svc__log(set->env->log, SVC_LOG_INFO, "%s: good again",
                 svc__file_shown(g->path));
        g->trouble.code = 0;
    } else {
        svc__log(set->env->log, SVC_LOG_WARNING, "%s", error->message);
        g->trouble = *error;
    }
    return 1;
}

static void free_sources(struct svc__list *sources)
{
    while (!svc__list_is_empty(sources))
        svc__file_source_free(entry(sources->next));
}

/* Lists one path anew: its sources move from set->sources, where they are at
 * the front, to the end of done. 1 when something changed. */
static int list_one(struct svc__file_set *set, size_t given,
                    struct svc__list *done)
{
    struct svc__file_given *g = &set->givens[given];
    struct svc__list old;
    struct svc__list now;
    svc_error error = {0};
    char **paths = NULL;
    int changed = 0;
    int err;

    svc__list_init(&old);
    svc__list_init(&now);
    take_sources(&set->sources, given, &old);
    err = expand(g, &old, &paths, &error);
    if (err == 0 && paths != NULL) {
        if (match(&old, paths, given, &now, &changed) != 0)
            err = svc__err_nomem(&error);
        svc__free_texts(paths);
    }
    changed |= set_folder_trouble(set, g, err == 0 ? NULL : &error);
    if (err == 0 && !svc__list_is_empty(&old)) {
        free_sources(&old);
        changed = 1;
    }
    take_sources(&now, ALL, done);
    take_sources(&old, ALL, done);
    return changed;
}

/* ---- read ---- */

int svc__file_set_look(struct svc__file_set *set, int is_cut)
{
    struct svc__list done;
    struct svc__list *it;
    int changed = 0;

    svc__list_init(&done);
    for (size_t i = 0; i < set->given_count; i++)
        changed |= list_one(set, i, &done);
    take_sources(&set->sources, ALL, &done); /* the text in memory */
    take_sources(&done, ALL, &set->sources);
    svc__list_each (it, &set->sources) {
        struct svc__file_source *src = entry(it);
        const struct svc__file_given *g;

        if (src->path == NULL)
            continue;
        g = &set->givens[src->given];
        src->above = g->trouble.code == 0 ? NULL : &g->trouble;
        if (src->above == NULL)
            changed |= svc__file_source_read(src, set->env, is_cut);
    }
    return changed;
}

/* ---- ask ---- */

int svc__file_set_gap(const struct svc__file_set *set, svc_error *ret)
{
    struct svc__list *it;

    for (size_t i = 0; i < set->given_count; i++) {
        if (set->givens[i].trouble.code != 0) {
            *ret = set->givens[i].trouble;
            return 1;
        }
    }
    svc__list_each (it, &set->sources) {
        const struct svc__file_source *src = entry(it);

        if (src->trouble.code != 0) {
            *ret = src->trouble;
            return 1;
        }
        if (src->unknown != NULL) {
            svc__err_set(ret, SVC_EFILE, "%s: %s", svc__file_source_name(src),
                         src->unknown);
            svc__err_hint(ret, "mend or remove what is refused");
            return 1;
        }
    }
    return 0;
}

int svc__file_set_is_short(const struct svc__file_set *set)
{
    struct svc__list *it;

    for (size_t i = 0; i < set->given_count; i++) {
        if (set->givens[i].trouble.code == SVC_ENOMEM)
            return 1;
    }
    svc__list_each (it, &set->sources) {
        if (entry(it)->trouble.code == SVC_ENOMEM)
            return 1;
    }
    return 0;
}

/* ---- life ---- */

static int add_text(struct svc__file_set *set, svc_error *reterr)
{
    const struct svc__backend_env *env = set->env;
    struct svc__file_source *src = svc__file_source_new(NULL, set->given_count);

    if (src == NULL)
        return svc__err_nomem(reterr);
    svc__list_add(&set->sources, &src->link);
    (void)svc__file_source_take(src, env, env->manifest, env->manifest_size);
    if (src->trouble.code != 0 && reterr != NULL)
        *reterr = src->trouble;
    return src->trouble.code;
}

int svc__file_set_init(struct svc__file_set *set,
                       const struct svc__backend_env *env, svc_error *reterr)
{
    const char *const *files = env->files;
    size_t count = 0;

    set->env = env;
    svc__list_init(&set->sources);
    while (files != NULL && files[count] != NULL)
        count++;
    if (count == 0 && env->manifest == NULL)
        return svc__err_set(reterr, SVC_EINVAL,
                            "backend \"file\" needs files or a manifest");
    set->givens = svc__calloc(count, sizeof(*set->givens));
    if (set->givens == NULL)
        return svc__err_nomem(reterr);
    set->given_count = count;
    for (size_t i = 0; files != NULL && i < count; i++)
        set->givens[i].path = files[i];
    return env->manifest == NULL ? 0 : add_text(set, reterr);
}

void svc__file_set_fini(struct svc__file_set *set)
{
    free_sources(&set->sources);
    svc__free(set->givens);
}
