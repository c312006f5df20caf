/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the running in turn, the clocks and the rows.
 */
#include "bench.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct bench_settings bench_settings = {9, 0, 0, 0};

/* More foreign work than this marks a group's rows (performance.md 6). */
#define FOREIGN_LIMIT 0.05

/* What the present run said of itself; below 0: nothing. */
static double spent;

void bench_spent(double seconds)
{
    spent = seconds;
}

void bench_must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "svc-bench: %s failed\n", what);
    exit(1);
}

static double clock_seconds(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Seconds that all CPUs worked, from /proc/stat; steal counts. */
static double all_work(void)
{
    unsigned long long v[8] = {0};
    FILE *file = fopen("/proc/stat", "r");
    double work = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0],
               &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) == 8)
        work = (double)(v[0] + v[1] + v[2] + v[5] + v[6] + v[7]);
    fclose(file);
    return work / (double)sysconf(_SC_CLK_TCK);
}

static double own_work(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

/* What a peer freed is put in order now, not in the time of the next: a large
 * request joins what lies free. With --fresh it goes back to the system, and
 * every run pays for its pages anew. */
static void order_memory(void)
{
    void *volatile large = malloc((size_t)1 << 20);

    free(large);
    if (bench_settings.fresh)
        malloc_trim(0);
}

static void run_once(struct bench_peer *peer, int round)
{
    double start;
    uint64_t checksum;
    long allocations;

    if (peer->before != NULL)
        peer->before(peer->arg);
    spent = -1;
    allocations = memory_allocations();
    start = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    peer->run(peer->arg);
    start = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
    if (spent >= 0)
        start = spent;
    peer->allocations = memory_allocations() - allocations;
    checksum = peer->after != NULL ? peer->after(peer->arg) : 0;
    order_memory();
    if (round < 0) {
        peer->checksum = checksum;
        return;
    }
    bench_must(checksum == peer->checksum, peer->name);
    peer->seconds[round] = start;
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

/* A row: how fast at the median and at best, and how much faster than the
 * first peer. */
static void print_row(const struct bench_group *group,
                      const struct bench_peer *peer, double foreign)
{
    double median = peer->seconds[bench_settings.rounds / 2];
    double first = group->peers[0].seconds[bench_settings.rounds / 2];
    double best = peer->seconds[0];
    int is_bytes = group->bytes > 0;
    double shown = is_bytes ? group->bytes / median / 1e6
                            : median / group->operations * 1e9;
    double shown_best =
        is_bytes ? group->bytes / best / 1e6 : best / group->operations * 1e9;

    if (bench_settings.json)
        printf("{\"group\":\"%s\",\"peer\":\"%s\",\"unit\":\"%s\","
               "\"median\":%.3f,\"best\":%.3f,\"times\":%.3f,"
               "\"ns_per_operation\":%.2f,\"allocations\":%ld,"
               "\"foreign_cpu\":%.3f,\"checksum\":\"%016llx\"}\n",
               group->title, peer->name, is_bytes ? "MB/s" : "ns", shown,
               shown_best, first / median, median / group->operations * 1e9,
               peer->allocations, foreign, (unsigned long long)peer->checksum);
    else
        printf("  %-34s %9.1f %9.1f %s %7.2fx %9.1f ns/%s %9ld %016llx\n",
               peer->name, shown, shown_best, is_bytes ? "MB/s" : "ns  ",
               first / median, median / group->operations * 1e9,
               group->operation, peer->allocations,
               (unsigned long long)peer->checksum);
}

void bench_prepare(void)
{
    /* Without --fresh, memory that was had once stays. */
    mallopt(M_TRIM_THRESHOLD, bench_settings.fresh ? 128 << 10 : INT_MAX);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
}

void bench_run(struct bench_group *group)
{
    double wall = clock_seconds(CLOCK_MONOTONIC);
    double others = all_work() - own_work();
    double cpus = (double)sysconf(_SC_NPROCESSORS_ONLN);

    for (int round = -1; round < bench_settings.rounds; round++) {
        for (size_t i = 0; i < group->count; i++)
            run_once(&group->peers[i], round);
    }
    wall = clock_seconds(CLOCK_MONOTONIC) - wall;
    others = (all_work() - own_work() - others) / (wall * cpus);
    others = others > 0 ? others : 0;
    if (!bench_settings.json)
        printf(
            "%s\n  (%d rounds in turn; other work on the machine: %.0f %%%s)\n"
            "  %-34s %9s %9s %4s %8s %12s %12s\n",
            group->title, bench_settings.rounds, others * 100,
            others > FOREIGN_LIMIT ? ", too much for good figures" : "", "",
            "median", "best", "", "", "", "allocations");
    for (size_t i = 0; i < group->count; i++) {
        struct bench_peer *peer = &group->peers[i];

        qsort(peer->seconds, (size_t)bench_settings.rounds, sizeof(double),
              compare);
    }
    for (size_t i = 0; i < group->count; i++) {
        bench_must(group->different ||
                       group->peers[i].checksum == group->peers[0].checksum,
                   "comparing checksums");
        print_row(group, &group->peers[i], others);
    }
    fflush(stdout);
}

void bench_value(const char *title, const char *name, double value,
                 const char *unit)
{
    if (bench_settings.json)
        printf("{\"group\":\"%s\",\"peer\":\"%s\",\"unit\":\"%s\","
               "\"value\":%.3f}\n",
               title, name, unit, value);
    else
        printf("  %-34s %9.2f %s\n", name, value, unit);
    fflush(stdout);
}
