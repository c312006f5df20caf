/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a question goes by TCP, and what comes of it: answers that are cut, a
 * flood of unwanted ones, TCP that fails: traces of tests/lib/exchange_talk.h.
 */
#include "exchange_talk.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Faults D4, D6. */
static void a_large_answer(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   1] cut from 0 -> ask 0 by TCP, wait 1500 ms\n"
         "[   4] NOERROR from 0 by TCP -> done: answer of 0\n",
         {1, 0, "cut"}, {4, 1, "NOERROR"});
    TALK(&t,
         "[   0] start -> ask 0, wait 250 ms\n"
         "[   1] cut from 0 -> ask 0 by TCP, wait 1500 ms\n"
         "[   4] cut from 0 by TCP -> done: SVC_ETOOBIG of 0\n",
         {1, 0, "cut"}, {4, 1, "cut"});
}

/* Faults D5: refused, cut in the middle, silent. */
static void tcp_fails(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   1] cut from 0 -> ask 0 by TCP, wait 1500 ms\n"
         "[   2] refused from 0 by TCP -> ask 1, wait 500 ms\n"
         "[   3] cut from 1 -> ask 1 by TCP, wait 1500 ms\n"
         "[   5] broken from 1 by TCP -> wait 200 ms\n"
         "[ 205] now -> ask 0, wait 500 ms\n"
         "[ 206] cut from 0 -> ask 0 by TCP, wait 3000 ms\n"
         "[3206] no answer from 0 by TCP -> ask 1, wait 500 ms\n"
         "[3207] cut from 1 -> ask 1 by TCP, wait 1293 ms\n"
         "[4500] no answer from 1 by TCP -> done: SVC_EPROTO of 1\n",
         {1, 0, "cut"}, {2, 1, "refused"}, {3, 2, "cut"}, {5, 3, "broken"},
         {206, 4, "cut"}, {3207, 6, "cut"});
}

/* Faults D25: a UDP answer after TCP has begun. */
static void udp_answers_after_tcp(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[ 500] no answer from 0 -> ask 1, wait 500 ms\n"
         "[ 501] cut from 1 -> ask 1 by TCP, wait 1500 ms\n"
         "[ 600] NOERROR from 0 -> done: answer of 0\n",
         {501, 1, "cut"}, {600, 0, "NOERROR"});
    TALK(&t,
         "[   0] start -> ask 1, wait 250 ms\n"
         "[ 250] no answer from 1 -> ask 0, wait 1796 ms\n"
         "[ 251] cut from 0 -> ask 0 by TCP, wait 2016 ms\n"
         "[ 300] cut from 1 -> wait 1967 ms\n"
         "[ 301] NOERROR from 0 by TCP -> done: answer of 0\n",
         {251, 1, "cut"}, {300, 0, "cut"}, {301, 2, "NOERROR"});
}

#define TEN_UNWANTED                                                           \
    {1, 0, "unwanted"}, {1, 0, "unwanted"}, {1, 0, "unwanted"},                \
        {1, 0, "unwanted"}, {1, 0, "unwanted"}, {1, 0, "unwanted"},            \
        {1, 0, "unwanted"}, {1, 0, "unwanted"}, {1, 0, "unwanted"},            \
    {                                                                          \
        1, 0, "unwanted"                                                       \
    }
#define TEN_WAITS                                                              \
    "[   1] unwanted from 0 -> wait 499 ms\n"                                  \
    "[   1] unwanted from 0 -> wait 499 ms\n"                                  \
    "[   1] unwanted from 0 -> wait 499 ms\n"                                  \
    "[   1] unwanted from 0 -> wait 499 ms\n"                                  \
    "[   1] unwanted from 0 -> wait 499 ms\n"                                  \
    "[   1] unwanted from 0 -> wait 499 ms\n"                                  \
    "[   1] unwanted from 0 -> wait 499 ms\n"                                  \
    "[   1] unwanted from 0 -> wait 499 ms\n"                                  \
    "[   1] unwanted from 0 -> wait 499 ms\n"                                  \
    "[   1] unwanted from 0 -> wait 499 ms\n"

/* Faults D10, D11: ten are borne, and the answer still counts. */
static void some_are_unwanted(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n" TEN_WAITS
         "[   2] NOERROR from 0 -> done: answer of 0\n",
         TEN_UNWANTED, {2, 0, "NOERROR"});
    assert_false(svc__exchange_is_suspect(&t.x));
}

/* Faults 3.2: more go on by TCP, and what still comes by UDP does not count. */
static void too_many_are_unwanted(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n" TEN_WAITS
         "[   2] unwanted from 0 -> ask 0 by TCP, wait 1500 ms\n"
         "[   3] NOERROR from 0 -> wait 1499 ms\n"
         "[   4] NOERROR from 0 by TCP -> done: answer of 0\n",
         TEN_UNWANTED, {2, 0, "unwanted"}, {3, 0, "NOERROR"},
         {4, 1, "NOERROR"});
    assert_true(svc__exchange_is_suspect(&t.x));
}

/* Faults D11: what came was no answer, maybe of a server that does not give
 * back the case of the question; by TCP it is not mixed. */
static void only_unwanted_come(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   1] unwanted from 0 -> wait 499 ms\n"
         "[ 500] no answer from 0 -> ask 0 by TCP, wait 1500 ms\n"
         "[2000] no answer from 0 by TCP -> ask 0, wait 1000 ms\n"
         "[3000] no answer from 0 -> ask 0, wait 1500 ms\n"
         "[4500] no answer from 0 -> done: SVC_EPROTO of 0\n",
         {1, 0, "unwanted"});
}

static void by_tcp_only(void **state)
{
    static const char expected[] =
        "[   0] start -> ask 0 by TCP, wait 1500 ms\n"
        "[1500] no answer from 0 by TCP -> ask 1 by TCP, wait 1500 ms\n"
        "[3000] no answer from 1 by TCP -> ask 0 by TCP, wait 1500 ms\n"
        "[4500] no answer from 0 by TCP -> done: SVC_ETIMEDOUT of 0\n";
    struct talk t;

    (void)state;
    talk_init(&t, 2, 1);
    talk_play(&t, NULL, 0, expected);
    talk_init(&t, 2, 0);
    t.tcp = 1;
    talk_play(&t, NULL, 0, expected);
}

/* More records than are taken: another server has no fewer (faults D16). */
static void too_many_records(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 1);
    TALK(&t,
         "[   0] start -> ask 0 by TCP, wait 1500 ms\n"
         "[   9] too big from 0 by TCP -> done: SVC_ETOOBIG of 0\n",
         {9, 0, "too big"});
    TALK(&t,
         "[   0] start -> ask 0 by TCP, wait 1500 ms\n"
         "[   9] NOERROR from 0 by TCP -> done: answer of 0\n",
         {9, 0, "NOERROR"});
    /* A handshake is no round trip of UDP. */
    assert_int_equal(t.servers.server[0].srtt_us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_answer),
        cmocka_unit_test(tcp_fails),
        cmocka_unit_test(udp_answers_after_tcp),
        cmocka_unit_test(some_are_unwanted),
        cmocka_unit_test(too_many_are_unwanted),
        cmocka_unit_test(only_unwanted_come),
        cmocka_unit_test(by_tcp_only),
        cmocka_unit_test(too_many_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
