/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service asks, follows and publishes, as conversations with a backend
 * that says what it is told to say.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static void test_sets_follow_the_source(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.2 10.0.0.1");
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    script_addresses(r, "web.dev", "10.0.0.1");
    script_code(r, "web.dev", SVC_ENOSERVICE);
    script_addresses(r, "web.dev", "10.0.0.9");
    script_expect("subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1 10.0.0.2\n"
                  "publish 2 ClusterIP: 10.0.0.1\n"
                  "publish 3 ClusterIP: SVC_ENOSERVICE: scripted answer about "
                  "web.dev\n"
                  "publish 4 ClusterIP: 10.0.0.9\n");
    script_end(r, s);
}

static void test_trouble_keeps_the_set(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");

    (void)state;
    script_trouble(r, "web.dev", SVC_EUNREACH);
    script_addresses(r, "web.dev", "10.0.0.1");
    script_trouble(r, "web.dev", SVC_EUNREACH);
    script_trouble(r, "web.dev", SVC_EUNREACH);
    script_addresses(r, "web.dev", "10.0.0.1");
    script_expect("subscribe web.dev:80\n"
                  "trouble SVC_EUNREACH: \"web:80\": scripted trouble\n"
                  "publish 1 ClusterIP: 10.0.0.1\n"
                  "trouble SVC_EUNREACH: \"web:80\": scripted trouble\n"
                  "publish 1 ClusterIP: 10.0.0.1\n");
    script_end(r, s);
}

/* Another source stands in: the trouble is told, and nothing is stale by it. */
static void test_trouble_that_is_covered(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    svc_endpoints *eps;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    eps = svc_service_endpoints(s);
    script_cover(1);
    script_trouble(r, "web.dev", SVC_EAUTH);
    assert_int_equal(svc_service_status(s, NULL), SVC_EAUTH);
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    script_cover(0);
    script_trouble(r, "web.dev", SVC_EUNREACH);
    assert_int_equal(svc_endpoints_is_stale(eps), 1);
    script_cover(1);
    script_trouble(r, "web.dev", SVC_EAUTH);
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    svc_endpoints_unref(eps);
    script_end(r, s);
}

static void test_alias_is_followed_and_left(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    script_alias(r, "a.dev", "b.shop.svc.cluster.local");
    script_addresses(r, "b.shop", "10.0.0.1");
    script_alias(r, "a.dev", "b.shop.svc.cluster.local");
    script_addresses(r, "b.shop", "10.0.0.2");
    script_alias(r, "a.dev", "c.shop.svc.cluster.local");
    script_addresses(r, "c.shop", "10.0.0.3");
    script_addresses(r, "a.dev", "10.0.0.4");
    script_expect("subscribe a.dev:80\n"
                  "subscribe b.shop:80\n"
                  "publish 1 ExternalName: 10.0.0.1\n"
                  "publish 2 ExternalName: 10.0.0.2\n"
                  "unsubscribe b.shop\n"
                  "subscribe c.shop:80\n"
                  "publish 3 ExternalName: 10.0.0.3\n"
                  "unsubscribe c.shop\n"
                  "publish 4 ClusterIP: 10.0.0.4\n");
    script_end(r, s);
}

static void test_alias_loop_names_the_chain(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_alias(r, "b.dev", "a.dev.svc.cluster.local");
    script_expect(
        "subscribe a.dev:80\n"
        "subscribe b.dev:80\n"
        "publish 1 ExternalName: SVC_EALIAS: alias loops: "
        "a.dev -> b.dev -> a.dev.svc.cluster.local (source: script)\n");
    script_end(r, s);
}

static void test_alias_to_nothing(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_code(r, "b.dev", SVC_ENOSERVICE);
    script_expect("subscribe a.dev:80\n"
                  "subscribe b.dev:80\n"
                  "publish 1 ExternalName: SVC_EALIAS: alias leads nowhere: "
                  "a.dev -> b.dev.svc.cluster.local: scripted answer about "
                  "b.dev\n");
    script_end(r, s);
}

/* Eleven aliases are followed, as CoreDNS does; the twelfth is too many. */
static void test_alias_depth(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "s0:80");
    svc_error error;
    char who[32];
    char alias[64];

    (void)state;
    for (int i = 0; i < 11; i++) {
        (void)snprintf(who, sizeof(who), "s%d.dev", i);
        (void)snprintf(alias, sizeof(alias), "s%d.dev.svc.cluster.local",
                       i + 1);
        script_alias(r, who, alias);
    }
    script_addresses(r, "s11.dev", "10.0.0.1");
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    script_alias(r, "s11.dev", "s12.dev.svc.cluster.local");
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_EALIAS);
    assert_non_null(strstr(error.message, "more than 11"));
    script_end(r, s);
}

