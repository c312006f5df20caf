/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of what is known when the server refuses, forgets, lies or
 * fails: traces of tests/lib/reflector_stream.h.
 */
#include "reflector_stream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Faults A11: what is known stays until the new list is whole; a second time
 * has to wait. */
static void expired(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  70000] cut -> pause 14 ms\n"
           "[  70014] now -> watch from 9\n"
           "[  71000] error 410 Expired -> pause 467 ms\n"
           "[  71010] added 4 -> go on\n"
           "[  71020] cut -> go on\n"
           "[  71467] now -> watch-list\n"
           "[  72500] 410 -> forget, pause 200 ms, SVC_EUNREACH\n"
           "[  72700] now -> watch-list\n"
           "[  75000] added 2 -> collect\n"
           "[  75010] initial-end 33 -> commit, well again\n"
           "[  75020] modified 34 -> apply\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"}, {70000, "cut"},
           {71000, "error 410 Expired"}, {71010, "added 4"}, {71020, "cut"},
           {72500, "410"}, {75000, "added 2"}, {75010, "initial-end 33"},
           {75020, "modified 34"});
    stream_fini(&s);
}

/* A list that came whole and could not be committed did not come. */
static void a_list_without_memory(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] 400 -> forget, list\n"
           "[     10] item -> collect\n"
           "[     11] listed 9 -> commit\n"
           "[     12] no memory -> pause 721 ms, SVC_ENOMEM\n"
           "[    733] now -> list\n"
           "[   2000] item -> collect\n"
           "[   2001] listed 10 -> commit, well again\n"
           "[   2002] end -> watch from 10\n",
           {0, "start"}, {5, "400"}, {10, "item"}, {11, "listed 9"},
           {12, "no memory"}, {2000, "item"}, {2001, "listed 10"},
           {2002, "end"});
    stream_fini(&s);
}

/* Faults A12: not before the server's time, and not all at that time. */
static void too_many_requests(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] error 429 -> pause 14 ms, SVC_EUNREACH\n"
           "[  40014] now -> watch from 9\n"
           "[  41000] 429 5000 -> pause 5933 ms\n"
           "[  46933] now -> watch from 9\n"
           "[  47900] 503 1000000000 -> pause 300799 ms\n"
           "[ 348699] now -> watch from 9\n"
           "[ 350000] start -> go on\n"
           "[ 352000] bookmark 9 -> well again\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "error 429"}, {41000, "429 5000"}, {47900, "503 1000000000"},
           {350000, "start"}, {352000, "bookmark 9"});
    stream_fini(&s);
}

/* Faults A4, A6. */
static void unauthorized(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] error 401 -> watch from 9 with a new token\n"
           "[  40010] bookmark 9 -> go on\n"
           "[  80000] error 401 -> watch from 9 with a new token\n"
           "[  80010] 401 -> pause 467 ms, SVC_EAUTH\n"
           "[  80477] now -> watch from 9 with a new token\n"
           "[  81000] 401 -> pause 400 ms\n"
           "[  81400] now -> watch from 9 with a new token\n"
           "[  83000] 401 -> pause 1050 ms\n"
           "[  84050] now -> watch from 9 with a new token\n"
           "[  87000] bookmark 10 -> well again\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "error 401"}, {40010, "bookmark 9"}, {80000, "error 401"},
           {80010, "401"}, {81000, "401"}, {83000, "401"},
           {87000, "bookmark 10"});
    stream_fini(&s);
}

/* Faults A7: soon at first, for a server that begins knows no roles; then
 * after minutes, or when somebody is in a hurry, at most once in ten seconds.
 */
static void forbidden(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      1] 403 -> forget, pause 14 ms, SVC_EAUTH\n"
           "[     15] now -> watch-list\n"
           "[     16] 403 -> forget, pause 933 ms\n"
           "[    949] now -> watch-list\n"
           "[  20001] 403 -> forget, pause 374829 ms\n"
           "[  20002] start -> watch-list\n"
           "[  20010] 403 -> forget, pause 398423 ms\n"
           "[  20011] start -> go on\n"
           "[  30002] now -> watch-list\n"
           "[  30010] 403 -> forget, pause 423942 ms\n"
           "[ 395000] start -> watch-list\n"
           "[ 396000] initial-end 9 -> commit, well again\n",
           {0, "start"}, {1, "403"}, {16, "403"}, {20001, "403"},
           {20002, "start"}, {20010, "403"}, {20011, "start"}, {30010, "403"},
           {395000, "start"}, {396000, "initial-end 9"});
    stream_fini(&s);
}

/* Faults A7: where a wider scope is refused for long, so is this one; once it
 * was well it is judged for itself. */
