/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of one endpoint: picks in flight, latency, failures. A
 * slot belongs to an identity and outlives the sets that have it. Any thread;
 * every member is read and written by atomic operations, most of them on one
 * word.
 *
 * Time is in milliseconds modulo 2^32, handed in; latency is in microseconds.
 */
#ifndef SVC_POLICY_SLOT_H
#define SVC_POLICY_SLOT_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#define SVC__SLOT_DECAY_MS                                                     \
    10000.0F                      /* memory of latencies, by a factor of e     \
                                   */
#define SVC__SLOT_FAILURE_MS 5000 /* a failure costs for so long */
#define SVC__SLOT_FAILURE_US 1000000.0F /* so much */
#define SVC__SLOT_UNKNOWN_US                                                   \
    1000000.0F /* cost of what is in flight to one that                        \
                 never answered */
#define SVC__SLOT_LEAK_MS                                                      \
    600000 /* an epoch: a pick counts in its own and                           \
              in the next */

/* The word of a slot, from its low end: 20 bits of picks in flight, 20 of the
 * epoch, 24 of good outcomes, which run over. */
#define SVC__SLOT_FLIGHT_MASK ((UINT64_C(1) << 20) - 1)
#define SVC__SLOT_EPOCH_SHIFT 20
#define SVC__SLOT_EPOCH_MASK  ((UINT64_C(1) << 20) - 1)
#define SVC__SLOT_GOOD_SHIFT  40

struct svc__slot {
    _Alignas(64) _Atomic uint64_t word;
    _Atomic uint64_t former;    /* in the lower half picks in flight of the
                                   epoch before the one in the upper half */
    _Atomic uint64_t latency;   /* an average, a float's bits, in the upper
                                   half, when in the lower; 0: none */
    _Atomic uint32_t failed_ms; /* when it failed last, odd; 0: it did not, or
                                   has done well since */
    _Atomic uint32_t began_ms;  /* when the epoch began */
    _Atomic uint32_t row;       /* failures with nothing good in between */
    _Atomic uint32_t bad;       /* failures since ever, runs over */
};

/* What svc__slot_done finds. */
enum svc__slot_found {
    SVC__SLOT_STALE = -1, /* not the slot of that pick any more: ignored */
    SVC__SLOT_TAKEN = 0,
    SVC__SLOT_FAILED = 1 /* a failure that may eject, counted */
};

/* Begins a life: nothing known, nothing in flight. What was picked in the life
 * before is stale from now on. Loop. */
void svc__slot_begin(struct svc__slot *s);

/* Counts a pick; returns the epoch, for svc__slot_done. Picks that it finds to
 * have leaked are added to *leaked. */
static inline uint32_t svc__slot_take(struct svc__slot *s, uint32_t now_ms,
                                      uint32_t *leaked);

/* Ends a pick that was counted in this epoch. outcome is an enum svc_outcome,
 * us its latency, below 0: not known. */
enum svc__slot_found svc__slot_done(struct svc__slot *s, uint32_t epoch,
                                    int outcome, float us, uint32_t now_ms);

/* Of a word. */
static inline uint32_t svc__slot_epoch(uint64_t word)
{
    return (uint32_t)(word >> SVC__SLOT_EPOCH_SHIFT & SVC__SLOT_EPOCH_MASK);
}

/* How long ago a moment is; 0 for one that another thread's clock has not come
 * to yet, which is no more than a minute ahead. */
static inline uint32_t svc__slot_age(uint32_t now_ms, uint32_t then_ms)
{
    const uint32_t age = now_ms - then_ms;

    return age > UINT32_MAX - 60000 ? 0 : age;
}

static inline uint32_t svc__slot_epoch_age(const struct svc__slot *s,
                                           uint32_t now_ms)
{
    return svc__slot_age(
        now_ms, atomic_load_explicit(&s->began_ms, memory_order_acquire));
}

/* Begins an epoch, where the last one is over or full. */
void svc__slot_turn(struct svc__slot *s, uint32_t now_ms, uint32_t *leaked);

