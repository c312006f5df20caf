/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the one process-wide word that fork needs: the generation.
 */
#include "base/sync.h"

#include "base/clock.h"

#include <svc/svc.h>
#include <time.h>

_Atomic unsigned svc__fork_count;

int svc__mutex_init(struct svc__mutex *m)
{
    pthread_condattr_t attr;
    int failed;

    if (pthread_condattr_init(&attr) != 0)
        return SVC_ENOMEM;
    /* Condition variables know no CLOCK_BOOTTIME: wait() turns the rest of
     * the time into this clock, and its caller looks at the real one again. */
    failed = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
             pthread_mutex_init(&m->mutex, NULL) != 0;
    if (!failed && pthread_cond_init(&m->cond, &attr) != 0) {
        pthread_mutex_destroy(&m->mutex);
        failed = 1;
    }
    pthread_condattr_destroy(&attr);
    return failed ? SVC_ENOMEM : 0;
}

void svc__mutex_fini(struct svc__mutex *m)
{
    pthread_cond_destroy(&m->cond);
    pthread_mutex_destroy(&m->mutex);
}

void svc__mutex_lock(struct svc__mutex *m)
{
    pthread_mutex_lock(&m->mutex);
}

void svc__mutex_unlock(struct svc__mutex *m)
{
    pthread_mutex_unlock(&m->mutex);
}

void svc__mutex_wait(struct svc__mutex *m, int64_t deadline_ms)
{
    struct timespec ts;
    int left = svc__clock_until(svc__clock_now_ms(), deadline_ms);

    if (left < 0) {
        pthread_cond_wait(&m->cond, &m->mutex);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += left / 1000;
    ts.tv_nsec += (long)(left % 1000) * 1000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&m->cond, &m->mutex, &ts);
}

void svc__mutex_broadcast(struct svc__mutex *m)
{
    pthread_cond_broadcast(&m->cond);
}

static void in_child(void)
{
    atomic_fetch_add(&svc__fork_count, 1);
}

/* Two threads that come first together both register the hook: then a fork
 * raises the generation twice, which is as good. */
unsigned svc__fork_generation(void)
{
    unsigned generation = atomic_load(&svc__fork_count);
    unsigned none = 0;

    if (generation == 0 && pthread_atfork(NULL, NULL, in_child) == 0) {
        (void)atomic_compare_exchange_strong(&svc__fork_count, &none, 1);
        generation = atomic_load(&svc__fork_count);
    }
    return generation;
}
