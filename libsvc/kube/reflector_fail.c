/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what a request that ends leads to: which failure speaks against what,
 * and through which door the reflector leaves. Knows no event but the last.
 */
#include "kube/reflector_own.h"

#include <string.h>

/* Everything must be listed anew: at once, unless that was so lately. Returns
 * whether it was. */
static int relist(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;
    int is_again = rf->relisted_ms >= 0 &&
                   t->now_ms - rf->relisted_ms < SVC__REFLECTOR_HEALTHY_MS;

    rf->must_list = 1;
    rf->futile = 0;
    if (is_again) {
        svc__reflector_next_back_off(t, -1);
        return 1;
    }
    rf->relisted_ms = t->now_ms;
    /* A request that has just begun was spread over time itself. */
    if (rf->events > 0 || t->now_ms - rf->began_ms >= SVC__REFLECTOR_PAUSE_MS) {
        svc__reflector_next_spread(t);
    } else {
        svc__reflector_next_abandon(t);
        svc__reflector_next_begin(t);
    }
    return 0;
}

void svc__reflector_fail_fall_back(struct svc__reflector_turn *t)
{
    t->rf->no_watch_list = 1;
    svc__reflector_next_abandon(t);
    svc__reflector_next_begin(t);
}

/* The request led to nothing, again. After a few of a kind the way itself is in
 * doubt: the version (kubernetes #104171), or the watch-list. */
static void count_futile(struct svc__reflector *rf)
{
    if (++rf->futile < SVC__REFLECTOR_FUTILE_MAX)
        return;
    rf->futile = 0;
    if (rf->request == SVC__REFLECTOR_WATCH_LIST && rf->is_collecting)
        rf->no_watch_list = 1;
    rf->must_list = 1;
}

void svc__reflector_fail_went_back(struct svc__reflector_turn *t)
{
    t->rf->doubt = SVC__REFLECTOR_REWOUND;
    if (relist(t))
        svc__reflector_trouble_code(t->rf, SVC_EPROTO, NULL,
                                    "resourceVersion goes back, again and "
                                    "again");
}

/* ---- a status ----------------------------------------------------------- */

static int is_expired(int status, const struct svc__status *body)
{
    return status == 410 ||
           (body != NULL && (strcmp(body->reason, "Expired") == 0 ||
                             strcmp(body->reason, "Gone") == 0));
}

/* The words of the API server's storage (faults A14). */
static int is_future(int status, const struct svc__status *body)
{
    return status == 504 && body != NULL &&
           strstr(body->message, "Too large resource version") != NULL;
}

/* Neither about rights nor about load: the request itself is not liked. */
static int is_disliked(int status)
{
    return status == 400 || status == 501 ||
           (status > 404 && status < 500 && status != 408 && status != 429);
}

/* 401: a token that was replaced is no trouble, if it was that (faults A4). */
static void on_unauthorized(struct svc__reflector_turn *t,
                            const struct svc__status *body, int64_t wish_ms)
{
    struct svc__reflector *rf = t->rf;
    int is_again = rf->authorize ||
                   (rf->authorized_ms >= 0 && t->now_ms - rf->authorized_ms <
                                                  SVC__REFLECTOR_HURRY_SLOW_MS);

    rf->authorize = 1;
    if (is_again) {
        svc__reflector_trouble_status(rf, 401, body);
        svc__reflector_next_back_off(t, wish_ms);
    } else {
        rf->authorized_ms = t->now_ms;
        svc__reflector_next_abandon(t);
        svc__reflector_next_begin(t);
    }
}

/* 403: asked again soon at first, for the server may not know its roles yet. */
static void on_forbidden(struct svc__reflector_turn *t, int64_t wish_ms)
{
    struct svc__reflector *rf = t->rf;

    if (rf->denied_ms < 0)
        rf->denied_ms = t->now_ms;
    if (!rf->is_believed &&
        t->now_ms - rf->denied_ms < SVC__REFLECTOR_DENIED_MS)
        svc__reflector_next_back_off(t, wish_ms);
    else
        svc__reflector_next_slow(t, SVC__REFLECTOR_DENIED_MIN_MS,
                                 SVC__REFLECTOR_DENIED_MAX_MS, wish_ms);
}

