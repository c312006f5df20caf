/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups in virtual time: which questions go out, when half an answer is given
 * out, what the whole of it says (semantics 2.2 to 2.4, 2.8, 2.11).
 */
#include "lookup_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define EVENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct lookup_play play;

static void check(const char *query, const char *const *events,
                  const char *want)
{
    lookup_play(&play, query, events, want);
    lookup_play_end(&play);
}

static void a_number_costs_two_questions(void **state)
{
    (void)state;
    check("shop/web port=80",
          EVENTS("1 AAAA NOERROR | ~cluster.local 30 SOA 5",
                 "2 A NOERROR | @ 30 A 10.0.0.1"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~\n"
          "[ 2] done HAVE ttl 30 Unknown/auto 10.0.0.1:80\n");
    check("shop/web port=80 family=6",
          EVENTS("1 AAAA NOERROR | @ 7 AAAA fd00::1 | @ 9 AAAA fd00::2"),
          "[ 0] ask AAAA web.shop.~\n"
          "[ 1] done HAVE ttl 7 Unknown/auto [fd00::1]:80 [fd00::2]:80\n");
}

/* Faults D12. */
static void the_other_family_has_a_moment(void **state)
{
    (void)state;
    check("shop/web port=80",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1", "51 due",
                 "70 AAAA NOERROR | @ 20 AAAA fd00::1"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~\n"
          "[ 1] due 51\n"
          "[51] part HAVE ttl 30 Unknown/auto 10.0.0.1:80\n"
          "[70] done HAVE ttl 20 Unknown/auto 10.0.0.1:80 [fd00::1]:80\n");
    check("shop/web port=80",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1",
                 "30 AAAA NOERROR | @ 20 AAAA fd00::1"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~\n"
          "[ 1] due 51\n"
          "[30] done HAVE ttl 20 Unknown/auto 10.0.0.1:80 [fd00::1]:80\n");
    check("shop/web port=80",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1", "51 due",
                 "99 AAAA SVC_ETIMEDOUT"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~\n"
          "[ 1] due 51\n"
          "[51] part HAVE ttl 30 Unknown/auto 10.0.0.1:80\n"
          "[99] done in part HAVE ttl 30 Unknown/auto 10.0.0.1:80\n");
}

static void srv_shows_the_kind(void **state)
{
    (void)state;
    check("shop/web",
          EVENTS("1 A NOERROR | @ 30 A 10.96.0.1",
                 "2 AAAA NOERROR | ~cluster.local 30 SOA 5",
                 "3 SRV NOERROR | @ 30 SRV 0 100 80 @"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV web.shop.~\n"
          "[ 3] done HAVE ttl 30 ClusterIP/vip 10.96.0.1:80\n");
    check("shop/db",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1 | @ 30 A 10.0.0.2",
                 "2 SRV NOERROR | @ 30 SRV 0 50 5432 db-0.@"
                 " | @ 30 SRV 0 50 5433 db-1.@"
                 " | +db-0.@ 30 A 10.0.0.1 | +db-1.@ 9 A 10.0.0.2"),
          "[ 0] ask A db.shop.~, AAAA db.shop.~, SRV db.shop.~\n"
          "[ 2] done HAVE ttl 9 Headless/pods 10.0.0.1:5432 10.0.0.2:5433\n");
}

/* SRV at the plain name is an extension: without it the port is not known. */
static void no_port_is_no_failure(void **state)
{
    (void)state;
    check("shop/web",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1", "2 AAAA NOERROR",
                 "3 SRV NOERROR | ~cluster.local 30 SOA 5"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV web.shop.~\n"
          "[ 3] done HAVE ttl 30 Unknown/auto 10.0.0.1:?\n");
    check("shop/web",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1", "2 AAAA NOERROR",
                 "3 SRV SVC_EUNREACH"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV web.shop.~\n"
          "[ 3] done HAVE ttl 30 Unknown/auto 10.0.0.1:?\n");
    check("shop/web",
          EVENTS("1 A NXDOMAIN | ~cluster.local 30 SOA 5", "2 AAAA NXDOMAIN"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV web.shop.~\n"
          "[ 2] done NXDOMAIN ttl 5 Unknown/auto SVC_ENOSERVICE\n");
}

static void several_ports_are_not_guessed(void **state)
{
    (void)state;
    check("shop/web",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 50 443 @ | @ 30 SRV 0 50 80 @"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV web.shop.~\n"
          "[ 1] done HAVE ttl 30 ClusterIP/vip SVC_EINVAL\n");
    /* One number in two protocols is one port. */
    check("shop/dns",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 50 53 @ | @ 30 SRV 0 50 53 @",
                 "2 AAAA NOERROR", "3 A NOERROR | @ 5 A 10.96.0.10"),
          "[ 0] ask A dns.shop.~, AAAA dns.shop.~, SRV dns.shop.~\n"
          "[ 3] done HAVE ttl 5 ClusterIP/vip 10.96.0.10:53\n");
}

static void a_port_name_is_tried_in_each_protocol(void **state)
{
    (void)state;
    check("shop/web port=http",
          EVENTS("1 A NOERROR | @ 30 A 10.96.0.1", "1 AAAA NOERROR",
                 "2 SRV NXDOMAIN | ~cluster.local 30 SOA 5",
                 "3 SRV NOERROR | @ 30 SRV 0 100 80 web.shop.~"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV _http._tcp.web.shop.~\n"
          "[ 2] ask SRV _http._udp.web.shop.~\n"
          "[ 3] done HAVE ttl 30 ClusterIP/vip 10.96.0.1:80/UDP\n");
    check("shop/web port=http proto=sctp",
          EVENTS("1 A NOERROR | @ 30 A 10.96.0.1", "1 AAAA NOERROR",
                 "2 SRV NXDOMAIN | ~cluster.local 30 SOA 5"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV "
          "_http._sctp.web.shop.~\n"
          "[ 2] done NXDOMAIN ttl 5 Unknown/auto SVC_ENOPORT\n");
    check("shop/web port=http",
          EVENTS("1 SRV NXDOMAIN", "2 SRV NOERROR", "3 SRV NXDOMAIN",
                 "4 AAAA NOERROR", "5 A NOERROR | @ 30 A 10.96.0.1"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV _http._tcp.web.shop.~\n"
          "[ 1] ask SRV _http._udp.web.shop.~\n"
          "[ 2] ask SRV _http._sctp.web.shop.~\n"
          "[ 5] done NODATA ttl -1 Unknown/auto SVC_ENOPORT\n");
}

static void no_service_no_port(void **state)
{
    (void)state;
    check("shop/web port=http",
          EVENTS("1 A NXDOMAIN | ~cluster.local 30 SOA 5",
                 "2 AAAA NXDOMAIN | ~cluster.local 30 SOA 5"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV _http._tcp.web.shop.~\n"
          "[ 2] done NXDOMAIN ttl 5 Unknown/auto SVC_ENOSERVICE\n");
    check("shop/web port=http",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1", "2 AAAA NOERROR",
                 "3 SRV SVC_ETIMEDOUT"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV _http._tcp.web.shop.~\n"
          "[ 3] done error SVC_ETIMEDOUT\n");
}

static void targets_without_addresses_are_asked_for(void **state)
{
    (void)state;
    check("shop/db port=pg",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 50 5432 db-0.db.shop.~"
                 " | @ 30 SRV 0 50 5432 db-1.db.shop.~"
                 " | +db-1.db.shop.~ 30 A 10.0.0.2",
                 "2 A db-0.db.shop.~ NOERROR | @ 8 A 10.0.0.1", "52 due",
                 "60 AAAA db-0.db.shop.~ NOERROR"),
          "[ 0] ask A db.shop.~, AAAA db.shop.~, SRV _pg._tcp.db.shop.~\n"
          "[ 1] ask A db-0.db.shop.~, AAAA db-0.db.shop.~ due 51\n"
          "[ 2] due 51\n"
          "[52] part HAVE ttl 8 Headless/pods 10.0.0.1:5432/TCP "
          "10.0.0.2:5432/TCP\n"
          "[60] done HAVE ttl 8 Headless/pods 10.0.0.1:5432/TCP "
          "10.0.0.2:5432/TCP\n");
    check("shop/db port=pg family=4",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 50 5432 db-0.db.shop.~",
                 "2 A db-0.db.shop.~ SVC_EUNREACH"),
          "[ 0] ask A db.shop.~, SRV _pg._tcp.db.shop.~\n"
          "[ 1] ask A db-0.db.shop.~\n"
          "[ 2] done error SVC_EUNREACH\n");
}

static void a_host_has_the_ports_of_its_records(void **state)
{
    (void)state;
    check("shop/db host=db-1",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.2", "1 AAAA NOERROR",
                 "2 SRV NOERROR | @ 30 SRV 0 50 1 db-0.@"
                 " | @ 30 SRV 0 50 2 db-1.@"),
          "[ 0] ask A db-1.db.shop.~, AAAA db-1.db.shop.~, SRV db.shop.~\n"
          "[ 2] done HAVE ttl 30 Headless/pods 10.0.0.2:2\n");
    check("shop/db host=db-1 port=pg",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.2", "1 AAAA NOERROR",
                 "2 SRV NOERROR | @ 30 SRV 0 50 1 db-0.db.shop.~"),
          "[ 0] ask A db-1.db.shop.~, AAAA db-1.db.shop.~, SRV "
          "_pg._tcp.db.shop.~\n"
          "[ 2] done NODATA ttl 30 Headless/pods SVC_ENOPORT\n");
    check("shop/db host=db-9 port=80",
          EVENTS("1 A NXDOMAIN | ~cluster.local 30 SOA 5", "1 AAAA NXDOMAIN"),
          "[ 0] ask A db-9.db.shop.~, AAAA db-9.db.shop.~\n"
          "[ 1] done NXDOMAIN ttl 5 Unknown/pods SVC_ENOSERVICE\n");
}

static void views_that_dns_does_not_have(void **state)
{
    (void)state;
    check("shop/web port=80 view=pods",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 100 80 @"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV web.shop.~\n"
          "[ 1] done HAVE ttl 30 ClusterIP/pods SVC_ENOTSUP\n");
    check("shop/db port=80 view=vip",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 100 80 db-0.@"),
          "[ 0] ask A db.shop.~, AAAA db.shop.~, SRV db.shop.~\n"
          "[ 1] done HAVE ttl 30 Headless/vip SVC_ENOTSUP\n");
    check("shop/db port=80 view=pods",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 100 8080 db-0.@",
                 "2 A NOERROR | @ 30 A 10.0.0.1", "3 AAAA NOERROR"),
          "[ 0] ask A db.shop.~, AAAA db.shop.~, SRV db.shop.~\n"
          "[ 2] due 52\n"
          "[ 3] done HAVE ttl 30 Headless/pods 10.0.0.1:80\n");
    check("shop/web port=80 view=vip",
          EVENTS("1 SRV NOERROR | ~cluster.local 30 SOA 5",
                 "2 A NOERROR | @ 30 A 10.0.0.1"),
          "[ 0] ask A web.shop.~, AAAA web.shop.~, SRV web.shop.~\n"
          "[ 2] done NODATA ttl 5 Unknown/vip SVC_ENOTSUP\n");
}

