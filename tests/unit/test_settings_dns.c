/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options about DNS as callers write them, and what of them reaches the
 * settings of a resolver.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/settings.h"
#include "core/settings_dns.h"

#include <limits.h>
#include <string.h>

static void test_defaults(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__backend_dns dns = {0};

    (void)state;
    o.on_nxdomain = o.on_nodata = o.on_error = "";
    assert_int_equal(svc__settings_dns_read(&o, &dns, NULL), 0);
    assert_int_equal(dns.tcp, 0);
    assert_int_equal(dns.nxdomain_keep_ms, 0);
    assert_int_equal(dns.nodata_keep_ms, 0);
    assert_int_equal(dns.error_keep_ms, -1);
    assert_int_equal(dns.max_stale_ms, -1);
    assert_int_equal(dns.ttl_min_ms, 1000);
    assert_int_equal(dns.ttl_max_ms, 3600000);
}

static void test_words_of_keeping(void **state)
{
    static const struct {
        const char *word;
        int64_t ms;
    } rows[] = {{"drop", 0},
                {"keep", -1},
                {"0s", 0},
                {"500ms", 500},
                {"30s", 30000},
                {"5m", 300000},
                {"001h", 3600000},
                {"8760h", 31536000000},
                {"31536000000ms", 31536000000}};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__backend_dns dns = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        o.on_nxdomain = o.on_nodata = o.on_error = rows[i].word;
        assert_int_equal(svc__settings_dns_read(&o, &dns, NULL), 0);
        assert_int_equal(dns.nxdomain_keep_ms, rows[i].ms);
        assert_int_equal(dns.nodata_keep_ms, rows[i].ms);
        assert_int_equal(dns.error_keep_ms, rows[i].ms);
    }
}

static void test_wrong_words_of_keeping(void **state)
{
    static const char *const words[] = {
        "x",   "Keep", "30",  "s",    "-1s",   "+1s",
        "1 s", "1.5s", "30S", "30s ", "8761h", "99999999999999999999ms"};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    const char **options[] = {&o.on_nxdomain, &o.on_nodata, &o.on_error};
    static const char *const names[] = {"on_nxdomain", "on_nodata", "on_error"};
    struct svc__backend_dns dns;

    (void)state;
    for (size_t i = 0; i < 3 * sizeof(words) / sizeof(words[0]); i++) {
        svc_error error = {0};

        *options[i % 3] = words[i / 3];
        assert_int_equal(svc__settings_dns_read(&o, &dns, &error), SVC_EINVAL);
        assert_non_null(strstr(error.message, names[i % 3]));
        assert_non_null(strstr(error.message, words[i / 3]));
        assert_non_null(strstr(error.message, "drop, keep, "));
        *options[i % 3] = NULL;
    }
}

static void test_servers(void **state)
{
    static const char *const good[] = {"10.96.0.10",  "10.96.0.10:53",
                                       "[fd00::a]:5", "[fd00::a]",
                                       "fd00::a",     NULL};
    static const char *const bad[] = {
        "",           "dns.example.com", "10.96.0", "10.96.0.10:",
        "10.0.0.1:0", "10.0.0.1:65536",  "[::1",    "10.0.0.1 ",
        "127.1"};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__backend_dns dns;

    (void)state;
    o.dns_servers = good;
    assert_int_equal(svc__settings_dns_read(&o, &dns, NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *list[] = {"10.96.0.10", bad[i], NULL};
        char quoted[64] = "\"";
        svc_error error = {0};

        o.dns_servers = list;
        assert_int_equal(svc__settings_dns_read(&o, &dns, &error), SVC_EINVAL);
        strcat(strcat(quoted, bad[i]), "\"");
        assert_non_null(strstr(error.message, quoted));
        assert_non_null(strstr(error.message, "write 10.96.0.10, "));
    }
}

static void test_too_many_servers(void **state)
{
    const char *list[] = {"::1", "::1", "::1", "::1", "::1",
                          "::1", "::1", "::1", NULL,  NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__backend_dns dns;

    (void)state;
    o.dns_servers = list;
    assert_int_equal(svc__settings_dns_read(&o, &dns, NULL), 0);
    list[8] = "::1";
    assert_int_equal(svc__settings_dns_read(&o, &dns, NULL), SVC_EINVAL);
}

static void test_times(void **state)
{
    static const struct {
        int stale, least, most, err;
    } rows[] = {
        {0, 0, 0, 0},       {1, 2, 3, 0},       {INT_MAX, 1, INT_MAX, 0},
        {0, 3600000, 0, 0}, {0, 3600001, 0, 1}, {0, 0, 999, 1},
        {0, 0, 1000, 0},    {0, 5, 4, 1},       {-1, 0, 0, 1},
        {0, -1, 0, 1},      {0, 0, -1, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
        struct svc__backend_dns dns = {0};

        o.max_stale_ms = rows[i].stale;
        o.ttl_min_ms = rows[i].least;
        o.ttl_max_ms = rows[i].most;
        assert_int_equal(svc__settings_dns_read(&o, &dns, NULL),
                         rows[i].err ? SVC_EINVAL : 0);
        if (rows[i].err)
            continue;
        assert_int_equal(dns.max_stale_ms,
                         o.max_stale_ms ? o.max_stale_ms : -1);
        assert_int_equal(dns.ttl_min_ms, o.ttl_min_ms ? o.ttl_min_ms : 1000);
        assert_int_equal(dns.ttl_max_ms, o.ttl_max_ms ? o.ttl_max_ms : 3600000);
    }
}

/* ---- in the settings ----------------------------------------------------- */

/* Servers are copied, and handed on with the file and the zone. */
static void test_what_the_backend_is_told(void **state)
{
    char text[] = "10.96.0.10";
    const char *list[] = {text, NULL};
    const struct svc__backend_ops *dns = NULL;
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__settings settings;
    int is_built = svc__backend_find("dns", &dns, NULL) == 0;

    (void)state;
    o.zone = "eu-1";
    o.dns_tcp = 7;
    if (is_built)
        o.dns_servers = list;
    assert_int_equal(svc__settings_read(&o, &settings, NULL), 0);
    memset(text, 'x', sizeof(text) - 1);
    assert_ptr_equal(settings.outside, dns);
    assert_null(settings.backend);
    assert_int_equal(settings.dns.tcp, 1);
    assert_string_equal(settings.dns.resolv_conf, "/etc/resolv.conf");
    assert_string_equal(settings.dns.topo_zone, "eu-1");
    if (is_built)
        assert_string_equal(settings.dns.servers[0], "10.96.0.10");
    svc__settings_fini(&settings);
}

/* A build without dns says so instead of asking somebody else. */
static void test_servers_imply_dns(void **state)
{
    static const char *const list[] = {"10.96.0.10", NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    const struct svc__backend_ops *dns;
    struct svc__settings settings;
    svc_error error = {0};
    int is_built = svc__backend_find("dns", &dns, NULL) == 0;

    (void)state;
    o.dns_servers = list;
    assert_int_equal(svc__settings_read(&o, &settings, &error),
                     is_built ? 0 : SVC_ENOTSUP);
    if (!is_built)
        assert_non_null(strstr(error.message, "\"dns\" is not built"));
    svc__settings_fini(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_words_of_keeping),
        cmocka_unit_test(test_wrong_words_of_keeping),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_too_many_servers),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_what_the_backend_is_told),
        cmocka_unit_test(test_servers_imply_dns),
    };

    return cmocka_run_group_tests_name("settings_dns", tests, NULL, NULL);
}
