/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the references of a set to its slots.
 */
#include "core/tracks.h"

#include "base/alloc.h"
#include "core/ticket.h"

#include <string.h>

struct svc__tracks *svc__tracks_new(const uint32_t *tickets, size_t count,
                                    _Atomic uint64_t *leaked)
{
    struct svc__tracks *t =
        svc__alloc(sizeof(*t) + count * sizeof(t->tickets[0]));

    if (t == NULL)
        return NULL;
    t->slots = svc__calloc(count, sizeof(struct svc__slot *));
    if (t->slots == NULL) {
        svc__free(t);
        return NULL;
    }
    t->count = count;
    t->leaked = leaked;
    memcpy(t->tickets, tickets, count * sizeof(t->tickets[0]));
    for (size_t i = 0; i < count; i++)
        t->slots[i] = svc__ticket_slot(tickets[i]);
    svc__ticket_ref(tickets, count);
    return t;
}

void svc__tracks_free(struct svc__tracks *t)
{
    if (t == NULL)
        return;
    svc__ticket_unref(t->tickets, t->count);
    svc__free(t->slots);
    svc__free(t);
}
