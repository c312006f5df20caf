/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the packets of a question, from the one that its exchange asks for to
 * the answer or the failure that ends it.
 */
#include "backend/dns_question.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/count.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* What is silent, or pauses, keeps nobody else from being asked. */
static void leave_window(struct svc__dns_question *qn)
{
    if (qn->in_window)
        svc__window_left(&qn->line->window);
    qn->in_window = 0;
}

void svc__dns_question_stop(struct svc__dns_question *qn)
{
    leave_window(qn);
    for (unsigned i = 0; i < SVC__ATTEMPTS_MAX; i++) {
        struct svc__dns_attempt *at = qn->attempts[i];

        if (at == NULL)
            continue;
        if (at->is_out)
            svc__resolv_forget(qn->line->resolv, &at->packet);
        if (at != &qn->first)
            svc__free(at);
        qn->attempts[i] = NULL;
    }
    qn->current = -1;
}

/* ---- failures in words --------------------------------------------------- */

static const char *hint_of(int code)
{
    switch (code) {
    case SVC_ETOOBIG:
        return "a Service of more than about 4,000 pods does not fit into a "
               "DNS answer: use manifests or the API server";
    case SVC_ETIMEDOUT:
        return "check that this is the address of the cluster's DNS, and that "
               "nothing drops the packets (a NetworkPolicy); option "
               "dns_servers names others";
    default:
        return "check the address (option dns_servers, or resolv.conf) and "
               "whether the server is well";
    }
}

static void describe(const struct svc__dns_question *qn,
                     const struct svc__exchange_action *action, svc_error *ret)
{
    const struct svc__dns_servers *addresses = qn->line->addresses;
    char name[SVC__WIRE_TEXT_MAX];
    char type[16];
    char rcode[16];
    char who[SVC__DNS_VIA_SIZE + 64];
    const char *what = qn->problem;

    (void)svc__wire_name_format(&qn->q.name, name);
    (void)snprintf(who, sizeof(who), "DNS server %s",
                   addresses->text[action->server]);
    if (addresses->count > 1)
        (void)snprintf(who, sizeof(who), "DNS server %s and %zu more",
                       addresses->text[action->server], addresses->count - 1);
    if (action->code == SVC_ETOOBIG)
        what = "the answer is cut even over TCP";
    else if (action->code == SVC_ETIMEDOUT)
        what = "no answer in time";
    else if (action->code == SVC_EPROTO)
        what = "nothing but forged or broken answers";
    else if (action->rcode != 0)
        what = svc__wire_rcode_name(action->rcode, rcode);
    else if (what == NULL)
        what = svc_err_text(action->code);
    svc__err_set(ret, action->code, "%s %s: %s: %s", name,
                 svc__wire_type_name(qn->q.type, type), who, what);
    svc__err_hint(ret, "%s", hint_of(action->code));
}

/* ---- steps --------------------------------------------------------------- */

static void end(struct svc__dns_question *qn,
                const struct svc__exchange_action *action,
                struct svc__dns_reply *reply)
{
    const struct svc__dns_line *l = qn->line;
    svc_error error;

    reply->code = action->code;
    reply->server = action->server;
    reply->via = reply->is_tcp ? l->addresses->over_tcp[action->server]
                               : l->addresses->over_udp[action->server];
    reply->is_suspect = svc__exchange_is_suspect(&qn->exchange);
    if (action->code == 0) {
        if (qn->in_window)
            svc__window_answered(&qn->line->window);
        qn->in_window = 0;
    } else {
        describe(qn, action, &error);
        reply->error = &error;
        svc__count_add(&l->env->stats->dns_failures, 1);
    }
    l->end(qn, reply);
}

static void on_done(struct svc__resolv_packet *p, int err,
                    const uint8_t *answer, size_t size);
static void on_unwanted(struct svc__resolv_packet *p);

/* Room for an attempt; NULL when out of memory. */
static struct svc__dns_attempt *attempt_new(struct svc__dns_question *qn,
                                            unsigned number)
{
    struct svc__dns_attempt *at = &qn->first;

    if (number > 0)
        at = svc__alloc(sizeof(*at));
    if (at == NULL)
        return NULL;
    /* The room for the query need not be zeroed. */
    memset(at, 0, offsetof(struct svc__dns_attempt, packet.query));
    at->packet.done = on_done;
    at->packet.unwanted = on_unwanted;
    at->question = qn;
    at->number = (uint8_t)number;
    qn->attempts[number] = at;
    return at;
}

/* Hands the packet of an attempt to the transport. 0 or why not. */
static int hand_over(struct svc__dns_line *l, struct svc__dns_attempt *at,
                     int edns)
{
    const struct svc__wire_question *q = &at->question->q;
    const struct svc__resolv_way way = {at->server, at->is_tcp,
                                        q->type == SVC__WIRE_AAAA};
    uint8_t case_bits[32] = {0};
    uint8_t query[SVC__WIRE_QUERY_MAX];
    size_t size;
    int err = 0;

    /* Nobody off the path answers by TCP, and a server that does not give back
     * the case of a question is of use at least there. */
    if (!at->is_tcp)
        err = svc__rng_pool_take(&l->pool, case_bits,
                                 (size_t)q->name.size / 8 + 1);
    if (err != 0) {
        at->question->problem = "no random numbers";
        return err;
    }
    /* The transport chooses the id. */
    size =
        svc__wire_query(q, 0, case_bits, edns ? SVC__WIRE_EDNS_SIZE : 0, query);
    err = svc__resolv_send(l->resolv, &at->packet, &way, query, size);
    if (err != 0)
        at->question->problem = at->packet.problem;
    return err;
}

