/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aliases: what is asked of a target, which targets are refused, and what the
 * published set says of itself (semantics 2.8 and 2.11, 10).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script.h"

#include <stdio.h>
#include <string.h>

static svc_endpoints_info describe(svc_service *s, svc_endpoints **ret)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;

    *ret = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_describe(*ret, &info), 0);
    return info;
}

/* An ExternalName stands for its target whole: the view goes with it. */
static void test_the_view_goes_along(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:http?view=vip");

    (void)state;
    script_alias(r, "a.dev", "b.shop.svc.cluster.local");
    script_alias(r, "b.shop", "c.shop.svc.cluster.local");
    script_addresses(r, "c.shop", "10.96.0.1");
    script_expect("subscribe a.dev:http view=vip\n"
                  "subscribe b.shop:http view=vip\n"
                  "subscribe c.shop:http view=vip\n"
                  "publish 1 ExternalName: 10.96.0.1\n");
    script_end(r, s);
}

/* A load balancer's hostname was the view; what it leads to is asked as it
 * comes, and the set is still the load balancer's. */
static void test_a_load_balancers_hostname(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80?view=lb");
    svc_endpoints *eps;
    svc_endpoints_info info;

    (void)state;
    script_lb_alias(r, "a.dev", "b.shop.svc.cluster.local");
    script_addresses(r, "b.shop", "10.0.0.1");
    script_expect("subscribe a.dev:80 view=lb\n"
                  "subscribe b.shop:80\n"
                  "publish 1 LoadBalancer: 10.0.0.1\n");
    info = describe(s, &eps);
    assert_string_equal(info.view, "lb");
    assert_string_equal(info.service, "a");
    assert_string_equal(info.namespace_, "dev");
    assert_string_equal(info.canonical, "b");
    svc_endpoints_unref(eps);
    script_end(r, s);
}

/* The option externalname is about ExternalNames only, and a hint names what
 * has to be mended. */
static void test_options_about_other_aliases(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_error error = {0};
    svc_resolver *r;
    svc_service *s;

    (void)state;
    o.externalname = "refuse";
    r = script_new(&o);
    s = script_open(r, "a:80");
    script_lb_alias(r, "a.dev", "localhost");
    script_expect("subscribe a.dev:80\n"
                  "publish 1 LoadBalancer: SVC_EALIAS: alias leads to this "
                  "very host: a.dev -> localhost (source: script)\n");
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_EALIAS);
    assert_null(strstr(error.hint, "externalName"));
    assert_non_null(strstr(error.hint, "load balancer"));
    assert_non_null(strstr(error.hint, "\"a\" in namespace \"dev\""));
    script_lb_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_expect("subscribe b.dev:80\n");
    script_end(r, s);
}

static void test_external_names_may_be_refused(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_error error = {0};
    svc_resolver *r;
    svc_service *s;

    (void)state;
    o.externalname = "refuse";
    r = script_new(&o);
    s = script_open(r, "a:80");
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_expect("subscribe a.dev:80\n"
                  "publish 1 ExternalName: SVC_EALIAS: alias is refused by "
                  "option externalname (refuse): a.dev -> "
                  "b.dev.svc.cluster.local (source: script)\n");
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_EALIAS);
    assert_non_null(strstr(error.hint, "set option externalname"));
    script_end(r, s);
}

static void test_an_address_behind_an_alias(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:8080");
    svc_endpoints *eps;
    svc_endpoints_info info;
    svc_pick pick;

    (void)state;
    script_alias(r, "a.dev", "10-0-0-7.shop.pod.cluster.local");
    /* Told again, it is not news. */
    script_alias(r, "a.dev", "10-0-0-7.shop.pod.cluster.local");
    script_expect("subscribe a.dev:8080\n"
                  "publish 1 ExternalName: 10.0.0.7\n");
    info = describe(s, &eps);
    assert_string_equal(info.service, "a");
    assert_string_equal(info.canonical, "10.0.0.7");
    assert_int_equal(svc_service_pick(s, NULL, &pick), 0);
    assert_int_equal(ntohs(pick.sockaddr.sin6_port), 8080);
    svc_endpoints_unref(eps);
    script_addresses(r, "a.dev", "10.0.0.8");
    script_expect("publish 2 ClusterIP: 10.0.0.8\n");
    script_end(r, s);
}

