/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the maps. An owner is the place of one Service name: the Service, the
 * slices labelled for it, and why some were refused, each of which may come
 * first or be missing. One that holds nothing is removed at once.
 */
#include "kube/store.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"
#include "kube/answer.h"

#include <stdlib.h>
#include <string.h>

/* "namespace/name" of the longest names that Kubernetes allows: a label and a
 * subdomain. On the stack, so that a lookup or a deletion cannot fail. No name
 * has a slash in it, which keeps the keys apart. */
#define KEY_MAX (63 + 1 + 253)

/* Slices that an owner has room for at first. */
#define SLICES_MIN 2

struct key {
    size_t size;
    char text[KEY_MAX];
};

/* Why objects were refused. */
struct refusal {
    char *reason; /* the first in order of bytes; NULL: none was */
    int more;     /* there are others */
};

struct owner {
    struct svc__service_object *service; /* or NULL */
    struct held **slices;                /* in no particular order */
    size_t count;
    size_t capacity;
    struct refusal of_service;
    struct refusal of_slices;
};

/* A slice and its place with its owner. */
struct held {
    struct svc__slice *slice;
    struct owner *owner; /* NULL: no label names a Service */
    size_t at;           /* in owner->slices */
};

struct svc__store {
    const char *source;
    struct svc__map owners; /* "namespace/name" to struct owner */
    struct svc__map slices; /* "namespace/name" to struct held */
    struct svc__map nodes;  /* name to struct svc__node_object */
    struct svc__store_stats stats;
};

struct svc__store *svc__store_new(const char *source,
                                  const struct svc__hash_key *key)
{
    struct svc__store *st = svc__calloc(1, sizeof(*st));

    if (st == NULL)
        return NULL;
    st->source = source;
    svc__map_init(&st->owners, key);
    svc__map_init(&st->slices, key);
    svc__map_init(&st->nodes, key);
    return st;
}

static void owner_free(struct owner *o)
{
    svc__service_object_unref(o->service);
    svc__free(o->slices);
    svc__free(o->of_service.reason);
    svc__free(o->of_slices.reason);
    svc__free(o);
}

void svc__store_free(struct svc__store *st)
{
    struct svc__map_entry *e;
    size_t at = 0;

    if (st == NULL)
        return;
    while ((e = svc__map_next(&st->owners, &at)) != NULL)
        owner_free(e->value);
    at = 0;
    while ((e = svc__map_next(&st->slices, &at)) != NULL) {
        struct held *h = e->value;

        svc__slice_unref(h->slice);
        svc__free(h);
    }
    at = 0;
    while ((e = svc__map_next(&st->nodes, &at)) != NULL)
        svc__node_object_unref(e->value);
    svc__map_fini(&st->owners);
    svc__map_fini(&st->slices);
    svc__map_fini(&st->nodes);
    svc__free(st);
}

/* ---- keys and owners ------------------------------------------------- */

/* 0, or SVC_EINVAL when the names are too long to exist. */
static int key_make(struct key *key, const char *namespace_, const char *name)
{
    size_t n = strlen(namespace_);
    size_t m = strlen(name);

    if (n > KEY_MAX || m > KEY_MAX || n + 1 + m > KEY_MAX)
        return SVC_EINVAL;
    memcpy(key->text, namespace_, n);
    key->text[n] = '/';
    memcpy(key->text + n + 1, name, m);
    key->size = n + 1 + m;
    return 0;
}

static void *get(const struct svc__map *map, const char *namespace_,
                 const char *name)
{
    struct key key;

    if (key_make(&key, namespace_, name) != 0)
        return NULL;
    return svc__map_get(map, key.text, key.size);
}

/* The owner of a name, made when it is not there: slices may come before their
 * Service, and stay when it goes (faults J17). 0, SVC_EINVAL or SVC_ENOMEM.
 * Whoever fails afterwards gives it to owner_drop. */
static int owner_need(struct svc__store *st, const char *namespace_,
                      const char *name, struct owner **ret)
{
    struct key key;
    struct owner *o;
    int err = key_make(&key, namespace_, name);

    if (err != 0)
        return err;
    o = svc__map_get(&st->owners, key.text, key.size);
    if (o == NULL) {
        o = svc__calloc(1, sizeof(*o));
        if (o == NULL)
            return SVC_ENOMEM;
        if (svc__map_put(&st->owners, key.text, key.size, o, NULL) != 0) {
            svc__free(o);
            return SVC_ENOMEM;
        }
    }
    *ret = o;
    return 0;
}

