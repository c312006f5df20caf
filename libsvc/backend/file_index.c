/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns filling a store from manifests, the bounds of a source, and the list of
 * Services that stand on something old.
 */
#include "backend/file_index.h"

#include "backend/file_keep.h"
#include "base/alloc.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 2048

/* An index under way. */
struct filling {
    struct svc__file_index *x;
    const struct svc__file_source *src;
    uint64_t services;
    uint64_t endpoints;
};

static int too_big(const struct filling *f, const char *what, int max,
                   svc_error *reterr)
{
    svc__err_set(reterr, SVC_ETOOBIG,
                 "%s: with this manifest there are more than %d %s in all",
                 svc__file_source_name(f->src), max, what);
    svc__err_hint(reterr, "leave out namespaces that are not used");
    return SVC_ETOOBIG;
}

static void note_duplicate(const struct filling *f,
                           const struct svc__manifest_object *o)
{
    static const char *const kinds[] = {[SVC__KIND_SERVICE] = "Service",
                                        [SVC__KIND_SLICE] = "EndpointSlice",
                                        [SVC__KIND_NODE] = "Node"};
    const char *namespace_;
    const char *name;

    if (f->x->duplicates++ > 0)
        return;
    svc__file_keep_names(o, &namespace_, &name);
    (void)snprintf(f->x->duplicate, sizeof(f->x->duplicate),
                   "%s \"%s%s%.200s\" in %.80s", kinds[o->kind], namespace_,
                   namespace_[0] == '\0' ? "" : "/", name,
                   svc__file_source_name(f->src));
}

static int apply_service(struct filling *f,
                         const struct svc__manifest_object *o,
                         svc_error *reterr)
{
    int replaced = 0;

    if (svc__store_apply_service(f->x->store, o->service, &replaced) ==
        SVC_ENOMEM)
        return svc__err_nomem(reterr);
    f->services += !replaced;
    if (replaced)
        note_duplicate(f, o);
    return f->services > SVC__FILE_INDEX_SERVICES
               ? too_big(f, "Services", SVC__FILE_INDEX_SERVICES, reterr)
               : 0;
}

static int apply_slice(struct filling *f, const struct svc__manifest_object *o,
                       svc_error *reterr)
{
    const struct svc__slice *before =
        svc__store_slice(f->x->store, o->slice->namespace_, o->slice->name);
    const uint32_t gone = before == NULL ? 0 : before->block->count;
    int replaced = 0;

    if (svc__store_apply_slice(f->x->store, o->slice, &replaced) == SVC_ENOMEM)
        return svc__err_nomem(reterr);
    f->endpoints += o->slice->block->count;
    f->endpoints -= gone;
    if (replaced)
        note_duplicate(f, o);
    return f->endpoints > SVC__FILE_INDEX_ENDPOINTS
               ? too_big(f, "endpoints", SVC__FILE_INDEX_ENDPOINTS, reterr)
               : 0;
}

static int apply_node(struct filling *f, const struct svc__manifest_object *o,
                      svc_error *reterr)
{
    int replaced = 0;

    if (svc__store_apply_node(f->x->store, o->node, &replaced) == SVC_ENOMEM)
        return svc__err_nomem(reterr);
    if (replaced)
        note_duplicate(f, o);
    return 0;
}

static int apply(struct filling *f, const struct svc__manifest_object *o,
                 svc_error *reterr)
{
    if (o->service != NULL)
        return apply_service(f, o, reterr);
    if (o->slice != NULL)
        return apply_slice(f, o, reterr);
    if (o->node != NULL)
        return apply_node(f, o, reterr);
    return 0;
}

/* Tells the store of an object that has no good version anywhere. */
static int refuse(struct filling *f, const struct svc__manifest_object *o)
{
    char text[TEXT_MAX];

    if (svc__file_keep_has_value(o) || o->refusal->name[0] == '\0')
        return 0;
    (void)snprintf(text, sizeof(text), "%s: %s", svc__file_source_name(f->src),
                   o->refusal->reason);
    if (o->kind == SVC__KIND_SERVICE &&
        svc__store_service(f->x->store, o->refusal->namespace_,
                           o->refusal->name) == NULL)
        return svc__store_refuse_service(f->x->store, o->refusal->namespace_,
                                         o->refusal->name, text);
    if (o->kind == SVC__KIND_SLICE &&
        svc__store_slice(f->x->store, o->refusal->namespace_,
                         o->refusal->name) == NULL)
        return svc__store_refuse_slice(f->x->store, o->refusal->namespace_,
                                       o->refusal->owner, text);
    return 0;
}

