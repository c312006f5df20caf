/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said: messages with their hints, and the steps of explain.
 */
#include "lookup_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define EVENTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

static struct lookup_play play;

struct story {
    const char *query;
    const char *events[4];
    int code;
    const char *message;
    const char *hint; /* a part of it */
};

static const struct story stories[] = {
    {"shop/web port=80",
     {"1 A NXDOMAIN", "2 AAAA NXDOMAIN"},
     SVC_ENOSERVICE,
     "no Service \"web\" in namespace \"shop\": web.shop.svc.cluster.local: "
     "NXDOMAIN (10.96.0.10:53)",
     "DNS cannot tell whether there is no such Service, or a headless one "
     "without a ready pod: kubectl get service -n shop web"},
    {"com/google host=www port=80",
     {"1 A NXDOMAIN", "2 AAAA NXDOMAIN"},
     SVC_ENOSERVICE,
     "no endpoint of Service \"google\" in namespace \"com\" has the hostname "
     "\"www\": www.google.com.svc.cluster.local: NXDOMAIN (10.96.0.10:53)",
     "For a name outside the cluster write \"www.google.com.\""},
    {"shop/web port=80 family=6",
     {"1 AAAA NOERROR"},
     SVC_ENOENDPOINTS,
     "Service \"web\" in namespace \"shop\" has no address of family IPv6: "
     "web.shop.svc.cluster.local: NODATA (10.96.0.10:53)",
     "ask for family \"any\""},
    {"external/a.b port=80",
     {"1 A NXDOMAIN", "2 AAAA NXDOMAIN"},
     SVC_ENOSERVICE,
     "no such name: a.b: NXDOMAIN (10.96.0.10:53)",
     NULL},
    {"external/a.b port=80",
     {"1 A NOERROR", "2 AAAA NOERROR"},
     SVC_ENOENDPOINTS,
     "\"a.b\" has no address: a.b: NODATA (10.96.0.10:53)",
     NULL},
    {"external/a.b port=80 family=4",
     {"1 A NOERROR | @ 1 CNAME c | c 1 CNAME a.b"},
     SVC_EALIAS,
     "aliases loop, or are more than 11: a.b -> c -> a.b (10.96.0.10:53)",
     "correct the CNAME records"},
    {"shop/web port=http proto=tcp",
     {"1 A NOERROR | @ 1 A 10.0.0.1", "2 AAAA NOERROR", "3 SRV NXDOMAIN"},
     SVC_ENOPORT,
     "Service \"web\" in namespace \"shop\" has no port \"http\" of protocol "
     "TCP: _http._tcp.web.shop.svc.cluster.local: NXDOMAIN (10.96.0.10:53)",
     "kubectl get service -n shop web"},
    {"shop/web port=http",
     {"1 A NOERROR | @ 1 A 10.0.0.1", "2 AAAA NOERROR",
      "3 SRV NOERROR | @ 1 SRV 0 1 80 a.b | @ 1 SRV 0 1 0 a.web.shop.~"},
     SVC_ENOENDPOINTS,
     "port \"http\" of Service \"web\" in namespace \"shop\" has no usable SRV "
     "record: 1 lead outside of the Service's domain, 1 offer nothing (source: "
     "dns)",
     "is not the cluster's DNS"},
    {"shop/web port=http host=a",
     {"1 A NOERROR | @ 1 A 10.0.0.1", "2 AAAA NOERROR",
      "3 SRV NOERROR | @ 1 SRV 0 1 80 b.web.shop.~"},
     SVC_ENOPORT,
     "Service \"web\" in namespace \"shop\" has port \"http\", but not at "
     "hostname \"a\" (source: dns)",
     "kubectl get service -n shop web"},
    {"shop/web",
     {"1 SRV NOERROR | @ 1 SRV 0 1 443 @ | @ 1 SRV 0 1 80 @"},
     SVC_EINVAL,
     "Service \"web\" in namespace \"shop\" has several ports, and the name "
     "asks for none of them: 80, 443 (source: dns)",
     "web.shop:PORT"},
    {"shop/web port=80 view=pods",
     {"1 SRV NOERROR | @ 1 SRV 0 1 80 @"},
     SVC_ENOTSUP,
     "DNS publishes the cluster IP of Service \"web\" in namespace \"shop\", "
     "not its pods (source: dns)",
     "use the file source or that of the API server"},
    {"shop/web view=vip",
     {"1 SRV NOERROR | @ 1 SRV 0 1 80 x.@"},
     SVC_ENOTSUP,
     "there is no cluster IP of Service \"web\" in namespace \"shop\": it is "
     "headless (source: dns)",
     "view \"auto\""},
};

