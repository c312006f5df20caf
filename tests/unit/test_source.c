/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of sources in svc_stats: added up while they are open; counters
 * stay behind when one is closed, gauges go with it.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/source.h"
#include "script.h"

#define BOTH(name, is_gauge)                                                   \
    {                                                                          \
        offsetof(struct svc__source_stats, name), offsetof(svc_stats, name),   \
            is_gauge                                                           \
    }

static const struct {
    size_t ours;
    size_t theirs;
    int is_gauge;
} rows[] = {BOTH(files_read, 0),          BOTH(files_refused, 0),
            BOTH(bytes_read, 0),          BOTH(objects_services, 1),
            BOTH(objects_slices, 1),      BOTH(objects_nodes, 1),
            BOTH(objects_refused, 0),     BOTH(objects_ignored, 0),
            BOTH(slices_fqdn, 1),         BOTH(dns_queries, 0),
            BOTH(dns_queries_tcp, 0),     BOTH(dns_answers, 0),
            BOTH(dns_unwanted, 0),        BOTH(dns_timeouts, 0),
            BOTH(dns_failures, 0),        BOTH(cache_names, 1),
            BOTH(cache_negative, 1),      BOTH(cache_hits, 0),
            BOTH(cache_misses, 0),        BOTH(cache_joined, 0),
            BOTH(cache_stale, 0),         BOTH(cache_refreshes, 0),
            BOTH(cache_confirmations, 0), BOTH(cache_refuted, 0),
            BOTH(cache_evicted, 0),       BOTH(api_lists, 0),
            BOTH(api_watches, 0),         BOTH(api_events, 0),
            BOTH(api_bookmarks, 0),       BOTH(api_expired, 0),
            BOTH(api_failures, 0),        BOTH(api_bytes, 0)};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct svc__source *open_source(svc_resolver *r, const char *file,
                                       uint64_t first)
{
    struct svc__source *source = NULL;

    assert_int_equal(
        svc__source_get(r, r->settings.backend, file, &source, NULL), 0);
    for (size_t i = 0; i < ROWS; i++)
        *(_Atomic uint64_t *)(void *)((char *)&source->stats + rows[i].ours) =
            first + i;
    return source;
}

static uint64_t value(const svc_stats *stats, size_t i)
{
    return *(const uint64_t *)(const void *)((const char *)stats +
                                             rows[i].theirs);
}

static void test_counters_stay(void **state)
{
    svc_resolver *r = script_new(NULL);
    struct svc__source *a = open_source(r, "a", 1000);
    svc_stats stats = SVC_STATS_INIT;

    (void)state;
    (void)open_source(r, NULL, 100000);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.sources_open, 2);
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(value(&stats, i), 101000 + 2 * i);
    svc__source_put(r, a);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.sources_open, 1);
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(value(&stats, i),
                         100000 + i + (rows[i].is_gauge ? 0 : 1000 + i));
    script_free(r);
}

/* No number of a source is left out. */
static void test_all_are_told(void **state)
{
    (void)state;
    assert_int_equal(ROWS * sizeof(uint64_t), sizeof(struct svc__source_stats));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_stay),
        cmocka_unit_test(test_all_are_told),
    };

    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
