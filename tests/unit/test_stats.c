/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics as text: each number in each format, the services that are listed
 * and those that are not, what is escaped, and where the list ends.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "integration/still_clock.h"
#include "metrics.h"
#include "script.h"

#include "core/stats.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- both texts ---------------------------------------------------------- */

static struct json_object *json;
static struct metrics metrics;

static void forget(void)
{
    json_object_put(json);
    json = NULL;
    metrics_fini(&metrics);
}

static char *text_of(const svc_resolver *r, const char *format)
{
    svc_error error = {0};
    char *text = NULL;

    if (svc_resolver_stats_text(r, format, &text, &error) != 0)
        fail_msg("%s", error.message);
    return text;
}

static void read_both(const svc_resolver *r)
{
    char *text = text_of(r, "json");
    struct json_tokener *tokener = json_tokener_new();
    const char *problem;

    forget();
    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
    assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
    json_tokener_free(tokener);
    svc_text_free(text);
    text = text_of(r, "prometheus");
    problem = metrics_read(text, &metrics);
    if (problem != NULL)
        fail_msg("%s in:\n%s", problem, text);
    svc_text_free(text);
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    if (!json_object_object_get_ex(object, name, &value))
        fail_msg("no member %s", name);
    return value;
}

static const char *metric(const char *name, const char *label)
{
    const char *value = metrics_value(&metrics, name, label);

    return value == NULL ? "none" : value;
}

/* "1.234" of milliseconds. Valid until the next call. */
static const char *seconds(struct json_object *ms)
{
    static char text[32];
    uint64_t value = json_object_get_uint64(ms);

    (void)snprintf(text, sizeof(text), "%d.%03d", (int)(value / 1000),
                   (int)(value % 1000));
    return text;
}

/* Both formats say the same of a service. */
static void expect_same(struct json_object *s, const char *name)
{
    const char *flags[] = {"false", "true"};
    int answered = metric("svc_service_answered", name)[0] == '1';
    int stale = metric("svc_service_stale", name)[0] == '1';

    assert_int_equal(json_object_object_length(s), 6);
    assert_string_equal(json_object_to_json_string(member(s, "answered")),
                        flags[answered]);
    assert_string_equal(json_object_to_json_string(member(s, "stale")),
                        flags[stale]);
    assert_string_equal(json_object_get_string(member(s, "endpoints")),
                        metric("svc_service_endpoints", name));
    assert_string_equal(json_object_get_string(member(s, "endpoints_unusable")),
                        metric("svc_service_endpoints_unusable", name));
    assert_string_equal(seconds(member(s, "age_ms")),
                        metric("svc_service_age_seconds", name));
}

/* What both say of their services, a line each. */
static void expect_services(const char *lines)
{
    struct json_object *services = member(json, "services");
    char told[2048] = "";
    size_t used = 0;

    for (size_t i = 0; i < json_object_array_length(services); i++) {
        struct json_object *s = json_object_array_get_idx(services, i);
        const char *name = json_object_get_string(member(s, "name"));

        expect_same(s, name);
        used += (size_t)snprintf(told + used, sizeof(told) - used,
                                 "%s: answered=%s stale=%s %s+%s age=%s\n",
                                 name, metric("svc_service_answered", name),
                                 metric("svc_service_stale", name),
                                 metric("svc_service_endpoints", name),
                                 metric("svc_service_endpoints_unusable", name),
                                 metric("svc_service_age_seconds", name));
        assert_true(used < sizeof(told));
    }
    assert_string_equal(told, lines);
}

static size_t count_listed(void)
{
    size_t listed = json_object_array_length(member(json, "services"));
    size_t samples = 0;

    for (size_t i = 0; i < metrics.count; i++)
        samples += metrics.samples[i].label != NULL;
    assert_int_equal(samples, 5 * listed);
    return listed;
}

static void expect_unlisted(const char *number)
{
    assert_string_equal(json_object_get_string(member(json, "unlisted")),
                        number);
    assert_string_equal(metric("svc_services_unlisted", NULL), number);
}

static svc_service *open_service(svc_resolver *r, const char *name)
{
    svc_service *s = NULL;
    svc_error error = {0};

    if (svc_service_new(r, name, NULL, &s, &error) != 0)
        fail_msg("%s", error.message);
    return s;
}

/* ---- the resolver's numbers ---------------------------------------------- */

