/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what an outcome does to a slot. Updates that two threads make at the
 * same moment may lose one of the two where that only blurs an average; counts
 * lose nothing.
 */
#include "policy/slot.h"

#include <svc/svc.h>

/* Of svc__slot.former: the epoch before is about to have what is in flight, and
 * the lower half counts what has ended meanwhile. */
#define TURNING (UINT64_C(1) << 63)

static uint32_t flight_of(uint64_t word)
{
    return (uint32_t)(word & SVC__SLOT_FLIGHT_MASK);
}

/* The word of a later epoch: nothing in flight. */
static uint64_t later_epoch(uint64_t word, uint32_t by)
{
    const uint64_t epoch = (svc__slot_epoch(word) + by) & SVC__SLOT_EPOCH_MASK;

    return (word >> SVC__SLOT_GOOD_SHIFT) << SVC__SLOT_GOOD_SHIFT |
           epoch << SVC__SLOT_EPOCH_SHIFT;
}

/* The other word of one that nothing of the epoch before is in flight to. */
static uint64_t former_of(uint64_t word)
{
    return (uint64_t)svc__slot_epoch(word) << 32;
}

static int is_former_of(uint64_t former, uint64_t word)
{
    return (former >> 32 & SVC__SLOT_EPOCH_MASK) == svc__slot_epoch(word);
}

/* ---- lives and epochs --------------------------------------------------- */

/* The second next epoch: picks of the last one are not of the one before. */
void svc__slot_begin(struct svc__slot *s)
{
    uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);

    atomic_store_explicit(&s->former, 0, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(
        &s->word, &word, later_epoch(word, 2), memory_order_release,
        memory_order_relaxed))
        continue;
    atomic_store_explicit(&s->latency, 0, memory_order_relaxed);
    atomic_store_explicit(&s->failed_ms, 0, memory_order_relaxed);
    atomic_store_explicit(&s->row, 0, memory_order_relaxed);
}

/* Whether an epoch is over, or full, and has begun altogether. */
static int is_due(const struct svc__slot *s, uint64_t former, uint64_t word,
                  uint32_t now_ms)
{
    if ((former & TURNING) != 0 && is_former_of(former, word))
        return 0;
    return svc__slot_epoch_age(s, now_ms) > SVC__SLOT_LEAK_MS ||
           flight_of(word) > SVC__SLOT_FLIGHT_MASK / 2;
}

/* Where an epoch is due, one of many threads marks the next one, and what is
 * left of the one before leaked. Returns 0: not due; else the word to turn,
 * whoever has marked it. */
static int claim(struct svc__slot *s, uint32_t now_ms, uint64_t *ret_word,
                 uint32_t *leaked)
{
    uint64_t former;
    uint64_t next;

    do {
        former = atomic_load_explicit(&s->former, memory_order_acquire);
        *ret_word = atomic_load_explicit(&s->word, memory_order_relaxed);
        next = former_of(later_epoch(*ret_word, 1)) | TURNING;
        if (former >> 32 == next >> 32)
            return 1;
        if (!is_due(s, former, *ret_word, now_ms))
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(
        &s->former, &former, next, memory_order_relaxed, memory_order_relaxed));
    *leaked += is_former_of(former, *ret_word) ? (uint32_t)former : 0;
    return 1;
}

/* What was in flight is of the epoch before, but for what has ended since; or
 * too old for that as well. */
static void settle(struct svc__slot *s, uint64_t word, int is_kept,
                   uint32_t *leaked)
{
    const uint32_t count = flight_of(word);
    const uint64_t settled = former_of(later_epoch(word, 1));
    uint64_t former = atomic_load_explicit(&s->former, memory_order_relaxed);
    uint32_t left;

    do {
        if (former >> 32 != (settled | TURNING) >> 32)
            return; /* a new life: nothing of this one counts */
        left = (uint32_t)former < count ? count - (uint32_t)former : 0;
    } while (!atomic_compare_exchange_weak_explicit(
        &s->former, &former, settled | (is_kept ? left : 0),
        memory_order_release, memory_order_relaxed));
    *leaked += is_kept ? 0 : left;
}

/* Who comes while another thread is at it turns the word himself if need be, so
 * that his pick is not of the epoch that ends; the one that does it does what
 * is left. An epoch in use begins when the last one was over, not when somebody
 * comes: so nothing counts for longer than two. Where a life begins meanwhile,
 * the count of the one before may stay a part of it until the next turn. */
void svc__slot_turn(struct svc__slot *s, uint32_t now_ms, uint32_t *leaked)
{
    uint64_t word;
    uint32_t epoch;
    uint32_t age;
    int is_next;

    if (!claim(s, now_ms, &word, leaked))
        return;
    epoch = svc__slot_epoch(word);
    age = svc__slot_epoch_age(s, now_ms);
    is_next = age > SVC__SLOT_LEAK_MS && age <= 2 * SVC__SLOT_LEAK_MS;
    do {
        if (svc__slot_epoch(word) != epoch)
            return;
    } while (!atomic_compare_exchange_weak_explicit(
        &s->word, &word, later_epoch(word, 1), memory_order_release,
        memory_order_relaxed));
    atomic_store_explicit(&s->began_ms,
                          is_next ? now_ms - age + SVC__SLOT_LEAK_MS : now_ms,
                          memory_order_release);
    settle(s, word, age <= 2 * SVC__SLOT_LEAK_MS, leaked);
}

