/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that do the same at one time, each on a processor of its own where
 * there are so many.
 */
#ifndef SVC_BENCH_PICKS_CREW_H
#define SVC_BENCH_PICKS_CREW_H

#include <stddef.h>

struct crew {
    /* So many operations, by the thread of that number, from 0. */
    void (*work)(void *arg, unsigned number, size_t count);
    void *arg;
    unsigned threads;
    size_t count; /* of each thread */
};

/* The number that a command has, or 1. */
unsigned crew_threads(const char *word);

/* Runs them, after a few operations of each that do not count, and answers with
 * what all of them took together. */
void crew_run(const struct crew *c);

#endif