/* Whoever adds a member to svc_stats adds its line. */
static void test_each_member_has_a_line(void **state)
{
    char seen[sizeof(svc_stats)] = {0};
    const struct svc__stat *stat;

    (void)state;
    for (size_t i = 0; (stat = svc__stats_at(i)) != NULL; i++) {
        assert_true(stat->offset >= offsetof(svc_stats, services_open));
        assert_true(stat->offset + sizeof(uint64_t) <= sizeof(svc_stats));
        for (size_t k = 0; k < sizeof(uint64_t); k++)
            assert_int_equal(seen[stat->offset + k]++, 0);
    }
    for (size_t k = offsetof(svc_stats, services_open); k < sizeof(seen); k++)
        assert_int_equal(seen[k], 1);
}

static uint64_t fill(void *numbers, size_t size, uint64_t first)
{
    _Atomic uint64_t *at = numbers;

    for (size_t i = 0; i < size / sizeof(*at); i++)
        at[i] = first++;
    return first;
}

/* All different, so that none can stand for another. */
static svc_resolver *resolver_with_numbers(void)
{
    svc_resolver *r = script_new(NULL);
    struct svc__source *source = NULL;
    uint64_t next = 100;

    assert_int_equal(
        svc__source_get(r, r->settings.backend, NULL, &source, NULL), 0);
    next = fill(&r->counters, sizeof(r->counters), next);
    next = fill(&source->stats, sizeof(source->stats), next);
    source->stats.bytes_read = UINT64_MAX;
    return r;
}

static void test_each_number_in_each_format(void **state)
{
    svc_resolver *r = resolver_with_numbers();
    svc_stats stats = SVC_STATS_INIT;
    struct json_object *told;
    const struct svc__stat *stat;
    size_t count = 0;

    (void)state;
    read_both(r);
    told = member(json, "resolver");
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    for (; (stat = svc__stats_at(count)) != NULL; count++) {
        const char *value = metric(stat->metric, NULL);
        char number[32];

        (void)snprintf(
            number, sizeof(number), "%llu",
            (unsigned long long)*(
                const uint64_t *)(const void *)((const char *)&stats +
                                                stat->offset));
        assert_string_not_equal(number, "0");
        assert_string_equal(json_object_get_string(member(told, stat->name)),
                            number);
        assert_string_equal(value, number);
    }
    assert_int_equal(json_object_object_length(told), count);
    /* And five of services, and how many are left out. */
    assert_int_equal(metrics.families, count + 6);
    assert_string_equal(json_object_get_string(member(json, "schema")),
                        "svc.stats/1");
    script_free(r);
}

/* By hand, what a table cannot tell of itself. */
static void test_kinds_and_names(void **state)
{
    svc_resolver *r = resolver_with_numbers();
    const char *max = "18446744073709551615";

    (void)state;
    read_both(r);
    assert_string_equal(metric("svc_services_open", NULL), "100");
    assert_string_equal(metric("svc_sources_open", NULL), "1");
    assert_string_equal(metric("svc_resolves_total", NULL), "102");
    assert_string_equal(metric("svc_read_bytes_total", NULL), max);
    assert_string_equal(
        json_object_get_string(member(member(json, "resolver"), "bytes_read")),
        max);
    for (size_t i = 0; i < metrics.count; i++) {
        const char *help = metrics.samples[i].help;

        assert_int_equal(help[strlen(help) - 1], '.');
    }
    script_free(r);
}

/* ---- the services -------------------------------------------------------- */

static void test_what_is_said_of_a_service(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *web = open_service(r, "web:80");
    svc_service *db = open_service(r, "db:80");
    svc_service *none = open_service(r, "none:80");

    (void)state;
    script_round(r);
    script_confirm(-1, svc__clock_now_ms() - 61001);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2!1 10.0.0.3");
    script_confirm(-1, -1);
    script_code(r, "none.dev", SVC_ENOSERVICE);
    read_both(r);
    expect_services("db:80: answered=0 stale=0 0+0 age=0.000\n"
                    "none:80: answered=1 stale=0 0+0 age=0.000\n"
                    "web:80: answered=1 stale=0 2+1 age=61.001\n");
    script_trouble(r, "web.dev", SVC_EUNREACH);
    script_trouble(r, "db.dev", SVC_EUNREACH);
    moved_ms += 999;
    read_both(r);
    expect_services("db:80: answered=0 stale=1 0+0 age=0.000\n"
                    "none:80: answered=1 stale=0 0+0 age=0.000\n"
                    "web:80: answered=1 stale=1 2+1 age=62.000\n");
    expect_unlisted("0");
    svc_service_free(db);
    svc_service_free(none);
    script_end(r, web);
}