static void forbidden_like_others(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    svc__reflector_believe(s.rf);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      1] 403 -> forget, pause 305036 ms, SVC_EAUTH\n"
           "[      2] start -> go on\n"
           "[  10000] now -> watch-list\n"
           "[  10001] 403 -> forget, pause 474879 ms\n"
           "[ 400000] start -> watch-list\n"
           "[ 400001] added 3 -> collect\n"
           "[ 400002] initial-end 9 -> commit, well again\n"
           "[ 401000] error 403 -> pause 200 ms, SVC_EAUTH\n"
           "[ 401200] now -> watch from 9\n"
           "[ 402000] 403 -> pause 525 ms\n",
           {0, "start"}, {1, "403"}, {2, "start"}, {10001, "403"},
           {400000, "start"}, {400001, "added 3"}, {400002, "initial-end 9"},
           {401000, "error 403"}, {402000, "403"});
    stream_fini(&s);
}

/* Faults A9. */
static void no_group(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      1] 404 -> forget, pause 30503 ms, SVC_ENOTSUP\n"
           "[  30504] now -> watch-list\n"
           "[  60100] 404 -> forget, pause 47488 ms\n"
           "[ 107588] now -> watch-list\n"
           "[ 120000] added 2 -> collect\n"
           "[ 120001] initial-end 9 -> commit, well again\n",
           {0, "start"}, {1, "404"}, {60100, "404"}, {120000, "added 2"},
           {120001, "initial-end 9"});
    stream_fini(&s);
}

/* Faults A2: slowly, with what is configured by then. */
static void tls(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      1] tls -> forget, pause 30503 ms, SVC_EAUTH\n"
           "[  30504] now -> watch-list with a new token\n"
           "[  60100] tls -> forget, pause 47488 ms\n"
           "[ 107588] now -> watch-list with a new token\n"
           "[ 120000] added 2 -> collect\n"
           "[ 120001] initial-end 9 -> commit, well again\n",
           {0, "start"}, {1, "tls"}, {60100, "tls"}, {120000, "added 2"},
           {120001, "initial-end 9"});
    stream_fini(&s);
}

/* Faults A13: a version that is no good may be the reason. */
static void server_errors(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] error 500 -> pause 14 ms, SVC_EUNREACH\n"
           "[  40014] now -> watch from 9\n"
           "[  41000] 502 -> pause 933 ms\n"
           "[  41933] now -> watch from 9\n"
           "[  44000] 500 -> pause 799 ms\n"
           "[  44799] now -> watch-list\n"
           "[  50000] added 2 -> collect\n"
           "[  50001] initial-end 12 -> commit, well again\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "error 500"}, {41000, "502"}, {44000, "500"},
           {50000, "added 2"}, {50001, "initial-end 12"});
    stream_fini(&s);
}

/* Faults J2: it is listed anew; so it is when an object found no memory. */
static void what_cannot_be_read(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] broken -> pause 14 ms, SVC_EPROTO\n"
           "[  40014] now -> watch-list\n"
           "[  41000] added 2 -> collect\n"
           "[  41001] initial-end 12 -> commit, well again\n"
           "[  41002] modified 13 -> apply\n"
           "[  41003] no memory -> pause 933 ms, SVC_ENOMEM\n"
           "[  41936] now -> watch-list\n"
           "[  45000] initial-end 14 -> commit, well again\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "broken"}, {41000, "added 2"}, {41001, "initial-end 12"},
           {41002, "modified 13"}, {41003, "no memory"},
           {45000, "initial-end 14"});
    stream_fini(&s);
}

/* Faults A26: seen in an event, the next list is the truth. */
static void history_goes_back(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] modified 5 -> pause 14 ms\n"
           "[  40014] now -> watch-list\n"
           "[  41000] added 2 -> collect\n"
           "[  41001] initial-end 6 -> commit\n"
           "[  41002] modified 7 -> apply\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "modified 5"}, {41000, "added 2"}, {41001, "initial-end 6"},
           {41002, "modified 7"});
    stream_fini(&s);
}

/* Faults A27: a list that is older does not count. */
static void a_server_is_behind(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] bookmark 100 -> go on\n"
           "[  40001] error 410 Gone -> pause 14 ms\n"
           "[  40015] now -> watch-list\n"
           "[  41000] added 2 -> collect\n"
           "[  41001] initial-end 50 -> forget, list not older than 100\n"
           "[  41002] item -> collect\n"
           "[  41005] listed 101 -> commit\n"
           "[  41006] end -> watch from 101\n"
           "[  41007] bookmark 101 -> go on\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "bookmark 100"}, {40001, "error 410 Gone"},
           {41000, "added 2"}, {41001, "initial-end 50"}, {41002, "item"},
           {41005, "listed 101"}, {41006, "end"}, {41007, "bookmark 101"});
    stream_fini(&s);
}

