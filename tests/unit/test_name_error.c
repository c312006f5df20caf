/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistakes in names: each has its code and a text of its own, quotes the name,
 * and comes with a hint whose example can be read.
 */
#include "model/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct svc__name_env env = {"mine", "cluster.local"};

/* want follows the quoted name; hint is a part of the hint. */
struct row {
    const char *text;
    int code;
    const char *want;
    const char *hint;
};

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct row rows[] = {
    {"", SVC_ENAME, "the Service's name is missing", "\"web.shop:http\""},
    {".", SVC_ENAME, "nothing stands in front of the dot at position 1",
     "web.shop"},
    {"web..shop", SVC_ENAME, "nothing stands in front of the dot at position 5",
     "web.shop"},
    {"web..", SVC_ENAME, "nothing stands in front of the dot at position 5",
     "web.shop"},
    {".web", SVC_ENAME, "nothing stands in front of the dot at position 1",
     "web.shop"},
    {"web shop", SVC_ENAME, "byte 0x20 at position 4 is not allowed in a name",
     "web.shop:http"},
    {"web\n", SVC_ENAME, "byte 0x0a at position 4 is not allowed in a name",
     "web.shop:http"},
    {"b\xc3\xbc"
     "cher.shop",
     SVC_ENAME, "byte 0xc3 at position 2 is not allowed in a name", "xn--"},
    {"web_1.shop", SVC_ENAME, "character '_' at position 4 cannot stand there",
     "_http._tcp.web.shop"},
    {"web/shop", SVC_ENAME, "character '/' at position 4 cannot stand there",
     "behind a dot"},
    {"svc:///web*.shop", SVC_ENAME,
     "character '*' at position 11 cannot stand there", "letters"},
    {"web#shop", SVC_ENAME, "character '#' at position 4 cannot stand there",
     "file:///"},
    {"web]:80", SVC_ENAME, "character ']' at position 4 cannot stand there",
     "[fd00::1]:80"},
    {"web&view=vip", SVC_ENAME,
     "character '&' at position 4 cannot stand there", "?view=pods"},
    {"-web.shop", SVC_ENAME, "\"-web\" at position 1 begins or ends with '-'",
     "my-web"},
    {"web.shop-", SVC_ENAME, "\"shop-\" at position 5 begins or ends with '-'",
     "my-web"},
    {"a." L63 "a", SVC_ENAME,
     "the part at position 3 has 64 characters, 63 are allowed between dots",
     "kubectl"},
    {L63 "." L63 "." L63 "." L63 ".", SVC_ENAME,
     "the name has 255 characters, a DNS name has at most 253", "web.shop"},
    {"web:", SVC_ENAME, "no port stands behind ':'", "web.shop:http"},
    {":80", SVC_ENAME, "the Service's name is missing", "web.shop"},
    {"web:0", SVC_ENAME, "port 0 is no port", "1 to 65535"},
    {"web:000", SVC_ENAME, "port 0 is no port", "1 to 65535"},
    {"web:65536", SVC_ENAME, "port 65536 is above 65535", "web.shop:8080"},
    {"web:99999999999999999999", SVC_ENAME,
     "port 99999999999999999999 is above 65535", "1 to 65535"},
    {"_0._tcp.web", SVC_ENAME, "port 0 is no port", "1 to 65535"},
    {"web:53/udp", SVC_ENAME, "character '/' at position 7 cannot stand there",
     "?proto=udp"},
    {"web:-80", SVC_ENAME, "port name \"-80\" begins or ends with '-'",
     "grpc-web"},
    {"web:http_x", SVC_ENAME, "character '_' at position 9 cannot stand there",
     "_tcp"},
    {"web:" L63 "a", SVC_ENAME,
     "the port name has 64 characters, 63 are allowed", "web.shop:http"},
    {"web:80:81", SVC_ENAME, "there is more than one ':'", "web.shop:80"},
    {"_http._tcp.web:80", SVC_ENAME,
     "port \"80\" behind the name contradicts the one in front", "once"},
    {"_80._tcp.web:http", SVC_ENAME,
     "port \"http\" behind the name contradicts the one in front", "once"},
    {"_80._tcp.web:81", SVC_ENAME,
     "port \"81\" behind the name contradicts the one in front", "once"},
    {"_http.web.shop", SVC_ENAME, "no protocol stands behind \"_http.\"",
     "_http._tcp.web.shop"},
    {"http._tcp.web", SVC_ENAME,
     "\"http\" in front of a protocol needs an underscore",
     "_http._tcp.web.shop"},
    {"_http._tpc.web", SVC_ENAME,
     "unknown protocol \"_tpc\"; the protocols are _tcp, _udp, _sctp",
     "_http._tcp.web.shop"},
    {"_http._tcp", SVC_ENAME,
     "no Service stands behind the port and the protocol",
     "_http._tcp.web.shop"},
    {"_!._tcp.web", SVC_ENAME, "character '!' at position 2 cannot stand there",
     "letters"},
    {"_._tcp.web", SVC_ENAME,
     "no port name stands behind the underscore in front",
     "_http._tcp.web.shop"},
    {"_http._tcp.web._x.shop", SVC_ENAME,
     "the underscore of \"_x\" cannot stand there", "_zone"},
    {"eu.pin._zone.web.shop", SVC_ENAME,
     "the underscore of \"_zone\" cannot stand there", "pin._zone"},
    {"eu.pin._zone._web.shop.svc", SVC_ENAME,
     "the underscore of \"_web\" cannot stand there", "pin._zone"},
    {"eu.most._zone.web.shop.svc.cluster.local", SVC_ENAME,
     "\"most\" in front of \"_zone\" is neither pin nor prefer", "prefer"},
    {"10.0.0.1", SVC_ENAME, "an address needs a port", "\"10.0.0.1:80\""},
    {"fd00::1", SVC_ENAME, "an IPv6 address needs brackets and a port",
     "\"[fd00::1]:80\""},
    {"fd00::1:80", SVC_ENAME, "an IPv6 address needs brackets and a port",
     "\"[fd00::1]:80\""},
    {"[fd00::1]", SVC_ENAME, "an address needs a port", "\"[fd00::1]:80\""},
    {"[fd00::1]:", SVC_ENAME, "behind ']' and ':' the port is missing",
     "\"[fd00::1]:80\""},
    {"[fd00::1", SVC_ENAME, "the bracket ']' is missing", "\"[fd00::1]:80\""},
    {"[fd00::1]80", SVC_ENAME,
     "behind ']' stands something else than ':' and a port", "]:80"},
    {"[10.0.0.1]:80", SVC_ENAME, "between the brackets stands no IPv6 address",
     "]:80"},
    {"[fe80::1%eth0]:80", SVC_ENAME,
     "an IPv6 zone (behind '%') is not possible here", "]:80"},
    {"10.0.0.1:http", SVC_ENAME, "an address has no named ports",
     "\"10.0.0.1:80\""},
    {"10.0.0.256:80", SVC_ENAME,
     "this is no IPv4 address: its four numbers are 0 to 255 without leading "
     "zeros",
     "10.0.0.1:80"},
    {"10.0.0.01:80", SVC_ENAME,
     "this is no IPv4 address: its four numbers are 0 to 255 without leading "
     "zeros",
     "10.0.0.1:80"},
    {"a.b.c.9", SVC_ENAME, "a domain does not end in a number", "dns:///"},
    {"1.2.3.4.5", SVC_ENAME, "a domain does not end in a number", "dns:///"},
    {"0.0.0.0:80", SVC_EINVAL,
     "0.0.0.0 is the unspecified address, which is no endpoint", "one machine"},
    {"[::]:80", SVC_EINVAL, "the unspecified address, which is no endpoint",
     "one machine"},
    {"224.0.0.1:80", SVC_EINVAL,
     "224.0.0.1 is a multicast address, which is no endpoint", "one machine"},
    {"239.255.255.255:80", SVC_EINVAL, "is a multicast address", "one machine"},
    {"[ff02::1]:80", SVC_EINVAL, "ff02::1 is a multicast address",
     "one machine"},
    {"255.255.255.255:80", SVC_EINVAL,
     "255.255.255.255 is the broadcast address, which is no endpoint",
     "one machine"},
    {"[::ffff:0.0.0.0]:80", SVC_EINVAL, "is the unspecified address",
     "one machine"},
    {"[::ffff:255.255.255.255]:80", SVC_EINVAL, "is the broadcast address",
     "one machine"},
    {"224-0-0-1.shop.pod", SVC_EINVAL, "224.0.0.1 is a multicast address",
     "one machine"},
    {"web.shop.pod", SVC_ENAME,
     "in front of \"pod\" stands no pod address and namespace", "web.pod.svc"},
    {"1-2-3-4.pod.cluster.local", SVC_ENAME,
     "in front of \"pod\" stands no pod address and namespace",
     "10-244-1-18.shop.pod"},
    {"1-2-3-04.shop.pod", SVC_ENAME,
     "in front of \"pod\" stands no pod address and namespace", "web.pod.svc"},
    {"_http._tcp.1-2-3-4.shop.pod", SVC_ENAME,
     "a pod address has no named ports", "pod:80"},
    {"1-2-3-4.shop.pod:http", SVC_ENAME,
     "the address of a pod has no named ports", "\"1.2.3.4:80\""},
    {"web.svc.cluster.local", SVC_ENAME,
     "the namespace is missing between \"web\" and \"svc\"",
     "web.shop.svc.cluster.local"},
    {"svc.cluster.local", SVC_ENAME,
     "this is the part of the zone that Services are in, without a Service",
     "web.shop.svc.cluster.local"},
    {"a.b.c.d.svc.cluster.local", SVC_ENAME,
     "4 parts stand in front of \"svc\", where a Service has 2 or 3",
     "web-0.web.shop.svc"},
    {"a.b.c.d.svc", SVC_ENAME,
     "4 parts stand in front of \"svc\", where a Service has 2 or 3",
     "web-0.web.shop.svc"},
    {"cluster.local.", SVC_ENAME,
     "in the zone \"cluster.local\" Services stand under \"svc\" only",
     "dns:///web.cluster.local"},
    {"web.shop.cluster.local", SVC_ENAME,
     "in the zone \"cluster.local\" Services stand under \"svc\" only",
     "web.shop.svc.cluster.local"},
    {"web.shop.clusterset.local", SVC_ENAME,
     "in the zone \"clusterset.local\" Services stand under \"svc\" only",
     "web.shop.svc.clusterset.local"},
    {"east.web.shop.svc.clusterset.local", SVC_ENAME,
     "3 parts stand in front of \"svc.clusterset.local\", where a "
     "multi-cluster Service has 2, or 4 with a pod's hostname",
     "web-0.east.web.shop"},
    {"www.example.com.:https", SVC_ENAME,
     "a name outside the cluster has no named port \"https\"",
     "dns:///_https._tcp.www.example.com"},
    {"http://web.shop", SVC_ENAME,
     "unknown scheme \"http\"; the schemes are svc, kubernetes, dns, file",
     "web.shop:80"},
    {"a-scheme-of-more-than-forty-characters-in-all://web", SVC_ENAME,
     "unknown scheme \"a-scheme-of-more-than-forty-characters-i\";",
     "web.shop:80"},
    {"kubernetes+x://web", SVC_ENAME, "unknown scheme \"kubernetes+x\";",
     "web.shop:80"},
    {"://web", SVC_ENAME,
     "unknown scheme \"\"; the schemes are svc, kubernetes, dns, file",
     "web.shop:80"},
    {"svc://web.shop", SVC_ENAME,
     "svc:// takes three slashes, and no server in front of the name",
     "svc:///web.shop"},
    {"dns://10.0.0.10/web.shop", SVC_ENAME,
     "dns:// takes three slashes, and no server in front of the name",
     "dns:///web.shop"},
    {"dns:///10.0.0.1:80", SVC_ENAME, "dns:/// takes a name, not an address",
     "\"10.0.0.1:80\""},
    {"dns:///[fd00::1]:80", SVC_ENAME, "dns:/// takes a name, not an address",
     "\"[fd00::1]:80\""},
    {"svc:///", SVC_ENAME, "the Service's name is missing", "web.shop"},
    {"kubernetes://a.b/web", SVC_ENAME,
     "between \"kubernetes://\" and '/' stands one namespace without dots",
     "kubernetes://shop/web:80"},
    {"kubernetes://_a._tcp.b/web", SVC_ENAME,
     "between \"kubernetes://\" and '/' stands one namespace without dots",
     "kubernetes://shop/web:80"},
    {"kubernetes://shop/web.other", SVC_ENAME,
     "behind the namespace \"shop\" stands more than a Service",
     "kubernetes:///web-0.web.shop:80"},
    {"kubernetes://shop/10.0.0.1:80", SVC_ENAME, "an address has no namespace",
     "\"10.0.0.1:80\""},
    {"file://services.yaml#web", SVC_ENAME,
     "the path behind file:// does not begin with '/'", "file:///etc"},
    {"file:///services.yaml", SVC_ENAME,
     "no '#' with a name stands behind the path", "#web.shop:80"},
    {"file:///a\tb#web", SVC_ENAME, "the path has a control character",
     "file:///etc"},
    {"web?", SVC_EINVAL,
     "no option stands at position 5; the options are view, family, proto, "
     "policy, track, subset, slow_start_ms, hash_balance_factor",
     "?view=pods"},
    {"web?view=vip&", SVC_EINVAL,
     "no option stands at position 14; the options are view, family, proto, "
     "policy, track, subset, slow_start_ms, hash_balance_factor",
     "?view=pods"},
    {"web?views=pods", SVC_EINVAL,
     "unknown option \"views\"; the options are view, family, proto, policy, "
     "track, subset, slow_start_ms, hash_balance_factor",
     "?view=pods"},
    {"web?view", SVC_EINVAL,
     "option view has no value; it takes auto, pods, vip, node, lb",
     "?view=pods"},
    {"web?view=", SVC_EINVAL,
     "option view has no value; it takes auto, pods, vip, node, lb",
     "?view=pods"},
    {"web?view=Pods", SVC_EINVAL,
     "option view is \"Pods\"; it takes auto, pods, vip, node, lb",
     "?view=pods"},
    {"web?family=4", SVC_EINVAL,
     "option family is \"4\"; it takes any, ipv4, ipv6", "?view=pods"},
    {"web?proto=icmp", SVC_EINVAL,
     "option proto is \"icmp\"; it takes tcp, udp, sctp", "?view=pods"},
    {"web?track=2", SVC_EINVAL, "option track is \"2\"; it takes 0, 1",
     "?view=pods"},
    {"web?subset=ten", SVC_EINVAL,
     "option subset is \"ten\"; it takes a number of endpoints, 0 for all",
     "?view=pods"},
    {"web?slow_start_ms=1000000000", SVC_EINVAL,
     "option slow_start_ms is \"1000000000\"; it takes milliseconds, 0 for "
     "none",
     "?view=pods"},
    {"web?policy=a%20b", SVC_EINVAL,
     "option policy is \"a%20b\"; it takes a word such as rr", "policy=rr"},
    {"web?view=vip&view=vip", SVC_EINVAL, "option view is given more than once",
     "?view=pods"},
    {"_dns._udp.web?proto=tcp", SVC_EINVAL,
     "option proto=tcp contradicts the protocol UDP in front", "proto=udp"}};

