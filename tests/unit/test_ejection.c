/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ejection under whatever outcomes and members: its bounds, its reasons, its
 * times, and that it wakes nobody up. Each review is held to the bounds by
 * ejection_run.
 */
#include "ejection_run.h"

#include "base/rng.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

#include <cmocka.h>

#define DAY_MS (24 * 3600 * 1000)

static struct ejection_run run;

/* ---- anything at all --------------------------------------------------- */

/* What was before a review. */
struct before {
    struct svc__ejection records[EJECTION_MAX];
    uint32_t rows[EJECTION_MAX];
    size_t out; /* of the members */
    int is_window_over;
};

static void take_down(struct before *b)
{
    memcpy(b->records, run.records, sizeof(b->records));
    b->out = 0;
    for (size_t i = 0; i < EJECTION_MAX; i++)
        b->rows[i] = run.slots[i].row;
    for (size_t i = 0; i < run.count; i++)
        b->out += run.members[i].record->is_ejected &&
                  run.members[i].record->back_ms > run.now_ms;
    b->is_window_over =
        run.set.window_end_ms != 0 && run.set.window_end_ms <= run.now_ms;
}

/* Whoever is ejected has a reason, and its time; whoever is let back had served
 * it, or was one too many. */
static void assert_reasons(const struct before *b)
{
    const size_t bound = run.count < 20 ? run.count > 1 : run.count / 10;

    for (size_t i = 0; i < run.count; i++) {
        const struct svc__ejection *r = run.members[i].record;
        const size_t number = (size_t)(r - run.records);
        const struct svc__ejection *was = &b->records[number];
        const int64_t left_ms = r->back_ms - run.now_ms;

        assert_true(r->times <= 10);
        if (r->is_ejected)
            assert_true(left_ms > 0);
        if (r->is_ejected && !was->is_ejected) {
            assert_true(b->rows[number] >= 5 || b->is_window_over);
            assert_int_equal(left_ms, 30000 * r->times);
            assert_true(r->times >= 1 && r->times <= was->times + 1);
        }
        if (!r->is_ejected && was->is_ejected) {
            assert_true(was->back_ms <= run.now_ms || b->out > bound);
            assert_int_equal(run.slots[number].row, 0);
        }
    }
}

static void change_members(struct svc__rng *rng)
{
    const uint32_t most = svc__rng_below(rng, 4) == 0 ? EJECTION_MAX : 12;
    const uint32_t part = 1 + svc__rng_below(rng, 10);
    uint32_t numbers[EJECTION_MAX];
    size_t count = 0;

    for (uint32_t i = 0; i < most; i++) {
        if (svc__rng_below(rng, 10) < part)
            numbers[count++] = i;
    }
    ejection_members(&run, numbers, count, svc__rng_below(rng, most));
}

/* Some are often bad, and this changes. */
static void some_outcomes(struct svc__rng *rng, uint32_t mood)
{
    for (int i = 0; i < 20; i++) {
        const uint32_t number = svc__rng_below(
            rng, svc__rng_below(rng, 2) == 0 ? EJECTION_MAX : 12);
        const uint32_t bad = (number * 7 + mood) % 11 == 0
                                 ? svc__rng_below(rng, 8)
                                 : svc__rng_below(rng, 200) / 199;

        ejection_outcomes(&run, number, svc__rng_below(rng, 40), bad);
    }
}

static void something(struct svc__rng *rng, uint32_t mood)
{
    const uint32_t dice = svc__rng_below(rng, 100);

    if (dice < 2)
        change_members(rng);
    else if (dice < 4)
        ejection_renew(&run, svc__rng_below(rng, EJECTION_MAX));
    else if (dice < 30)
        ejection_wait(&run, svc__rng_below(rng, 9000));
    else
        some_outcomes(rng, mood);
}

/* Faults I14. In the end, when nothing happens any more, all come
 * back and the loop sleeps. */
static void anything_at_all(void **state)
{
    static struct before before;
    struct svc__rng rng;
    size_t ejected = 0;

    (void)state;
    svc__rng_seed(&rng, 14);
    ejection_begin(&run);
    for (uint32_t i = 0; i < 30000; i++) {
        something(&rng, i / 3000);
        take_down(&before);
        ejection_review(&run);
        assert_reasons(&before);
        ejected += ejection_out(&run);
    }
    assert_true(ejected > 5000);
    run.wakes = 0;
    ejection_wait(&run, DAY_MS);
    assert_int_equal(ejection_out(&run), 0);
    assert_int_equal(run.set.due_ms, INT64_MAX);
    assert_true(run.wakes <= run.count + 2); /* each came back once */
}

/* ---- what it costs ----------------------------------------------------- */

/* Picks in turn among those that are not left out. */
static uint32_t pick(uint32_t last)
{
    for (;;) {
        last = last + 1 < run.count ? last + 1 : 0;
        if (!svc__ejection_is_left_out(run.members[last].record))
            return last;
    }
}

