/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What answers mean, from the server's bytes to the set that a caller sees:
 * every pair of answers for the two families, aliases, records of strangers,
 * times to live (faults D7, D12 to D20, D28).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY ""

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

/* ---- the two families (faults D7, D12) ----------------------------------- */

static const char *const words[] = {"ok", "empty", "nx", "servfail", "drop"};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* "ok-drop.shop…": what A is answered, and what AAAA. */
static void play_the_name(void *arg, const struct dns_query *q)
{
    const char *word = q->name;

    (void)arg;
    if (q->type == 28)
        word = strchr(q->name, '-') + 1;
    if (strncmp(word, "ok", 2) == 0)
        dns_run_answer(q, DNS_NOERROR,
                       q->type == 1 ? "@ 60 A 10.0.0.1" : "@ 60 AAAA fd00::1");
    else if (strncmp(word, "empty", 5) == 0)
        dns_run_answer(q, DNS_NOERROR, EMPTY);
    else if (strncmp(word, "nx", 2) == 0)
        dns_run_answer(q, DNS_NXDOMAIN, EMPTY);
    else if (strncmp(word, "servfail", 8) == 0)
        dns_run_answer(q, DNS_SERVFAIL, EMPTY);
}

/* What is there when both have spoken. Only two definite answers say that
 * there is nothing; silence and SERVFAIL are no knowledge. */
static const char *expected(size_t a, size_t aaaa)
{
    if (a == 0)
        return aaaa == 0 ? "10.0.0.1:80 [fd00::1]:80" : "10.0.0.1:80";
    if (aaaa == 0)
        return "[fd00::1]:80";
    if (a == 3 || aaaa == 3)
        return "- SVC_EUNREACH";
    if (a == 4 || aaaa == 4)
        return "- SVC_ETIMEDOUT";
    return a == 2 && aaaa == 2 ? "SVC_ENOSERVICE" : "SVC_ENOENDPOINTS";
}

/* All at once: the silent ones take the seconds after which a question is
 * given up. Either trouble may be the one that is told of two. */
static void two_families_in_every_way(void **state)
{
    svc_service *s[WORDS][WORDS];
    char name[64];

    (void)state;
    dns_server_set(run.server[0], play_the_name, NULL);
    dns_run_start(&run, 1);
    for (size_t a = 0; a < WORDS; a++) {
        for (size_t aaaa = 0; aaaa < WORDS; aaaa++) {
            snprintf(name, sizeof(name), "%s-%s:80", words[a], words[aaaa]);
            s[a][aaaa] = dns_run_service(&run, name);
        }
    }
    for (size_t a = 0; a < WORDS; a++) {
        for (size_t aaaa = 0; aaaa < WORDS; aaaa++) {
            dns_run_expect(&run, s[a][aaaa], expected(a, aaaa));
            svc_service_free(s[a][aaaa]);
        }
    }
}

/* AAAA is put aside, and A is there before it is asked for again, which is
 * after half a second. */
static void one_family_is_not_waited_for(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR, "@ 60 A 10.0.0.1");
    dns_run_expect(&run, s, "10.0.0.1:80");
    assert_int_equal(dns_server_count(run.server[0]), 2);
    dns_run_answer(&q[1], DNS_NOERROR, "@ 60 AAAA fd00::1");
    dns_run_expect(&run, s, "10.0.0.1:80 [fd00::1]:80");
    svc_service_free(s);
}

/* A family that is silent later keeps what it had. */
static void a_silent_family_keeps_its_addresses(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR, "@ 0 A 10.0.0.1");
    dns_run_answer(&q[1], DNS_NOERROR, "@ 0 AAAA fd00::1");
    dns_run_expect(&run, s, "10.0.0.1:80 [fd00::1]:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR, "@ 0 A 10.0.0.2");
    for (int i = 0; i < 4; i++) {
        dns_run_answer(&q[1], DNS_SERVFAIL, EMPTY);
        if (i < 3)
            dns_run_take(&run, 0, &q[1]);
    }
    dns_run_expect(&run, s, "10.0.0.2:80 [fd00::1]:80");
    svc_service_free(s);
}

/* ---- aliases (faults D13) ------------------------------------------------ */

static void trouble_with_aliases(const char *zone, const char *words_of_it)
{
    svc_service *s;
    svc_endpoints *eps;
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;

    dns_run_zone(&run, zone);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "dns:///a.example.com:80", "SVC_EALIAS");
    eps = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_describe(eps, &info), 0);
    if (strstr(info.message, words_of_it) == NULL)
        fail_msg("%s", info.message);
    svc_endpoints_unref(eps);
    svc_service_free(s);
}

static void an_alias_that_loops(void **state)
{
    (void)state;
    trouble_with_aliases("a.example.com 5 CNAME b.example.com\n"
                         "b.example.com 5 CNAME a.example.com\n",
                         "a.example.com -> b.example.com -> a.example.com");
}

