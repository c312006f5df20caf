/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open addressing by the id's own low bits: ids are random, and not chosen by
 * anybody outside. At most a quarter of the slots is used.
 */
#include "io/resolv_table.h"

#include <string.h>

/* The slot that holds an id, or the free one where it would go. */
static uint16_t *slot_of(struct svc__resolv_table *t, uint16_t id)
{
    unsigned at = id % SVC__RESOLV_TABLE_SLOTS;

    while (t->slots[at] != 0 && t->entries[t->slots[at] - 1].id != id)
        at = (at + 1) % SVC__RESOLV_TABLE_SLOTS;
    return &t->slots[at];
}

struct svc__resolv_entry *svc__resolv_table_add(struct svc__resolv_table *t)
{
    struct svc__resolv_entry *entry = &t->entries[t->count];

    memset(entry, 0, sizeof(*entry));
    t->count++;
    return entry;
}

void svc__resolv_table_name(struct svc__resolv_table *t,
                            struct svc__resolv_entry *entry, uint16_t id)
{
    uint16_t *slot = slot_of(t, id);

    entry->id = id;
    *slot = (uint16_t)(entry - t->entries + 1);
}

struct svc__resolv_entry *svc__resolv_table_find(struct svc__resolv_table *t,
                                                 uint16_t id)
{
    uint16_t slot = *slot_of(t, id);

    return slot == 0 ? NULL : &t->entries[slot - 1];
}
