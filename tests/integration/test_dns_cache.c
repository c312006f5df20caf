/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cache promises, seen from outside: one question for many who want
 * it, a set that goes only when two answers say so, the last good one while the
 * servers are gone (faults D1, D8).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_run.h"
#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CONFIRM_MS 1000 /* between two answers that agree */
#define STALE_MS   1800 /* until what is past its time is shown */

static struct dns_run run;

static int setup(void **state)
{
    (void)state;
    dns_run_open(&run);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dns_run_close(&run);
    return 0;
}

/* ---- one question for many ----------------------------------------------- */

#define THREADS 32

static pthread_barrier_t barrier;

static void *resolve(void *arg)
{
    svc_endpoints *eps = NULL;
    svc_error error = {0};

    (void)arg;
    pthread_barrier_wait(&barrier);
    world_check(svc_resolver_resolve(run.r, "web:80", NULL, DNS_SERVER_MS, &eps,
                                     &error) == 0);
    world_check(strcmp(world_text(eps), "10.0.0.1") == 0);
    svc_endpoints_unref(eps);
    return NULL;
}

/* Answers only when all have had their time to ask. */
static void threads_that_miss_one_name(void **state)
{
    pthread_t thread[THREADS];
    struct dns_query q[2];

    (void)state;
    run.options.external_loop = 0;
    run.options.ttl_min_ms = 60000;
    dns_run_start(&run, 1);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, resolve, NULL), 0);
    dns_server_take(run.server[0], &q[0]);
    dns_server_take(run.server[0], &q[1]);
    assert_int_not_equal(q[0].type, q[1].type);
    for (int i = 0; i < 2; i++)
        dns_run_answer(&q[i], DNS_NOERROR,
                       q[i].type == 1 ? "@ 60 A 10.0.0.1" : "");
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    pthread_barrier_destroy(&barrier);
    assert_int_equal(dns_server_count(run.server[0]), 2);
    assert_int_equal(dns_run_stats(&run).cache_misses, 1);
}

/* Services of one name share its entry, whatever their port; each is its own
 * subscription. */
static void services_of_one_name(void **state)
{
    static const char *const names[] = {"web:80", "web.shop:81",
                                        "web.shop.svc.cluster.local:80"};
    svc_service *s[3];
    struct dns_query q[2];

    (void)state;
    run.options.ttl_min_ms = 60000;
    dns_run_start(&run, 1);
    for (int i = 0; i < 3; i++)
        s[i] = dns_run_service(&run, names[i]);
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR, "@ 60 A 10.0.0.1");
    dns_run_answer(&q[1], DNS_NOERROR, "");
    dns_run_expect(&run, s[0], "10.0.0.1:80");
    dns_run_expect(&run, s[1], "10.0.0.1:81");
    dns_run_expect(&run, s[2], "10.0.0.1:80");
    assert_int_equal(dns_server_count(run.server[0]), 2);
    assert_int_equal(dns_run_stats(&run).cache_misses, 1);
    assert_int_equal(dns_run_stats(&run).cache_joined, 2);
    for (int i = 0; i < 3; i++)
        svc_service_free(s[i]);
    /* Nobody has it open; it is fresh all the same. */
    s[0] = dns_run_has(&run, "web:82", "10.0.0.1:82");
    assert_int_equal(dns_run_stats(&run).cache_hits, 1);
    assert_int_equal(dns_server_count(run.server[0]), 2);
    svc_service_free(s[0]);
}

/* What nobody wants any more is not asked again. */
static void a_closed_name_is_left_alone(void **state)
{
    unsigned asked;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 1);
    svc_service_free(dns_run_has(&run, "web:80", "10.0.0.1:80"));
    dns_run_pass(&run, 20);
    asked = dns_server_count(run.server[0]);
    dns_run_pass(&run, 200); /* four times its life */
    assert_int_equal(dns_server_count(run.server[0]), asked);
}

#define NAMES_MAX 10000

/* So many names may be open, and no more; what is closed makes room. */
static void more_names_than_may_be_open(void **state)
{
    static svc_service *s[NAMES_MAX + 1];
    int rcode = DNS_NXDOMAIN;
    char name[32];

    (void)state;
    dns_server_set(run.server[0], dns_run_rcode, &rcode);
    run.options.ttl_min_ms = 0;
    run.options.log = NULL;
    dns_run_start(&run, 1);
    for (int i = 0; i <= NAMES_MAX; i++) {
        snprintf(name, sizeof(name), "s%d:80", i);
        s[i] = dns_run_service(&run, name);
    }
    dns_run_expect(&run, s[NAMES_MAX], "- SVC_ETOOBIG");
    assert_int_equal(dns_run_stats(&run).cache_names, NAMES_MAX);
    dns_run_expect(&run, s[NAMES_MAX - 1], "SVC_ENOSERVICE");
    svc_service_free(s[0]);
    dns_run_expect(&run, s[NAMES_MAX], "SVC_ENOSERVICE");
    assert_int_equal(dns_run_stats(&run).cache_evicted, 1);
    for (int i = 1; i <= NAMES_MAX; i++)
        svc_service_free(s[i]);
}

