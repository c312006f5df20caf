/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cache does when the source fails, and how long a set is kept against
 * what speaks against it, as transcripts in virtual time
 * (tests/lib/cache_run.h).
 */
#include "cache_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- trouble ------------------------------------------------------------ */

static void test_trouble_before_an_answer(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[   100] fail web -> tell ETIMEDOUT\n"
                   "[   101] want web -> tell ETIMEDOUT\n"
                   "[   554] time -> web: ask\n"
                   "[  2001] want web -> nothing\n"
                   "[  2100] fail web -> tell ETIMEDOUT\n"
                   "[  3294] time -> web: ask\n"
                   "[  4020] answer web 30000 1 -> show 1, tell end\n");
}

/* It is told when the time of the set is over, not before. */
static void test_trouble_ahead_of_the_end(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[     0] answer web 10000 1 -> show 1\n"
                   "[  8350] time -> web: ask\n"
                   "[  9050] fail web -> nothing\n"
                   "[  9647] time -> web: ask\n"
                   "[ 10000] time -> web: tell ETIMEDOUT\n"
                   "[ 10001] want web -> show 1 stale, tell ETIMEDOUT\n"
                   "[ 20000] answer web 10000 1 2 -> show 1 2, tell end\n");
}

/* A failure that begins behind the end of the set is told at once, and those
 * who wait get the set. */
static void test_trouble_for_who_waits(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[     0] answer web 5000 1 -> show 1\n"
                   "[     1] unwant web -> nothing\n"
                   "[ 60000] want web -> ask\n"
                   "[ 60500] fail web -> show 1 stale, tell ETIMEDOUT\n"
                   "[ 60501] want web -> show 1 stale, tell ETIMEDOUT\n"
                   "[ 60502] unwant web -> nothing\n"
                   "[ 60503] unwant web -> nothing\n"
                   "[ 95000] want web -> ask\n"
                   "[ 95020] answer web 5000 1 -> show 1\n");
}

static void test_no_retry_for_nobody(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings, "[     0] want web -> ask\n"
                                        "[    10] unwant web -> nothing\n"
                                        "[   100] fail web -> nothing\n"
                                        "[ 60000] time -> nothing\n"
                                        "[ 60000] want web -> ask\n"
                                        "[ 60001] unwant web -> nothing\n"
                                        "[ 60100] fail web -> nothing\n"
                                        "[ 60200] want web -> tell ETIMEDOUT\n"
                                        "[ 60697] time -> web: ask\n");
}

/* Faults R4: doubled with full jitter up to 30 s; an answer begins anew. */
static void test_the_back_off(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[     1] fail web -> tell ETIMEDOUT\n"
                   "[   455] time -> web: ask\n"
                   "[  1001] fail web -> tell ETIMEDOUT\n"
                   "[  2195] time -> web: ask\n"
                   "[  2701] fail web -> tell ETIMEDOUT\n"
                   "[  5809] time -> web: ask\n"
                   "[  6001] fail web -> tell ETIMEDOUT\n"
                   "[  8845] time -> web: ask\n"
                   "[ 13001] fail web -> tell ETIMEDOUT\n"
                   "[ 18688] time -> web: ask\n"
                   "[ 26001] fail web -> tell ETIMEDOUT\n"
                   "[ 45532] time -> web: ask\n"
                   "[ 52001] answer web 1000 1 -> show 1, tell end\n"
                   "[ 53001] time -> web: ask\n"
                   "[ 53002] fail web -> show 1 stale, tell ETIMEDOUT\n"
                   "[ 53421] time -> web: ask\n");
}