static void test_alias_outside_is_named(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
    svc_endpoints *eps;

    (void)state;
    script_alias(r, "a.dev", "www.example.com");
    script_expect("subscribe a.dev:80\n"
                  "publish 1 ExternalName: SVC_ENOTSUP: alias leads outside "
                  "the cluster: a.dev -> www.example.com (source: script)\n");
    eps = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_describe(eps, &info), 0);
    assert_string_equal(info.canonical, "www.example.com");
    assert_string_equal(info.view, "pods");
    assert_non_null(strstr(info.hint, "DNS"));
    assert_string_equal(info.service, "a");
    svc_endpoints_unref(eps);
    script_end(r, s);
}

static void test_alias_to_localhost_is_refused(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    script_alias(r, "a.dev", "localhost");
    script_expect("subscribe a.dev:80\n"
                  "publish 1 ExternalName: SVC_EALIAS: alias leads to this "
                  "very host: a.dev -> localhost (source: script)\n");
    script_end(r, s);
}

static void test_alias_as_the_option_says(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r;
    svc_service *s;

    (void)state;
    o.externalname = "same-namespace";
    r = script_new(&o);
    s = script_open(r, "a:80");
    script_alias(r, "a.dev", "b.shop.svc.cluster.local");
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_expect(
        "subscribe a.dev:80\n"
        "publish 1 ExternalName: SVC_EALIAS: alias leaves its "
        "namespace, which option externalname (same-namespace) "
        "refuses: a.dev -> b.shop.svc.cluster.local (source: script)\n"
        "subscribe b.dev:80\n");
    script_end(r, s);
}

static void test_trouble_of_a_target(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_addresses(r, "b.dev", "10.0.0.1");
    script_trouble(r, "b.dev", SVC_EUNREACH);
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_addresses(r, "b.dev", "10.0.0.1");
    script_expect("subscribe a.dev:80\n"
                  "subscribe b.dev:80\n"
                  "publish 1 ExternalName: 10.0.0.1\n"
                  "trouble SVC_EUNREACH: \"a:80\": scripted trouble\n"
                  "publish 1 ExternalName: 10.0.0.1\n");
    script_end(r, s);
}

static void test_refused_subscription_is_tried_again(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_refuse(SVC_ENOMEM);
    s = script_open(r, "web:80");
    script_round(r);
    script_refuse(0);
    script_timer(s);
    script_addresses(r, "web.dev", "10.0.0.1");
    script_expect("subscribe web.dev:80 refused\n"
                  "trouble SVC_ENOMEM: \"web:80\": scripted refusal\n"
                  "subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1\n");
    script_end(r, s);
}

/* Under load at most one set in ten milliseconds; the last is never lost. */
static void test_storm_is_coalesced(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    script_hold();
    script_addresses(r, "web.dev", "10.0.0.2");
    script_addresses(r, "web.dev", "10.0.0.3");
    script_addresses(r, "web.dev", "10.0.0.4");
    script_expect("subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1\n");
    script_timer(s);
    script_round(r);
    script_expect("publish 2 ClusterIP: 10.0.0.4\n");
    script_end(r, s);
}

/* Candidates that the source speaks against come last, with the reasons. */
static void test_reasons_are_published(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80?view=pods");

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1!4 10.0.0.3 10.0.0.2!2048");
    script_addresses(r, "web.dev", "10.0.0.1!8 10.0.0.3 10.0.0.2!2048");
    script_expect("subscribe web.dev:80 view=pods\n"
                  "publish 1 ClusterIP: 10.0.0.3 10.0.0.1!no-such-port "
                  "10.0.0.2!duplicate\n"
                  "publish 2 ClusterIP: 10.0.0.3 10.0.0.1!wrong-family "
                  "10.0.0.2!duplicate\n");
    script_end(r, s);
}

/* Nobody left is an answer: a set with a code, the reasons still there. */
static void test_only_reasons_are_an_empty_set(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    svc_error error = {0};
    svc_endpoints *eps;
    svc_pick pick;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1!8 10.0.0.2!8");
    assert_int_equal(svc_service_wait(s, -1, &error), SVC_ENOENDPOINTS);
    assert_true(strlen(error.message) > 0);
    assert_int_equal(svc_service_pick(s, NULL, &pick), SVC_ENOENDPOINTS);
    eps = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_count(eps), 0);
    assert_int_equal(svc_endpoints_total(eps), 2);
    svc_endpoints_unref(eps);
    script_end(r, s);
}

