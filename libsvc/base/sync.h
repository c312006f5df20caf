/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutex with condition on the boot-time clock's deadlines, reference count,
 * and the fork generation. Plain, never recursive.
 */
#ifndef SVC_BASE_SYNC_H
#define SVC_BASE_SYNC_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct svc__mutex {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
};

/* 0 or SVC_ENOMEM. */
int svc__mutex_init(struct svc__mutex *m);
void svc__mutex_fini(struct svc__mutex *m);
void svc__mutex_lock(struct svc__mutex *m);
void svc__mutex_unlock(struct svc__mutex *m);

/* Waits, with m held, for a broadcast or until deadline_ms (boot-time clock,
 * INT64_MAX for ever). May wake early: the caller tests its condition and the
 * clock again. */
void svc__mutex_wait(struct svc__mutex *m, int64_t deadline_ms);

/* Wakes every waiter, whose condition was changed with m held. */
void svc__mutex_broadcast(struct svc__mutex *m);

struct svc__refs {
    _Atomic uint32_t count;
};

static inline void svc__refs_init(struct svc__refs *refs)
{
    atomic_init(&refs->count, 1);
}

static inline void svc__refs_get(struct svc__refs *refs)
{
    atomic_fetch_add_explicit(&refs->count, 1, memory_order_relaxed);
}

/* Many at once, for who hands them out one by one; given back are those that
 * were not handed out, while another one is held. */
static inline void svc__refs_get_many(struct svc__refs *refs, uint32_t many)
{
    atomic_fetch_add_explicit(&refs->count, many, memory_order_relaxed);
}

static inline void svc__refs_put_many(struct svc__refs *refs, uint32_t many)
{
    atomic_fetch_sub_explicit(&refs->count, many, memory_order_release);
}

/* Returns 1 when that was the last one. */
static inline int svc__refs_put(struct svc__refs *refs)
{
    return atomic_fetch_sub_explicit(&refs->count, 1, memory_order_acq_rel) ==
           1;
}

/* Generation of this process: rises in a child of fork() (faults P7). The first
 * call registers the hook; 0 when that fails, which the next call tries again,
 * else at least 1. */
unsigned svc__fork_generation(void);

/* One of the library's mutable globals (tests/check). 0: no hook. */
extern _Atomic unsigned svc__fork_count __attribute__((visibility("hidden")));

/* The same in one load, for what is called often; 0 before the first call of
 * the above. */
static inline unsigned svc__fork_now(void)
{
    return atomic_load_explicit(&svc__fork_count, memory_order_relaxed);
}

#endif
