/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slots of a set's usable endpoints, in the order of the set, held for as
 * long as somebody may pick from it. Any thread.
 */
#ifndef SVC_CORE_TRACKS_H
#define SVC_CORE_TRACKS_H

#include "policy/slot.h"

#include <stddef.h>
#include <stdint.h>

struct svc__tracks {
    size_t count;
    struct svc__slot **slots;
    _Atomic uint64_t *leaked; /* counts picks that nobody closed */
    uint32_t tickets[];       /* core/ticket.h */
};

/* Takes a reference to each ticket; leaked is borrowed. Owned; NULL when out of
 * memory. */
struct svc__tracks *svc__tracks_new(const uint32_t *tickets, size_t count,
                                    _Atomic uint64_t *leaked);
void svc__tracks_free(struct svc__tracks *t); /* NULL is allowed */

#endif
