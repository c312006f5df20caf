/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an answer or a failure does to an entry.
 *
 * Design notes. An entry is in one of three states:
 *
 *   settled  held == NULL: view is what the source said last (or nothing).
 *   in doubt held != NULL, doubted_ms >= 0: held speaks against the set in
 *            view; another server is asked 1 s after it came, and again with
 *            pauses of 1 s while that fails.
 *   kept     held != NULL, doubted_ms < 0: held is believed, but policy still
 *            shows view, as stale; held is asked for anew by its own TTL.
 *
 *   settled --- doubtful answer ----------------------------> in doubt
 *   in doubt -- doubtful answer, or 5 s --------------------> settled, or kept
 *   in doubt, kept -- any other answer ---------------------> settled
 *   kept ------ the policy's time is over ------------------> settled
 *
 * Beside it, and independent of it, the source may be failing (failed != 0),
 * which changes no view until error_keep_ms says so; and view has its time
 * (expires_ms), behind which failures are told and it is shown only as stale.
 *
 * Views are taken and moved, so nothing here can fail for want of memory but
 * the empty copy of a dropped view, which is tried again, and the text of a
 * trouble, which is lost.
 */
#include "cache/cache_own.h"

static int is_kept(const struct svc__cache_entry *e)
{
    return e->held != NULL && e->doubted_ms < 0;
}

/* Tells the last failure, and gives those who wait for an answer what there
 * is. Each failure is told anew: whoever came meanwhile has heard of none. */
static void report(struct svc__cache_entry *e, int64_t now_ms)
{
    if (is_kept(e))
        return;
    e->is_stale = e->view != NULL;
    e->trouble = e->failed;
    svc__cache_queue(e, SVC__CACHE_TELL);
    if (e->waiting_ms >= 0 && now_ms < e->drop_ms)
        svc__cache_view_stale(e, now_ms);
}

/* What is held is believed. */
static void settle(struct svc__cache_entry *e, int64_t now_ms)
{
    const struct svc__view *held = e->held;
    int64_t keep_ms = svc__cache_time_keep(&e->cache->settings, e->doubted);

    if (keep_ms == 0) {
        svc__cache_view_show_held(e);
        return;
    }
    e->doubted_ms = -1;
    e->is_stale = 1;
    e->drop_ms = keep_ms < 0 ? SVC__CACHE_NEVER : e->against_ms + keep_ms;
    e->trouble = held->code != 0 ? held->code : SVC_ENOENDPOINTS;
    svc__cache_view_story(e, held->message, held->hint);
    svc__cache_queue(e, SVC__CACHE_TELL);
    if (e->waiting_ms >= 0 && now_ms < e->drop_ms)
        svc__cache_view_stale(e, now_ms);
}

/* Takes an answer that speaks against the set that is shown. */
static void hold(struct svc__cache_entry *e,
                 const struct svc__cache_answer *answer, int64_t now_ms)
{
    int is_first = e->held == NULL;

    svc__view_free(e->held);
    e->held = answer->view;
    e->doubted = answer->found;
    if (!is_first) {
        settle(e, now_ms);
        return;
    }
    e->doubted_ms = now_ms;
    e->against_ms = now_ms;
    e->drop_ms = SVC__CACHE_NEVER;
}

/* Faults D8, and the guard against the loss of most of a set. */
static int is_doubtful(const struct svc__cache_entry *e,
                       const struct svc__cache_answer *answer)
{
    if (!svc__cache_has_set(e->view))
        return 0;
    return answer->found != SVC__CACHE_HAVE ||
           svc__cache_guard_lost(e->view, answer->view,
                                 &e->cache->settings.hash_key);
}

/* A part of the answer. It has what was known of the rest, so it may be shown
 * in the place of a set as well; but it takes none away. */
static void take_part(struct svc__cache_entry *e,
                      const struct svc__cache_answer *answer)
{
    if (answer->found != SVC__CACHE_HAVE || svc__cache_in_doubt(e) ||
        is_doubtful(e, answer)) {
        svc__view_free(answer->view);
        return;
    }
    e->failed = 0;
    svc__cache_view_show(e, answer->view, answer->found);
}

