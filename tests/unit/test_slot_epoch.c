/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks that stay open: how long each counts, in virtual time, whatever else is
 * picked meanwhile.
 */
#include "policy/slot.h"

#include "base/rng.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <svc/svc.h>

#include <cmocka.h>

#define NOW  5000000u
#define LEAK ((uint32_t)SVC__SLOT_LEAK_MS)

static int end_of(struct svc__slot *s, uint32_t epoch, uint32_t now_ms)
{
    return svc__slot_done(s, epoch, SVC_OUTCOME_OK, 1000, now_ms);
}

/* ---- an endpoint in use ------------------------------------------------- */

enum {
    PICKS = 4000,
    NEVER = -1
};

struct use {
    struct svc__slot slot;
    struct svc__rng rng;
    uint32_t now_ms;
    uint32_t leaked;
    uint32_t lost; /* picks that nobody is going to close */
    size_t count;
    struct {
        uint32_t began_ms;
        uint32_t epoch;
        int left_ms; /* until it is closed, or NEVER */
        int is_open;
    } picks[PICKS];
};

/* One more: one in a hundred is lost, others are closed within ten minutes. */
static void pick(struct use *u)
{
    const int is_lost = svc__rng_below(&u->rng, 100) == 0;

    u->picks[u->count].began_ms = u->now_ms;
    u->picks[u->count].epoch = svc__slot_take(&u->slot, u->now_ms, &u->leaked);
    u->picks[u->count].left_ms =
        is_lost ? NEVER : (int)svc__rng_below(&u->rng, LEAK);
    u->picks[u->count].is_open = 1;
    u->lost += (uint32_t)is_lost;
    u->count++;
}

/* None of those that are closed in time is late. */
static void close_due(struct use *u)
{
    for (size_t i = 0; i < u->count; i++) {
        const uint32_t age = u->now_ms - u->picks[i].began_ms;

        if (!u->picks[i].is_open || u->picks[i].left_ms == NEVER ||
            age < (uint32_t)u->picks[i].left_ms)
            continue;
        u->picks[i].is_open = 0;
        if (end_of(&u->slot, u->picks[i].epoch, u->now_ms) != SVC__SLOT_TAKEN &&
            age <= LEAK)
            fail_msg("closed after %u ms, and late", age);
    }
}

/* What is open counts for ten minutes, and none for more than twenty. */
static void check(const struct use *u)
{
    const uint32_t in_flight = svc__slot_in_flight(&u->slot, u->now_ms);
    uint32_t least = 0;
    uint32_t most = 0;

    for (size_t i = 0; i < u->count; i++) {
        const uint32_t age = u->now_ms - u->picks[i].began_ms;

        if (u->picks[i].is_open) {
            least += age <= LEAK;
            most += age <= 2 * LEAK;
        }
    }
    assert_in_range(in_flight, least, most);
}

/* Picks come this often; in between time passes by steps, so that what is to be
 * closed is closed in time. */
static void run(struct use *u, uint32_t gap_ms, size_t picks)
{
    const uint32_t step_ms = gap_ms < 20000 ? gap_ms : 20000;
    uint32_t wait_ms = 0;

    memset(u, 0, sizeof(*u));
    svc__rng_seed(&u->rng, gap_ms);
    u->now_ms = NOW;
    while (u->count < picks) {
        if (wait_ms == 0) {
            pick(u);
            wait_ms = gap_ms;
        }
        check(u);
        u->now_ms += step_ms;
        wait_ms -= step_ms < wait_ms ? step_ms : wait_ms;
        close_due(u);
    }
}

/* Faults L4: however often an endpoint is picked, what leaks there is forgotten
 * by and by, and all of it is counted. */
static void what_leaks_is_forgotten_and_counted(void **state)
{
    static const struct {
        uint32_t gap_ms;
        size_t picks;
    } uses[] = {{1000, PICKS},  {1700, PICKS},  {37000, 1000},
                {300000, 1000}, {600000, 1000}, {601000, 1000},
                {780000, 500},  {1190000, 500}, {1500000, 500}};
    static struct use u;

    (void)state;
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        run(&u, uses[i].gap_ms, uses[i].picks);
        for (uint32_t past = 0; past <= LEAK; past += 1000, u.now_ms += 1000)
            close_due(&u);
        u.now_ms += 2 * LEAK;
        assert_int_equal(svc__slot_in_flight(&u.slot, u.now_ms), 0);
        (void)svc__slot_take(&u.slot, u.now_ms, &u.leaked);
        assert_true(u.lost > 0);
        assert_int_equal(u.leaked, u.lost);
        assert_int_equal(svc__slot_in_flight(&u.slot, u.now_ms), 1);
    }
}

/* ---- one that is not picked any more ------------------------------------ */

