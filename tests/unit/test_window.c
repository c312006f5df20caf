/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window: its bounds, its growth, one halving a round trip.
 */
#include "base/rng.h"
#include "dns/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void starts_open(void **state)
{
    struct svc__window w;

    (void)state;
    svc__window_init(&w);
    for (unsigned i = 0; i < 64; i++) {
        assert_true(svc__window_is_open(&w));
        svc__window_sent(&w);
    }
    assert_false(svc__window_is_open(&w));
    svc__window_answered(&w);
    assert_true(svc__window_is_open(&w));
}

/* By one for each window of answers: after 64 it is 65, after 65 more 66. */
static void grows_by_one(void **state)
{
    struct svc__window w;
    unsigned answers = 0;

    (void)state;
    svc__window_init(&w);
    for (unsigned size = 64; size < 128; size++) {
        assert_int_equal(w.size, size);
        for (unsigned i = 0; i < size; i++, answers++) {
            assert_int_equal(w.size, size);
            svc__window_sent(&w);
            svc__window_answered(&w);
        }
    }
    assert_int_equal(answers, (64 + 127) * 64 / 2);
    for (unsigned i = 0; i < 1000; i++)
        svc__window_answered(&w);
    assert_int_equal(w.size, 128);
    assert_int_equal(w.in_flight, 0);
}

/* A burst that is lost as a whole halves it once; each further round trip that
 * loses, once more, down to 4. */
static void halves_once_a_round_trip(void **state)
{
    static const unsigned sizes[] = {32, 16, 8, 4, 4, 4};
    struct svc__window w;
    int64_t now_us = 1000;

    (void)state;
    svc__window_init(&w);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int64_t sent_us = now_us + 1;
        unsigned burst = w.size;

        for (unsigned k = 0; k < burst; k++)
            svc__window_sent(&w);
        now_us += 250000;
        for (unsigned k = 0; k < burst; k++, now_us += 10) {
            svc__window_left(&w);
            svc__window_lost(&w, sent_us, now_us);
        }
        assert_int_equal(w.size, sizes[i]);
        assert_int_equal(w.in_flight, 0);
    }
}

/* What went out in the moment of shrinking is of the round trip before. */
static void at_one_moment(void **state)
{
    struct svc__window w;

    (void)state;
    svc__window_init(&w);
    svc__window_lost(&w, 5, 10);
    svc__window_lost(&w, 10, 20);
    assert_int_equal(w.size, 32);
    svc__window_lost(&w, 11, 30);
    assert_int_equal(w.size, 16);
}

/* After it shrank no more go out before enough came back. */
static void drains_first(void **state)
{
    struct svc__window w;

    (void)state;
    svc__window_init(&w);
    for (unsigned i = 0; i < 64; i++)
        svc__window_sent(&w);
    svc__window_left(&w);
    svc__window_lost(&w, 5, 10);
    for (unsigned left = 63; left > 32; left--) {
        assert_int_equal(w.in_flight, left);
        assert_false(svc__window_is_open(&w));
        svc__window_answered(&w);
    }
    assert_false(svc__window_is_open(&w));
    svc__window_answered(&w);
    assert_true(svc__window_is_open(&w));
}

#define PACKETS 256

/* Packets on their way, by when they were sent, the oldest first. */
struct model {
    int64_t sent_us[PACKETS];
    unsigned count;
    int64_t shrank_us;
};

static int64_t take(struct model *m, unsigned i)
{
    int64_t sent_us = m->sent_us[i];

    m->count--;
    memmove(m->sent_us + i, m->sent_us + i + 1,
            (m->count - i) * sizeof(m->sent_us[0]));
    return sent_us;
}

static void lose(struct svc__window *w, struct model *m, unsigned i,
                 int64_t now_us)
{
    unsigned before = w->size;
    int64_t sent_us = take(m, i);

    svc__window_left(w);
    assert_int_equal(w->size, before);
    svc__window_lost(w, sent_us, now_us);
    if (sent_us > m->shrank_us) {
        assert_int_equal(w->size, before / 2 < 4 ? 4 : before / 2);
        m->shrank_us = now_us;
    } else {
        assert_int_equal(w->size, before);
    }
}

static void answer(struct svc__window *w, struct model *m, unsigned i)
{
    unsigned before = w->size;

    take(m, i);
    svc__window_answered(w);
    assert_true(w->size == before || w->size == before + 1);
}

/* Random traffic at several rates of loss: within bounds, the count is right,
 * a loss shrinks it exactly when it was sent after the last shrinking. */
static void random_traffic(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 64);
    for (uint32_t loss = 0; loss <= 100; loss += 5) {
        struct model m = {.count = 0, .shrank_us = -1};
        struct svc__window w;

        svc__window_init(&w);
        for (int64_t now_us = 1; now_us < 20000; now_us++) {
            if (svc__window_is_open(&w) && svc__rng_below(&rng, 3) != 0) {
                svc__window_sent(&w);
                m.sent_us[m.count++] = now_us;
            } else if (m.count > 0 && svc__rng_below(&rng, 100) < loss) {
                lose(&w, &m, svc__rng_below(&rng, m.count), now_us);
            } else if (m.count > 0) {
                answer(&w, &m, svc__rng_below(&rng, m.count));
            }
            assert_true(w.size >= 4 && w.size <= 128);
            assert_int_equal(w.in_flight, m.count);
        }
    }
}

/* More come back than went out: it does not wrap around. */
static void never_below_nothing(void **state)
{
    struct svc__window w;

    (void)state;
    svc__window_init(&w);
    svc__window_answered(&w);
    svc__window_left(&w);
    svc__window_lost(&w, 0, 2);
    assert_int_equal(w.in_flight, 0);
    assert_int_equal(w.size, 32);
    assert_true(svc__window_is_open(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_open),
        cmocka_unit_test(grows_by_one),
        cmocka_unit_test(halves_once_a_round_trip),
        cmocka_unit_test(at_one_moment),
        cmocka_unit_test(drains_first),
        cmocka_unit_test(random_traffic),
        cmocka_unit_test(never_below_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
