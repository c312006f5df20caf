/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the course of events: what counts, what is whole, what follows. Knows
 * neither URLs nor the words for what goes wrong.
 *
 * Three requests take turns. A watch-list collects what there is, commits it
 * when the server says that this was all, and goes on as a watch. A list
 * collects too, and a watch from its version follows. A watch goes on from the
 * last version. must_list decides which of them is next, so that it matters
 * little where a failure came from: whatever happens to a request, either the
 * version still stands and the next one is a watch, or it does not, and then
 * everything is listed until a whole list has come. What is known is never
 * given up for less.
 *
 * Every way out of a request leads through one of four doors, which are next
 * door in reflector_next.c: the next one at once, after a moment that spreads
 * many clients, after a pause that grows, after a long one. Only the first two
 * could make a server busy, and what takes them is bounded: a fall-back happens
 * once in a life, credentials are read anew at once when that was not so
 * lately, and so is a list begun anew; a list has so many parts, a watch of
 * moments is resumed once.
 */
#include "kube/reflector_own.h"

#include "base/alloc.h"

#include <string.h>

struct svc__reflector *svc__reflector_new(
    const struct svc__reflector_scope *scope, uint64_t seed)
{
    struct svc__reflector *rf = svc__calloc(1, sizeof(*rf));

    if (rf == NULL)
        return NULL;
    rf->scope = *scope;
    svc__rng_seed(&rf->rng, seed);
    rf->due_ms = INT64_MAX;
    rf->must_list = 1;
    svc__buf_init(&rf->more, SVC__META_MORE_MAX);
    rf->pause_ms = SVC__REFLECTOR_PAUSE_MS;
    rf->healthy_ms = -1;
    rf->relisted_ms = -1;
    rf->authorized_ms = -1;
    rf->denied_ms = -1;
    return rf;
}

void svc__reflector_free(struct svc__reflector *rf)
{
    if (rf == NULL)
        return;
    svc__buf_fini(&rf->more);
    svc__free(rf);
}

void svc__reflector_believe(struct svc__reflector *rf)
{
    rf->is_believed = 1;
}

/* ---- versions ----------------------------------------------------------- */

static int is_number(const char *version)
{
    return version[0] != '0' &&
           strspn(version, "0123456789") == strlen(version);
}

/* Versions are opaque but for equality; two numbers may be compared, which they
 * are on every server from 1.35 on, and with etcd before (KEP-5504). */
static int is_older(const char *version, const char *than)
{
    size_t size = strlen(version);
    size_t than_size = strlen(than);

    if (size > than_size ||
        (size == than_size && memcmp(version, than, size) >= 0))
        return 0;
    return size > 0 && is_number(version) && is_number(than);
}

static void take_version(struct svc__reflector *rf, const char *version)
{
    size_t size = strlen(version);

    if (size > 0 && size < SVC__VERSION_SIZE)
        memcpy(rf->version, version, size + 1);
}

/* ---- good news ---------------------------------------------------------- */

/* The request that runs is good for something. */
static void all_well(struct svc__reflector *rf)
{
    rf->trouble.code = 0;
    rf->denied_ms = -1;
    rf->is_believed = 0;
    if (rf->healthy_ms < 0)
        rf->healthy_ms = rf->began_ms;
}

/* A list came whole. Whether it counts: one that is older than what is known
 * is asked for again (faults A26, A27). Lists are consistent reads, so that a
 * server which is merely behind says so when it is asked for one that is no
 * older; if it does not, or cannot, history itself went back, as when etcd was
 * restored, and then what comes is the truth. */
static int take_list(struct svc__reflector_turn *t, const char *version)
{
    struct svc__reflector *rf = t->rf;

    if (rf->synced && rf->doubt != SVC__REFLECTOR_REWOUND &&
        is_older(version, rf->version)) {
        rf->doubt = rf->doubt == SVC__REFLECTOR_TRUST ? SVC__REFLECTOR_NOT_OLDER
                                                      : SVC__REFLECTOR_REWOUND;
        svc__reflector_next_abandon(t);
        return 0;
    }
    t->ret->commit = 1;
    t->ret->is_rewound = is_older(version, rf->version);
    rf->version[0] = '\0';
    take_version(rf, version);
    rf->synced = 1;
    /* Without a version there is nothing to go on from, once this ends. */
    rf->must_list = rf->version[0] == '\0';
    rf->doubt = SVC__REFLECTOR_TRUST;
    rf->is_collecting = 0;
    all_well(rf);
    return 1;
}

/* ---- events ------------------------------------------------------------- */

