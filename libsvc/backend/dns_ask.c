/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the questions that are out. Each is in the map from its first want to
 * its end, and either waits for the window or runs with a time at which it
 * goes on. Knows no Service and no record.
 *
 * Design notes. Everything that is to be sent in a round is queued and goes
 * out together, from the timer, which runs after the descriptors of a round
 * (io/loop): so answers that open the window and questions that come with them
 * share system calls. Nobody is told from inside svc__dns_ask_want: what fails
 * there is told from the timer as well.
 */
#include "backend/dns_ask.h"

#include "backend/dns_question.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/err.h"
#include "base/map.h"

#include <string.h>

/* Names with too many forged answers go by TCP for so long (faults 3.2). */
#define SUSPECT_MS   300000
#define SUSPECTS_MAX 64

/* A question's name and type, and the server that is not to answer it. */
#define KEY_MAX (SVC__WIRE_NAME_MAX + 3)

struct suspect {
    uint64_t hash;
    int64_t until_ms;
};

struct svc__dns_ask {
    struct svc__dns_line line;     /* first: a line is its ask */
    struct svc__resolv_stats told; /* of the transport's numbers */
    struct svc__map questions;     /* svc__dns_question by its key */
    struct svc__list waiting;      /* for the window, in order */
    struct svc__list running;
    struct svc__heap due; /* of those running */
    struct svc__timer timer;
    struct svc__dns_idle idle;
    int is_kicked;
    struct suspect suspects[SUSPECTS_MAX];
    size_t suspect_count; /* ever */
};

static struct svc__dns_ask *ask_of(const struct svc__dns_question *qn)
{
    return svc__list_entry(qn->line, struct svc__dns_ask, line);
}

static int64_t now_ms(const struct svc__dns_ask *a)
{
    return svc__loop_now_ms(a->line.env->loop);
}

/* Lets the timer run in this round, or at once in the next. */
static void kick(struct svc__dns_ask *a)
{
    if (a->is_kicked)
        return;
    a->is_kicked = 1;
    svc__loop_set(a->line.env->loop, &a->timer, now_ms(a));
}

/* ---- names under attack -------------------------------------------------- */

static uint64_t hash_of(const struct svc__dns_ask *a,
                        const struct svc__wire_name *name)
{
    return svc__hash(&a->line.env->hash_key, name->bytes, name->size);
}

static int is_suspect(const struct svc__dns_ask *a,
                      const struct svc__wire_name *name)
{
    uint64_t hash;

    if (a->suspect_count == 0)
        return 0;
    hash = hash_of(a, name);
    for (size_t i = 0; i < SUSPECTS_MAX; i++) {
        if (a->suspects[i].hash == hash && a->suspects[i].until_ms > now_ms(a))
            return 1;
    }
    return 0;
}

static void suspect(struct svc__dns_ask *a, const struct svc__wire_name *name)
{
    struct suspect *s = &a->suspects[a->suspect_count++ % SUSPECTS_MAX];
    char text[SVC__WIRE_TEXT_MAX];

    s->hash = hash_of(a, name);
    s->until_ms = now_ms(a) + SUSPECT_MS;
    (void)svc__wire_name_format(name, text);
    svc__log(a->line.env->log, SVC_LOG_WARNING,
             "%s: many forged or broken answers: it is asked over TCP for the "
             "next %d s",
             text, SUSPECT_MS / 1000);
}

/* ---- the life of a question ---------------------------------------------- */

static size_t write_key(const struct svc__wire_question *q, int avoid,
                        char ret[KEY_MAX])
{
    memcpy(ret, q->name.bytes, q->name.size);
    ret[q->name.size] = (char)(q->type >> 8);
    ret[q->name.size + 1] = (char)q->type;
    ret[q->name.size + 2] = (char)avoid;
    return (size_t)q->name.size + 3;
}

/* The question at its place in the map, which it has then. */
static struct svc__dns_question *question_new(
    struct svc__dns_ask *a, struct svc__map_entry *place,
    const struct svc__wire_question *q, int avoid)
{
    struct svc__dns_question *qn = svc__alloc(sizeof(*qn));

    if (qn == NULL)
        return NULL;
    memset(qn, 0, offsetof(struct svc__dns_question, first));
    qn->line = &a->line;
    qn->place = place;
    qn->q = *q;
    qn->current = -1;
    qn->avoid = avoid;
    svc__heap_node_init(&qn->due);
    svc__list_init(&qn->link);
    svc__list_init(&qn->wants);
    svc__list_add(&a->waiting, &qn->link);
    place->value = qn;
    return qn;
}

