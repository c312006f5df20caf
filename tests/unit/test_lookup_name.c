/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DNS names of queries (semantics 2.1), and those that are none.
 */
#include "dns/lookup_name.h"

#include "lookup_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void write_name(int err, const struct svc__wire_name *name, char *ret)
{
    if (err != 0)
        (void)snprintf(ret, SVC__WIRE_TEXT_MAX, "%s", svc_err_name(err));
    else
        (void)svc__wire_name_format(name, ret);
}

/* The four names of a query. */
static void check(const char *query, const char *const want[4])
{
    static struct lookup_play p;
    struct svc__wire_name name[4];
    char text[SVC__WIRE_TEXT_MAX];
    int err[4];

    if (lookup_play_begin(&p, query, NULL, NULL) == 0)
        lookup_play_end(&p);
    p.query.q.port_name = "http";
    err[0] = svc__lookup_name_domain(&p.query.q, &name[0]);
    err[1] = svc__lookup_name_base(&p.query.q, &name[1]);
    err[2] = svc__lookup_name_port(&p.query.q, "tcp", &name[2]);
    err[3] = svc__lookup_name_zone(&p.query.q, "eu.a", &name[3]);
    for (size_t i = 0; i < 4; i++) {
        write_name(err[i], &name[i], text);
        assert_string_equal(text, want[i]);
    }
}

static void names(void **state)
{
    static const struct {
        const char *query;
        const char *want[4];
    } rows[] = {
        {"shop/web",
         {"web.shop.svc.cluster.local", "web.shop.svc.cluster.local",
          "_http._tcp.web.shop.svc.cluster.local",
          "eu.a.prefer._zone.web.shop.svc.cluster.local"}},
        {"Shop/WEB host=Web-0",
         {"web.shop.svc.cluster.local", "web-0.web.shop.svc.cluster.local",
          "_http._tcp.web.shop.svc.cluster.local",
          "eu.a.prefer._zone.web.shop.svc.cluster.local"}},
        {"shop/web cluster=c host=h",
         {"web.shop.svc.clusterset.local", "h.c.web.shop.svc.clusterset.local",
          "_http._tcp.web.shop.svc.clusterset.local",
          "eu.a.prefer._zone.web.shop.svc.clusterset.local"}},
        {"shop/web topo=z.y pin",
         {"web.shop.svc.cluster.local",
          "z.y.pin._zone.web.shop.svc.cluster.local",
          "_http._tcp.web.shop.svc.cluster.local",
          "eu.a.prefer._zone.web.shop.svc.cluster.local"}},
        {"external/a.b",
         {"a.b", "a.b", "_http._tcp.a.b", "eu.a.prefer._zone.a.b"}},
        {"shop/web host=a..b",
         {"web.shop.svc.cluster.local", "SVC_ENAME",
          "_http._tcp.web.shop.svc.cluster.local",
          "eu.a.prefer._zone.web.shop.svc.cluster.local"}},
        {"external/a..b", {"SVC_ENAME", "SVC_ENAME", "SVC_ENAME", "SVC_ENAME"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(rows[i].query, rows[i].want);
}

/* A name of 255 octets is one, a longer one is not, however long. */
static void lengths(void **state)
{
    char domain[1024];
    struct svc__query q = {.kind = SVC__NAME_EXTERNAL, .domain = domain};
    struct svc__wire_name name;

    (void)state;
    for (size_t size = 1; size < sizeof(domain); size++) {
        memset(domain, 'a', size);
        for (size_t i = 63; i + 1 < size; i += 64)
            domain[i] = '.';
        domain[size] = '\0';
        /* Of 64 the last octet makes a label too long. */
        assert_int_equal(svc__lookup_name_domain(&q, &name),
                         size <= 253 && size % 64 != 0 ? 0 : SVC_ENAME);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
