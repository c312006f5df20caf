/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is remembered from one set to the next, by identity, and what of them. It
 * is told which endpoints there are and what time it is, and knows no filter
 * and no policy. Loop.
 */
#ifndef SVC_CORE_MEMBERS_H
#define SVC_CORE_MEMBERS_H

#include "base/map.h"
#include "model/view.h"
#include "policy/ejection.h"

#include <stdint.h>

/* What is remembered of an endpoint. */
struct svc__member {
    struct svc__ejection ejection;
    uint64_t set;     /* the last one that had it */
    int64_t since_ms; /* when it was first usable; SVC__SLOW_START_NONE: in the
                         first set, so that it starts at once */
    uint32_t ticket;  /* SVC__TICKET_NONE: nothing is tracked */
    uint16_t given;   /* as svc__candidate has it */
    uint8_t uid[16];
    uint8_t has_uid;
    uint8_t was_ejected; /* at the last review */
};

struct svc__members {
    struct svc__map map; /* struct svc__member by identity */
    uint64_t sets;       /* met so far */
};

void svc__members_init(struct svc__members *all,
                       const struct svc__hash_key *key);
void svc__members_fini(struct svc__members *all);

/* NULL: nothing is remembered. */
struct svc__member *svc__members_find(const struct svc__members *all,
                                      const struct svc__candidate *c);

/* Finds or makes one, of the newest set; with track it has a ticket. NULL: out
 * of memory. */
struct svc__member *svc__members_add(struct svc__members *all,
                                     const struct svc__candidate *c, int track,
                                     int64_t now_ms);

/* A new set: remembers each candidate against which there is nothing but what
 * `passing` has, bits of enum svc_why, and goes on to remember who is in the
 * view at all, be it not ready for a while. All others are forgotten. 0, or
 * SVC_ENOMEM with nobody forgotten. */
int svc__members_meet(struct svc__members *all, const struct svc__view *v,
                      unsigned passing, int track, int64_t now_ms);

/* One after another, in no order, as svc__map_next. NULL behind the last. */
struct svc__member *svc__members_next(const struct svc__members *all,
                                      size_t *at);

#endif
