/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms of semantics 2.1, one row each, and the words they are made of.
 * Mistakes are in test_name_error.c, writing back in test_name_format.c.
 */
#include "model/name.h"
#include "namedump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct svc__name_env env = {"mine", "cluster.local"};

struct row {
    const char *text;
    const char *want;
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct svc__name name;
        svc_error error = {0};
        char got[4096];

        if (svc__name_parse(rows[i].text, &env, &name, &error) != 0)
            fail_msg("%s: %s", rows[i].text, error.message);
        namedump(&name, got, sizeof(got));
        svc__name_fini(&name);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s\n  is   %s\n  want %s", rows[i].text, got,
                     rows[i].want);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_service(void **state)
{
    static const struct row rows[] = {
        {"web", "service svc=web ns=mine"},
        {"web:80", "service svc=web ns=mine port=80"},
        {"web:http", "service svc=web ns=mine port=http"},
        {"web.shop", "service svc=web ns=shop"},
        {"web.shop:65535", "service svc=web ns=shop port=65535"},
        {"WEB.AZ:HTTP", "service svc=web ns=az port=http"},
        {"web-0.web.shop", "service svc=web ns=shop host=web-0"},
        {"web-0.web.shop:80", "service svc=web ns=shop host=web-0 port=80"},
        {"10", "service svc=10 ns=mine"},
        {"10.1", "service svc=10 ns=1"},
        {"10.1:80", "service svc=10 ns=1 port=80"},
        {"1.2.3", "service svc=2 ns=3 host=1"},
        {"0x7f.1", "service svc=0x7f ns=1"},
        {"9p", "service svc=9p ns=mine"},
        {"a--b", "service svc=a--b ns=mine"},
        {"localhost", "service svc=localhost ns=mine"},
        {"www.google.com", "service svc=google ns=com host=www"},
        {"svc", "service svc=svc ns=mine"},
        {"web.svc", "service svc=web ns=svc"},
        {"web.pod", "service svc=web ns=pod"},
        {"cluster.local", "service svc=cluster ns=local"},
        {"web:00080", "service svc=web ns=mine port=80"},
        {"dns:///web", "external scheme=dns domain=web"},
        {"dns:53", "service svc=dns ns=mine port=53"}};

    (void)state;
    CHECK(rows);
}

static void test_absolute(void **state)
{
    static const struct row rows[] = {
        {"web.shop.svc", "service svc=web ns=shop"},
        {"web.shop.svc.", "service svc=web ns=shop"},
        {"web.shop.svc:80", "service svc=web ns=shop port=80"},
        {"web.shop.svc.:80", "service svc=web ns=shop port=80"},
        {"web.shop.svc.cluster.local", "service svc=web ns=shop"},
        {"web.shop.svc.cluster.local.", "service svc=web ns=shop"},
        {"web.shop.SVC.Cluster.LOCAL.:80", "service svc=web ns=shop port=80"},
        {"web-0.web.shop.svc", "service svc=web ns=shop host=web-0"},
        {"web-0.web.shop.svc.", "service svc=web ns=shop host=web-0"},
        {"web-0.web.shop.svc.cluster.local",
         "service svc=web ns=shop host=web-0"},
        {"web-0.web.shop.svc.cluster.local.:http",
         "service svc=web ns=shop host=web-0 port=http"},
        {"10-1-2-3.web.shop.svc", "service svc=web ns=shop host=10-1-2-3"},
        {"web.svc.svc", "service svc=web ns=svc"},
        {"svc.svc.svc.cluster.local", "service svc=svc ns=svc"},
        {"web-0.web.pod.svc", "service svc=web ns=pod host=web-0"}};

    (void)state;
    CHECK(rows);
}

static void test_named_port(void **state)
{
    static const struct row rows[] = {
        {"_http._tcp.web", "service svc=web ns=mine port=http proto=TCP"},
        {"_dns._udp.kube-dns.kube-system",
         "service svc=kube-dns ns=kube-system port=dns proto=UDP"},
        {"_dns._udp.kube-dns.default.svc",
         "service svc=kube-dns ns=default port=dns proto=UDP"},
        {"_HTTP._TCP.web-0.web.shop",
         "service svc=web ns=shop host=web-0 port=http proto=TCP"},
        {"_x._sctp.web.shop.svc.cluster.local.",
         "service svc=web ns=shop port=x proto=SCTP"},
        {"_x._tcp.web-0.web.shop.svc.cluster.local",
         "service svc=web ns=shop host=web-0 port=x proto=TCP"},
        {"_80._tcp.web", "service svc=web ns=mine port=80 proto=TCP"},
        {"_http._tcp.web:http", "service svc=web ns=mine port=http proto=TCP"},
        {"_80._tcp.web:80", "service svc=web ns=mine port=80 proto=TCP"},
        {"_http._tcp.web?proto=tcp",
         "service svc=web ns=mine port=http proto=TCP"},
        {"_xmpp-server._tcp.example.com.",
         "external domain=example.com port=xmpp-server proto=TCP"},
        {"dns:///_http._tcp.example.com",
         "external scheme=dns domain=example.com port=http proto=TCP"},
        {"_http._tcp.web.shop.svc.clusterset.local",
         "clusterset svc=web ns=shop port=http proto=TCP"}};

    (void)state;
    CHECK(rows);
}

