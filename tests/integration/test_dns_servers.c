/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers that are silent, fail, refuse, are not there, disagree, or come back:
 * whom the resolver asks next, and what stays meanwhile (faults D1 to D3, D9,
 * D25, D27, D29, D30).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_run.h"

#include <stdio.h>
#include <string.h>

static struct dns_run run;
/* Outlives each test: a server may still be asked when one has ended. */
static char web[] = WEB("10.0.0.1");

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

static void assert_says(const char *message, const char *words)
{
    if (strstr(message, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", message, words);
}

/* The trouble of a service names the server and what is wrong with it. */
static void assert_trouble(svc_service *s, int code, size_t server,
                           const char *words)
{
    svc_error error = dns_run_trouble(s);

    assert_int_equal(error.code, code);
    assert_says(error.message, WEB_NAME);
    assert_says(error.message, run.address[server]);
    assert_says(error.message, words);
    assert_true(error.hint[0] != '\0');
}

/* ---- silence (faults D1) ------------------------------------------------- */

static void the_next_server_is_asked(void **state)
{
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], dns_run_silence, NULL);
    dns_server_set(run.server[1], dns_zone, web);
    dns_run_start(&run, 2);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    assert_int_equal(dns_server_count(run.server[0]), 2);
    assert_int_equal(dns_server_count(run.server[1]), 2);
    assert_int_equal(dns_run_stats(&run).dns_timeouts, 2);
    svc_service_free(s);
}

/* Six seconds pass before a question is given up. */
static void nobody_answers(void **state)
{
    svc_service *s;
    svc_error error;

    (void)state;
    dns_server_set(run.server[0], dns_run_silence, NULL);
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    /* Whoever waits for less is told of no answer too. */
    assert_int_equal(svc_service_wait(s, 10, &error), SVC_ETIMEDOUT);
    dns_run_expect(&run, s, "- SVC_ETIMEDOUT");
    assert_trouble(s, SVC_ETIMEDOUT, 0, "no answer in time");
    assert_true(dns_server_count(run.server[0]) >= 6);
    assert_int_equal(dns_run_stats(&run).dns_failures, 2);
    svc_service_free(s);
}

/* ---- answers that are none (faults D2, D3) ------------------------------- */

/* The set stays, marked, and its trouble tells who said what; then all is well
 * again. */
static void keeps_the_set(int rcode, const char *word)
{
    svc_service *s;

    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    dns_server_set(run.server[0], dns_run_rcode, &rcode);
    dns_run_expect(&run, s, "10.0.0.1:80 stale SVC_EUNREACH");
    assert_trouble(s, SVC_EUNREACH, 0, word);
    dns_run_zone(&run, WEB("10.0.0.2"));
    dns_run_expect(&run, s, "10.0.0.2:80");
    svc_service_free(s);
}

static void servfail_is_no_knowledge(void **state)
{
    (void)state;
    keeps_the_set(DNS_SERVFAIL, "SERVFAIL");
}

static void refused_is_no_knowledge(void **state)
{
    (void)state;
    keeps_the_set(DNS_REFUSED, "REFUSED");
}

/* What is said by a server that has just begun is asked again a moment later:
 * whoever waits for a first answer gets it. */
static void a_server_that_starts_is_asked_again(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_SERVFAIL, "");
    dns_run_answer(&q[1], DNS_SERVFAIL, "");
    dns_run_zone(&run, WEB("10.0.0.1"));
    assert_int_equal(svc_service_wait(s, DNS_SERVER_MS, NULL), 0);
    assert_int_equal(dns_run_stats(&run).dns_failures, 0);
    svc_service_free(s);
}

static void the_next_server_may_know(void **state)
{
    static const int rcodes[] = {DNS_SERVFAIL, DNS_REFUSED, DNS_NOTIMP};

    (void)state;
    dns_server_set(run.server[1], dns_zone, web);
    for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
        int rcode = rcodes[i];
        svc_service *s;

        dns_server_set(run.server[0], dns_run_rcode, &rcode);
        dns_run_start(&run, 2);
        s = dns_run_has(&run, "web:80", "10.0.0.1:80");
        assert_int_equal(dns_server_count(run.server[0]), 2 * (i + 1));
        assert_int_equal(dns_run_stats(&run).dns_timeouts, 0);
        svc_service_free(s);
        dns_run_stop(&run);
    }
}

/* A server from before EDNS. */
static void dislike_edns(void *arg, const struct dns_query *q)
{
    if (q->edns_size >= 0)
        dns_run_answer(q, DNS_FORMERR, "");
    else
        dns_zone(arg, q);
}

static int was_asked_four_times(struct dns_run *of)
{
    return dns_server_count(of->server[0]) == 4;
}

static void formerr_is_asked_without_edns(void **state)
{
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], dislike_edns, web);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    dns_run_until(&run, was_asked_four_times);
    svc_service_free(s);
    /* It is known by now. */
    s = dns_run_has(&run, "api:80", "SVC_ENOSERVICE");
    assert_int_equal(dns_server_count(run.server[0]), 6);
    svc_service_free(s);
}