/* In a hurry: as soon as it may be. */
static void on_start(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;
    int64_t at_ms = rf->began_ms + (rf->is_slow ? SVC__REFLECTOR_HURRY_SLOW_MS
                                                : SVC__REFLECTOR_HURRY_MS);

    if (rf->state == SVC__REFLECTOR_IDLE) {
        svc__reflector_next_begin(t);
    } else if (rf->state == SVC__REFLECTOR_PAUSED) {
        if (at_ms < rf->not_before_ms)
            at_ms = rf->not_before_ms;
        if (at_ms <= t->now_ms || rf->due_ms <= t->now_ms)
            svc__reflector_next_begin(t);
        else
            rf->due_ms = rf->due_ms < at_ms ? rf->due_ms : at_ms;
    }
}

static void on_bookmark(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;
    const char *version = t->event->version;

    rf->stats.bookmarks++;
    rf->bookmarks++;
    if (rf->is_collecting) {
        if (!t->event->is_initial_end)
            return;
        if (take_list(t, version))
            rf->due_ms = svc__reflector_next_look_ms(rf);
        else
            svc__reflector_next_begin(t);
        return;
    }
    if (is_older(version, rf->version)) {
        svc__reflector_fail_went_back(t);
        return;
    }
    take_version(rf, version);
    if (rf->bookmarks == 1)
        rf->due_ms = svc__reflector_next_look_ms(rf);
}

static void on_change(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;
    int is_gone = t->event->type == SVC__EVENT_DELETED;

    if (!rf->is_collecting && is_older(t->event->version, rf->version)) {
        svc__reflector_fail_went_back(t);
        return;
    }
    rf->stats.events++;
    if (rf->is_collecting) {
        t->ret->fate =
            is_gone ? SVC__REFLECTOR_DISCARD : SVC__REFLECTOR_COLLECT;
    } else {
        take_version(rf, t->event->version);
        t->ret->fate = is_gone ? SVC__REFLECTOR_DELETE : SVC__REFLECTOR_APPLY;
    }
}

static void on_object(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;
    const struct svc__status *status = t->event->status;

    rf->heard_ms = t->now_ms;
    if (rf->request == SVC__REFLECTOR_LIST) {
        if (t->event->type == SVC__EVENT_ADDED && !rf->is_listed)
            t->ret->fate = SVC__REFLECTOR_COLLECT;
        return;
    }
    if (t->event->type == SVC__EVENT_ERROR) {
        svc__reflector_fail_status(
            t, status != NULL && status->code >= 300 ? status->code : 500,
            status);
        return;
    }
    rf->events++;
    rf->document_ms = -1;
    rf->authorize = 0;
    if (!rf->is_collecting) {
        all_well(rf);
        rf->futile = 0;
    }
    if (t->event->type == SVC__EVENT_BOOKMARK)
        on_bookmark(t);
    else if (t->event->type != SVC__EVENT_UNKNOWN)
        on_change(t);
}

/* The document of a list is whole. The next request waits for the end of this
 * one, so that the connection can be used again. */
static void on_listed(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;
    const char *more = t->event->more;

    if (rf->request != SVC__REFLECTOR_LIST || rf->is_listed)
        return;
    rf->heard_ms = t->now_ms;
    rf->authorize = 0;
    if (rf->parts == 1 && strlen(t->event->version) < SVC__VERSION_SIZE)
        memcpy(rf->list_version, t->event->version,
               strlen(t->event->version) + 1);
    svc__buf_clear(&rf->more);
    if (*more != '\0' && rf->parts >= SVC__REFLECTOR_PARTS_MAX) {
        svc__reflector_trouble_code(rf, SVC_ETOOBIG, NULL,
                                    "the list does not end");
        svc__reflector_next_back_off(t, 0);
    } else if (*more != '\0' && svc__buf_add_text(&rf->more, more) != 0) {
        svc__reflector_trouble_code(rf, rf->more.err, NULL, "no memory");
        svc__reflector_next_back_off(t, 0);
    } else if (*more == '\0' && rf->list_version[0] == '\0') {
        svc__reflector_trouble_code(rf, SVC_EPROTO, NULL,
                                    "the list has no resourceVersion");
        svc__reflector_next_back_off(t, 0);
    } else {
        if (*more == '\0')
            take_list(t, rf->list_version);
        rf->is_listed = 1;
    }
}

