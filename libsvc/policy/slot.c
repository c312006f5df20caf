/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what an outcome does to a slot. Updates that two threads make at the
 * same moment may lose one of the two where that only blurs an average; counts
 * lose nothing.
 */
#include "policy/slot.h"

#include <svc/svc.h>

/* The word of the next epoch: nothing in flight. */
static uint64_t next_epoch(uint64_t word)
{
    const uint64_t epoch = (svc__slot_epoch(word) + 1) & SVC__SLOT_EPOCH_MASK;

    return (word >> SVC__SLOT_GOOD_SHIFT) << SVC__SLOT_GOOD_SHIFT |
           epoch << SVC__SLOT_EPOCH_SHIFT;
}

void svc__slot_begin(struct svc__slot *s)
{
    uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);

    while (!atomic_compare_exchange_weak_explicit(
        &s->word, &word, next_epoch(word), memory_order_relaxed,
        memory_order_relaxed))
        continue;
    atomic_store_explicit(&s->latency, 0, memory_order_relaxed);
    atomic_store_explicit(&s->failed_ms, 0, memory_order_relaxed);
    atomic_store_explicit(&s->row, 0, memory_order_relaxed);
}

uint64_t svc__slot_forget(struct svc__slot *s, uint64_t word, uint32_t *leaked)
{
    /* The caller counted itself in already: it is the only one then. */
    const uint64_t anew = next_epoch(word) + 1;
    uint64_t now = word + 1;

    if (atomic_compare_exchange_strong_explicit(
            &s->word, &now, anew, memory_order_relaxed, memory_order_relaxed)) {
        *leaked = (uint32_t)(word & SVC__SLOT_FLIGHT_MASK);
        return anew;
    }
    return word; /* somebody else is at it: the count is in use after all */
}

/* Ends the count. Returns 0 where there is none of that epoch. */
static int leave(struct svc__slot *s, uint32_t epoch, int is_good)
{
    const uint64_t good = (uint64_t)is_good << SVC__SLOT_GOOD_SHIFT;
    uint64_t word = atomic_load_explicit(&s->word, memory_order_relaxed);

    do {
        if (svc__slot_epoch(word) != epoch ||
            (word & SVC__SLOT_FLIGHT_MASK) == 0)
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
