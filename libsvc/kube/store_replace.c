/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a whole list does to the store: all that may fail is done first
 * and undone on failure; then the objects are put in one by one, as a watch
 * would tell them; then what was not in the list goes. Objects that are known
 * in this version stay as they are, and nobody hears of them.
 */
#include "base/alloc.h"
#include "kube/store_inside.h"
#include "kube/store_refuse.h"

#include <string.h>

/* Whether the one held stays, against one of the list. Of a list without a
 * version (faults A26: versions may have begun anew) only an equal one is
 * known. */
static int is_kept(const struct svc__store_scope *scope, uint64_t held,
                   uint64_t listed)
{
    if (held == 0 || listed == 0)
        return 0;
    return listed == held || (scope->version != 0 && listed < held);
}

/* Whether one that the list does not have came by another stream, later. */
static int is_later(const struct svc__store_scope *scope, uint64_t held)
{
    return scope->version != 0 && held > scope->version;
}

static int is_named(const struct svc__store_scope *scope, const char *name)
{
    return scope->service == NULL || strcmp(scope->service, name) == 0;
}

static void begin(struct svc__store *st, const struct svc__store_scope *scope)
{
    svc__store_round(st);
    if (scope->version == 0)
        svc__store_gone_clear(&st->gone);
}

/* ---- slices ---------------------------------------------------------- */

/* Where an object of the list goes. */
struct place {
    struct svc__store_held *held; /* NULL: nowhere */
    struct svc__store_owner *owner;
    int is_new;   /* the holder was made for it */
    int has_room; /* its owner has a place reserved */
};

static int prepare_holder(struct svc__store *st, struct svc__slice *slice,
                          struct place *p)
{
    int err = svc__store_held_need(st, slice, &p->held, &p->is_new);

    if (err != 0)
        return err;
    if (p->is_new &&
        svc__store_gone_is_older(&st->gone, SVC__STORE_SLICE, slice->namespace_,
                                 slice->name, slice->resource_version)) {
        svc__store_held_drop(st, p->held, slice);
        p->held = NULL;
    }
    return 0;
}

/* A list may have a name twice; then the first may move it before the second
 * comes, so that room is needed in any case. */
static int prepare_owner(struct svc__store *st, struct svc__slice *slice,
                         struct place *p)
{
    int err =
        svc__store_owner_need(st, slice->namespace_, slice->service, &p->owner);

    if (err != 0)
        return err;
    if (p->held->owner == p->owner && p->held->seen != st->round)
        return 0;
    err = svc__store_owner_reserve(p->owner);
    if (err != 0) {
        svc__store_owner_drop(st, p->owner, slice->namespace_, slice->service);
        return err;
    }
    p->owner->pending++;
    p->has_room = 1;
    return 0;
}

static int prepare(struct svc__store *st, struct svc__slice *slice,
                   struct place *p)
{
    int err = prepare_holder(st, slice, p);

    if (err != 0 || p->held == NULL)
        return err;
    err = prepare_owner(st, slice, p);
    if (err != 0 && p->is_new)
        svc__store_held_drop(st, p->held, slice);
    if (err == 0)
        p->held->seen = st->round;
    return err;
}

static void undo(struct svc__store *st, const struct svc__slice *slice,
                 struct place *p)
{
    if (p->held == NULL)
        return;
    if (p->has_room) {
        p->owner->pending--;
        svc__store_owner_drop(st, p->owner, slice->namespace_, slice->service);
    }
    if (p->is_new)
        svc__store_held_drop(st, p->held, slice);
}

/* Prepares a place for each, or for none. */
static int prepare_all(struct svc__store *st,
                       const struct svc__store_scope *scope,
                       struct svc__slice *const *objects, size_t count,
                       struct place *places)
{
    size_t done = 0;
    int err = 0;

