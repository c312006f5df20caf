/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the refusals. Few owners have some, so they are apart from the owner,
 * in a list of their own; it holds the owner in place.
 */
#include "kube/store_refuse.h"

#include "base/alloc.h"

#include <string.h>

/* Why objects were refused. */
struct reason {
    char *text; /* the first in order of bytes; NULL: none was */
    int more;   /* there are others */
};

struct svc__store_refusals {
    struct svc__list link; /* in st->troubled */
    struct svc__store_owner *owner;
    struct reason of_service;
    struct reason of_slices;
    struct svc__list named; /* struct named */
    const char *name;       /* behind namespace_ */
    char namespace_[];
};

/* A slice that was refused by name. */
struct named {
    struct svc__list link;
    struct svc__store_refusals *of;
    struct svc__map_entry *entry; /* in st->refused */
    char text[];
};

/* ---- reasons ----------------------------------------------------------- */

enum change {
    SAME,
    ONE_MORE, /* the same text, and that it is not the only one */
    OTHER_TEXT
};

/* Keeps the text that is first in order of bytes, so that the order of the
 * calls does not show. */
static int reason_add(struct reason *r, const char *text, enum change *ret)
{
    int order = r->text == NULL ? -1 : strcmp(text, r->text);
    char *copy;

    *ret = order < 0 ? OTHER_TEXT : order > 0 && !r->more ? ONE_MORE : SAME;
    if (order > 0)
        r->more = 1;
    if (order >= 0)
        return 0;
    copy = svc__strdup(text);
    if (copy == NULL)
        return SVC_ENOMEM;
    r->more = r->text != NULL;
    svc__free(r->text);
    r->text = copy;
    return 0;
}

static void reason_end(struct reason *r)
{
    svc__free(r->text);
    r->text = NULL;
    r->more = 0;
}

const char *svc__store_refuse_why_service(const struct svc__store_owner *o)
{
    return o->refused == NULL ? NULL : o->refused->of_service.text;
}

const char *svc__store_refuse_why_slices(const struct svc__store_owner *o,
                                         int *ret_more)
{
    const struct svc__store_refusals *r = o->refused;
    const char *first = r == NULL ? NULL : r->of_slices.text;
    struct svc__list *it;
    int more = r != NULL && r->of_slices.more;

    if (r == NULL)
        return NULL;
    svc__list_each (it, &r->named) {
        const struct named *n = svc__list_entry(it, struct named, link);
        const int order = first == NULL ? -1 : strcmp(n->text, first);

        more |= first != NULL && order != 0;
        first = order < 0 ? n->text : first;
    }
    *ret_more = more;
    return first;
}

/* ---- the place --------------------------------------------------------- */

/* The refusals of a name, made when they are not there. 0, SVC_EINVAL or
 * SVC_ENOMEM. Whoever fails afterwards gives them to drop. */
static int need(struct svc__store *st, const char *namespace_, const char *name,
                struct svc__store_refusals **ret)
{
    const size_t n = strlen(namespace_) + 1;
    const size_t m = strlen(name) + 1;
    struct svc__store_refusals *r;
    struct svc__store_owner *o;
    int err = svc__store_owner_need(st, namespace_, name, &o);

    if (err != 0)
        return err;
    if (o->refused == NULL) {
        r = svc__calloc(1, sizeof(*r) + n + m);
        if (r == NULL) {
            svc__store_owner_drop(st, o, namespace_, name);
            return SVC_ENOMEM;
        }
        r->owner = o;
        r->name = r->namespace_ + n;
        memcpy(r->namespace_, namespace_, n);
        memcpy(r->namespace_ + n, name, m);
        svc__list_init(&r->link);
        svc__list_init(&r->named);
        svc__list_add(&st->troubled, &r->link);
        o->refused = r;
    }
    *ret = o->refused;
    return 0;
}

static int is_empty(const struct svc__store_refusals *r)
{
    return r->of_service.text == NULL && r->of_slices.text == NULL &&
           svc__list_is_empty(&r->named);
}

/* Lets go of the place when nothing is left there. */
static void release(struct svc__store_refusals *r)
{
    if (!is_empty(r))
        return;
    r->owner->refused = NULL;
    svc__list_remove(&r->link);
    svc__free(r);
}

/* The same, and of the owner. */
static void drop(struct svc__store *st, struct svc__store_refusals *r)
{
    struct svc__store_owner *o = r->owner;

    if (!is_empty(r))
        return;
    r->owner->refused = NULL;
    svc__list_remove(&r->link);
    svc__store_owner_drop(st, o, r->namespace_, r->name);
    svc__free(r);
}

static void tell(struct svc__store *st, const struct svc__store_refusals *r)
{
    svc__store_tell(st, r->owner, r->namespace_, r->name);
}

/* Takes a slice's refusal from its owner, which is told and may be gone
 * afterwards. */
static void remove_named(struct svc__store *st, struct named *n)
{
    svc__list_remove(&n->link);
    tell(st, n->of);
    drop(st, n->of);
    svc__free(n);
}

/* ---- refusing ---------------------------------------------------------- */

static int refuse(struct svc__store *st, const char *namespace_,
                  const char *name, const char *text, int is_slice)
{
    enum change change = SAME;
    struct svc__store_refusals *r;
    int err = need(st, namespace_, name, &r);

    svc__store_round(st);
    if (err != 0)
        return err == SVC_EINVAL ? 0 : err;
    err = reason_add(is_slice ? &r->of_slices : &r->of_service, text, &change);
    if (err != 0)
        drop(st, r);
    else if (change == OTHER_TEXT || (change == ONE_MORE && is_slice))
        tell(st, r); /* that there are more is shown of slices only */
    return err;
}