static void formerr_without_edns_too(void **state)
{
    int rcode = DNS_FORMERR;
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], dns_run_rcode, &rcode);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "- SVC_EUNREACH");
    assert_trouble(s, SVC_EUNREACH, 0, "FORMERR");
    svc_service_free(s);
}

static int has_two(struct dns_run *of)
{
    return dns_server_count(of->server[0]) >= 2;
}

/* Cut by UDP, and closed by TCP. */
static void cut_and_close(void *arg, const struct dns_query *q)
{
    struct dns_message m;

    (void)arg;
    if (q->connection != 0) {
        dns_close(q);
        return;
    }
    dns_answer(&m, q, DNS_NOERROR);
    dns_set_tc(&m);
    dns_reply(q, &m);
}

static int was_refused(struct dns_run *of)
{
    return dns_run_stats(of).dns_queries >= 8; /* four of each family */
}

/* What befalls another name while the answer to a first packet may still come
 * is none of its trouble. */
static void a_trouble_is_that_of_its_name(void **state)
{
    svc_service *s;
    svc_service *other;

    (void)state;
    dns_server_set(run.server[0], dns_run_silence, NULL);
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_until(&run, has_two);
    dns_server_refuse_udp(run.server[0], 1);
    dns_run_until(&run, was_refused);
    dns_run_pass(&run, 20);
    dns_server_refuse_udp(run.server[0], 0);
    dns_server_set(run.server[0], cut_and_close, NULL);
    other = dns_run_has(&run, "other:80", "- SVC_EUNREACH");
    assert_says(dns_run_trouble(other).message, "connection closed");
    assert_string_equal(dns_run_text(&run, s), "-");
    dns_run_expect(&run, s, "- SVC_EUNREACH");
    assert_trouble(s, SVC_EUNREACH, 0, "connection refused");
    svc_service_free(other);
    svc_service_free(s);
}

/* ---- two opinions (faults D9) -------------------------------------------- */

static int is_refuted(struct dns_run *r)
{
    return dns_run_stats(r).cache_refuted > 0;
}

/* A set is there; the server that gave it denies the name; the other one does
 * not, and is the one that is asked to confirm. */
static void one_denies_what_the_other_has(void **state)
{
    int rcode = DNS_NXDOMAIN;
    svc_service *s;
    svc_watch *w = NULL;
    svc_endpoints *eps = NULL;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 2);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    assert_int_equal(svc_watch_new(s, &w), 0);
    assert_int_equal(svc_watch_next(w, 0, &eps, NULL), 0);
    svc_endpoints_unref(eps);
    assert_int_equal(dns_server_count(run.server[1]), 0);
    dns_server_set(run.server[0], dns_run_rcode, &rcode);
    dns_run_until(&run, is_refuted);
    assert_true(dns_server_count(run.server[1]) >= 2);
    assert_string_equal(dns_run_text(&run, s), "10.0.0.1:80");
    assert_int_equal(svc_watch_next(w, 0, &eps, NULL), SVC_EAGAIN);
    svc_watch_free(w);
    svc_service_free(s);
}

static int is_confirming(struct dns_run *of)
{
    return dns_run_stats(of).cache_confirmations > 0;
}

/* Somebody else asks the same of the server that denied it, just before another
 * one is asked to confirm: these are two questions. */
static void a_confirmation_is_no_equal_question(void **state)
{
    struct dns_query q[3];
    svc_service *s;
    svc_service *other;

    (void)state;
    dns_server_set(run.server[1], dns_zone, web);
    dns_run_start(&run, 2);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR, "@ 0 A 10.0.0.1");
    dns_run_answer(&q[1], DNS_NOERROR, "");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NXDOMAIN, "");
    dns_run_answer(&q[1], DNS_NXDOMAIN, "");
    dns_run_pass(&run, 900);
    other = dns_run_service(&run, "web:http");
    for (size_t i = 0; i < 3; i++)
        dns_run_take(&run, 0, &q[i]);
    dns_run_until(&run, is_confirming);
    for (size_t i = 0; i < 3; i++)
        dns_run_answer(&q[i], DNS_NXDOMAIN, "");
    dns_run_expect(&run, other, "SVC_ENOSERVICE");
    dns_run_pass(&run, 50);
    assert_string_equal(dns_run_text(&run, s), "10.0.0.1:80");
    assert_int_equal(dns_run_stats(&run).cache_refuted, 1);
    svc_service_free(other);
    svc_service_free(s);
}

/* It has no address, and of AAAA it knows nothing. */
static void deny_a(void *arg, const struct dns_query *q)
{
    (void)arg;
    dns_run_answer(q, q->type == 1 ? DNS_NOERROR : DNS_SERVFAIL, "");
}