/* Removes an owner that holds nothing. */
static void owner_drop(struct svc__store *st, struct owner *o,
                       const char *namespace_, const char *name)
{
    struct key key;

    if (o->service != NULL || o->count > 0 || o->of_service.reason != NULL ||
        o->of_slices.reason != NULL)
        return;
    if (key_make(&key, namespace_, name) == 0)
        svc__map_remove(&st->owners, key.text, key.size);
    owner_free(o);
}

/* Room for one more slice, before anything is changed. */
static int owner_reserve(struct owner *o)
{
    size_t want = o->capacity == 0 ? SLICES_MIN : o->capacity * 2;
    struct held **slices;

    if (o->count < o->capacity)
        return 0;
    slices = svc__realloc(o->slices, want, sizeof(*slices));
    if (slices == NULL)
        return SVC_ENOMEM;
    o->slices = slices;
    o->capacity = want;
    return 0;
}

/* Puts a slice with its owner, which has room. */
static void attach(struct held *h, struct owner *o)
{
    h->owner = o;
    if (o == NULL)
        return;
    h->at = o->count;
    o->slices[o->count++] = h;
}

/* Takes a slice from its owner; the last one fills its place, since the order
 * is made when somebody asks. The owner may be gone afterwards. */
static void detach(struct svc__store *st, struct held *h)
{
    struct owner *o = h->owner;

    if (o == NULL)
        return;
    o->slices[h->at] = o->slices[--o->count];
    o->slices[h->at]->at = h->at;
    h->owner = NULL;
    owner_drop(st, o, h->slice->namespace_, h->slice->service);
}

/* ---- Services -------------------------------------------------------- */

static void refusal_clear(struct refusal *r)
{
    svc__free(r->reason);
    r->reason = NULL;
    r->more = 0;
}

int svc__store_apply_service(struct svc__store *st,
                             struct svc__service_object *service,
                             int *ret_replaced)
{
    struct owner *o;
    int err = owner_need(st, service->namespace_, service->name, &o);

    if (err != 0)
        return err;
    if (ret_replaced != NULL)
        *ret_replaced = o->service != NULL;
    st->stats.services += o->service == NULL;
    service = svc__service_object_ref(service);
    svc__service_object_unref(o->service);
    o->service = service;
    refusal_clear(&o->of_service);
    return 0;
}

void svc__store_delete_service(struct svc__store *st, const char *namespace_,
                               const char *name)
{
    struct owner *o = get(&st->owners, namespace_, name);

    if (o == NULL)
        return;
    st->stats.services -= o->service != NULL;
    svc__service_object_unref(o->service);
    o->service = NULL;
    refusal_clear(&o->of_service);
    owner_drop(st, o, namespace_, name);
}

struct svc__service_object *svc__store_service(const struct svc__store *st,
                                               const char *namespace_,
                                               const char *name)
{
    const struct owner *o = get(&st->owners, namespace_, name);

    return o == NULL ? NULL : o->service;
}

struct svc__service_object *svc__store_next_service(const struct svc__store *st,
                                                    size_t *at)
{
    struct svc__map_entry *e;

    while ((e = svc__map_next(&st->owners, at)) != NULL) {
        const struct owner *o = e->value;

        if (o->service != NULL)
            return o->service;
    }
    return NULL;
}

/* ---- slices ---------------------------------------------------------- */

/* The holder of a slice's name, made when it is not there. */
static int held_need(struct svc__store *st, const struct svc__slice *slice,
                     struct held **ret)
{
    struct key key;
    struct held *h;
    int err = key_make(&key, slice->namespace_, slice->name);

    if (err != 0)
        return err;
    h = svc__map_get(&st->slices, key.text, key.size);
    if (h == NULL) {
        h = svc__calloc(1, sizeof(*h));
        if (h == NULL)
            return SVC_ENOMEM;
        if (svc__map_put(&st->slices, key.text, key.size, h, NULL) != 0) {
            svc__free(h);
            return SVC_ENOMEM;
        }
    }
    *ret = h;
    return 0;
}