/* Faults L1: of ten endpoints one fails. It gets five picks before it is
 * ejected, each time for longer, instead of a tenth of all. */
static void who_fails_gets_little(void **state)
{
    size_t failures = 0;
    uint32_t at = 0;

    (void)state;
    ejection_begin(&run);
    ejection_range(&run, 0, 9);
    for (int i = 0; i < 60000; i++) { /* one each 10 ms, ten minutes */
        at = pick(at);
        ejection_outcomes(&run, at, at != 3, at == 3);
        if (at == 3) {
            ejection_review(&run);
            failures++;
        }
        ejection_wait(&run, 10);
    }
    /* 30 s, 60 s, 90 s, 120 s, 150 s and a part of 180 s. */
    assert_int_equal(run.records[3].times, 6);
    assert_int_equal(failures, 6 * 5);
    for (size_t i = 0; i < 10; i++)
        assert_true(i == 3 || run.records[i].times == 0);
}

/* Faults L2: all fail. A tenth is out, not always the same, and when the
 * trouble is over everybody comes back. */
static void all_fail(void **state)
{
    size_t times = 0;
    uint32_t at = 0;

    (void)state;
    ejection_begin(&run);
    ejection_range(&run, 0, 29);
    for (int i = 0; i < 60000; i++) {
        at = pick(at);
        ejection_outcomes(&run, at, 0, 1);
        ejection_review(&run);
        if (i > 200)
            assert_int_equal(ejection_out(&run), 3);
        ejection_wait(&run, 10);
    }
    for (size_t i = 0; i < 30; i++)
        times += run.records[i].times > 0;
    assert_int_equal(times, 30);
    for (size_t i = 0; i < 30; i++)
        ejection_outcomes(&run, (uint32_t)i, 1, 0);
    ejection_wait(&run, 300000);
    assert_int_equal(ejection_out(&run), 0);
}

/* However much is done well, nobody is woken up for it. */
static void what_does_well_wakes_nobody(void **state)
{
    (void)state;
    ejection_begin(&run);
    ejection_range(&run, 0, 9);
    for (uint32_t i = 0; i < 1000; i++) {
        ejection_outcomes(&run, i % 10, 100, 0);
        ejection_wait(&run, 1000);
        ejection_review(&run);
        assert_int_equal(run.set.due_ms, INT64_MAX);
    }
    assert_int_equal(run.wakes, 0);
    assert_int_equal(run.changes, 0);
}

/* One failure costs one look, ten seconds later. */
static void one_failure_wakes_once(void **state)
{
    (void)state;
    ejection_begin(&run);
    ejection_range(&run, 0, 9);
    ejection_outcomes(&run, 4, 0, 1);
    ejection_review(&run);
    ejection_wait(&run, DAY_MS);
    assert_int_equal(run.wakes, 1);
    assert_int_equal(run.changes, 0);
}

/* ---- far below the others ---------------------------------------------- */

struct rate {
    uint32_t number;
    size_t good;
    size_t bad;
    double rate;
};

static int by_rate(const void *a, const void *b)
{
    const struct rate *x = a;
    const struct rate *y = b;

    return (x->rate > y->rate) - (x->rate < y->rate);
}

/* Plays a window of these. */
static void play_window(const struct rate *rates, size_t count)
{
    ejection_begin(&run);
    ejection_range(&run, 0, (uint32_t)count - 1);
    ejection_outcomes(&run, 0, 1, 1);
    ejection_review(&run);
    for (size_t i = 0; i < count; i++)
        ejection_outcomes(&run, rates[i].number, rates[i].good, rates[i].bad);
    ejection_wait(&run, 10000);
}

static int is_compared(const struct rate *r)
{
    return r->good + r->bad >= 100;
}

/* Sorts, the worst first of those that are too far below; returns how many of
 * them are to be ejected. */
static size_t far_below(struct rate *rates, size_t count)
{
    const size_t bound = count < 20 ? 1 : count / 10;
    double mean = 0;
    double variance = 0;
    size_t compared = 0;
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        compared += is_compared(&rates[i]) ? 1 : 0;
    for (size_t i = 0; i < count; i++)
        mean += is_compared(&rates[i]) ? rates[i].rate / (double)compared : 0;
    for (size_t i = 0; i < count; i++)
        variance += is_compared(&rates[i])
                        ? pow(rates[i].rate - mean, 2) / (double)compared
                        : 0;
    for (size_t i = 0; i < count && compared >= 5; i++) {
        if (is_compared(&rates[i]) && rates[i].bad >= 5 &&
            rates[i].rate < mean - 1.9 * sqrt(variance)) {
            const struct rate far = rates[i];

            rates[i] = rates[n];
            rates[n++] = far;
        }
    }
    qsort(rates, n, sizeof(rates[0]), by_rate);
    return n < bound ? n : bound;
}