/* ---- outcomes ----------------------------------------------------------- */

/* Ends the count of a pick of the epoch before. */
static int leave_former(struct svc__slot *s, uint32_t epoch, uint64_t good)
{
    /* Read anew: who sees an epoch has to see what was claimed for it. */
    const uint64_t word = atomic_load_explicit(&s->word, memory_order_acquire);
    uint64_t former = atomic_load_explicit(&s->former, memory_order_relaxed);
    uint64_t next;

    if (((epoch + 1) & SVC__SLOT_EPOCH_MASK) != svc__slot_epoch(word))
        return 0;
    do {
        const int is_turning = (former & TURNING) != 0;

        if (!is_former_of(former, word) ||
            (!is_turning && (uint32_t)former == 0))
            return 0;
        next = is_turning ? former + 1 : former - 1;
    } while (!atomic_compare_exchange_weak_explicit(
        &s->former, &former, next, memory_order_relaxed, memory_order_relaxed));
    if (good != 0)
        atomic_fetch_add_explicit(&s->word, good, memory_order_relaxed);
    return 1;
}

/* Ends the count. Returns 0 where there is none of that epoch. */
static int leave(struct svc__slot *s, uint32_t epoch, int is_good)
{
    const uint64_t good = (uint64_t)is_good << SVC__SLOT_GOOD_SHIFT;
    uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);

    do {
        if (svc__slot_epoch(word) != epoch)
            return leave_former(s, epoch, good);
        if (flight_of(word) == 0)
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(
        &s->word, &word, word - 1 + good, memory_order_relaxed,
        memory_order_relaxed));
    return 1;
}

static uint64_t pack(float us, uint32_t now_ms)
{
    uint32_t bits;

    memcpy(&bits, &us, sizeof(bits));
    return (uint64_t)bits << 32 | now_ms;
}

/* An average over time, not over answers: how much a latency counts is how long
 * it is since the last one. No peak counts at once, as it does in other
 * averages of that kind: one long answer among many would turn picks away for
 * seconds, and an endpoint that stands still is seen by what is in flight to
 * it. */
static void learn(struct svc__slot *s, float us, uint32_t now_ms)
{
    const uint64_t before =
        atomic_load_explicit(&s->latency, memory_order_relaxed);
    float average;

    /* A latency of 0 is one that is too short to be measured. */
    if (!(us > 0.001F))
        us = 0.001F;
    average = us;
    if (before != 0) {
        const float left = svc__slot_left(before, now_ms);

        average = svc__slot_average(before) * left + us * (1.0F - left);
    }
    atomic_store_explicit(&s->latency, pack(average, now_ms),
                          memory_order_relaxed);
}

/* Whether a good outcome of a pick that took us came behind the last failure,
 * so that it speaks for what the endpoint is now. */
static int is_newer(uint32_t failed_ms, float us, uint32_t now_ms)
{
    const float since = (float)svc__slot_age(now_ms, failed_ms) * 1000.0F;

    return us < 0.0F || us < since;
}

static void succeed(struct svc__slot *s, float us, uint32_t now_ms)
{
    const uint32_t failed_ms =
        atomic_load_explicit(&s->failed_ms, memory_order_relaxed);

    if (us >= 0.0F)
        learn(s, us, now_ms);
    if (failed_ms != 0 && is_newer(failed_ms, us, now_ms))
        atomic_store_explicit(&s->failed_ms, 0, memory_order_relaxed);
    if (atomic_load_explicit(&s->row, memory_order_relaxed) != 0)
        atomic_store_explicit(&s->row, 0, memory_order_relaxed);
}

enum svc__slot_found svc__slot_done(struct svc__slot *s, uint32_t epoch,
                                    int outcome, float us, uint32_t now_ms)
{
    if (!leave(s, epoch, outcome == SVC_OUTCOME_OK))
        return SVC__SLOT_STALE;
    switch (outcome) {
    case SVC_OUTCOME_OK:
        succeed(s, us, now_ms);
        return SVC__SLOT_TAKEN;
    case SVC_OUTCOME_CANCELLED:
        return SVC__SLOT_TAKEN;
    case SVC_OUTCOME_BUSY:
        break;
    default:
        atomic_fetch_add_explicit(&s->row, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&s->bad, 1, memory_order_relaxed);
        break;
    }
    /* What took a second to time out is slow, too. */
    if (outcome == SVC_OUTCOME_TIMEOUT && us >= 0.0F)
        learn(s, us, now_ms);
    atomic_store_explicit(&s->failed_ms, now_ms | 1, memory_order_relaxed);
    return outcome == SVC_OUTCOME_BUSY ? SVC__SLOT_TAKEN : SVC__SLOT_FAILED;
}
