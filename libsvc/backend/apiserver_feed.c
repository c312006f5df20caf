/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the request of one reflector: bytes to events, events to actions.
 *
 * Design notes. A step of the machine may ask for another request while the
 * bytes of the old one are being read: what is left of the chunk belongs to
 * the old one and is passed over, which the number of the request tells. A
 * step that fails on our side (no memory, an object that cannot be) is given
 * back to the machine as the end of its request, so there is one place that
 * decides when to try again.
 */
#include "backend/apiserver_feed.h"

#include "backend/apiserver_object.h"
#include "base/alloc.h"
#include "base/count.h"
#include "base/err.h"
#include "base/hash.h"
#include "kube/event.h"

#include <string.h>

/* Of a response that failed, so much is read. */
#define BODY_MAX 4096

static int64_t now_ms(const struct svc__apiserver_feed *feed)
{
    return svc__loop_now_ms(feed->all->env->loop);
}

/* ---- what the machine decides -------------------------------------------- */

static void end_request(struct svc__apiserver_feed *feed)
{
    svc__apiserver_stop(&feed->call);
    svc__frame_free(feed->frame);
    feed->frame = NULL;
    feed->document = 0;
    svc__buf_clear(&feed->body);
    feed->request++;
}

/* 0, or SVC_ENOMEM with no request under way. */
static int begin_request(struct svc__apiserver_feed *feed, int authorize)
{
    const int is_watch = svc__reflector_is_watch(feed->machine);
    struct svc__apiserver_call *call = &feed->call;

    end_request(feed);
    svc__buf_clear(&feed->path);
    if (svc__reflector_url(feed->machine, &feed->path) != 0)
        return SVC_ENOMEM;
    call->path = feed->path.data;
    call->authorize = authorize;
    call->total_ms = is_watch ? 0 : SVC__REFLECTOR_LIST_MS;
    call->min_rate = is_watch ? 0 : SVC__FEED_LIST_RATE;
    svc__apiserver_start(feed->all->server, call);
    return 0;
}

/* Tells the trouble of the machine when it is another one than before. */
static void report(struct svc__apiserver_feed *feed, int synced)
{
    svc_error trouble;
    const svc_error *now =
        svc__reflector_trouble(feed->machine, &trouble) == 0 ? NULL : &trouble;
    const int is_lost = svc__reflector_is_denied_for_long(feed->machine);
    const int is_other =
        is_lost != feed->is_lost || !svc__trouble_equal(&feed->trouble, now);

    feed->is_lost = is_lost;
    if (is_other)
        svc__trouble_set(&feed->trouble, now);
    if (is_other || synced)
        feed->all->changed(feed->all->arg, feed, synced);
}

static void count(struct svc__apiserver_feed *feed)
{
    struct svc__source_stats *to = feed->all->env->stats;
    struct svc__reflector_stats now;

    svc__reflector_stats(feed->machine, &now);
    svc__count_add(&to->api_lists, now.lists - feed->told.lists);
    svc__count_add(&to->api_watches, now.watches - feed->told.watches);
    svc__count_add(&to->api_events, now.events - feed->told.events);
    svc__count_add(&to->api_bookmarks, now.bookmarks - feed->told.bookmarks);
    svc__count_add(&to->api_expired, now.expired - feed->told.expired);
    svc__count_add(&to->api_failures, now.failures - feed->told.failures);
    feed->told = now;
}

static void set_due(struct svc__apiserver_feed *feed, int64_t due_ms)
{
    struct svc__loop *loop = feed->all->env->loop;

    if (due_ms == INT64_MAX)
        svc__loop_unset(loop, &feed->timer);
    else if (!svc__timer_is_set(&feed->timer) ||
             feed->timer.deadline_ms != due_ms)
        svc__loop_set(loop, &feed->timer, due_ms);
}

/* Does what an action says, but for the object. 0, or SVC_ENOMEM. */
static int act(struct svc__apiserver_feed *feed,
               const struct svc__reflector_action *action)
{
    if (action->forget && svc__apiserver_object_forget(feed) != 0)
        return SVC_ENOMEM;
    if (action->begin)
        svc__apiserver_object_begin(feed);
    if (action->commit &&
        svc__apiserver_object_commit(feed, action->is_rewound) != 0)
        return SVC_ENOMEM;
    if (action->what == SVC__REFLECTOR_REQUEST &&
        begin_request(feed, action->authorize) != 0)
        return SVC_ENOMEM;
    if (action->what == SVC__REFLECTOR_PAUSE)
        end_request(feed);
    set_due(feed, action->due_ms);
    return 0;
}

/* The end of a request that could not be made, or whose response not be used.
 */
static struct svc__reflector_event ended(struct svc__apiserver_feed *feed,
                                         int err, const svc_error *error)
{
    const struct svc__reflector_event event = {
        .kind = SVC__REFLECTOR_ENDED,
        .err = err,
        .error = error,
        /* What came and could not be used is not known to be in the store. */
        .http_status = feed->frame != NULL ? feed->call.http.status : 0,
        .retry_after_ms = -1};

    end_request(feed);
    return event;
}

