/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that do not fit into a datagram, and everything that goes wrong over
 * TCP: never is a part taken for the whole (faults D4 to D6, M13).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_run.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- many pods (faults D4, D6) ------------------------------------------- */

struct pods {
    unsigned count;
    unsigned fit;         /* so many in an answer; TC when there are more */
    _Atomic unsigned cut; /* answers by UDP that were */
    _Atomic unsigned whole_by_tcp;
};

/* A headless Service of so many pods. */
static void play_pods(void *arg, const struct dns_query *q)
{
    struct pods *p = arg;
    struct dns_message *m = malloc(sizeof(*m));
    size_t most = q->edns_size < 512 ? 512 : (size_t)q->edns_size;

    assert_non_null(m);
    dns_answer(m, q, DNS_NOERROR);
    if (q->type == 1)
        dns_add_many(m, p->count < p->fit ? p->count : p->fit, 60);
    if (q->connection == 0 && m->size > most) {
        dns_answer(m, q, DNS_NOERROR);
        dns_add_many(m, 20, 60); /* no record of a cut answer counts */
        dns_set_tc(m);
        atomic_fetch_add(&p->cut, 1);
    } else if (p->count > p->fit && q->type == 1) {
        dns_set_tc(m);
    } else if (q->connection > 0) {
        atomic_fetch_add(&p->whole_by_tcp, 1);
    }
    dns_reply(q, m);
    free(m);
}

static size_t count_of(svc_service *s)
{
    svc_endpoints *eps = svc_service_endpoints(s);
    size_t count = svc_endpoints_count(eps);

    svc_endpoints_unref(eps);
    return count;
}

static void has_pods(unsigned count, int by_tcp)
{
    struct pods pods = {.count = count, .fit = 4090};
    svc_service *s;

    dns_server_set(run.server[0], play_pods, &pods);
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    assert_int_equal(svc_service_wait(s, DNS_SERVER_MS, NULL), 0);
    assert_int_equal(count_of(s), count);
    assert_int_equal(pods.cut, by_tcp);
    assert_int_equal(pods.whole_by_tcp, by_tcp);
    assert_int_equal(dns_run_stats(&run).dns_queries_tcp, by_tcp);
    assert_int_equal(dns_run_stats(&run).publishes, 1);
    svc_service_free(s);
    dns_run_stop(&run);
}

static void many_pods_come_by_tcp(void **state)
{
    (void)state;
    has_pods(30, 0);
    has_pods(74, 0); /* 1,228 bytes */
    has_pods(75, 1);
    has_pods(300, 1);
    has_pods(4000, 1);
}

static void more_pods_than_dns_can_say(void **state)
{
    struct pods pods = {.count = 5000, .fit = 4000};
    svc_service *s;
    svc_error error;

    (void)state;
    dns_server_set(run.server[0], play_pods, &pods);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "- SVC_ETOOBIG");
    error = dns_run_trouble(s);
    assert_non_null(strstr(error.message, "cut even over TCP"));
    assert_non_null(strstr(error.hint, "4,000 pods"));
    svc_service_free(s);
}

/* The Service grows over what DNS can say: the last good set stays. */
static void growth_beyond_dns_keeps_the_set(void **state)
{
    struct pods pods = {.count = 5000, .fit = 4000};
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.1"));
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    dns_server_set(run.server[0], play_pods, &pods);
    dns_run_expect(&run, s, "10.0.0.1:80 stale SVC_ETOOBIG");
    svc_service_free(s);
}

/* ---- TCP that fails (faults D5) ------------------------------------------ */

#define THREE_PORTS "10.0.0.1:80 10.0.0.2:80 10.0.0.3:80"

static void make_three(struct dns_message *m, const struct dns_query *q)
{
    dns_answer(m, q, DNS_NOERROR);
    if (q->type != 1)
        return;
    dns_add(m, DNS_ANSWER, "@ 60 A 10.0.0.1");
    dns_add(m, DNS_ANSWER, "@ 60 A 10.0.0.2");
    dns_add(m, DNS_ANSWER, "@ 60 A 10.0.0.3");
}

static void play_three(void *arg, const struct dns_query *q)
{
    struct dns_message *m = malloc(sizeof(*m));

    (void)arg;
    assert_non_null(m);
    make_three(m, q);
    dns_reply(q, m);
    free(m);
}

struct cut {
    size_t at;            /* bytes of the answer that are sent */
    _Atomic size_t whole; /* all of its bytes, with the length before it */
};

/* Part of an answer, and the connection ends. */
static void play_cut(void *arg, const struct dns_query *q)
{
    struct cut *c = arg;
    struct dns_message *m = malloc(sizeof(*m));

    assert_non_null(m);
    make_three(m, q);
    if (q->type == 1) {
        c->whole = m->size + 2;
        dns_send_cut(q, m->bytes, m->size, c->at);
        if (c->at < c->whole)
            dns_close(q);
    } else {
        dns_reply(q, m);
    }
    free(m);
}

