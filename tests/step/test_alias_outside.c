/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aliases that leave the cluster, and perhaps come back: who is asked, what is
 * refused, and what the published set says of itself (semantics 2.11, 10).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script.h"

#include <string.h>

static svc_endpoints_info describe(svc_service *s, svc_endpoints **ret)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;

    *ret = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_describe(*ret, &info), 0);
    return info;
}

/* The source of the Service says where it leads; DNS says what is there, and
 * what leads back in is asked of the source again. */
static void test_outside_targets_are_asked_of_dns(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_dns(r);
    s = script_open(r, "a:80");
    script_alias(r, "a.dev", "www.example.com");
    script_addresses(r, "www.example.com", "192.0.2.1");
    script_alias(r, "www.example.com", "b.shop.svc.cluster.local");
    script_addresses(r, "b.shop", "10.0.0.1");
    script_alias(r, "a.dev", "b.shop.svc");
    script_expect("subscribe a.dev:80\n"
                  "subscribe dns www.example.com:80\n"
                  "publish 1 ExternalName: 192.0.2.1\n"
                  "subscribe b.shop:80\n"
                  "publish 2 ExternalName: 10.0.0.1\n"
                  "unsubscribe b.shop\n"
                  "unsubscribe www.example.com\n"
                  "subscribe dns b.shop.svc:80\n");
    script_end(r, s);
}

static void test_what_the_set_says_of_an_outside_target(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_endpoints_info info;
    svc_endpoints *eps;
    svc_service *s;

    (void)state;
    script_dns(r);
    s = script_open(r, "a:80");
    script_lb_alias(r, "a.dev", "lb.example.com");
    script_confirm(30000, -1);
    script_alias(r, "lb.example.com", "x.example.com");
    script_confirm(60000, -1);
    script_addresses(r, "x.example.com", "192.0.2.1");
    info = describe(s, &eps);
    assert_string_equal(info.service, "a");
    assert_string_equal(info.type, "LoadBalancer");
    assert_string_equal(info.view, "lb");
    assert_string_equal(info.source, "dns");
    assert_string_equal(info.canonical, "x.example.com");
    assert_int_equal(info.ttl_ms, 30000);
    svc_endpoints_unref(eps);
    script_end(r, s);
}

static void test_an_outside_target_that_is_not_there(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_dns(r);
    s = script_open(r, "a:80");
    script_alias(r, "a.dev", "www.example.com");
    script_code(r, "www.example.com", SVC_ENOSERVICE);
    script_expect("subscribe a.dev:80\n"
                  "subscribe dns www.example.com:80\n"
                  "publish 1 ExternalName: SVC_EALIAS: alias leads nowhere: "
                  "a.dev -> www.example.com: scripted answer about "
                  "www.example.com\n");
    script_end(r, s);
}

/* Loops, also over names outside, and this very host. */
static void test_refusals_outside(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;
    svc_error error = {0};

    (void)state;
    script_dns(r);
    s = script_open(r, "a:80");
    script_alias(r, "a.dev", "www.example.com");
    script_alias(r, "www.example.com", "x.example.com");
    script_alias(r, "x.example.com", "www.example.com");
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_EALIAS);
    assert_non_null(strstr(error.message,
                           "alias loops: a.dev -> www.example.com -> "
                           "x.example.com -> www.example.com"));
    assert_non_null(strstr(error.hint, "(CNAME)"));
    script_alias(r, "x.example.com", "a.dev.svc.cluster.local");
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_EALIAS);
    assert_non_null(strstr(error.message, "alias loops: "));
    script_alias(r, "x.example.com", "localhost");
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_EALIAS);
    assert_non_null(strstr(error.message, "this very host"));
    script_end(r, s);
}

/* The namespace is that of the Service which leads there, by whatever way. */
static void test_same_namespace_is_about_targets_inside(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r;
    svc_service *s;

    (void)state;
    o.externalname = "same-namespace";
    r = script_new(&o);
    script_dns(r);
    s = script_open(r, "a:80");
    script_alias(r, "a.dev", "www.example.com");
    script_addresses(r, "www.example.com", "192.0.2.1");
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    script_alias(r, "www.example.com", "b.shop.svc.cluster.local");
    assert_int_equal(svc_service_wait(s, 0, NULL), SVC_EALIAS);
    script_alias(r, "www.example.com", "b.dev.svc.cluster.local");
    script_addresses(r, "b.dev", "10.0.0.1");
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    script_alias(r, "a.dev", "b.shop.svc.clusterset.local");
    script_addresses(r, "b.shop", "10.0.0.2");
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    script_alias(r, "a.dev", "z.pin._zone.b.shop.svc.cluster.local");
    assert_int_equal(svc_service_wait(s, 0, NULL), SVC_EALIAS);
    script_end(r, s);
}

/* Callers rarely wait for as long as it takes to name a silent server. */
static void test_silence_of_dns_says_what_to_do(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_error error;
    svc_service *s;

    (void)state;
    script_dns(r);
    s = script_open(r, "www.example.com.");
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_ETIMEDOUT);
    assert_non_null(strstr(error.hint, "option dns_servers"));
    svc_service_free(s);
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_ETIMEDOUT);
    assert_string_equal(error.hint, "");
    script_end(r, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outside_targets_are_asked_of_dns),
        cmocka_unit_test(test_what_the_set_says_of_an_outside_target),
        cmocka_unit_test(test_an_outside_target_that_is_not_there),
        cmocka_unit_test(test_refusals_outside),
        cmocka_unit_test(test_same_namespace_is_about_targets_inside),
        cmocka_unit_test(test_silence_of_dns_says_what_to_do),
    };

    return cmocka_run_group_tests_name("alias_outside", tests, NULL, NULL);
}
