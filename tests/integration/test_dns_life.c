/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything may end at any moment: services while their questions are in any
 * state, the resolver with questions out, a child of fork with all of it
 * (faults D25, P7, P11). Best run with sanitizers.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_run.h"
#include "proc_self.h"
#include "world.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 200

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

static uint32_t seed;

static unsigned below(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

/* ---- the end of a resolver ----------------------------------------------- */

/* Frees it with all that is out; then the services, which are closed. */
static void end_now(svc_service *s[], size_t count)
{
    int64_t began_ms = dns_run_clock_ms();
    svc_pick pick;

    svc_resolver_free(run.r);
    run.r = NULL;
    assert_true(dns_run_clock_ms() - began_ms < 1000);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(svc_service_pick(s[i], NULL, &pick), SVC_ECLOSED);
        svc_service_free(s[i]);
    }
}

static int has_asked(struct dns_run *r)
{
    return dns_server_count(r->server[0]) > 0;
}

static int has_asked_again(struct dns_run *r)
{
    return dns_run_stats(r).dns_timeouts > 0;
}

static int has_asked_many(struct dns_run *r)
{
    return dns_server_count(r->server[0]) >= 50;
}

/* What the servers do, and what has come when it ends. */
static void play_moment(int moment)
{
    static int rcode = DNS_SERVFAIL;

    switch (moment) {
    case 0: /* nothing was sent */
        break;
    case 1: /* questions are out, more than may be at once */
        dns_run_until(&run, has_asked);
        break;
    case 2: /* some were asked again */
        dns_run_until(&run, has_asked_again);
        break;
    default: /* all wait before they ask again */
        dns_server_set(run.server[0], dns_run_rcode, &rcode);
        dns_run_until(&run, has_asked_many);
        break;
    }
}

static void a_resolver_ends_with_questions_out(void **state)
{
    static svc_service *s[MANY];
    char name[32];

    (void)state;
    for (int moment = 0; moment < 4; moment++) {
        for (int tcp = 0; tcp < 2; tcp++) {
            run.options.dns_tcp = tcp;
            dns_run_start(&run, 1);
            for (int i = 0; i < MANY; i++) {
                snprintf(name, sizeof(name), "s%d:80", i);
                s[i] = dns_run_service(&run, name);
            }
            play_moment(moment);
            end_now(s, MANY);
            dns_run_close(&run);
            dns_run_open(&run);
        }
    }
}

static void *explain(void *arg)
{
    char *json = NULL;

    world_check(svc_service_explain(arg, &json, NULL) == SVC_ECLOSED);
    return NULL;
}