/* The answer of the first server ends behind each of its bytes: it is that of
 * the second that counts, whole, and nothing before it. Returns whether there
 * was more to cut. */
static int cut_behind(size_t at)
{
    struct cut cut = {.at = at, .whole = SIZE_MAX};
    svc_service *s;

    dns_server_set(run.server[0], play_cut, &cut);
    dns_server_set(run.server[1], play_three, NULL);
    run.options.dns_tcp = 1;
    dns_run_start(&run, 2);
    s = dns_run_service(&run, "web:80");
    assert_int_equal(svc_service_wait(s, DNS_SERVER_MS, NULL), 0);
    assert_string_equal(dns_run_text(&run, s), THREE_PORTS);
    assert_int_equal(dns_run_stats(&run).publishes, 1);
    assert_int_equal(dns_run_stats(&run).dns_timeouts, 0);
    assert_int_equal(dns_server_count(run.server[1]) > 0, at < cut.whole);
    svc_service_free(s);
    dns_run_stop(&run);
    return at < cut.whole;
}

static void an_answer_cut_behind_every_byte(void **state)
{
    size_t at = 0;

    (void)state;
    while (cut_behind(at)) {
        at++;
        dns_run_close(&run);
        dns_run_open(&run);
    }
    assert_in_range(at, 90, 120);
}

/* The same with a single server, which never says more: half an answer is
 * none. */
static void half_an_answer_is_none(void **state)
{
    struct cut cut = {.at = 60};
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB("10.0.0.9"));
    run.options.dns_tcp = 1;
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.9:80");
    dns_server_set(run.server[0], play_cut, &cut);
    dns_run_expect(&run, s, "10.0.0.9:80 stale SVC_EUNREACH");
    svc_service_free(s);
}

static void play_bytewise(void *arg, const struct dns_query *q)
{
    struct dns_message *m = malloc(sizeof(*m));

    (void)arg;
    assert_non_null(m);
    make_three(m, q);
    dns_send_bytewise(q, m->bytes, m->size);
    free(m);
}

static void one_byte_at_a_time(void **state)
{
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], play_bytewise, NULL);
    run.options.dns_tcp = 1;
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", THREE_PORTS);
    assert_int_equal(dns_run_stats(&run).publishes, 1);
    assert_int_equal(dns_run_stats(&run).dns_queries, 2);
    svc_service_free(s);
}

/* Cut by UDP, refused by TCP: nothing of what came by UDP is used. */
static void tcp_is_refused(void **state)
{
    struct pods pods = {.count = 300, .fit = 4000};
    svc_service *s;

    (void)state;
    dns_server_refuse_tcp(run.server[0], 1);
    dns_server_set(run.server[0], play_pods, &pods);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "- SVC_EUNREACH");
    assert_non_null(strstr(dns_run_trouble(s).message, "refused"));
    dns_server_refuse_tcp(run.server[0], 0);
    assert_int_equal(svc_service_wait(s, DNS_SERVER_MS, NULL), 0);
    assert_int_equal(count_of(s), 300);
    assert_int_equal(svc_service_status(s, NULL), 0);
    svc_service_free(s);
}

static void play_reset(void *arg, const struct dns_query *q)
{
    (void)arg;
    if (q->connection > 0)
        dns_reset(q);
}

/* A connection that is reset under us raises no signal (faults P10). */
static void tcp_is_reset(void **state)
{
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], play_reset, NULL);
    dns_server_set(run.server[1], play_three, NULL);
    run.options.dns_tcp = 1;
    dns_run_start(&run, 2);
    s = dns_run_has(&run, "web:80", THREE_PORTS);
    svc_service_free(s);
}

/* Nothing, and the first bytes only, for ever: the other server is asked after
 * one and a half seconds, the least that is waited for over TCP. */
static void play_slow(void *arg, const struct dns_query *q)
{
    (void)arg;
    if (q->type == 1)
        dns_send_raw(q, "\0\200\1", 3);
}

static void tcp_is_slow(void **state)
{
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], play_slow, NULL);
    dns_server_set(run.server[1], play_three, NULL);
    run.options.dns_tcp = 1;
    dns_run_start(&run, 2);
    s = dns_run_has(&run, "web:80", THREE_PORTS);
    assert_int_equal(dns_run_stats(&run).dns_timeouts, 2);
    svc_service_free(s);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(many_pods_come_by_tcp),
        row(more_pods_than_dns_can_say),
        row(growth_beyond_dns_keeps_the_set),
        row(an_answer_cut_behind_every_byte),
        row(half_an_answer_is_none),
        row(one_byte_at_a_time),
        row(tcp_is_refused),
        row(tcp_is_reset),
        row(tcp_is_slow),
    };

    return cmocka_run_group_tests_name("dns tcp", tests, NULL, NULL);
}