/* All that may fail comes first: the new owner, its room, the holder. Then the
 * slice moves from owner to owner, as its label says now (semantics 2.9 rule
 * 2; faults J17); with the same owner it keeps its place. */
int svc__store_apply_slice(struct svc__store *st, struct svc__slice *slice,
                           int *ret_replaced)
{
    struct owner *o = NULL;
    struct held *h;
    int err = 0;

    if (slice->service[0] != '\0') {
        err = owner_need(st, slice->namespace_, slice->service, &o);
        if (err == 0)
            err = owner_reserve(o);
    }
    if (err == 0)
        err = held_need(st, slice, &h);
    if (err != 0) {
        if (o != NULL)
            owner_drop(st, o, slice->namespace_, slice->service);
        return err;
    }
    if (ret_replaced != NULL)
        *ret_replaced = h->slice != NULL;
    st->stats.slices += h->slice == NULL;
    st->stats.slices_fqdn += slice->type == SVC__SLICE_FQDN;
    slice = svc__slice_ref(slice);
    if (h->slice != NULL) {
        st->stats.slices_fqdn -= h->slice->type == SVC__SLICE_FQDN;
        if (h->owner != o)
            detach(st, h);
        svc__slice_unref(h->slice);
    }
    h->slice = slice;
    if (h->owner != o)
        attach(h, o);
    return 0;
}

void svc__store_delete_slice(struct svc__store *st, const char *namespace_,
                             const char *name)
{
    struct key key;
    struct held *h;

    if (key_make(&key, namespace_, name) != 0)
        return;
    h = svc__map_remove(&st->slices, key.text, key.size);
    if (h == NULL)
        return;
    detach(st, h);
    st->stats.slices--;
    st->stats.slices_fqdn -= h->slice->type == SVC__SLICE_FQDN;
    svc__slice_unref(h->slice);
    svc__free(h);
}

struct svc__slice *svc__store_slice(const struct svc__store *st,
                                    const char *namespace_, const char *name)
{
    const struct held *h = get(&st->slices, namespace_, name);

    return h == NULL ? NULL : h->slice;
}

/* ---- Nodes ----------------------------------------------------------- */

int svc__store_apply_node(struct svc__store *st, struct svc__node_object *node,
                          int *ret_replaced)
{
    void *old;

    if (svc__map_put(&st->nodes, node->name, strlen(node->name), node, &old) !=
        0)
        return SVC_ENOMEM;
    svc__node_object_ref(node);
    svc__node_object_unref(old);
    st->stats.nodes += old == NULL;
    if (ret_replaced != NULL)
        *ret_replaced = old != NULL;
    return 0;
}

void svc__store_delete_node(struct svc__store *st, const char *name)
{
    struct svc__node_object *node =
        svc__map_remove(&st->nodes, name, strlen(name));

    st->stats.nodes -= node != NULL;
    svc__node_object_unref(node);
}

struct svc__node_object *svc__store_node(const struct svc__store *st,
                                         const char *name)
{
    return svc__map_get(&st->nodes, name, strlen(name));
}

size_t svc__store_slice_count(const struct svc__store *st,
                              const char *namespace_, const char *service)
{
    const struct owner *o = get(&st->owners, namespace_, service);

    return o == NULL ? 0 : o->count;
}

/* ---- refusals -------------------------------------------------------- */

/* Keeps the reason that is first in order of bytes, so that the order of the
 * calls does not show. */
static int refuse(struct refusal *r, const char *reason)
{
    int order = r->reason == NULL ? -1 : strcmp(reason, r->reason);
    char *copy;

    if (order > 0)
        r->more = 1;
    if (order >= 0)
        return 0;
    copy = svc__strdup(reason);
    if (copy == NULL)
        return SVC_ENOMEM;
    r->more = r->reason != NULL;
    svc__free(r->reason);
    r->reason = copy;
    return 0;
}

int svc__store_refuse_service(struct svc__store *st, const char *namespace_,
                              const char *name, const char *reason)
{
    struct owner *o;
    int err = owner_need(st, namespace_, name, &o);

    if (err != 0)
        return err == SVC_EINVAL ? 0 : err;
    err = refuse(&o->of_service, reason);
    if (err != 0)
        owner_drop(st, o, namespace_, name);
    return err;
}