static void test_address(void **state)
{
    static const struct row rows[] = {
        {"10.0.0.1:80", "literal address=10.0.0.1 port=80"},
        {"127.0.0.1:8080", "literal address=127.0.0.1 port=8080"},
        {"169.254.169.254:80", "literal address=169.254.169.254 port=80"},
        {"240.0.0.1:1", "literal address=240.0.0.1 port=1"},
        {"[fd00::1]:80", "literal address=fd00::1 port=80"},
        {"[FD00:0:0:0::1]:80", "literal address=fd00::1 port=80"},
        {"[::ffff:10.0.0.1]:80", "literal address=::ffff:10.0.0.1 port=80"},
        {"svc:///10.0.0.1:80", "literal address=10.0.0.1 port=80"},
        {"10.0.0.1:53?proto=udp", "literal address=10.0.0.1 port=53 proto=UDP"},
        {"10-244-1-18.shop.pod", "pod ns=shop address=10.244.1.18"},
        {"10-244-1-18.shop.pod.", "pod ns=shop address=10.244.1.18"},
        {"10-244-1-18.shop.pod:80", "pod ns=shop address=10.244.1.18 port=80"},
        {"10-244-1-18.shop.pod.cluster.local",
         "pod ns=shop address=10.244.1.18"},
        {"10-244-1-18.shop.pod.cluster.local.:80",
         "pod ns=shop address=10.244.1.18 port=80"},
        {"fd00-10-244--12.shop.pod", "pod ns=shop address=fd00:10:244::12"},
        {"FD00--0.shop.pod", "pod ns=shop address=fd00::"},
        {"0--1.shop.pod", "pod ns=shop address=::1"},
        {"_80._tcp.10-0-0-1.shop.pod",
         "pod ns=shop address=10.0.0.1 port=80 proto=TCP"}};

    (void)state;
    CHECK(rows);
}

static void test_external(void **state)
{
    static const struct row rows[] = {
        {"www.google.com.", "external domain=www.google.com"},
        {"www.google.com.:443", "external domain=www.google.com port=443"},
        {"example.com.", "external domain=example.com"},
        {"web.", "external domain=web"},
        {"web.svc.", "external domain=web.svc"},
        {"a.b.example.com", "external domain=a.b.example.com"},
        {"a.b.example.com:80", "external domain=a.b.example.com port=80"},
        {"A.B.Example.COM.:80", "external domain=a.b.example.com port=80"},
        {"web.shop.svc.other.zone", "external domain=web.shop.svc.other.zone"},
        {"web.shop.svc.xcluster.local",
         "external domain=web.shop.svc.xcluster.local"},
        {"dns:///www.google.com", "external scheme=dns domain=www.google.com"},
        {"dns:///www.google.com.:443",
         "external scheme=dns domain=www.google.com port=443"},
        {"dns:///web.shop.svc.cluster.local:80",
         "external scheme=dns domain=web.shop.svc.cluster.local port=80"},
        {"dns:///1.2.3.4.in-addr.arpa",
         "external scheme=dns domain=1.2.3.4.in-addr.arpa"},
        {"DNS:///localhost:80", "external scheme=dns domain=localhost port=80"},
        {"xn--bcher-kva.example.:80",
         "external domain=xn--bcher-kva.example port=80"}};

    (void)state;
    CHECK(rows);
}

