/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions of each form of a name (semantics 2.1), the views that DNS
 * cannot be asked for, and how far names are followed.
 */
#include "lookup_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define EVENTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define LABEL63     "aaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static struct lookup_play play;

static void forms(void **state)
{
    static const char *const rows[][2] = {
        {"shop/web port=80", "A web.shop.~, AAAA web.shop.~"},
        {"shop/web port=80 family=4", "A web.shop.~"},
        {"shop/web family=6", "AAAA web.shop.~, SRV web.shop.~"},
        {"shop/web port=http family=4", "A web.shop.~, SRV "
                                        "_http._tcp.web.shop.~"},
        {"shop/web port=http proto=udp family=4", "A web.shop.~, SRV "
                                                  "_http._udp.web.shop.~"},
        {"shop/web port=80 view=pods family=4", "A web.shop.~, SRV web.shop.~"},
        {"shop/web port=80 view=vip family=4", "A web.shop.~, SRV web.shop.~"},
        {"shop/web host=a port=80 view=pods family=4", "A a.web.shop.~"},
        {"shop/web host=a port=http family=4", "A a.web.shop.~, SRV "
                                               "_http._tcp.web.shop.~"},
        {"shop/web cluster=c family=4",
         "A web.shop.svc.clusterset.local, SRV web.shop.svc.clusterset.local"},
        {"shop/web cluster=c host=a port=80 family=4",
         "A a.c.web.shop.svc.clusterset.local"},
        {"shop/web topo=eu.a pin port=80 family=4",
         "A eu.a.pin._zone.web.shop.~"},
        {"shop/web topo=eu.a port=http family=4",
         "A eu.a.prefer._zone.web.shop.~, SRV _http._tcp.web.shop.~"},
        {"external/a.b family=4", "A a.b"},
        {"external/a.b view=pods port=80", "A a.b, AAAA a.b"},
        {"external/a.b port=http", "SRV _http._tcp.a.b"},
        {"shop/web port=80 caller=a", "A web.shop.~, AAAA web.shop.~, A "
                                      "a.prefer._zone.web.shop.~, AAAA "
                                      "a.prefer._zone.web.shop.~"},
        {"shop/web port=80 caller=a view=vip family=4",
         "A web.shop.~, SRV web.shop.~"},
        {"shop/web port=80 caller=a host=b family=4", "A b.web.shop.~"},
        {"shop/web port=80 caller=a..b family=4", "A web.shop.~"},
        {"external/a.b port=80 caller=a family=4", "A a.b"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char want[512];

        (void)snprintf(want, sizeof(want), "[ 0] ask %s\n", rows[i][1]);
        lookup_play(&play, rows[i][0], EVENTS(NULL), want);
        lookup_play_end(&play);
    }
}

static void refusals(void **state)
{
    static const struct {
        const char *query;
        int code;
        const char *message; /* a part of it */
    } rows[] = {
        {"shop/web port=80 view=node", SVC_ENOTSUP,
         "node addresses have no DNS name"},
        {"shop/web view=lb", SVC_ENOTSUP,
         "load-balancer addresses have no DNS name"},
        {"shop/web host=a view=vip", SVC_ENOTSUP, "have no cluster IP"},
        {"shop/web topo=a view=vip", SVC_ENOTSUP, "have no cluster IP"},
        {"external/a..b", SVC_ENAME, "a..b"},
        {"shop/web topo=a..b", SVC_ENAME, "web"},
        {"external/" LABEL63 "." LABEL63 "." LABEL63 "." LABEL63 "." LABEL63,
         SVC_ENAME, "longer than 255 octets"},
        /* The name itself fits, that of its port does not. */
        {"external/" LABEL63 "." LABEL63 "." LABEL63 ".aaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa port=" LABEL63,
         SVC_ENAME, "longer than 255 octets"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(lookup_play_begin(&play, rows[i].query, NULL, NULL),
                         rows[i].code);
        assert_null(play.lookup);
        assert_int_equal(play.error.code, rows[i].code);
        if (strstr(play.error.message, rows[i].message) == NULL)
            fail_msg("%s: %s", rows[i].query, play.error.message);
    }
}

/* A name outside that leads on, answer for answer: eleven times and no more
 * (faults D13). */
static void aliases_end(void **state)
{
    char event[128];

    (void)state;
    assert_int_equal(
        lookup_play_begin(&play, "external/n0 port=1 family=4", NULL, NULL), 0);
    lookup_play_event(&play, "0 start");
    for (int i = 0; !play.is_done; i++) {
        assert_true(i <= 11);
        (void)snprintf(event, sizeof(event), "1 A NOERROR | @ 9 CNAME n%d",
                       i + 1);
        lookup_play_event(&play, event);
    }
    assert_int_equal(play.asked, 12);
    assert_int_equal(play.view->code, SVC_EALIAS);
    assert_non_null(strstr(play.view->message, "n11 -> n12"));
    lookup_play_end(&play);
}

/* Targets that all lead on: the questions are bounded too. */
static void questions_end(void **state)
{
    char event[4096] = "1 SRV NOERROR";

    (void)state;
    for (int i = 0; i < SVC__LOOKUP_TARGETS_MAX; i++)
        (void)snprintf(event + strlen(event), sizeof(event) - strlen(event),
                       " | @ 9 SRV 0 0 80 t%d.c", i);
    assert_int_equal(
        lookup_play_begin(&play, "external/a.b port=x", NULL, NULL), 0);
    lookup_play_event(&play, "0 start");
    lookup_play_event(&play, event);
    while (!play.is_done) {
        (void)snprintf(event, sizeof(event), "1 A NOERROR | @ 9 CNAME b.@");
        assert_true(play.asked <= SVC__LOOKUP_QUESTIONS_MAX);
        lookup_play_event(&play, event);
    }
    assert_int_equal(play.error.code, SVC_ETOOBIG);
    lookup_play_end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(refusals),
        cmocka_unit_test(aliases_end),
        cmocka_unit_test(questions_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
