/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of one question when its servers answer, refuse, are silent or
 * dead: traces of tests/lib/exchange_talk.h.
 */
#include "exchange_talk.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_server_answers(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   3] NOERROR from 0 -> done: answer of 0\n",
         {3, 0, "NOERROR"});
    TALK(&t,
         "[   0] start -> ask 0, wait 250 ms\n"
         "[   2] NXDOMAIN from 0 -> done: answer of 0\n",
         {2, 0, "NXDOMAIN"});
}

/* Faults D1. */
static void nobody_answers(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    talk_play(&t, NULL, 0,
              "[   0] start -> ask 0, wait 500 ms\n"
              "[ 500] no answer from 0 -> ask 0, wait 1000 ms\n"
              "[1500] no answer from 0 -> ask 0, wait 2000 ms\n"
              "[3500] no answer from 0 -> ask 0, wait 1000 ms\n"
              "[4500] no answer from 0 -> done: SVC_ETIMEDOUT of 0\n");
    talk_init(&t, 2, 0);
    talk_play(&t, NULL, 0,
              "[   0] start -> ask 0, wait 500 ms\n"
              "[ 500] no answer from 0 -> ask 1, wait 500 ms\n"
              "[1000] no answer from 1 -> ask 0, wait 1000 ms\n"
              "[2000] no answer from 0 -> ask 1, wait 1000 ms\n"
              "[3000] no answer from 1 -> ask 0, wait 1500 ms\n"
              "[4500] no answer from 0 -> done: SVC_ETIMEDOUT of 0\n");
}

/* Faults D1: servers that are known to be near are given up sooner. */
static void a_near_server_stops(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    svc__servers_measured(&t.servers, 0, 700);
    svc__servers_measured(&t.servers, 1, 900);
    TALK(&t,
         "[   0] start -> ask 0, wait 250 ms\n"
         "[ 250] no answer from 0 -> ask 1, wait 250 ms\n"
         "[ 251] NOERROR from 1 -> done: answer of 1\n",
         {251, 1, "NOERROR"});
}

/* Seven tries at most: the eighth place is for a follow-up. */
static void all_tries_are_used(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 8, 0);
    for (size_t i = 0; i < 8; i++)
        svc__servers_measured(&t.servers, i, 700 + (int64_t)i);
    TALK(&t,
         "[   0] start -> ask 0, wait 250 ms\n"
         "[ 250] no answer from 0 -> ask 1, wait 250 ms\n"
         "[ 500] no answer from 1 -> ask 2, wait 250 ms\n"
         "[ 750] no answer from 2 -> ask 3, wait 250 ms\n"
         "[1000] no answer from 3 -> ask 4, wait 250 ms\n"
         "[1250] no answer from 4 -> ask 5, wait 250 ms\n"
         "[1500] no answer from 5 -> ask 6, wait 250 ms\n"
         "[1750] no answer from 6 -> wait 2750 ms\n"
         "[2000] cut from 6 -> ask 6 by TCP, wait 1500 ms\n"
         "[2100] refused from 6 by TCP -> wait 2400 ms\n"
         "[4500] now -> done: SVC_EUNREACH of 6\n",
         {2000, 6, "cut"}, {2100, 7, "refused"});
}

/* Faults D2, D3. */
static void one_server_cannot(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   4] SERVFAIL from 0 -> ask 1, wait 500 ms\n"
         "[   6] NOERROR from 1 -> done: answer of 1\n",
         {4, 0, "SERVFAIL"}, {6, 1, "NOERROR"});
    t.avoid = 1;
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   4] NOTIMP from 0 -> ask 1, wait 250 ms\n"
         "[   6] NOERROR from 1 -> done: answer of 1\n",
         {4, 0, "NOTIMP"}, {6, 1, "NOERROR"});
}

/* Semantics 2.11, 12: in rounds, with pauses between them, and not for long. */
static void no_server_can(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   1] SERVFAIL from 0 -> ask 1, wait 500 ms\n"
         "[   2] REFUSED from 1 -> wait 200 ms\n"
         "[ 202] now -> ask 0, wait 1000 ms\n"
         "[ 203] SERVFAIL from 0 -> ask 1, wait 1000 ms\n"
         "[ 204] REFUSED from 1 -> wait 400 ms\n"
         "[ 604] now -> ask 0, wait 2000 ms\n"
         "[ 605] SERVFAIL from 0 -> ask 1, wait 2000 ms\n"
         "[ 606] REFUSED from 1 -> wait 800 ms\n"
         "[1406] now -> ask 0, wait 3094 ms\n"
         "[1407] SERVFAIL from 0 -> done: SVC_EUNREACH of 0, SERVFAIL\n",
         {1, 0, "SERVFAIL"}, {2, 1, "REFUSED"}, {203, 2, "SERVFAIL"},
         {204, 3, "REFUSED"}, {605, 4, "SERVFAIL"}, {606, 5, "REFUSED"},
         {1407, 6, "SERVFAIL"});
}

