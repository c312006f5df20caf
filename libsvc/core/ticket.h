/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slots of all services of the process, by number, so that a pick may say
 * whom it was about for as long as its holder likes and pin no memory: a slot
 * that was given back waits for another life in the same place, and its epoch
 * tells the two apart. Memory stays at its high-water mark, 64 bytes a slot.
 * Any thread.
 */
#ifndef SVC_CORE_TICKET_H
#define SVC_CORE_TICKET_H

#include "policy/slot.h"

#include <stddef.h>
#include <stdint.h>

/* The number of no slot. */
#define SVC__TICKET_NONE 0

/* A slot whose life begins, with one reference; SVC__TICKET_NONE when out of
 * memory, or of numbers (16 million). */
uint32_t svc__ticket_new(void);

/* One more and one less reference to each; the last gives the slot back. */
void svc__ticket_ref(const uint32_t *tickets, size_t count);
void svc__ticket_unref(const uint32_t *tickets, size_t count);

/* The slot of a number, whoever's it is now; NULL for one that was never given
 * out. Takes no lock. */
struct svc__slot *svc__ticket_slot(uint32_t ticket);

#endif