static const size_t row_count = sizeof(rows) / sizeof(rows[0]);

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < row_count; i++) {
        svc_error error = {0};
        struct svc__name name = {.port = 7};
        int err = svc__name_parse(rows[i].text, &env, &name, &error);

        if (err != rows[i].code || error.code != err)
            fail_msg("%s: %d %s", rows[i].text, err, error.message);
        if (strstr(error.message, rows[i].want) == NULL)
            fail_msg("%s: %s", rows[i].text, error.message);
        if (strstr(error.hint, rows[i].hint) == NULL)
            fail_msg("%s: %s", rows[i].text, error.hint);
        assert_int_equal(name.port, 7);
        assert_null(name.service);
        assert_int_equal(svc__name_parse(rows[i].text, &env, &name, NULL), err);
    }
}

/* Reads every example between quotes in a hint. Returns how many there are. */
static int read_examples(const char *hint)
{
    char text[SVC_ERROR_HINT_SIZE];
    int count = 0;

    while ((hint = strchr(hint, '"')) != NULL) {
        const char *end = strchr(hint + 1, '"');
        struct svc__name name;
        svc_error error;

        assert_non_null(end);
        (void)snprintf(text, sizeof(text), "%.*s", (int)(end - hint - 1),
                       hint + 1);
        hint = end + 1;
        if (strncmp(text, "kubectl", 7) == 0)
            continue;
        if (svc__name_parse(text, &env, &name, &error) != 0)
            fail_msg("example %s: %s", text, error.message);
        svc__name_fini(&name);
        count++;
    }
    return count;
}

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < row_count; i++) {
        struct svc__name name;
        svc_error error;

        assert_int_not_equal(svc__name_parse(rows[i].text, &env, &name, &error),
                             0);
        assert_true(read_examples(error.hint) > 0);
    }
}