/* Semantics 2.8. */
static void an_externalname_is_an_alias(void **state)
{
    (void)state;
    check("shop/x port=80",
          EVENTS("1 AAAA NOERROR | @ 9 CNAME www.example.com"),
          "[ 0] ask A x.shop.~, AAAA x.shop.~\n"
          "[ 1] done HAVE ttl 9 ExternalName/auto alias www.example.com:80\n");
    check("shop/x port=http",
          EVENTS("1 A NOERROR | @ 9 CNAME web.shop.~ | web.shop.~ 5 A "
                 "10.0.0.1"),
          "[ 0] ask A x.shop.~, AAAA x.shop.~, SRV _http._tcp.x.shop.~\n"
          "[ 1] done HAVE ttl 9 ExternalName/auto alias "
          "web.shop.svc.cluster.local:http\n");
}

static void outside_names_are_followed(void **state)
{
    (void)state;
    check("external/www.example.com port=443",
          EVENTS("1 A NOERROR | @ 60 CNAME a.net | a.net 20 CNAME b.net"
                 " | b.net 30 A 192.0.2.1",
                 "2 AAAA NOERROR | @ 60 CNAME a.net",
                 "3 AAAA NOERROR | a.net 5 CNAME b.net",
                 "4 AAAA NOERROR | b.net 30 AAAA 2001:db8::1"),
          "[ 0] ask A www.example.com, AAAA www.example.com\n"
          "[ 1] due 51\n"
          "[ 2] ask AAAA a.net due 51\n"
          "[ 3] ask AAAA b.net due 51\n"
          "[ 4] done HAVE ttl 5 External/none 192.0.2.1:443 "
          "[2001:db8::1]:443\n");
    check("external/www.example.com", EVENTS("1 A NXDOMAIN", "2 AAAA NXDOMAIN"),
          "[ 0] ask A www.example.com, AAAA www.example.com\n"
          "[ 2] done NXDOMAIN ttl -1 External/none SVC_ENOSERVICE\n");
}

