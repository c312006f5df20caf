/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the counters, which are atomic: the library's thread allocates too.
 */
#include "oom.h"

#include "base/alloc.h"
#include "core/reader.h"
#include "core/ticket.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* More runs than any scenario needs: a torture that goes on for longer has a
 * scenario that allocates without end. */
#define RUNS_MAX 200000

static struct {
    int installed;
    _Atomic long fail_at; /* 0: never */
    _Atomic int forever;
    _Atomic long allocations;
    _Atomic long failures;
    _Atomic long live;
    _Atomic size_t bytes;
    _Atomic size_t peak;
} oom;

static int must_fail(void)
{
    long n = atomic_fetch_add(&oom.allocations, 1) + 1;
    long at = atomic_load(&oom.fail_at);

    if (at == 0 || n < at || (n > at && !atomic_load(&oom.forever)))
        return 0;
    atomic_fetch_add(&oom.failures, 1);
    return 1;
}

static void add_bytes(size_t size)
{
    size_t bytes = atomic_fetch_add(&oom.bytes, size) + size;
    size_t peak = atomic_load(&oom.peak);

    while (bytes > peak &&
           !atomic_compare_exchange_weak(&oom.peak, &peak, bytes))
        continue;
}

static void *count_malloc(size_t size)
{
    void *ptr = must_fail() ? NULL : malloc(size);

    if (ptr != NULL) {
        atomic_fetch_add(&oom.live, 1);
        add_bytes(malloc_usable_size(ptr));
    }
    return ptr;
}

static void *count_realloc(void *ptr, size_t size)
{
    size_t before = ptr == NULL ? 0 : malloc_usable_size(ptr);
    void *moved = must_fail() ? NULL : realloc(ptr, size);

    if (moved == NULL)
        return NULL;
    if (ptr == NULL)
        atomic_fetch_add(&oom.live, 1);
    /* While it moves both are there. */
    add_bytes(malloc_usable_size(moved));
    atomic_fetch_sub(&oom.bytes, before);
    return moved;
}

static void count_free(void *ptr)
{
    if (ptr == NULL)
        return;
    atomic_fetch_sub(&oom.live, 1);
    atomic_fetch_sub(&oom.bytes, malloc_usable_size(ptr));
    free(ptr);
}

/* What a process keeps for ever, once it has picked: a thread's record with a
 * page, and slots. It is no leak. */
static void keep_for_ever(void)
{
    struct svc__reader *me;
    uint32_t ticket;

    (void)svc__reader_prepare();
    me = svc__reader_self();
    assert_non_null(me);
    if (me->pages[0] == NULL)
        assert_int_equal(svc__reader_page(me, 0), 0);
    ticket = svc__ticket_new();
    assert_int_not_equal(ticket, SVC__TICKET_NONE);
    svc__ticket_unref(&ticket, 1);
}

void oom_install(void)
{
    static const svc_allocator counting = {count_malloc, count_realloc,
                                           count_free};

    if (oom.installed)
        return;
    assert_int_equal(svc__alloc_set(&counting), 0);
    oom.installed = 1;
    keep_for_ever();
    oom.live = 0;
    oom.bytes = 0;
    oom.peak = 0;
    oom.allocations = 0;
}

void oom_arm(long n, int forever)
{
    atomic_store(&oom.fail_at, 0);
    atomic_store(&oom.forever, forever);
    atomic_store(&oom.allocations, 0);
    atomic_store(&oom.failures, 0);
    atomic_store(&oom.fail_at, n);
}

void oom_disarm(void)
{
    atomic_store(&oom.fail_at, 0);
}

long oom_allocations(void)
{
    return atomic_load(&oom.allocations);
}

long oom_failures(void)
{
    return atomic_load(&oom.failures);
}

long oom_live(void)
{
    return atomic_load(&oom.live);
}

size_t oom_live_bytes(void)
{
    return atomic_load(&oom.bytes);
}

size_t oom_peak_bytes(void)
{
    return atomic_load(&oom.peak);
}

void oom_reset_peak(void)
{
    atomic_store(&oom.peak, atomic_load(&oom.bytes));
}

static void torture(void (*scenario)(void *arg), void *arg, int forever)
{
    const char *mode = forever ? "for ever" : "once";

    for (long n = 1;; n++) {
        long live = oom_live();

        if (n > RUNS_MAX)
            fail_msg("still failing after %d runs", RUNS_MAX);
        oom_arm(n, forever);
        scenario(arg);
        oom_disarm();
        if (oom_live() != live)
            fail_msg("allocation %ld failing %s leaks %ld blocks", n, mode,
                     oom_live() - live);
        if (oom_failures() == 0)
            return;
    }
}

void oom_torture(void (*scenario)(void *arg), void *arg)
{
    oom_install();
    torture(scenario, arg, 0);
    torture(scenario, arg, 1);
}