/* However many names were resolved, none is refused, neither to who resolves
 * nor to who opens. */
static void names_that_were_resolved_are_in_nobodys_way(void **state)
{
    int nxdomain = DNS_NXDOMAIN;
    svc_endpoints *eps;
    char name[32];

    (void)state;
    run.options.ttl_min_ms = 5000;
    dns_server_set(run.server[0], dns_run_rcode, &nxdomain);
    dns_run_start(&run, 1);
    for (int i = 0; i < 10150; i++) {
        (void)snprintf(name, sizeof(name), "no-%d:80", i);
        assert_int_equal(
            svc_resolver_resolve(run.r, name, NULL, DNS_SERVER_MS, &eps, NULL),
            SVC_ENOSERVICE);
    }
    for (int i = 0; i < 150; i++) {
        (void)snprintf(name, sizeof(name), "more-%d:80", i);
        svc_service_free(dns_run_has(&run, name, "SVC_ENOSERVICE"));
    }
}

/* ---- a name that goes (faults D8) ---------------------------------------- */

/* Two answers that agree, a second apart: then it is gone, and that is one
 * publish. */
static void a_name_that_is_gone(void **state)
{
    int rcode = DNS_NXDOMAIN;
    int64_t began_ms;
    unsigned before;
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 2);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    before = dns_server_count(run.server[1]);
    dns_server_set(run.server[0], dns_run_rcode, &rcode);
    dns_server_set(run.server[1], dns_run_rcode, &rcode);
    began_ms = dns_run_clock_ms();
    dns_run_expect(&run, s, "SVC_ENOSERVICE");
    assert_true(dns_run_clock_ms() - began_ms >= CONFIRM_MS);
    assert_int_equal(dns_run_stats(&run).cache_confirmations, 1);
    assert_int_equal(dns_run_stats(&run).publishes, 2);
    /* The other one was asked to confirm. */
    assert_int_equal(dns_server_count(run.server[1]), before + 2);
    dns_run_zone(&run, WEB("10.0.0.2"));
    dns_run_expect(&run, s, "10.0.0.2:80"); /* nothing to be confirmed */
    svc_service_free(s);
}

static void a_name_without_addresses(void **state)
{
    int rcode = DNS_NOERROR;
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    dns_server_set(run.server[0], dns_run_rcode, &rcode);
    dns_run_expect(&run, s, "SVC_ENOENDPOINTS");
    assert_int_equal(dns_run_stats(&run).cache_confirmations, 1);
    svc_service_free(s);
}

/* It flickers: what was there is never gone. */
static void a_denial_that_is_refuted(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    run.options.ttl_min_ms = 100;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    for (int i = 0; i < 4; i++) {
        int rcode = i % 2 == 0 ? DNS_NOERROR : DNS_NXDOMAIN;

        dns_run_take_both(&run, 0, q);
        dns_run_answer(&q[0], rcode, i % 2 == 0 ? "@ 0 A 10.0.0.1" : "");
        dns_run_answer(&q[1], rcode, "");
        dns_run_expect(&run, s, "10.0.0.1:80");
    }
    dns_run_take_both(&run, 0, q);
    assert_int_equal(dns_run_stats(&run).publishes, 1);
    assert_int_equal(dns_run_stats(&run).cache_refuted, 1);
    svc_service_free(s);
}

/* For a moment no SRV record shows that it is headless. */
static void a_kind_that_is_not_shown(void **state)
{
    static char zone[] = "a." WEB("10.0.0.1") WEB("10.0.0.1") WEB_NAME
        " 0 SRV 0 1 80 a." WEB_NAME "\n";
    svc_service *s;

    (void)state;
    dns_run_zone(&run, zone);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80?view=pods", "10.0.0.1:80");
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_pass(&run, 500);
    assert_string_equal(dns_run_text(&run, s), "10.0.0.1:80");
    dns_run_expect(&run, s, "SVC_ENOTSUP");
    assert_int_equal(dns_run_stats(&run).cache_confirmations, 1);
    svc_service_free(s);
}

