/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange_talk.h"

#include "dns/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const rcodes[] = {
    [SVC__WIRE_NOERROR] = "NOERROR",   [SVC__WIRE_FORMERR] = "FORMERR",
    [SVC__WIRE_SERVFAIL] = "SERVFAIL", [SVC__WIRE_NXDOMAIN] = "NXDOMAIN",
    [SVC__WIRE_NOTIMP] = "NOTIMP",     [SVC__WIRE_REFUSED] = "REFUSED",
    [SVC__WIRE_BADVERS] = "BADVERS",
};

/* The code that a script means by a word. */
static uint16_t rcode_of(const char *word)
{
    for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
        if (rcodes[i] != NULL && strcmp(rcodes[i], word) == 0)
            return (uint16_t)i;
    }
    fail_msg("nobody says \"%s\"", word);
    return 0;
}

void talk_init(struct talk *t, size_t servers, int tcp_only)
{
    memset(t, 0, sizeof(*t));
    svc__servers_init(&t->servers, servers, tcp_only);
    t->begin_ms = TALK_BEGIN_MS;
    t->avoid = -1;
}

static void note_sent(struct talk *t, const struct svc__exchange_action *of)
{
    svc__buf_printf(&t->trace, "%zu%s", of->server, of->tcp ? " by TCP" : "");
}

static void note_action(struct talk *t, int64_t now_ms)
{
    const struct svc__exchange_action *a = &t->action;

    switch (a->what) {
    case SVC__EXCHANGE_SEND:
        t->sent[a->attempt] = *a;
        svc__buf_printf(&t->trace, "ask ");
        note_sent(t, a);
        svc__buf_add_text(&t->trace, a->edns ? "" : " without EDNS");
        break;
    case SVC__EXCHANGE_WAIT:
        break;
    case SVC__EXCHANGE_DONE:
        svc__buf_printf(&t->trace, "done: %s of %zu",
                        a->code == 0 ? "answer" : svc_err_name(a->code),
                        a->server);
        if (a->code != 0 && a->rcode != 0)
            svc__buf_printf(&t->trace, ", %s", rcodes[a->rcode]);
        svc__buf_printf(&t->trace, "\n");
        return;
    }
    svc__buf_printf(&t->trace, "%swait %d ms\n",
                    a->what == SVC__EXCHANGE_SEND ? ", " : "",
                    (int)(a->due_ms - now_ms));
}

static void step(struct talk *t, struct svc__exchange_event *event,
                 int64_t now_ms, const char *what)
{
    const char *broken;

    event->now_us = now_ms * 1000;
    svc__exchange_step(&t->x, &t->servers, event, &t->action);
    broken = exchange_rules_check(&t->rules, &t->servers, event, &t->action);
    if (broken != NULL)
        fail_msg("broken: %s", broken);
    svc__buf_printf(&t->trace, "[%4d] ", (int)(now_ms - t->begin_ms));
    if (event->kind == SVC__EXCHANGE_START) {
        svc__buf_printf(&t->trace, "start");
    } else if (event->kind != SVC__EXCHANGE_DUE) {
        svc__buf_printf(&t->trace, "%s from ", what);
        note_sent(t, &t->sent[event->attempt]);
    } else if (t->action.lost >= 0) {
        svc__buf_printf(&t->trace, "no answer from ");
        note_sent(t, &t->sent[t->action.lost]);
    } else {
        svc__buf_printf(&t->trace, "now");
    }
    svc__buf_printf(&t->trace, " -> ");
    note_action(t, now_ms);
}

static struct svc__exchange_event event_of(const struct talk_event *e)
{
    struct svc__exchange_event event = {.attempt = e->attempt};

    event.kind = SVC__EXCHANGE_FAILED;
    if (strcmp(e->what, "unwanted") == 0) {
        event.kind = SVC__EXCHANGE_UNWANTED;
    } else if (strcmp(e->what, "refused") == 0) {
        event.err = SVC_EUNREACH;
    } else if (strcmp(e->what, "broken") == 0) {
        event.err = SVC_EPROTO;
    } else if (strcmp(e->what, "no memory") == 0) {
        event.err = SVC_ENOMEM;
    } else if (strcmp(e->what, "too big") == 0) {
        event.err = SVC_ETOOBIG;
    } else {
        event.kind = SVC__EXCHANGE_ANSWER;
        event.tc = strcmp(e->what, "cut") == 0;
        if (!event.tc)
            event.rcode = rcode_of(e->what);
    }
    return event;
}

/* Lets time pass until at_ms, or until the end. */
static int64_t pass(struct talk *t, int64_t at_ms)
{
    struct svc__exchange_event due = {.kind = SVC__EXCHANGE_DUE};

    while (t->action.what != SVC__EXCHANGE_DONE && t->action.due_ms <= at_ms)
        step(t, &due, t->action.due_ms, "");
    return at_ms;
}

void talk_play(struct talk *t, const struct talk_event *events, size_t count,
               const char *expected)
{
    struct svc__exchange_event start = {.kind = SVC__EXCHANGE_START};

    svc__buf_init(&t->trace, 8192);
    svc__exchange_init(&t->x, t->avoid, t->tcp);
    exchange_rules_init(&t->rules);
    step(t, &start, t->begin_ms, "");
    for (size_t i = 0; i < count; i++) {
        struct svc__exchange_event event = event_of(&events[i]);
        int64_t at_ms = pass(t, t->begin_ms + events[i].at_ms);

        if (t->action.what != SVC__EXCHANGE_DONE)
            step(t, &event, at_ms, events[i].what);
    }
    pass(t, INT64_MAX - 1);
    assert_int_equal(t->action.what, SVC__EXCHANGE_DONE);
    assert_string_equal(t->trace.data, expected);
    svc__buf_fini(&t->trace);
    t->begin_ms += 10000;
}
