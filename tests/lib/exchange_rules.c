/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange_rules.h"

#include <string.h>

void exchange_rules_init(struct exchange_rules *r)
{
    memset(r, 0, sizeof(*r));
    r->began_ms = -1;
    r->due_ms = INT64_MAX;
}

/* Whether an attempt still awaits its answer. */
static int is_open(const struct exchange_rules *r,
                   const struct svc__servers *servers, unsigned attempt)
{
    int is_suspect = r->unwanted > SVC__EXCHANGE_UNWANTED_MAX;

    return r->began_ms >= 0 && !r->is_done && attempt < r->sent &&
           !r->over[attempt] &&
           (!is_suspect || r->tcp[attempt] || servers->tcp_only);
}

static const char *check_send(struct exchange_rules *r,
                              const struct svc__servers *servers,
                              const struct svc__exchange_event *event,
                              const struct svc__exchange_action *action)
{
    if (r->is_done)
        return "nothing is sent after the end";
    if (r->sent == SVC__ATTEMPTS_MAX)
        return "at most SVC__ATTEMPTS_MAX are sent";
    if (action->attempt != r->sent)
        return "attempts are numbered in order";
    if (action->server >= servers->count)
        return "the server is one of the servers";
    if (servers->tcp_only && !action->tcp)
        return "TCP only is TCP only";
    if (r->unwanted > SVC__EXCHANGE_UNWANTED_MAX && !action->tcp)
        return "who is attacked asks by TCP";
    if (event->now_us / 1000 >= r->began_ms + SVC__EXCHANGE_TOTAL_MS)
        return "nothing is sent when the time is over";
    r->tcp[r->sent++] = action->tcp;
    return NULL;
}

static const char *check_done(struct exchange_rules *r,
                              const struct svc__servers *servers,
                              int is_answered,
                              const struct svc__exchange_action *action)
{
    if (r->is_done)
        return "it ends once";
    r->is_done = 1;
    if ((action->code == 0) != is_answered)
        return "code 0 is a whole answer, and a whole answer is code 0";
    if (action->code > 0 || action->due_ms != INT64_MAX)
        return "an end has a code, and no time";
    if (action->server >= servers->count)
        return "who answered last is one of the servers";
    return NULL;
}

static const char *check_wait(const struct exchange_rules *r,
                              const struct svc__exchange_event *event,
                              int64_t due_before_ms,
                              const struct svc__exchange_action *action)
{
    if (r->is_done || r->began_ms < 0)
        return action->what == SVC__EXCHANGE_WAIT && action->due_ms == INT64_MAX
                   ? NULL
                   : "before the start and after the end nothing happens";
    if (action->due_ms > r->began_ms + SVC__EXCHANGE_TOTAL_MS)
        return "it never waits past its time";
    if (event->kind == SVC__EXCHANGE_DUE &&
        event->now_us / 1000 >= due_before_ms &&
        action->what == SVC__EXCHANGE_WAIT && action->due_ms <= due_before_ms)
        return "what is due is done";
    return NULL;
}

static const char *check_lost(struct exchange_rules *r,
                              const struct svc__exchange_event *event,
                              const struct svc__exchange_action *action)
{
    if (action->lost < 0)
        return NULL;
    if (event->kind != SVC__EXCHANGE_DUE || (unsigned)action->lost >= r->sent)
        return "only what was sent and is due is lost";
    if (r->lost[action->lost]++ || r->over[action->lost])
        return "an attempt is lost once, and not after its answer";
    return NULL;
}

const char *exchange_rules_check(struct exchange_rules *r,
                                 const struct svc__servers *servers,
                                 const struct svc__exchange_event *event,
                                 const struct svc__exchange_action *action)
{
    int64_t due_before_ms = r->due_ms;
    const char *broken = check_lost(r, event, action);
    int is_answered = event->kind == SVC__EXCHANGE_ANSWER && !event->tc &&
                      (event->rcode == 0 || event->rcode == 3) &&
                      is_open(r, servers, event->attempt);

    if (event->kind == SVC__EXCHANGE_START && r->began_ms < 0)
        r->began_ms = event->now_us / 1000;
    if (event->kind == SVC__EXCHANGE_UNWANTED && event->attempt < r->sent &&
        !r->is_done)
        r->unwanted++;
    if ((event->kind == SVC__EXCHANGE_ANSWER ||
         event->kind == SVC__EXCHANGE_FAILED) &&
        event->attempt < r->sent)
        r->over[event->attempt] = 1;
    r->due_ms = action->due_ms;
    if (broken == NULL && is_answered && action->what != SVC__EXCHANGE_DONE)
        broken = "a whole answer ends it";
    if (broken == NULL && action->what == SVC__EXCHANGE_DONE)
        return check_done(r, servers, is_answered, action);
    if (broken == NULL && action->what == SVC__EXCHANGE_SEND)
        broken = check_send(r, servers, event, action);
    return broken != NULL ? broken
                          : check_wait(r, event, due_before_ms, action);
}
