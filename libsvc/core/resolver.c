/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the order of a round and the order of the end.
 */
#include "core/resolver.h"

#include "base/alloc.h"
#include "base/count.h"
#include "base/err.h"
#include "base/rng.h"
#include "core/check_run.h"
#include "core/service.h"
#include "core/source.h"
#include "core/thread.h"

static int init_locks(svc_resolver *r, svc_error *reterr)
{
    if (svc__mutex_init(&r->lock) != 0)
        return svc__err_nomem(reterr);
    if (svc__memo_init(&r->memo, r) == 0)
        return 0;
    svc__mutex_fini(&r->lock);
    return svc__err_nomem(reterr);
}

static void fini_locks(svc_resolver *r)
{
    svc__memo_fini(&r->memo);
    svc__mutex_fini(&r->lock);
}

/* Frees what new had made so far; the thread, if any, has ended. */
static void discard(svc_resolver *r)
{
    svc__loop_free(r->loop);
    svc__settings_fini(&r->settings);
    svc__free(r);
}

int svc__resolver_new(const svc_resolver_options *options, svc_resolver **ret,
                      svc_error *reterr)
{
    svc_resolver *r = svc__calloc(1, sizeof(*r));
    int err;

    if (r == NULL)
        return svc__err_nomem(reterr);
    svc__refs_init(&r->refs);
    svc__list_init(&r->commands);
    svc__list_init(&r->checks);
    svc__list_init(&r->sources);
    svc__list_init(&r->listed);
    svc__list_init(&r->services);
    svc__list_init(&r->dirty);
    svc__list_init(&r->swept);
    r->fork_generation = svc__fork_generation();
    err = svc__settings_read(options, &r->settings, reterr);
    if (err == 0 && r->fork_generation == 0)
        err = svc__err_nomem(reterr);
    if (err == 0 && svc__rng_secret(&r->hash_key, sizeof(r->hash_key)) != 0)
        err = svc__err_set(reterr, SVC_ENOTSUP,
                           "the kernel gives no random bytes (getrandom)");
    if (err == 0)
        err = svc__loop_new(&r->loop, reterr);
    if (err == 0)
        err = init_locks(r, reterr);
    if (err != 0) {
        discard(r);
        return err;
    }
    if (!r->settings.external_loop) {
        err = svc__thread_start(r, reterr);
        if (err != 0) {
            fini_locks(r);
            discard(r);
            return err;
        }
    }
    *ret = r;
    return 0;
}

void svc__resolver_command(svc_resolver *r, svc_service *s)
{
    /* While there are others, the loop has not come to their end. */
    int is_first = svc__list_is_empty(&r->commands);

    if (!svc__list_is_empty(&s->command))
        return;
    svc__list_add(&r->commands, &s->command);
    if (is_first)
        svc__loop_wake(r->loop);
}

/* Takes one of these commands, or NULL. */
static svc_service *next_command(svc_resolver *r, struct svc__list *commands,
                                 int *ret_closing)
{
    svc_service *s = NULL;

    svc__mutex_lock(&r->lock);
    if (!svc__list_is_empty(commands)) {
        s = svc__list_entry(commands->next, svc_service, command);
        svc__list_remove(&s->command);
        *ret_closing = s->closing;
    }
    svc__mutex_unlock(&r->lock);
    return s;
}

/* Those that are there now. */
static void run_these_commands(svc_resolver *r)
{
    struct svc__list commands;
    svc_service *s;
    int closing;

    svc__list_init(&commands);
    svc__mutex_lock(&r->lock);
    svc__list_move(&commands, &r->commands);
    svc__mutex_unlock(&r->lock);
    while ((s = next_command(r, &commands, &closing)) != NULL) {
        if (closing)
            svc__service_close(s);
        else
            svc__service_command(s);
    }
}

/* What is there, and what comes of it: who is opened may make others close.
 * Threads that never stop asking do not keep the loop from its round. */
static void run_commands(svc_resolver *r)
{
    run_these_commands(r);
    run_these_commands(r);
    svc__check_run_begin(r);
}

int svc__resolver_round(svc_resolver *r, int timeout_ms)
{
    int err;

    if (r->dispatching)
        return SVC_ESTATE;
    r->dispatching = 1;
    svc__count_add(&r->counters.dispatches, 1);
    err = svc__loop_round(r->loop, timeout_ms);
    run_commands(r);
    while (!svc__list_is_empty(&r->dirty)) {
        svc_service *s = svc__list_entry(r->dirty.next, svc_service, dirty);

        svc__list_remove(&s->dirty);
        svc__service_flush(s);
    }
    svc__publish_sweep(&r->swept);
    r->dispatching = 0;
    return err;
}

void svc__resolver_free(svc_resolver *r)
{
    svc_service *s;
    int closing;

    if (svc__resolver_is_foreign(r)) {
        /* The parent's threads are gone here and its locks may be held for
         * ever: close the descriptors, our own copies, and leave the memory
         * alone. */
        svc__loop_abandon(r->loop);
        return;
    }
    svc__memo_close(&r->memo);
    r->stop = 1;
    svc__mutex_lock(&r->lock);
    r->closed = 1;
    svc__loop_wake(r->loop);
    svc__mutex_unlock(&r->lock);
    svc__thread_join(r);
    /* From here this thread is the only one that touches the loop's side. */
    svc__loop_unset(r->loop, &r->memo.timer);
    while ((s = next_command(r, &r->commands, &closing)) != NULL)
        svc__service_close(s);
    while (!svc__list_is_empty(&r->services))
        svc__service_close(
            svc__list_entry(r->services.next, svc_service, link));
    while (!svc__list_is_empty(&r->sources))
        svc__source_close(
            r, svc__list_entry(r->sources.next, struct svc__source, link));
    svc__loop_free(r->loop);
    r->loop = NULL;
    svc__resolver_unref(r);
}

void svc__resolver_unref(svc_resolver *r)
{
    if (!svc__refs_put(&r->refs))
        return;
    fini_locks(r);
    discard(r);
}
