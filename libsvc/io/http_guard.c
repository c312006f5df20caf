/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the dance of masks. A SIGPIPE by a write is sent to the thread that
 * writes (signal(7)), so what becomes pending in between is ours to take back;
 * sent to the whole process from outside at that moment, it would be lost,
 * which nobody can tell apart.
 */
#include "io/http_guard.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static int is_pending(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

static void only_pipe(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGPIPE);
}

void svc__http_guard_enter(struct svc__http_guard *g)
{
    sigset_t pipe_set;
    sigset_t mask;

    only_pipe(&pipe_set);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_set, &mask);
    g->was_blocked = sigismember(&mask, SIGPIPE) == 1;
    /* Not blocked, it cannot have been pending. */
    g->was_pending = g->was_blocked && is_pending();
}

void svc__http_guard_leave(const struct svc__http_guard *g)
{
    static const struct timespec at_once = {0, 0};
    sigset_t pipe_set;
    int saved = errno;

    only_pipe(&pipe_set);
    if (!g->was_pending && is_pending()) {
        while (sigtimedwait(&pipe_set, NULL, &at_once) < 0 && errno == EINTR)
            ;
    }
    if (!g->was_blocked)
        (void)pthread_sigmask(SIG_UNBLOCK, &pipe_set, NULL);
    errno = saved;
}