/* Takes it out of every place but the hands of those who want it. */
static void detach(struct svc__dns_ask *a, struct svc__dns_question *qn)
{
    svc__map_leave(&a->questions, qn->place);
    svc__heap_remove(&a->due, &qn->due);
    svc__list_remove(&qn->link);
    qn->is_ending = 1;
}

static void discard(struct svc__dns_ask *a, struct svc__dns_question *qn)
{
    svc__dns_question_stop(qn);
    svc__free(qn);
    kick(a); /* the window may have opened */
}

static void on_end(struct svc__dns_question *qn, struct svc__dns_reply *reply)
{
    struct svc__dns_ask *a = ask_of(qn);

    detach(a, qn);
    if (reply->is_suspect && !is_suspect(a, &qn->q.name))
        suspect(a, &qn->q.name);
    while (!svc__list_is_empty(&qn->wants)) {
        struct svc__dns_want *w =
            svc__list_entry(qn->wants.next, struct svc__dns_want, link);

        svc__list_remove(&w->link);
        w->question = NULL;
        reply->elapsed_us = a->line.now_us - w->asked_us;
        w->done(w, reply);
    }
    discard(a, qn);
}

static void on_wait(struct svc__dns_question *qn, int64_t due_ms)
{
    struct svc__dns_ask *a = ask_of(qn);

    svc__heap_set(&a->due, &qn->due, due_ms);
    kick(a);
}

/* ---- rounds -------------------------------------------------------------- */

static void start(struct svc__dns_ask *a, struct svc__dns_question *qn)
{
    svc__list_remove(&qn->link);
    svc__list_add(&a->running, &qn->link);
    svc__dns_question_start(qn, qn->avoid, is_suspect(a, &qn->q.name));
}

static void report(struct svc__dns_ask *a)
{
    struct svc__source_stats *to = a->line.env->stats;
    struct svc__resolv_stats now;

    svc__resolv_stats(a->line.resolv, &now);
    svc__count_add(&to->dns_queries, now.sent - a->told.sent);
    svc__count_add(&to->dns_queries_tcp, now.sent_tcp - a->told.sent_tcp);
    svc__count_add(&to->dns_answers, now.received - a->told.received);
    svc__count_add(&to->dns_unwanted, now.unwanted - a->told.unwanted);
    a->told = now;
}

/* Whether a question waits that may go. */
static int has_next(const struct svc__dns_ask *a)
{
    return !svc__list_is_empty(&a->waiting) &&
           svc__window_is_open(&a->line.window);
}

int svc__dns_ask_is_idle(const struct svc__dns_ask *a)
{
    return svc__list_is_empty(&a->waiting) &&
           svc__window_is_open(&a->line.window);
}

/* Starts what may go, and asks for more while there is room. */
static void start_all(struct svc__dns_ask *a)
{
    do {
        while (has_next(a))
            start(a, svc__list_entry(a->waiting.next, struct svc__dns_question,
                                     link));
        if (svc__dns_ask_is_idle(a))
            a->idle.fn(a->idle.arg);
    } while (has_next(a));
}

static void on_timer(void *arg)
{
    struct svc__dns_ask *a = arg;
    struct svc__heap_node *node;

    while ((node = svc__heap_first(&a->due)) != NULL &&
           node->key <= now_ms(a)) {
        svc__heap_remove(&a->due, node);
        svc__dns_question_due(
            svc__heap_entry(node, struct svc__dns_question, due));
    }
    start_all(a);
    svc__resolv_flush(a->line.resolv);
    report(a);
    /* Whoever kicked meanwhile is served, but what the flush brought back. */
    a->is_kicked = 0;
    node = svc__heap_first(&a->due);
    if (has_next(a))
        kick(a);
    else if (node != NULL)
        svc__loop_set(a->line.env->loop, &a->timer, node->key);
    else
        svc__loop_unset(a->line.env->loop, &a->timer);
}

/* ---- for the owner ------------------------------------------------------- */

static int open_transport(const struct svc__dns_line *l,
                          struct svc__resolv **ret, svc_error *reterr)
{
    struct svc__resolv_settings settings = {.loop = l->env->loop,
                                            .count = l->addresses->count,
                                            .judge = svc__dns_question_judge};

