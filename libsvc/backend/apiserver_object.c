/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the pile of a list under way. A list that replaces nothing goes to the
 * store at once, since nobody sees it before it is whole; that saves the
 * memory for keeping it twice.
 */
#include "backend/apiserver_object.h"

#include "backend/apiserver_refused.h"
#include "base/alloc.h"
#include "base/count.h"
#include "base/err.h"
#include "kube/decode.h"
#include "kube/meta.h"
#include "kube/object_name.h"
#include "model/name.h"

#include <string.h>

/* An object of any of the three kinds, with the names that it goes by. */
struct object {
    union {
        struct svc__service_object *service;
        struct svc__slice *slice;
        struct svc__node_object *node;
        void *any;
    } is;
    const char *namespace_;
    const char *name;
    const char *service; /* whose it is; NULL for a Node */
    uint64_t version;    /* 0: unknown */
    uint64_t cost;
};

static void unref(enum svc__reflector_resource resource, void *object)
{
    if (object == NULL)
        return;
    if (resource == SVC__RESOURCE_SERVICES)
        svc__service_object_unref(object);
    else if (resource == SVC__RESOURCE_SLICES)
        svc__slice_unref(object);
    else
        svc__node_object_unref(object);
}

/* What the store has of that name, with one more reference; or NULL. */
static void *held(const struct svc__apiserver_feed *feed,
                  const char *namespace_, const char *name)
{
    const struct svc__store *st = feed->all->store;
    struct svc__service_object *service;
    struct svc__node_object *node;
    struct svc__slice *slice;

    switch (feed->scope.resource) {
    case SVC__RESOURCE_SERVICES:
        service = svc__store_service(st, namespace_, name);
        return service == NULL ? NULL : svc__service_object_ref(service);
    case SVC__RESOURCE_SLICES:
        slice = svc__store_slice(st, namespace_, name);
        return slice == NULL ? NULL : svc__slice_ref(slice);
    case SVC__RESOURCE_NODES:
        break;
    }
    node = svc__store_node(st, name);
    return node == NULL ? NULL : svc__node_object_ref(node);
}

/* ---- decoding ------------------------------------------------------------ */

static int decode(struct svc__apiserver_feed *feed,
                  const struct svc__frame_item *item, struct object *ret,
                  svc_error *reterr)
{
    int err;

    if (feed->scope.resource == SVC__RESOURCE_SLICES) {
        err = svc__slice_decoder_item(feed->all->decoder, item, &ret->is.slice,
                                      reterr);
        if (err == 0) {
            ret->namespace_ = ret->is.slice->namespace_;
            ret->name = ret->is.slice->name;
            ret->service = ret->is.slice->service;
            ret->version = ret->is.slice->resource_version;
            ret->cost += ret->is.slice->block->count;
        }
    } else if (feed->scope.resource == SVC__RESOURCE_SERVICES) {
        err = svc__decode_service(item->text, item->size, &ret->is.service,
                                  reterr);
        if (err == 0) {
            ret->namespace_ = ret->is.service->namespace_;
            ret->name = ret->is.service->name;
            ret->service = ret->name;
            ret->version = ret->is.service->resource_version;
        }
    } else {
        err = svc__decode_node(item->text, item->size, &ret->is.node, reterr);
        if (err == 0) {
            ret->name = ret->is.node->name;
            ret->version = ret->is.node->resource_version;
        }
    }
    return err;
}

/* Whether it is about what this feed asked for, and somebody wants it. */
static int is_wanted(const struct svc__apiserver_feed *feed,
                     const struct object *o)
{
    const struct svc__reflector_scope *scope = &feed->scope;

    if (o->service == NULL)
        return 1;
    if (strcmp(o->namespace_, scope->namespace_) != 0)
        return 0;
    if (scope->service != NULL)
        return strcmp(o->service, scope->service) == 0;
    return feed->all->wants(feed->all->arg, o->namespace_, o->service);
}

/* ---- to the store -------------------------------------------------------- */