/* What resolve keeps and explain opens is the resolver's own business. */
static void test_who_is_listed(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_endpoints *eps = NULL;
    char *steps = NULL;
    svc_service *s;

    (void)state;
    script_at_once("kept.dev", "10.0.0.1");
    script_at_once("web.dev", "10.0.0.1");
    assert_int_equal(svc_resolver_resolve(r, "kept:80", NULL, 0, &eps, NULL),
                     SVC_ETIMEDOUT);
    s = open_service(r, "web:80");
    script_round(r);
    read_both(r);
    assert_string_equal(metric("svc_services_open", NULL), "2");
    expect_services("web:80: answered=1 stale=0 1+0 age=0.000\n");
    assert_int_equal(svc_service_explain(s, &steps, NULL), 0);
    svc_text_free(steps);
    script_round(r);
    read_both(r);
    expect_unlisted("0");
    /* At once, though the loop has yet to close it. */
    svc_service_free(s);
    read_both(r);
    assert_string_equal(metric("svc_services_open", NULL), "2");
    expect_services("");
    expect_unlisted("0");
    script_free(r);
}

/* Of one name that is open several times, an answer before none, and the worst
 * answer. */
static void test_a_name_is_told_once(void **state)
{
    static const char *const ipv6 = "web:80?family=ipv6";
    svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
    svc_resolver *r = script_new(NULL);
    svc_service *s[4] = {open_service(r, "web:80"), NULL,
                         open_service(r, "web:80"), open_service(r, ipv6)};

    (void)state;
    script_at_once("web.dev", "10.0.0.1 10.0.0.2");
    script_round(r);
    o.view = "vip";
    assert_int_equal(svc_service_new(r, "web:80", &o, &s[1], NULL), 0);
    read_both(r);
    expect_services("web:80: answered=1 stale=0 2+0 age=0.000\n"
                    "web:80?family=ipv6: answered=1 stale=0 2+0 age=0.000\n");
    script_round(r);
    script_addresses(r, "web.dev", "10.0.0.1");
    read_both(r);
    expect_services("web:80: answered=1 stale=0 1+0 age=0.000\n"
                    "web:80?family=ipv6: answered=1 stale=0 2+0 age=0.000\n");
    expect_unlisted("0");
    script_free(r);
    for (size_t i = 0; i < 4; i++)
        svc_service_free(s[i]);
}

/* ---- names --------------------------------------------------------------- */

/* Only the path of a file may have such signs. Its file is not opened, since
 * no round is run. */
