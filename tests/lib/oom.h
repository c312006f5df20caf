/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator for tests that counts, and that fails where it is told to: the
 * N-th allocation once, or from the N-th on for ever. A realloc counts as an
 * allocation. Counters may be used from any thread; arming belongs to the one
 * that runs the test.
 */
#ifndef SVC_TESTS_LIB_OOM_H
#define SVC_TESTS_LIB_OOM_H

#include <stddef.h>

/* Makes the library allocate here. Before its first allocation; again does
 * nothing. Fails the test when it is too late. */
void oom_install(void);

/* From now on the n-th allocation (from 1) fails, and with forever all behind
 * it. Counts from here. */
void oom_arm(long n, int forever);

/* No allocation fails any more; the counts stay. */
void oom_disarm(void);

/* Allocations asked for, and failed, since oom_arm (or the start). */
long oom_allocations(void);
long oom_failures(void);

/* Blocks, and bytes as the C library rounds them, that are not freed. */
long oom_live(void);
size_t oom_live_bytes(void);

/* The most bytes that were live at one time since oom_reset_peak. */
size_t oom_peak_bytes(void);
void oom_reset_peak(void);

/* Runs scenario with the allocation 1, 2, … failing, once and then for ever,
 * until a run meets no failure. Each run must leave as many blocks live as
 * it found. A scenario finds out from what it calls, or by oom_failures(),
 * that memory ran out, and checks that nothing worse happened. */
void oom_torture(void (*scenario)(void *arg), void *arg);

#endif