static void a_hundred_aliases(void **state)
{
    static char zone[8192] = "a.example.com 5 CNAME c0.example.com\n";

    (void)state;
    for (int i = 0; i < 99; i++) {
        size_t used = strlen(zone);

        snprintf(zone + used, sizeof(zone) - used,
                 "c%d.example.com 5 CNAME c%d.example.com\n", i, i + 1);
    }
    trouble_with_aliases(zone, "a.example.com -> c0.example.com -> "
                               "c1.example.com");
}

/* Data beside an alias does not count; what it leads to does. */
static void an_alias_with_data(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "dns:///a.example.com:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR,
                   "@ 5 A 10.0.0.66|@ 5 CNAME b.example.com|"
                   "b.example.com 5 A 10.0.0.1");
    dns_run_answer(&q[1], DNS_NOERROR, "@ 5 CNAME b.example.com");
    /* AAAA: only the alias came, so its end is asked for. */
    dns_run_take(&run, 0, &q[1]);
    assert_string_equal(q[1].name, "b.example.com");
    dns_run_answer(&q[1], DNS_NOERROR, EMPTY);
    dns_run_expect(&run, s, "10.0.0.1:80");
    svc_service_free(s);
}

/* An ExternalName Service is an alias that the resolver follows itself. */
static void an_externalname_is_followed(void **state)
{
    svc_service *s;

    (void)state;
    dns_run_zone(&run, WEB_NAME " 60 CNAME www.example.com\n"
                                "www.example.com 60 A 10.0.0.1\n");
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    svc_service_free(s);
}

/* ---- records that do not belong (faults D14, D15) ------------------------ */

static void records_of_strangers_are_ignored(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR,
                   "evil.shop.svc.cluster.local 60 A 10.0.0.66|"
                   "@ 60 A 10.0.0.1|shop.svc.cluster.local 60 A 10.0.0.67");
    dns_run_answer(&q[1], DNS_NOERROR,
                   "shop.svc.cluster.local 60 AAAA fd00::66");
    dns_run_expect(&run, s, "10.0.0.1:80");
    svc_service_free(s);
}

/* A and AAAA of web have nothing to say about a headless Service whose SRV
 * records these are; the answer to "_http._tcp". */
static void answer_srv(const struct dns_query *q, const char *records)
{
    static const char *const additional[] = {
        "a.web.shop.svc.cluster.local 60 A 10.0.0.1",
        "evil.example.com 60 A 10.0.0.66", /* no target */
        "b.web.shop.svc.cluster.local 60 A 10.0.0.67"};
    struct dns_message *m = malloc(sizeof(*m));

    assert_non_null(m);
    dns_answer(m, q, DNS_NOERROR);
    while (*records != '\0') {
        char line[256];

        snprintf(line, sizeof(line), "%.*s", (int)strcspn(records, "|"),
                 records);
        dns_add(m, DNS_ANSWER, line);
        records += strcspn(records, "|");
        records += *records == '|';
    }
    for (size_t i = 0; i < 3; i++)
        dns_add(m, DNS_ADDITIONAL, additional[i]);
    dns_reply(q, m);
    free(m);
}

static void play_srv(void *arg, const struct dns_query *q)
{
    if (q->type == 33)
        answer_srv(q, arg);
    else if (q->type == 1 && strncmp(q->name, "web.", 4) == 0)
        /* One more than the SRV records know of: it has no port. */
        dns_run_answer(q, DNS_NOERROR, "@ 60 A 10.0.0.1|@ 60 A 10.0.0.8");
    else
        dns_run_answer(q, DNS_NOERROR, EMPTY);
}

/* The additional section lies about strangers; a target that is nowhere, port
 * 0, and targets outside of the Service offer nothing. */
static void srv_records_that_offer_nothing(void **state)
{
    static char records[] = "@ 60 SRV 0 1 80 a.web.shop.svc.cluster.local|"
                            "@ 60 SRV 0 1 80 .|"
                            "@ 60 SRV 0 1 0 b.web.shop.svc.cluster.local|"
                            "@ 60 SRV 0 1 80 evil.example.com|"
                            "@ 60 SRV 0 1 80 c.api.shop.svc.cluster.local|"
                            "@ 60 SRV 0 1 80 web.shop.svc.cluster.local.evil";
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], play_srv, records);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:http", "10.0.0.1:80");
    svc_service_free(s);
}

/* RFC 2782 forbids a target that is an alias; its addresses are asked for, and
 * those of an alias are none of the Service. */
static void an_srv_target_that_is_an_alias(void **state)
{
    static char zone[] =
        "_http._tcp." WEB_NAME " 60 SRV 0 1 80 a." WEB_NAME "\n"
        "_http._tcp." WEB_NAME " 60 SRV 0 1 80 b." WEB_NAME "\n"
        "a." WEB_NAME " 60 A 10.0.0.1\n"
        "b." WEB_NAME " 60 CNAME evil.example.com\n"
        "evil.example.com 60 A 10.0.0.66\n" WEB_NAME " 60 A 10.0.0.1\n";
    svc_service *s;

    (void)state;
    dns_run_zone(&run, zone);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:http", "10.0.0.1:80");
    svc_service_free(s);
}