static void test_multi_cluster_and_zonal(void **state)
{
    static const struct row rows[] = {
        {"web.shop.svc.clusterset.local", "clusterset svc=web ns=shop"},
        {"web.shop.svc.clusterset.local.:80",
         "clusterset svc=web ns=shop port=80"},
        {"web-0.east.web.shop.svc.clusterset.local",
         "clusterset svc=web ns=shop host=web-0 cluster=east"},
        {"eu-1a.pin._zone.web.shop.svc.cluster.local",
         "zonal svc=web ns=shop zone=eu-1a"},
        {"eu-1a.prefer._zone.web.shop.svc.cluster.local.:80",
         "zonal svc=web ns=shop zone=eu-1a port=80 prefer"},
        {"a.b.c.pin._zone.web.shop.svc.cluster.local",
         "zonal svc=web ns=shop zone=a.b.c"},
        {"pin.prefer._zone.web.shop.svc",
         "zonal svc=web ns=shop zone=pin prefer"},
        {"_http._tcp.EU-1a.Pin._Zone.web.shop.svc.cluster.local",
         "zonal svc=web ns=shop zone=eu-1a port=http proto=TCP"}};

    (void)state;
    CHECK(rows);
}

static void test_schemes(void **state)
{
    static const struct row rows[] = {
        {"svc:///web.shop:http", "service svc=web ns=shop port=http"},
        {"SVC:///web", "service svc=web ns=mine"},
        {"kubernetes:///web.shop:80",
         "service scheme=kubernetes svc=web ns=shop port=80"},
        {"kubernetes:///web:http",
         "service scheme=kubernetes svc=web ns=mine port=http"},
        {"kubernetes://shop/web:80",
         "service scheme=kubernetes svc=web ns=shop port=80"},
        {"kubernetes://Shop/Web", "service scheme=kubernetes svc=web ns=shop"},
        {"kubernetes://shop/_http._tcp.web",
         "service scheme=kubernetes svc=web ns=shop port=http proto=TCP"},
        {"kubernetes://web.shop:80",
         "service scheme=kubernetes svc=web ns=shop port=80"},
        {"kubernetes://web.shop?view=vip",
         "service scheme=kubernetes svc=web ns=shop view=vip"},
        {"kubernetes:///web.shop.svc.cluster.local:80",
         "service scheme=kubernetes svc=web ns=shop port=80"},
        {"file:///etc/Services.yaml#web.shop:80",
         "service scheme=file file=/etc/Services.yaml svc=web ns=shop port=80"},
        {"file:///a%20b#web",
         "service scheme=file file=/a%20b svc=web ns=mine"},
        {"file:///a#b?c#web?view=lb",
         "service scheme=file file=/a#b?c svc=web ns=mine view=lb"},
        {"file:///\xc3\xa4#web",
         "service scheme=file file=/\xc3\xa4 svc=web ns=mine"}};

    (void)state;
    CHECK(rows);
}

static void test_options(void **state)
{
    static const struct row rows[] = {
        {"web?view=pods", "service svc=web ns=mine view=pods"},
        {"web:80?view=auto&family=ipv6&proto=UDP&policy=rr",
         "service svc=web ns=mine port=80 proto=UDP view=auto family=ipv6 "
         "policy=rr"},
        {"web?policy=round_robin",
         "service svc=web ns=mine policy=round_robin"},
        {"web?policy=no-such&family=any",
         "service svc=web ns=mine family=any policy=no-such"},
        {"web?proto=sctp", "service svc=web ns=mine proto=SCTP"},
        {"web?view=node", "service svc=web ns=mine view=node"},
        {"[fd00::1]:80?view=vip&family=ipv4",
         "literal address=fd00::1 port=80 view=vip family=ipv4"}};

    (void)state;
    CHECK(rows);
}

/* The longest of everything. */
static void test_limits(void **state)
{
    char label[64];
    char text[2200];
    struct svc__name name;

    (void)state;
    memset(label, 'a', 63);
    label[63] = '\0';
    (void)snprintf(text, sizeof(text), "%s.%s.%s:%s", label, label, label,
                   label);
    assert_int_equal(svc__name_parse(text, &env, &name, NULL), 0);
    assert_string_equal(name.host, label);
    assert_string_equal(name.port_name, label);
    svc__name_fini(&name);

    (void)snprintf(text, sizeof(text), "%s.%s.%s.%.61s.", label, label, label,
                   label);
    assert_int_equal(svc__name_parse(text, &env, &name, NULL), 0);
    assert_int_equal(strlen(name.domain), 253);
    svc__name_fini(&name);

    memset(text, '/', sizeof(text));
    memcpy(text, "file://", 7);
    (void)snprintf(text + 7 + 1024, 8, "#web");
    assert_int_equal(svc__name_parse(text, &env, &name, NULL), 0);
    assert_int_equal(strlen(name.file), 1024);
    svc__name_fini(&name);
}

