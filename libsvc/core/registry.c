/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One map under one lock, which a child of fork finds free and the map empty:
 * the services of before are the parent's.
 */
#include "core/registry.h"

#include "base/map.h"

#include <pthread.h>
#include <string.h>

static struct {
    pthread_once_t once;
    pthread_mutex_t lock;
    struct svc__map services;
} registry = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static void take(void)
{
    pthread_mutex_lock(&registry.lock);
}

void svc__registry_leave(void)
{
    pthread_mutex_unlock(&registry.lock);
}

/* The entries stay where they are: memory of before is the parent's, too. */
static void leave_in_child(void)
{
    memset(&registry.services, 0, sizeof(registry.services));
    svc__registry_leave();
}

/* Numbers are given out in turn: nobody chooses them, so any key will do. */
static void begin(void)
{
    static const struct svc__hash_key key = {0, 0};

    svc__map_init(&registry.services, &key);
    (void)pthread_atfork(take, svc__registry_leave, leave_in_child);
}

/* With the lock: an empty map keeps no memory. */
static void tidy(void)
{
    if (registry.services.count == 0)
        svc__map_fini(&registry.services);
}

int svc__registry_add(uint64_t id, svc_service *s)
{
    int err;

    pthread_once(&registry.once, begin);
    take();
    err = svc__map_put(&registry.services, (const char *)&id, sizeof(id), s,
                       NULL);
    tidy();
    svc__registry_leave();
    return err;
}

void svc__registry_remove(uint64_t id)
{
    take();
    (void)svc__map_remove(&registry.services, (const char *)&id, sizeof(id));
    tidy();
    svc__registry_leave();
}

svc_service *svc__registry_enter(uint64_t id)
{
    svc_service *s;

    take();
    s = svc__map_get(&registry.services, (const char *)&id, sizeof(id));
    if (s == NULL)
        svc__registry_leave();
    return s;
}