/* ---- sets and times (faults D16 to D20) ---------------------------------- */

static void a_set_has_no_duplicates(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR,
                   "@ 60 A 10.0.0.2|@ 60 A 10.0.0.1|@ 60 A 10.0.0.2|"
                   "@ 60 A 10.0.0.1|@ 60 A 10.0.0.1");
    dns_run_answer(&q[1], DNS_NOERROR, EMPTY);
    dns_run_expect(&run, s, "10.0.0.1:80 10.0.0.2:80");
    svc_service_free(s);
}

/* For how long an answer lives. */
static int64_t life_of(const char *records)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
    struct dns_query q[2];
    svc_endpoints *eps;
    svc_service *s;

    run.options.ttl_min_ms = 1000;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR, records);
    dns_run_answer(&q[1], DNS_NOERROR, EMPTY);
    assert_int_equal(svc_service_wait(s, DNS_SERVER_MS, NULL), 0);
    eps = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_describe(eps, &info), 0);
    svc_endpoints_unref(eps);
    svc_service_free(s);
    dns_run_stop(&run);
    return info.ttl_ms;
}

/* RFC 2181 section 8: with the top bit set it is 0. */
static void times_to_live_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(life_of("@ 0 A 10.0.0.1"), 1000);
    assert_int_equal(life_of("@ 2147483648 A 10.0.0.1"), 1000);
    assert_int_equal(life_of("@ 4294967295 A 10.0.0.1"), 1000);
    assert_int_equal(life_of("@ 2147483647 A 10.0.0.1"), 3600000);
    assert_int_equal(life_of("@ 60 A 10.0.0.1|@ 7 A 10.0.0.2|@ 9 A 10.0.0.3"),
                     7000);
}

/* A time to live of 0: asked again, no more often than the floor allows. */
static void no_life_is_the_shortest(void **state)
{
    struct dns_query q[2];
    int64_t began_ms;
    svc_service *s;

    (void)state;
    run.options.ttl_min_ms = 300;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    for (int i = 0; i < 3; i++) {
        dns_run_take_both(&run, 0, q);
        if (i > 0)
            assert_true(dns_run_clock_ms() - began_ms >= 300);
        began_ms = dns_run_clock_ms();
        dns_run_answer(&q[0], DNS_NOERROR, "@ 0 A 10.0.0.1");
        dns_run_answer(&q[1], DNS_NOERROR, EMPTY);
        dns_run_expect(&run, s, "10.0.0.1:80");
    }
    svc_service_free(s);
}

/* The question must come back letter by letter; owners need not. */
static void owners_in_any_case(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "WEB:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR,
                   "WeB.ShOp.SvC.cLuStEr.LoCaL 60 A 10.0.0.1|"
                   "web.shop.svc.cluster.LOCAL 60 A 10.0.0.2");
    dns_run_answer(&q[1], DNS_NOERROR, EMPTY);
    dns_run_expect(&run, s, "10.0.0.1:80 10.0.0.2:80");
    /* The same name in another case is the same entry. */
    svc_service_free(s);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80 10.0.0.2:80");
    assert_int_equal(dns_server_count(run.server[0]), 2);
    svc_service_free(s);
}

/* ---- names (faults D28) -------------------------------------------------- */

/* No search list is walked, whatever a name looks like. */
static void names_are_absolute(void **state)
{
    static const struct {
        const char *name;
        const char *asked;
    } table[] = {{"web:80", "web.shop.svc.cluster.local"},
                 {"web.dev:80", "web.dev.svc.cluster.local"},
                 {"web.dev.svc:80", "web.dev.svc.cluster.local"},
                 {"a.b.c.example.com.:80", "a.b.c.example.com"},
                 {"dns:///web:80", "web"}};

    (void)state;
    dns_run_start(&run, 1);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct dns_query q[2];
        svc_service *s = dns_run_service(&run, table[i].name);

        dns_run_take_both(&run, 0, q);
        assert_string_equal(q[0].name, table[i].asked);
        assert_string_equal(q[1].name, table[i].asked);
        dns_run_answer(&q[0], DNS_NXDOMAIN, EMPTY);
        dns_run_answer(&q[1], DNS_NXDOMAIN, EMPTY);
        dns_run_expect(&run, s, "SVC_ENOSERVICE");
        svc_service_free(s);
    }
    assert_int_equal(dns_server_count(run.server[0]), 10);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(two_families_in_every_way),
        row(one_family_is_not_waited_for),
        row(a_silent_family_keeps_its_addresses),
        row(an_alias_that_loops),
        row(a_hundred_aliases),
        row(an_alias_with_data),
        row(an_externalname_is_followed),
        row(records_of_strangers_are_ignored),
        row(srv_records_that_offer_nothing),
        row(an_srv_target_that_is_an_alias),
        row(a_set_has_no_duplicates),
        row(times_to_live_are_bounded),
        row(no_life_is_the_shortest),
        row(owners_in_any_case),
        row(names_are_absolute),
    };

    return cmocka_run_group_tests_name("dns answers", tests, NULL, NULL);
}
