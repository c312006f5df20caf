/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation with DNS servers in virtual time, and its trace: what happened
 * to which server, and what is done about it. Times are milliseconds since the
 * exchange began. Every step also keeps the rules of exchange_rules.h.
 */
#ifndef TESTS_LIB_EXCHANGE_TALK_H
#define TESTS_LIB_EXCHANGE_TALK_H

#include "base/buf.h"
#include "exchange_rules.h"

#include <stddef.h>

#define TALK_BEGIN_MS 1000000

/* What happens: an rcode by its name; "cut" (TC); "refused", "broken", "no
 * memory" and "too big" (FAILED); "unwanted". */
struct talk_event {
    int at_ms;
    unsigned attempt;
    const char *what;
};

struct talk {
    struct svc__servers servers; /* all exchanges share them */
    int64_t begin_ms;            /* of the next exchange */
    int avoid;
    int tcp;
    /* one exchange */
    struct svc__exchange x;
    struct exchange_rules rules;
    struct svc__exchange_action sent[SVC__ATTEMPTS_MAX];
    struct svc__exchange_action action;
    struct svc__buf trace;
};

void talk_init(struct talk *t, size_t servers, int tcp_only);

/* Plays one exchange to its end, and compares its trace. The next one begins
 * ten seconds later. */
void talk_play(struct talk *t, const struct talk_event *events, size_t count,
               const char *expected);

/* The same with the events as last arguments. */
#define TALK(t, expected, ...)                                                 \
    talk_play((t), (const struct talk_event[]){__VA_ARGS__},                   \
              sizeof((const struct talk_event[]){__VA_ARGS__}) /               \
                  sizeof(struct talk_event),                                   \
              (expected))

#endif