static void a_lone_server_cannot(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   1] SERVFAIL from 0 -> wait 200 ms\n"
         "[ 201] now -> ask 0, wait 1000 ms\n"
         "[ 202] SERVFAIL from 0 -> wait 400 ms\n"
         "[ 602] now -> ask 0, wait 2000 ms\n"
         "[ 603] NOERROR from 0 -> done: answer of 0\n",
         {1, 0, "SERVFAIL"}, {202, 1, "SERVFAIL"}, {603, 2, "NOERROR"});
}

/* Nobody else is to be asked, and the last one that was out refuses too. */
static void the_last_hope_goes(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[ 500] no answer from 0 -> ask 0, wait 1000 ms\n"
         "[ 501] SERVFAIL from 0 -> wait 400 ms\n"
         "[ 901] now -> ask 0, wait 2000 ms\n"
         "[ 902] SERVFAIL from 0 -> wait 800 ms\n"
         "[1702] now -> ask 0, wait 2798 ms\n"
         "[1703] SERVFAIL from 0 -> wait 2797 ms\n"
         "[2000] REFUSED from 0 -> done: SVC_EUNREACH of 0, REFUSED\n",
         {501, 1, "SERVFAIL"}, {902, 2, "SERVFAIL"}, {1703, 3, "SERVFAIL"},
         {2000, 0, "REFUSED"});
}

/* A refusal that comes while another server is awaited changes nothing. */
static void a_late_refusal(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[ 500] no answer from 0 -> ask 1, wait 500 ms\n"
         "[ 600] REFUSED from 0 -> wait 400 ms\n"
         "[ 700] NOERROR from 1 -> done: answer of 1\n",
         {600, 0, "REFUSED"}, {700, 1, "NOERROR"});
}

/* Faults D25: the answer to the first attempt is as good as any. */
static void a_late_answer(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[ 500] no answer from 0 -> ask 0, wait 1000 ms\n"
         "[ 800] NOERROR from 0 -> done: answer of 0\n",
         {800, 0, "NOERROR"});
    /* 800 + 4 * 400 */
    TALK(&t,
         "[   0] start -> ask 0, wait 2400 ms\n"
         "[   1] NOERROR from 0 -> done: answer of 0\n",
         {1, 0, "NOERROR"});
}

/* Faults D3: what helped is remembered, for ten minutes. */
static void a_server_without_edns(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   1] FORMERR from 0 -> ask 0 without EDNS, wait 500 ms\n"
         "[   2] NOERROR from 0 -> done: answer of 0\n",
         {1, 0, "FORMERR"}, {2, 1, "NOERROR"});
    TALK(&t,
         "[   0] start -> ask 0 without EDNS, wait 250 ms\n"
         "[   1] cut from 0 -> ask 0 by TCP without EDNS, wait 1500 ms\n"
         "[   3] NOERROR from 0 by TCP -> done: answer of 0\n",
         {1, 0, "cut"}, {3, 1, "NOERROR"});
    t.begin_ms += 590000;
    TALK(&t,
         "[   0] start -> ask 0, wait 250 ms\n"
         "[   1] BADVERS from 0 -> ask 0 without EDNS, wait 250 ms\n"
         "[   2] NXDOMAIN from 0 -> done: answer of 0\n",
         {1, 0, "BADVERS"}, {2, 1, "NXDOMAIN"});
}

/* It dislikes the question, not EDNS. */
static void a_server_that_cannot_read(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   1] FORMERR from 0 -> ask 0 without EDNS, wait 500 ms\n"
         "[   2] FORMERR from 0 -> ask 1, wait 500 ms\n"
         "[   3] NOERROR from 1 -> done: answer of 1\n",
         {1, 0, "FORMERR"}, {2, 1, "FORMERR"}, {3, 2, "NOERROR"});
    assert_int_equal(t.servers.server[0].no_edns_until_ms, 0);
}

/* Faults D30. */
static void unreachable(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   0] refused from 0 -> ask 1, wait 500 ms\n"
         "[   0] refused from 1 -> wait 200 ms\n"
         "[ 200] now -> ask 0, wait 1000 ms\n"
         "[ 201] NOERROR from 0 -> done: answer of 0\n",
         {0, 0, "refused"}, {0, 1, "refused"}, {201, 2, "NOERROR"});
}

/* Faults P4: it is not the server's fault, and says so in the end. */
static void no_descriptors(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   0] no memory from 0 -> wait 200 ms\n"
         "[ 200] now -> ask 0, wait 1000 ms\n"
         "[ 200] no memory from 0 -> wait 400 ms\n"
         "[ 600] now -> ask 0, wait 2000 ms\n"
         "[ 600] no memory from 0 -> wait 800 ms\n"
         "[1400] now -> ask 0, wait 3100 ms\n"
         "[1400] no memory from 0 -> done: SVC_ENOMEM of 0\n",
         {0, 0, "no memory"}, {200, 1, "no memory"}, {600, 2, "no memory"},
         {1400, 3, "no memory"});
    assert_int_equal(t.servers.server[0].failures, 0);
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   0] no memory from 0 -> wait 200 ms\n"
         "[ 200] now -> ask 1, wait 500 ms\n"
         "[ 201] NOERROR from 1 -> done: answer of 1\n",
         {0, 0, "no memory"}, {201, 1, "NOERROR"});
}