/* A zone of another name, and of one label. */
static void test_zone(void **state)
{
    static const struct svc__name_env other = {"mine", "k8s.example.org"};
    static const struct svc__name_env one = {"mine", "local"};
    struct svc__name name;

    (void)state;
    assert_int_equal(
        svc__name_parse("web.shop.svc.k8s.example.org", &other, &name, NULL),
        0);
    assert_int_equal(name.kind, SVC__NAME_SERVICE);
    svc__name_fini(&name);
    assert_int_equal(
        svc__name_parse("web.shop.svc.cluster.local", &other, &name, NULL), 0);
    assert_int_equal(name.kind, SVC__NAME_EXTERNAL);
    svc__name_fini(&name);
    assert_int_equal(
        svc__name_parse("a.web.shop.svc.local.", &one, &name, NULL), 0);
    assert_string_equal(name.host, "a");
    svc__name_fini(&name);
    assert_int_equal(
        svc__name_parse("a.b.svc.clusterset.local", &one, &name, NULL), 0);
    assert_int_equal(name.kind, SVC__NAME_CLUSTERSET);
    svc__name_fini(&name);
}

static void test_label(void **state)
{
    static const char *const good[] = {"a", "0", "a-b", "10", "x--y"};
    static const char *const bad[] = {"", "-a", "a-", "A", "a.b", "a_b", "-"};
    char text[65];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(svc__name_is_label(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(svc__name_is_label(bad[i], strlen(bad[i])));
    memset(text, 'a', sizeof(text));
    assert_true(svc__name_is_label(text, 63));
    assert_false(svc__name_is_label(text, 64));
}

/* Exactly as long as there is room for. */
static void test_key(void **state)
{
    static const struct {
        const char *namespace_;
        const char *name;
        const char *key;
    } table[] = {{"shop", "web", "shop/web"},
                 {"", "node", "/node"},
                 {"a", "", "a/"},
                 {"", "", "/"}};
    char got[16];

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const size_t size = strlen(table[i].key);

        for (size_t max = 0; max < sizeof(got); max++) {
            memset(got, '#', sizeof(got));
            assert_int_equal(
                svc__name_key(table[i].namespace_, table[i].name, got, max),
                max < size ? 0 : size);
            assert_int_equal(got[max], '#');
        }
        assert_memory_equal(got, table[i].key, size);
        assert_int_equal(got[size], '#');
    }
}

static void test_domain(void **state)
{
    static const char *const good[] = {"a", "a.", "example.com", "a.b.c.",
                                       "10.0.0.1"};
    static const char *const bad[] = {"",    ".",   "..",   "a..b",
                                      ".a",  "a..", "A.b",  "a_b",
                                      "a b", "*.a", "-a.b", "a.-"};
    char text[255];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(svc__name_is_domain(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(svc__name_is_domain(bad[i], strlen(bad[i])));
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 == 0 ? 'a' : '.';
    assert_true(svc__name_is_domain(text, 253));
    assert_true(svc__name_is_domain(text, 254));
    assert_false(svc__name_is_domain(text, 255));
}

static void test_localhost(void **state)
{
    static const char *const good[] = {"localhost", "a.localhost",
                                       "b.a.localhost"};
    static const char *const bad[] = {"", "host", ".localhost", "alocalhost",
                                      "localhost.a"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(svc__name_is_localhost(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(svc__name_is_localhost(bad[i]));
}

static void test_proto(void **state)
{
    static const char *const bad[] = {"", "t", "tc", "tcpx", "icmp", "tcp "};
    enum svc__proto proto = SVC__PROTO_ANY;

    (void)state;
    assert_int_equal(svc__proto_parse("tcp", 3, &proto), 0);
    assert_int_equal(proto, SVC__PROTO_TCP);
    assert_int_equal(svc__proto_parse("UDPx", 3, &proto), 0);
    assert_int_equal(proto, SVC__PROTO_UDP);
    assert_int_equal(svc__proto_parse("sCTp", 4, &proto), 0);
    assert_int_equal(proto, SVC__PROTO_SCTP);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(svc__proto_parse(bad[i], strlen(bad[i]), &proto),
                         SVC_EINVAL);
    assert_int_equal(proto, SVC__PROTO_SCTP);
    assert_string_equal(svc__proto_name(SVC__PROTO_TCP), "TCP");
    assert_string_equal(svc__proto_name(SVC__PROTO_UDP), "UDP");
    assert_string_equal(svc__proto_name(SVC__PROTO_SCTP), "SCTP");
    assert_null(svc__proto_name(SVC__PROTO_ANY));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service),
        cmocka_unit_test(test_absolute),
        cmocka_unit_test(test_named_port),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_external),
        cmocka_unit_test(test_multi_cluster_and_zonal),
        cmocka_unit_test(test_schemes),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_zone),
        cmocka_unit_test(test_label),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_domain),
        cmocka_unit_test(test_localhost),
        cmocka_unit_test(test_proto),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
