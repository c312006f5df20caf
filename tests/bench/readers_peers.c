/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libsvc is compared with: a mutex around all of a pick, with turns that
 * threads share, as it had it itself once; and a lock that readers share, with
 * turns of each thread.
 */
#include "readers.h"

#include "bench.h"

#include <string.h>

static struct {
    pthread_mutex_t mutex;
    pthread_rwlock_t rwlock;
    struct svc__snapshot *snapshot;
    struct svc__cursor cursor;
    struct svc__rng rng;
} peer = {.mutex = PTHREAD_MUTEX_INITIALIZER,
          .rwlock = PTHREAD_RWLOCK_INITIALIZER};

static __thread struct {
    struct svc__cursor cursor;
    struct svc__rng rng;
} mine;

static void begin(struct svc__snapshot *s)
{
    peer.snapshot = s;
}

static void end(void)
{
    svc__snapshot_free(peer.snapshot);
}

/* As core/publish does it. */
static void pick_from(const struct svc__snapshot *s,
                      const struct svc__pick_ctx *ctx, svc_pick *ret)
{
    static const svc_pick blank;
    size_t at = svc__policy_pick(&s->policy, ctx);
    struct sockaddr_storage address;

    *ret = blank;
    ret->sockaddr_size =
        svc_endpoint_sockaddr(&s->set->endpoints[at], &address);
    memcpy(&ret->sockaddr, &address, sizeof(ret->sockaddr));
    ret->generation = s->set->generation;
}

static int pick_mutex(const struct svc__pick_wish *wish, svc_pick *ret)
{
    const struct svc__pick_ctx ctx = {.rng = &peer.rng, .cursor = &peer.cursor};

    (void)wish;
    pthread_mutex_lock(&peer.mutex);
    pick_from(peer.snapshot, &ctx, ret);
    pthread_mutex_unlock(&peer.mutex);
    return 0;
}

static void set_mutex(struct svc__snapshot *s)
{
    struct svc__snapshot *old;

    pthread_mutex_lock(&peer.mutex);
    old = peer.snapshot;
    peer.snapshot = s;
    pthread_mutex_unlock(&peer.mutex);
    svc__snapshot_free(old);
}

static int pick_rwlock(const struct svc__pick_wish *wish, svc_pick *ret)
{
    const struct svc__pick_ctx ctx = {.rng = &mine.rng, .cursor = &mine.cursor};

    (void)wish;
    pthread_rwlock_rdlock(&peer.rwlock);
    pick_from(peer.snapshot, &ctx, ret);
    pthread_rwlock_unlock(&peer.rwlock);
    return 0;
}

static void set_rwlock(struct svc__snapshot *s)
{
    struct svc__snapshot *old;

    pthread_rwlock_wrlock(&peer.rwlock);
    old = peer.snapshot;
    peer.snapshot = s;
    pthread_rwlock_unlock(&peer.rwlock);
    svc__snapshot_free(old);
}

const struct readers_form readers_mutex = {"a mutex", begin, pick_mutex,
                                           set_mutex, end};
const struct readers_form readers_rwlock = {"a read-write lock", begin,
                                            pick_rwlock, set_rwlock, end};
