/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attempt that began last decides when the next one begins; what becomes of
 * earlier ones is only written down, unless it ends the race.
 */
#include "policy/race.h"

#include <errno.h>
#include <string.h>

enum state {
    NEW,
    RUNNING,
    ASKED, /* BEGIN was the last action */
    ENDED
};

/* What one step works on. */
struct turn {
    struct svc__race *race;
    const struct svc__race_event *event;
    struct svc__race_action *ret;
};

void svc__race_init(struct svc__race *race, int64_t deadline_ms)
{
    memset(race, 0, sizeof(*race));
    race->deadline_ms = deadline_ms;
}

static int is_open(const struct svc__race *race)
{
    for (unsigned i = 0; i < race->count; i++) {
        if (!race->attempts[i].is_over)
            return 1;
    }
    return 0;
}

/* Memory and descriptors are ours, and another endpoint would not help. */
static int is_spent(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM ||
           error == ENOBUFS || error == EAGAIN;
}

static void finish(struct turn *t, int code)
{
    t->race->state = ENDED;
    t->ret->what = SVC__RACE_DONE;
    t->ret->code = code;
}

/* Nobody won. */
static void give_up(struct turn *t)
{
    if (t->race->count == 0)
        finish(t, SVC_ENOENDPOINTS);
    else if (is_open(t->race))
        finish(t, SVC_ETIMEDOUT);
    else
        finish(t, t->race->is_spent ? SVC_ENOMEM : SVC_EUNREACH);
}

static int is_last_begun(const struct svc__race *race)
{
    return race->is_spent || race->count == SVC__RACE_ATTEMPTS_MAX;
}

static enum svc__family other_than(uint8_t family)
{
    return family == SVC__FAMILY_IPV4 ? SVC__FAMILY_IPV6 : SVC__FAMILY_IPV4;
}

/* It is time for the next one. */
static void begin_next(struct turn *t)
{
    struct svc__race *race = t->race;
    const int is_late =
        race->count > 0 && t->event->now_ms >= race->deadline_ms;

    if (!is_late && !is_last_begun(race)) {
        race->state = ASKED;
        t->ret->what = SVC__RACE_BEGIN;
        t->ret->attempt = race->count;
        if (race->count > 0)
            t->ret->family = other_than(race->attempts[race->count - 1].family);
    } else if (!is_late && is_open(race)) {
        race->due_ms = race->deadline_ms;
    } else {
        give_up(t);
    }
}

static void on_start(struct turn *t)
{
    struct svc__race *race = t->race;
    const int64_t part_ms = (race->deadline_ms - t->event->now_ms) / 4;

    race->delay_ms = SVC__RACE_DELAY_MS;
    if (part_ms < SVC__RACE_DELAY_MIN_MS)
        race->delay_ms = SVC__RACE_DELAY_MIN_MS;
    else if (part_ms < SVC__RACE_DELAY_MS)
        race->delay_ms = (int)part_ms;
    begin_next(t);
}

/* Waits until it is time for the next one, or until the end. */
static void wait_for_next(struct turn *t)
{
    struct svc__race *race = t->race;
    const int64_t now_ms = t->event->now_ms;

    race->state = RUNNING;
    race->due_ms = race->deadline_ms;
    if (!is_last_begun(race) && now_ms < race->deadline_ms &&
        race->deadline_ms - now_ms > race->delay_ms)
        race->due_ms = now_ms + race->delay_ms;
}

static void on_begun(struct turn *t)
{
    struct svc__race_attempt *a = &t->race->attempts[t->race->count++];

    a->began_ms = t->event->now_ms;
    a->family = (uint8_t)t->event->family;
    wait_for_next(t);
}

/* As long as somebody is silent there may come a set with others. */
static void on_nobody(struct turn *t)
{
    if (is_open(t->race))
        wait_for_next(t);
    else
        give_up(t);
}

static void on_failed(struct turn *t, unsigned attempt)
{
    struct svc__race *race = t->race;
    struct svc__race_attempt *a = &race->attempts[attempt];

    a->is_over = 1;
    a->error = t->event->error;
    if (is_spent(a->error))
        race->is_spent = 1;
    if (attempt + 1 == race->count || !is_open(race))
        begin_next(t);
}

/* Something became of an attempt. */
static void on_attempt(struct turn *t)
{
    const unsigned attempt = t->event->attempt;

    if (attempt >= t->race->count || t->race->attempts[attempt].is_over)
        return;
    if (t->event->kind == SVC__RACE_FAILED) {
        on_failed(t, attempt);
        return;
    }
    t->race->attempts[attempt].is_over = 1;
    t->ret->attempt = attempt;
    finish(t, 0);
}

static void run(struct turn *t)
{
    if (t->event->kind == SVC__RACE_CONNECTED ||
        t->event->kind == SVC__RACE_FAILED)
        on_attempt(t);
    else if (t->event->kind == SVC__RACE_DUE &&
             t->event->now_ms >= t->race->due_ms)
        begin_next(t);
}

void svc__race_step(struct svc__race *race, const struct svc__race_event *event,
                    struct svc__race_action *ret)
{
    struct turn t = {.race = race, .event = event, .ret = ret};

    memset(ret, 0, sizeof(*ret));
    ret->what = SVC__RACE_WAIT;
    if (race->state == NEW && event->kind == SVC__RACE_START)
        on_start(&t);
    else if (race->state == ASKED && event->kind == SVC__RACE_BEGUN)
        on_begun(&t);
    else if (race->state == ASKED && event->kind == SVC__RACE_NOBODY)
        on_nobody(&t);
    else if (race->state == RUNNING)
        run(&t);
    ret->due_ms = race->due_ms;
}

int svc__race_outcome(const struct svc__race *race, unsigned attempt,
                      int64_t now_ms)
{
    const struct svc__race_attempt *a = &race->attempts[attempt];

    /* Addresses and ports to connect from are ours, too, but Linux counts ports
     * for each destination: who is next may be reached. */
    if (is_spent(a->error) || a->error == EADDRNOTAVAIL)
        return SVC_OUTCOME_CANCELLED;
    if (a->error != 0)
        return a->error == ETIMEDOUT ? SVC_OUTCOME_TIMEOUT
                                     : SVC_OUTCOME_CONNECT;
    if (a->is_over)
        return SVC_OUTCOME_OK;
    return now_ms - a->began_ms >= race->delay_ms ? SVC_OUTCOME_TIMEOUT
                                                  : SVC_OUTCOME_CANCELLED;
}
