/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the objects of the maps, one at a time: what comes, what goes, what is
 * too old to count. Owners are store_owner's, whole lists store_replace's,
 * refusals store_refuse's, answers store_view's.
 */
#include "kube/store.h"

#include "base/alloc.h"
#include "kube/store_inside.h"
#include "kube/store_refuse.h"

#include <string.h>

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
    svc__map_init(&st->refused, key);
    svc__list_init(&st->troubled);
    svc__store_gone_init(&st->gone, key);
    return st;
}

void svc__store_free(struct svc__store *st)
{
    struct svc__map_entry *e;
    size_t at = 0;

    if (st == NULL)
        return;
    svc__store_refuse_fini(st);
    while ((e = svc__map_next(&st->owners, &at)) != NULL)
        svc__store_owner_free(e->value);
    at = 0;
    while ((e = svc__map_next(&st->slices, &at)) != NULL) {
        struct svc__store_held *h = e->value;

        svc__slice_unref(h->slice);
        svc__free(h);
    }
    at = 0;
    while ((e = svc__map_next(&st->nodes, &at)) != NULL)
        svc__node_object_unref(e->value);
    svc__map_fini(&st->owners);
    svc__map_fini(&st->slices);
    svc__map_fini(&st->nodes);
    svc__store_gone_fini(&st->gone);
    svc__free(st);
}

/* Whether an object of a version says nothing that the one held does not know
 * better. Versions are compared where both are numbers (KEP-5504). */
static int is_known(uint64_t held, uint64_t version)
{
    return held != 0 && version != 0 && version <= held;
}

/* ---- Services -------------------------------------------------------- */

void svc__store_put_service(struct svc__store *st, struct svc__store_owner *o,
                            struct svc__service_object *service)
{
    st->stats.services += o->service == NULL;
    service = svc__service_object_ref(service);
    svc__service_object_unref(o->service);
    o->service = service;
    svc__store_refuse_end_service(o);
    svc__store_tell(st, o, service->namespace_, service->name);
}

int svc__store_apply_service(struct svc__store *st,
                             struct svc__service_object *service,
                             int *ret_replaced)
{
    struct svc__store_owner *o;
    int err = svc__store_owner_need(st, service->namespace_, service->name, &o);

    if (err != 0)
        return err;
    svc__store_round(st);
    if (ret_replaced != NULL)
        *ret_replaced = o->service != NULL;
    svc__store_put_service(st, o, service);
    return 0;
}

int svc__store_update_service(struct svc__store *st,
                              struct svc__service_object *service)
{
    const struct svc__service_object *held =
        svc__store_service(st, service->namespace_, service->name);

    if (held != NULL
            ? is_known(held->resource_version, service->resource_version)
            : svc__store_gone_is_older(&st->gone, SVC__STORE_SERVICE,
                                       service->namespace_, service->name,
                                       service->resource_version))
        return 0;
    return svc__store_apply_service(st, service, NULL);
}

void svc__store_take_service(struct svc__store *st, struct svc__store_owner *o)
{
    struct svc__service_object *service = o->service;

    o->service = NULL;
    st->stats.services--;
    svc__store_refuse_end_service(o);
    svc__store_tell(st, o, service->namespace_, service->name);
    svc__store_owner_drop(st, o, service->namespace_, service->name);
    svc__service_object_unref(service);
}

void svc__store_delete_service(struct svc__store *st, const char *namespace_,
                               const char *name)
{
    struct svc__store_owner *o = svc__store_get(&st->owners, namespace_, name);

    if (o == NULL)
        return;
    svc__store_round(st);
    if (o->service != NULL) {
        svc__store_take_service(st, o);
    } else if (svc__store_refuse_why_service(o) != NULL) {
        svc__store_refuse_end_service(o);
        svc__store_tell(st, o, namespace_, name);
        svc__store_owner_drop(st, o, namespace_, name);
    }
}

void svc__store_remove_service(struct svc__store *st, const char *namespace_,
                               const char *name, uint64_t version)
{
    const struct svc__service_object *held =
        svc__store_service(st, namespace_, name);

    if (held != NULL && version != 0 && version < held->resource_version)
        return;
    svc__store_delete_service(st, namespace_, name);
    svc__store_gone_note(&st->gone, SVC__STORE_SERVICE, namespace_, name,
                         version);
}

void svc__store_expect_no_service(struct svc__store *st, const char *namespace_,
                                  const char *name, uint64_t version)
{
    svc__store_gone_note(&st->gone, SVC__STORE_SERVICE, namespace_, name,
                         version);
}

int svc__store_expects_service(const struct svc__store *st,
                               const char *namespace_, const char *name)
{
    const struct svc__service_object *held =
        svc__store_service(st, namespace_, name);

    return held != NULL &&
           !svc__store_gone_is_older(&st->gone, SVC__STORE_SERVICE, namespace_,
                                     name, held->resource_version);
}

struct svc__service_object *svc__store_service(const struct svc__store *st,
                                               const char *namespace_,
                                               const char *name)
{
    const struct svc__store_owner *o =
        svc__store_get(&st->owners, namespace_, name);

    return o == NULL ? NULL : o->service;
}