static inline uint32_t svc__slot_take(struct svc__slot *s, uint32_t now_ms,
                                      uint32_t *leaked)
{
    uint64_t word;

    if (now_ms - atomic_load_explicit(&s->began_ms, memory_order_acquire) >
        SVC__SLOT_LEAK_MS)
        svc__slot_turn(s, now_ms, leaked);
    word = atomic_fetch_add_explicit(&s->word, 1, memory_order_relaxed);
    if ((word & SVC__SLOT_FLIGHT_MASK) > SVC__SLOT_FLIGHT_MASK / 2)
        svc__slot_turn(s, now_ms, leaked);
    return svc__slot_epoch(word);
}

/* Picks in flight. By its age alone an epoch counts no more, also where nobody
 * picks: what looks dear for what leaked there is not picked. */
static inline uint32_t svc__slot_in_flight(const struct svc__slot *s,
                                           uint32_t now_ms)
{
    const uint32_t count =
        (uint32_t)(atomic_load_explicit(&s->word, memory_order_relaxed) &
                   SVC__SLOT_FLIGHT_MASK);
    const uint32_t former =
        (uint32_t)atomic_load_explicit(&s->former, memory_order_relaxed);
    uint32_t age;

    if (count + former == 0)
        return 0;
    age = svc__slot_epoch_age(s, now_ms);
    if (age <= SVC__SLOT_LEAK_MS)
        return count + former;
    return age <= 2 * SVC__SLOT_LEAK_MS ? count : 0;
}

/* e to the minus x, for x from 0, to a part in five thousand: 2 to the minus y,
 * whose whole part is an exponent and whose rest a polynomial of least error.
 */
static inline float svc__slot_decay(float x)
{
    const float y = x * 1.442695041F; /* as a power of 2 */
    uint32_t whole;
    float part;
    uint32_t bits;

    if (y > 100.0F)
        return 0.0F;
    whole = (uint32_t)y;
    part = y - (float)whole;
    part = 1.0F - part * (0.6914217F - part * (0.2305555F - part * 0.0391338F));
    memcpy(&bits, &part, sizeof(bits));
    bits -= whole << 23;
    memcpy(&part, &bits, sizeof(part));
    return part;
}

/* The average of a latency word, in microseconds. */
static inline float svc__slot_average(uint64_t latency)
{
    const uint32_t bits = (uint32_t)(latency >> 32);
    float us;

    memcpy(&us, &bits, sizeof(us));
    return us;
}

/* How much of what was learned then is left now. */
static inline float svc__slot_left(uint64_t latency, uint32_t now_ms)
{
    const uint32_t age = svc__slot_age(now_ms, (uint32_t)latency);

    return age == 0 ? 1.0F : svc__slot_decay((float)age / SVC__SLOT_DECAY_MS);
}

/* What it would cost to pick it, weights aside: its latency, and that of what
 * is in flight there. What was learned is forgotten by and by, so that it is
 * tried again, but not while it owes an answer: one that takes longer than it
 * is remembered would look the better the more there is in flight to it. One
 * that never answered costs nothing as long as nothing is in flight to it, so
 * that it is tried, by one at a time. */
static inline float svc__slot_cost(const struct svc__slot *s, uint32_t now_ms)
{
    const uint64_t latency =
        atomic_load_explicit(&s->latency, memory_order_relaxed);
    const uint32_t failed_ms =
        atomic_load_explicit(&s->failed_ms, memory_order_relaxed);
    const uint32_t count = svc__slot_in_flight(s, now_ms);
    float us = 0.0F;

    if (latency != 0)
        us = svc__slot_average(latency) *
             (count != 0 ? 1.0F : svc__slot_left(latency, now_ms));
    else if (count != 0)
        us = SVC__SLOT_UNKNOWN_US;
    if (failed_ms != 0 &&
        svc__slot_age(now_ms, failed_ms) < SVC__SLOT_FAILURE_MS)
        us += SVC__SLOT_FAILURE_US;
    return us * (float)(count + 1);
}

#endif