    for (; done < count; done++) {
        if (strcmp(objects[done]->namespace_, scope->namespace_) != 0 ||
            !is_named(scope, objects[done]->service))
            err = SVC_EINVAL;
        else
            err = prepare(st, objects[done], &places[done]);
        if (err != 0)
            break;
    }
    if (err == 0)
        return 0;
    while (done-- > 0) /* what made a holder is undone after its copies */
        undo(st, objects[done], &places[done]);
    return err;
}

static void commit(struct svc__store *st, const struct svc__store_scope *scope,
                   struct svc__slice *slice, const struct place *p)
{
    if (p->held == NULL)
        return;
    if (p->has_room)
        p->owner->pending--;
    if (p->held->slice == NULL ||
        !is_kept(scope, p->held->slice->resource_version,
                 slice->resource_version))
        svc__store_held_put(st, p->held, p->owner, slice);
    else if (p->has_room)
        svc__store_owner_drop(st, p->owner, slice->namespace_, slice->service);
}

static int is_left_over(const struct svc__store *st,
                        const struct svc__store_scope *scope,
                        const struct svc__store_held *h)
{
    return h->seen != st->round &&
           strcmp(h->slice->namespace_, scope->namespace_) == 0 &&
           is_named(scope, h->slice->service) &&
           !is_later(scope, h->slice->resource_version);
}

static void sweep(struct svc__store *st, const struct svc__store_scope *scope)
{
    struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(&st->slices, &at)) != NULL) {
        struct svc__store_held *h = e->value;

        if (!is_left_over(st, scope, h))
            continue;
        svc__map_leave(&st->slices, e);
        at--;
        svc__store_held_discard(st, h);
    }
}

/* The same for one Service, looking at its slices alone. From the end: the
 * last one fills the place of one that goes. */
static void sweep_one(struct svc__store *st,
                      const struct svc__store_scope *scope)
{
    struct svc__store_owner *o =
        svc__store_get(&st->owners, scope->namespace_, scope->service);
    size_t at = o == NULL ? 0 : o->count;

    while (at-- > 0) {
        struct svc__store_held *h = o->slices[at];
        struct svc__store_key key;

        if (!is_left_over(st, scope, h) ||
            svc__store_key_make(&key, h->slice->namespace_, h->slice->name) !=
                0)
            continue;
        (void)svc__map_remove(&st->slices, key.text, key.size);
        svc__store_held_discard(st, h);
    }
}

int svc__store_replace_slices(struct svc__store *st,
                              const struct svc__store_scope *scope,
                              struct svc__slice *const *objects, size_t count)
{
    struct place *places = NULL;
    int err;

    if (count > 0) {
        places = svc__calloc(count, sizeof(*places));
        if (places == NULL)
            return SVC_ENOMEM;
    }
    begin(st, scope);
    err = prepare_all(st, scope, objects, count, places);
    if (err == 0) {
        for (size_t i = 0; i < count; i++)
            commit(st, scope, objects[i], &places[i]);
        svc__store_refuse_end_slices(st, scope);
        if (scope->service == NULL)
            sweep(st, scope);
        else
            sweep_one(st, scope);
    }
    svc__free(places);
    return err;
}

/* ---- Services -------------------------------------------------------- */

static int prepare_service(struct svc__store *st,
                           const struct svc__store_scope *scope,
                           const struct svc__service_object *service)
{
    struct svc__store_owner *o;
    int err;

    if (strcmp(service->namespace_, scope->namespace_) != 0 ||
        !is_named(scope, service->name))
        return SVC_EINVAL;
    err = svc__store_owner_need(st, service->namespace_, service->name, &o);
    if (err == 0)
        o->pending++;
    return err;
}

static void release(struct svc__store *st,
                    const struct svc__service_object *service)
{
    struct svc__store_owner *o =
        svc__store_get(&st->owners, service->namespace_, service->name);

    o->pending--;
    svc__store_owner_drop(st, o, service->namespace_, service->name);
}

static void commit_service(struct svc__store *st,
                           const struct svc__store_scope *scope,
                           struct svc__service_object *service)
{
    struct svc__store_owner *o =
        svc__store_get(&st->owners, service->namespace_, service->name);