static void on_ended(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;
    int status = t->event->http_status;
    int is_cut = t->event->err == SVC_EUNREACH;

    /* A list that could not be committed did not come. */
    if (rf->is_listed && t->event->err != SVC_ENOMEM)
        svc__reflector_next_begin(t);
    else if (status != 0 && (status < 200 || status > 299))
        svc__reflector_fail_status(t, status, t->event->body);
    else if (status == 0 || (t->event->err != 0 && !is_cut))
        svc__reflector_fail_broken(t, SVC_EUNREACH, "the request failed");
    else if (rf->request == SVC__REFLECTOR_LIST)
        svc__reflector_fail_broken(t, SVC_EPROTO, "what came is no list");
    else if (rf->is_collecting && is_cut)
        svc__reflector_fail_broken(t, SVC_EUNREACH, "the connection was cut");
    else if (rf->is_collecting)
        svc__reflector_fail_fall_back(t);
    else
        svc__reflector_fail_resume(t, is_cut);
}

/* The request that runs has had its time, or is silent. */
static void on_overdue(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;

    if (rf->is_listed)
        svc__reflector_next_begin(t);
    else if (rf->request == SVC__REFLECTOR_LIST)
        svc__reflector_fail_broken(t, SVC_EUNREACH, "the list does not end");
    else if (rf->is_collecting)
        svc__reflector_fail_fall_back(t);
    else if (rf->document_ms >= 0 &&
             t->now_ms - rf->document_ms >= SVC__REFLECTOR_DOCUMENT_MS)
        svc__reflector_fail_stuck(t);
    else
        svc__reflector_fail_resume(t, t->now_ms < rf->deadline_ms);
}

static void on_due(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;

    if (t->now_ms < rf->due_ms)
        return;
    if (rf->state == SVC__REFLECTOR_PAUSED) {
        svc__reflector_next_begin(t);
    } else if (rf->state == SVC__REFLECTOR_RUNNING) {
        rf->due_ms = svc__reflector_next_look_ms(rf);
        if (t->now_ms >= rf->due_ms)
            on_overdue(t);
    }
}

/* Something came in the body, or a response that is a success began. */
static void on_bytes(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;

    rf->heard_ms = t->now_ms;
    rf->authorize = 0;
    if (!rf->is_collecting && rf->request != SVC__REFLECTOR_LIST)
        all_well(rf);
}

/* A document of a watch begins, or ends. */
static void on_document(struct svc__reflector_turn *t)
{
    struct svc__reflector *rf = t->rf;
    int64_t look_ms;

    if (rf->request == SVC__REFLECTOR_LIST)
        return;
    rf->document_ms = t->event->is_inside ? t->now_ms : -1;
    look_ms = svc__reflector_next_look_ms(rf);
    rf->due_ms = look_ms < rf->due_ms ? look_ms : rf->due_ms;
}

void svc__reflector_step(struct svc__reflector *rf,
                         const struct svc__reflector_event *event,
                         struct svc__reflector_action *ret)
{
    struct svc__reflector_turn t = {rf, event, event->now_ms, ret};

    memset(ret, 0, sizeof(*ret));
    if (event->kind == SVC__REFLECTOR_START) {
        on_start(&t);
    } else if (event->kind == SVC__REFLECTOR_DUE) {
        on_due(&t);
    } else if (rf->state == SVC__REFLECTOR_RUNNING) {
        switch (event->kind) {
        case SVC__REFLECTOR_OBJECT:
            on_object(&t);
            break;
        case SVC__REFLECTOR_LISTED:
            on_listed(&t);
            break;
        case SVC__REFLECTOR_BYTES:
            on_bytes(&t);
            break;
        case SVC__REFLECTOR_DOCUMENT:
            on_document(&t);
            break;
        default:
            on_ended(&t);
            break;
        }
    }
    ret->due_ms = rf->due_ms;
}

/* ---- what it tells ------------------------------------------------------ */

int svc__reflector_is_watch(const struct svc__reflector *rf)
{
    return rf->request != SVC__REFLECTOR_LIST;
}

int svc__reflector_is_synced(const struct svc__reflector *rf)
{
    return rf->synced;
}

int svc__reflector_is_denied(const struct svc__reflector *rf)
{
    return rf->trouble.code != 0 && rf->is_denied;
}

int svc__reflector_is_denied_for_long(const struct svc__reflector *rf)
{
    return svc__reflector_is_denied(rf) && rf->is_slow;
}

const char *svc__reflector_version(const struct svc__reflector *rf)
{
    return rf->version;
}

void svc__reflector_stats(const struct svc__reflector *rf,
                          struct svc__reflector_stats *ret)
{
    *ret = rf->stats;
}