struct svc__service_object *svc__store_next_service(const struct svc__store *st,
                                                    size_t *at)
{
    struct svc__map_entry *e;

    while ((e = svc__map_next(&st->owners, at)) != NULL) {
        const struct svc__store_owner *o = e->value;

        if (o->service != NULL)
            return o->service;
    }
    return NULL;
}

/* ---- slices ---------------------------------------------------------- */

int svc__store_held_need(struct svc__store *st, const struct svc__slice *slice,
                         struct svc__store_held **ret, int *ret_is_new)
{
    struct svc__store_key key;
    struct svc__map_entry *e;
    int err = svc__store_key_make(&key, slice->namespace_, slice->name);
    int is_new;

    if (err != 0)
        return err;
    e = svc__map_enter(&st->slices, key.text, key.size);
    if (e == NULL)
        return SVC_ENOMEM;
    is_new = e->value == NULL;
    if (is_new)
        e->value = svc__calloc(1, sizeof(struct svc__store_held));
    if (e->value == NULL) {
        svc__map_leave(&st->slices, e);
        return SVC_ENOMEM;
    }
    *ret = e->value;
    *ret_is_new = is_new;
    return 0;
}

void svc__store_held_drop(struct svc__store *st, struct svc__store_held *h,
                          const struct svc__slice *slice)
{
    struct svc__store_key key;

    if (svc__store_key_make(&key, slice->namespace_, slice->name) == 0)
        svc__map_remove(&st->slices, key.text, key.size);
    svc__free(h);
}

static void tell_slice(struct svc__store *st, const struct svc__store_held *h)
{
    svc__store_tell(st, h->owner, h->slice->namespace_, h->slice->service);
}

/* Takes a slice from its owner; the last one fills its place, since the order
 * is made when somebody asks. The owner may be gone afterwards. */
static void leave(struct svc__store *st, struct svc__store_held *h)
{
    struct svc__store_owner *o = h->owner;

    tell_slice(st, h);
    o->slices[h->at] = o->slices[--o->count];
    o->slices[h->at]->at = h->at;
    h->owner = NULL;
    svc__store_owner_drop(st, o, h->slice->namespace_, h->slice->service);
}

void svc__store_held_discard(struct svc__store *st, struct svc__store_held *h)
{
    leave(st, h);
    st->stats.slices--;
    st->stats.slices_fqdn -= h->slice->type == SVC__SLICE_FQDN;
    st->stats.endpoints -= h->slice->block->count;
    svc__slice_unref(h->slice);
    svc__free(h);
}

/* The slice moves from owner to owner, as its label says now (semantics 2.9
 * rule 2; faults J17); with the same owner it keeps its place. */
void svc__store_held_put(struct svc__store *st, struct svc__store_held *h,
                         struct svc__store_owner *o, struct svc__slice *slice)
{
    st->stats.slices += h->slice == NULL;
    st->stats.slices_fqdn += slice->type == SVC__SLICE_FQDN;
    st->stats.endpoints += slice->block->count;
    slice = svc__slice_ref(slice);
    if (h->slice != NULL) {
        st->stats.slices_fqdn -= h->slice->type == SVC__SLICE_FQDN;
        st->stats.endpoints -= h->slice->block->count;
        if (h->owner != o)
            leave(st, h);
        svc__slice_unref(h->slice);
    }
    h->slice = slice;
    if (h->owner != o) {
        h->owner = o;
        h->at = o->count;
        o->slices[o->count++] = h;
    }
    tell_slice(st, h);
    svc__store_refuse_end_slice(st, slice->namespace_, slice->name);
}

/* All that may fail comes first: the owner, its room, the holder. */
int svc__store_apply_slice(struct svc__store *st, struct svc__slice *slice,
                           int *ret_replaced)
{
    struct svc__store_owner *o;
    struct svc__store_held *h;
    int is_new;
    int err = svc__store_owner_need(st, slice->namespace_, slice->service, &o);

    if (err != 0)
        return err;
    err = svc__store_owner_reserve(o);
    if (err == 0)
        err = svc__store_held_need(st, slice, &h, &is_new);
    if (err != 0) {
        svc__store_owner_drop(st, o, slice->namespace_, slice->service);
        return err;
    }
    svc__store_round(st);
    if (ret_replaced != NULL)
        *ret_replaced = !is_new;
    svc__store_held_put(st, h, o, slice);
    return 0;
}

int svc__store_update_slice(struct svc__store *st, struct svc__slice *slice)
{
    const struct svc__slice *held =
        svc__store_slice(st, slice->namespace_, slice->name);

    if (held != NULL ? is_known(held->resource_version, slice->resource_version)
                     : svc__store_gone_is_older(&st->gone, SVC__STORE_SLICE,
                                                slice->namespace_, slice->name,
                                                slice->resource_version))
        return 0;
    return svc__store_apply_slice(st, slice, NULL);
}