static void outside_services(void **state)
{
    (void)state;
    check("external/example.com port=ldap family=4",
          EVENTS("1 SRV NOERROR | @ 60 SRV 1 0 389 a.net | @ 60 SRV 1 7 390 "
                 "b.net | @ 60 SRV 2 0 391 c.net | +b.net 9 A 192.0.2.2"
                 " | +x.net 9 A 192.0.2.9",
                 "2 A NOERROR | a.net 30 CNAME d.net",
                 "3 A NOERROR | d.net 30 A 192.0.2.1"),
          "[ 0] ask SRV _ldap._tcp.example.com\n"
          "[ 1] ask A a.net due 51\n"
          "[ 2] ask A d.net due 51\n"
          "[ 3] done HAVE ttl 9 External/none 192.0.2.1:389/TCP "
          "192.0.2.2:390/TCP\n");
    check("external/example.com port=ldap proto=tcp",
          EVENTS("1 SRV SVC_ETIMEDOUT"),
          "[ 0] ask SRV _ldap._tcp.example.com\n"
          "[ 1] done error SVC_ETIMEDOUT\n");
    check("external/example.com port=ldap proto=tcp",
          EVENTS("1 SRV NXDOMAIN | ~com 900 SOA 60"),
          "[ 0] ask SRV _ldap._tcp.example.com\n"
          "[ 1] done NXDOMAIN ttl 60 External/none SVC_ENOSERVICE\n");
}

