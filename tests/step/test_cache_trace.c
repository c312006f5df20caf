/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the cache, each as a transcript in virtual time
 * (tests/lib/cache_run.h). Times that are not round come from the jitter, which
 * is seeded.
 */
#include "cache_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- fresh, ahead of its end, past it ----------------------------------- */

static void test_asked_ahead_of_its_end(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[    20] answer web 30000 1 2 -> show 1 2\n"
                   "[ 25070] time -> web: ask\n"
                   "[ 29100] answer web 30000 1 2 -> show 1 2\n"
                   "[ 50000] want web -> show 1 2\n"
                   "[ 54956] time -> web: ask\n");
}

static void test_one_question_for_all(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[     1] want web -> nothing\n"
                   "[     2] want api -> ask\n"
                   "[     3] want web -> nothing\n"
                   "[    20] answer web 30000 1 -> show 1\n"
                   "[    30] answer api 30000 2 -> show 2\n");
}

static void test_unwanted_is_left_alone(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[    20] answer web 30000 1 -> show 1\n"
                   "[    30] unwant web -> nothing\n"
                   "[ 20000] want web -> show 1\n"
                   "[ 20001] unwant web -> nothing\n"
                   "[ 29000] want web -> ask, show 1\n"
                   "[ 29001] unwant web -> nothing\n"
                   "[ 29020] answer web 30000 1 2 -> nothing\n"
                   "[ 50000] want web -> show 1 2\n"
                   "[ 50001] unwant web -> nothing\n"
                   "[100000] want web -> ask\n"
                   "[100020] answer web 30000 3 -> show 3\n");
}

/* RFC 8767: who waits for what is known from before gets it after 1.8 s. */
static void test_stale_after_patience(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[    20] answer web 5000 1 -> show 1\n"
                   "[    30] unwant web -> nothing\n"
                   "[ 60000] want web -> ask\n"
                   "[ 61800] time -> web: show 1 stale\n"
                   "[ 62000] want web -> nothing\n"
                   "[ 63000] answer web 5000 2 -> show 2\n");
}

static void test_a_source_that_is_silent(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings, "[     0] want web -> ask\n"
                                        "[    20] answer web 5000 1 -> show 1\n"
                                        "[  4195] time -> web: ask\n"
                                        "[  6820] time -> web: show 1 stale\n"
                                        "[  9500] fail web -> tell ETIMEDOUT\n"
                                        "[ 10097] time -> web: ask\n");
}

/* ---- TTLs --------------------------------------------------------------- */

/* Faults D17: used, and asked again no sooner than after the least time. */
static void test_ttl_0(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings, "[     0] want web -> ask\n"
                                        "[    20] answer web 0 1 -> show 1\n"
                                        "[   100] want web -> show 1\n"
                                        "[  1020] time -> web: ask\n"
                                        "[  1040] answer web -1 1 -> show 1\n"
                                        "[  2040] time -> web: ask\n");
}

/* Faults D18. */
static void test_a_ttl_of_decades(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[     0] answer web 2147483647000 1 -> show 1\n"
                   "[3005943] time -> web: ask\n");
}

static void test_a_negative_answer(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[    20] nxdomain web 30000 -> show ENOSERVICE\n"
                   "[    30] want web -> show ENOSERVICE\n"
                   "[  4195] time -> web: ask\n"
                   "[  5020] nodata web -1 -> show ENOENDPOINTS\n"
                   "[  6020] time -> web: ask\n"
                   "[  6040] answer web 30000 1 -> show 1\n");
}

/* ---- answers that empty a set ------------------------------------------- */

/* Faults D8. */
static void test_nxdomain_is_confirmed(void **state)
{
    (void)state;
    cache_run_play(
        &cache_run_settings,
        "[     0] want web -> ask\n"
        "[     0] answer web 4000 1 2 3 -> show 1 2 3\n"
        "[  3340] time -> web: ask\n"
        "[  3700] nxdomain web 4000 -> keep 1 2 3, confirm in 1000 ms\n"
        "[  3800] want web -> show 1 2 3\n"
        "[  3900] refresh web -> nothing\n"
        "[  4700] time -> web: ask another\n"
        "[  4720] nodata web 4000 -> show ENOENDPOINTS\n"
        "[  8303] time -> web: ask\n"
        "[  8520] nxdomain web 4000 -> show ENOSERVICE\n"
        "[ 11787] time -> web: ask\n"
        "[ 12520] answer web 4000 1 -> show 1\n");
}