/* The name comes first, as it was written, and control characters do not. */
static void test_quote(void **state)
{
    struct svc__name name;
    svc_error error;
    char text[400];

    (void)state;
    svc__name_parse("Web_1\n\xff", &env, &name, &error);
    assert_string_equal(error.message, "name \"Web_1??\": character '_' at "
                                       "position 4 cannot stand there");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    svc__name_parse(text, &env, &name, &error);
    assert_memory_equal(error.message + 86, "...\": the name has 399", 22);
}

static void test_too_long(void **state)
{
    static char text[3000];
    struct svc__name name;
    svc_error error;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "file:///", 8);
    assert_int_equal(svc__name_parse(text, &env, &name, &error), SVC_ENAME);
    assert_non_null(strstr(error.message, "at most 2048 bytes"));
    text[2048] = '\0';
    assert_int_equal(svc__name_parse(text, &env, &name, &error), SVC_ENAME);
    assert_non_null(strstr(error.message, "no '#'"));
    (void)snprintf(text + 7 + 1025, 8, "#web");
    assert_int_equal(svc__name_parse(text, &env, &name, &error), SVC_ENAME);
    assert_non_null(strstr(error.message, "longer than 1024 bytes"));
    assert_int_equal(svc__name_parse(NULL, &env, &name, &error), SVC_ENAME);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
