/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the comparison of two manifests of one file, object by object. Objects
 * are the same when kind, namespace and name are.
 */
#include "backend/file_keep.h"

#include "base/alloc.h"
#include "base/map.h"
#include "model/name.h"

#include <string.h>
#include <svc/svc.h>

/* Kind, namespace of at most 253 octets, name of at most 253. */
struct key {
    size_t size; /* 0: no key, the object has no name */
    char text[512];
};

void svc__file_keep_names(const struct svc__manifest_object *o,
                          const char **ret_namespace, const char **ret_name)
{
    *ret_namespace = "";
    *ret_name = "";
    if (o->service != NULL) {
        *ret_namespace = o->service->namespace_;
        *ret_name = o->service->name;
    } else if (o->slice != NULL) {
        *ret_namespace = o->slice->namespace_;
        *ret_name = o->slice->name;
    } else if (o->node != NULL) {
        *ret_name = o->node->name;
    } else if (o->refusal != NULL) {
        *ret_namespace =
            o->kind == SVC__KIND_NODE ? "" : o->refusal->namespace_;
        *ret_name = o->refusal->name;
    }
}

int svc__file_keep_has_value(const struct svc__manifest_object *o)
{
    return o->service != NULL || o->slice != NULL || o->node != NULL;
}

static void make_key(const struct svc__manifest_object *o, struct key *ret)
{
    const char *namespace_;
    const char *name;
    size_t size;

    svc__file_keep_names(o, &namespace_, &name);
    size =
        svc__name_key(namespace_, name, ret->text + 1, sizeof(ret->text) - 1);
    ret->text[0] = (char)('0' + (int)o->kind);
    ret->size = size == 0 || name[0] == '\0' ? 0 : 1 + size;
}

/* Puts the objects of m that are refused, or those that are not, into at. */
static int put(struct svc__map *at, const struct svc__manifest *m, int refused)
{
    struct key key;

    for (size_t i = 0; i < m->count; i++) {
        struct svc__manifest_object *o = &m->objects[i];

        if ((o->refusal != NULL) != refused)
            continue;
        make_key(o, &key);
        if (key.size > 0 && svc__map_put(at, key.text, key.size, o, NULL) != 0)
            return SVC_ENOMEM;
    }
    return 0;
}

/* An object that the text has in a good version too is not missed. */
static void forget_good(struct svc__map *at, const struct svc__manifest *m)
{
    struct key key;

    for (size_t i = 0; i < m->count && at->count > 0; i++) {
        if (m->objects[i].refusal != NULL)
            continue;
        make_key(&m->objects[i], &key);
        (void)svc__map_remove(at, key.text, key.size);
    }
}

/* Gives o the value of old; the value that it had goes. */
static void take_value(struct svc__manifest_object *o,
                       const struct svc__manifest_object *old)
{
    struct svc__manifest_object before = *o;

    o->service =
        old->service == NULL ? NULL : svc__service_object_ref(old->service);
    o->slice = old->slice == NULL ? NULL : svc__slice_ref(old->slice);
    o->node = old->node == NULL ? NULL : svc__node_object_ref(old->node);
    svc__service_object_unref(before.service);
    svc__slice_unref(before.slice);
    svc__node_object_unref(before.node);
}

/* Makes room for more objects, so that none moves while they are in a map. */
static int reserve(struct svc__manifest *m, size_t more)
{
    struct svc__manifest_object *objects;

    if (more <= m->capacity - m->count)
        return 0;
    objects = svc__realloc(m->objects, m->count + more, sizeof(*objects));
    if (objects == NULL)
        return SVC_ENOMEM;
    m->objects = objects;
    m->capacity = m->count + more;
    return 0;
}

/* Appends an object of old that m does not have; there is room. */
static struct svc__manifest_object *append(
    struct svc__manifest *m, const struct svc__manifest_object *old,
    const char *reason)
{
    const size_t size = strlen(reason) + 1;
    struct svc__refusal *refusal = svc__calloc(1, sizeof(*refusal) + size);
    struct svc__manifest_object *o;

    if (refusal == NULL)
        return NULL;
    refusal->reason = memcpy(refusal->text, reason, size);
    o = &m->objects[m->count++];
    memset(o, 0, sizeof(*o));
    o->kind = old->kind;
    o->document = old->document;
    o->refusal = refusal;
    take_value(o, old);
    return o;
}

static int keep_one(struct svc__manifest *m,
                    const struct svc__manifest_object *old, const char *unknown,
                    struct svc__map *at)
{
    struct svc__manifest_object *o;
    struct key key;

    make_key(old, &key);
    o = svc__map_get(at, key.text, key.size);
    if (o != NULL && o->refusal != NULL)
        take_value(o, old);
    if (o != NULL || unknown == NULL)
        return 0;
    o = append(m, old, unknown);
    if (o == NULL)
        return SVC_ENOMEM;
    return svc__map_put(at, key.text, key.size, o, NULL);
}

int svc__file_keep(struct svc__manifest *m, const struct svc__manifest *old,
                   const char *unknown, const struct svc__hash_key *key)
{
    struct svc__map at;
    int err;

    if (m->refused == 0 && unknown == NULL)
        return 0;
    svc__map_init(&at, key);
    err = unknown == NULL ? 0 : reserve(m, old->count);
    if (err == 0)
        err = put(&at, m, 1);
    if (err == 0 && unknown != NULL)
        err = put(&at, m, 0);
    if (unknown == NULL)
        forget_good(&at, m);
    /* Of an object that old has twice the last one counts, as ever. */
    for (size_t i = 0; i < old->count && err == 0; i++) {
        if (svc__file_keep_has_value(&old->objects[i]))
            err = keep_one(m, &old->objects[i], unknown, &at);
    }
    svc__map_fini(&at);
    return err;
}