static void test_trouble_set_trouble(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    svc_stats stats = SVC_STATS_INIT;

    (void)state;
    script_trouble(r, "web.dev", SVC_EUNREACH);
    script_addresses(r, "web.dev", "10.0.0.1");
    script_trouble(r, "web.dev", SVC_EPROTO);
    script_trouble(r, "web.dev", SVC_EUNREACH);
    script_addresses(r, "web.dev", "10.0.0.2");
    script_trouble(r, "web.dev", SVC_EUNREACH);
    assert_int_equal(svc_service_status(s, NULL), SVC_EUNREACH);
    script_expect("subscribe web.dev:80\n"
                  "trouble SVC_EUNREACH: \"web:80\": scripted trouble\n"
                  "publish 1 ClusterIP: 10.0.0.1\n"
                  "trouble SVC_EPROTO: \"web:80\": scripted trouble\n"
                  "trouble SVC_EUNREACH: \"web:80\": scripted trouble\n"
                  "publish 2 ClusterIP: 10.0.0.2\n"
                  "trouble SVC_EUNREACH: \"web:80\": scripted trouble\n");
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.troubles, 4);
    assert_int_equal(stats.recoveries, 2);
    script_end(r, s);
}

/* Trouble that lasts ends a wait; a set that comes later is taken. */
static void test_lasting_trouble_is_definite(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    svc_error error = {0};

    (void)state;
    script_trouble(r, "web.dev", SVC_EUNREACH);
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_EUNREACH);
    script_trouble(r, "web.dev", SVC_EFILE);
    assert_int_equal(svc_service_wait(s, -1, &error), SVC_EFILE);
    assert_string_equal(error.message, "\"web:80\": scripted trouble");
    assert_null(svc_service_endpoints(s));
    script_addresses(r, "web.dev", "10.0.0.1");
    script_trouble(r, "web.dev", SVC_EFILE);
    assert_int_equal(svc_service_wait(s, -1, &error), 0);
    script_end(r, s);
}

/* A set taken before the trouble tells of it, and of its end. */
static void test_staleness_lives_beside_the_set(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    svc_endpoints *eps;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    eps = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    assert_int_equal(svc_endpoints_age_ms(eps), 0);
    script_trouble(r, "web.dev", SVC_EUNREACH);
    assert_int_equal(svc_endpoints_is_stale(eps), 1);
    while (svc_endpoints_age_ms(eps) < 2)
        script_trouble(r, "web.dev", SVC_EPROTO);
    script_addresses(r, "web.dev", "10.0.0.1");
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    assert_int_equal(svc_endpoints_age_ms(eps), 0);
    script_end(r, s);
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    svc_endpoints_unref(eps);
}

/* A source that is asked again and again: each answer moves the age, also one
 * that changes nothing else; trouble does not. */
static void test_age_is_that_of_the_last_answer(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    int64_t now_ms = svc__clock_now_ms();
    svc_endpoints *eps;

    (void)state;
    script_confirm(30000, now_ms - 50000);
    script_addresses(r, "web.dev", "10.0.0.1");
    eps = svc_service_endpoints(s);
    assert_in_range(svc_endpoints_age_ms(eps), 50000, 59000);
    script_confirm(20000, now_ms - 20000);
    script_addresses(r, "web.dev", "10.0.0.1");
    assert_in_range(svc_endpoints_age_ms(eps), 20000, 29000);
    script_trouble(r, "web.dev", SVC_EUNREACH);
    assert_in_range(svc_endpoints_age_ms(eps), 20000, 29000);
    script_expect("subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1\n"
                  "trouble SVC_EUNREACH: \"web:80\": scripted trouble\n");
    script_end(r, s);
    assert_in_range(svc_endpoints_age_ms(eps), 20000, 29000);
    svc_endpoints_unref(eps);
}

