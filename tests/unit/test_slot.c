/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of an endpoint: counts that stay true whatever comes late,
 * twice or never, and costs as semantics 3 defines them.
 */
#include "policy/slot.h"

#include "base/rng.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <svc/svc.h>

#include <cmocka.h>

#define NOW 5000000u

static const float unknown_us = -1.0F;
static uint32_t leaked;

/* A cost, to a part in a hundred. */
static void assert_cost(const struct svc__slot *s, uint32_t now_ms,
                        double wanted)
{
    const double cost = (double)svc__slot_cost(s, now_ms);

    if (fabs(cost - wanted) > 0.01 * fabs(wanted))
        fail_msg("cost %f, wanted %f", cost, wanted);
}

static void answer(struct svc__slot *s, uint32_t now_ms, int outcome, float us)
{
    const uint32_t epoch = svc__slot_take(s, now_ms, &leaked);

    assert_int_not_equal(svc__slot_done(s, epoch, outcome, us, now_ms),
                         SVC__SLOT_STALE);
}

static void counts_what_is_in_flight(void **state)
{
    struct svc__slot s = {0};
    uint32_t epochs[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(svc__slot_in_flight(&s, NOW), i);
        epochs[i] = svc__slot_take(&s, NOW, &leaked);
    }
    for (size_t i = 3; i-- > 0;) {
        assert_int_equal(svc__slot_done(&s, epochs[i], SVC_OUTCOME_OK, 10, NOW),
                         SVC__SLOT_TAKEN);
        assert_int_equal(svc__slot_in_flight(&s, NOW), i);
    }
}

/* Faults L4, L6: an end that belongs to nothing changes nothing. */
static void ends_that_come_too_often_or_late_are_ignored(void **state)
{
    struct svc__slot s = {0};
    const uint32_t old = svc__slot_take(&s, NOW, &leaked);
    uint32_t epoch;

    (void)state;
    assert_int_equal(svc__slot_done(&s, old, SVC_OUTCOME_OK, 1, NOW),
                     SVC__SLOT_TAKEN);
    assert_int_equal(svc__slot_done(&s, old, SVC_OUTCOME_ERROR, 1, NOW),
                     SVC__SLOT_STALE);
    assert_int_equal(svc__slot_in_flight(&s, NOW), 0);
    assert_int_equal(s.row, 0);
    (void)svc__slot_take(&s, NOW, &leaked);
    svc__slot_begin(&s);
    assert_int_equal(svc__slot_in_flight(&s, NOW), 0);
    epoch = svc__slot_take(&s, NOW, &leaked);
    assert_int_not_equal(epoch, old);
    assert_int_equal(svc__slot_done(&s, old, SVC_OUTCOME_ERROR, 1, NOW),
                     SVC__SLOT_STALE);
    assert_int_equal(svc__slot_in_flight(&s, NOW), 1);
    assert_cost(&s, NOW, 2e6);
}

/* An epoch ends with what was known; the number of good ones goes on. */
static void a_new_life_knows_nothing(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    answer(&s, NOW, SVC_OUTCOME_OK, 500);
    answer(&s, NOW, SVC_OUTCOME_ERROR, 500);
    svc__slot_begin(&s);
    assert_cost(&s, NOW, 0);
    assert_int_equal(s.word >> SVC__SLOT_GOOD_SHIFT, 1);
}

/* Good outcomes run over at 2^24 and touch nothing beside them. */
static void good_ones_run_over(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    s.word = ~UINT64_C(0) << SVC__SLOT_GOOD_SHIFT |
             (uint64_t)7 << SVC__SLOT_EPOCH_SHIFT;
    s.began_ms = NOW;
    assert_int_equal(svc__slot_take(&s, NOW, &leaked), 7);
    assert_int_equal(svc__slot_done(&s, 7, SVC_OUTCOME_OK, 1, NOW),
                     SVC__SLOT_TAKEN);
    assert_int_equal(s.word, (uint64_t)7 << SVC__SLOT_EPOCH_SHIFT);
}

/* The last epoch is followed by the first, and each life begins two. */
static void epochs_run_over(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    s.word = SVC__SLOT_EPOCH_MASK << SVC__SLOT_EPOCH_SHIFT |
             UINT64_C(5) << SVC__SLOT_GOOD_SHIFT;
    svc__slot_begin(&s);
    assert_int_equal(s.word, UINT64_C(5) << SVC__SLOT_GOOD_SHIFT |
                                 UINT64_C(1) << SVC__SLOT_EPOCH_SHIFT);
}

static void decays_as_e_does(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        const float x = (float)i / 100;
        const double wanted = exp(-(double)x);

        assert_true(fabs((double)svc__slot_decay(x) - wanted) <=
                    0.0002 * wanted);
    }
    assert_true(svc__slot_decay(1e9F) == 0.0F);
}

