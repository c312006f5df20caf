/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a thread has for reading without a lock: a hazard pointer, which keeps
 * the snapshot that it names; a generator; and where the thread stands in the
 * turns of each service. Knows nothing of what a snapshot is. How readers and
 * the loop meet by this is told in docs/publish.md.
 */
#ifndef SVC_CORE_READER_H
#define SVC_CORE_READER_H

#include "base/rng.h"
#include "base/sync.h"
#include "policy/cursor.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define SVC__LINE_SIZE 64 /* what two threads are not to write to together */

/* Services that a thread has cursors for, each its own; beyond them services
 * share, and begin anew with each change from one to the other. */
#define SVC__READER_SERVICES 4096
#define SVC__READER_PAGE     64
#define SVC__READER_PAGES    (SVC__READER_SERVICES / SVC__READER_PAGE)

struct svc__snapshot;

/* Where threads have their cursors of a service. */
struct svc__reader_key {
    uint64_t id;     /* no other service ever has it; 0: not begun */
    uint32_t number; /* the lowest that was free */
    int is_shared;   /* the number belongs to another service */
};

/* A cursor, and which service it is about; all zero: none. */
struct svc__reader_place {
    uint64_t id;
    struct svc__cursor cursor;
};

/* One a thread, and never freed: whoever looks for hazards may come across it
 * at any time. The thread alone writes to it, but for `owner`. */
struct svc__reader {
    _Alignas(SVC__LINE_SIZE) _Atomic(const struct svc__snapshot *) hazard;
    struct svc__rng rng;
    _Atomic unsigned owner; /* generation of fork in which a thread took it; 0:
                               none has it */
    unsigned seeded;        /* generation in which rng and cursors began */
    struct svc__reader *next; /* in the list of all; constant */
    struct svc__reader_place *pages[SVC__READER_PAGES]; /* from the first pick
                                                           of such a service */
};

/* This thread's own. After a fork the generation is another one, and the child
 * takes a record anew. */
struct svc__reader_mine {
    struct svc__reader *record;
    unsigned generation; /* in which it was taken; 0: there is no record */
};

extern __thread struct svc__reader_mine svc__reader_mine
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Before the first snapshot is published. Returns 1 when readers need a fence
 * of their own, since the kernel gives none: the same in every call. */
int svc__reader_prepare(void);

/* Gives this thread a record. NULL when memory or keys are short. */
struct svc__reader *svc__reader_take(void);

/* The record of this thread, or NULL as above. */
static inline struct svc__reader *svc__reader_self(void)
{
    const struct svc__reader_mine *mine = &svc__reader_mine;

    return mine->generation == svc__fork_now() ? mine->record
                                               : svc__reader_take();
}

/* What stands in *place, kept from now on until svc__reader_leave. Never
 * nested. Neither waits nor fails; goes round again only when it is replaced
 * at this very moment. is_fenced is what svc__reader_prepare returned. */
static inline const struct svc__snapshot *svc__reader_enter(
    struct svc__reader *me, _Atomic(const struct svc__snapshot *) *place,
    int is_fenced)
{
    const struct svc__snapshot *s =
        atomic_load_explicit(place, memory_order_acquire);
    const struct svc__snapshot *before;

    /* The hazard has to be seen by whoever replaces s before this thread looks
     * again: the reclaiming side's barrier sees to that, where it can. */
    do {
        before = s;
        if (is_fenced) {
            atomic_store(&me->hazard, before);
            s = atomic_load(place);
        } else {
            atomic_store_explicit(&me->hazard, before, memory_order_release);
            atomic_signal_fence(memory_order_seq_cst);
            s = atomic_load_explicit(place, memory_order_acquire);
        }
    } while (s != before);
    return s;
}

static inline void svc__reader_leave(struct svc__reader *me)
{
    atomic_store_explicit(&me->hazard, NULL, memory_order_release);
}

/* Makes the page of a number. 0 or SVC_ENOMEM. */
int svc__reader_page(struct svc__reader *me, uint32_t number);

/* Begins the cursor of a service in the place of another one's. */
void svc__reader_begin(struct svc__reader_place *place,
                       const struct svc__reader_key *key);

/* This thread's cursor of a service; begins it. NULL when memory is short. */
static inline struct svc__cursor *svc__reader_cursor(
    struct svc__reader *me, const struct svc__reader_key *key)
{
    struct svc__reader_place **page =
        &me->pages[key->number / SVC__READER_PAGE];
    struct svc__reader_place *place;

    if (*page == NULL && svc__reader_page(me, key->number) != 0)
        return NULL;
    place = &(*page)[key->number % SVC__READER_PAGE];
    if (place->id != key->id)
        svc__reader_begin(place, key);
    return &place->cursor;
}

/* A key for a service, and its end; nobody reads then. */
void svc__reader_key_init(struct svc__reader_key *key);
void svc__reader_key_fini(struct svc__reader_key *key); /* not begun: allowed */

/* What all hazards name at one moment. */
#define SVC__HAZARDS_FEW 64
struct svc__hazards {
    size_t count; /* more than few: none is listed */
    const struct svc__snapshot *few[SVC__HAZARDS_FEW];
};

/* Behind a barrier (base/barrier), or with readers that are fenced: what was
 * replaced before, and is not named, nobody will read any more. */
void svc__hazards_read(struct svc__hazards *ret);
int svc__hazards_have(const struct svc__hazards *h,
                      const struct svc__snapshot *s);

#endif