    memcpy(settings.servers, l->addresses->address,
           l->addresses->count * sizeof(settings.servers[0]));
    return svc__resolv_new(&settings, ret, reterr);
}

int svc__dns_ask_new(const struct svc__backend_env *env,
                     const struct svc__dns_servers *servers,
                     struct svc__dns_idle idle, struct svc__dns_ask **ret,
                     svc_error *reterr)
{
    struct svc__dns_ask *a = svc__calloc(1, sizeof(*a));
    int err;

    if (a == NULL)
        return svc__err_nomem(reterr);
    a->line.env = env;
    a->line.addresses = servers;
    a->idle = idle;
    a->line.wait = on_wait;
    a->line.end = on_end;
    svc__servers_init(&a->line.servers, servers->count, env->dns->tcp);
    svc__window_init(&a->line.window);
    svc__map_init(&a->questions, &env->hash_key);
    svc__list_init(&a->waiting);
    svc__list_init(&a->running);
    svc__heap_init(&a->due);
    svc__timer_init(&a->timer, on_timer, a);
    err = open_transport(&a->line, &a->line.resolv, reterr);
    if (err != 0) {
        svc__dns_ask_free(a);
        return err;
    }
    *ret = a;
    return 0;
}

static void free_all(struct svc__dns_ask *a, struct svc__list *list)
{
    while (!svc__list_is_empty(list)) {
        struct svc__dns_question *qn =
            svc__list_entry(list->next, struct svc__dns_question, link);

        while (!svc__list_is_empty(&qn->wants)) {
            struct svc__dns_want *w =
                svc__list_entry(qn->wants.next, struct svc__dns_want, link);

            svc__list_remove(&w->link);
            w->question = NULL;
        }
        detach(a, qn);
        discard(a, qn);
    }
}

void svc__dns_ask_free(struct svc__dns_ask *a)
{
    if (a == NULL)
        return;
    free_all(a, &a->waiting);
    free_all(a, &a->running);
    svc__loop_unset(a->line.env->loop, &a->timer);
    svc__map_fini(&a->questions);
    svc__resolv_free(a->line.resolv);
    svc__free(a);
}

int svc__dns_ask_want(struct svc__dns_ask *a, struct svc__dns_want *w,
                      const struct svc__wire_question *q, int avoid)
{
    char key[KEY_MAX];
    struct svc__map_entry *place =
        svc__map_enter(&a->questions, key, write_key(q, avoid, key));
    struct svc__dns_question *qn;

    if (place == NULL)
        return SVC_ENOMEM;
    qn = place->value;
    if (qn == NULL) {
        qn = question_new(a, place, q, avoid);
        if (qn == NULL) {
            svc__map_leave(&a->questions, place);
            return SVC_ENOMEM;
        }
    }
    w->question = qn;
    w->asked_us = svc__clock_now_us();
    svc__list_init(&w->link);
    svc__list_add(&qn->wants, &w->link);
    kick(a);
    return 0;
}

void svc__dns_ask_unwant(struct svc__dns_ask *a, struct svc__dns_want *w)
{
    struct svc__dns_question *qn = w->question;

    if (qn == NULL)
        return;
    w->question = NULL;
    svc__list_remove(&w->link);
    if (svc__list_is_empty(&qn->wants) && !qn->is_ending) {
        detach(a, qn);
        discard(a, qn);
    }
}

int svc__dns_ask_restart(struct svc__dns_ask *a, svc_error *reterr)
{
    struct svc__resolv *fresh;
    int err = open_transport(&a->line, &fresh, reterr);

    if (err != 0)
        return err;
    while (!svc__list_is_empty(&a->running)) {
        struct svc__dns_question *qn =
            svc__list_entry(a->running.next, struct svc__dns_question, link);

        /* Whom it avoids is a number of the old list, and now no more than
         * somebody to be asked last. */
        svc__dns_question_stop(qn);
        svc__heap_remove(&a->due, &qn->due);
        svc__list_remove(&qn->link);
        svc__list_add(&a->waiting, &qn->link);
    }
    report(a);
    svc__resolv_free(a->line.resolv);
    a->line.resolv = fresh;
    memset(&a->told, 0, sizeof(a->told));
    svc__servers_init(&a->line.servers, a->line.addresses->count,
                      a->line.env->dns->tcp);
    svc__window_init(&a->line.window);
    kick(a);
    return 0;
}