static void test_names_are_escaped(void **state)
{
    static const char *const names[] = {
        "file:///a\"b#web.dev:80", "file:///a\\nb\\\\#web.dev:80",
        "file:///a{name=\"x\"} 1#web.dev:80",
        "file:///\xc3\xa4\xe2\x82\xac#web.dev:80"};
    svc_resolver *r = script_new(NULL);
    svc_service *s[4];

    (void)state;
    r->settings.backend = NULL;
    for (size_t i = 0; i < 4; i++)
        s[i] = open_service(r, names[i]);
    read_both(r);
    assert_int_equal(count_listed(), 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(metric("svc_service_answered", names[i]), "0");
    for (size_t i = 0; i < 4; i++)
        svc_service_free(s[i]);
    script_free(r);
}

static void test_a_name_that_is_no_text(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s[2];

    (void)state;
    s[0] = open_service(r, "web.dev:80");
    r->settings.backend = NULL;
    s[1] = open_service(r, "file:///\xff#web.dev:80");
    read_both(r);
    assert_int_equal(count_listed(), 1);
    expect_unlisted("1");
    assert_string_equal(metric("svc_service_answered", "web.dev:80"), "0");
    svc_service_free(s[0]);
    svc_service_free(s[1]);
    script_free(r);
}

/* ---- where the list ends ------------------------------------------------- */

/* Opens many, each name of so many bytes, reads, and closes them all. */
static void read_many(size_t count, int size)
{
    svc_service **all = calloc(count, sizeof(svc_service *));
    svc_resolver *r = script_new(NULL);

    assert_non_null(all);
    for (size_t i = 0; i < count; i++) {
        char name[128];

        (void)snprintf(name, sizeof(name), "a%0*zu.dev:80", size - 8, i);
        assert_int_equal(strlen(name), size);
        all[i] = open_service(r, name);
    }
    read_both(r);
    for (size_t i = 0; i < count; i++)
        svc_service_free(all[i]);
    script_free(r);
    free(all);
}

/* Those that were opened first are told. */
static void test_ten_thousand(void **state)
{
    (void)state;
    read_many(10000, 20);
    assert_int_equal(count_listed(), 10000);
    expect_unlisted("0");
    read_many(10021, 20);
    assert_int_equal(count_listed(), 10000);
    expect_unlisted("21");
    assert_string_equal(metric("svc_service_answered", "a000000009999.dev:80"),
                        "0");
    assert_string_equal(metric("svc_service_answered", "a000000010000.dev:80"),
                        "none");
}

/* Names come to an end before their number does. */
static void test_long_names(void **state)
{
    static char quotes[1100];
    svc_resolver *r = script_new(NULL);
    svc_service *s[1100];

    (void)state;
    r->settings.backend = NULL;
    memset(quotes, '"', sizeof(quotes));
    memcpy(quotes, "file:///", 8);
    for (size_t i = 0; i < 1100; i++) {
        (void)snprintf(quotes + 1010, 32, "%04zu#web.dev:80", i);
        assert_int_equal(strlen(quotes), 1025);
        s[i] = open_service(r, quotes);
    }
    read_both(r);
    /* 1,048,576 / 1,025 */
    assert_int_equal(count_listed(), 1023);
    expect_unlisted("77");
    for (size_t i = 0; i < 1100; i++)
        svc_service_free(s[i]);
    script_free(r);
}

/* ---- the call ------------------------------------------------------------ */

static void test_formats(void **state)
{
    svc_resolver *r = script_new(NULL);
    char *text = NULL;
    svc_error error;

    (void)state;
    assert_int_equal(svc_resolver_stats_text(r, "yaml", &text, &error),
                     SVC_EINVAL);
    assert_string_equal(error.message,
                        "no format \"yaml\"; valid: json, prometheus");
    assert_int_equal(svc_resolver_stats_text(r, "", &text, NULL), SVC_EINVAL);
    assert_int_equal(svc_resolver_stats_text(r, NULL, &text, NULL), SVC_EINVAL);
    assert_int_equal(svc_resolver_stats_text(NULL, "json", &text, NULL),
                     SVC_EINVAL);
    assert_null(text);
    assert_int_equal(svc_resolver_stats_text(r, "json", NULL, &error),
                     SVC_EINVAL);
    script_free(r);
}

/* ---- threads ------------------------------------------------------------- */

static _Atomic int is_over;

static void *open_and_close(void *arg)
{
    svc_resolver *r = arg;
    unsigned opened = 0;

    while (!is_over) {
        char name[32];
        svc_service *s = NULL;

        (void)snprintf(name, sizeof(name), "10.0.0.1:%u", 1 + opened++ % 99);
        if (svc_service_new(r, name, NULL, &s, NULL) != 0)
            return r;
        svc_service_free(s);
    }
    return NULL;
}

/* Services that come and go meanwhile, the last reference to some being the
 * reader's. */
static void test_beside_other_threads(void **state)
{
    svc_resolver *r = NULL;
    pthread_t threads[2];
    void *failed = NULL;

    (void)state;
    assert_int_equal(svc_resolver_new(NULL, &r, NULL), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, r),
                         0);
    for (int i = 0; i < 300; i++)
        read_both(r);
    is_over = 1;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    svc_resolver_free(r);
}

static int teardown(void **state)
{
    (void)state;
    forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_member_has_a_line),
        cmocka_unit_test_teardown(test_each_number_in_each_format, teardown),
        cmocka_unit_test_teardown(test_kinds_and_names, teardown),
        cmocka_unit_test_teardown(test_what_is_said_of_a_service, teardown),
        cmocka_unit_test_teardown(test_who_is_listed, teardown),
        cmocka_unit_test_teardown(test_a_name_is_told_once, teardown),
        cmocka_unit_test_teardown(test_names_are_escaped, teardown),
        cmocka_unit_test_teardown(test_a_name_that_is_no_text, teardown),
        cmocka_unit_test_teardown(test_ten_thousand, teardown),
        cmocka_unit_test_teardown(test_long_names, teardown),
        cmocka_unit_test(test_formats),
        cmocka_unit_test_teardown(test_beside_other_threads, teardown),
    };

    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