/* What speaks against the request, or the server, rather than the caller. */
static void on_failed(struct svc__reflector_turn *t, int status,
                      const struct svc__status *body, int64_t wish_ms)
{
    struct svc__reflector *rf = t->rf;

    if (is_future(status, body)) {
        /* That server is behind, or history went back. It is given a second,
         * and then asked for what there is. */
        rf->must_list = 1;
        rf->doubt = SVC__REFLECTOR_REWOUND;
        if (wish_ms < SVC__REFLECTOR_FUTURE_MS)
            wish_ms = SVC__REFLECTOR_FUTURE_MS;
    } else if (is_disliked(status)) {
        rf->must_list = 1;
        if (rf->doubt == SVC__REFLECTOR_NOT_OLDER)
            rf->doubt = SVC__REFLECTOR_REWOUND;
    } else if (status != 429 && status != 503) {
        count_futile(rf);
    }
    svc__reflector_next_back_off(t, wish_ms);
}

void svc__reflector_fail_status(struct svc__reflector_turn *t, int status,
                                const struct svc__status *body)
{
    struct svc__reflector *rf = t->rf;
    int64_t wish_ms = -1;

    if (t->event->kind == SVC__REFLECTOR_ENDED)
        wish_ms = t->event->retry_after_ms;
    if (body != NULL && body->retry_after_ms > wish_ms)
        wish_ms = body->retry_after_ms;
    if (is_expired(status, body)) {
        rf->stats.expired++;
        if (relist(t))
            svc__reflector_trouble_status(rf, 410, body);
        return;
    }
    if (status == 401) {
        on_unauthorized(t, body, wish_ms);
        return;
    }
    if (rf->request == SVC__REFLECTOR_WATCH_LIST && rf->is_collecting &&
        is_disliked(status)) {
        svc__reflector_fail_fall_back(t);
        return;
    }
    svc__reflector_trouble_status(rf, status, body);
    if (status == 403)
        on_forbidden(t, wish_ms);
    else if (status == 404)
        svc__reflector_next_slow(t, SVC__REFLECTOR_SLOW_MIN_MS,
                                 SVC__REFLECTOR_SLOW_MAX_MS, wish_ms);
    else
        on_failed(t, status, body, wish_ms);
}

/* ---- no status ---------------------------------------------------------- */

void svc__reflector_fail_broken(struct svc__reflector_turn *t, int code,
                                const char *words)
{
    struct svc__reflector *rf = t->rf;
    const struct svc__reflector_event *e = t->event;
    int is_end = e->kind == SVC__REFLECTOR_ENDED;
    int came = is_end && e->http_status != 0;

    if (is_end && e->err != 0)
        code = e->err;
    svc__reflector_trouble_code(rf, code, is_end ? e->error : NULL, words);
    if (code == SVC_EAUTH) {
        rf->authorize = 1;
        svc__reflector_next_slow(t, SVC__REFLECTOR_SLOW_MIN_MS,
                                 SVC__REFLECTOR_SLOW_MAX_MS, -1);
        return;
    }
    /* What was given out last may not have been read (faults J2). A connection
     * that breaks says nothing about the version (faults A1). */
    if (came && code != SVC_EUNREACH)
        rf->must_list = 1;
    if (came && rf->is_collecting)
        count_futile(rf);
    svc__reflector_next_back_off(t, is_end ? e->retry_after_ms : -1);
}

/* The next watch begins with the same one: if it takes its time again, a list
 * has more of it. */
void svc__reflector_fail_stuck(struct svc__reflector_turn *t)
{
    if (t->rf->events > 0) {
        svc__reflector_fail_resume(t, 1);
        return;
    }
    count_futile(t->rf);
    svc__reflector_fail_broken(t, SVC_EUNREACH, "an event does not end");
}

void svc__reflector_fail_resume(struct svc__reflector_turn *t, int is_cut)
{
    struct svc__reflector *rf = t->rf;
    int64_t life_ms = t->now_ms - rf->began_ms;

    if (rf->events == 0 && life_ms < SVC__REFLECTOR_LIFE_MS) {
        if (!is_cut)
            count_futile(rf);
        svc__reflector_fail_broken(t, SVC_EUNREACH,
                                   "the watch ends as soon as it begins");
        return;
    }
    rf->futile = 0;
    /* Not one bookmark: from a version of the future, which it is after etcd
     * was restored, a watch is silent for ever (faults A26). */
    if (rf->events == 0 && life_ms >= SVC__REFLECTOR_SILENCE_MS)
        rf->must_list = 1;
    if (life_ms >= SVC__REFLECTOR_LIFE_MS) {
        rf->brisk = 0;
    } else if (rf->brisk++ > 0) {
        svc__reflector_fail_broken(t, SVC_EUNREACH,
                                   "the watch ends again and again");
        return;
    }
    if (is_cut || life_ms < (int64_t)rf->timeout_s * 1000)
        svc__reflector_next_spread(t);
    else
        svc__reflector_next_begin(t);
}