static int send_attempt(struct svc__dns_question *qn,
                        const struct svc__exchange_action *action,
                        int64_t now_us)
{
    struct svc__dns_attempt *at = attempt_new(qn, action->attempt);
    int err;

    qn->current = -1;
    if (at == NULL) {
        qn->problem = NULL;
        return SVC_ENOMEM;
    }
    at->server = (uint8_t)action->server;
    at->is_tcp = action->tcp != 0;
    at->sent_us = now_us;
    err = hand_over(qn->line, at, action->edns);
    if (err != 0)
        return err;
    at->is_out = 1;
    qn->current = (int)action->attempt;
    return 0;
}

/* The time of an attempt has run out: what it was sent by takes nothing new. An
 * answer to it would still count. */
static void lose(struct svc__dns_question *qn, struct svc__dns_attempt *at)
{
    struct svc__dns_line *l = qn->line;

    svc__count_add(&l->env->stats->dns_timeouts, 1);
    if (at->is_out)
        svc__resolv_lost(l->resolv, &at->packet);
}

/* Whether an attempt runs against its time: else it pauses. */
static int is_awaited(const struct svc__dns_question *qn)
{
    return qn->current >= 0 && qn->attempts[qn->current]->is_out;
}

/* An answer came, to a packet that was sent in the place of others: they are
 * lost, where their server is the one that answers. */
static void note_lost(const struct svc__dns_attempt *answered)
{
    const struct svc__dns_question *qn = answered->question;

    for (unsigned i = 0; i < answered->number && !answered->is_tcp; i++) {
        const struct svc__dns_attempt *at = qn->attempts[i];

        if (at != NULL && at->is_out && !at->is_tcp &&
            at->server == answered->server)
            svc__window_lost(&qn->line->window, at->sent_us,
                             svc__clock_now_us());
    }
}

/* Lets the exchange take a step and does what it says. reply has the answer
 * with an event that brings one. The question may be gone afterwards. */
static void step(struct svc__dns_question *qn, struct svc__exchange_event *ev,
                 struct svc__dns_reply *reply)
{
    struct svc__exchange_action action;

    for (;;) {
        ev->now_us = svc__clock_now_us();
        qn->line->now_us = ev->now_us;
        svc__exchange_step(&qn->exchange, &qn->line->servers, ev, &action);
        if (action.lost >= 0) {
            lose(qn, qn->attempts[action.lost]);
            leave_window(qn);
        }
        if (action.what != SVC__EXCHANGE_SEND)
            break;
        ev->err = send_attempt(qn, &action, ev->now_us);
        if (ev->err == 0)
            break;
        ev->kind = SVC__EXCHANGE_FAILED;
        ev->attempt = action.attempt;
    }
    if (action.what == SVC__EXCHANGE_DONE) {
        end(qn, &action, reply);
        return;
    }
    if (!is_awaited(qn))
        leave_window(qn);
    qn->line->wait(qn, action.due_ms);
}

/* ---- events -------------------------------------------------------------- */

void svc__dns_question_start(struct svc__dns_question *qn, int avoid, int tcp)
{
    struct svc__exchange_event ev = {.kind = SVC__EXCHANGE_START};
    struct svc__dns_reply reply = {0};

    svc__exchange_init(&qn->exchange, avoid, tcp);
    qn->problem = NULL;
    svc__window_sent(&qn->line->window);
    qn->in_window = 1;
    step(qn, &ev, &reply);
}

void svc__dns_question_due(struct svc__dns_question *qn)
{
    struct svc__exchange_event ev = {.kind = SVC__EXCHANGE_DUE};
    struct svc__dns_reply reply = {0};

    if (qn->current >= 0)
        reply.is_tcp = qn->attempts[qn->current]->is_tcp;
    step(qn, &ev, &reply);
}

static void on_done(struct svc__resolv_packet *p, int err,
                    const uint8_t *answer, size_t size)
{
    struct svc__dns_attempt *at =
        svc__list_entry(p, struct svc__dns_attempt, packet);
    struct svc__exchange_event ev = {.attempt = at->number};
    struct svc__dns_reply reply = {.is_tcp = at->is_tcp};

    (void)answer;
    (void)size;
    at->is_out = 0;
    if (err == 0) {
        note_lost(at);
        ev.kind = SVC__EXCHANGE_ANSWER;
        ev.rcode = at->message.rcode;
        ev.tc = at->message.tc;
        reply.answer = &at->message;
    } else {
        at->question->problem = p->problem;
        ev.kind = SVC__EXCHANGE_FAILED;
        ev.err = err;
    }
    step(at->question, &ev, &reply);
}

static void on_unwanted(struct svc__resolv_packet *p)
{
    struct svc__dns_attempt *at =
        svc__list_entry(p, struct svc__dns_attempt, packet);
    struct svc__exchange_event ev = {.kind = SVC__EXCHANGE_UNWANTED,
                                     .attempt = at->number};
    struct svc__dns_reply reply = {.is_tcp = at->is_tcp};

    step(at->question, &ev, &reply);
}

int svc__dns_question_judge(struct svc__resolv_packet *p, const uint8_t *answer,
                            size_t size)
{
    struct svc__dns_attempt *at =
        svc__list_entry(p, struct svc__dns_attempt, packet);

    return svc__wire_is_answer_to(answer, size, p->query, p->size) &&
           svc__wire_parse(answer, size, &at->message) == 0;
}