/* Who comes while the next try is far is not made to wait for it. */
static void test_somebody_comes_in_the_back_off(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings, "[     0] want web -> ask\n"
                                        "[     1] fail web -> tell ETIMEDOUT\n"
                                        "[   455] time -> web: ask\n"
                                        "[  1001] fail web -> tell ETIMEDOUT\n"
                                        "[  2195] time -> web: ask\n"
                                        "[  2701] fail web -> tell ETIMEDOUT\n"
                                        "[  5809] time -> web: ask\n"
                                        "[  6001] fail web -> tell ETIMEDOUT\n"
                                        "[  6002] want web -> tell ETIMEDOUT\n"
                                        "[  7001] time -> web: ask\n"
                                        "[  7002] fail web -> tell ETIMEDOUT\n"
                                        "[  8100] want web -> ask\n");
}

/* Who sees trouble asks at once, but not more often than once a second. */
static void test_refresh(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[    10] refresh web -> nothing\n"
                   "[    20] answer web 30000 1 -> show 1\n"
                   "[  1019] refresh web -> nothing\n"
                   "[  1020] refresh web -> ask\n"
                   "[  1021] refresh web -> nothing\n"
                   "[  1030] fail web -> nothing\n"
                   "[  1031] refresh web -> nothing\n");
}

static void test_the_servers_change(void **state)
{
    (void)state;
    cache_run_play(&cache_run_settings,
                   "[     0] want web -> ask\n"
                   "[     0] want api -> ask\n"
                   "[     0] want old -> ask\n"
                   "[     0] want slow -> ask\n"
                   "[    20] answer web 30000 1 -> show 1\n"
                   "[    20] fail api -> tell ETIMEDOUT\n"
                   "[    20] answer old 30000 3 -> show 3\n"
                   "[    20] unwant old -> nothing\n"
                   "[   100] change -> nothing\n"
                   "[   101] time -> api: ask, web: ask\n"
                   "[   110] answer web 30000 1 -> show 1\n"
                   "[   110] answer slow 30000 4 -> show 4\n"
                   "[   200] want old -> ask\n"
                   "[   210] answer old 30000 5 -> show 5\n"
                   "[  1110] time -> slow: ask\n");
}

/* ---- keep and drop ------------------------------------------------------ */

static void test_errors_drop(void **state)
{
    struct svc__cache_settings s = cache_run_settings;

    (void)state;
    s.error_keep_ms = 0;
    cache_run_play(
        &s, "[     0] want web -> ask\n"
            "[     0] answer web 4000 1 -> show 1\n"
            "[  3340] time -> web: ask\n"
            "[  3700] fail web -> nothing\n"
            "[  4000] time -> web: show ETIMEDOUT stale, tell ETIMEDOUT\n"
            "[  4297] time -> web: ask\n"
            "[  5100] want web -> nothing\n"
            "[  5200] part web 4000 2 -> show 2, tell end\n"
            "[  5300] answer web 4000 2 3 -> show 2 3\n");
}

/* A silent source is no better than one that fails. */
static void test_errors_drop_what_nobody_wanted(void **state)
{
    struct svc__cache_settings s = cache_run_settings;

    (void)state;
    s.error_keep_ms = 0;
    cache_run_play(
        &s, "[     0] want web -> ask\n"
            "[     0] answer web 4000 1 -> show 1\n"
            "[     1] unwant web -> nothing\n"
            "[ 60000] want web -> ask\n"
            "[ 62000] time -> nothing\n"
            "[ 62000] fail web -> show ETIMEDOUT stale, tell ETIMEDOUT\n");
}

static void test_errors_keep_for_a_time(void **state)
{
    struct svc__cache_settings s = cache_run_settings;

    (void)state;
    s.error_keep_ms = 10000;
    cache_run_play(
        &s, "[     0] want web -> ask\n"
            "[     0] answer web 4000 1 -> show 1\n"
            "[  3340] time -> web: ask\n"
            "[  3700] fail web -> nothing\n"
            "[  4000] time -> web: tell ETIMEDOUT\n"
            "[  4297] time -> web: ask\n"
            "[  4500] fail web -> tell ETIMEDOUT\n"
            "[  6054] time -> web: ask\n"
            "[ 13700] time -> web: show ETIMEDOUT stale, tell ETIMEDOUT\n"
            "[ 20000] answer web 4000 1 -> show 1, tell end\n");
}