/* It looks dear, so that nobody picks it, and recovers all the same. */
static void who_is_not_picked_recovers(void **state)
{
    struct svc__slot s = {0};
    uint32_t leaked = 0;

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        (void)svc__slot_take(&s, NOW, &leaked);
    for (uint32_t i = 0; i < 50; i++)
        (void)svc__slot_take(&s, NOW + LEAK + 1, &leaked);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 2 * LEAK), 150);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 2 * LEAK + 1), 50);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 3 * LEAK), 50);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 3 * LEAK + 1), 0);
    assert_true(svc__slot_cost(&s, NOW + 3 * LEAK + 1) <= 0.0F);
    assert_int_equal(leaked, 0);
    (void)svc__slot_take(&s, NOW + 9 * LEAK, &leaked);
    assert_int_equal(leaked, 150);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 9 * LEAK), 1);
}

/* Connections that last, where nobody comes but at the begin and at the end of
 * an epoch: each counts for ten minutes, and may be closed. */
static void long_picks_count_for_ten_minutes(void **state)
{
    struct svc__slot s = {0};
    uint32_t leaked = 0;
    const uint32_t first = svc__slot_take(&s, NOW, &leaked);
    const uint32_t second = svc__slot_take(&s, NOW + LEAK, &leaked);
    uint32_t third;

    (void)state;
    assert_int_equal(svc__slot_in_flight(&s, NOW + LEAK), 2);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 2 * LEAK), 2);
    third = svc__slot_take(&s, NOW + 2 * LEAK, &leaked);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 2 * LEAK), 3);
    assert_int_equal(leaked, 0);
    assert_int_equal(end_of(&s, second, NOW + 2 * LEAK), SVC__SLOT_TAKEN);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 2 * LEAK), 2);
    (void)svc__slot_take(&s, NOW + 2 * LEAK + 1, &leaked);
    assert_int_equal(leaked, 1);
    assert_int_equal(end_of(&s, first, NOW + 2 * LEAK + 1), SVC__SLOT_STALE);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 3 * LEAK), 2);
    assert_int_equal(end_of(&s, third, NOW + 3 * LEAK), SVC__SLOT_TAKEN);
    assert_int_equal(svc__slot_in_flight(&s, NOW + 3 * LEAK), 1);
}

/* Nobody came for longer than anything counts: all of it leaked. */
static void after_a_long_pause_all_is_late(void **state)
{
    struct svc__slot s = {0};
    uint32_t leaked = 0;
    const uint32_t first = svc__slot_take(&s, NOW, &leaked);
    const uint32_t second = svc__slot_take(&s, NOW + LEAK + 1, &leaked);
    const uint32_t late_ms = NOW + 3 * LEAK + 1;
    const uint32_t third = svc__slot_take(&s, late_ms, &leaked);

    (void)state;
    assert_int_equal(leaked, 2);
    assert_int_equal(end_of(&s, first, late_ms), SVC__SLOT_STALE);
    assert_int_equal(end_of(&s, second, late_ms), SVC__SLOT_STALE);
    assert_int_equal(svc__slot_in_flight(&s, late_ms), 1);
    assert_int_equal(end_of(&s, third, late_ms), SVC__SLOT_TAKEN);
    assert_int_equal(end_of(&s, third, late_ms), SVC__SLOT_STALE);
    assert_int_equal(svc__slot_in_flight(&s, late_ms), 0);
}

/* ---- what else ends a count --------------------------------------------- */

/* Faults L4: neither what is in flight nor what was so before belongs to who
 * is there now. */
static void a_new_life_ends_both(void **state)
{
    struct svc__slot s = {0};
    uint32_t leaked = 0;
    const uint32_t first = svc__slot_take(&s, NOW, &leaked);
    const uint32_t late_ms = NOW + LEAK + 1;
    const uint32_t second = svc__slot_take(&s, late_ms, &leaked);

    (void)state;
    svc__slot_begin(&s);
    assert_int_equal(svc__slot_in_flight(&s, late_ms), 0);
    assert_int_equal(end_of(&s, first, late_ms), SVC__SLOT_STALE);
    assert_int_equal(end_of(&s, second, late_ms), SVC__SLOT_STALE);
    (void)svc__slot_take(&s, late_ms, &leaked);
    assert_int_equal(svc__slot_in_flight(&s, late_ms), 1);
    assert_int_equal(end_of(&s, first, late_ms), SVC__SLOT_STALE);
    assert_int_equal(end_of(&s, second, late_ms), SVC__SLOT_STALE);
    (void)svc__slot_take(&s, late_ms + LEAK, &leaked);
    assert_int_equal(svc__slot_in_flight(&s, late_ms + LEAK), 2);
    assert_int_equal(leaked, 0);
}

