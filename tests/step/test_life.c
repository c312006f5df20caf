/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening and closing: which names need which backend, and that resolver,
 * service and watch may end in any order that the contract allows.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script.h"

#include <string.h>

static svc_service *open_service(svc_resolver *r, const char *name)
{
    svc_service *s = NULL;

    assert_int_equal(svc_service_new(r, name, NULL, &s, NULL), 0);
    script_round(r);
    return s;
}

/* ---- which backend ----------------------------------------------------- */

static void test_names_that_this_source_cannot_answer(void **state)
{
    static const struct {
        const char *name;
        int code;
        const char *says;
    } rows[] = {
        {"web..shop", SVC_ENAME, "web..shop"},
        {"www.example.com.:80", SVC_ENOTSUP, "outside the cluster"},
        {"dns:///www.example.com:80", SVC_ENOTSUP, "outside the cluster"},
        {"web.shop.svc.clusterset.local:80", SVC_ENOTSUP, "multi-cluster"},
        {"a.pin._zone.web.shop.svc.cluster.local:80", SVC_ENOTSUP, "zonal"},
        {"kubernetes:///web.shop:80", SVC_EINVAL,
         "the scheme asks for backend \"apiserver\""},
        {"file:///etc/x.yaml#web:80", SVC_EINVAL,
         "the scheme asks for backend \"file\", but the options chose "
         "\"script\""},
        {"web:80?policy=nonsense", SVC_EINVAL, "nonsense"},
        {"web:80?view=nonsense", SVC_EINVAL, "auto, pods, vip"}};
    svc_resolver *r = script_new(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_error error = {0};
        svc_service *s = NULL;

        assert_int_equal(svc_service_new(r, rows[i].name, NULL, &s, &error),
                         rows[i].code);
        assert_int_equal(error.code, rows[i].code);
        if (strstr(error.message, rows[i].says) == NULL)
            fail_msg("%s", error.message);
        assert_null(s);
    }
    script_round(r);
    script_expect("");
    script_free(r);
}

/* Names outside are asked of DNS whatever the options chose; those of Services
 * only where they chose DNS. */
static void test_a_chosen_source_is_not_gone_round(void **state)
{
    static const char *const names[] = {
        "web.shop.svc.clusterset.local:80",
        "a.pin._zone.web.shop.svc.cluster.local:80"};
    svc_resolver *r = script_new(NULL);
    svc_service *s = NULL;
    svc_error error;

    (void)state;
    script_dns(r);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(svc_service_new(r, names[i], NULL, &s, &error),
                         SVC_ENOTSUP);
        assert_non_null(strstr(error.message, "which only DNS knows"));
        assert_non_null(strstr(error.hint, "-b dns"));
    }
    s = open_service(r, "www.example.com.:80");
    script_expect("subscribe dns www.example.com:80\n");
    script_free(r);
    svc_service_free(s);
}

static void test_names_that_only_dns_knows(void **state)
{
    static const char *const names[] = {
        "www.example.com.:80",
        "dns:///_http._tcp.www.example.com",
        "web.shop.svc.clusterset.local:80",
        "web-0.east.web.shop.svc.clusterset.local:80",
        "a.pin._zone.web.shop.svc.cluster.local:80",
        "b.prefer._zone.web.shop.svc.cluster.local:80"};
    svc_service *s[sizeof(names) / sizeof(names[0])];
    svc_resolver *r = script_new(NULL);

    (void)state;
    script_dns(r);
    r->settings.backend = r->settings.outside;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        s[i] = open_service(r, names[i]);
        script_round(r);
    }
    script_expect("subscribe dns www.example.com:80\n"
                  "subscribe dns www.example.com:http proto=TCP\n"
                  "subscribe dns web.shop cluster=any:80\n"
                  "subscribe dns web-0.web.shop cluster=east:80\n"
                  "subscribe dns web.shop pin=a:80\n"
                  "subscribe dns web.shop prefer=b:80\n");
    script_free(r);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        svc_service_free(s[i]);
}

/* What auto comes to answers for Services; names that only DNS knows go to DNS
 * all the same, also by way of an alias. */
static void test_auto_asks_what_it_came_to(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_dns(r);
    r->settings.automatic = r->settings.backend;
    r->settings.backend = NULL;
    s = script_open(r, "web:80");
    script_alias(r, "web.dev", "www.example.com");
    svc_service_free(open_service(r, "web.shop.svc.clusterset.local:80"));
    script_expect("subscribe web.dev:80\n"
                  "subscribe dns www.example.com:80\n"
                  "subscribe dns web.shop cluster=any:80\n");
    script_end(r, s);
}