/* However long it was unwanted: the bound counts from the end of its time. */
static void test_max_stale_bounds_all(void **state)
{
    struct svc__cache_settings s = cache_run_settings;

    (void)state;
    s.max_stale_ms = 10000;
    cache_run_play(
        &s, "[     0] want web -> ask\n"
            "[     0] answer web 4000 1 -> show 1\n"
            "[     1] unwant web -> nothing\n"
            "[  5000] want web -> ask\n"
            "[  6800] time -> web: show 1 stale\n"
            "[  6900] unwant web -> nothing\n"
            "[  9000] fail web -> nothing\n"
            "[ 13900] want web -> ask, show 1 stale, tell ETIMEDOUT\n"
            "[ 14000] time -> web: show ETIMEDOUT stale, tell ETIMEDOUT\n"
            "[ 14500] answer web 4000 1 -> show 1, tell end\n"
            "[ 14501] unwant web -> nothing\n"
            "[ 90000] want web -> ask\n"
            "[ 92000] time -> nothing\n"
            "[ 92000] fail web -> show ETIMEDOUT stale, tell ETIMEDOUT\n");
}

static void test_nxdomain_keeps(void **state)
{
    struct svc__cache_settings s = cache_run_settings;

    (void)state;
    s.nxdomain_keep_ms = -1;
    s.error_keep_ms = 0;
    cache_run_play(
        &s, "[     0] want web -> ask\n"
            "[     0] answer web 4000 1 2 -> show 1 2\n"
            "[  3340] time -> web: ask\n"
            "[  3700] nxdomain web 4000 -> keep 1 2, confirm in 1000 ms\n"
            "[  4700] time -> web: ask another\n"
            "[  4710] nxdomain web 4000 -> show 1 2 stale, tell ENOSERVICE\n"
            "[  5000] want web -> show 1 2 stale, tell ENOSERVICE\n"
            "[  8293] time -> web: ask\n"
            "[  8600] nxdomain web 4000 -> tell ENOSERVICE\n"
            "[ 11867] time -> web: ask\n"
            "[ 12600] fail web -> keep 1 2\n"
            "[ 12956] time -> web: ask\n"
            "[ 13600] nodata web 4000 -> show ENOENDPOINTS, tell end\n");
}

static void test_nodata_keeps_for_a_time(void **state)
{
    struct svc__cache_settings s = cache_run_settings;

    (void)state;
    s.nodata_keep_ms = 60000;
    s.max_stale_ms = 8000;
    cache_run_play(
        &s, "[     0] want web -> ask\n"
            "[     0] answer web 4000 1 2 -> show 1 2\n"
            "[  3340] time -> web: ask\n"
            "[  3700] nodata web 9000 -> keep 1 2, confirm in 1000 ms\n"
            "[  4700] time -> web: ask another\n"
            "[  4710] nodata web 9000 -> show 1 2 stale, tell ENOENDPOINTS\n"
            "[  9000] time -> nothing\n"
            "[  9189] time -> web: ask\n"
            "[ 11700] time -> web: show ENOENDPOINTS stale, tell end\n"
            "[ 12000] answer web 4000 1 2 -> show 1 2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trouble_before_an_answer),
        cmocka_unit_test(test_trouble_ahead_of_the_end),
        cmocka_unit_test(test_trouble_for_who_waits),
        cmocka_unit_test(test_no_retry_for_nobody),
        cmocka_unit_test(test_the_back_off),
        cmocka_unit_test(test_somebody_comes_in_the_back_off),
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_the_servers_change),
        cmocka_unit_test(test_errors_drop),
        cmocka_unit_test(test_errors_drop_what_nobody_wanted),
        cmocka_unit_test(test_errors_keep_for_a_time),
        cmocka_unit_test(test_max_stale_bounds_all),
        cmocka_unit_test(test_nxdomain_keeps),
        cmocka_unit_test(test_nodata_keeps_for_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