/* Semantics 3, ewma: an average over time. */
static void latency_is_an_average(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    assert_cost(&s, NOW, 0);
    answer(&s, NOW, SVC_OUTCOME_OK, 1000);
    assert_cost(&s, NOW, 1000);
    assert_cost(&s, NOW + 10000, 1000 * exp(-1));
    answer(&s, NOW + 10000, SVC_OUTCOME_OK, 8000);
    assert_cost(&s, NOW + 10000, 1000 * exp(-1) + 8000 * (1 - exp(-1)));
    /* At one and the same moment no time has passed. */
    answer(&s, NOW + 10000, SVC_OUTCOME_OK, 1);
    assert_cost(&s, NOW + 10000, 1000 * exp(-1) + 8000 * (1 - exp(-1)));
}

/* One long answer among many short ones moves it little. */
static void one_answer_is_one_answer(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        answer(&s, NOW + i * 100, SVC_OUTCOME_OK, 1000);
    answer(&s, NOW + 100000, SVC_OUTCOME_OK, 10000);
    assert_cost(&s, NOW + 100000, 1090);
}

/* What owes an answer is not forgotten: else it would look the better the
 * slower it is. */
static void nothing_is_forgotten_meanwhile(void **state)
{
    struct svc__slot s = {0};
    uint32_t epoch;

    (void)state;
    answer(&s, NOW, SVC_OUTCOME_OK, 1000);
    epoch = svc__slot_take(&s, NOW, &leaked);
    assert_cost(&s, NOW + 100000, 2000);
    assert_int_equal(svc__slot_done(&s, epoch, SVC_OUTCOME_CANCELLED, -1, NOW),
                     SVC__SLOT_TAKEN);
    assert_cost(&s, NOW + 20000, 1000 * exp(-2));
}

static void what_is_in_flight_costs(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    answer(&s, NOW, SVC_OUTCOME_OK, 100);
    (void)svc__slot_take(&s, NOW, &leaked);
    (void)svc__slot_take(&s, NOW, &leaked);
    assert_cost(&s, NOW, 300);
}

/* One that never answered is tried, by one at a time. */
static void the_unknown_is_tried_once(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    assert_cost(&s, NOW, 0);
    (void)svc__slot_take(&s, NOW, &leaked);
    assert_cost(&s, NOW, 2e6);
}

/* Semantics 3: a failure costs as a second, for five. */
static void failures_cost(void **state)
{
    static const int failures[] = {SVC_OUTCOME_CONNECT, SVC_OUTCOME_TIMEOUT,
                                   SVC_OUTCOME_ERROR, SVC_OUTCOME_BUSY};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct svc__slot s = {0};

        answer(&s, NOW, SVC_OUTCOME_OK, 1);
        answer(&s, NOW + 1, failures[i], unknown_us);
        assert_cost(&s, NOW + 1, 1e6);
        assert_cost(&s, NOW + 5000, 1e6);
        assert_true(svc__slot_cost(&s, NOW + 5002) < 1.0F);
        assert_int_equal(s.row, failures[i] != SVC_OUTCOME_BUSY);
        assert_int_equal(s.bad, failures[i] != SVC_OUTCOME_BUSY);
        /* Done well, by a pick of before: it says nothing of now. */
        answer(&s, NOW + 1001, SVC_OUTCOME_OK, 1500000);
        assert_true(svc__slot_cost(&s, NOW + 1001) > 1e6F);
        assert_int_equal(s.row, 0);
        answer(&s, NOW + 1001, SVC_OUTCOME_OK, 500000);
        assert_true(svc__slot_cost(&s, NOW + 1001) < 1e6F);
    }
}

static void what_was_cancelled_says_nothing(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    answer(&s, NOW, SVC_OUTCOME_CANCELLED, 100);
    assert_cost(&s, NOW, 0);
    assert_int_equal(s.word >> SVC__SLOT_GOOD_SHIFT, 0);
    assert_int_equal(s.bad, 0);
}

/* Time-outs are slow as well. */
static void a_timeout_has_its_latency(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    answer(&s, NOW, SVC_OUTCOME_TIMEOUT, 2000000);
    assert_cost(&s, NOW, 3e6);
    assert_cost(&s, NOW + 5002, 2e6 * exp(-0.5));
}

/* Stamps are taken modulo 2^32, and another thread's may be a little ahead. */
static void time_runs_over(void **state)
{
    struct svc__slot s = {0};

    (void)state;
    answer(&s, UINT32_MAX - 999, SVC_OUTCOME_OK, 1000);
    assert_cost(&s, 9000, 1000 * exp(-1));
    assert_cost(&s, UINT32_MAX - 1500, 1000);
}

/* Nothing that is forgotten comes back, however long nobody asks: but for the
 * last minute before the stamps begin anew, which may be another thread's lead.
 */