/* It is a second until it is confirmed, whoever asks for more. */
static void test_no_refresh_in_doubt(void **state)
{
    struct svc__cache_settings s = cache_run_settings;

    (void)state;
    s.ttl_min_ms = 100;
    cache_run_play(
        &s, "[     0] want web -> ask\n"
            "[     0] answer web 4000 1 2 3 -> show 1 2 3\n"
            "[   200] refresh web -> ask\n"
            "[   210] nxdomain web 4000 -> keep 1 2 3, confirm in 1000 ms\n"
            "[   400] refresh web -> nothing\n"
            "[   500] change -> nothing\n"
            "[  1210] time -> web: ask another\n");
}

static void test_nxdomain_is_refuted(void **state)
{
    (void)state;
    cache_run_play(
        &cache_run_settings,
        "[     0] want web -> ask\n"
        "[     0] answer web 4000 1 2 3 -> show 1 2 3\n"
        "[  3340] time -> web: ask\n"
        "[  3700] nxdomain web 4000 -> keep 1 2 3, confirm in 1000 ms\n"
        "[  4700] time -> web: ask another\n"
        "[  4720] answer web 4000 1 2 -> show 1 2\n"
        "[  8303] time -> web: ask\n"
        "[  8520] nxdomain web 4000 -> keep 1 2, confirm in 1000 ms\n"
        "[  9520] time -> web: ask another\n");
}

/* Five seconds after the first answer it is believed as it is. */
static void test_a_confirmation_that_fails(void **state)
{
    (void)state;
    cache_run_play(
        &cache_run_settings,
        "[     0] want web -> ask\n"
        "[     0] answer web 4000 1 -> show 1\n"
        "[  3340] time -> web: ask\n"
        "[  3700] nxdomain web 4000 -> keep 1, confirm in 1000 ms\n"
        "[  4700] time -> web: ask another\n"
        "[  5200] fail web -> show 1 stale, tell ETIMEDOUT\n"
        "[  6200] time -> web: ask another\n"
        "[  6700] fail web -> tell ETIMEDOUT\n"
        "[  7700] time -> web: ask another\n"
        "[  8700] time -> web: show ENOSERVICE stale, tell ETIMEDOUT\n"
        "[  9000] answer web 4000 1 -> show 1, tell end\n");
}

static void test_an_alias_that_goes(void **state)
{
    (void)state;
    cache_run_play(
        &cache_run_settings,
        "[     0] want web -> ask\n"
        "[     0] alias web 4000 db.shop -> show alias db.shop\n"
        "[  3340] time -> web: ask\n"
        "[  3700] alias web 4000 db2.shop -> show alias db2.shop\n"
        "[  7148] time -> web: ask\n"
        "[  7700] nodata web 4000 -> keep alias db2.shop, confirm in 1000 ms\n"
        "[  8700] time -> web: ask another\n"
        "[  8710] nodata web 4000 -> show ENOENDPOINTS\n");
}

/* A doubt that nobody waits for is cleared up when somebody does. */
static void test_a_doubt_of_nobody(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[     0] answer web 4000 1 -> show 1\n"
                   "[  1000] unwant web -> nothing\n"
                   "[  5000] want web -> ask\n"
                   "[  5010] unwant web -> nothing\n"
                   "[  5020] nxdomain web 4000 -> keep 1, confirm in 1000 ms\n"
                   "[ 90000] time -> nothing\n"
                   "[ 90000] want web -> ask another\n"
                   "[ 90010] nxdomain web 4000 -> show ENOSERVICE\n");
}

/* ---- the guard against the loss of most --------------------------------- */

static void test_most_of_a_set_goes(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[     0] answer web 4000 1 2 3 4 -> show 1 2 3 4\n"
                   "[  3340] time -> web: ask\n"
                   "[  3700] answer web 4000 1 2 5 -> show 1 2 5\n"
                   "[  7148] time -> web: ask\n"
                   "[  7700] answer web 4000 1 2 3 4 5 -> show 1 2 3 4 5\n"
                   "[ 11283] time -> web: ask\n"
                   "[ 11700] answer web 4000 1 2 6 7 8 -> keep 1 2 3 4 5, "
                   "confirm in 1000 ms\n"
                   "[ 12700] time -> web: ask another\n"
                   "[ 12710] answer web 4000 2 9 -> show 2 9\n");
}

static void test_most_of_a_set_is_there_again(void **state)
{
    (void)state;
    cache_run_play(
        &cache_run_settings,
        "[     0] want web -> ask\n"
        "[     0] answer web 4000 1 2 3 4 -> show 1 2 3 4\n"
        "[  3340] time -> web: ask\n"
        "[  3700] alias web 4000 db.shop -> keep 1 2 3 4, confirm in 1000 ms\n"
        "[  4700] time -> web: ask another\n"
        "[  4710] answer web 4000 1 2 5 -> show 1 2 5\n");
}

