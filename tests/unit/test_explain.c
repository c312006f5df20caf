/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an answer is told: the steps, their order along a chain of aliases, and
 * their form. The service that is explained is not disturbed.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "integration/leap_clock.h"
#include "script.h"

#include "core/explain.h"

#include <stdio.h>
#include <string.h>

static svc_service *open_service(svc_resolver *r, const char *name)
{
    svc_service *s = NULL;

    assert_int_equal(svc_service_new(r, name, NULL, &s, NULL), 0);
    script_round(r);
    return s;
}

/* What the durations add up to. */
static int64_t total_ms;

/* The JSON as lines "step: text", in order. Fails for anything that is not of
 * the form promised, or for a step that took no time; the words of the filter,
 * which has tests of its own, are left out. */
static const char *lines_of(const char *json)
{
    static char lines[8192];
    size_t used = 0;
    const char *at = json + 1;

    lines[0] = '\0';
    assert_int_equal(json[0], '[');
    while (*at != ']') {
        char step[16];
        char text[1024];
        long long ms;
        int us;
        int size = 0;

        assert_int_equal(sscanf(at,
                                "{\"step\":\"%15[a-z]\",\"text\":\"%1023[^}]"
                                "}%n",
                                step, text, &size),
                         2);
        assert_true(size > 0);
        assert_int_equal(
            sscanf(strstr(text, "\",\"ms\":"), "\",\"ms\":%lld.%3d", &ms, &us),
            2);
        assert_in_range(ms, 20, 5000);
        assert_int_equal(us, 0);
        total_ms += ms;
        *strstr(text, "\",\"ms\":") = '\0';
        if (strcmp(step, "filter") == 0)
            (void)snprintf(text, sizeof(text), "...");
        used += (size_t)snprintf(lines + used, sizeof(lines) - used, "%s: %s\n",
                                 step, text);
        assert_true(used < sizeof(lines));
        at += size;
        if (*at == ',')
            at++;
    }
    assert_string_equal(at, "]");
    return lines;
}

static void expect_lines(svc_service *s, const char *lines)
{
    int64_t before_us = leapt_us;
    char *json = NULL;
    svc_error error = {0};

    total_ms = 0;
    if (svc_service_explain(s, &json, &error) != 0)
        fail_msg("%s", error.message);
    assert_string_equal(lines_of(json), lines);
    /* One after the other, none counted twice. */
    assert_true(total_ms <= (leapt_us - before_us) / 1000);
    svc_text_free(json);
}

static void test_steps_from_name_to_policy(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_at_once("web.dev", "10.0.0.1 10.0.0.2!8");
    s = open_service(r, "web:80");
    expect_lines(s, "name: \\\"web:80\\\" is Service \\\"web\\\" in namespace "
                    "\\\"dev\\\", port 80\n"
                    "slices: scripted 10.0.0.1 10.0.0.2!8\n"
                    "filter: ...\n"
                    "policy: adaptive chooses among 1 of 2\n");
    script_free(r);
    svc_service_free(s);
}

/* Each hop's steps stand in the order in which they were asked. */
static void test_steps_along_a_chain(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_at_once("a.dev", "b.shop.svc.cluster.local");
    script_at_once("b.shop", "c.shop.svc.cluster.local");
    script_at_once("c.shop", "10.0.0.1");
    s = open_service(r, "a");
    expect_lines(s, "name: \\\"a\\\" is Service \\\"a\\\" in namespace "
                    "\\\"dev\\\", no port given\n"
                    "service: scripted b.shop.svc.cluster.local\n"
                    "service: scripted c.shop.svc.cluster.local\n"
                    "slices: scripted 10.0.0.1\n"
                    "filter: ...\n"
                    "policy: adaptive chooses among 1 of 1\n");
    script_free(r);
    svc_service_free(s);
}

static void test_an_empty_answer_is_explained_too(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_at_once("a.dev", "a.dev.svc.cluster.local");
    s = open_service(r, "a.dev:http");
    expect_lines(s, "name: \\\"a.dev:http\\\" is Service \\\"a\\\" in "
                    "namespace \\\"dev\\\", port \\\"http\\\"\n"
                    "service: scripted a.dev.svc.cluster.local\n"
                    "policy: adaptive has nothing to choose from: alias leads "
                    "nowhere\n");
    script_free(r);
    svc_service_free(s);
}

static void test_addresses_and_hosts_are_named(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *address = open_service(r, "10.0.0.1:80");
    svc_service *host;

    (void)state;
    script_at_once("db.dev", "10.0.0.1");
    host = open_service(r, "db-0.db.dev:80");
    expect_lines(address, "name: \\\"10.0.0.1:80\\\" is an address: nobody is "
                          "asked\n"
                          "filter: ...\n"
                          "policy: adaptive chooses among 1 of 1\n");
    expect_lines(host, "name: \\\"db-0.db.dev:80\\\" is hostname \\\"db-0\\\" "
                       "of Service \\\"db\\\" in namespace \\\"dev\\\", port "
                       "80\n"
                       "slices: scripted 10.0.0.1\n"
                       "filter: ...\n"
                       "policy: adaptive chooses among 1 of 1\n");
    script_free(r);
    svc_service_free(address);
    svc_service_free(host);
}