static void nothing_comes_back(void **state)
{
    const uint32_t longest = UINT32_MAX - 60000;
    struct svc__slot s = {0};

    (void)state;
    answer(&s, NOW, SVC_OUTCOME_OK, 1000);
    answer(&s, NOW, SVC_OUTCOME_ERROR, unknown_us);
    (void)svc__slot_take(&s, NOW, &leaked);
    for (uint32_t age = 2 * SVC__SLOT_LEAK_MS + 1; age < longest - 100000;
         age += 100000) {
        assert_int_equal(svc__slot_age(NOW + age, NOW), age);
        assert_int_equal(svc__slot_in_flight(&s, NOW + age), 0);
        assert_true(svc__slot_cost(&s, NOW + age) < 1.0F);
    }
    assert_int_equal(svc__slot_age(NOW + longest, NOW), longest);
    assert_int_equal(svc__slot_age(NOW + longest + 1, NOW), 0);
    assert_int_equal(svc__slot_age(NOW - 1, NOW), 0);
}

#define THREADS 4
#define EACH    50000

static void *take_and_end(void *arg)
{
    struct svc__slot *s = arg;
    uint32_t none = 0;

    for (int i = 0; i < EACH; i++) {
        const uint32_t epoch = svc__slot_take(s, NOW, &none);

        (void)svc__slot_done(s, epoch, i % 3, 10, NOW);
    }
    return NULL;
}

/* However many there are at once, none of the counts is lost. */
static void many_threads_at_once(void **state)
{
    static struct svc__slot s;
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_end, &s),
                         0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(svc__slot_in_flight(&s, NOW), 0);
    assert_int_equal(s.word >> SVC__SLOT_GOOD_SHIFT,
                     THREADS * ((EACH + 2) / 3));
    assert_int_equal(s.bad, THREADS * (EACH - (EACH + 2) / 3));
}

enum {
    OPEN_MAX = 64
};

/* Picks that are open, some of them of a life that is over. */
struct model {
    struct svc__slot slot;
    struct svc__rng rng;
    uint32_t now_ms;
    uint32_t epochs[OPEN_MAX];
    int lives[OPEN_MAX];
    size_t count;
    int life;
    uint32_t in_flight; /* of this life */
};

static void model_take(struct model *m)
{
    m->epochs[m->count] = svc__slot_take(&m->slot, m->now_ms, &leaked);
    m->lives[m->count++] = m->life;
    m->in_flight++;
}

static void model_end(struct model *m)
{
    const size_t at = svc__rng_below(&m->rng, (uint32_t)m->count);
    const int is_stale = m->lives[at] != m->life;

    assert_int_equal(svc__slot_done(&m->slot, m->epochs[at],
                                    (int)svc__rng_below(&m->rng, 6), 50,
                                    m->now_ms) == SVC__SLOT_STALE,
                     is_stale);
    m->in_flight -= !is_stale;
    m->epochs[at] = m->epochs[--m->count];
    m->lives[at] = m->lives[m->count];
}

/* Faults L4, L6: whatever comes in whatever order, against a model. */
static void any_order(void **state)
{
    struct model m = {.now_ms = NOW};

    (void)state;
    svc__rng_seed(&m.rng, 6);
    for (int i = 0; i < 200000; i++) {
        const uint32_t dice = svc__rng_below(&m.rng, 1000);

        m.now_ms += svc__rng_below(&m.rng, 50);
        if (dice < 500 && m.count < OPEN_MAX) {
            model_take(&m);
        } else if (dice < 999 && m.count > 0) {
            model_end(&m);
        } else if (dice >= 999) {
            svc__slot_begin(&m.slot);
            m.life++;
            m.in_flight = 0;
        }
        assert_int_equal(svc__slot_in_flight(&m.slot, m.now_ms), m.in_flight);
        assert_true(svc__slot_cost(&m.slot, m.now_ms) >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_is_in_flight),
        cmocka_unit_test(ends_that_come_too_often_or_late_are_ignored),
        cmocka_unit_test(a_new_life_knows_nothing),
        cmocka_unit_test(good_ones_run_over),
        cmocka_unit_test(epochs_run_over),
        cmocka_unit_test(decays_as_e_does),
        cmocka_unit_test(latency_is_an_average),
        cmocka_unit_test(one_answer_is_one_answer),
        cmocka_unit_test(nothing_is_forgotten_meanwhile),
        cmocka_unit_test(what_is_in_flight_costs),
        cmocka_unit_test(the_unknown_is_tried_once),
        cmocka_unit_test(failures_cost),
        cmocka_unit_test(what_was_cancelled_says_nothing),
        cmocka_unit_test(a_timeout_has_its_latency),
        cmocka_unit_test(time_runs_over),
        cmocka_unit_test(nothing_comes_back),
        cmocka_unit_test(many_threads_at_once),
        cmocka_unit_test(any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
