/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the order of a look: sources are opened, asked, and let go again, all
 * by the loop. Knows no finding.
 */
#include "core/check_run.h"

#include "backend/auto.h"
#include "base/clock.h"

/* ---- which sources ------------------------------------------------------- */

static void add_part(struct svc__check_run *run,
                     const struct svc__backend_ops *ops, int is_spare)
{
    struct svc__check_part *part = &run->parts[run->count];

    if (ops == NULL)
        return;
    part->ops = ops;
    svc__check_init(&part->check);
    part->check.source = ops->name;
    part->check.zone = run->r->settings.cluster_domain;
    part->check.namespace_ = run->r->settings.namespace_;
    part->check.is_spare = is_spare;
    run->count++;
}

/* DNS that was asked for by name is looked at beside any other source. */
void svc__check_run_init(struct svc__check_run *run, svc_resolver *r)
{
    const struct svc__settings *settings = &r->settings;
    const struct svc__backend_ops *apiserver = NULL;

    run->r = r;
    svc__list_init(&run->link);
    if (settings->backend == NULL &&
        settings->automatic == &svc__backend_auto) {
        (void)svc__backend_find("apiserver", &apiserver, NULL);
        add_part(run, apiserver, 0);
        add_part(run, settings->outside, 1);
        return;
    }
    add_part(
        run,
        settings->backend != NULL ? settings->backend : settings->automatic, 0);
    if (settings->dns_servers != NULL && settings->outside != NULL &&
        (run->count == 0 || run->parts[0].ops != settings->outside))
        add_part(run, settings->outside, 0);
}

void svc__check_run_fini(struct svc__check_run *run)
{
    for (size_t i = 0; i < run->count; i++)
        svc__check_fini(&run->parts[i].check);
}

/* ---- on the loop --------------------------------------------------------- */

static void end_part(struct svc__check_run *run, struct svc__check_part *part)
{
    if (part->is_running)
        part->ops->uncheck(part->source->state, &part->check);
    part->is_running = 0;
    if (part->source == NULL)
        return;
    svc__source_put(run->r, part->source);
    if (part->is_own && part->source->users == 0)
        svc__source_close(run->r, part->source);
    part->source = NULL;
}

static void on_timer(void *arg)
{
    struct svc__check_run *run = arg;
    svc_resolver *r = run->r;

    for (size_t i = 0; i < run->count; i++)
        end_part(run, &run->parts[i]);
    svc__mutex_lock(&r->lock);
    run->is_done = 1;
    svc__mutex_broadcast(&r->lock);
    svc__mutex_unlock(&r->lock);
}

/* Everything that runs has ended, or it is to end now. */
static void settle(struct svc__check_run *run)
{
    unsigned pending = 0;

    for (size_t i = 0; i < run->count; i++)
        pending += run->parts[i].check.pending;
    svc__loop_set(run->r->loop, &run->timer,
                  pending == 0 ? svc__loop_now_ms(run->r->loop)
                               : run->deadline_ms);
}

static void on_idle(void *arg)
{
    settle(arg);
}

/* Opens a source and has it look. */
static void begin_part(struct svc__check_run *run, struct svc__check_part *part)
{
    svc_error error;
    int had = svc__source_is_open(run->r, part->ops);

    part->check.idle = on_idle;
    part->check.arg = run;
    if (svc__source_get(run->r, part->ops, NULL, &part->source, &error) != 0) {
        svc__check_add(&part->check, SVC__CHECK_FAIL, "source", &error);
        return;
    }
    part->is_own = !had;
    if (part->ops->check == NULL)
        return;
    part->is_running = 1;
    part->ops->check(part->source->state, &part->check);
}

static struct svc__check_run *next_run(svc_resolver *r)
{
    struct svc__check_run *run = NULL;

    svc__mutex_lock(&r->lock);
    if (!svc__list_is_empty(&r->checks)) {
        run = svc__list_entry(r->checks.next, struct svc__check_run, link);
        svc__list_remove(&run->link);
    }
    svc__mutex_unlock(&r->lock);
    return run;
}

void svc__check_run_begin(svc_resolver *r)
{
    struct svc__check_run *run;

    while ((run = next_run(r)) != NULL) {
        svc__timer_init(&run->timer, on_timer, run);
        for (size_t i = 0; i < run->count; i++)
            begin_part(run, &run->parts[i]);
        settle(run);
    }
}

/* ---- any thread ---------------------------------------------------------- */

void svc__check_run_start(struct svc__check_run *run, int64_t deadline_ms)
{
    svc_resolver *r = run->r;

    run->deadline_ms = deadline_ms;
    svc__mutex_lock(&r->lock);
    svc__list_add(&r->checks, &run->link);
    svc__loop_wake(r->loop);
    svc__mutex_unlock(&r->lock);
}

static int is_done(struct svc__check_run *run)
{
    int done;

    svc__mutex_lock(&run->r->lock);
    done = run->is_done;
    svc__mutex_unlock(&run->r->lock);
    return done;
}

/* Takes back a run that the loop has not begun. */
static void take_back(struct svc__check_run *run)
{
    svc__mutex_lock(&run->r->lock);
    svc__list_remove(&run->link);
    svc__mutex_unlock(&run->r->lock);
}

int svc__check_run_wait(struct svc__check_run *run)
{
    svc_resolver *r = run->r;

    if (!r->settings.external_loop) {
        svc__mutex_lock(&r->lock);
        while (!run->is_done)
            svc__mutex_wait(&r->lock, INT64_MAX);
        svc__mutex_unlock(&r->lock);
        return 0;
    }
    while (!is_done(run)) {
        int64_t now_ms = svc__clock_now_ms();

        if (svc__resolver_round(
                r, svc__clock_until(now_ms, run->deadline_ms)) == SVC_ESTATE) {
            take_back(run);
            return SVC_ESTATE;
        }
    }
    return 0;
}
