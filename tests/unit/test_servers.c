/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is learnt of servers: order, times to wait, failures, second chances.
 */
#include "base/rng.h"
#include "dns/servers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS 1000000
#define NOW_US ((int64_t)NOW_MS * 1000)

static const uint8_t nobody[SVC__SERVERS_MAX];

static size_t best(const struct svc__servers *s)
{
    return svc__servers_best(s, nobody);
}

/* So many failures one after the other, the last one now. */
static void fail_often(struct svc__servers *s, size_t server, int64_t times)
{
    for (int64_t i = times; i-- > 0;)
        svc__servers_failed(s, server, NOW_US - 2 * i - 1, NOW_US - 2 * i);
}

static void counts_are_bounded(void **state)
{
    static const size_t counts[][2] = {{0, 1}, {1, 1}, {8, 8}, {9, 8}};
    struct svc__servers s;

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        svc__servers_init(&s, counts[i][0], 0);
        assert_int_equal(s.count, counts[i][1]);
    }
}

static void order(void **state)
{
    struct svc__servers s;
    uint8_t asked[SVC__SERVERS_MAX] = {0};

    (void)state;
    svc__servers_init(&s, 4, 0);
    assert_int_equal(best(&s), 0); /* the first of the list */
    svc__servers_measured(&s, 2, 5000);
    assert_int_equal(best(&s), 2); /* the known one */
    svc__servers_measured(&s, 3, 4000);
    assert_int_equal(best(&s), 3); /* the fastest */
    fail_often(&s, 3, SVC__SERVERS_FAILURES - 1);
    assert_int_equal(best(&s), 3);
    fail_often(&s, 3, 1);
    svc__servers_failed(&s, 3, NOW_US + 1, NOW_US + 1);
    assert_int_equal(best(&s), 2); /* not the avoided one */
    asked[2] = 1;
    assert_int_equal(svc__servers_best(&s, asked), 0);
    asked[0] = asked[1] = 1; /* each once before any twice */
    assert_int_equal(svc__servers_best(&s, asked), 3);
}

static void the_least_bad(void **state)
{
    struct svc__servers s;

    (void)state;
    svc__servers_init(&s, 3, 0);
    fail_often(&s, 0, 4);
    fail_often(&s, 1, 2);
    fail_often(&s, 2, 3);
    assert_int_equal(best(&s), 1);
}

/* RFC 6298 section 2: R, R / 2; then with alpha 1/8 and beta 1/4. */
static void smoothing(void **state)
{
    struct svc__servers s;

    (void)state;
    svc__servers_init(&s, 1, 0);
    svc__servers_measured(&s, 0, 100000);
    assert_int_equal(s.server[0].srtt_us, 100000);
    assert_int_equal(s.server[0].rttvar_us, 50000);
    svc__servers_measured(&s, 0, 180000);
    assert_int_equal(s.server[0].rttvar_us, 57500);
    assert_int_equal(s.server[0].srtt_us, 110000);
    assert_int_equal(svc__servers_wait_ms(&s, 0, 0, 0), 340);
    svc__servers_init(&s, 1, 0);
    svc__servers_measured(&s, 0, 0);
    assert_int_equal(s.server[0].srtt_us, 1); /* known, if only just */
}

static void times_to_wait(void **state)
{
    static const struct {
        int64_t rtt_us;
        int tcp;
        int64_t waits_ms[5]; /* asked again 0, 1, 2… times before */
    } rows[] = {
        {0, 0, {500, 1000, 2000, 4000, 5000}},
        {0, 1, {1500, 3000, 5000, 5000, 5000}},
        {1, 0, {250, 500, 1000, 2000, 4000}},
        {80000, 0, {250, 500, 1000, 2000, 4000}},
        {100001, 0, {301, 602, 1204, 2408, 4816}},
        {600000, 1, {1800, 3600, 5000, 5000, 5000}},
        {9000000, 0, {5000, 5000, 5000, 5000, 5000}},
    };
    struct svc__servers s;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc__servers_init(&s, 1, 0);
        if (rows[i].rtt_us > 0)
            svc__servers_measured(&s, 0, rows[i].rtt_us);
        for (unsigned k = 0; k < 5; k++)
            assert_int_equal(svc__servers_wait_ms(&s, 0, rows[i].tcp, k),
                             rows[i].waits_ms[k]);
    }
}

/* For any row of round trips the estimate stays among them, and the time to
 * wait within its bounds. */
