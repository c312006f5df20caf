/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the store share: keys, owners, and the holders of slices.
 * An owner is the place of one Service name: the Service, the slices labelled
 * for it, and why some were refused, each of which may come first or be
 * missing. One that holds nothing is removed at once. Slices without a label
 * have an owner without a name. Between kube/store*.c.
 */
#ifndef SVC_KUBE_STORE_INSIDE_H
#define SVC_KUBE_STORE_INSIDE_H

#include "base/list.h"
#include "base/map.h"
#include "kube/store.h"
#include "kube/store_gone.h"

#include <stddef.h>
#include <stdint.h>

/* "namespace/name" of the longest names that Kubernetes allows: a label and a
 * subdomain. On the stack, so that a lookup or a deletion cannot fail. No name
 * has a slash in it, which keeps the keys apart. */
#define SVC__STORE_KEY_MAX (63 + 1 + 253)

struct svc__store_key {
    size_t size;
    char text[SVC__STORE_KEY_MAX];
};

struct svc__store_refusals; /* kube/store_refuse.h */

/* Its size is paid for by every Service. */
struct svc__store_owner {
    struct svc__service_object *service; /* or NULL */
    struct svc__store_held **slices;     /* in no particular order */
    struct svc__store_refusals *refused; /* or NULL */
    uint32_t count;
    uint32_t capacity;
    uint32_t pending; /* places that a replacement under way has reserved; it
                         is not removed meanwhile */
    uint32_t told;    /* the round in which the listener heard of it */
};

/* A slice and its place with its owner. */
struct svc__store_held {
    struct svc__slice *slice;
    struct svc__store_owner *owner;
    uint32_t at;   /* in owner->slices */
    uint32_t seen; /* the round in which a list had it */
};

struct svc__store {
    const char *source;
    struct svc__map owners;    /* "namespace/name" to svc__store_owner */
    struct svc__map slices;    /* "namespace/name" to svc__store_held */
    struct svc__map nodes;     /* name to svc__node_object */
    struct svc__map refused;   /* "namespace/name" of slices: store_refuse */
    struct svc__list troubled; /* svc__store_refusals */
    struct svc__store_gone gone;
    struct svc__store_stats stats;
    svc__store_changed_fn *changed; /* or NULL */
    void *changed_arg;
    uint32_t round; /* counts the calls that tell; never 0 in one */
};

/* ---- kube/store_owner.c ---- */

/* 0, or SVC_EINVAL when the names are too long to exist. */
int svc__store_key_make(struct svc__store_key *key, const char *namespace_,
                        const char *name);

/* The value of a name in one of the maps, or NULL. */
void *svc__store_get(const struct svc__map *map, const char *namespace_,
                     const char *name);

/* The owner of a name, made when it is not there: slices may come before their
 * Service, and stay when it goes (faults J17). 0, SVC_EINVAL or SVC_ENOMEM.
 * Whoever fails afterwards gives it to svc__store_owner_drop. */
int svc__store_owner_need(struct svc__store *st, const char *namespace_,
                          const char *name, struct svc__store_owner **ret);

/* Removes an owner that holds nothing and that nobody waits for. */
void svc__store_owner_drop(struct svc__store *st, struct svc__store_owner *o,
                           const char *namespace_, const char *name);
void svc__store_owner_free(struct svc__store_owner *o);

/* Room for one more slice than are there and pending. 0 or SVC_ENOMEM. */
int svc__store_owner_reserve(struct svc__store_owner *o);

/* Begins a call that changes something: an owner is told of once in it. */
void svc__store_round(struct svc__store *st);

/* Tells the listener of a Service, and of the Nodes. */
void svc__store_tell(struct svc__store *st, struct svc__store_owner *o,
                     const char *namespace_, const char *name);
void svc__store_tell_nodes(const struct svc__store *st);

/* ---- kube/store.c ---- */

/* Sets or takes the Service of an owner, refused no longer, and tells. Taking
 * may remove the owner. */
void svc__store_put_service(struct svc__store *st, struct svc__store_owner *o,
                            struct svc__service_object *service);
void svc__store_take_service(struct svc__store *st, struct svc__store_owner *o);

/* The holder of a slice's name, made when it is not there; *ret_is_new tells.
 * 0, SVC_EINVAL or SVC_ENOMEM. */
int svc__store_held_need(struct svc__store *st, const struct svc__slice *slice,
                         struct svc__store_held **ret, int *ret_is_new);

/* Removes a holder without a slice, of this slice's name. */
void svc__store_held_drop(struct svc__store *st, struct svc__store_held *h,
                          const struct svc__slice *slice);

/* Gives the slice a holder has now, refused no longer, to an owner that has
 * room where it is not its owner, and tells all whom it concerns. */
void svc__store_held_put(struct svc__store *st, struct svc__store_held *h,
                         struct svc__store_owner *o, struct svc__slice *slice);

/* Frees a holder, which is out of the map already, with its slice: takes it
 * from its owner and from the counts, and tells. */
void svc__store_held_discard(struct svc__store *st, struct svc__store_held *h);

/* Whether both are the same to all who ask. */
int svc__store_node_is_same(const struct svc__node_object *a,
                            const struct svc__node_object *b);

#endif