static int update(struct svc__apiserver_feed *feed, const struct object *o)
{
    struct svc__store *st = feed->all->store;

    feed->all->writing = feed->scope.resource;
    switch (feed->scope.resource) {
    case SVC__RESOURCE_SERVICES:
        return svc__store_update_service(st, o->is.service);
    case SVC__RESOURCE_SLICES:
        return svc__store_update_slice(st, o->is.slice);
    case SVC__RESOURCE_NODES:
        break;
    }
    return svc__store_update_node(st, o->is.node);
}

/* A DELETED, or one that is wanted no more: what is newer stays. */
static void remove_one(struct svc__apiserver_feed *feed, const char *namespace_,
                       const char *name, const char *service, uint64_t version)
{
    struct svc__store *st = feed->all->store;

    feed->all->writing = feed->scope.resource;
    if (feed->scope.resource == SVC__RESOURCE_SERVICES)
        svc__store_remove_service(st, namespace_, name, version);
    else if (feed->scope.resource == SVC__RESOURCE_SLICES)
        svc__store_remove_slice(st, namespace_, name, service, version);
    else
        svc__store_remove_node(st, name, version);
}

/* ---- the pile ------------------------------------------------------------ */

/* Takes a reference that was the caller's. */
static int pile_put(struct svc__apiserver_feed *feed, const char *namespace_,
                    const char *name, void *object)
{
    char key[2 * SVC__OBJECT_NAME_SIZE];
    const size_t size = svc__name_key(namespace_, name, key, sizeof(key));
    void *old = NULL;

    if (svc__map_put(&feed->pile, key, size, object, &old) != 0) {
        unref(feed->scope.resource, object);
        return SVC_ENOMEM;
    }
    unref(feed->scope.resource, old);
    return 0;
}

/* A slice that did not change since is kept as the store has it. */
static void share(const struct svc__apiserver_feed *feed, struct object *o)
{
    struct svc__slice *old;

    if (feed->scope.resource != SVC__RESOURCE_SLICES || o->version == 0)
        return;
    old = svc__store_slice(feed->all->store, o->namespace_, o->name);
    if (old == NULL || old->resource_version != o->version)
        return;
    svc__slice_unref(o->is.slice);
    o->is.slice = svc__slice_ref(old);
    o->namespace_ = old->namespace_;
    o->name = old->name;
}

/* For the bound of a list. */
static int add_cost(struct svc__apiserver_feed *feed, uint64_t cost,
                    svc_error *reterr)
{
    feed->piled += cost;
    if (feed->piled <= SVC__FEED_OBJECTS_MAX)
        return 0;
    return svc__err_set(reterr, SVC_ETOOBIG,
                        "the list has more than %d objects and endpoints",
                        SVC__FEED_OBJECTS_MAX);
}

static int collect(struct svc__apiserver_feed *feed, struct object *o,
                   svc_error *reterr)
{
    int err;

    if (add_cost(feed, o->cost, reterr) != 0) {
        unref(feed->scope.resource, o->is.any);
        return SVC_ETOOBIG;
    }
    if (feed->is_direct) {
        err = update(feed, o);
        unref(feed->scope.resource, o->is.any);
    } else {
        share(feed, o);
        svc__apiserver_refused_drop(feed, o->name);
        err = pile_put(feed, o->namespace_, o->name, o->is.any);
    }
    return err == SVC_ENOMEM ? svc__err_nomem(reterr) : 0;
}

/* Out of the list under way. What is carried into it is not to bring that back
 * (see apiserver_space.c). */
static void discard(struct svc__apiserver_feed *feed, const char *namespace_,
                    const char *name, uint64_t version)
{
    struct svc__store *st = feed->all->store;
    char key[2 * SVC__OBJECT_NAME_SIZE];
    const size_t size = svc__name_key(namespace_, name, key, sizeof(key));

    unref(feed->scope.resource, svc__map_remove(&feed->pile, key, size));
    svc__apiserver_refused_drop(feed, name);
    if (feed->scope.resource == SVC__RESOURCE_SERVICES)
        svc__store_expect_no_service(st, namespace_, name, version);
    else if (feed->scope.resource == SVC__RESOURCE_SLICES)
        svc__store_expect_no_slice(st, namespace_, name, version);
}

