/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long answers live and when to ask again: tables for what is fixed,
 * bounds and spread for what is drawn.
 */
#include "cache/cache_own.h"
#include "cache_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void test_ttl(void **state)
{
    static const struct {
        int64_t ttl_ms;
        int64_t have;
        int64_t nxdomain;
    } rows[] = {{-1, 1000, 1000},           {0, 1000, 1000},
                {999, 1000, 1000},          {1001, 1001, 1001},
                {5000, 5000, 5000},         {5001, 5001, 5000},
                {30000, 30000, 5000},       {3600001, 3600000, 5000},
                {INT64_MAX, 3600000, 5000}, {INT64_MIN, 1000, 1000}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(svc__cache_time_ttl(&cache_run_settings,
                                             rows[i].ttl_ms, SVC__CACHE_HAVE),
                         rows[i].have);
        assert_int_equal(svc__cache_time_ttl(&cache_run_settings,
                                             rows[i].ttl_ms,
                                             SVC__CACHE_NXDOMAIN),
                         rows[i].nxdomain);
        assert_int_equal(svc__cache_time_ttl(&cache_run_settings,
                                             rows[i].ttl_ms, SVC__CACHE_NODATA),
                         rows[i].nxdomain);
    }
}

/* Settings that contradict each other, or that would overflow. */
static void test_settings_are_mended(void **state)
{
    const struct svc__cache_settings s = {.ttl_min_ms = 10000,
                                          .ttl_max_ms = 5,
                                          .negative_max_ms = -7,
                                          .error_keep_ms = INT64_MAX,
                                          .max_stale_ms = INT64_MIN};
    struct svc__cache *c = svc__cache_new(&s);

    (void)state;
    assert_int_equal(c->settings.entries_max, 1);
    assert_int_equal(c->settings.ttl_max_ms, 10000);
    assert_int_equal(c->settings.negative_max_ms, 10000);
    assert_int_equal(c->settings.max_stale_ms, -1);
    assert_true(c->settings.error_keep_ms < INT64_MAX / 1024);
    svc__cache_free(c);
    svc__cache_free(NULL);
}

static void test_refresh_is_at_75_to_90_percent(void **state)
{
    static const int64_t ttls[] = {2000, 5000, 30000, 3600000};
    struct svc__cache *c = svc__cache_new(&cache_run_settings);

    (void)state;
    for (size_t i = 0; i < sizeof(ttls) / sizeof(ttls[0]); i++) {
        int64_t ttl_ms = ttls[i];
        int quarters[4] = {0};

        for (int j = 0; j < 4000; j++) {
            int64_t at = svc__cache_time_refresh(c, ttl_ms, 500) - 500;

            assert_in_range(at, ttl_ms * 75 / 100, ttl_ms * 90 / 100);
            quarters[(at - ttl_ms * 75 / 100) * 4 / (ttl_ms * 15 / 100 + 1)]++;
        }
        for (int j = 0; j < 4; j++)
            assert_in_range(quarters[j], 850, 1150);
    }
    assert_int_equal(svc__cache_time_refresh(c, 1000, 0), 1000);
    svc__cache_free(c);
}

static void test_two_seeds_differ(void **state)
{
    struct svc__cache_settings s = cache_run_settings;
    struct svc__cache *a = svc__cache_new(&s);
    struct svc__cache *b;
    int same = 0;

    (void)state;
    s.seed = 2;
    b = svc__cache_new(&s);
    for (int i = 0; i < 100; i++)
        same += svc__cache_time_refresh(a, 30000, 0) ==
                svc__cache_time_refresh(b, 30000, 0);
    assert_true(same < 5);
    svc__cache_free(a);
    svc__cache_free(b);
}

/* Full jitter: even up to the step, whose mean is half of it. */
static void test_back_off(void **state)
{
    static const int64_t steps[] = {800, 1600, 3200, 6400, 12800, 25600, 30000};
    struct svc__cache *c = svc__cache_new(&cache_run_settings);

    (void)state;
    for (unsigned failures = 1; failures <= 40; failures++) {
        int64_t step = steps[failures < 7 ? failures - 1 : 6];
        int64_t sum = 0;

        for (int i = 0; i < 2000; i++) {
            int64_t wait = svc__cache_time_backoff(c, failures);

            assert_in_range(wait, 100, step);
            sum += wait;
        }
        assert_in_range(sum / 2000, step * 45 / 100, step * 55 / 100);
    }
    assert_in_range(svc__cache_time_backoff(c, UINT32_MAX), 100, 30000);
    svc__cache_free(c);
}

static void test_keep(void **state)
{
    static const struct {
        int64_t nxdomain_keep_ms;
        int64_t max_stale_ms;
        int64_t keep;
    } rows[] = {{0, -1, 0},       {-1, -1, -1},   {7000, -1, 7000},
                {-1, 9000, 9000}, {0, 9000, 0},   {7000, 9000, 7000},
                {7000, 0, 0},     {7000, 50, 50}, {-1, 0, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__cache_settings s = cache_run_settings;

        s.nxdomain_keep_ms = rows[i].nxdomain_keep_ms;
        s.max_stale_ms = rows[i].max_stale_ms;
        assert_int_equal(svc__cache_time_keep(&s, SVC__CACHE_NXDOMAIN),
                         rows[i].keep);
        assert_int_equal(svc__cache_time_keep(&s, SVC__CACHE_NODATA), 0);
        assert_int_equal(svc__cache_time_keep(&s, SVC__CACHE_HAVE), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ttl),
        cmocka_unit_test(test_settings_are_mended),
        cmocka_unit_test(test_refresh_is_at_75_to_90_percent),
        cmocka_unit_test(test_two_seeds_differ),
        cmocka_unit_test(test_back_off),
        cmocka_unit_test(test_keep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