/* There was memory again, and then nobody answered. */
static void no_descriptors_for_a_while(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 1, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   0] no memory from 0 -> wait 200 ms\n"
         "[ 200] now -> ask 0, wait 1000 ms\n"
         "[1200] no answer from 0 -> ask 0, wait 2000 ms\n"
         "[3200] no answer from 0 -> ask 0, wait 1300 ms\n"
         "[4500] no answer from 0 -> done: SVC_ETIMEDOUT of 0\n",
         {0, 0, "no memory"});
}

/* Faults D9: the one to be confirmed is asked last, if there is another. */
static void confirming(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    svc__servers_measured(&t.servers, 0, 700);
    t.avoid = 0;
    TALK(&t,
         "[   0] start -> ask 1, wait 500 ms\n"
         "[ 500] no answer from 1 -> ask 0, wait 250 ms\n"
         "[ 501] NXDOMAIN from 0 -> done: answer of 0\n",
         {501, 1, "NXDOMAIN"});
    talk_init(&t, 1, 0);
    t.avoid = 0;
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   1] NXDOMAIN from 0 -> done: answer of 0\n",
         {1, 0, "NXDOMAIN"});
}

/* A server that failed is not tried beside: it might be the one to confirm. */
static void confirming_beside_a_failed_server(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    svc__servers_failed(&t.servers, 0, 1, 2);
    svc__servers_failed(&t.servers, 0, 3, 4);
    t.avoid = 0;
    TALK(&t,
         "[   0] start -> ask 1, wait 500 ms\n"
         "[   1] NXDOMAIN from 1 -> done: answer of 1\n",
         {1, 0, "NXDOMAIN"});
}

/* The first whole answer ends it: whether the other server knows better is for
 * the cache to find out. */
static void no_such_name_while_another_is_asked(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[ 500] no answer from 0 -> ask 1, wait 500 ms\n"
         "[ 501] NXDOMAIN from 1 -> done: answer of 1\n",
         {501, 1, "NXDOMAIN"});
}

/* A dead server costs two questions their time. After that it is tried beside
 * the good one, and comes back when it answers. */
static void a_server_dies_and_comes_back(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    svc__servers_measured(&t.servers, 0, 700);
    svc__servers_measured(&t.servers, 1, 20000);
    for (int i = 0; i < 2; i++)
        TALK(&t,
             "[   0] start -> ask 0, wait 250 ms\n"
             "[ 250] no answer from 0 -> ask 1, wait 250 ms\n"
             "[ 270] NOERROR from 1 -> done: answer of 1\n",
             {270, 1, "NOERROR"});
    TALK(&t,
         "[   0] start -> ask 0, wait 0 ms\n"
         "[   0] now -> ask 1, wait 250 ms\n"
         "[  20] NOERROR from 1 -> done: answer of 1\n",
         {20, 1, "NOERROR"});
    TALK(&t,
         "[   0] start -> ask 0, wait 0 ms\n"
         "[   0] now -> ask 1, wait 250 ms\n"
         "[   1] NOERROR from 0 -> done: answer of 0\n",
         {1, 0, "NOERROR"});
    TALK(&t,
         "[   0] start -> ask 0, wait 250 ms\n"
         "[   1] NOERROR from 0 -> done: answer of 0\n",
         {1, 0, "NOERROR"});
}

/* Faults D29: however long all were dead, the first question after that is
 * answered at once. */
static void all_come_back(void **state)
{
    struct talk t;

    (void)state;
    talk_init(&t, 2, 0);
    for (int64_t i = 0; i < 100; i++)
        for (size_t k = 0; k < 2; k++)
            svc__servers_failed(&t.servers, k, TALK_BEGIN_MS * 1000 - 100 + i,
                                TALK_BEGIN_MS * 1000 - 100 + i);
    TALK(&t,
         "[   0] start -> ask 0, wait 500 ms\n"
         "[   1] NOERROR from 0 -> done: answer of 0\n",
         {1, 0, "NOERROR"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_answers),
        cmocka_unit_test(nobody_answers),
        cmocka_unit_test(a_near_server_stops),
        cmocka_unit_test(all_tries_are_used),
        cmocka_unit_test(one_server_cannot),
        cmocka_unit_test(no_server_can),
        cmocka_unit_test(a_lone_server_cannot),
        cmocka_unit_test(the_last_hope_goes),
        cmocka_unit_test(a_late_refusal),
        cmocka_unit_test(a_late_answer),
        cmocka_unit_test(a_server_without_edns),
        cmocka_unit_test(a_server_that_cannot_read),
        cmocka_unit_test(unreachable),
        cmocka_unit_test(no_descriptors),
        cmocka_unit_test(no_descriptors_for_a_while),
        cmocka_unit_test(confirming),
        cmocka_unit_test(confirming_beside_a_failed_server),
        cmocka_unit_test(no_such_name_while_another_is_asked),
        cmocka_unit_test(a_server_dies_and_comes_back),
        cmocka_unit_test(all_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