/* Whether one that is not wanted was, by an earlier label. */
static int was_wanted(const struct svc__apiserver_feed *feed,
                      const struct object *o)
{
    char key[2 * SVC__OBJECT_NAME_SIZE];
    const size_t size = svc__name_key(o->namespace_, o->name, key, sizeof(key));

    return feed->scope.resource == SVC__RESOURCE_SLICES &&
           (svc__map_get(&feed->pile, key, size) != NULL ||
            svc__store_slice(feed->all->store, o->namespace_, o->name) != NULL);
}

/* ---- one object ---------------------------------------------------------- */

/* Whether a refused object is about a Service that is open: what nobody asks
 * for would fill the store. A slice may be one that was its Service's. */
static int is_missed(const struct svc__apiserver_feed *feed,
                     const struct svc__object_name *n, const void *old)
{
    const struct svc__reflector_scope *scope = &feed->scope;

    if (scope->namespace_ == NULL || old != NULL)
        return 1;
    if (strcmp(n->namespace_, scope->namespace_) != 0)
        return 0;
    if (scope->service != NULL)
        return 1;
    return feed->all->wants(
        feed->all->arg, n->namespace_,
        scope->resource == SVC__RESOURCE_SERVICES ? n->name : n->service);
}

/* Says that an object is refused; its last good version, if there is one, goes
 * on to count. */
static int refuse(struct svc__apiserver_feed *feed,
                  enum svc__reflector_fate fate,
                  const struct svc__object_name *n, const svc_error *error)
{
    const struct svc__backend_env *env = feed->all->env;
    void *old = held(feed, n->namespace_, n->name);

    svc__count_add(&env->stats->objects_refused, 1);
    if (!is_missed(feed, n, old))
        return 0;
    if (feed->warned++ < SVC__FEED_WARNINGS_MAX)
        svc__log(env->log, SVC_LOG_WARNING, "refused: %s%s", error->message,
                 old != NULL ? " (its last good version stays)" : "");
    if (old != NULL && fate == SVC__REFLECTOR_COLLECT && !feed->is_direct)
        return pile_put(feed, n->namespace_, n->name, old);
    unref(feed->scope.resource, old);
    if (n->name[0] == '\0' || old != NULL)
        return 0;
    if (fate == SVC__REFLECTOR_COLLECT && !feed->is_direct)
        return svc__apiserver_refused_keep(feed, n, error->message);
    return svc__apiserver_refused_tell(feed, n, error->message);
}

/* What the store holds has the bound of a list: a watch that never stops adding
 * is as bad as a list that never ends. */
static int check_total(const struct svc__apiserver_feed *feed,
                       svc_error *reterr)
{
    struct svc__store_stats stats;

    svc__store_stats(feed->all->store, &stats);
    if (stats.services + stats.slices + stats.nodes + stats.endpoints <=
        SVC__FEED_OBJECTS_MAX)
        return 0;
    return svc__err_set(reterr, SVC_ETOOBIG,
                        "there are more than %d objects and endpoints",
                        SVC__FEED_OBJECTS_MAX);
}

static int keep(struct svc__apiserver_feed *feed, enum svc__reflector_fate fate,
                struct object *o, svc_error *reterr)
{
    int err = 0;

    if (!is_wanted(feed, o)) {
        /* One whose label moved away (semantics 2.9 rule 2). */
        if (fate == SVC__REFLECTOR_APPLY)
            remove_one(feed, o->namespace_, o->name, o->service, o->version);
        else if (was_wanted(feed, o))
            discard(feed, o->namespace_, o->name, o->version);
        unref(feed->scope.resource, o->is.any);
        return 0;
    }
    if (fate == SVC__REFLECTOR_COLLECT)
        return collect(feed, o, reterr);
    err = update(feed, o);
    unref(feed->scope.resource, o->is.any);
    return err == SVC_ENOMEM ? svc__err_nomem(reterr)
                             : check_total(feed, reterr);
}

/* A list has all that was opened before its first object came; what was opened
 * later may have been passed over (see apiserver_space.c). */
static void note_begin(struct svc__apiserver_feed *feed,
                       enum svc__reflector_fate fate)
{
    if (feed->is_begun ||
        (fate != SVC__REFLECTOR_COLLECT && fate != SVC__REFLECTOR_DISCARD))
        return;
    feed->is_begun = 1;
    feed->begun = feed->all->clock++;
}