static void views_tell_their_story(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(stories); i++) {
        const struct story *s = &stories[i];

        assert_int_equal(lookup_play_begin(&play, s->query, NULL, NULL), 0);
        lookup_play_event(&play, "0 start");
        for (size_t k = 0; s->events[k] != NULL; k++)
            lookup_play_event(&play, s->events[k]);
        if (play.view == NULL)
            fail_msg("%s: %s", s->query, play.out);
        assert_int_equal(play.view->code, s->code);
        assert_string_equal(play.view->message, s->message);
        if (s->hint == NULL)
            assert_null(play.view->hint);
        else if (strstr(play.view->hint, s->hint) == NULL)
            fail_msg("%s: hint is: %s", s->query, play.view->hint);
        lookup_play_end(&play);
    }
}

/* ---- steps ----------------------------------------------------------- */

static int64_t clock_us;

static int64_t tick(void)
{
    return clock_us += 10;
}

static void check_steps(const char *query, const char *const *events,
                        const char *want)
{
    char text[8192] = "";
    struct svc__list *it;
    int64_t at_us = 0;

    assert_int_equal(lookup_play_begin(&play, query, NULL, tick), 0);
    lookup_play_event(&play, "0 start");
    for (; *events != NULL; events++)
        lookup_play_event(&play, *events);
    assert_non_null(play.view);
    svc__list_each (it, &play.view->steps) {
        const struct svc__step *s = svc__list_entry(it, struct svc__step, link);
        size_t used = strlen(text);

        (void)snprintf(text + used, sizeof(text) - used, "%s: %s\n", s->step,
                       s->text);
        assert_true(s->at_us > at_us);
        at_us = s->at_us;
    }
    assert_string_equal(text, want);
    lookup_play_end(&play);
}

static void steps_tell_what_was_asked(void **state)
{
    (void)state;
    check_steps(
        "shop/web",
        EVENTS("1 A NOERROR | @ 30 A 10.96.0.1 | @ 30 A 127.0.0.1",
               "2 AAAA SVC_EUNREACH SERVFAIL from 10.96.0.10:53",
               "3 SRV NOERROR | @ 5 SRV 0 1 80 @ | @ 5 SRV 0 1 80 x.y"),
        "source: A web.shop.svc.cluster.local: NOERROR, 2 records, TTL 30 s, "
        "from 10.96.0.10:53 over UDP in 0.412 ms\n"
        "source: AAAA web.shop.svc.cluster.local: no answer in 0.412 ms: "
        "SVC_EUNREACH SERVFAIL from 10.96.0.10:53\n"
        "source: SRV web.shop.svc.cluster.local: NOERROR, 2 records, TTL 5 s, "
        "from 10.96.0.10:53 over UDP in 0.412 ms\n"
        "service: Service \"web\" in namespace \"shop\": type ClusterIP, since "
        "SRV leads to the Service\n"
        "port: no port given: the only one of the Service\n"
        "filter: SRV records left out: 1 outside of the Service's domain, 0 "
        "that offer nothing\n"
        "filter: part of the answer: 1; left out: 1 (refused addresses: 1, "
        "repeated: 0)\n");
}

/* Half a view has the steps so far, the whole one all of them. */
static void the_last_view_has_all_steps(void **state)
{
    (void)state;
    check_steps(
        "external/a.b port=80",
        EVENTS("1 A NOERROR | @ 30 A 192.0.2.1", "51 due",
               "60 AAAA NOERROR | ~b 30 SOA 60"),
        "source: A a.b: NOERROR, 1 record, TTL 30 s, from 10.96.0.10:53 over "
        "UDP in 0.412 ms\n"
        "source: AAAA a.b: NOERROR, 0 records, TTL 30 s, from 10.96.0.10:53 "
        "over UDP in 0.412 ms\n"
        "service: \"a.b\": a name outside of the cluster, of \"a.b\"\n"
        "port: port 80, taken as it is: DNS does not map numbers\n"
        "filter: part of the answer: 1; left out: 0 (refused addresses: 0, "
        "repeated: 0)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_tell_their_story),
        cmocka_unit_test(steps_tell_what_was_asked),
        cmocka_unit_test(the_last_view_has_all_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