/* A chain is as old as its oldest answer. */
static void test_age_of_a_chain(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");
    int64_t now_ms = svc__clock_now_ms();
    svc_endpoints *eps;

    (void)state;
    script_confirm(30000, now_ms - 50000);
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_confirm(60000, now_ms - 20000);
    script_addresses(r, "b.dev", "10.0.0.1");
    eps = svc_service_endpoints(s);
    assert_in_range(svc_endpoints_age_ms(eps), 50000, 59000);
    script_confirm(30000, now_ms);
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    assert_in_range(svc_endpoints_age_ms(eps), 20000, 29000);
    svc_endpoints_unref(eps);
    script_end(r, s);
}

static void test_a_source_that_cannot_be_opened(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_stats stats = SVC_STATS_INIT;
    svc_service *s;

    (void)state;
    script_refuse_source(SVC_EUNREACH);
    s = script_open(r, "web:80");
    script_round(r);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.sources_open, 0);
    script_refuse_source(0);
    script_timer(s);
    script_addresses(r, "web.dev", "10.0.0.1");
    script_expect("source refused\n"
                  "trouble SVC_EUNREACH: \"web:80\": scripted source\n"
                  "subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1\n");
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.sources_open, 1);
    script_end(r, s);
}

/* An answer from inside the call is as good as a later one. */
static void test_an_answer_at_once(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_at_once("web.dev", "b.dev.svc.cluster.local");
    script_at_once("b.dev", "10.0.0.1");
    s = script_open(r, "web:80");
    script_round(r);
    script_expect("subscribe web.dev:80\n"
                  "subscribe b.dev:80\n"
                  "publish 1 ExternalName: 10.0.0.1\n");
    script_end(r, s);
}

/* The first set after a quiet time comes at once, trouble in a storm is not
 * lost, and the last state stands at its end. */
static void test_trouble_in_a_storm(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    script_hold();
    script_addresses(r, "web.dev", "10.0.0.2");
    script_trouble(r, "web.dev", SVC_EUNREACH);
    script_expect("subscribe web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1\n");
    script_timer(s);
    script_expect("publish 2 ClusterIP stale: 10.0.0.2\n"
                  "trouble SVC_EUNREACH: \"web:80\": scripted trouble\n");
    assert_false(svc__timer_is_set(&s->timer));
    script_end(r, s);
}

static void test_services_of_one_source(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "web:80");
    svc_stats stats = SVC_STATS_INIT;
    svc_service *other = NULL;

    (void)state;
    assert_int_equal(svc_service_new(r, "db.shop", NULL, &other, NULL), 0);
    script_round(r);
    script_addresses(r, "db.shop", "10.0.0.9");
    script_addresses(r, "web.dev", "10.0.0.1");
    script_addresses(r, "web.dev", "10.0.0.1");
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.sources_open, 1);
    assert_int_equal(stats.services_open, 2);
    assert_int_equal(stats.watches_open, 1);
    assert_int_equal(stats.updates, 3);
    assert_int_equal(stats.updates_unchanged, 1);
    assert_int_equal(stats.publishes, 2);
    assert_int_equal(stats.endpoints_published, 2);
    svc_service_free(other);
    script_round(r);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.services_open, 1);
    assert_int_equal(stats.sources_open, 1);
    script_end(r, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_follow_the_source),
        cmocka_unit_test(test_trouble_keeps_the_set),
        cmocka_unit_test(test_trouble_that_is_covered),
        cmocka_unit_test(test_alias_is_followed_and_left),
        cmocka_unit_test(test_alias_loop_names_the_chain),
        cmocka_unit_test(test_alias_to_nothing),
        cmocka_unit_test(test_alias_depth),
        cmocka_unit_test(test_alias_outside_is_named),
        cmocka_unit_test(test_alias_to_localhost_is_refused),
        cmocka_unit_test(test_alias_as_the_option_says),
        cmocka_unit_test(test_trouble_of_a_target),
        cmocka_unit_test(test_refused_subscription_is_tried_again),
        cmocka_unit_test(test_storm_is_coalesced),
        cmocka_unit_test(test_reasons_are_published),
        cmocka_unit_test(test_only_reasons_are_an_empty_set),
        cmocka_unit_test(test_trouble_set_trouble),
        cmocka_unit_test(test_lasting_trouble_is_definite),
        cmocka_unit_test(test_staleness_lives_beside_the_set),
        cmocka_unit_test(test_age_is_that_of_the_last_answer),
        cmocka_unit_test(test_age_of_a_chain),
        cmocka_unit_test(test_a_source_that_cannot_be_opened),
        cmocka_unit_test(test_an_answer_at_once),
        cmocka_unit_test(test_trouble_in_a_storm),
        cmocka_unit_test(test_services_of_one_source),
    };

    return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
