/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a list and its watches as they come and go:
 * traces of tests/lib/reflector_stream.h.
 */
#include "reflector_stream.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Semantics 2.10: collected until the server says that this was all. */
static void a_watch_list(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      3] bytes -> go on\n"
           "[      5] added 7 -> collect\n"
           "[      5] added 3 -> collect\n"
           "[      6] deleted 8 -> discard\n"
           "[      7] bookmark 8 -> go on\n"
           "[      8] initial-end 9 -> commit\n"
           "[     50] modified 10 -> apply\n"
           "[     60] deleted 11 -> delete\n"
           "[     70] bookmark 12 -> go on\n"
           "[     80] added 13 -> apply\n"
           "[ 180008] now -> go on\n"
           "[ 180080] now -> pause 14 ms\n"
           "[ 180094] now -> watch from 13\n"
           "[ 400000] bookmark 14 -> go on\n",
           {0, "start"}, {3, "bytes"}, {5, "added 7"}, {5, "added 3"},
           {6, "deleted 8"}, {7, "bookmark 8"}, {8, "initial-end 9"},
           {50, "modified 10"}, {60, "deleted 11"}, {70, "bookmark 12"},
           {80, "added 13"}, {400000, "bookmark 14"});
    stream_fini(&s);
}

/* Any rejection of a watch-list is for life. */
static void a_list_and_a_watch(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      2] 422 -> forget, list\n"
           "[      4] item -> collect\n"
           "[      4] item -> collect\n"
           "[      5] listed 9 -> commit\n"
           "[      6] end -> watch from 9\n"
           "[      7] bytes -> go on\n"
           "[      9] added 10 -> apply\n"
           "[     10] error 410 Expired -> pause 467 ms\n"
           "[    477] now -> list\n"
           "[   2000] item -> collect\n"
           "[   2001] listed 20 -> commit\n"
           "[   2002] end -> watch from 20\n"
           "[   2003] bookmark 20 -> go on\n",
           {0, "start"}, {2, "422"}, {4, "item"}, {4, "item"}, {5, "listed 9"},
           {6, "end"}, {7, "bytes"}, {9, "added 10"}, {10, "error 410 Expired"},
           {2000, "item"}, {2001, "listed 20"}, {2002, "end"},
           {2003, "bookmark 20"});
    stream_fini(&s);
}

/* Nothing counts before the last part. */
static void a_list_in_parts(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      2] 400 -> forget, list\n"
           "[      4] item -> collect\n"
           "[      5] listed 9 part2 -> go on\n"
           "[      6] end -> list on\n"
           "[      7] item -> collect\n"
           "[      8] listed 9 part3 -> go on\n"
           "[      9] end -> list on\n"
           "[     10] 410 -> forget, list\n"
           "[     20] item -> collect\n"
           "[     21] listed 12 -> commit\n"
           "[     22] end -> watch from 12\n"
           "[     30] bookmark 12 -> go on\n",
           {0, "start"}, {2, "400"}, {4, "item"}, {5, "listed 9 part2"},
           {6, "end"}, {7, "item"}, {8, "listed 9 part3"}, {9, "end"},
           {10, "410"}, {20, "item"}, {21, "listed 12"}, {22, "end"},
           {30, "bookmark 12"});
    stream_fini(&s);
}

/* A server that does not know them; one that is mute. */
static void no_end_of_the_initial_events(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[    300] end -> forget, list\n"
           "[    302] listed 9 -> commit\n"
           "[    303] end -> watch from 9\n"
           "[    400] modified 11 -> apply\n",
           {0, "start"}, {5, "added 3"}, {300, "end"}, {302, "listed 9"},
           {303, "end"}, {400, "modified 11"});
    stream_fini(&s);
}

static void a_mute_server(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[  29000] bytes -> go on\n"
           "[  30000] now -> go on\n"
           "[  59000] now -> forget, list\n"
           "[  60000] listed 9 -> commit\n"
           "[  60001] end -> watch from 9\n"
           "[  60002] bookmark 10 -> go on\n",
           {0, "start"}, {29000, "bytes"}, {60000, "listed 9"}, {60001, "end"},
           {60002, "bookmark 10"});
    stream_fini(&s);
}

/* The end that was asked for is no failure, and has no pause. */
static void watches_follow_each_other(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[ 100000] bookmark 10 -> go on\n"
           "[ 180006] now -> go on\n"
           "[ 200000] bookmark 11 -> go on\n"
           "[ 280000] now -> go on\n"
           "[ 300000] bookmark 11 -> go on\n"
           "[ 380000] now -> go on\n"
           "[ 400000] bookmark 11 -> go on\n"
           "[ 430000] bookmark 12 -> go on\n"
           "[ 447000] now -> watch from 12\n"
           "[ 545000] end -> pause 721 ms\n"
           "[ 545010] bookmark 12 -> go on\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {100000, "bookmark 10"}, {200000, "bookmark 11"},
           {300000, "bookmark 11"}, {400000, "bookmark 11"},
           {430000, "bookmark 12"}, {545000, "end"}, {545010, "bookmark 12"});
    stream_fini(&s);
}