/* Semantics 2.1: zonal names, asked beside the plain one. */
static void the_callers_zone_is_preferred(void **state)
{
    (void)state;
    check("shop/db port=80 family=4 caller=a",
          EVENTS("1 A db.shop.~ NOERROR | @ 30 A 10.0.0.1 | @ 30 A 10.0.0.2",
                 "2 A NOERROR | @ 5 A 10.0.0.2 | @ 5 A 10.0.0.9"),
          "[ 0] ask A db.shop.~, A a.prefer._zone.db.shop.~\n"
          "[ 1] due 51\n"
          "[ 2] done HAVE ttl 5 Unknown/auto 10.0.0.2:80 "
          "10.0.0.1:80(other-zone) zonal\n");
    /* Two answers of different moments leave nothing: all stay. */
    check("shop/db port=80 family=4 caller=a",
          EVENTS("1 A a.prefer._zone.db.shop.~ NOERROR | @ 5 A 10.0.0.9",
                 "2 A NOERROR | @ 30 A 10.0.0.1"),
          "[ 0] ask A db.shop.~, A a.prefer._zone.db.shop.~\n"
          "[ 2] done HAVE ttl 5 Unknown/auto 10.0.0.1:80 zonal\n");
    check("shop/db family=4 caller=a",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 1 80 x.@ | +x.@ 30 A 10.0.0.1",
                 "2 A a.prefer._zone.db.shop.~ NXDOMAIN"),
          "[ 0] ask A db.shop.~, SRV db.shop.~, A a.prefer._zone.db.shop.~\n"
          "[ 1] due 51\n"
          "[ 2] done HAVE ttl 30 Headless/pods 10.0.0.1:80 not zonal\n");
}