/* What each server said is confirmed by the other. */
static void each_denial_is_confirmed_elsewhere(void **state)
{
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 2);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    dns_server_set(run.server[0], deny_a, NULL);
    dns_run_until(&run, is_confirming);
    while (dns_run_stats(&run).cache_refuted == 0) {
        dns_run_pass(&run, 10);
        assert_string_equal(dns_run_text(&run, s), "10.0.0.1:80");
    }
    svc_service_free(s);
}

/* ---- late (faults D25) --------------------------------------------------- */

static void an_answer_to_the_first_packet_counts(void **state)
{
    struct dns_query first[2];
    struct dns_query again[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, first);
    dns_run_take_both(&run, 0, again); /* the first ones took too long */
    dns_run_answer(&first[0], DNS_NOERROR, "@ 60 A 10.0.0.1");
    dns_run_answer(&first[1], DNS_NOERROR, "");
    dns_run_expect(&run, s, "10.0.0.1:80");
    /* Too late: nobody asks any more. */
    dns_run_answer(&again[0], DNS_NOERROR, "@ 60 A 10.0.0.2");
    dns_run_answer(&again[1], DNS_NOERROR, "@ 60 AAAA fd00::2");
    dns_run_pass(&run, 20);
    assert_string_equal(dns_run_text(&run, s), "10.0.0.1:80");
    svc_service_free(s);
}

static void answers_after_the_end(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    svc_service_free(s);
    dns_run_stop(&run);
    dns_run_answer(&q[0], DNS_NOERROR, "@ 60 A 10.0.0.1");
    dns_run_answer(&q[1], DNS_NOERROR, "");
}

/* ---- ports (faults D27) -------------------------------------------------- */

static void a_lost_packet_changes_the_port(void **state)
{
    struct dns_query first[2];
    struct dns_query again[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, first);
    assert_int_not_equal(first[0].from.sin_port, first[1].from.sin_port);
    dns_run_take_both(&run, 0, again);
    for (int i = 0; i < 4; i++)
        assert_int_not_equal(first[i / 2].from.sin_port,
                             again[i % 2].from.sin_port);
    svc_service_free(s);
}

/* Ports that A questions came from. */
static struct {
    unsigned count;
    in_port_t port[8];
} ports;

static void note_port(void *arg, const struct dns_query *q)
{
    unsigned i = 0;

    (void)arg;
    while (i < ports.count && ports.port[i] != q->from.sin_port)
        i++;
    if (q->type == 1 && i == ports.count && i < 8)
        ports.port[ports.count++] = q->from.sin_port;
    dns_run_answer(q, DNS_NXDOMAIN, "");
}

static void a_port_wears_out(void **state)
{
    char name[32];

    (void)state;
    memset(&ports, 0, sizeof(ports));
    dns_server_set(run.server[0], note_port, NULL);
    run.options.ttl_min_ms = 0;
    dns_run_start(&run, 1);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "s%d:80", i);
        svc_service_free(dns_run_has(&run, name, "SVC_ENOSERVICE"));
    }
    assert_int_equal(ports.count, 2); /* 256 queries each */
}

/* ---- gone, and back (faults D29, D30) ------------------------------------ */

/* The kernel says that nobody listens: no data, and no time-out either. */
static void a_server_that_is_not_there(void **state)
{
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    dns_server_refuse_udp(run.server[0], 1);
    dns_run_expect(&run, s, "10.0.0.1:80 stale SVC_EUNREACH");
    assert_trouble(s, SVC_EUNREACH, 0, "refused");
    assert_int_equal(dns_run_stats(&run).dns_timeouts, 0);
    svc_service_free(s);
}

/* It is back: nobody waits for longer than the pause of the moment. */
static void a_server_comes_back(void **state)
{
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    dns_server_refuse_udp(run.server[0], 1);
    dns_run_expect(&run, s, "10.0.0.1:80 stale SVC_EUNREACH");
    dns_run_zone(&run, WEB("10.0.0.1") WEB("10.0.0.2"));
    dns_server_refuse_udp(run.server[0], 0);
    dns_run_expect(&run, s, "10.0.0.1:80 10.0.0.2:80");
    assert_int_equal(dns_run_stats(&run).recoveries, 1);
    svc_service_free(s);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(the_next_server_is_asked),
        row(nobody_answers),
        row(servfail_is_no_knowledge),
        row(refused_is_no_knowledge),
        row(a_server_that_starts_is_asked_again),
        row(the_next_server_may_know),
        row(formerr_is_asked_without_edns),
        row(formerr_without_edns_too),
        row(a_trouble_is_that_of_its_name),
        row(one_denies_what_the_other_has),
        row(a_confirmation_is_no_equal_question),
        row(each_denial_is_confirmed_elsewhere),
        row(an_answer_to_the_first_packet_counts),
        row(answers_after_the_end),
        row(a_lost_packet_changes_the_port),
        row(a_port_wears_out),
        row(a_server_that_is_not_there),
        row(a_server_comes_back),
    };

    return cmocka_run_group_tests_name("dns servers", tests, NULL, NULL);
}
