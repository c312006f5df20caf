/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an entry shows and tells: replaces views, and keeps the story of the
 * trouble. Decides nothing.
 */
#include "base/alloc.h"
#include "base/err.h"
#include "cache/cache_own.h"

#include <string.h>

/* In one piece, message and hint with their NULs: trouble is rare, an svc_error
 * in each entry would be most of its size. */
void svc__cache_view_story(struct svc__cache_entry *e, const char *message,
                           const char *hint)
{
    size_t size = message == NULL ? 0 : strlen(message);
    size_t hint_size = hint == NULL ? 0 : strlen(hint);

    svc__free(e->story);
    e->story = svc__calloc(1, size + hint_size + 2);
    if (e->story == NULL)
        return;
    if (size > 0)
        memcpy(e->story, message, size);
    if (hint_size > 0)
        memcpy(e->story + size + 1, hint, hint_size);
}

/* The story for one code, whether it is told by now or not. */
static void fill(const struct svc__cache_entry *e, int code, svc_error *ret)
{
    const char *hint;

    if (e->story == NULL) {
        svc__err_set(ret, code, "%s (its story was lost: out of memory)",
                     svc_err_text(code));
        return;
    }
    svc__err_set(ret, code, "%s",
                 e->story[0] != '\0' ? e->story : svc_err_text(code));
    hint = e->story + strlen(e->story) + 1;
    if (hint[0] != '\0')
        svc__err_hint(ret, "%s", hint);
}

int svc__cache_trouble(const struct svc__cache_entry *e, svc_error *ret)
{
    if (e->trouble != 0)
        fill(e, e->trouble, ret);
    return e->trouble;
}

/* The one place where a view comes and goes, so that the gauge is right. */
static void replace(struct svc__cache_entry *e, struct svc__view *view,
                    enum svc__cache_found found)
{
    struct svc__cache_stats *stats = &e->cache->stats;

    stats->negative -= e->view != NULL && e->found != SVC__CACHE_HAVE;
    svc__view_free(e->view);
    e->view = view;
    e->found = found;
    stats->negative += found != SVC__CACHE_HAVE;
}

void svc__cache_view_show(struct svc__cache_entry *e, struct svc__view *view,
                          enum svc__cache_found found)
{
    replace(e, view, found);
    e->answered_ms = view->confirmed_ms;
    e->expires_ms = view->confirmed_ms + view->ttl_ms;
    e->is_stale = 0;
    svc__view_free(e->held);
    e->held = NULL;
    e->doubted_ms = -1;
    e->against_ms = -1;
    e->waiting_ms = -1;
    e->drop_ms = SVC__CACHE_NEVER;
    /* A source that still fails will have to tell it. */
    if (e->failed == 0) {
        svc__free(e->story);
        e->story = NULL;
    }
    svc__cache_queue(e, e->trouble == 0 ? SVC__CACHE_SHOW
                                        : SVC__CACHE_SHOW | SVC__CACHE_TELL);
    e->trouble = 0;
}

void svc__cache_view_show_held(struct svc__cache_entry *e)
{
    struct svc__view *view = e->held;

    e->held = NULL;
    svc__cache_view_show(e, view, e->doubted);
}

/* A copy of the view without what it offers, that tells the error. */
static struct svc__view *empty_copy(const struct svc__view *v,
                                    const svc_error *error)
{
    /* Only looked at: what is not to be copied is left out of it. */
    struct svc__view bare = *v;
    struct svc__view *copy;

    bare.message = NULL;
    bare.hint = NULL;
    bare.gap = NULL;
    bare.canonical = NULL;
    bare.alias = NULL;
    bare.alias_port_name = NULL;
    bare.alias_port = 0;
    bare.count = 0;
    bare.block_count = 0;
    copy = svc__view_copy(&bare, NULL);
    if (copy == NULL)
        return NULL;
    if (svc__view_fail(copy, error->code, "%s", error->message) != 0 ||
        (error->hint[0] != '\0' &&
         svc__view_hint(copy, "%s", error->hint) != 0)) {
        svc__view_free(copy);
        return NULL;
    }
    return copy;
}

void svc__cache_view_drop(struct svc__cache_entry *e, int64_t now_ms)
{
    struct svc__view *view;
    svc_error error;

    fill(e, e->failed, &error);
    view = empty_copy(e->view, &error);
    if (view == NULL) {
        e->drop_ms = now_ms + SVC__CACHE_PAUSE_MS;
        return;
    }
    /* It is past its time from the start: whoever comes asks. */
    replace(e, view, SVC__CACHE_HAVE);
    e->is_stale = 1;
    e->waiting_ms = -1;
    e->drop_ms = SVC__CACHE_NEVER;
    e->trouble = e->failed;
    svc__cache_queue(e, SVC__CACHE_SHOW | SVC__CACHE_TELL);
}

/* Whether the set may be shown although its time is over: what is believed
 * against it has a policy of its own (drop_ms). */
static int may_be_stale(const struct svc__cache_entry *e, int64_t now_ms)
{
    const struct svc__cache_settings *s = &e->cache->settings;

    /* An old "no" is worth nothing while the source is silent. */
    if (!svc__cache_has_set(e->view))
        return 0;
    if (e->held != NULL && e->doubted_ms < 0)
        return 1;
    return s->error_keep_ms != 0 &&
           (s->max_stale_ms < 0 || now_ms < e->expires_ms + s->max_stale_ms);
}

void svc__cache_view_stale(struct svc__cache_entry *e, int64_t now_ms)
{
    e->waiting_ms = -1;
    if (!may_be_stale(e, now_ms))
        return;
    e->is_stale = 1;
    e->cache->stats.stale++;
    svc__cache_queue(e, SVC__CACHE_SHOW);
}
