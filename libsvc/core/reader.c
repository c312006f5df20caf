/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the list of records, which only grows, as long as the most threads that
 * ever read at one time; who has which; and the numbers of services. No lock,
 * so that a fork at any moment leaves all of it in order.
 */
#include "core/reader.h"

#include "base/alloc.h"
#include "base/barrier.h"
#include "base/clock.h"
#include "policy/budget.h"

#include <pthread.h>
#include <svc/svc.h>

#define WORD_BITS 64

/* One of the library's mutable globals (tests/check): all threads' records. */
static struct {
    pthread_once_t once;
    pthread_key_t key; /* gives a record back at the end of its thread */
    int has_key;
    int is_fenced;
    _Atomic(struct svc__reader *) first;
    _Atomic uint64_t last_id;
    _Atomic uint64_t numbers[SVC__READER_SERVICES / WORD_BITS]; /* bits of those
                                                                   in use */
} readers = {.once = PTHREAD_ONCE_INIT};

/* And this thread's. */
__thread struct svc__reader_mine svc__reader_mine;

/* ---- records ----------------------------------------------------------- */

static void give_back(void *record)
{
    struct svc__reader *me = record;

    /* In a child of fork it may be somebody else's by now. */
    if (svc__reader_mine.record != me ||
        svc__reader_mine.generation != svc__fork_now())
        return;
    svc__reader_mine.record = NULL;
    svc__reader_mine.generation = 0;
    atomic_store_explicit(&me->owner, 0, memory_order_release);
}

static void prepare(void)
{
    (void)svc__fork_generation(); /* without it there are no records */
    readers.is_fenced = svc__barrier_prepare() != 0;
    readers.has_key = pthread_key_create(&readers.key, give_back) == 0;
}

int svc__reader_prepare(void)
{
    (void)pthread_once(&readers.once, prepare);
    return readers.is_fenced;
}

/* Zeroed, with lines of its own; never freed. NULL when out of memory. */
static void *alloc_lines(size_t size)
{
    char *memory = svc__calloc(1, size + SVC__LINE_SIZE - 1);

    if (memory == NULL)
        return NULL;
    return memory + (0 - (uintptr_t)memory) % SVC__LINE_SIZE;
}

/* One that nobody has, or that a thread had which is not in this child of
 * fork. */
static struct svc__reader *find_free(unsigned generation)
{
    struct svc__reader *it =
        atomic_load_explicit(&readers.first, memory_order_acquire);

    for (; it != NULL; it = it->next) {
        unsigned owner = atomic_load_explicit(&it->owner, memory_order_relaxed);

        if (owner != generation &&
            atomic_compare_exchange_strong(&it->owner, &owner, generation))
            return it;
    }
    return NULL;
}

static struct svc__reader *add(unsigned generation)
{
    struct svc__reader *me = alloc_lines(sizeof(*me));

    if (me == NULL)
        return NULL;
    atomic_init(&me->owner, generation);
    me->next = atomic_load_explicit(&readers.first, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&readers.first, &me->next, me))
        continue;
    return me;
}

/* What a record has from before a fork would be chosen twice, here and in the
 * parent: it begins anew. */
static void begin(struct svc__reader *me, unsigned generation)
{
    static const struct svc__reader_place none;
    uint64_t seed;

    atomic_store_explicit(&me->hazard, NULL, memory_order_relaxed);
    if (me->seeded == generation)
        return;
    me->seeded = generation;
    if (svc__rng_secret(&seed, sizeof(seed)) != 0)
        seed = (uintptr_t)me;
    svc__rng_seed(&me->rng, seed);
    for (size_t i = 0; i < SVC__READER_PAGES; i++) {
        for (size_t at = 0; me->pages[i] != NULL && at < SVC__READER_PAGE; at++)
            me->pages[i][at] = none;
    }
}

struct svc__reader *svc__reader_take(void)
{
    const unsigned generation = svc__fork_generation();
    struct svc__reader *me;

    if (!readers.has_key)
        return NULL;
    me = find_free(generation);
    if (me == NULL)
        me = add(generation);
    if (me == NULL)
        return NULL;
    if (pthread_setspecific(readers.key, me) != 0) {
        atomic_store_explicit(&me->owner, 0, memory_order_release);
        return NULL;
    }
    begin(me, generation);
    svc__reader_mine.record = me;
    svc__reader_mine.generation = generation;
    return me;
}

/* ---- cursors ----------------------------------------------------------- */

int svc__reader_page(struct svc__reader *me, uint32_t number)
{
    struct svc__reader_place *page =
        alloc_lines(SVC__READER_PAGE * sizeof(*page));

    me->pages[number / SVC__READER_PAGE] = page;
    return page == NULL ? SVC_ENOMEM : 0;
}

void svc__reader_begin(struct svc__reader_place *place,
                       const struct svc__reader_key *key)
{
    static const struct svc__cursor none;

    place->id = key->id;
    place->cursor = none;
    place->cursor.since_s = svc__budget_second(svc__clock_now_ms());
}

/* Takes the lowest bit of a word that is clear. Its place, or -1. */
static int take_bit(_Atomic uint64_t *word)
{
    uint64_t bits = atomic_load_explicit(word, memory_order_relaxed);

    while (bits != UINT64_MAX) {
        const int at = __builtin_ctzll(~bits);

        if (atomic_compare_exchange_weak(word, &bits, bits | UINT64_C(1) << at))
            return at;
    }
    return -1;
}

void svc__reader_key_init(struct svc__reader_key *key)
{
    key->id = atomic_fetch_add(&readers.last_id, 1) + 1;
    for (uint32_t i = 0; i < SVC__READER_SERVICES / WORD_BITS; i++) {
        const int at = take_bit(&readers.numbers[i]);

        if (at >= 0) {
            key->number = i * WORD_BITS + (uint32_t)at;
            key->is_shared = 0;
            return;
        }
    }
    key->number = (uint32_t)(key->id % SVC__READER_SERVICES);
    key->is_shared = 1;
}

void svc__reader_key_fini(struct svc__reader_key *key)
{
    if (key->id != 0 && !key->is_shared)
        atomic_fetch_and(&readers.numbers[key->number / WORD_BITS],
                         ~(UINT64_C(1) << key->number % WORD_BITS));
    key->id = 0;
}

/* ---- hazards ----------------------------------------------------------- */

/* What a record keeps; nothing if its thread is not in this child of fork. */
static const struct svc__snapshot *kept_by(struct svc__reader *it,
                                           unsigned generation)
{
    return atomic_load(&it->owner) == generation ? atomic_load(&it->hazard)
                                                 : NULL;
}

void svc__hazards_read(struct svc__hazards *ret)
{
    const unsigned generation = svc__fork_now();
    struct svc__reader *it = atomic_load(&readers.first);

    ret->count = 0;
    for (; it != NULL && ret->count <= SVC__HAZARDS_FEW; it = it->next) {
        const struct svc__snapshot *s = kept_by(it, generation);

        if (s == NULL)
            continue;
        if (ret->count < SVC__HAZARDS_FEW)
            ret->few[ret->count] = s;
        ret->count++;
    }
}

int svc__hazards_have(const struct svc__hazards *h,
                      const struct svc__snapshot *s)
{
    const unsigned generation = svc__fork_now();
    struct svc__reader *it;

    if (h->count <= SVC__HAZARDS_FEW) {
        for (size_t i = 0; i < h->count; i++) {
            if (h->few[i] == s)
                return 1;
        }
        return 0;
    }
    for (it = atomic_load(&readers.first); it != NULL; it = it->next) {
        if (kept_by(it, generation) == s)
            return 1;
    }
    return 0;
}
