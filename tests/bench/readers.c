/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the threads, the pace of new sets and the rows. Of readers the time of
 * the thread's own CPU counts, so that a writer beside them does not; of the
 * writer, how long it takes until a set is the newest and what was old is free
 * or put off.
 */
#include "readers.h"

#include "bench.h"
#include "web.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define THREADS_MAX 2
#define SWAPS_MAX   400000

/* ---- libsvc ------------------------------------------------------------ */

static struct svc__publish publish;
static struct svc__list swept;

static void set(struct svc__snapshot *s)
{
    svc__publish_set(&publish, s);
    svc__publish_sweep(&swept);
}

static void begin(struct svc__snapshot *s)
{
    svc__list_init(&swept);
    bench_must(svc__publish_init(&publish, 1, &swept) == 0, "publishing");
    set(s);
}

static int pick(const struct svc__pick_wish *wish, svc_pick *ret)
{
    return svc__publish_pick(&publish, wish, ret);
}

static void end(void)
{
    svc__publish_close(&publish);
    svc__publish_fini(&publish);
}

static const struct readers_form readers_svc = {"libsvc", begin, pick, set,
                                                end};

/* ---- the play ---------------------------------------------------------- */

struct play {
    const struct readers_form *form;
    int threads;
    double rate; /* of new sets in a second */
    size_t picks;
    struct svc_endpoints *set;
    pthread_barrier_t start;
    _Atomic int ended;
    double cpu[THREADS_MAX];
    double *swaps;
    size_t swap_count;
};

struct reader {
    struct play *play;
    double *ret_cpu;
};

static double now(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void *read_on(void *arg)
{
    const struct reader *reader = arg;
    const struct play *p = reader->play;
    const struct svc__pick_wish wish = {0};
    svc_pick chosen;
    double cpu;

    bench_must(p->form->pick(&wish, &chosen) == 0, "a pick");
    (void)pthread_barrier_wait(&reader->play->start);
    cpu = now(CLOCK_THREAD_CPUTIME_ID);
    for (size_t i = 0; i < p->picks; i++)
        bench_must(p->form->pick(&wish, &chosen) == 0, "a pick");
    *reader->ret_cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
    return NULL;
}

/* All sets are the same one; what is new is the policy. */
static struct svc__snapshot *new_snapshot(struct svc_endpoints *eps)
{
    const struct svc__policy_params params = {.seed = 1};
    const struct svc__policy_input in = {.set = eps};
    struct svc__snapshot *s = svc__snapshot_new(svc_endpoints_ref(eps));

    bench_must(s != NULL && svc__policy_build(&svc__policy_rr, &in, &params,
                                              &s->policy) == 0,
               "a snapshot");
    return s;
}

static void sleep_until(double due)
{
    struct timespec ts = {.tv_sec = (time_t)due};

    ts.tv_nsec = (long)((due - (double)ts.tv_sec) * 1e9);
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void *write_on(void *arg)
{
    struct play *p = arg;
    double start;
    size_t count = 0;

    (void)prctl(PR_SET_TIMERSLACK, 1);
    (void)pthread_barrier_wait(&p->start);
    start = now(CLOCK_MONOTONIC);
    while (!atomic_load(&p->ended)) {
        struct svc__snapshot *s = new_snapshot(p->set);
        double before = now(CLOCK_MONOTONIC);

        p->form->set(s);
        if (p->swap_count < SWAPS_MAX)
            p->swaps[p->swap_count++] = now(CLOCK_MONOTONIC) - before;
        count++;
        if (before < start + (double)count / p->rate)
            sleep_until(start + (double)count / p->rate);
    }
    return NULL;
}

static void run(void *arg)
{
    struct play *p = arg;
    const int writes = p->rate > 0;
    struct reader readers[THREADS_MAX];
    pthread_t threads[THREADS_MAX + 1];
    double mean = 0;

    p->form->begin(new_snapshot(p->set));
    atomic_store(&p->ended, 0);
    bench_must(pthread_barrier_init(&p->start, NULL,
                                    (unsigned)(p->threads + writes)) == 0,
               "a barrier");
    for (int i = 0; i < p->threads; i++) {
        readers[i] = (struct reader){p, &p->cpu[i]};
        bench_must(pthread_create(&threads[i], NULL, read_on, &readers[i]) == 0,
                   "a thread");
    }
    if (writes)
        bench_must(pthread_create(&threads[p->threads], NULL, write_on, p) == 0,
                   "a thread");
    for (int i = 0; i < p->threads; i++) {
        pthread_join(threads[i], NULL);
        mean += p->cpu[i] / p->threads;
    }
    atomic_store(&p->ended, 1);
    if (writes)
        pthread_join(threads[p->threads], NULL);
    pthread_barrier_destroy(&p->start);
    p->form->end();
    bench_spent(mean);
}

/* ---- rows -------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_swaps(const char *group, struct play *p)
{
    char title[64];

    if (p->swap_count == 0)
        return;
    qsort(p->swaps, p->swap_count, sizeof(p->swaps[0]), compare);
    (void)snprintf(title, sizeof(title), "%s, a set, p50", p->form->name);
    bench_value(group, title, p->swaps[p->swap_count / 2] * 1e6, "us");
    (void)snprintf(title, sizeof(title), "%s, a set, p99", p->form->name);
    bench_value(group, title, p->swaps[p->swap_count * 99 / 100] * 1e6, "us");
}

static void run_group(struct svc_endpoints *eps, int threads, double rate)
{
    static const struct readers_form *const forms[] = {
        &readers_svc, &readers_mutex, &readers_rwlock};
    static struct play plays[3];
    struct bench_peer peers[3];
    char title[64];
    struct bench_group group = {
        .title = title, .operation = "pick", .peers = peers, .count = 3};

    memset(peers, 0, sizeof(peers));
    (void)snprintf(title, sizeof(title), "picks by %d thread%s, %.0f sets/s",
                   threads, threads > 1 ? "s" : "", rate);
    for (size_t i = 0; i < 3; i++) {
        struct play *p = &plays[i];

        memset(p, 0, sizeof(*p));
        p->form = forms[i];
        p->threads = threads;
        p->rate = rate;
        p->picks = bench_settings.quick ? 300000 : 10000000;
        p->set = eps;
        p->swaps = malloc(SWAPS_MAX * sizeof(p->swaps[0]));
        bench_must(p->swaps != NULL, "memory");
        peers[i].name = p->form->name;
        peers[i].arg = p;
        peers[i].run = run;
    }
    group.operations = (double)plays[0].picks;
    bench_run(&group);
    for (size_t i = 0; i < 3; i++) {
        print_swaps(title, &plays[i]);
        free(plays[i].swaps);
    }
}

void bench_readers(void)
{
    static const double rates[] = {0, 1000, 50000};
    svc_resolver *r = NULL;
    svc_service *s = NULL;
    struct svc_endpoints *eps;
    svc_error error;

    bench_must(web_open(100, 0, &r, &error) == 0 &&
                   web_service(r, NULL, 0, &s, &error) == 0,
               "a service");
    eps = svc_service_endpoints(s);
    for (int threads = 1; threads <= THREADS_MAX; threads++) {
        for (size_t i = 0; i < 3; i++)
            run_group(eps, threads, rates[i]);
    }
    svc_endpoints_unref(eps);
    svc_service_free(s);
    svc_resolver_free(r);
}
