/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the refusals of lists under way.
 */
#include "backend/apiserver_refused.h"

#include "base/alloc.h"

#include <string.h>

struct svc__apiserver_refused {
    struct svc__object_name name;
    char reason[];
};

int svc__apiserver_refused_tell(const struct svc__apiserver_feed *feed,
                                const struct svc__object_name *n,
                                const char *reason)
{
    struct svc__store *st = feed->all->store;
    const char *owner =
        feed->scope.service != NULL ? feed->scope.service : n->service;
    int err = 0;

    if (feed->scope.resource == SVC__RESOURCE_SERVICES)
        err = svc__store_refuse_service(st, n->namespace_, n->name, reason);
    else if (feed->scope.resource == SVC__RESOURCE_SLICES && owner[0] != '\0')
        err = svc__store_refuse_one(st, n->namespace_, owner, n->name, reason);
    return err == SVC_ENOMEM ? err : 0;
}

int svc__apiserver_refused_keep(struct svc__apiserver_feed *feed,
                                const struct svc__object_name *n,
                                const char *reason)
{
    const size_t size = strlen(reason) + 1;
    struct svc__apiserver_refused *one = svc__alloc(sizeof(*one) + size);
    void *old = NULL;

    if (one == NULL)
        return SVC_ENOMEM;
    one->name = *n;
    memcpy(one->reason, reason, size);
    if (svc__map_put(&feed->refused, n->name, strlen(n->name), one, &old) !=
        0) {
        svc__free(one);
        return SVC_ENOMEM;
    }
    svc__free(old);
    return 0;
}

void svc__apiserver_refused_drop(struct svc__apiserver_feed *feed,
                                 const char *name)
{
    svc__free(svc__map_remove(&feed->refused, name, strlen(name)));
}

int svc__apiserver_refused_commit(const struct svc__apiserver_feed *feed)
{
    struct svc__map_entry *e;
    size_t at = 0;
    int err = 0;

    while (err == 0 && (e = svc__map_next(&feed->refused, &at)) != NULL) {
        const struct svc__apiserver_refused *one = e->value;

        err = svc__apiserver_refused_tell(feed, &one->name, one->reason);
    }
    return err;
}

void svc__apiserver_refused_empty(struct svc__apiserver_feed *feed)
{
    struct svc__map_entry *e;
    size_t at = 0;

    while ((e = svc__map_next(&feed->refused, &at)) != NULL)
        svc__free(e->value);
    svc__map_fini(&feed->refused);
    svc__map_init(&feed->refused, &feed->all->env->hash_key);
}