/* "namespace/name", or 0 when it is too long to be one. */
static size_t make_key(const char *namespace_, const char *name, char *ret,
                       size_t size)
{
    const int used = snprintf(ret, size, "%s/%s", namespace_, name);

    return used < 0 || (size_t)used >= size ? 0 : (size_t)used;
}

/* Notes the Service that an object speaks of as troubled. */
static int note_trouble(struct filling *f, const struct svc__manifest_object *o)
{
    char key[512];
    size_t size = 0;

    if (o->service != NULL)
        size = make_key(o->service->namespace_, o->service->name, key,
                        sizeof(key));
    if (o->slice != NULL && o->slice->service[0] != '\0')
        size =
            make_key(o->slice->namespace_, o->slice->service, key, sizeof(key));
    if (size == 0)
        return 0;
    return svc__map_put(&f->x->troubled, key, size,
                        (struct svc__file_source *)f->src, NULL);
}

static int fill_objects(struct filling *f, svc_error *reterr)
{
    const struct svc__manifest *m = f->src->good;
    int err = 0;

    for (size_t i = 0; m != NULL && i < m->count && err == 0; i++)
        err = apply(f, &m->objects[i], reterr);
    return err;
}

/* What goes beside the objects, once all of them are in. */
static int fill_refusals(struct filling *f)
{
    const int whole = svc__file_source_trouble(f->src) != NULL;
    const struct svc__manifest *m = f->src->good;
    int err = 0;

    f->x->files++;
    f->x->files_in_trouble += whole ? 1 : 0;
    if (m == NULL)
        return 0;
    f->x->refused += m->refused;
    if (m->refused == 0 && f->src->unknown == NULL && !whole)
        return 0;
    for (size_t i = 0; i < m->count && err == 0; i++) {
        const struct svc__manifest_object *o = &m->objects[i];

        if (o->refusal != NULL)
            err = refuse(f, o);
        if (err == 0 && (whole || o->refusal != NULL))
            err = note_trouble(f, o);
    }
    return err;
}

static int fill(struct svc__file_index *x, const struct svc__list *sources,
                svc_error *reterr)
{
    struct filling f = {.x = x};
    struct svc__list *it;
    int err = 0;

    svc__list_each (it, sources) {
        f.src = svc__list_entry(it, struct svc__file_source, link);
        err = fill_objects(&f, reterr);
        if (err != 0)
            return err;
    }
    svc__list_each (it, sources) {
        f.src = svc__list_entry(it, struct svc__file_source, link);
        if (fill_refusals(&f) != 0)
            return svc__err_nomem(reterr);
    }
    return 0;
}

int svc__file_index_new(const struct svc__list *sources,
                        const struct svc__backend_env *env,
                        struct svc__file_index **ret, svc_error *reterr)
{
    struct svc__file_index *x = svc__calloc(1, sizeof(*x));
    int err;

    if (x == NULL)
        return svc__err_nomem(reterr);
    svc__map_init(&x->troubled, &env->hash_key);
    x->store = svc__store_new("file", &env->hash_key);
    err = x->store == NULL ? svc__err_nomem(reterr) : fill(x, sources, reterr);
    if (err != 0) {
        svc__file_index_free(x);
        return err;
    }
    *ret = x;
    return 0;
}

void svc__file_index_free(struct svc__file_index *x)
{
    if (x == NULL)
        return;
    svc__store_free(x->store);
    svc__map_fini(&x->troubled);
    svc__free(x);
}

/* Why the objects of a Service are old in a manifest that is good as such. */
static const char *find_reason(const struct svc__manifest *m,
                               const struct svc__query *q)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct svc__manifest_object *o = &m->objects[i];

        if (o->refusal == NULL)
            continue;
        if (o->service != NULL && strcmp(o->service->name, q->service) == 0 &&
            strcmp(o->service->namespace_, q->namespace_) == 0)
            return o->refusal->reason;
        if (o->slice != NULL && strcmp(o->slice->service, q->service) == 0 &&
            strcmp(o->slice->namespace_, q->namespace_) == 0)
            return o->refusal->reason;
    }
    return "an object is refused";
}

int svc__file_index_trouble(const struct svc__file_index *x,
                            const struct svc__query *q, svc_error *ret)
{
    const struct svc__file_source *src;
    const svc_error *trouble;
    char key[512];
    size_t size = make_key(q->namespace_, q->service, key, sizeof(key));

    src = size == 0 ? NULL : svc__map_get(&x->troubled, key, size);
    if (src == NULL)
        return 0;
    trouble = svc__file_source_trouble(src);
    if (trouble != NULL) {
        *ret = *trouble;
        return 1;
    }
    svc__err_set(ret, SVC_EFILE, "%s: %s", svc__file_source_name(src),
                 find_reason(src->good, q));
    svc__err_hint(ret, "mend the object: its last good version is used "
                       "meanwhile");
    return 1;
}