/* How a name was read that only DNS knows. */
static void test_names_outside_are_named(void **state)
{
    static const struct {
        const char *name;
        const char *reading;
    } rows[] = {{"www.example.com.:443",
                 "the name \\\"www.example.com\\\" outside the cluster, port "
                 "443"},
                {"web.shop.svc.clusterset.local",
                 "multi-cluster: Service \\\"web\\\" in namespace "
                 "\\\"shop\\\", no port given"},
                {"a.east.web.shop.svc.clusterset.local:http",
                 "multi-cluster: hostname \\\"a\\\" of cluster "
                 "\\\"east\\\" in Service \\\"web\\\" in namespace "
                 "\\\"shop\\\", port \\\"http\\\""},
                {"eu.pin._zone.web.shop.svc.cluster.local:80",
                 "zonal, zone \\\"eu\\\" only: Service \\\"web\\\" in "
                 "namespace \\\"shop\\\", port 80"},
                {"eu.prefer._zone.web.shop.svc.cluster.local:80",
                 "zonal, zone \\\"eu\\\" preferred: Service \\\"web\\\" in "
                 "namespace \\\"shop\\\", port 80"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_resolver *r = script_new(NULL);
        char lines[512];
        svc_service *s;

        script_dns(r);
        r->settings.backend = r->settings.outside;
        script_at_once(i == 0 ? "www.example.com" : "web.shop", "10.0.0.1");
        s = open_service(r, rows[i].name);
        snprintf(lines, sizeof(lines),
                 "name: \\\"%s\\\" is %s\nslices: scripted 10.0.0.1\n"
                 "filter: ...\npolicy: adaptive chooses among 1 of 1\n",
                 rows[i].name, rows[i].reading);
        expect_lines(s, lines);
        script_free(r);
        svc_service_free(s);
    }
}

/* It is asked by a second subscription with the same settings, which goes. */
static void test_the_service_is_not_disturbed(void **state)
{
    svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
    svc_resolver *r = script_new(NULL);
    svc_stats stats = SVC_STATS_INIT;
    svc_service *s = NULL;
    char *json = NULL;

    (void)state;
    o.view = "vip";
    assert_int_equal(svc_service_new(r, "web:80", &o, &s, NULL), 0);
    script_follow(s);
    script_at_once("web.dev", "10.0.0.1");
    script_round(r);
    assert_int_equal(svc_service_explain(s, &json, NULL), 0);
    svc_text_free(json);
    script_round(r);
    script_expect("subscribe web.dev:80 view=vip\n"
                  "publish 1 ClusterIP: 10.0.0.1\n"
                  "subscribe web.dev:80 view=vip\n"
                  "unsubscribe web.dev\n");
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.services_open, 1);
    script_free(r);
    svc_service_free(s);
}

/* What the settings of the service were, those of the explanation are. */
static void test_all_settings_go_along(void **state)
{
    static const char asked[] =
        "subscribe web.dev:80 view=vip family=4 proto=UDP\n";
    svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
    svc_resolver *r = script_new(NULL);
    svc_service *s = NULL;

    (void)state;
    script_at_once("web.dev", "10.0.0.1");
    o.view = "vip";
    o.policy = "fo";
    o.proto = "udp";
    o.family = "ipv4";
    assert_int_equal(svc_service_new(r, "web:80", &o, &s, NULL), 0);
    script_round(r);
    script_expect(asked);
    expect_lines(s, "name: \\\"web:80\\\" is Service \\\"web\\\" in namespace "
                    "\\\"dev\\\", port 80\n"
                    "slices: scripted 10.0.0.1\n"
                    "filter: ...\n"
                    "policy: fo chooses among 1 of 1\n");
    script_expect(asked);
    script_free(r);
    svc_service_free(s);
}

/* Success leaves the caller's error alone, an empty answer's too. */
static void test_success_is_no_error(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_error error = {.code = 77};
    svc_service *s;
    char *json = NULL;

    (void)state;
    script_at_once("a.dev", "a.dev.svc.cluster.local");
    s = open_service(r, "a.dev:http");
    assert_int_equal(svc_service_explain(s, &json, &error), 0);
    assert_int_equal(error.code, 77);
    assert_string_equal(error.message, "");
    svc_text_free(json);
    script_free(r);
    svc_service_free(s);
}

/* Lasting trouble is no explanation: its code is told at once. */
static void test_trouble_is_told(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;
    char *json = NULL;
    svc_error error = {0};

    (void)state;
    script_refuse(SVC_EFILE);
    s = open_service(r, "web:80");
    assert_int_equal(svc_service_explain(s, &json, &error), SVC_EFILE);
    assert_string_equal(error.message, "\"web:80\": scripted refusal");
    assert_null(json);
    script_free(r);
    svc_service_free(s);
}

static void test_nobody_pays_who_did_not_ask(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_service(r, "web:80");

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    assert_true(
        svc__list_is_empty(&svc__publish_current(&s->publish)->view->steps));
    script_free(r);
    svc_service_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_from_name_to_policy),
        cmocka_unit_test(test_steps_along_a_chain),
        cmocka_unit_test(test_an_empty_answer_is_explained_too),
        cmocka_unit_test(test_addresses_and_hosts_are_named),
        cmocka_unit_test(test_names_outside_are_named),
        cmocka_unit_test(test_the_service_is_not_disturbed),
        cmocka_unit_test(test_all_settings_go_along),
        cmocka_unit_test(test_success_is_no_error),
        cmocka_unit_test(test_trouble_is_told),
        cmocka_unit_test(test_nobody_pays_who_did_not_ask),
    };

    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
