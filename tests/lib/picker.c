/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the thread.
 */
#include "picker.h"

#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <stdio.h>

static void *run(void *arg)
{
    struct picker *p = arg;

    while (!atomic_load(&p->stop)) {
        svc_pick pick;
        const int err = svc_service_pick(p->s, NULL, &pick);

        if (err != 0)
            fprintf(stderr, "a pick found nobody: %s\n", svc_err_name(err));
        world_check(err == 0);
        if (atomic_fetch_add(&p->picks, 1) % 256 == 0)
            sched_yield();
    }
    return NULL;
}

void picker_start(struct picker *p, svc_service *s)
{
    p->s = s;
    p->is_running = 1;
    atomic_init(&p->stop, 0);
    atomic_init(&p->picks, 0);
    assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
}

void picker_stop(struct picker *p)
{
    const unsigned long picks = atomic_load(&p->picks);

    if (!p->is_running)
        return;
    p->is_running = 0;
    while (atomic_load(&p->picks) < picks + 10)
        sched_yield();
    atomic_store(&p->stop, 1);
    assert_int_equal(pthread_join(p->thread, NULL), 0);
}
