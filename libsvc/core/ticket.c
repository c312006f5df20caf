/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks of slots that are never freed, in a table that only grows; beside the
 * slots of a chunk stand their references, under the lock. A child of fork
 * finds the lock free, whoever held it.
 */
#include "core/ticket.h"

#include "base/alloc.h"

#include <pthread.h>
#include <string.h>

#define CHUNK_BITS 10
#define CHUNK_SIZE (1u << CHUNK_BITS)
#define CHUNKS_MAX (1u << 14)

struct chunk {
    struct svc__slot *slots;
    uint32_t refs[CHUNK_SIZE]; /* of one that is free: the next free number */
};

static struct {
    pthread_once_t once;
    pthread_mutex_t lock;
    uint32_t chunk_count; /* lock */
    uint32_t first_free;  /* lock */
    _Atomic(struct chunk *) chunks[CHUNKS_MAX];
} all = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static void take(void)
{
    pthread_mutex_lock(&all.lock);
}

static void leave(void)
{
    pthread_mutex_unlock(&all.lock);
}

/* Without memory for the hook a fork while another thread is here can leave the
 * child a lock that stays taken; everything else works. */
static void register_fork(void)
{
    (void)pthread_atfork(take, leave, leave);
}

/* Numbers begin at 1. */
static struct chunk *chunk_of(uint32_t ticket)
{
    const uint32_t at = (ticket - 1) >> CHUNK_BITS;

    return at < CHUNKS_MAX
               ? atomic_load_explicit(&all.chunks[at], memory_order_acquire)
               : NULL;
}

static uint32_t place_of(uint32_t ticket)
{
    return (ticket - 1) & (CHUNK_SIZE - 1);
}

/* Zeroed slots, each in a cache line of its own. They are not freed, so where
 * the memory begins need not be kept but for who looks for leaks. */
static struct svc__slot *new_slots(void)
{
    const size_t align = _Alignof(struct svc__slot);
    char *memory =
        svc__calloc(1, CHUNK_SIZE * sizeof(struct svc__slot) + align);
    const size_t off = (size_t)((uintptr_t)memory % align);

    return memory == NULL ? NULL
                          : (void *)(memory + (off == 0 ? 0 : align - off));
}

/* Lock held: a chunk of free numbers. 0: there is none. */
static int grow(void)
{
    struct chunk *c;
    uint32_t ticket = (all.chunk_count << CHUNK_BITS) + 1;

    if (all.chunk_count == CHUNKS_MAX)
        return 0;
    c = svc__calloc(1, sizeof(*c));
    if (c == NULL)
        return 0;
    c->slots = new_slots();
    if (c->slots == NULL) {
        svc__free(c);
        return 0;
    }
    for (uint32_t i = 0; i < CHUNK_SIZE; i++)
        c->refs[i] = i + 1 < CHUNK_SIZE ? ++ticket : SVC__TICKET_NONE;
    all.first_free = (all.chunk_count << CHUNK_BITS) + 1;
    atomic_store_explicit(&all.chunks[all.chunk_count++], c,
                          memory_order_release);
    return 1;
}

uint32_t svc__ticket_new(void)
{
    uint32_t ticket = SVC__TICKET_NONE;

    pthread_once(&all.once, register_fork);
    take();
    if (all.first_free != SVC__TICKET_NONE || grow()) {
        struct chunk *c;

        ticket = all.first_free;
        c = chunk_of(ticket);
        all.first_free = c->refs[place_of(ticket)];
        c->refs[place_of(ticket)] = 1;
        svc__slot_begin(&c->slots[place_of(ticket)]);
    }
    leave();
    return ticket;
}

void svc__ticket_ref(const uint32_t *tickets, size_t count)
{
    take();
    for (size_t i = 0; i < count; i++)
        chunk_of(tickets[i])->refs[place_of(tickets[i])]++;
    leave();
}

/* What is still in flight ends with the last reference: its epoch is over. */
void svc__ticket_unref(const uint32_t *tickets, size_t count)
{
    take();
    for (size_t i = 0; i < count; i++) {
        struct chunk *c = chunk_of(tickets[i]);
        const uint32_t at = place_of(tickets[i]);

        if (--c->refs[at] > 0)
            continue;
        svc__slot_begin(&c->slots[at]);
        c->refs[at] = all.first_free;
        all.first_free = tickets[i];
    }
    leave();
}

struct svc__slot *svc__ticket_slot(uint32_t ticket)
{
    struct chunk *c = chunk_of(ticket);

    return c == NULL ? NULL : &c->slots[place_of(ticket)];
}