/* Services too, where nothing else is at hand. */
static void test_auto_asks_dns(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    script_dns(r);
    r->settings.backend = NULL;
    s = script_open(r, "web:80");
    script_addresses(r, "web.dev", "10.0.0.1");
    script_expect("subscribe dns web.dev:80\n"
                  "publish 1 ClusterIP: 10.0.0.1\n");
    script_end(r, s);
}

static void test_no_source_at_all(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = NULL;
    svc_error error = {0};

    (void)state;
    r->settings.backend = NULL;
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, &error),
                     SVC_ENOTSUP);
    assert_non_null(strstr(error.message, "\"web:80\": no source"));
    assert_non_null(strstr(error.hint, "-f"));
    assert_null(s);
    script_free(r);
}

static void test_an_address_needs_no_source(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s;

    (void)state;
    r->settings.backend = NULL;
    s = open_service(r, "10.0.0.1:80");
    script_follow(s);
    script_round(r);
    svc_service_free(open_service(r, "127.0.0.1:80"));
    svc_service_free(open_service(r, "10-0-0-1.shop.pod:80"));
    svc_service_free(open_service(r, "[fd00::1]:80"));
    script_round(r);
    script_expect("publish 1 Literal: 10.0.0.1\n");
    script_free(r);
    svc_service_free(s);
}

static void test_an_address_of_the_other_family(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_service(r, "10.0.0.1:80?family=ipv6");
    svc_error error = {0};

    (void)state;
    assert_int_equal(svc_service_wait(s, 0, &error), SVC_ENOENDPOINTS);
    assert_string_equal(error.message,
                        "\"10.0.0.1:80?family=ipv6\" is an address of the "
                        "other family");
    script_follow(s);
    script_round(r);
    script_expect("publish 1 Literal: 10.0.0.1!wrong-family "
                  "SVC_ENOENDPOINTS: \"10.0.0.1:80?family=ipv6\" is an "
                  "address of the other family\n");
    script_free(r);
    svc_service_free(s);
}

/* ---- the end ----------------------------------------------------------- */

static void test_a_service_ends_before_it_began(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_stats stats = SVC_STATS_INIT;
    svc_service *s = NULL;

    (void)state;
    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    svc_service_free(s);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.services_open, 1);
    script_round(r);
    script_expect("");
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.services_open, 0);
    script_free(r);
}

static void test_a_resolver_ends_before_its_services_began(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *kept = NULL;
    svc_service *freed = NULL;

    (void)state;
    assert_int_equal(svc_service_new(r, "web:80", NULL, &kept, NULL), 0);
    assert_int_equal(svc_service_new(r, "db:80", NULL, &freed, NULL), 0);
    svc_service_free(freed);
    script_free(r);
    script_expect("");
    assert_int_equal(svc_service_wait(kept, -1, NULL), SVC_ECLOSED);
    svc_service_free(kept);
}

/* An explanation opens a service on behalf of one whose resolver another
 * thread may be freeing: from the moment it is closed, nobody comes in. */
static void test_nobody_comes_in_at_the_end(void **state)
{
    const struct svc__request request = {.name = "web:80"};
    svc_resolver *r = script_new(NULL);
    svc_error error = {0};
    svc_stats stats = SVC_STATS_INIT;
    svc_service *s = NULL;

    (void)state;
    r->closed = 1;
    assert_int_equal(svc__service_new(r, &request, &s, &error), SVC_ECLOSED);
    assert_int_equal(error.code, SVC_ECLOSED);
    assert_null(s);
    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    assert_int_equal(stats.services_open, 0);
    r->closed = 0;
    script_free(r);
}

/* From the end, so that nothing is asked on behalf of nobody. */
static void test_a_chain_is_closed_backwards(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_service(r, "a:80");

    (void)state;
    script_alias(r, "a.dev", "b.dev.svc.cluster.local");
    script_alias(r, "b.dev", "c.dev.svc.cluster.local");
    svc_service_free(s);
    script_round(r);
    script_expect("subscribe a.dev:80\n"
                  "subscribe b.dev:80\n"
                  "subscribe c.dev:80\n"
                  "unsubscribe c.dev\n"
                  "unsubscribe b.dev\n"
                  "unsubscribe a.dev\n");
    script_free(r);
}