/* The plain answer waits for it no longer than its patience. */
static void the_zone_is_not_waited_for(void **state)
{
    (void)state;
    check("shop/db port=80 family=4 caller=a",
          EVENTS("1 A db.shop.~ NOERROR | @ 30 A 10.0.0.1", "51 due"),
          "[ 0] ask A db.shop.~, A a.prefer._zone.db.shop.~\n"
          "[ 1] due 51\n"
          "[51] done HAVE ttl 30 Unknown/auto 10.0.0.1:80\n");
    check("shop/web family=4 caller=a",
          EVENTS("1 A web.shop.~ NOERROR | @ 30 A 10.96.0.1",
                 "2 SRV NOERROR | @ 30 SRV 0 1 80 @"),
          "[ 0] ask A web.shop.~, SRV web.shop.~, A "
          "a.prefer._zone.web.shop.~\n"
          "[ 2] done HAVE ttl 30 ClusterIP/vip 10.96.0.1:80\n");
    check("shop/db port=80 family=4 caller=a",
          EVENTS("1 A a.prefer._zone.db.shop.~ SVC_ETIMEDOUT",
                 "2 A NOERROR | @ 30 A 10.0.0.1"),
          "[ 0] ask A db.shop.~, A a.prefer._zone.db.shop.~\n"
          "[ 2] done HAVE ttl 30 Unknown/auto 10.0.0.1:80\n");
    check("shop/db port=80 family=4 caller=a zonal=no",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1"),
          "[ 0] ask A db.shop.~\n"
          "[ 1] done HAVE ttl 30 Unknown/auto 10.0.0.1:80\n");
}

static void zonal_names(void **state)
{
    (void)state;
    check("shop/db topo=a.b family=4",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 1 80 x.@ | @ 30 SRV 0 1 81 y.@"
                 " | +x.@ 30 A 10.0.0.1 | +y.@ 30 A 10.0.0.2",
                 "2 A NOERROR | @ 30 A 10.0.0.2"),
          "[ 0] ask A a.b.prefer._zone.db.shop.~, SRV db.shop.~\n"
          "[ 2] done HAVE ttl 30 Headless/pods 10.0.0.2:81\n");
    check("shop/db topo=a pin family=4 port=80",
          EVENTS("1 A NOERROR | ~cluster.local 30 SOA 5"),
          "[ 0] ask A a.pin._zone.db.shop.~\n"
          "[ 1] done NODATA ttl 5 Unknown/pods SVC_ENOENDPOINTS\n");
}

static void sets_of_clusters(void **state)
{
    (void)state;
    check("shop/db cluster=east host=db-0 family=4",
          EVENTS("1 A NOERROR | @ 30 A 10.0.0.1",
                 "2 SRV NOERROR | @ 30 SRV 0 1 80 db-0.east.@"),
          "[ 0] ask A db-0.east.db.shop.svc.clusterset.local, SRV "
          "db.shop.svc.clusterset.local\n"
          "[ 2] done HAVE ttl 30 Headless/pods 10.0.0.1:80\n");
}

