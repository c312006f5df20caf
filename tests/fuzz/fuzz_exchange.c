/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any events in any order, to two exchanges that share their servers: at most
 * so many packets, one end, always a time to come back, never past the time
 * for all. The first byte says how many servers there are and whether only TCP
 * is allowed; then each four bytes are an event: kind and exchange, attempt,
 * result, time that passes.
 */
#include "exchange_rules.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
    struct svc__exchange x;
    struct exchange_rules rules;
};

static int step(struct side *s, struct svc__servers *servers,
                const struct svc__exchange_event *event)
{
    struct svc__exchange_action action;

    svc__exchange_step(&s->x, servers, event, &action);
    if (exchange_rules_check(&s->rules, servers, event, &action) != NULL)
        abort();
    return s->rules.is_done;
}

/* Left alone it ends, in a few steps. */
static void end(struct side *s, struct svc__servers *servers, int64_t now_us)
{
    struct svc__exchange_event event = {.now_us = now_us};

    event.kind = SVC__EXCHANGE_START;
    step(s, servers, &event);
    event.kind = SVC__EXCHANGE_DUE;
    for (unsigned i = 0; !s->rules.is_done; i++) {
        if (i > 2 * SVC__ATTEMPTS_MAX)
            abort();
        if (event.now_us / 1000 < s->rules.due_ms)
            event.now_us = s->rules.due_ms * 1000;
        step(s, servers, &event);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int errs[] = {SVC_EUNREACH, SVC_ENOMEM, SVC_EPROTO, 0,
                               SVC_ETOOBIG};
    struct svc__exchange_event event = {.now_us = 5000000};
    struct svc__servers servers;
    struct side sides[2];

    if (size == 0)
        return 0;
    svc__servers_init(&servers, data[0] & 15, data[0] >> 7);
    for (int i = 0; i < 2; i++) {
        svc__exchange_init(&sides[i].x, ((data[0] >> 4) & 7) - 1, i);
        exchange_rules_init(&sides[i].rules);
    }
    for (; size >= 5; data += 4, size -= 4) {
        event.kind = (enum svc__exchange_event_kind)((data[1] & 127) % 5);
        event.attempt = data[2] % (SVC__ATTEMPTS_MAX + 1);
        event.rcode = data[3] % 18;
        event.tc = data[3] >> 7;
        event.err = errs[data[3] % 5];
        event.now_us += (int64_t)data[4] * data[4] * 50;
        step(&sides[data[1] >> 7], &servers, &event);
    }
    end(&sides[0], &servers, event.now_us);
    end(&sides[1], &servers, event.now_us);
    return 0;
}