int svc__store_refuse_service(struct svc__store *st, const char *namespace_,
                              const char *name, const char *reason)
{
    return refuse(st, namespace_, name, reason, 0);
}

int svc__store_refuse_slice(struct svc__store *st, const char *namespace_,
                            const char *owner, const char *reason)
{
    return refuse(st, namespace_, owner, reason, 1);
}

static struct named *new_named(struct svc__store_refusals *r, const char *text)
{
    const size_t size = strlen(text) + 1;
    struct named *n = svc__alloc(sizeof(*n) + size);

    if (n == NULL)
        return NULL;
    svc__list_init(&n->link);
    n->of = r;
    memcpy(n->text, text, size);
    return n;
}

/* Puts a slice's refusal in the place of an earlier one. */
static int put_named(struct svc__store *st, struct svc__store_refusals *r,
                     const struct svc__store_key *key, const char *reason)
{
    struct named *n = new_named(r, reason);
    struct named *old;

    if (n == NULL)
        return SVC_ENOMEM;
    n->entry = svc__map_enter(&st->refused, key->text, key->size);
    if (n->entry == NULL) {
        svc__free(n);
        return SVC_ENOMEM;
    }
    old = n->entry->value;
    n->entry->value = n;
    svc__list_add(&r->named, &n->link);
    tell(st, r);
    if (old != NULL)
        remove_named(st, old);
    return 0;
}

int svc__store_refuse_one(struct svc__store *st, const char *namespace_,
                          const char *owner, const char *name,
                          const char *reason)
{
    const struct svc__slice *held = svc__store_slice(st, namespace_, name);
    const struct named *old = svc__store_get(&st->refused, namespace_, name);
    struct svc__store_refusals *r;
    struct svc__store_key key;
    int err;

    if (owner[0] == '\0' && held != NULL)
        owner = held->service;
    if (owner[0] == '\0' || svc__store_key_make(&key, namespace_, name) != 0)
        return 0;
    if (old != NULL && strcmp(old->of->name, owner) == 0 &&
        strcmp(old->text, reason) == 0)
        return 0;
    svc__store_round(st);
    err = need(st, namespace_, owner, &r);
    if (err != 0)
        return err == SVC_EINVAL ? 0 : err;
    err = put_named(st, r, &key, reason);
    if (err != 0)
        drop(st, r);
    return err;
}

/* ---- forgetting -------------------------------------------------------- */

void svc__store_refuse_end_service(struct svc__store_owner *o)
{
    struct svc__store_refusals *r = o->refused;

    if (r == NULL)
        return;
    reason_end(&r->of_service);
    release(r);
}

void svc__store_refuse_end_slice(struct svc__store *st, const char *namespace_,
                                 const char *name)
{
    struct svc__store_key key;
    struct named *n;

    if (st->refused.count == 0 ||
        svc__store_key_make(&key, namespace_, name) != 0)
        return;
    n = svc__map_remove(&st->refused, key.text, key.size);
    if (n != NULL)
        remove_named(st, n);
}

static int is_in(const struct svc__store_refusals *r,
                 const struct svc__store_scope *scope)
{
    return strcmp(r->namespace_, scope->namespace_) == 0 &&
           (scope->service == NULL || strcmp(r->name, scope->service) == 0);
}

void svc__store_refuse_end_services(struct svc__store *st,
                                    const struct svc__store_scope *scope)
{
    struct svc__list *it;
    struct svc__list *after;

    svc__list_each_safe (it, after, &st->troubled) {
        struct svc__store_refusals *r =
            svc__list_entry(it, struct svc__store_refusals, link);

        if (r->of_service.text == NULL || !is_in(r, scope))
            continue;
        reason_end(&r->of_service);
        tell(st, r);
        drop(st, r);
    }
}

/* Forgets all that an owner's slices were refused for. */
static void end_slices(struct svc__store *st, struct svc__store_refusals *r)
{
    struct svc__list *it;
    struct svc__list *after;

    reason_end(&r->of_slices);
    svc__list_each_safe (it, after, &r->named) {
        struct named *n = svc__list_entry(it, struct named, link);

        svc__map_leave(&st->refused, n->entry);
        svc__list_remove(&n->link);
        svc__free(n);
    }
}

void svc__store_refuse_end_slices(struct svc__store *st,
                                  const struct svc__store_scope *scope)
{
    struct svc__list *it;
    struct svc__list *after;

    svc__list_each_safe (it, after, &st->troubled) {
        struct svc__store_refusals *r =
            svc__list_entry(it, struct svc__store_refusals, link);

        if (!is_in(r, scope) ||
            (r->of_slices.text == NULL && svc__list_is_empty(&r->named)))
            continue;
        end_slices(st, r);
        tell(st, r);
        drop(st, r);
    }
}

void svc__store_refuse_fini(struct svc__store *st)
{
    struct svc__list *it;
    struct svc__list *after;

    svc__list_each_safe (it, after, &st->troubled) {
        struct svc__store_refusals *r =
            svc__list_entry(it, struct svc__store_refusals, link);

        end_slices(st, r);
        reason_end(&r->of_service);
        release(r);
    }
    svc__map_fini(&st->refused);
}