/* An outcome counts, whichever epoch its pick is of; a second end does not. */
static void the_epoch_before_has_outcomes(void **state)
{
    struct svc__slot s = {0};
    uint32_t leaked = 0;
    const uint32_t good = svc__slot_take(&s, NOW, &leaked);
    const uint32_t bad = svc__slot_take(&s, NOW, &leaked);
    const uint32_t late_ms = NOW + LEAK + 1;

    (void)state;
    (void)svc__slot_take(&s, late_ms, &leaked);
    assert_int_equal(end_of(&s, good, late_ms), SVC__SLOT_TAKEN);
    assert_int_equal(s.word >> SVC__SLOT_GOOD_SHIFT, 1);
    assert_int_equal(svc__slot_done(&s, bad, SVC_OUTCOME_ERROR, 1, late_ms),
                     SVC__SLOT_FAILED);
    assert_int_equal(s.row, 1);
    assert_int_equal(svc__slot_in_flight(&s, late_ms), 1);
    assert_int_equal(end_of(&s, good, late_ms), SVC__SLOT_STALE);
    assert_int_equal(s.word >> SVC__SLOT_GOOD_SHIFT, 1);
    assert_int_equal(svc__slot_in_flight(&s, late_ms), 1);
}

/* A count that came near the end of its bits begins anew, whatever the time,
 * and what is left of the one before leaked. */
static void counts_do_not_run_over(void **state)
{
    enum {
        HALF = (1 << 19) + 1
    };
    struct svc__slot s = {0};
    uint32_t leaked = 0;
    uint32_t epoch = 0;

    (void)state;
    for (int i = 0; i < HALF; i++)
        epoch = svc__slot_take(&s, NOW, &leaked);
    assert_int_equal(svc__slot_in_flight(&s, NOW), HALF);
    assert_int_equal(end_of(&s, epoch, NOW), SVC__SLOT_TAKEN);
    assert_int_equal(svc__slot_in_flight(&s, NOW), HALF - 1);
    assert_int_equal(leaked, 0);
    for (int i = 0; i < HALF; i++)
        (void)svc__slot_take(&s, NOW, &leaked);
    assert_int_equal(leaked, HALF - 1);
    assert_int_equal(svc__slot_in_flight(&s, NOW), HALF);
}

/* A thread that comes while another one is about to turn the epoch is not of
 * the one that ends. */
static void who_comes_meanwhile_helps(void **state)
{
    struct svc__slot s = {0};
    uint32_t leaked = 0;
    const uint32_t first = svc__slot_take(&s, NOW, &leaked);
    const uint32_t late_ms = NOW + 2 * LEAK;
    uint32_t second;

    (void)state;
    s.former = (uint64_t)(first + 1) << 32 | UINT64_C(1) << 63;
    second = svc__slot_take(&s, late_ms, &leaked);
    assert_int_equal(second, first + 1);
    assert_int_equal(svc__slot_in_flight(&s, late_ms), 2);
    assert_int_equal(end_of(&s, first, late_ms), SVC__SLOT_TAKEN);
    (void)svc__slot_take(&s, late_ms + LEAK, &leaked);
    assert_int_equal(end_of(&s, second, late_ms + LEAK), SVC__SLOT_TAKEN);
    assert_int_equal(leaked, 0);
}

/* ---- threads ------------------------------------------------------------ */

enum {
    THREADS = 4,
    ROUNDS = 3000,
    EACH = 8
};

static struct {
    struct svc__slot slot;
    pthread_barrier_t barrier;
    _Atomic uint32_t leaked;
    _Atomic uint32_t late;
} race;

/* Six minutes a round: each second one finds an old epoch, all at once, and
 * each round ends the picks of the one before. */
static void *take_and_end(void *arg)
{
    uint32_t epochs[EACH] = {0};
    uint32_t leaked = 0;

    (void)arg;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint32_t now_ms = NOW + round * 360000;

        pthread_barrier_wait(&race.barrier);
        for (size_t i = 0; i < EACH; i++) {
            const uint32_t old = epochs[i];

            epochs[i] = svc__slot_take(&race.slot, now_ms, &leaked);
            if (round > 0 && end_of(&race.slot, old, now_ms) != SVC__SLOT_TAKEN)
                race.late++;
        }
    }
    race.leaked += leaked;
    return NULL;
}

/* However many begin an epoch at once, each pick is counted once. */
static void many_threads_begin_an_epoch(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    assert_int_equal(pthread_barrier_init(&race.barrier, NULL, THREADS), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_end, NULL),
                         0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&race.barrier);
    assert_int_equal(race.late, 0);
    assert_int_equal(race.leaked, 0);
    assert_int_equal(
        svc__slot_in_flight(&race.slot, NOW + (ROUNDS - 1) * 360000u),
        THREADS * EACH);
    assert_int_equal(race.slot.word >> SVC__SLOT_GOOD_SHIFT,
                     THREADS * EACH * (ROUNDS - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_leaks_is_forgotten_and_counted),
        cmocka_unit_test(who_is_not_picked_recovers),
        cmocka_unit_test(long_picks_count_for_ten_minutes),
        cmocka_unit_test(after_a_long_pause_all_is_late),
        cmocka_unit_test(a_new_life_ends_both),
        cmocka_unit_test(the_epoch_before_has_outcomes),
        cmocka_unit_test(counts_do_not_run_over),
        cmocka_unit_test(who_comes_meanwhile_helps),
        cmocka_unit_test(many_threads_begin_an_epoch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