static void any_round_trips(void **state)
{
    struct svc__servers s;
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 6298);
    for (int run = 0; run < 200; run++) {
        uint32_t range = 1 + svc__rng_below(&rng, 6000000);

        svc__servers_init(&s, 1, 0);
        for (int i = 0; i < 100; i++) {
            int64_t wait_ms;

            svc__servers_measured(&s, 0, svc__rng_below(&rng, range));
            assert_in_range(s.server[0].srtt_us, 1, range);
            assert_in_range(s.server[0].rttvar_us, 0, range);
            wait_ms = svc__servers_wait_ms(&s, 0, 0, 0);
            assert_in_range(wait_ms, 250, 5000);
            assert_true(wait_ms >= s.server[0].srtt_us / 1000 ||
                        wait_ms == 5000);
        }
    }
}

/* 1 s from the second failure on, doubling, to 30 s; one answer ends it. */
static void avoided_for_longer(void **state)
{
    static const int64_t seconds[] = {0, 1, 2, 4, 8, 16, 30, 30};
    struct svc__servers s;

    (void)state;
    for (int i = 0; i < (int)(sizeof(seconds) / sizeof(seconds[0])); i++) {
        svc__servers_init(&s, 2, 0);
        fail_often(&s, 0, i + 1);
        assert_int_equal(s.server[0].avoid_until_ms,
                         seconds[i] == 0 ? 0 : NOW_MS + seconds[i] * 1000);
        assert_int_equal(best(&s), seconds[i] > 0);
        svc__servers_answered(&s, 0);
        assert_int_equal(s.server[0].failures, 0);
        assert_int_equal(s.server[0].avoid_until_ms, 0);
        assert_int_equal(best(&s), 0);
    }
}

/* Sixty-four questions that were on their way together are one failure. */
static void a_burst_is_one_failure(void **state)
{
    struct svc__servers s;

    (void)state;
    svc__servers_init(&s, 1, 0);
    for (int64_t i = 0; i < 64; i++)
        svc__servers_failed(&s, 0, NOW_US + i, NOW_US + 250000 + i);
    assert_int_equal(s.server[0].failures, 1);
    svc__servers_failed(&s, 0, NOW_US + 250001, NOW_US + 500000);
    assert_int_equal(s.server[0].failures, 2);
    assert_int_equal(s.server[0].avoid_until_ms, NOW_MS + 500 + 1000);
}

/* Hours of failures do not make the times wrong. */
static void failures_without_end(void **state)
{
    struct svc__servers s;
    int64_t now_us = NOW_US;

    (void)state;
    svc__servers_init(&s, 1, 0);
    for (int i = 0; i < 100000; i++, now_us += 10) {
        svc__servers_failed(&s, 0, now_us - 1, now_us);
        if (i > 6)
            assert_int_equal(s.server[0].avoid_until_ms, now_us / 1000 + 30000);
    }
}

/* Once for each time it was avoided, and only beside a good server. */
static void probes(void **state)
{
    struct svc__servers s;
    int64_t now_us = NOW_US;

    (void)state;
    svc__servers_init(&s, 3, 0);
    assert_int_equal(svc__servers_probe(&s, 0, NOW_US), 3);
    fail_often(&s, 1, 2);
    assert_int_equal(svc__servers_probe(&s, 1, NOW_US + 1000000), 3);
    assert_int_equal(svc__servers_probe(&s, 0, NOW_US + 999999), 3);
    for (int64_t avoided_s = 1; avoided_s <= 16; avoided_s *= 2) {
        now_us += avoided_s * 1000000;
        assert_int_equal(svc__servers_probe(&s, 0, now_us), 1);
        assert_int_equal(svc__servers_probe(&s, 0, now_us), 3);
        /* That it does not answer is known already. */
        svc__servers_failed(&s, 1, now_us, now_us + 250000);
    }
    svc__servers_answered(&s, 1);
    assert_int_equal(svc__servers_probe(&s, 0, now_us + 60000000), 3);
}

/* A server that was ten times as slow once is asked again after a while. */
static void slow_once(void **state)
{
    struct svc__servers s;
    unsigned questions = 0;

    (void)state;
    svc__servers_init(&s, 2, 0);
    svc__servers_measured(&s, 0, 10000);
    svc__servers_measured(&s, 1, 1000);
    for (; best(&s) == 1; questions++) {
        svc__servers_age(&s, 1);
        svc__servers_measured(&s, 1, 1000);
    }
    assert_in_range(questions, 200, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_bounded),
        cmocka_unit_test(order),
        cmocka_unit_test(the_least_bad),
        cmocka_unit_test(smoothing),
        cmocka_unit_test(times_to_wait),
        cmocka_unit_test(any_round_trips),
        cmocka_unit_test(avoided_for_longer),
        cmocka_unit_test(a_burst_is_one_failure),
        cmocka_unit_test(failures_without_end),
        cmocka_unit_test(probes),
        cmocka_unit_test(slow_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