int svc__store_refuse_slice(struct svc__store *st, const char *namespace_,
                            const char *owner, const char *reason)
{
    struct owner *o;
    int err = owner_need(st, namespace_, owner, &o);

    if (err != 0)
        return err == SVC_EINVAL ? 0 : err;
    err = refuse(&o->of_slices, reason);
    if (err != 0)
        owner_drop(st, o, namespace_, owner);
    return err;
}

/* ---- views ----------------------------------------------------------- */

/* The order that svc__facts asks for. A resourceVersion that is not known (0)
 * is the lowest, so that this is an order whatever slices have one (KEP-5504:
 * they compare as numbers). */
static int by_version(const void *a, const void *b)
{
    const struct svc__slice *x = *(struct svc__slice *const *)a;
    const struct svc__slice *y = *(struct svc__slice *const *)b;

    if (x->resource_version != y->resource_version)
        return x->resource_version > y->resource_version ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
    const struct svc__node_object *x = *(struct svc__node_object *const *)a;
    const struct svc__node_object *y = *(struct svc__node_object *const *)b;

    return strcmp(x->name, y->name);
}

/* The slices of an owner in order; owned (svc__free). 0 or SVC_ENOMEM. */
static int sort_slices(const struct owner *o, struct svc__slice ***ret)
{
    struct svc__slice **slices = svc__calloc(o->count, sizeof(*slices));

    if (slices == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; i < o->count; i++)
        slices[i] = o->slices[i]->slice;
    qsort(slices, o->count, sizeof(*slices), by_version);
    *ret = slices;
    return 0;
}

/* All Nodes by name; owned (svc__free). 0 or SVC_ENOMEM. */
static int sort_nodes(const struct svc__store *st,
                      struct svc__node_object ***ret)
{
    struct svc__node_object **nodes =
        svc__calloc(st->nodes.count, sizeof(*nodes));
    struct svc__map_entry *e;
    size_t count = 0;
    size_t at = 0;

    if (nodes == NULL)
        return SVC_ENOMEM;
    while ((e = svc__map_next(&st->nodes, &at)) != NULL)
        nodes[count++] = e->value;
    qsort(nodes, count, sizeof(*nodes), by_name);
    *ret = nodes;
    return 0;
}

/* Collects the facts and has them answered. Nodes are collected only for the
 * view that needs them. */
static int answer(const struct svc__store *st, const struct owner *o,
                  const struct svc__query *q, struct svc__view *v)
{
    struct svc__facts f = {.service = o->service,
                           .query = q,
                           .slice_count = o->count,
                           .refused_slice = o->of_slices.reason,
                           .refused_more = o->of_slices.more,
                           .hash_key = &st->owners.hash_key};
    struct svc__slice **slices = NULL;
    struct svc__node_object **nodes = NULL;
    int err = SVC_ENOMEM;

    if (sort_slices(o, &slices) != 0)
        goto out;
    if (q->view == SVC__VIEW_NODE) {
        if (sort_nodes(st, &nodes) != 0)
            goto out;
        f.nodes = nodes;
        f.node_count = st->nodes.count;
    }
    f.slices = slices;
    err = svc__answer_service(&f, v);
out:
    svc__free(nodes);
    svc__free(slices);
    return err;
}

int svc__store_view(const struct svc__store *st, const struct svc__query *q,
                    svc__clock_fn trace, struct svc__view **ret,
                    svc_error *reterr)
{
    const struct owner *o = get(&st->owners, q->namespace_, q->service);
    struct svc__view *v;
    int err;

    if (o != NULL && o->service == NULL && o->of_service.reason != NULL)
        return svc__answer_refused(q, o->of_service.reason, st->source, reterr);
    v = svc__view_new(st->source, trace);
    if (v == NULL)
        return svc__err_nomem(reterr);
    err = svc__answer_begin(q, v);
    if (err == 0)
        err = o == NULL || o->service == NULL
                  ? svc__answer_absent(st, q, o != NULL && o->count > 0, v)
                  : answer(st, o, q, v);
    if (err != 0) {
        svc__view_free(v);
        return svc__err_nomem(reterr);
    }
    *ret = v;
    return 0;
}

void svc__store_stats(const struct svc__store *st, struct svc__store_stats *ret)
{
    *ret = st->stats;
}
