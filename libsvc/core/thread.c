/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the same rounds that a foreign loop would. All signals are blocked, so
 * that the host's handlers never run here (faults P9, P10).
 */
#include "core/thread.h"

#include "base/err.h"

#include <signal.h>
#include <time.h>

/* A round that cannot wait (out of memory in the kernel) must not spin. */
#define PAUSE_MS 100

static void *run(void *arg)
{
    svc_resolver *r = arg;
    const struct timespec pause = {0, PAUSE_MS * 1000000L};

    while (!r->stop) {
        if (svc__resolver_round(r, -1) != 0)
            (void)nanosleep(&pause, NULL);
    }
    return NULL;
}

int svc__thread_start(svc_resolver *r, svc_error *reterr)
{
    sigset_t all;
    sigset_t old;
    int failed;

    sigfillset(&all);
    /* The new thread inherits the mask: no moment without it. */
    failed = pthread_sigmask(SIG_SETMASK, &all, &old);
    if (failed == 0) {
        failed = pthread_create(&r->thread, NULL, run, r);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    if (failed != 0) {
        svc__err_errno(reterr, failed, "make a thread");
        svc__err_hint(reterr, "raise the limit of threads, or set "
                              "external_loop and dispatch yourself");
        return SVC_ENOMEM;
    }
    return 0;
}

void svc__thread_join(svc_resolver *r)
{
    if (!r->settings.external_loop)
        pthread_join(r->thread, NULL);
}