/* DELETED: who it was is enough. */
static int take_gone(struct svc__apiserver_feed *feed,
                     enum svc__reflector_fate fate,
                     const struct svc__frame_item *item, svc_error *reterr)
{
    struct svc__object_name n;

    if (svc__object_name_read(item->text, item->size, &n) != 0)
        return svc__err_set(reterr, SVC_EPROTO,
                            "an object without a name was deleted");
    if (fate == SVC__REFLECTOR_DELETE || feed->is_direct)
        remove_one(feed, n.namespace_, n.name, n.service, n.version);
    else
        discard(feed, n.namespace_, n.name, n.version);
    return 0;
}

/* One that cannot be read, for the reason in *reterr. */
static int take_bad(struct svc__apiserver_feed *feed,
                    enum svc__reflector_fate fate,
                    const struct svc__frame_item *item, svc_error *reterr)
{
    struct svc__object_name n;
    svc_error too_many;

    (void)svc__object_name_read(item->text, item->size, &n);
    if (fate == SVC__REFLECTOR_COLLECT && add_cost(feed, 1, &too_many) != 0) {
        *reterr = too_many;
        return too_many.code;
    }
    return refuse(feed, fate, &n, reterr) == 0 ? 0 : svc__err_nomem(reterr);
}

int svc__apiserver_object_take(struct svc__apiserver_feed *feed,
                               enum svc__reflector_fate fate,
                               const struct svc__frame_item *item,
                               svc_error *reterr)
{
    struct object o = {.namespace_ = "", .name = "", .cost = 1};
    int err;

    if (fate == SVC__REFLECTOR_IGNORE || feed->is_passive)
        return 0;
    note_begin(feed, fate);
    if (fate == SVC__REFLECTOR_DELETE || fate == SVC__REFLECTOR_DISCARD)
        return take_gone(feed, fate, item, reterr);
    err = item->reason != NULL
              ? svc__err_set(reterr, SVC_EPROTO, "an object: %s", item->reason)
              : decode(feed, item, &o, reterr);
    if (err == 0)
        return keep(feed, fate, &o, reterr);
    return err == SVC_ENOMEM ? err : take_bad(feed, fate, item, reterr);
}

/* ---- lists --------------------------------------------------------------- */

static void empty(struct svc__apiserver_feed *feed)
{
    struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(&feed->pile, &at)) != NULL)
        unref(feed->scope.resource, e->value);
    svc__map_fini(&feed->pile);
    svc__map_init(&feed->pile, &feed->all->env->hash_key);
    svc__apiserver_refused_empty(feed);
}

void svc__apiserver_object_fini(struct svc__apiserver_feed *feed)
{
    empty(feed);
    svc__map_fini(&feed->pile);
    svc__map_fini(&feed->refused);
}

static int replace(struct svc__apiserver_feed *feed, void **objects,
                   size_t count, uint64_t version)
{
    const struct svc__store_scope scope = {feed->scope.namespace_,
                                           feed->scope.service, version};
    struct svc__store *st = feed->all->store;

    feed->all->writing = feed->scope.resource;
    switch (feed->scope.resource) {
    case SVC__RESOURCE_SERVICES:
        return svc__store_replace_services(
            st, &scope, (struct svc__service_object **)objects, count);
    case SVC__RESOURCE_SLICES:
        return svc__store_replace_slices(st, &scope,
                                         (struct svc__slice **)objects, count);
    case SVC__RESOURCE_NODES:
        break;
    }
    return svc__store_replace_nodes(st, (struct svc__node_object **)objects,
                                    count);
}

int svc__apiserver_object_forget(struct svc__apiserver_feed *feed)
{
    const int was_direct = feed->is_direct;

    empty(feed);
    feed->is_direct = 0;
    /* Nothing is newer than that, and no deletion is forgotten for it. */
    return was_direct && !feed->is_passive ? replace(feed, NULL, 0, UINT64_MAX)
                                           : 0;
}

/* Whether the store has something that the list of a Service is to replace:
 * the wide feed may have brought it. */
static int has_some(const struct svc__apiserver_feed *feed)
{
    const struct svc__reflector_scope *scope = &feed->scope;
    const struct svc__store *st = feed->all->store;

    return scope->resource == SVC__RESOURCE_SERVICES
               ? svc__store_service(st, scope->namespace_, scope->service) !=
                     NULL
               : svc__store_slice_count(st, scope->namespace_, scope->service) >
                     0;
}

