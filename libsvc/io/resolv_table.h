/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queries of one channel's life, in the order of sending, found by their
 * ids. Their number is bounded by a channel's life, so none is ever taken out:
 * an entry without a packet is a query for which nobody waits any more. Knows
 * neither sockets nor c-ares. One thread at a time.
 */
#ifndef SVC_IO_RESOLV_TABLE_H
#define SVC_IO_RESOLV_TABLE_H

#include "io/resolv.h"

#include <stdint.h>

#define SVC__RESOLV_TABLE_SLOTS 1024 /* over 2 for a query: short walks */

struct svc__resolv_entry {
    struct svc__resolv_packet *packet; /* or NULL; not owned */
    void *channel;
    uint16_t id;
    uint8_t is_forgotten; /* by its owner, and its answer may still come */
};

/* Embedded, zeroed. */
struct svc__resolv_table {
    unsigned count;
    struct svc__resolv_entry entries[SVC__RESOLV_CHANNEL_QUERIES];
    uint16_t slots[SVC__RESOLV_TABLE_SLOTS]; /* number of an entry, from 1 */
};

/* The next entry, zeroed, without an id yet; there is room as long as count is
 * below SVC__RESOLV_CHANNEL_QUERIES. */
struct svc__resolv_entry *svc__resolv_table_add(struct svc__resolv_table *t);

/* Gives an entry its id. One that had it before is not found any more. */
void svc__resolv_table_name(struct svc__resolv_table *t,
                            struct svc__resolv_entry *entry, uint16_t id);

/* The entry with an id, or NULL. */
struct svc__resolv_entry *svc__resolv_table_find(struct svc__resolv_table *t,
                                                 uint16_t id);

#endif