/* Steps of the machine, for an event without an object: one, and more where
 * there is no memory to do what it says, which it then is told. It pauses after
 * that, which takes none. */
static void step(struct svc__apiserver_feed *feed,
                 struct svc__reflector_event *event)
{
    struct svc__reflector_action action;
    struct svc__reflector_event failed;
    svc_error nomem;

    for (;;) {
        event->now_ms = now_ms(feed);
        svc__reflector_step(feed->machine, event, &action);
        if (act(feed, &action) == 0)
            break;
        (void)svc__err_nomem(&nomem);
        failed = ended(feed, SVC_ENOMEM, &nomem);
        event = &failed;
    }
    count(feed);
    report(feed, action.commit);
}

static void give_up(struct svc__apiserver_feed *feed, int err,
                    const svc_error *error)
{
    struct svc__reflector_event event = ended(feed, err, error);

    step(feed, &event);
}

static void give_up_nomem(struct svc__apiserver_feed *feed)
{
    svc_error error;

    (void)svc__err_nomem(&error);
    give_up(feed, SVC_ENOMEM, &error);
}

/* ---- bytes --------------------------------------------------------------- */

/* One object with its event. 0, or a code that ends the request. */
static int take(struct svc__apiserver_feed *feed,
                struct svc__reflector_event *event,
                const struct svc__frame_item *object, svc_error *reterr)
{
    struct svc__reflector_action action;
    const uint64_t request = feed->request;
    int err;

    event->kind = SVC__REFLECTOR_OBJECT;
    event->now_ms = now_ms(feed);
    svc__reflector_step(feed->machine, event, &action);
    if (action.forget && svc__apiserver_object_forget(feed) != 0)
        return svc__err_nomem(reterr);
    action.forget = 0;
    err = svc__apiserver_object_take(feed, action.fate, object, reterr);
    if (err != 0)
        return err;
    feed->is_written |= action.fate == SVC__REFLECTOR_APPLY ||
                        action.fate == SVC__REFLECTOR_DELETE;
    if (act(feed, &action) != 0) {
        give_up_nomem(feed);
        return 0;
    }
    if (action.commit || feed->request != request ||
        action.what != SVC__REFLECTOR_GO_ON)
        report(feed, action.commit);
    return 0;
}

static int take_event(struct svc__apiserver_feed *feed,
                      const struct svc__frame_item *item, svc_error *reterr)
{
    struct svc__frame_item object = {.reason = NULL};
    struct svc__reflector_event event;
    struct svc__status status;
    struct svc__event e;
    int err = svc__event_decode(item, &e, reterr);

    if (err != 0)
        return err;
    memset(&event, 0, sizeof(event));
    event.type = e.type;
    event.version = e.version;
    event.is_initial_end = e.is_initial_end;
    if (e.type == SVC__EVENT_ERROR) {
        svc__status_read(e.object, e.object_size, &status);
        event.status = &status;
    }
    object.text = e.object;
    object.size = e.object_size;
    object.ends = e.ends;
    return take(feed, &event, &object, reterr);
}

static int take_item(struct svc__apiserver_feed *feed,
                     const struct svc__frame_item *item, svc_error *reterr)
{
    struct svc__reflector_event event;

    if (item->list == NULL)
        return svc__err_set(reterr, SVC_EPROTO,
                            "the response is no list but a \"%s\"",
                            item->id->kind);
    memset(&event, 0, sizeof(event));
    event.type = SVC__EVENT_ADDED;
    event.version = "";
    return take(feed, &event, item, reterr);
}

/* Everything that a chunk brings. */
static void read_chunk(struct svc__apiserver_feed *feed, const char *bytes,
                       size_t size)
{
    const int is_watch = svc__reflector_is_watch(feed->machine);
    const uint64_t request = feed->request;
    struct svc__frame_item item;
    svc_error error;
    int err;

    svc__frame_feed(feed->frame, bytes, size);
    while ((err = svc__frame_next(feed->frame, &item, &error)) == 1) {
        err = is_watch ? take_event(feed, &item, &error)
                       : take_item(feed, &item, &error);
        if (err != 0 || feed->request != request)
            break;
    }
    if (err != 0 && feed->request == request)
        give_up(feed, err, &error);
}

/* Tells the machine in which document of a watch a chunk ends. */
static void note_document(struct svc__apiserver_feed *feed)
{
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_DOCUMENT};
    const size_t document =
        feed->frame == NULL ? 0 : svc__frame_inside(feed->frame);

    if (document == feed->document)
        return;
    feed->document = document;
    event.is_inside = document != 0;
    step(feed, &event);
}

static void on_data(struct svc__apiserver_call *call, const char *bytes,
                    size_t size)
{
    struct svc__apiserver_feed *feed = call->arg;
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_BYTES};

    if (feed->frame == NULL) {
        if (feed->body.size + size > BODY_MAX)
            size = BODY_MAX - feed->body.size;
        (void)svc__buf_add(&feed->body, bytes, size);
        return;
    }
    step(feed, &event);
    read_chunk(feed, bytes, size);
    note_document(feed);
    count(feed);
    if (feed->is_written) {
        feed->is_written = 0;
        feed->all->written(feed->all->arg);
    }
}