/* When to ask after an answer that lives for ttl_ms. */
static int64_t next_ask(struct svc__cache_entry *e, int is_partial,
                        int64_t ttl_ms, int64_t now_ms)
{
    struct svc__cache *c = e->cache;
    int64_t ask_ms = svc__cache_time_refresh(c, ttl_ms, now_ms);
    int64_t soon_ms = now_ms + c->settings.ttl_min_ms;

    if (is_partial) {
        int64_t retry_ms = now_ms + svc__cache_time_backoff(c, ++e->failures);

        retry_ms = retry_ms < soon_ms ? soon_ms : retry_ms;
        ask_ms = retry_ms < ask_ms ? retry_ms : ask_ms;
    }
    if (svc__cache_in_doubt(e))
        ask_ms = now_ms + SVC__CACHE_PAUSE_MS;
    else if (e->again)
        ask_ms = soon_ms;
    e->again = 0;
    return ask_ms;
}

static void finish(struct svc__cache_entry *e, int64_t now_ms)
{
    if (e->wanted > 0)
        svc__cache_judge_due(e, now_ms);
    svc__cache_evict_place(e);
    svc__cache_arm(e);
}

void svc__cache_answer(struct svc__cache_entry *e,
                       const struct svc__cache_answer *answer, int64_t now_ms)
{
    struct svc__view *view = answer->view;
    int64_t ttl_ms =
        svc__cache_time_ttl(&e->cache->settings, view->ttl_ms, answer->found);

    view->ttl_ms = ttl_ms;
    view->confirmed_ms = now_ms;
    if (!answer->is_last) {
        take_part(e, answer);
        finish(e, now_ms);
        return;
    }
    e->asking = 0;
    e->confirming = 0;
    e->last_ms = now_ms;
    e->failed = 0;
    if (!answer->is_partial)
        e->failures = 0;
    if (is_doubtful(e, answer)) {
        hold(e, answer, now_ms);
    } else {
        e->cache->stats.refuted += (uint64_t)svc__cache_in_doubt(e);
        svc__cache_view_show(e, view, answer->found);
    }
    e->ask_ms = next_ask(e, answer->is_partial, ttl_ms, now_ms);
    finish(e, now_ms);
}

/* The source fails: for how long the set stays. */
static void set_drop(struct svc__cache_entry *e, int64_t now_ms)
{
    if (e->against_ms < 0)
        e->against_ms = now_ms;
    if (e->held == NULL && svc__cache_has_set(e->view))
        e->drop_ms = svc__cache_time_drop(e);
}

void svc__cache_fail(struct svc__cache_entry *e, const svc_error *error,
                     int64_t now_ms)
{
    e->asking = 0;
    e->confirming = 0;
    e->last_ms = now_ms;
    e->failed = error->code != 0 ? error->code : SVC_EUNREACH;
    e->failures = e->again ? 1 : e->failures + 1;
    e->again = 0;
    if (!is_kept(e))
        svc__cache_view_story(e, error->message, error->hint);
    e->ask_ms = now_ms + (svc__cache_in_doubt(e)
                              ? SVC__CACHE_PAUSE_MS
                              : svc__cache_time_backoff(e->cache, e->failures));
    set_drop(e, now_ms);
    if (e->view == NULL || now_ms >= e->expires_ms)
        report(e, now_ms);
    finish(e, now_ms);
}

/* View is past its time. */
static void expire(struct svc__cache_entry *e, int64_t now_ms)
{
    e->is_stale = 1;
    if (e->failed != 0)
        report(e, now_ms);
    else if (e->waiting_ms < 0)
        e->waiting_ms = now_ms;
}

void svc__cache_judge_due(struct svc__cache_entry *e, int64_t now_ms)
{
    if (svc__cache_in_doubt(e) && now_ms >= e->doubted_ms + SVC__CACHE_DOUBT_MS)
        settle(e, now_ms);
    if (now_ms >= e->drop_ms) {
        if (e->held != NULL)
            svc__cache_view_show_held(e);
        else
            svc__cache_view_drop(e, now_ms);
    }
    if (e->view != NULL && !e->is_stale && now_ms >= e->expires_ms)
        expire(e, now_ms);
    if (e->waiting_ms >= 0 && now_ms >= e->waiting_ms + SVC__CACHE_PATIENCE_MS)
        svc__cache_view_stale(e, now_ms);
}