/* The address comes from the source, so it has to pass the filter. */
static void test_an_address_behind_an_alias_is_filtered(void **state)
{
    static const char *const words[] = {"127-0-0-1", "169-254-1-1",
                                        "169-254-169-254", "fe80--1", "0--1"};
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        svc_stats stats = SVC_STATS_INIT;
        svc_endpoints *eps;
        char alias[64];

        (void)snprintf(alias, sizeof(alias), "%s.shop.pod.cluster.local",
                       words[i]);
        script_alias(r, "a.dev", alias);
        assert_int_equal(svc_service_wait(s, 0, NULL), SVC_EALIAS);
        eps = svc_service_endpoints(s);
        assert_int_equal(svc_endpoints_total(eps), 1);
        assert_int_equal(svc_endpoints_count(eps), 0);
        svc_endpoints_unref(eps);
        assert_int_equal(svc_resolver_stats(r, &stats), 0);
        assert_int_equal(stats.addresses_refused, i + 1);
    }
    script_end(r, s);
}

static void test_the_filter_lets_through_what_is_allowed(void **state)
{
    static const char *const allow[] = {"loopback", NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r;
    svc_service *s;

    (void)state;
    o.allow = allow;
    r = script_new(&o);
    s = script_open(r, "a:80");
    script_alias(r, "a.dev", "127-0-0-1.shop.pod.cluster.local");
    script_alias(r, "a.dev", "169-254-1-1.shop.pod.cluster.local");
    script_expect("subscribe a.dev:80\n"
                  "publish 1 ExternalName: 127.0.0.1\n"
                  "publish 2 ExternalName: 169.254.1.1!refused-address "
                  "SVC_EALIAS: alias leads nowhere: a.dev -> "
                  "169-254-1-1.shop.pod.cluster.local: 169.254.1.1 is an "
                  "address that the filter refuses\n");
    script_end(r, s);
}

/* Not an address in words of another kind either (semantics 2.11, 10). */
static void test_no_name_at_all(void **state)
{
    static const char *const words[] = {"a..b",
                                        "x_y.example.com",
                                        "z",
                                        "a.clusterset.local",
                                        "0-0-0-0.x.pod.cluster.local",
                                        "224-0-0-1.x.pod.cluster.local"};
    static const int codes[] = {SVC_EALIAS, SVC_EALIAS, SVC_ENOTSUP,
                                SVC_EALIAS, SVC_EALIAS, SVC_EALIAS};
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        svc_error error = {0};

        script_alias(r, "a.dev", words[i]);
        assert_int_equal(svc_service_wait(s, 0, &error), codes[i]);
        assert_non_null(strstr(error.message, "a.dev -> "));
        assert_non_null(strstr(error.message, words[i]));
    }
    script_end(r, s);
}

/* The zone is whole labels at the end of an absolute name, and not all of it.
 */
static void test_what_is_inside(void **state)
{
    static const struct {
        const char *alias;
        int code;
    } rows[] = {{"b.dev.svc.xcluster.local", SVC_ENOTSUP},
                {"b.dev.svc.cluster.local.x", SVC_ENOTSUP},
                {"b.dev.svc.cluster.localx", SVC_ENOTSUP},
                {"b.dev.svcxcluster.local", SVC_ENOTSUP},
                {"xcluster.local", SVC_ENOTSUP},
                {"b.dev.svc", SVC_ENOTSUP},
                {"b.dev.svc.local", SVC_ENOTSUP},
                {"b.dev.svc.cluster.local", SVC_EAGAIN}};
    svc_service *s;
    svc_resolver *r;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_pick pick;

        r = script_new(NULL);
        s = script_open(r, "a:80");
        script_alias(r, "a.dev", rows[i].alias);
        assert_int_equal(svc_service_pick(s, NULL, &pick), rows[i].code);
        script_end(r, s);
    }
}

/* The zone itself is no Service in it, whatever else it is. */
static void test_the_zone_leads_nowhere(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");
    int code;

    (void)state;
    script_alias(r, "a.dev", "cluster.local");
    code = svc_service_wait(s, 0, NULL);
    assert_true(code == SVC_EALIAS || code == SVC_ENOTSUP);
    script_end(r, s);
}

