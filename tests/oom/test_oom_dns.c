/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out anywhere in a look-up by DNS, from the resolver's first
 * call to its last: nothing is lost or leaked, the next try works, what was
 * there stays (faults P1, P2). The allocations are the library's own; c-ares
 * has malloc.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_run.h"
#include "oom.h"
#include "own_clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* base/clock for this program, in place of the library's: many times as fast.
 * What is tried again after a second comes in a moment, and the servers, which
 * are real, answer in what is some milliseconds of it. */
#define SPEED 250

int64_t svc__clock_now_us(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000) * SPEED;
}

static int own_clock_sleep_ms(int left_ms)
{
    return left_ms > 1000 * SPEED ? 1000 : left_ms / SPEED + 1;
}

static struct dns_run run;

/* 300 pods, which come over TCP; a port that is found by SRV, with a target
 * that is asked for; an alias; names that are not. */
static char zone[32768] =
    "web.shop.svc.cluster.local 60 A 10.0.0.1\n"
    "web.shop.svc.cluster.local 60 AAAA fd00::1\n"
    "_http._tcp.web.shop.svc.cluster.local 60 SRV 0 1 80 "
    "a.web.shop.svc.cluster.local\n"
    "a.web.shop.svc.cluster.local 60 A 10.0.0.1\n"
    "alias.shop.svc.cluster.local 60 CNAME www.example.com\n"
    "www.example.com 60 CNAME web.example.com\n"
    "web.example.com 60 A 10.0.0.2\n" ZONE_SOA;

static int install(void **state)
{
    (void)state;
    oom_install();
    for (int i = 0; i < 300; i++) {
        size_t used = strlen(zone);

        snprintf(zone + used, sizeof(zone) - used,
                 "big.shop.svc.cluster.local 60 A 10.1.%d.%d\n", i / 250,
                 i % 250);
    }
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    dns_run_open(&run);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dns_run_close(&run);
    return 0;
}

/* ---- a good set ---------------------------------------------------------- */

/* The set changes while the n-th allocation fails: it is the old one or the
 * new one, and the new one in the end. */
static void change(long n, int forever)
{
    int64_t end_ms = dns_run_clock_ms() + DNS_SERVER_MS;
    svc_service *s;

    dns_run_zone(&run, WEB("10.0.0.1") WEB("10.0.0.2"));
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80 10.0.0.2:80");
    oom_arm(n, forever);
    dns_run_zone(&run, WEB("10.0.0.1") WEB("10.0.0.3"));
    while (dns_run_clock_ms() < end_ms) {
        svc_endpoints *eps = svc_service_endpoints(s);

        assert_int_equal(svc_endpoints_count(eps), 2);
        svc_endpoints_unref(eps);
        (void)svc_resolver_dispatch(run.r, 1);
        /* What follows a failure: some seconds of the library's clock. */
        if (oom_failures() > 0 && end_ms > dns_run_clock_ms() + 10)
            end_ms = dns_run_clock_ms() + 10;
    }
    assert_true(oom_failures() > 0);
    oom_disarm();
    dns_run_expect(&run, s, "10.0.0.1:80 10.0.0.3:80");
    svc_service_free(s);
    dns_run_stop(&run);
}

/* The source asks again and again, so the n-th allocation always comes. One
 * change takes fewer than so many. */
static void a_good_set_never_shrinks(void **state)
{
    (void)state;
    for (int forever = 0; forever < 2; forever++) {
        long blocks = oom_live();

        for (long n = 1; n <= 60; n++) {
            change(n, forever);
            assert_int_equal(oom_live(), blocks);
        }
    }
}

/* ---- a look-up ----------------------------------------------------------- */

struct story {
    const char *name;
    int code;
};

/* What fails for want of memory says so, and is tried once more. */
static int made(int err, const svc_error *error)
{
    if (err == 0)
        return 1;
    assert_int_equal(err, SVC_ENOMEM);
    assert_int_equal(error->code, SVC_ENOMEM);
    assert_true(error->message[0] != '\0');
    assert_true(oom_failures() > 0);
    return 0;
}

static svc_resolver *make(void)
{
    svc_error error = {0};
    svc_resolver *r = NULL;

    for (int i = 0; i < 2 && r == NULL; i++)
        (void)made(svc_resolver_new(&run.options, &r, &error), &error);
    return r;
}

static svc_service *open_service(svc_resolver *r, const char *name)
{
    svc_error error = {0};
    svc_service *s = NULL;

    for (int i = 0; i < 2 && s == NULL; i++)
        (void)made(svc_service_new(r, name, NULL, &s, &error), &error);
    return s;
}

/* The answer comes, when memory failed once also after a failure; when there
 * is none any more there is a clear trouble. */
static void use(svc_service *s, int code)
{
    int64_t end_ms = dns_run_clock_ms() + DNS_SERVER_MS;
    svc_error error = {0};
    char *json = NULL;
    int err;

    do
        err = svc_service_wait(s, 2000, &error);
    while (err != code && oom_failures() < 2 && dns_run_clock_ms() < end_ms);
    if (err != code) {
        assert_true(oom_failures() > 1);
        assert_true(err == SVC_ENOMEM || err == SVC_ETIMEDOUT);
        assert_true(error.message[0] != '\0');
    }
    if (svc_service_explain(s, &json, &error) == 0)
        svc_text_free(json);
    else
        assert_true(error.code != 0 && error.message[0] != '\0');
}

static void look_up(void *arg)
{
    const struct story *story = arg;
    svc_resolver *r = make();
    svc_service *s = r == NULL ? NULL : open_service(r, story->name);

    if (s != NULL)
        use(s, story->code);
    /* Either may go first. */
    if (oom_failures() % 2 == 0)
        svc_service_free(s);
    svc_resolver_free(r);
    if (oom_failures() % 2 != 0)
        svc_service_free(s);
}

static void torture(const char *name, int code)
{
    struct story story = {name, code};

    dns_run_zone(&run, zone);
    dns_run_start(&run, 1);
    svc_resolver_free(run.r); /* each run has its own */
    run.r = NULL;
    oom_torture(look_up, &story);
}

static void a_number(void **state)
{
    (void)state;
    torture("web:80", 0);
}

static void a_port_and_its_targets(void **state)
{
    (void)state;
    torture("web:http", 0);
}

static void an_alias(void **state)
{
    (void)state;
    torture("alias:80", 0);
}

static void an_answer_over_tcp(void **state)
{
    (void)state;
    torture("big:80", 0);
}

static void a_name_that_is_not(void **state)
{
    (void)state;
    torture("nobody:80", SVC_ENOSERVICE);
}

#define row(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_good_set_never_shrinks), row(a_number),
        row(a_port_and_its_targets),   row(an_alias),
        row(an_answer_over_tcp),       row(a_name_that_is_not),
    };

    return cmocka_run_group_tests_name("oom dns", tests, install, NULL);
}