static void test_everything_answers_closed(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_service(r, "web:80");
    svc_watch *w = NULL;
    svc_watch *late = NULL;
    svc_endpoints *eps = NULL;
    svc_error error = {0};
    svc_pick pick;
    char *json = NULL;

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    assert_int_equal(svc_watch_new(s, &w), 0);
    script_free(r);
    assert_int_equal(svc_service_wait(s, -1, &error), SVC_ECLOSED);
    assert_int_equal(error.code, SVC_ECLOSED);
    assert_int_equal(svc_service_status(s, NULL), SVC_ECLOSED);
    assert_int_equal(svc_service_explain(s, &json, NULL), SVC_ECLOSED);
    assert_null(svc_service_endpoints(s));
    assert_int_equal(svc_service_pick(s, NULL, &pick), SVC_ECLOSED);
    assert_int_equal(svc_watch_new(s, &late), SVC_ECLOSED);
    assert_int_equal(svc_watch_next(w, -1, &eps, NULL), SVC_ECLOSED);
    assert_null(eps);
    assert_null(json);
    svc_watch_free(w);
    svc_service_free(s);
}

/* A set that waits for its time goes with its service. */
static void test_nothing_is_due_after_the_end(void **state)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = open_service(r, "web:80");

    (void)state;
    script_addresses(r, "web.dev", "10.0.0.1");
    script_hold();
    script_addresses(r, "web.dev", "10.0.0.2");
    assert_true(svc_resolver_timeout_ms(r) >= 0);
    svc_service_free(s);
    script_round(r);
    assert_int_equal(svc_resolver_timeout_ms(r), -1);
    script_free(r);
}

/* A service, its watch and its set, each freed in every order that is allowed:
 * the watch before the service, the rest at will. */
static void test_every_order_of_the_end(void **state)
{
    static const char *const orders[] = {"rwse", "wrse", "wsre", "erws",
                                         "ewsr", "wser", "rews"};

    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        svc_resolver *r = script_new(NULL);
        svc_service *s = open_service(r, "web:80");
        svc_watch *w = NULL;
        svc_endpoints *eps;

        script_addresses(r, "web.dev", "10.0.0.1");
        eps = svc_service_endpoints(s);
        assert_int_equal(svc_watch_new(s, &w), 0);
        for (const char *p = orders[i]; *p != '\0'; p++) {
            if (*p == 'r')
                script_free(r);
            else if (*p == 'w')
                svc_watch_free(w);
            else if (*p == 's')
                svc_service_free(s);
            else
                svc_endpoints_unref(eps);
        }
    }
}

/* ---- from inside a round ----------------------------------------------- */

struct inside {
    svc_resolver *r;
    svc_service *s;
    svc_watch *w;
    int calls;
};

/* A log function must not call into the library; one that does is told so
 * where it would wait. */
static void call_back(void *arg, int level, const char *text)
{
    struct inside *in = arg;
    svc_endpoints *eps = NULL;
    svc_error error = {0};

    (void)level;
    (void)text;
    in->calls++;
    assert_int_equal(svc_resolver_dispatch(in->r, 0), SVC_ESTATE);
    assert_int_equal(svc_service_wait(in->s, -1, &error), SVC_ESTATE);
    assert_int_equal(error.code, SVC_ESTATE);
    error.code = 0;
    assert_int_equal(svc_watch_next(in->w, -1, &eps, &error), SVC_EUNREACH);
    assert_int_equal(svc_watch_next(in->w, -1, &eps, &error), SVC_ESTATE);
    assert_int_equal(error.code, SVC_ESTATE);
}

static void test_waiting_inside_a_round_is_refused(void **state)
{
    struct inside in = {0};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;

    (void)state;
    o.log = call_back;
    o.log_arg = &in;
    in.r = script_new(&o);
    in.s = open_service(in.r, "web:80");
    assert_int_equal(svc_watch_new(in.s, &in.w), 0);
    script_trouble(in.r, "web.dev", SVC_EUNREACH);
    assert_int_equal(in.calls, 1);
    svc_watch_free(in.w);
    script_free(in.r);
    svc_service_free(in.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_that_this_source_cannot_answer),
        cmocka_unit_test(test_a_chosen_source_is_not_gone_round),
        cmocka_unit_test(test_names_that_only_dns_knows),
        cmocka_unit_test(test_auto_asks_what_it_came_to),
        cmocka_unit_test(test_auto_asks_dns),
        cmocka_unit_test(test_no_source_at_all),
        cmocka_unit_test(test_an_address_needs_no_source),
        cmocka_unit_test(test_an_address_of_the_other_family),
        cmocka_unit_test(test_a_service_ends_before_it_began),
        cmocka_unit_test(test_a_resolver_ends_before_its_services_began),
        cmocka_unit_test(test_nobody_comes_in_at_the_end),
        cmocka_unit_test(test_a_chain_is_closed_backwards),
        cmocka_unit_test(test_everything_answers_closed),
        cmocka_unit_test(test_nothing_is_due_after_the_end),
        cmocka_unit_test(test_every_order_of_the_end),
        cmocka_unit_test(test_waiting_inside_a_round_is_refused),
    };

    return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