void svc__apiserver_object_begin(struct svc__apiserver_feed *feed)
{
    /* A list that could not be committed is still there. */
    empty(feed);
    feed->piled = 0;
    feed->warned = 0;
    feed->is_begun = 0;
    feed->is_direct =
        feed->scope.service != NULL && !feed->is_synced && !has_some(feed);
}

int svc__apiserver_object_carry(struct svc__apiserver_feed *feed,
                                const char *service)
{
    const char *namespace_ = feed->scope.namespace_;
    const struct svc__store *st = feed->all->store;
    char key[2 * SVC__OBJECT_NAME_SIZE];
    struct svc__slice *slice;
    void *object;
    int err = 0;

    if (feed->scope.resource == SVC__RESOURCE_SERVICES) {
        if (svc__map_get(
                &feed->pile, key,
                svc__name_key(namespace_, service, key, sizeof(key))) != NULL ||
            !svc__store_expects_service(st, namespace_, service))
            return 0;
        object = held(feed, namespace_, service);
        return object == NULL ? 0 : pile_put(feed, namespace_, service, object);
    }
    for (size_t i = 0;
         err == 0 &&
         (slice = svc__store_slice_at(st, namespace_, service, i)) != NULL;
         i++) {
        if (svc__map_get(&feed->pile, key,
                         svc__name_key(namespace_, slice->name, key,
                                       sizeof(key))) == NULL &&
            svc__store_expects_slice(st, slice))
            err =
                pile_put(feed, namespace_, slice->name, svc__slice_ref(slice));
    }
    return err;
}

/* Whose an object is; NULL for a Node. */
static const char *owner_of(const struct svc__apiserver_feed *feed,
                            const void *object)
{
    switch (feed->scope.resource) {
    case SVC__RESOURCE_SERVICES:
        return ((const struct svc__service_object *)object)->name;
    case SVC__RESOURCE_SLICES:
        return ((const struct svc__slice *)object)->service;
    case SVC__RESOURCE_NODES:
        break;
    }
    return NULL;
}

/* Whether it is still wanted: Services were let go meanwhile. */
static int is_still_wanted(const struct svc__apiserver_feed *feed,
                           const void *object)
{
    const char *owner = owner_of(feed, object);

    return owner == NULL || feed->scope.service != NULL ||
           feed->all->wants(feed->all->arg, feed->scope.namespace_, owner);
}

/* A whole list is in the store. */
static void note_listed(struct svc__apiserver_feed *feed)
{
    empty(feed);
    feed->is_synced = 1;
    feed->listed = feed->begun;
}

int svc__apiserver_object_commit(struct svc__apiserver_feed *feed,
                                 int is_rewound)
{
    const char *version;
    struct svc__map_entry *e;
    void **objects;
    size_t count = 0;
    size_t at = 0;
    int err;

    /* A list without objects passed over none. */
    note_begin(feed, SVC__REFLECTOR_COLLECT);
    if (feed->is_direct || feed->is_passive) {
        feed->is_direct = 0;
        note_listed(feed);
        return 0;
    }
    /* Until it is committed it is so, though the next list does not say it. */
    feed->is_rewound |= is_rewound;
    version = feed->is_rewound ? "" : svc__reflector_version(feed->machine);
    if (feed->scope.service == NULL && feed->scope.namespace_ != NULL &&
        feed->all->carry(feed->all->arg, feed) != 0)
        return SVC_ENOMEM;
    objects = svc__calloc(feed->pile.count + 1, sizeof(*objects));
    if (objects == NULL)
        return SVC_ENOMEM;
    while ((e = svc__map_next(&feed->pile, &at)) != NULL) {
        if (is_still_wanted(feed, e->value))
            objects[count++] = e->value;
    }
    err = replace(feed, objects, count,
                  svc__meta_version_number(version, strlen(version)));
    svc__free(objects);
    if (err == SVC_ENOMEM || svc__apiserver_refused_commit(feed) != 0)
        return SVC_ENOMEM;
    feed->is_rewound = 0;
    note_listed(feed);
    return 0;
}