/* The library's own thread, and somebody who waits for an answer. */
static void a_resolver_ends_while_somebody_waits(void **state)
{
    struct dns_query q;
    pthread_t thread;
    uint64_t rounds;
    svc_service *s;

    (void)state;
    run.options.external_loop = 0;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_server_take(run.server[0], &q);
    dns_server_take(run.server[0], &q);
    rounds = dns_run_stats(&run).dispatches;
    assert_int_equal(pthread_create(&thread, NULL, explain, s), 0);
    /* It has a lookup of its own, whose questions are out already. */
    while (dns_run_stats(&run).dispatches < rounds + 2)
        sched_yield();
    end_now(&s, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    svc_service_free(s);
}

/* ---- the end of services ------------------------------------------------- */

#define OPEN  16
#define STEPS 3000

static const char *const names[] = {
    "a:80", "a:81",          "a",       "b:http",
    "c:80", "d:80?view=vip", "gone:80", "dns:///e.example.com:80"};

/* A server in a bad mood: of each kind of answer, and none. */
static void play_moods(void *arg, const struct dns_query *q)
{
    static char zone[] =
        "a.shop.svc.cluster.local 0 A 10.0.0.1\n"
        "a.shop.svc.cluster.local 0 SRV 0 1 80 a.shop.svc.cluster.local\n"
        "b.shop.svc.cluster.local 0 A 10.0.0.2\n"
        "_http._tcp.b.shop.svc.cluster.local 0 SRV 0 1 80 "
        "x.b.shop.svc.cluster.local\n"
        "x.b.shop.svc.cluster.local 0 A 10.0.0.2\n"
        "c.shop.svc.cluster.local 0 CNAME e.example.com\n"
        "d.shop.svc.cluster.local 0 AAAA fd00::1\n"
        "e.example.com 0 CNAME f.example.com\n"
        "f.example.com 0 A 10.0.0.3\n" ZONE_SOA;
    struct dns_message m;

    (void)arg;
    switch ((q->id ^ q->number) % 16) {
    case 0:
        dns_run_answer(q, DNS_NXDOMAIN, "");
        break;
    case 1:
        dns_run_answer(q, DNS_SERVFAIL, "");
        break;
    case 2:
        dns_answer(&m, q, DNS_NOERROR);
        dns_set_tc(&m);
        dns_reply(q, &m);
        break;
    case 3:
        if (q->connection > 0)
            dns_reset(q);
        break;
    case 4: /* late, and twice */
        dns_server_hold(q);
        break;
    default:
        dns_zone(zone, q);
        break;
    }
}

static void release_one(struct dns_server *server)
{
    struct dns_query q;

    if (dns_server_held(server) == 0)
        return;
    dns_server_take(server, &q);
    dns_run_answer(&q, DNS_NOERROR, q.type == 1 ? "@ 0 A 10.0.0.9" : "");
    dns_run_answer(&q, DNS_NXDOMAIN, "");
}

static void take_step(svc_service *s[OPEN])
{
    svc_service **one = &s[below(OPEN)];

    switch (below(8)) {
    case 0:
    case 1:
    case 2:
        if (*one == NULL)
            *one = dns_run_service(
                &run, names[below(sizeof(names) / sizeof(names[0]))]);
        break;
    case 3:
    case 4:
        svc_service_free(*one);
        *one = NULL;
        break;
    case 5:
        release_one(run.server[below(2)]);
        break;
    case 6:
        if (below(200) == 0)
            dns_server_refuse_tcp(run.server[0], (int)below(2));
        break;
    default:
        dns_run_pass(&run, (int)below(4));
        break;
    }
}

static void services_end_at_any_moment(void **state)
{
    (void)state;
    for (seed = 1; seed <= 3; seed++) {
        svc_service *s[OPEN] = {NULL};
        uint32_t before = seed;

        for (int i = 0; i < 2; i++)
            dns_server_set(run.server[i], play_moods, NULL);
        run.options.ttl_min_ms = 1;
        dns_run_start(&run, 2);
        for (int i = 0; i < STEPS; i++)
            take_step(s);
        assert_true(dns_run_stats(&run).dns_answers > 50);
        if (before % 2 == 0)
            dns_run_stop(&run);
        for (int i = 0; i < OPEN; i++)
            svc_service_free(s[i]);
        dns_run_stop(&run);
        seed = before;
    }
}

/* ---- threads ------------------------------------------------------------- */

static void *use(void *arg)
{
    uint32_t mine = (uint32_t)(uintptr_t)arg;

    for (int i = 0; i < 60; i++) {
        const char *name =
            names[(mine = mine * 1664525u + 1013904223u) >> 8 & 7];
        svc_endpoints *eps = NULL;
        svc_service *s = NULL;
        svc_pick pick;

        if (svc_resolver_resolve(run.r, name, NULL, 5, &eps, NULL) == 0)
            svc_endpoints_unref(eps);
        world_check(svc_service_new(run.r, name, NULL, &s, NULL) == 0);
        (void)svc_service_wait(s, (int)(mine >> 16 & 7), NULL);
        (void)svc_service_pick(s, NULL, &pick);
        (void)svc_service_status(s, NULL);
        svc_service_free(s);
    }
    return NULL;
}

static void threads_open_and_close(void **state)
{
    pthread_t thread[4];

    (void)state;
    for (int i = 0; i < 2; i++)
        dns_server_set(run.server[i], play_moods, NULL);
    run.options.external_loop = 0;
    run.options.ttl_min_ms = 1;
    dns_run_start(&run, 2);
    for (uintptr_t i = 0; i < 4; i++)
        assert_int_equal(
            pthread_create(&thread[i], NULL, use, (void *)(i * 77 + 5)), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
}

/* ---- fork (faults P7) ---------------------------------------------------- */

/* The number of the step that failed. */
static int free_in_the_child(svc_service *s, int fds)
{
    if (svc_service_wait(s, -1, NULL) != SVC_ESTATE)
        return 1;
    svc_service_free(s);
    svc_resolver_free(run.r);
    return proc_self_descriptors() == fds ? 0 : 2;
}

/* The child sends nothing and closes its own descriptors; the parent's
 * questions are answered. */
static void a_child_frees_questions_of_its_parent(void **state)
{
    struct dns_query q[2];
    int fds = proc_self_descriptors();
    int status = -1;
    svc_service *s;
    pid_t pid;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        _exit(free_in_the_child(s, fds));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(dns_server_count(run.server[0]), 2);
    dns_run_answer(&q[0], DNS_NOERROR, "@ 60 A 10.0.0.1");
    dns_run_answer(&q[1], DNS_NOERROR, "");
    dns_run_expect(&run, s, "10.0.0.1:80");
    svc_service_free(s);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_resolver_ends_with_questions_out),
        row(a_resolver_ends_while_somebody_waits),
        row(services_end_at_any_moment),
        row(threads_open_and_close),
        row(a_child_frees_questions_of_its_parent),
    };

    return cmocka_run_group_tests_name("dns life", tests, NULL, NULL);
}