/* A family that does not answer keeps what it had (faults D7). */
static void no_answer_is_no_knowledge(void **state)
{
    const char *const first[] = {"1 A NOERROR | @ 30 A 10.0.0.1 | @ 9 A "
                                 "10.0.0.2",
                                 "2 AAAA NOERROR | @ 30 AAAA fd00::1"};
    static struct lookup_play again;

    (void)state;
    lookup_play(&play, "shop/web port=80", EVENTS(first[0], first[1]),
                "[ 0] ask A web.shop.~, AAAA web.shop.~\n"
                "[ 1] due 51\n"
                "[ 2] done HAVE ttl 9 Unknown/auto 10.0.0.1:80 10.0.0.2:80 "
                "[fd00::1]:80\n");
    assert_int_equal(
        lookup_play_begin(&again, "shop/web port=81", play.view, NULL), 0);
    lookup_play_event(&again, "0 start");
    lookup_play_event(&again, "1 AAAA NOERROR | @ 30 AAAA fd00::2");
    lookup_play_event(&again, "2 A SVC_ETIMEDOUT");
    assert_string_equal(again.out, "[ 0] ask A web.shop.~, AAAA web.shop.~\n"
                                   "[ 1] due 51\n"
                                   "[ 2] done in part HAVE ttl 30 Unknown/auto "
                                   "10.0.0.1:81 10.0.0.2:81 [fd00::2]:81\n");
    lookup_play_end(&again);
    lookup_play_end(&play);
}

/* A port that was known is not lost to silence. */
static void no_answer_loses_no_port(void **state)
{
    static struct lookup_play again;

    (void)state;
    lookup_play(&play, "shop/web family=4",
                EVENTS("1 A NOERROR | @ 30 A 10.96.0.1",
                       "2 SRV NOERROR | @ 30 SRV 0 1 80 @"),
                "[ 0] ask A web.shop.~, SRV web.shop.~\n"
                "[ 2] done HAVE ttl 30 ClusterIP/vip 10.96.0.1:80\n");
    assert_int_equal(
        lookup_play_begin(&again, "shop/web family=4", play.view, NULL), 0);
    lookup_play_event(&again, "0 start");
    lookup_play_event(&again, "1 A NOERROR | @ 30 A 10.96.0.1");
    lookup_play_event(&again, "2 SRV SVC_ETIMEDOUT");
    assert_string_equal(again.out, "[ 0] ask A web.shop.~, SRV web.shop.~\n"
                                   "[ 2] done error SVC_ETIMEDOUT\n");
    lookup_play_end(&again);
    lookup_play_end(&play);
}

/* What is surely not there, by other questions than A and AAAA. */
static void nothing_behind_srv(void **state)
{
    (void)state;
    check("shop/db port=pg family=4",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 1 80 x.db.shop.~",
                 "2 A x.db.shop.~ NXDOMAIN | ~cluster.local 5 SOA 5"),
          "[ 0] ask A db.shop.~, SRV _pg._tcp.db.shop.~\n"
          "[ 1] ask A x.db.shop.~\n"
          "[ 2] done NODATA ttl 5 Headless/pods SVC_ENOENDPOINTS\n");
    check("external/a.b port=x",
          EVENTS("1 SRV NOERROR | ~b 7 SOA 7", "2 SRV NXDOMAIN | ~b 9 SOA 9",
                 "3 SRV NXDOMAIN"),
          "[ 0] ask SRV _x._tcp.a.b\n"
          "[ 1] ask SRV _x._udp.a.b\n"
          "[ 2] ask SRV _x._sctp.a.b\n"
          "[ 3] done NODATA ttl 7 External/none SVC_ENOENDPOINTS\n");
    /* What is refused is there: no other protocol is tried (faults D15). */
    check("shop/db port=pg family=4",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 1 80 a.b",
                 "2 A NOERROR | @ 30 A 10.0.0.1"),
          "[ 0] ask A db.shop.~, SRV _pg._tcp.db.shop.~\n"
          "[ 2] done NODATA ttl -1 Unknown/auto SVC_ENOENDPOINTS\n");
    check("shop/web topo=a family=4",
          EVENTS("1 SRV NOERROR | @ 30 SRV 0 1 80 @",
                 "2 A NOERROR | @ 30 A 10.96.0.1"),
          "[ 0] ask A a.prefer._zone.web.shop.~, SRV web.shop.~\n"
          "[ 2] done HAVE ttl 30 ClusterIP/vip 10.96.0.1:80\n");
}