void svc__store_delete_slice(struct svc__store *st, const char *namespace_,
                             const char *name)
{
    struct svc__store_key key;
    struct svc__store_held *h;

    if (svc__store_key_make(&key, namespace_, name) != 0)
        return;
    svc__store_round(st);
    h = svc__map_remove(&st->slices, key.text, key.size);
    if (h != NULL)
        svc__store_held_discard(st, h);
    svc__store_refuse_end_slice(st, namespace_, name);
}

/* A stream about one Service also says DELETED when a slice moves to another
 * one, in the version that the slice has there: that one stays. */
void svc__store_remove_slice(struct svc__store *st, const char *namespace_,
                             const char *name, const char *service,
                             uint64_t version)
{
    const struct svc__slice *held = svc__store_slice(st, namespace_, name);

    if (held != NULL && version != 0 &&
        (version < held->resource_version ||
         (version == held->resource_version &&
          strcmp(service, held->service) != 0)))
        return;
    svc__store_delete_slice(st, namespace_, name);
    svc__store_gone_note(&st->gone, SVC__STORE_SLICE, namespace_, name,
                         version);
}

void svc__store_expect_no_slice(struct svc__store *st, const char *namespace_,
                                const char *name, uint64_t version)
{
    svc__store_gone_note(&st->gone, SVC__STORE_SLICE, namespace_, name,
                         version);
}

int svc__store_expects_slice(const struct svc__store *st,
                             const struct svc__slice *slice)
{
    return !svc__store_gone_is_older(&st->gone, SVC__STORE_SLICE,
                                     slice->namespace_, slice->name,
                                     slice->resource_version);
}

struct svc__slice *svc__store_slice(const struct svc__store *st,
                                    const char *namespace_, const char *name)
{
    const struct svc__store_held *h =
        svc__store_get(&st->slices, namespace_, name);

    return h == NULL ? NULL : h->slice;
}

size_t svc__store_slice_count(const struct svc__store *st,
                              const char *namespace_, const char *service)
{
    const struct svc__store_owner *o =
        svc__store_get(&st->owners, namespace_, service);

    return o == NULL ? 0 : o->count;
}

struct svc__slice *svc__store_slice_at(const struct svc__store *st,
                                       const char *namespace_,
                                       const char *service, size_t at)
{
    const struct svc__store_owner *o =
        svc__store_get(&st->owners, namespace_, service);

    return o == NULL || at >= o->count ? NULL : o->slices[at]->slice;
}

/* ---- Nodes ----------------------------------------------------------- */

int svc__store_node_is_same(const struct svc__node_object *a,
                            const struct svc__node_object *b)
{
    return a->ready == b->ready &&
           svc__address_compare(&a->ipv4, &b->ipv4) == 0 &&
           svc__address_compare(&a->ipv6, &b->ipv6) == 0 &&
           (a->zone == NULL) == (b->zone == NULL) &&
           (a->zone == NULL || strcmp(a->zone, b->zone) == 0);
}

/* A Node is written every few minutes, mostly with nothing of interest. */
int svc__store_apply_node(struct svc__store *st, struct svc__node_object *node,
                          int *ret_replaced)
{
    void *old;
    int is_same;

    if (strlen(node->name) > SVC__STORE_KEY_MAX)
        return SVC_EINVAL;
    if (svc__map_put(&st->nodes, node->name, strlen(node->name), node, &old) !=
        0)
        return SVC_ENOMEM;
    is_same = old != NULL && svc__store_node_is_same(old, node);
    svc__node_object_ref(node);
    svc__node_object_unref(old);
    st->stats.nodes += old == NULL;
    if (ret_replaced != NULL)
        *ret_replaced = old != NULL;
    if (!is_same)
        svc__store_tell_nodes(st);
    return 0;
}

int svc__store_update_node(struct svc__store *st, struct svc__node_object *node)
{
    const struct svc__node_object *held = svc__store_node(st, node->name);

    if (held != NULL
            ? is_known(held->resource_version, node->resource_version)
            : svc__store_gone_is_older(&st->gone, SVC__STORE_NODE, "",
                                       node->name, node->resource_version))
        return 0;
    return svc__store_apply_node(st, node, NULL);
}

void svc__store_delete_node(struct svc__store *st, const char *name)
{
    struct svc__node_object *node =
        svc__map_remove(&st->nodes, name, strlen(name));

    if (node == NULL)
        return;
    st->stats.nodes--;
    svc__node_object_unref(node);
    svc__store_tell_nodes(st);
}

void svc__store_remove_node(struct svc__store *st, const char *name,
                            uint64_t version)
{
    const struct svc__node_object *held = svc__store_node(st, name);

    if (held != NULL && version != 0 && version < held->resource_version)
        return;
    svc__store_delete_node(st, name);
    svc__store_gone_note(&st->gone, SVC__STORE_NODE, "", name, version);
}

struct svc__node_object *svc__store_node(const struct svc__store *st,
                                         const char *name)
{
    return svc__map_get(&st->nodes, name, strlen(name));
}

void svc__store_stats(const struct svc__store *st, struct svc__store_stats *ret)
{
    *ret = st->stats;
}