    if (o->service == NULL
            ? svc__store_gone_is_older(&st->gone, SVC__STORE_SERVICE,
                                       service->namespace_, service->name,
                                       service->resource_version)
            : is_kept(scope, o->service->resource_version,
                      service->resource_version))
        return;
    svc__store_put_service(st, o, service);
}

/* An owner in the list is pending. */
static int is_service_left_over(const struct svc__store_scope *scope,
                                const struct svc__store_owner *o)
{
    return o->service != NULL && o->pending == 0 &&
           strcmp(o->service->namespace_, scope->namespace_) == 0 &&
           is_named(scope, o->service->name) &&
           !is_later(scope, o->service->resource_version);
}

/* Taking one may remove its owner from the map, so that its place is looked at
 * again. */
static void sweep_services(struct svc__store *st,
                           const struct svc__store_scope *scope)
{
    struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(&st->owners, &at)) != NULL) {
        if (!is_service_left_over(scope, e->value))
            continue;
        svc__store_take_service(st, e->value);
        at--;
    }
}

static void sweep_service(struct svc__store *st,
                          const struct svc__store_scope *scope)
{
    struct svc__store_owner *o =
        svc__store_get(&st->owners, scope->namespace_, scope->service);

    if (o != NULL && is_service_left_over(scope, o))
        svc__store_take_service(st, o);
}

int svc__store_replace_services(struct svc__store *st,
                                const struct svc__store_scope *scope,
                                struct svc__service_object *const *objects,
                                size_t count)
{
    size_t done = 0;
    int err = 0;

    begin(st, scope);
    while (done < count && err == 0) {
        err = prepare_service(st, scope, objects[done]);
        done += err == 0;
    }
    if (err == 0) {
        for (size_t i = 0; i < count; i++)
            commit_service(st, scope, objects[i]);
        svc__store_refuse_end_services(st, scope);
        if (scope->service == NULL)
            sweep_services(st, scope);
        else
            sweep_service(st, scope);
    }
    while (done-- > 0)
        release(st, objects[done]);
    return err;
}

/* ---- Nodes ------------------------------------------------------------- */

/* The new map takes a reference to what it is given. */
static int take_node(const struct svc__store *st, struct svc__map *fresh,
                     struct svc__node_object *node, int *ret_changed)
{
    struct svc__node_object *held = svc__store_node(st, node->name);
    void *before;

    if (strlen(node->name) > SVC__STORE_KEY_MAX)
        return SVC_EINVAL;
    if (held == NULL || !svc__store_node_is_same(held, node))
        *ret_changed = 1;
    if (held != NULL && held->resource_version != 0 &&
        held->resource_version == node->resource_version)
        node = held;
    if (svc__map_put(fresh, node->name, strlen(node->name), node, &before) != 0)
        return SVC_ENOMEM;
    (void)svc__node_object_ref(node);
    svc__node_object_unref(before);
    return 0;
}

static void end_nodes(struct svc__map *nodes)
{
    struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(nodes, &at)) != NULL)
        svc__node_object_unref(e->value);
    svc__map_fini(nodes);
}

/* There is one stream of Nodes, so that what its list says is the newest. */
int svc__store_replace_nodes(struct svc__store *st,
                             struct svc__node_object *const *objects,
                             size_t count)
{
    struct svc__map fresh;
    int changed = 0;
    int err = 0;

    svc__map_init(&fresh, &st->nodes.hash_key);
    for (size_t i = 0; i < count && err == 0; i++)
        err = take_node(st, &fresh, objects[i], &changed);
    if (err != 0) {
        end_nodes(&fresh);
        return err;
    }
    changed |= fresh.count != st->nodes.count;
    end_nodes(&st->nodes);
    st->nodes = fresh;
    st->stats.nodes = fresh.count;
    if (changed)
        svc__store_tell_nodes(st);
    return 0;
}