/* It asks twice, and then believes it. */
static void both_servers_are_behind(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] bookmark 100 -> go on\n"
           "[  40001] error 410 Gone -> pause 14 ms\n"
           "[  40015] now -> watch-list\n"
           "[  41000] added 2 -> collect\n"
           "[  41001] initial-end 50 -> forget, list not older than 100\n"
           "[  41002] item -> collect\n"
           "[  41005] listed 60 -> forget\n"
           "[  41006] end -> watch-list\n"
           "[  41007] added 2 -> collect\n"
           "[  41008] initial-end 50 -> commit\n"
           "[  41009] added 51 -> apply\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "bookmark 100"}, {40001, "error 410 Gone"},
           {41000, "added 2"}, {41001, "initial-end 50"}, {41002, "item"},
           {41005, "listed 60"}, {41006, "end"}, {41007, "added 2"},
           {41008, "initial-end 50"}, {41009, "added 51"});
    stream_fini(&s);
}

/* Faults J11, J12, J15. */
static void what_is_unknown(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] unknown 12 -> go on\n"
           "[  40001] bookmark  -> go on\n"
           "[  40002] modified  -> apply\n"
           "[  40003] error 0 -> pause 14 ms, SVC_EUNREACH\n"
           "[  40017] now -> watch from 9\n"
           "[  42000] bookmark opaque -> well again\n"
           "[  42001] modified 3 -> apply\n"
           "[  42002] error 403 -> pause 933 ms, SVC_EAUTH\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "unknown 12"}, {40001, "bookmark "}, {40002, "modified "},
           {40003, "error 0"}, {42000, "bookmark opaque"},
           {42001, "modified 3"}, {42002, "error 403"});
    stream_fini(&s);
}

static void a_list_without_a_version(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      1] 501 -> forget, list\n"
           "[      3] listed  -> forget, pause 721 ms, SVC_EPROTO\n"
           "[    724] now -> list\n"
           "[   2000] listed 5 -> commit, well again\n"
           "[   2001] cut -> watch from 5\n"
           "[   2002] bookmark 6 -> go on\n",
           {0, "start"}, {1, "501"}, {3, "listed "}, {2000, "listed 5"},
           {2001, "cut"}, {2002, "bookmark 6"});
    stream_fini(&s);
}

/* What helps for a moment does not count. */
static void a_token_for_moments(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] error 401 -> watch from 9 with a new token\n"
           "[  40010] bytes -> go on\n"
           "[  40020] error 401 -> pause 721 ms, SVC_EAUTH\n"
           "[  40741] now -> watch from 9 with a new token\n"
           "[  41000] bytes -> well again\n"
           "[  41010] error 401 -> pause 724 ms, SVC_EAUTH\n"
           "[  41734] now -> watch from 9 with a new token\n"
           "[  43000] modified 10 -> apply, well again\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "error 401"}, {40010, "bytes"}, {40020, "error 401"},
           {41000, "bytes"}, {41010, "error 401"}, {43000, "modified 10"});
    stream_fini(&s);
}

/* Two minutes of it. */
static void health_shortens_the_pause(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] error 500 -> pause 14 ms, SVC_EUNREACH\n"
           "[  40014] now -> watch from 9\n"
           "[  40900] bytes -> well again\n"
           "[  41000] error 500 -> pause 933 ms, SVC_EUNREACH\n"
           "[  41933] now -> watch from 9\n"
           "[  42500] bookmark 10 -> well again\n"
           "[ 150000] error 500 -> pause 799 ms, SVC_EUNREACH\n"
           "[ 150799] now -> watch from 10\n"
           "[ 153000] bookmark 11 -> well again\n"
           "[ 280000] error 500 -> pause 263 ms, SVC_EUNREACH\n"
           "[ 280263] now -> watch from 11\n"
           "[ 281000] bookmark 12 -> well again\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {40000, "error 500"}, {40900, "bytes"}, {41000, "error 500"},
           {42500, "bookmark 10"}, {150000, "error 500"},
           {153000, "bookmark 11"}, {280000, "error 500"},
           {281000, "bookmark 12"});
    stream_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expired),
        cmocka_unit_test(a_list_without_memory),
        cmocka_unit_test(too_many_requests),
        cmocka_unit_test(unauthorized),
        cmocka_unit_test(forbidden),
        cmocka_unit_test(forbidden_like_others),
        cmocka_unit_test(no_group),
        cmocka_unit_test(tls),
        cmocka_unit_test(server_errors),
        cmocka_unit_test(what_cannot_be_read),
        cmocka_unit_test(history_goes_back),
        cmocka_unit_test(a_server_is_behind),
        cmocka_unit_test(both_servers_are_behind),
        cmocka_unit_test(what_is_unknown),
        cmocka_unit_test(a_list_without_a_version),
        cmocka_unit_test(a_token_for_moments),
        cmocka_unit_test(health_shortens_the_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