static void test_localhost_in_all_its_forms(void **state)
{
    static const char *const words[] = {"localhost", "a.localhost",
                                        "a.b.localhost"};
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        script_alias(r, "a.dev", words[i]);
        assert_int_equal(svc_service_wait(s, 0, NULL), SVC_EALIAS);
    }
    script_alias(r, "a.dev", "notlocalhost");
    assert_int_equal(svc_service_wait(s, 0, NULL), SVC_ENOTSUP);
    script_end(r, s);
}

/* A change in the middle ends what came behind it, and nothing before. */
static void test_a_chain_is_cut_where_it_changed(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_alias(r, "b.dev", "c.dev.svc.cluster.local");
    script_alias(r, "c.dev", "d.dev.svc.cluster.local");
    script_addresses(r, "d.dev", "10.0.0.1");
    script_alias(r, "b.dev", "e.dev.svc.cluster.local");
    script_addresses(r, "e.dev", "10.0.0.2");
    script_expect("subscribe a.dev:80\n"
                  "subscribe b.dev:80\n"
                  "subscribe c.dev:80\n"
                  "subscribe d.dev:80\n"
                  "publish 1 ExternalName: 10.0.0.1\n"
                  "unsubscribe d.dev\n"
                  "unsubscribe c.dev\n"
                  "subscribe e.dev:80\n"
                  "publish 2 ExternalName: 10.0.0.2\n");
    script_end(r, s);
}

/* Who says the alias matters as much as what it says: the option is about
 * ExternalNames, and the set has the type of its Service. */
static void test_the_same_alias_of_another_type(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r;
    svc_service *s;

    (void)state;
    o.externalname = "refuse";
    r = script_new(&o);
    s = script_open(r, "a:80");
    script_lb_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_addresses(r, "b.dev", "10.0.0.1");
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_expect("subscribe a.dev:80\n"
                  "subscribe b.dev:80\n"
                  "publish 1 LoadBalancer: 10.0.0.1\n"
                  "unsubscribe b.dev\n"
                  "publish 2 ExternalName: SVC_EALIAS: alias is refused by "
                  "option externalname (refuse): a.dev -> "
                  "b.dev.svc.cluster.local (source: script)\n");
    script_end(r, s);
}

/* What the target's answer says to do is still to be done. */
static void test_the_hint_of_the_target_stays(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");
    svc_error error = {0};

    (void)state;
    script_alias(r, "a.dev", "127-0-0-1.shop.pod.cluster.local");
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_EALIAS);
    assert_non_null(strstr(error.message, "a.dev -> "));
    assert_non_null(strstr(error.hint, "option allow"));
    script_end(r, s);
}

/* The old set stays while a new target has not answered. */
static void test_the_set_stays_until_the_target_answers(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    script_addresses(r, "a.dev", "10.0.0.1");
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_trouble(r, "b.dev", SVC_EUNREACH);
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    script_addresses(r, "b.dev", "10.0.0.2");
    script_expect("subscribe a.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1\n"
                  "subscribe b.dev:80\n"
                  "trouble SVC_EUNREACH: \"a:80\": scripted trouble\n"
                  "publish 2 ExternalName: 10.0.0.2\n");
    script_end(r, s);
}

/* Both ends in trouble: the first one is told; each has to be mended. */
static void test_trouble_along_the_chain(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_addresses(r, "b.dev", "10.0.0.1");
    script_trouble(r, "b.dev", SVC_EPROTO);
    script_trouble(r, "a.dev", SVC_EUNREACH);
    script_addresses(r, "b.dev", "10.0.0.2");
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_expect("subscribe a.dev:80\n"
                  "subscribe b.dev:80\n"
                  "publish 1 ExternalName: 10.0.0.1\n"
                  "trouble SVC_EPROTO: \"a:80\": scripted trouble\n"
                  "trouble SVC_EUNREACH: \"a:80\": scripted trouble\n"
                  "publish 2 ExternalName stale: 10.0.0.2\n"
                  "publish 2 ExternalName: 10.0.0.2\n");
    script_end(r, s);
}

/* The refusal to subscribe a target is trouble, not an answer. */
static void test_a_target_that_cannot_be_asked(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    script_addresses(r, "a.dev", "10.0.0.1");
    script_refuse(SVC_ENOMEM);
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    script_refuse(0);
    script_at_once("a.dev", "b.dev.svc.cluster.local");
    script_at_once("b.dev", "10.0.0.2");
    script_timer(s);
    script_expect("subscribe a.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1\n"
                  "subscribe b.dev:80 refused\n"
                  "unsubscribe a.dev\n"
                  "trouble SVC_ENOMEM: \"a:80\": scripted refusal\n"
                  "subscribe a.dev:80\n"
                  "subscribe b.dev:80\n"
                  "publish 2 ExternalName: 10.0.0.2\n");
    script_end(r, s);
}