/* Half of the answer cannot be had for five seconds. */
static void test_most_of_a_set_and_trouble(void **state)
{
    (void)state;
    cache_run_play(
        &cache_run_settings,
        "[     0] want web -> ask\n"
        "[     0] answer web 30000 1 2 3 4 -> show 1 2 3 4\n"
        "[ 25050] time -> web: ask\n"
        "[ 29100] answer web 30000 1 -> keep 1 2 3 4, confirm in 1000 ms\n"
        "[ 30100] time -> web: ask another\n"
        "[ 31800] time -> web: show 1 2 3 4 stale\n"
        "[ 34100] time -> web: show 1\n"
        "[ 34200] nxdomain web 30000 -> keep 1, confirm in 1000 ms\n");
}

/* ---- parts -------------------------------------------------------------- */

/* Faults D12: a part has what was known of the rest, and is shown; but it takes
 * away neither a set nor most of one, and what is being confirmed waits for the
 * whole. */
static void test_a_part_is_shown(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[    20] part web 30000 1 -> show 1\n"
                   "[    21] want web -> show 1\n"
                   "[    70] answer web 30000 1 2 -> show 1 2\n"
                   "[ 25120] time -> web: ask\n"
                   "[ 29020] part web 30000 3 -> show 3\n"
                   "[ 29070] answer web 30000 3 4 -> show 3 4\n");
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[    70] answer web 30000 1 2 3 4 -> show 1 2 3 4\n"
                   "[ 25120] time -> web: ask\n"
                   "[ 29020] part web 30000 1 -> nothing\n"
                   "[ 29070] answer web 30000 1 2 3 4 -> show 1 2 3 4\n");
}

/* One family does not come: asked for again by the back-off. */
static void test_half_an_answer(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[    20] part web 30000 1 -> show 1\n"
                   "[  5000] half web 30000 1 -> show 1\n"
                   "[  6000] time -> web: ask\n"
                   "[  7020] half web 30000 1 -> show 1\n"
                   "[  8020] time -> web: ask\n"
                   "[  8100] half web 30000 1 -> show 1\n"
                   "[ 10542] time -> web: ask\n"
                   "[ 19100] answer web 30000 1 2 -> show 1 2\n"
                   "[ 42885] time -> nothing\n");
}

/* ---- bounds ------------------------------------------------------------- */

static void test_who_goes(void **state)
{
    struct svc__cache_settings s = cache_run_settings;

    (void)state;
    s.entries_max = 3;
    cache_run_play(&s, "[     0] want a -> ask\n"
                       "[     0] want b -> ask\n"
                       "[     0] want c -> ask\n"
                       "[    10] answer a 30000 1 -> show 1\n"
                       "[    11] answer b 30000 2 -> show 2\n"
                       "[    12] nxdomain c 30000 -> show ENOSERVICE\n"
                       "[    20] want d -> refused ETOOBIG\n"
                       "[    21] unwant a -> nothing\n"
                       "[    22] unwant b -> nothing\n"
                       "[    23] unwant c -> nothing\n"
                       "[    24] want a -> show 1\n"
                       "[    25] unwant a -> nothing\n"
                       "[    30] want d -> c: gone, d: ask\n"
                       "[    31] want e -> b: gone, e: ask\n"
                       "[    32] want f -> a: gone, f: ask\n"
                       "[    33] unwant d -> nothing\n"
                       "[    34] want g -> refused ETOOBIG\n"
                       "[    35] fail d -> nothing\n"
                       "[    36] want g -> d: gone, g: ask\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked_ahead_of_its_end),
        cmocka_unit_test(test_one_question_for_all),
        cmocka_unit_test(test_unwanted_is_left_alone),
        cmocka_unit_test(test_stale_after_patience),
        cmocka_unit_test(test_a_source_that_is_silent),
        cmocka_unit_test(test_ttl_0),
        cmocka_unit_test(test_a_ttl_of_decades),
        cmocka_unit_test(test_a_negative_answer),
        cmocka_unit_test(test_nxdomain_is_confirmed),
        cmocka_unit_test(test_no_refresh_in_doubt),
        cmocka_unit_test(test_nxdomain_is_refuted),
        cmocka_unit_test(test_a_confirmation_that_fails),
        cmocka_unit_test(test_an_alias_that_goes),
        cmocka_unit_test(test_a_doubt_of_nobody),
        cmocka_unit_test(test_most_of_a_set_goes),
        cmocka_unit_test(test_most_of_a_set_is_there_again),
        cmocka_unit_test(test_most_of_a_set_and_trouble),
        cmocka_unit_test(test_a_part_is_shown),
        cmocka_unit_test(test_half_an_answer),
        cmocka_unit_test(test_who_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