static void on_answered(struct svc__apiserver_call *call)
{
    struct svc__apiserver_feed *feed = call->arg;
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_BYTES};

    if (call->http.status / 100 != 2)
        return;
    feed->frame = svc__frame_new(SVC__FRAME_ITEM_MAX, SVC_EPROTO);
    if (feed->frame == NULL) {
        give_up_nomem(feed);
        return;
    }
    if (svc__reflector_is_watch(feed->machine))
        svc__frame_expect_events(feed->frame);
    step(feed, &event);
}

/* ---- the end of a request ------------------------------------------------ */

/* A list that came whole: its metadata. 0, or why it is not whole. */
static int finish_list(struct svc__apiserver_feed *feed, svc_error *reterr)
{
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_LISTED};
    const struct svc__frame_list *list;
    int err = svc__frame_finish(feed->frame, reterr);

    if (err != 0)
        return err;
    list = svc__frame_list(feed->frame);
    if (list == NULL || list->reason != NULL)
        return svc__err_set(reterr, SVC_EPROTO, "%s",
                            list == NULL ? "the response is no list"
                                         : list->reason);
    event.version = list->version;
    event.more = list->more;
    step(feed, &event);
    return 0;
}

static void on_done(struct svc__apiserver_call *call, int err,
                    const svc_error *error)
{
    struct svc__apiserver_feed *feed = call->arg;
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_ENDED,
                                         .err = err,
                                         .error = error,
                                         .http_status = call->http.status,
                                         .retry_after_ms = -1};
    const uint64_t request = feed->request;
    struct svc__status status;
    svc_error why;

    if (err == 0 && feed->frame != NULL &&
        !svc__reflector_is_watch(feed->machine)) {
        err = finish_list(feed, &why);
        if (feed->request != request)
            return;
        event.err = err;
        event.error = &why;
    }
    if (err == 0 && feed->frame == NULL && call->http.status / 100 != 2) {
        svc__status_read(feed->body.data == NULL ? "" : feed->body.data,
                         feed->body.size, &status);
        event.body = &status;
        event.retry_after_ms = call->http.retry_after_ms;
    }
    end_request(feed);
    step(feed, &event);
}

static void on_timer(void *arg)
{
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_DUE};

    step(arg, &event);
}

/* ---- the interface ------------------------------------------------------- */

static uint64_t seed_of(const struct svc__apiserver_feed *feed)
{
    return svc__hash(&feed->all->env->hash_key, &feed, sizeof(feed));
}

int svc__apiserver_feed_new(struct svc__apiserver_feeds *all,
                            const struct svc__reflector_scope *scope,
                            void *owner, struct svc__apiserver_feed **ret,
                            svc_error *reterr)
{
    struct svc__apiserver_feed *feed = svc__calloc(1, sizeof(*feed));
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_START};

    if (feed == NULL)
        return svc__err_nomem(reterr);
    feed->all = all;
    feed->owner = owner;
    feed->scope.resource = scope->resource;
    feed->namespace_ = svc__strdup(scope->namespace_);
    feed->service = svc__strdup(scope->service);
    feed->scope.namespace_ = feed->namespace_;
    feed->scope.service = feed->service;
    svc__buf_init(&feed->path, 16384);
    svc__buf_init(&feed->body, BODY_MAX);
    svc__map_init(&feed->pile, &all->env->hash_key);
    svc__map_init(&feed->refused, &all->env->hash_key);
    svc__timer_init(&feed->timer, on_timer, feed);
    feed->call.answered = on_answered;
    feed->call.data = on_data;
    feed->call.done = on_done;
    feed->call.arg = feed;
    feed->machine = svc__reflector_new(&feed->scope, seed_of(feed));
    if (feed->machine == NULL ||
        (scope->namespace_ != NULL && feed->namespace_ == NULL) ||
        (scope->service != NULL && feed->service == NULL)) {
        svc__apiserver_feed_free(feed);
        return svc__err_nomem(reterr);
    }
    step(feed, &event);
    *ret = feed;
    return 0;
}

void svc__apiserver_feed_free(struct svc__apiserver_feed *feed)
{
    if (feed == NULL)
        return;
    svc__apiserver_stop(&feed->call);
    svc__loop_unset(feed->all->env->loop, &feed->timer);
    svc__frame_free(feed->frame);
    svc__apiserver_object_fini(feed);
    svc__reflector_free(feed->machine);
    svc__trouble_fini(&feed->trouble);
    svc__buf_fini(&feed->path);
    svc__buf_fini(&feed->body);
    svc__free(feed->namespace_);
    svc__free(feed->service);
    svc__free(feed);
}

void svc__apiserver_feed_hurry(struct svc__apiserver_feed *feed)
{
    struct svc__reflector_event event = {.kind = SVC__REFLECTOR_START};

    step(feed, &event);
}

int svc__apiserver_feed_is_synced(const struct svc__apiserver_feed *feed)
{
    return feed->is_synced;
}