/* A hostname inside the target is another name than the target. */
static void test_hosts_are_no_loop(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "db:80");

    (void)state;
    script_alias(r, "db.dev", "db-0.db.dev.svc.cluster.local");
    script_addresses(r, "db.dev", "10.0.0.1");
    script_expect("subscribe db.dev:80\n"
                  "subscribe db-0.db.dev:80\n"
                  "publish 1 ExternalName: 10.0.0.1\n");
    script_end(r, s);
}

/* An externalName is absolute: without the zone it is no Service. */
static void test_alias_without_the_zone_is_outside(void **state)
{
    static const char *const words[] = {"b.dev.svc", "b.dev", "b",
                                        "b.dev.svc.cluster.localx"};
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "a:80");

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        script_alias(r, "a.dev", words[i]);
        assert_int_equal(svc_service_wait(s, 0, NULL), SVC_ENOTSUP);
    }
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_addresses(r, "b.dev", "10.0.0.1");
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    script_end(r, s);
}

/* A chain is told with the hostnames in it, whose loop is one of names. */
static void test_hosts_in_a_chain(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = script_open(r, "db:80");

    (void)state;
    script_alias(r, "db.dev", "db-0.db.dev.svc.cluster.local");
    script_alias(r, "db.dev", "db-0.db.dev.svc.cluster.local");
    script_expect(
        "subscribe db.dev:80\n"
        "subscribe db-0.db.dev:80\n"
        "publish 1 ExternalName: SVC_EALIAS: alias loops: db.dev -> "
        "db-0.db.dev -> db-0.db.dev.svc.cluster.local (source: script)\n");
    script_end(r, s);
}

/* A message has room for the beginning of the longest chain. */
static void test_a_long_chain_is_told_as_far_as_it_fits(void **state)
{
    svc_resolver *r = script_new(NULL);
    char who[12][160];
    svc_error error = {0};
    svc_service *s = script_open(r, "a:80");
    char alias[200] = "a";

    (void)state;
    for (int i = 0; i < 12; i++) {
        char label[64] = "";

        memset(label, 'a' + i, 63);
        (void)snprintf(who[i], sizeof(who[i]), "%s.%s", label, label);
        (void)snprintf(alias, sizeof(alias), "%.159s.svc.cluster.local",
                       who[i]);
        script_alias(r, i == 0 ? "a.dev" : who[i - 1], alias);
    }
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_EALIAS);
    assert_non_null(strstr(error.message, "a.dev -> aaaa"));
    assert_in_range(strlen(error.message), 400, 507);
    script_end(r, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_view_goes_along),
        cmocka_unit_test(test_a_load_balancers_hostname),
        cmocka_unit_test(test_options_about_other_aliases),
        cmocka_unit_test(test_external_names_may_be_refused),
        cmocka_unit_test(test_an_address_behind_an_alias),
        cmocka_unit_test(test_an_address_behind_an_alias_is_filtered),
        cmocka_unit_test(test_the_filter_lets_through_what_is_allowed),
        cmocka_unit_test(test_no_name_at_all),
        cmocka_unit_test(test_what_is_inside),
        cmocka_unit_test(test_the_zone_leads_nowhere),
        cmocka_unit_test(test_localhost_in_all_its_forms),
        cmocka_unit_test(test_alias_without_the_zone_is_outside),
        cmocka_unit_test(test_a_chain_is_cut_where_it_changed),
        cmocka_unit_test(test_the_same_alias_of_another_type),
        cmocka_unit_test(test_the_hint_of_the_target_stays),
        cmocka_unit_test(test_the_set_stays_until_the_target_answers),
        cmocka_unit_test(test_trouble_along_the_chain),
        cmocka_unit_test(test_a_target_that_cannot_be_asked),
        cmocka_unit_test(test_hosts_are_no_loop),
        cmocka_unit_test(test_hosts_in_a_chain),
        cmocka_unit_test(test_a_long_chain_is_told_as_far_as_it_fits),
    };

    return cmocka_run_group_tests_name("alias", tests, NULL, NULL);
}
