/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens at a moment of virtual time. It is embedded, as the first
 * member, in what it happens to.
 */
#ifndef SVC_LBSIM_EVENT_H
#define SVC_LBSIM_EVENT_H

#include "base/heap.h"

#include <stdint.h>

enum event_kind {
    EVENT_ARRIVAL, /* in a struct client */
    EVENT_FINISH,  /* in a struct worker */
    EVENT_CHANGE   /* of the servers */
};

struct event {
    struct svc__heap_node node; /* by nanoseconds since the start */
    enum event_kind kind;
};

static inline void event_init(struct event *e, enum event_kind kind)
{
    svc__heap_node_init(&e->node);
    e->kind = kind;
}

#endif