/* Faults A1, A16: from where it was, once soon, then slower; no list. */
static void a_connection_dies(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  50000] cut -> pause 14 ms\n"
           "[  50014] now -> watch from 9\n"
           "[  50900] refused -> pause 467 ms, SVC_EUNREACH\n"
           "[  51367] now -> watch from 9\n"
           "[  51500] refused -> pause 400 ms\n"
           "[  51900] now -> watch from 9\n"
           "[  53500] refused -> pause 1050 ms\n"
           "[  54550] now -> watch from 9\n"
           "[  56500] refused -> pause 2645 ms\n"
           "[  59145] now -> watch from 9\n"
           "[  60500] bytes -> well again\n"
           "[  61000] modified 10 -> apply\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"}, {50000, "cut"},
           {50900, "refused"}, {51500, "refused"}, {53500, "refused"},
           {56500, "refused"}, {60500, "bytes"}, {61000, "modified 10"});
    stream_fini(&s);
}

/* Faults A28: whoever cuts a connection every 50 s, is met by no growing pause.
 */
static void an_idle_cut(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  50000] cut -> pause 14 ms\n"
           "[  50014] now -> watch from 9\n"
           "[  51000] bytes -> go on\n"
           "[ 101000] cut -> pause 467 ms\n"
           "[ 101467] now -> watch from 9\n"
           "[ 102000] bytes -> go on\n"
           "[ 152000] cut -> pause 200 ms\n"
           "[ 152200] now -> watch from 9\n"
           "[ 153000] bytes -> go on\n"
           "[ 153010] modified 10 -> apply\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"}, {50000, "cut"},
           {51000, "bytes"}, {101000, "cut"}, {102000, "bytes"},
           {152000, "cut"}, {153000, "bytes"}, {153010, "modified 10"});
    stream_fini(&s);
}

/* Faults A21; kubernetes #104171. */
static void very_short_watches(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] end -> pause 14 ms\n"
           "[  40014] now -> watch from 9\n"
           "[  41000] end -> pause 467 ms, SVC_EUNREACH\n"
           "[  41467] now -> watch from 9\n"
           "[  42500] end -> pause 400 ms\n"
           "[  42900] now -> watch from 9\n"
           "[  45500] end -> pause 1050 ms\n"
           "[  46550] now -> watch-list\n"
           "[  52500] added 2 -> collect\n"
           "[  52501] initial-end 12 -> commit, well again\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"}, {40000, "end"},
           {41000, "end"}, {42500, "end"}, {45500, "end"}, {52500, "added 2"},
           {52501, "initial-end 12"});
    stream_fini(&s);
}

/* Soon once, then slower, whatever they bring. */
static void short_watches_with_events(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] end -> pause 14 ms\n"
           "[  40014] now -> watch from 9\n"
           "[  41000] added 10 -> apply\n"
           "[  41001] end -> pause 467 ms\n"
           "[  41468] now -> watch from 10\n"
           "[  42000] added 11 -> apply\n"
           "[  42001] end -> pause 200 ms, SVC_EUNREACH\n"
           "[  42201] now -> watch from 11\n"
           "[  44000] added 12 -> apply, well again\n"
           "[  44001] end -> pause 525 ms, SVC_EUNREACH\n"
           "[  44526] now -> watch from 12\n"
           "[  47000] added 13 -> apply, well again\n"
           "[  80000] end -> pause 331 ms\n"
           "[  80331] now -> watch from 13\n"
           "[  81000] added 14 -> apply\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"}, {40000, "end"},
           {41000, "added 10"}, {41001, "end"}, {42000, "added 11"},
           {42001, "end"}, {44000, "added 12"}, {44001, "end"},
           {47000, "added 13"}, {80000, "end"}, {81000, "added 14"});
    stream_fini(&s);
}

/* Faults A19: behind the first bookmark three minutes are too long. */
static void silence(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  60000] bookmark 10 -> go on\n"
           "[ 120000] bytes -> go on\n"
           "[ 180006] now -> go on\n"
           "[ 300000] now -> pause 14 ms\n"
           "[ 300014] now -> watch from 10\n"
           "[ 301000] bookmark 11 -> go on\n"
           "[ 301001] bookmark 12 -> go on\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"},
           {60000, "bookmark 10"}, {120000, "bytes"}, {301000, "bookmark 11"},
           {301001, "bookmark 12"});
    stream_fini(&s);
}

/* Faults A22: half an event hides the next ones for half a minute. One that is
 * too slow at every turn is in the list. */
