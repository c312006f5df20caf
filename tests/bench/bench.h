/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the groups of the benchmark share: peers that do the same work are run
 * in turn, A B A B, in one process; each row gets the median and the minimum
 * of its CPU time, and its peer's share of what the first one needs. CPU time,
 * not wall time, since the machine may have other work; how much other work
 * there was is printed beside.
 */
#ifndef SVC_BENCH_BENCH_H
#define SVC_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_ROUNDS_MAX 32

/* One way of doing a group's work. */
struct bench_peer {
    const char *name;
    void *arg;
    void (*before)(void *arg);    /* untimed; may be NULL */
    void (*run)(void *arg);       /* timed */
    uint64_t (*after)(void *arg); /* untimed: frees, returns a checksum */

    /* Filled by bench_run. */
    double seconds[BENCH_ROUNDS_MAX]; /* sorted, of one run */
    uint64_t checksum;
    long allocations; /* of one run */
};

struct bench_group {
    const char *title;
    double bytes;      /* of input in one run; 0: operations count */
    double operations; /* in one run */
    const char *operation;
    struct bench_peer *peers;
    size_t count;
    int different; /* 1: the peers' checksums are not to be equal */
};

struct bench_settings {
    int rounds; /* 7 or more, unless quick */
    int quick;  /* small inputs, few rounds: to see that it works */
    int json;   /* one JSON object a row */
    int fresh;  /* no run finds memory that the process has already */
};

extern struct bench_settings bench_settings;

/* Once, before the first group. */
void bench_prepare(void);

/* Runs the peers in turn and prints a row for each. Unequal checksums end the
 * program. */
void bench_run(struct bench_group *group);

/* Within run: what counts is not the CPU time of the process, but this. */
void bench_spent(double seconds);

/* Prints a value that is no time: "bytes kept per endpoint". */
void bench_value(const char *title, const char *name, double value,
                 const char *unit);

/* Ends the program with a message when a call that must not fail did. */
void bench_must(int good, const char *what);

/* ---- memory (memory.c) -------------------------------------------------- */

/* All allocations of the process, by whomever; the peak since the reset. Sizes
 * are those that the C library rounds to. */
long memory_allocations(void);
size_t memory_live(void);
size_t memory_peak(void);
void memory_reset_peak(void);

/* ---- system calls (syscalls.c) ------------------------------------------ */

/* System calls that run(arg) makes, counted in a traced child; -1 where the
 * kernel does not let us. */
long syscalls_of(void (*run)(void *arg), void *arg);

/* ---- groups ------------------------------------------------------------- */

void bench_slices(void);
void bench_utf8(void);
void bench_heap(void);
void bench_load(void);
void bench_picks(void);
void bench_readers(void);
void bench_policies(void);
void bench_dlopen(void); /* of group picks */
void bench_names(void);
void bench_resolve(void);

#endif