static void a_gone_name_may_be_kept(void **state)
{
    int rcode = DNS_NXDOMAIN;
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    run.options.on_nxdomain = "keep";
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    dns_server_set(run.server[0], dns_run_rcode, &rcode);
    dns_run_expect(&run, s, "10.0.0.1:80 stale SVC_ENOSERVICE");
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_expect(&run, s, "10.0.0.1:80");
    svc_service_free(s);
}

/* More than half of the pods at once: asked again before it is believed. */
static void most_of_a_set_is_gone(void **state)
{
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1") WEB("10.0.0.2") WEB("10.0.0.3")
                           WEB("10.0.0.4"));
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80",
                    "10.0.0.1:80 10.0.0.2:80 10.0.0.3:80 10.0.0.4:80");
    dns_run_zone(&run, WEB("10.0.0.4"));
    dns_run_expect(&run, s, "10.0.0.4:80");
    assert_int_equal(dns_run_stats(&run).cache_confirmations, 1);
    dns_run_zone(&run, WEB("10.0.0.5"));
    dns_run_expect(&run, s, "10.0.0.5:80"); /* too few for a doubt */
    assert_int_equal(dns_run_stats(&run).cache_confirmations, 1);
    svc_service_free(s);
}

/* ---- the servers are gone (faults D1) ------------------------------------ */

/* The set stays, its age grows; picks go on; then all is well again. */
static void the_last_good_set_stays(void **state)
{
    svc_endpoints *eps;
    svc_service *s;
    svc_pick pick;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    eps = svc_service_endpoints(s);
    assert_true(svc_endpoints_age_ms(eps) < 1000);
    dns_server_refuse_udp(run.server[0], 1);
    dns_run_expect(&run, s, "10.0.0.1:80 stale SVC_EUNREACH");
    assert_int_equal(svc_endpoints_is_stale(eps), 1);
    assert_true(svc_endpoints_age_ms(eps) >= 1000); /* four rounds of asking */
    assert_int_equal(svc_service_pick(s, NULL, &pick), 0);
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    dns_server_refuse_udp(run.server[0], 0);
    dns_run_expect(&run, s, "10.0.0.1:80");
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    assert_true(svc_endpoints_age_ms(eps) < 1000);
    svc_endpoints_unref(eps);
    svc_service_free(s);
}

/* Whoever comes when a name is past its time and nobody answers has the old
 * set after 1.8 s (RFC 8767 section 5). */
static void a_newcomer_gets_what_is_past_its_time(void **state)
{
    svc_endpoints *eps = NULL;
    int64_t began_ms;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 1);
    svc_service_free(dns_run_has(&run, "web:80", "10.0.0.1:80"));
    dns_run_pass(&run, 60); /* past its time */
    dns_server_set(run.server[0], dns_run_silence, NULL);
    began_ms = dns_run_clock_ms();
    assert_int_equal(
        svc_resolver_resolve(run.r, "web:80", NULL, DNS_SERVER_MS, &eps, NULL),
        0);
    assert_in_range(dns_run_clock_ms() - began_ms, STALE_MS - 100, 5000);
    assert_string_equal(world_text(eps), "10.0.0.1");
    assert_int_equal(svc_endpoints_is_stale(eps), 1);
    assert_int_equal(dns_run_stats(&run).cache_stale, 1);
    svc_endpoints_unref(eps);
}

static void a_set_may_be_dropped_for_trouble(void **state)
{
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    run.options.on_error = "100ms";
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    dns_server_refuse_udp(run.server[0], 1);
    dns_run_expect(&run, s, "SVC_EUNREACH stale SVC_EUNREACH");
    dns_server_refuse_udp(run.server[0], 0);
    dns_run_expect(&run, s, "10.0.0.1:80");
    svc_service_free(s);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(threads_that_miss_one_name),
        row(services_of_one_name),
        row(a_closed_name_is_left_alone),
        row(more_names_than_may_be_open),
        row(names_that_were_resolved_are_in_nobodys_way),
        row(a_name_that_is_gone),
        row(a_name_without_addresses),
        row(a_denial_that_is_refuted),
        row(a_kind_that_is_not_shown),
        row(a_gone_name_may_be_kept),
        row(most_of_a_set_is_gone),
        row(the_last_good_set_stays),
        row(a_newcomer_gets_what_is_past_its_time),
        row(a_set_may_be_dropped_for_trouble),
    };

    return cmocka_run_group_tests_name("dns cache", tests, NULL, NULL);
}
