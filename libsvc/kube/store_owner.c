/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the keys, the life of an owner, and telling the listener.
 */
#include "base/alloc.h"
#include "kube/store_inside.h"
#include "kube/store_refuse.h"
#include "model/name.h"

/* Slices that an owner has room for at first. */
#define SLICES_MIN 2

int svc__store_key_make(struct svc__store_key *key, const char *namespace_,
                        const char *name)
{
    key->size = svc__name_key(namespace_, name, key->text, sizeof(key->text));
    return key->size == 0 ? SVC_EINVAL : 0;
}

void *svc__store_get(const struct svc__map *map, const char *namespace_,
                     const char *name)
{
    struct svc__store_key key;

    if (svc__store_key_make(&key, namespace_, name) != 0)
        return NULL;
    return svc__map_get(map, key.text, key.size);
}

int svc__store_owner_need(struct svc__store *st, const char *namespace_,
                          const char *name, struct svc__store_owner **ret)
{
    struct svc__store_key key;
    struct svc__map_entry *e;
    int err = svc__store_key_make(&key, namespace_, name);

    if (err != 0)
        return err;
    e = svc__map_enter(&st->owners, key.text, key.size);
    if (e == NULL)
        return SVC_ENOMEM;
    if (e->value == NULL)
        e->value = svc__calloc(1, sizeof(struct svc__store_owner));
    if (e->value == NULL) {
        svc__map_leave(&st->owners, e);
        return SVC_ENOMEM;
    }
    *ret = e->value;
    return 0;
}

void svc__store_owner_free(struct svc__store_owner *o)
{
    svc__service_object_unref(o->service);
    svc__free(o->slices);
    svc__free(o);
}

void svc__store_owner_drop(struct svc__store *st, struct svc__store_owner *o,
                           const char *namespace_, const char *name)
{
    struct svc__store_key key;

    if (o->service != NULL || o->count > 0 || o->refused != NULL ||
        o->pending > 0)
        return;
    if (svc__store_key_make(&key, namespace_, name) == 0)
        svc__map_remove(&st->owners, key.text, key.size);
    svc__store_owner_free(o);
}

int svc__store_owner_reserve(struct svc__store_owner *o)
{
    const size_t needed = (size_t)o->count + o->pending + 1;
    size_t want = o->capacity == 0 ? SLICES_MIN : (size_t)o->capacity * 2;
    struct svc__store_held **slices;

    if (needed <= o->capacity)
        return 0;
    if (want < needed)
        want = needed;
    if (want > UINT32_MAX)
        return SVC_ENOMEM;
    slices = svc__realloc(o->slices, want, sizeof(*slices));
    if (slices == NULL)
        return SVC_ENOMEM;
    o->slices = slices;
    o->capacity = (uint32_t)want;
    return 0;
}

/* ---- telling ---------------------------------------------------------- */

void svc__store_listen(struct svc__store *st, svc__store_changed_fn *fn,
                       void *arg)
{
    st->changed = fn;
    st->changed_arg = arg;
}

void svc__store_round(struct svc__store *st)
{
    st->round++;
    st->round += st->round == 0;
}

void svc__store_tell(struct svc__store *st, struct svc__store_owner *o,
                     const char *namespace_, const char *name)
{
    if (o->told == st->round)
        return;
    o->told = st->round;
    if (st->changed != NULL && name[0] != '\0')
        st->changed(st->changed_arg, namespace_, name);
}

void svc__store_tell_nodes(const struct svc__store *st)
{
    if (st->changed != NULL)
        st->changed(st->changed_arg, NULL, NULL);
}