/* The failure that is told is not that of a question that does not count. */
static void a_zone_is_no_trouble(void **state)
{
    (void)state;
    check(
        "shop/db port=80 family=4 caller=a",
        EVENTS("1 A a.prefer._zone.db.shop.~ SVC_EPROTO", "2 A SVC_ETIMEDOUT"),
        "[ 0] ask A db.shop.~, A a.prefer._zone.db.shop.~\n"
        "[ 2] done error SVC_ETIMEDOUT\n");
}

/* Zones are judged anew for what is kept; a cluster IP has none. */
static void zones_of_what_was_known(void **state)
{
    static struct lookup_play again;

    (void)state;
    lookup_play(&play, "shop/db port=80 family=4 caller=a",
                EVENTS("1 A db.shop.~ NOERROR | @ 30 A 10.0.0.1 | @ 30 A "
                       "10.0.0.2",
                       "2 A NOERROR | @ 5 A 10.0.0.2"),
                "[ 0] ask A db.shop.~, A a.prefer._zone.db.shop.~\n"
                "[ 1] due 51\n"
                "[ 2] done HAVE ttl 5 Unknown/auto 10.0.0.2:80 "
                "10.0.0.1:80(other-zone) zonal\n");
    assert_int_equal(
        lookup_play_begin(&again, "shop/db port=80", play.view, NULL), 0);
    lookup_play_event(&again, "0 start");
    lookup_play_event(&again, "1 AAAA NOERROR | @ 30 AAAA fd00::1");
    lookup_play_event(&again, "2 A SVC_ETIMEDOUT");
    assert_string_equal(again.out, "[ 0] ask A db.shop.~, AAAA db.shop.~\n"
                                   "[ 1] due 51\n"
                                   "[ 2] done in part HAVE ttl 30 Unknown/auto "
                                   "10.0.0.1:80 10.0.0.2:80 [fd00::1]:80\n");
    lookup_play_end(&again);
    play.view->type = SVC__TYPE_CLUSTERIP;
    assert_int_equal(lookup_play_begin(&again,
                                       "shop/db port=80 family=4 caller=a",
                                       play.view, NULL),
                     0);
    lookup_play_event(&again, "0 start");
    assert_string_equal(again.out, "[ 0] ask A db.shop.~\n");
    lookup_play_end(&again);
    lookup_play_end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_costs_two_questions),
        cmocka_unit_test(the_other_family_has_a_moment),
        cmocka_unit_test(srv_shows_the_kind),
        cmocka_unit_test(no_port_is_no_failure),
        cmocka_unit_test(several_ports_are_not_guessed),
        cmocka_unit_test(a_port_name_is_tried_in_each_protocol),
        cmocka_unit_test(no_service_no_port),
        cmocka_unit_test(targets_without_addresses_are_asked_for),
        cmocka_unit_test(a_host_has_the_ports_of_its_records),
        cmocka_unit_test(views_that_dns_does_not_have),
        cmocka_unit_test(an_externalname_is_an_alias),
        cmocka_unit_test(outside_names_are_followed),
        cmocka_unit_test(outside_services),
        cmocka_unit_test(the_callers_zone_is_preferred),
        cmocka_unit_test(the_zone_is_not_waited_for),
        cmocka_unit_test(zonal_names),
        cmocka_unit_test(sets_of_clusters),
        cmocka_unit_test(no_answer_is_no_knowledge),
        cmocka_unit_test(no_answer_loses_no_port),
        cmocka_unit_test(nothing_behind_srv),
        cmocka_unit_test(a_zone_is_no_trouble),
        cmocka_unit_test(zones_of_what_was_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
