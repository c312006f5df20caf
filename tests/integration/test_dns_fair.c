/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many names at once: how many are asked together, and that those which nobody
 * answers for do not hold up the others.
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

#define NAMES  100 /* each costs two questions */
#define MANY   1000
#define WINDOW 64 /* questions that are out at once in the beginning */

static struct dns_run run;
/* Outlives each test: a server may still be asked when one has ended. */
static char web[] = WEB("10.0.0.1");
static svc_service *names[MANY];

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

static void open_names(size_t count)
{
    char name[64];

    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "n%zu.example.com.:80", i);
        names[i] = dns_run_service(&run, name);
    }
}

static void free_names(size_t count)
{
    for (size_t i = 0; i < count; i++)
        svc_service_free(names[i]);
}

/* Names outside have no answer, as where the way out of a cluster is shut. */
static void only_inside(void *arg, const struct dns_query *q)
{
    if (strstr(q->name, ".svc.cluster.local") != NULL)
        dns_zone(arg, q);
}

/* Each of those waits for 0.5 s before others have its turn; all of them have
 * no answer for 4.5 s, and are asked again and again. */
static void silent_names_hold_up_nobody(void **state)
{
    svc_service *s;
    int64_t began_ms;

    (void)state;
    dns_server_set(run.server[0], only_inside, web);
    dns_run_start(&run, 1);
    open_names(NAMES);
    began_ms = dns_run_clock_ms();
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    assert_true(dns_run_clock_ms() - began_ms < 4000);
    svc_service_free(s);
    free_names(NAMES);
}

/* Loses the first packets, and answers all others. */
static void lose_first(void *arg, const struct dns_query *q)
{
    if (q->number >= WINDOW)
        dns_zone(arg, q);
}

static int has_half(struct dns_run *of)
{
    return dns_server_held(of->server[0]) >= WINDOW / 2;
}

/* What was lost was too much at once. */
static void lost_packets_halve_what_is_out(void **state)
{
    (void)state;
    run.options.ttl_min_ms = 60000;
    dns_server_set(run.server[0], lose_first, web);
    dns_run_start(&run, 1);
    open_names(WINDOW / 2);
    for (size_t i = 0; i < WINDOW / 2; i++)
        dns_run_expect(&run, names[i], "SVC_ENOSERVICE");
    free_names(WINDOW / 2);
    dns_server_set(run.server[0], NULL, NULL);
    for (size_t i = 0; i < NAMES; i++) {
        char name[32];

        snprintf(name, sizeof(name), "n%zu:80", i);
        names[i] = dns_run_service(&run, name);
    }
    dns_run_until(&run, has_half);
    dns_run_pass(&run, 100);
    assert_int_equal(dns_server_held(run.server[0]), WINDOW / 2);
    free_names(NAMES);
}

static int has_all(struct dns_run *of)
{
    return dns_server_held(of->server[0]) >= WINDOW;
}

/* Not all connections that there could be, nor the memory of all. */
static void by_tcp_as_many(void **state)
{
    (void)state;
    run.options.dns_tcp = 1;
    dns_run_start(&run, 1);
    open_names(NAMES);
    dns_run_until(&run, has_all);
    dns_run_pass(&run, 100);
    assert_int_equal(dns_server_held(run.server[0]), WINDOW);
    free_names(NAMES);
}

static int have_failed(struct dns_run *of)
{
    return dns_run_stats(of).dns_failures >= (uint64_t)2 * MANY;
}

/* Those that failed are asked again within a second, and nobody answers: that
 * takes more than five. Of all that wait for their turn they come last. */
static void names_that_fail_come_last(void **state)
{
    int rcode = DNS_SERVFAIL;
    int64_t began_ms;
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], dns_run_rcode, &rcode);
    dns_run_start(&run, 1);
    open_names(MANY);
    dns_run_until(&run, have_failed);
    dns_server_set(run.server[0], only_inside, web);
    dns_run_pass(&run, 1000);
    began_ms = dns_run_clock_ms();
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    assert_true(dns_run_clock_ms() - began_ms < 2000);
    svc_service_free(s);
    free_names(MANY);
}

/* It was closed before it was its turn: that is no trouble for whoever opens
 * it again. */
static void a_name_that_nobody_waited_for(void **state)
{
    svc_service *s;

    (void)state;
    run.options.ttl_min_ms = 60000;
    dns_run_start(&run, 1);
    open_names(NAMES);
    s = dns_run_service(&run, "web:80");
    dns_run_until(&run, has_all);
    svc_service_free(s);
    free_names(NAMES);
    dns_run_zone(&run, WEB("10.0.0.1"));
    /* All have had their turn when one that came later has its answer. */
    s = dns_run_has(&run, "nobody:80", "SVC_ENOSERVICE");
    svc_service_free(s);
    s = dns_run_service(&run, "web:80");
    dns_run_pass(&run, 20);
    assert_string_equal(dns_run_trouble(s).message, "");
    dns_run_expect(&run, s, "10.0.0.1:80");
    svc_service_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(silent_names_hold_up_nobody, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(lost_packets_halve_what_is_out, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(by_tcp_as_many, setup, teardown),
        cmocka_unit_test_setup_teardown(names_that_fail_come_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_name_that_nobody_waited_for, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