static void half_an_event(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] inside -> go on\n"
           "[      6] added 3 -> collect\n"
           "[      7] initial-end 9 -> commit\n"
           "[  60000] inside -> go on\n"
           "[  80000] bytes -> go on\n"
           "[  89000] modified 10 -> apply\n"
           "[  89001] inside -> go on\n"
           "[  90000] now -> go on\n"
           "[ 100000] bytes -> go on\n"
           "[ 118000] bytes -> go on\n"
           "[ 119001] now -> pause 14 ms\n"
           "[ 119015] now -> watch from 10\n"
           "[ 120000] inside -> go on\n"
           "[ 140000] bytes -> go on\n"
           "[ 150000] now -> pause 467 ms, SVC_EUNREACH\n"
           "[ 150467] now -> watch from 10\n"
           "[ 160000] inside -> go on\n"
           "[ 190000] now -> pause 400 ms\n"
           "[ 190400] now -> watch from 10\n"
           "[ 200000] inside -> go on\n"
           "[ 230000] now -> pause 1050 ms\n"
           "[ 231050] now -> watch-list\n"
           "[ 240000] inside -> go on\n"
           "[ 261050] now -> forget, list\n"
           "[ 280000] bytes -> go on\n",
           {0, "start"}, {5, "inside"}, {6, "added 3"}, {7, "initial-end 9"},
           {60000, "inside"}, {80000, "bytes"}, {89000, "modified 10"},
           {89001, "inside"}, {100000, "bytes"}, {118000, "bytes"},
           {120000, "inside"}, {140000, "bytes"}, {160000, "inside"},
           {200000, "inside"}, {240000, "inside"}, {280000, "bytes"});
    stream_fini(&s);
}

/* Faults A26: a version of the future brings nothing, for ever. */
static void silence_from_the_beginning(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] cut -> pause 14 ms\n"
           "[  40014] now -> watch from 9\n"
           "[  41000] bytes -> go on\n"
           "[ 640000] end -> watch-list\n"
           "[ 641000] added 2 -> collect\n"
           "[ 641001] initial-end 5 -> forget, list not older than 9\n"
           "[ 641010] 504 Too large resource version: 9, current: 5 -> forget, "
           "pause 1200 ms, SVC_EUNREACH\n"
           "[ 642210] now -> watch-list\n"
           "[ 643100] added 2 -> collect\n"
           "[ 643110] initial-end 5 -> commit, well again\n"
           "[ 643200] bookmark 6 -> go on\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"}, {40000, "cut"},
           {41000, "bytes"}, {640000, "end"}, {641000, "added 2"},
           {641001, "initial-end 5"},
           {641010, "504 Too large resource version: 9, current: 5"},
           {643100, "added 2"}, {643110, "initial-end 5"},
           {643200, "bookmark 6"});
    stream_fini(&s);
}

/* Faults A20. */
static void no_end_at_all(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      6] initial-end 9 -> commit\n"
           "[ 150000] bookmark 10 -> go on\n"
           "[ 180006] now -> go on\n"
           "[ 300000] bookmark 11 -> go on\n"
           "[ 330000] now -> go on\n"
           "[ 447000] now -> watch from 11\n"
           "[ 450000] bookmark 12 -> go on\n",
           {0, "start"}, {6, "initial-end 9"}, {150000, "bookmark 10"},
           {300000, "bookmark 11"}, {450000, "bookmark 12"});
    stream_fini(&s);
}

/* A caller in a hurry ends a pause, not the server's. */
static void a_hurry(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] cut -> pause 14 ms\n"
           "[  40001] start -> watch from 9\n"
           "[  40010] refused -> pause 467 ms, SVC_EUNREACH\n"
           "[  40020] start -> go on\n"
           "[  40477] now -> watch from 9\n"
           "[  41050] 429 5000 -> pause 5400 ms\n"
           "[  41060] start -> go on\n"
           "[  46050] now -> watch from 9\n"
           "[  46051] bookmark 9 -> well again\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"}, {40000, "cut"},
           {40001, "start"}, {40010, "refused"}, {40020, "start"},
           {41050, "429 5000"}, {41060, "start"}, {46051, "bookmark 9"});
    stream_fini(&s);
}

static void silence_of_a_later_watch(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s);
    STREAM(&s,
           "[      0] start -> watch-list\n"
           "[      5] added 3 -> collect\n"
           "[      6] initial-end 9 -> commit\n"
           "[  40000] cut -> pause 14 ms\n"
           "[  40014] now -> watch from 9\n"
           "[  41000] bytes -> go on\n"
           "[ 100000] bookmark 10 -> go on\n"
           "[ 280000] now -> pause 467 ms\n"
           "[ 280467] now -> watch from 10\n"
           "[ 281000] modified 11 -> apply\n",
           {0, "start"}, {5, "added 3"}, {6, "initial-end 9"}, {40000, "cut"},
           {41000, "bytes"}, {100000, "bookmark 10"}, {281000, "modified 11"});
    stream_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watch_list),
        cmocka_unit_test(a_list_and_a_watch),
        cmocka_unit_test(a_list_in_parts),
        cmocka_unit_test(no_end_of_the_initial_events),
        cmocka_unit_test(a_mute_server),
        cmocka_unit_test(watches_follow_each_other),
        cmocka_unit_test(a_connection_dies),
        cmocka_unit_test(an_idle_cut),
        cmocka_unit_test(very_short_watches),
        cmocka_unit_test(short_watches_with_events),
        cmocka_unit_test(silence),
        cmocka_unit_test(half_an_event),
        cmocka_unit_test(silence_from_the_beginning),
        cmocka_unit_test(no_end_at_all),
        cmocka_unit_test(a_hurry),
        cmocka_unit_test(silence_of_a_later_watch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
