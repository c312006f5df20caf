/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the threads.
 */
#define _GNU_SOURCE /* processors of a thread */
#include "crew.h"

#include "../dns/client.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 8
#define WARM        1000 /* operations */

struct member {
    const struct crew *crew;
    unsigned number;
    pthread_barrier_t *warm;
    pthread_barrier_t *begin;
    double cpu;
};

static void settle(unsigned number)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(number % (processors > 0 ? (unsigned)processors : 1), &set);
    (void)sched_setaffinity(0, sizeof(set), &set);
}

/* What the thread itself has worked: the kernel tells others up to a tick too
 * little of a thread that runs. */
static double worked(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void *take_part(void *arg)
{
    struct member *m = arg;

    settle(m->number);
    m->crew->work(m->crew->arg, m->number, WARM);
    (void)pthread_barrier_wait(m->warm);
    (void)pthread_barrier_wait(m->begin);
    m->cpu = worked();
    m->crew->work(m->crew->arg, m->number, m->crew->count);
    m->cpu = worked() - m->cpu;
    return NULL;
}

unsigned crew_threads(const char *word)
{
    return word[0] == '\0' ? 1 : (unsigned)client_number(word);
}

void crew_run(const struct crew *c)
{
    struct member members[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    pthread_barrier_t warm;
    pthread_barrier_t begin;
    struct client_clock clock;

    client_must(c->threads > 0 && c->threads <= THREADS_MAX &&
                    pthread_barrier_init(&warm, NULL, c->threads + 1) == 0 &&
                    pthread_barrier_init(&begin, NULL, c->threads + 1) == 0,
                "counting threads");
    for (unsigned i = 0; i < c->threads; i++) {
        members[i] = (struct member){c, i, &warm, &begin, 0};
        client_must(pthread_create(&threads[i], NULL, take_part, &members[i]) ==
                        0,
                    "a thread");
    }
    (void)pthread_barrier_wait(&warm);
    client_start(&clock);
    (void)pthread_barrier_wait(&begin);
    for (unsigned i = 0; i < c->threads; i++)
        pthread_join(threads[i], NULL);
    client_stop(&clock);
    clock.cpu = 0;
    for (unsigned i = 0; i < c->threads; i++)
        clock.cpu += members[i].cpu;
    pthread_barrier_destroy(&warm);
    pthread_barrier_destroy(&begin);
    client_tell_clock(&clock, c->count * c->threads);
}
