/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the four doors of the reflector: the next request at once, after a
 * moment, after a pause that grows, after a long one. Knows times, and which
 * request is next; not why.
 */
#include "kube/reflector_own.h"

/* At random, 0 … below_ms - 1. */
static int64_t random_ms(struct svc__reflector *rf, int64_t below_ms)
{
    return svc__rng_below(&rf->rng, (uint32_t)below_ms);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t svc__reflector_next_look_ms(const struct svc__reflector *rf)
{
    int64_t look_ms = rf->deadline_ms;

    if (rf->request == SVC__REFLECTOR_LIST)
        return look_ms;
    if (rf->is_collecting)
        look_ms = earlier(look_ms, rf->heard_ms + SVC__REFLECTOR_COLLECT_MS);
    if (rf->bookmarks > 0)
        look_ms = earlier(look_ms, rf->heard_ms + SVC__REFLECTOR_SILENCE_MS);
    if (rf->document_ms >= 0)
        look_ms =
            earlier(look_ms, rf->document_ms + SVC__REFLECTOR_DOCUMENT_MS);
    return look_ms;
}

void svc__reflector_next_abandon(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;

    if (rf->is_collecting)
        t->ret->forget = 1;
    rf->is_collecting = 0;
    rf->is_listed = 0;
    svc__buf_clear(&rf->more);
}

static enum svc__reflector_request next_request(const struct svc__reflector *rf)
{
    if (!rf->must_list)
        return SVC__REFLECTOR_WATCH;
    if (rf->no_watch_list || rf->doubt == SVC__REFLECTOR_NOT_OLDER)
        return SVC__REFLECTOR_LIST;
    return SVC__REFLECTOR_WATCH_LIST;
}

static void count_request(struct svc__reflector *rf)
{
    if (rf->request == SVC__REFLECTOR_WATCH)
        rf->stats.watches++;
    else
        rf->stats.lists++;
}

void svc__reflector_next_begin(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;
    int64_t total_ms = SVC__REFLECTOR_LIST_MS;

    if (rf->more.size > 0) {
        rf->parts++;
    } else {
        svc__reflector_next_abandon(t);
        rf->request = next_request(rf);
        rf->parts = 1;
        rf->list_version[0] = '\0';
        count_request(rf);
        t->ret->begin = rf->request != SVC__REFLECTOR_WATCH;
    }
    rf->timeout_s =
        SVC__REFLECTOR_WATCH_MIN_S +
        svc__rng_below(&rf->rng, SVC__REFLECTOR_WATCH_MAX_S -
                                     SVC__REFLECTOR_WATCH_MIN_S + 1);
    if (rf->request != SVC__REFLECTOR_LIST)
        total_ms = (int64_t)rf->timeout_s * 1000 + SVC__REFLECTOR_GRACE_MS;
    rf->state = SVC__REFLECTOR_RUNNING;
    rf->began_ms = t->now_ms;
    rf->heard_ms = t->now_ms;
    rf->document_ms = -1;
    rf->deadline_ms = t->now_ms + total_ms;
    rf->is_collecting = rf->request != SVC__REFLECTOR_WATCH;
    rf->is_listed = 0;
    rf->events = 0;
    rf->bookmarks = 0;
    rf->due_ms = svc__reflector_next_look_ms(rf);
    t->ret->what = SVC__REFLECTOR_REQUEST;
    t->ret->authorize = rf->authorize;
}

/* The next request comes after delay_ms. */
static void pause_for(struct svc__reflector_turn *t, int64_t delay_ms)
{
    struct svc__reflector *rf = t->rf;

    svc__reflector_next_abandon(t);
    rf->state = SVC__REFLECTOR_PAUSED;
    rf->due_ms = t->now_ms + delay_ms;
    rf->not_before_ms = t->now_ms;
    rf->is_slow = 0;
    t->ret->what = SVC__REFLECTOR_PAUSE;
}

void svc__reflector_next_spread(struct svc__reflector_turn *t)
{
    pause_for(t, 1 + random_ms(t->rf, SVC__REFLECTOR_PAUSE_MS));
}

/* What the server wishes comes before the random part: all whom it has told
 * the same would come at once. */
static int64_t bound_wish(int64_t wish_ms)
{
    return earlier(wish_ms < 0 ? 0 : wish_ms, SVC__REFLECTOR_WISH_MAX_MS);
}

void svc__reflector_next_back_off(struct svc__reflector_turn *t,
                                  int64_t wish_ms)
{
    struct svc__reflector *rf = t->rf;

    wish_ms = bound_wish(wish_ms);
    if (rf->healthy_ms >= 0 &&
        t->now_ms - rf->healthy_ms >= SVC__REFLECTOR_HEALTHY_MS)
        rf->pause_ms = SVC__REFLECTOR_PAUSE_MS;
    rf->healthy_ms = -1;
    rf->stats.failures++;
    pause_for(t, wish_ms + 1 + random_ms(rf, rf->pause_ms));
    rf->not_before_ms = t->now_ms + wish_ms;
    rf->pause_ms = earlier(2 * rf->pause_ms, SVC__REFLECTOR_PAUSE_MAX_MS);
}

void svc__reflector_next_slow(struct svc__reflector_turn *t, int64_t min_ms,
                              int64_t max_ms, int64_t wish_ms)
{
    struct svc__reflector *rf = t->rf;

    wish_ms = bound_wish(wish_ms);
    rf->healthy_ms = -1;
    rf->stats.failures++;
    pause_for(t, wish_ms + min_ms + random_ms(rf, max_ms - min_ms + 1));
    rf->not_before_ms = t->now_ms + wish_ms;
    rf->is_slow = 1;
}