/* Against the definition, for any rates. */
static void as_it_is_defined(void **state)
{
    struct svc__rng rng;
    size_t ejected = 0;

    (void)state;
    svc__rng_seed(&rng, 50);
    for (int i = 0; i < 2000; i++) {
        struct rate rates[64];
        const size_t count = 3 + svc__rng_below(&rng, 61);
        size_t wanted;

        for (size_t k = 0; k < count; k++) {
            const size_t all = 90 + svc__rng_below(&rng, 200);
            const size_t bad = svc__rng_below(&rng, 12) == 0 ? all / 3 : 3;

            rates[k].number = (uint32_t)k;
            rates[k].bad = svc__rng_below(&rng, (uint32_t)bad + 1);
            rates[k].good = all - rates[k].bad;
            rates[k].rate = (double)rates[k].good / (double)all;
        }
        play_window(rates, count);
        wanted = far_below(rates, count);
        assert_int_equal(ejection_out(&run), wanted);
        for (size_t k = 0; k < wanted; k++)
            assert_true(run.records[rates[k].number].is_ejected);
        ejected += wanted;
    }
    assert_true(ejected > 1000);
}

/* Counters run over, at 2^24 and 2^32: only differences count. */
static void counters_run_over(void **state)
{
    (void)state;
    for (int is_bad = 0; is_bad < 2; is_bad++) {
        ejection_begin(&run);
        run.slots[0].word = UINT64_C(0xFFFFFA) << SVC__SLOT_GOOD_SHIFT;
        run.slots[0].bad = UINT32_MAX - 5;
        ejection_range(&run, 0, 5);
        assert_int_equal(run.set.due_ms, INT64_MAX);
        ejection_play(&run, "0 1+1");
        ejection_play(&run, is_bad ? "0 60+40" : "0 99+1");
        ejection_play(&run, "1-5 99+1");
        ejection_play(&run, "+10");
        assert_int_equal(ejection_out(&run), is_bad);
    }
}

/* Both at once, and room for one: a row says more. */
static void rows_go_first(void **state)
{
    (void)state;
    ejection_begin(&run);
    ejection_range(&run, 0, 9);
    ejection_play(&run, "1 1+1");
    for (uint32_t i = 0; i < 10; i++)
        ejection_outcomes(&run, i, 100, i == 0 ? 60 : 0);
    ejection_outcomes(&run, 1, 0, 5);
    ejection_play(&run, "+10");
    assert_int_equal(run.records[0].is_ejected, 0);
    assert_int_equal(run.records[1].is_ejected, 1);
}

/* ---- many -------------------------------------------------------------- */

#define MANY 20000

struct many {
    struct svc__ejection_set set;
    struct svc__ejection records[MANY];
    struct svc__slot slots[MANY];
    struct svc__ejection_member members[MANY];
};

static size_t count_out(const struct many *m, size_t count)
{
    size_t out = 0;

    for (size_t i = 0; i < count; i++)
        out += m->members[i].record->is_ejected;
    return out;
}

/* A thousand rows of each length from 1 to 20: the two thousand longest are
 * ejected. Then they are alone, and all but two hundred come back. */
static void many_at_once(void **state)
{
    static struct many m;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        m.slots[i].row = 1 + (uint32_t)(i * 7919) % 20;
        m.members[i].record = &m.records[i];
        m.members[i].slot = &m.slots[i];
    }
    assert_int_equal(svc__ejection_review(&m.set, m.members, MANY, 0, 1000), 1);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(m.records[i].is_ejected, m.slots[i].row > 18);
        if (m.records[i].is_ejected)
            m.members[count++] = m.members[i];
    }
    assert_int_equal(svc__ejection_review(&m.set, m.members, count, 0, 1000),
                     1);
    assert_int_equal(count_out(&m, count), 200);
}

#define THREADS 3

static void *end_many(void *arg)
{
    const uint32_t first = *(const uint32_t *)arg;

    for (uint32_t i = 0; i < 20000; i++)
        ejection_outcomes(&run, (first + i) % 8, i % 3, i % 16 < 8);
    return NULL;
}

/* Reviews while others count. */
static void others_go_on(void **state)
{
    uint32_t firsts[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    ejection_begin(&run);
    ejection_range(&run, 0, 7);
    for (uint32_t i = 0; i < THREADS; i++) {
        firsts[i] = i;
        assert_int_equal(
            pthread_create(&threads[i], NULL, end_many, &firsts[i]), 0);
    }
    for (int i = 0; i < 2000; i++)
        ejection_review(&run);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    ejection_review(&run);
    assert_true(run.set.window_end_ms != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anything_at_all),
        cmocka_unit_test(who_fails_gets_little),
        cmocka_unit_test(all_fail),
        cmocka_unit_test(what_does_well_wakes_nobody),
        cmocka_unit_test(one_failure_wakes_once),
        cmocka_unit_test(as_it_is_defined),
        cmocka_unit_test(counters_run_over),
        cmocka_unit_test(rows_go_first),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(others_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
