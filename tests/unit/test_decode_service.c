/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text to a Service: every field, and the words of every refusal. */
#include "base/alloc.h"
#include "dump.h"
#include "kube/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* The Service as text, or the message. Owned. */
static char *decode(const char *json)
{
    struct svc__service_object *service = NULL;
    svc_error error = {0, "", ""};
    struct svc__buf b;
    int err = svc__decode_service(json, strlen(json), &service, &error);

    svc__buf_init(&b, 65536);
    if (err == 0) {
        dump_service(&b, service);
        svc__service_object_unref(service);
    } else {
        assert_int_equal(err, SVC_EFILE);
        assert_int_equal(error.code, SVC_EFILE);
        assert_null(service);
        svc__buf_add_text(&b, error.message);
    }
    return svc__buf_take(&b);
}

struct example {
    const char *json;
    const char *out;
};

/* Each example stands between before and after. */
static void check_table(const char *before, const char *after,
                        const struct example *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct svc__buf b;
        char *out;

        svc__buf_init(&b, 65536);
        svc__buf_printf(&b, "%s%s%s", before, table[i].json, after);
        print_message("%s\n", b.data);
        out = decode(b.data);
        assert_string_equal(out, table[i].out);
        svc__free(out);
        svc__buf_fini(&b);
    }
}

#define check(before, after, table)                                            \
    check_table(before, after, table, sizeof(table) / sizeof((table)[0]))

/* A Service of which the spec's inside is to be written. */
#define SPEC                                                                   \
    "{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},\"spec\":{"
#define PORT "\"ports\":[{\"port\":80}]"

static void whole_services(void **state)
{
    static const struct example table[] = {
        {SPEC "\"type\":\"ClusterIP\",\"clusterIP\":\"10.96.0.1\","
              "\"clusterIPs\":[\"10.96.0.1\",\"fd00::1\"],"
              "\"ipFamilies\":[\"IPv4\",\"IPv6\"],\"selector\":{\"a\":\"b\"},"
              "\"internalTrafficPolicy\":\"Local\",\"sessionAffinity\":"
              "\"ClientIP\",\"ports\":[{\"name\":\"http\",\"port\":80,"
              "\"protocol\":\"TCP\",\"targetPort\":\"x\",\"appProtocol\":"
              "\"kubernetes.io/h2c\"},{\"name\":\"dns\",\"port\":53,"
              "\"protocol\":\"UDP\"}]},\"status\":{\"loadBalancer\":{}}}",
         "Service shop/web ClusterIP 10.96.0.1 fd00::1 IPv4 IPv6 "
         "http:80/TCP=kubernetes.io/h2c dns:53/UDP internal-local client-ip "
         "selector"},
        {SPEC "\"clusterIP\":\"None\"}}",
         "Service shop/web ClusterIP headless"},
        {SPEC "\"type\":\"NodePort\",\"externalTrafficPolicy\":\"Local\","
              "\"ports\":[{\"port\":80,\"nodePort\":30002}]}}",
         "Service shop/web NodePort :80/TCP>30002 external-local"},
        {SPEC "\"type\":\"LoadBalancer\"," PORT "},\"status\":{"
              "\"loadBalancer\":{\"ingress\":[{\"ip\":\"203.0.113.7\","
              "\"ipMode\":\"VIP\"},{\"hostname\":\"lb.example\",\"ports\":[{"
              "\"port\":80,\"protocol\":\"TCP\",\"error\":\"Busy\"},{\"port\":"
              "81,\"protocol\":\"UDP\"}]},{}]}}}",
         "Service shop/web LoadBalancer :80/TCP lb 203.0.113.7 lb -,lb.example "
         "(80/TCP Busy)"},
        {SPEC "\"type\":\"ExternalName\",\"externalName\":"
              "\"WWW.example.\",\"clusterIP\":\"None\"}}",
         "Service shop/web ExternalName external WWW.example."},
        {"{\"spec\":{" PORT "},\"metadata\":{\"name\":\"1a\"}}",
         "Service default/1a ClusterIP :80/TCP"},
        /* Escapes mean what they mean, in keys too. */
        {"{\"spec\":{" PORT "},\"meta\\u0064ata\":{\"name\":\"\\u0061\"}}",
         "Service default/a ClusterIP :80/TCP"},
    };

    (void)state;
    check("", "", table);
}

/* Null is absent everywhere; "" is where the API says so. */
static void nothing_is_absent(void **state)
{
    static const struct example table[] = {
        {SPEC PORT
         ",\"type\":null,\"clusterIP\":null,\"clusterIPs\":null,"
         "\"ipFamilies\":null,\"selector\":null,\"sessionAffinity\":null,"
         "\"internalTrafficPolicy\":null,\"externalTrafficPolicy\":null,"
         "\"externalName\":null},\"status\":null}",
         "Service shop/web ClusterIP :80/TCP"},
        {SPEC "\"ports\":[{\"port\":80,\"name\":null,\"protocol\":null,"
              "\"nodePort\":null,\"appProtocol\":null}],\"selector\":{}}}",
         "Service shop/web ClusterIP :80/TCP"},
        {SPEC PORT ",\"type\":\"\",\"clusterIP\":\"\",\"clusterIPs\":[],"
                   "\"sessionAffinity\":\"\",\"externalName\":\"\"}}",
         "Service shop/web ClusterIP :80/TCP"},
        {SPEC PORT ",\"clusterIPs\":[\"None\"]}}",
         "Service shop/web ClusterIP headless :80/TCP"},
        {SPEC PORT "},\"status\":{\"loadBalancer\":{\"ingress\":null}}}",
         "Service shop/web ClusterIP :80/TCP"},
        {SPEC PORT "},\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":null,"
                   "\"hostname\":\"\",\"ports\":null}]}}}",
         "Service shop/web ClusterIP :80/TCP"},
        {"{\"metadata\":{\"name\":\"a\",\"namespace\":null},\"spec\":{" PORT
         "}}",
         "Service default/a ClusterIP :80/TCP"},
    };

    (void)state;
    check("", "", table);
}

/* In fields that nobody uses anything goes that the brackets allow. */
static void other_fields_may_be_wrong(void **state)
{
    static const struct example table[] = {
        {"{\"kind\":5,\"metadata\":{\"managedFields\":[nonsense],\"uid\":7,"
         "\"name\":\"a\",\"uid\":8},\"spec\":{\"x\":[0080],\"x\":\"\\q\"," PORT
         "}}",
         "Service default/a ClusterIP :80/TCP"},
        {"{\"metadata\":{\"name\":\"a\"},\"spec\":{\"ports\":[{\"port\":80,"
         "\"targetPort\":{\"x\":[1]}}]}}",
         "Service default/a ClusterIP :80/TCP"},
    };

    (void)state;
    check("", "", table);
}

static void refused_metadata(void **state)
{
    static const struct example table[] = {
        {"", "Service: expected an object (byte 0)"},
        {"[]", "Service: expected an object (byte 0)"},
        {"{\"spec\":{}}", "Service: metadata.name: missing"},
        {"{\"metadata\":[]}",
         "Service: metadata: expected an object (byte 12)"},
        {"{\"metadata\":{\"name\":\"\"}}", "Service: metadata.name: missing"},
        {"{\"metadata\":{\"name\":5}}",
         "Service: metadata.name: expected a string (byte 20)"},
        {"{\"metadata\":{\"name\":\"Web\"}}",
         "Service: metadata.name: not a name that Kubernetes has: \"Web\""},
        {"{\"metadata\":{\"name\":\"a.b\"}}",
         "Service: metadata.name: not a name that Kubernetes has: \"a.b\""},
        {"{\"metadata\":{\"name\":\"a\\n\"}}",
         "Service: metadata.name: not a name that Kubernetes has: \"a?\""},
        {"{\"metadata\":{\"name\":\"a\\u0000\"}}",
         "Service: metadata.name: NUL character in a string (byte 22)"},
        {"{\"metadata\":{\"name\":\"\\ud800\"}}",
         "Service: metadata.name: invalid escape in a string (byte 21)"},
        {"{\"metadata\":{\"name\":\"a\",\"namespace\":\"-\"}}",
         "Service: metadata.namespace: not a name that Kubernetes has: \"-\""},
        {"{\"metadata\":{\"name\":\"a\",\"name\":\"a\"}}",
         "Service: metadata.name: the key is repeated"},
        {"{\"metadata\":{\"name\":\"a\"},\"metadata\":null}",
         "Service: metadata: the key is repeated"},
        {"{\"metadata\":{\"name\":\"a\"}}",
         "Service \"default/a\": spec: missing"},
        {"{\"metadata\":{\"name\":\"a\"},\"spec\":{}} x",
         "Service: something follows the value (byte 36)"},
        {"{\"metadata\":{\"name\":\"a\"},\"spec\":{}",
         "Service: expected ',' or a closing bracket (byte 34)"},
    };

    (void)state;
    check("", "", table);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    char *out = decode("{\"metadata\":{\"name\":\"\xff\"}}");

    (void)state;
    assert_non_null(strstr(out, "not UTF-8 (byte 21)"));
    svc__free(out);
}

static void refused_specs(void **state)
{
    static const struct example table[] = {
        {"", "Service \"shop/web\": spec.ports: missing"},
        {"\"type\":\"Foo\"," PORT,
         "Service \"shop/web\": spec.type: \"Foo\" is none of ClusterIP, "
         "NodePort, LoadBalancer, ExternalName"},
        {"\"type\":5",
         "Service \"shop/web\": spec.type: expected a string (byte 61)"},
        {"\"type\":\"ExternalName\"",
         "Service \"shop/web\": spec.externalName: missing"},
        {"\"sessionAffinity\":\"clientip\"",
         "Service \"shop/web\": spec.sessionAffinity: \"clientip\" is none of "
         "None, ClientIP"},
        {"\"internalTrafficPolicy\":\"local\"",
         "Service \"shop/web\": spec.internalTrafficPolicy: \"local\" is none "
         "of Cluster, Local"},
        {"\"externalTrafficPolicy\":true",
         "Service \"shop/web\": spec.externalTrafficPolicy: expected a string "
         "(byte 78)"},
        {"\"selector\":[]",
         "Service \"shop/web\": spec.selector: expected an object (byte 65)"},
        {"\"ports\":{}",
         "Service \"shop/web\": spec.ports: expected a list (byte 62)"},
        {PORT "," PORT,
         "Service \"shop/web\": spec.ports: the key is repeated"},
    };

    (void)state;
    check(SPEC, "}}", table);
}

static void refused_addresses(void **state)
{
    static const struct example table[] = {
        {"\"clusterIP\":\"10.0.0.01\"",
         "Service \"shop/web\": spec.clusterIP: not an IP address and not "
         "None: \"10.0.0.01\""},
        {"\"clusterIP\":\"none\"", "Service \"shop/web\": spec.clusterIP: not "
                                   "an IP address and not None: \"none\""},
        {"\"clusterIPs\":\"10.0.0.1\"", "Service \"shop/web\": "
                                        "spec.clusterIPs: expected a list "
                                        "(byte 67)"},
        {"\"clusterIPs\":[5]", "Service \"shop/web\": spec.clusterIPs[0]: "
                               "expected a string (byte 68)"},
        {"\"clusterIPs\":[null]", "Service \"shop/web\": spec.clusterIPs[0]: "
                                  "expected a string (byte 68)"},
        {"\"clusterIPs\":[\"fd00::1\",\"fd00::2\"]",
         "Service \"shop/web\": spec.clusterIPs[1]: a second address of its "
         "family: \"fd00::2\""},
        {"\"clusterIPs\":[\"fd00::1\",\"10.0.0.1\",\"10.0.0.2\"]",
         "Service \"shop/web\": spec.clusterIPs: more than two"},
        {"\"clusterIP\":\"None\",\"clusterIPs\":[\"10.0.0.1\"]",
         "Service \"shop/web\": spec.clusterIPs[0]: not the same as "
         "spec.clusterIP: \"10.0.0.1\""},
        {"\"clusterIPs\":[\"None\",\"10.0.0.1\"]",
         "Service \"shop/web\": spec.clusterIPs[1]: None beside an address"},
        {"\"ipFamilies\":[\"ipv4\"]", "Service \"shop/web\": "
                                      "spec.ipFamilies[0]: neither IPv4 nor "
                                      "IPv6: \"ipv4\""},
        {"\"ipFamilies\":[\"IPv4\",\"IPv6\",\"IPv4\"]",
         "Service \"shop/web\": spec.ipFamilies: more than two"},
        {"\"ipFamilies\":5",
         "Service \"shop/web\": spec.ipFamilies: expected a list (byte 67)"},
        {"\"ipFamilies\":[\"IPv6\",\"IPv6\"]",
         "Service \"shop/web\": spec.ipFamilies[1]: listed twice: \"IPv6\""},
    };

    (void)state;
    check(SPEC, "}}", table);
}

/* faults J3, J5 and J10. */
static void refused_ports(void **state)
{
    static const struct example table[] = {
        {"{}", "spec.ports[0].port: not a port from 1 to 65535"},
        {"null", "spec.ports[0]: expected an object (byte 63)"},
        {"{\"port\":0}", "spec.ports[0].port: not a port from 1 to 65535"},
        {"{\"port\":\"80\"}",
         "spec.ports[0].port: expected a number (byte 71)"},
        {"{\"port\":-1}", "spec.ports[0].port: number out of range (byte 71)"},
        {"{\"port\":65536}",
         "spec.ports[0].port: number out of range (byte 71)"},
        {"{\"port\":18446744073709551696}",
         "spec.ports[0].port: number out of range (byte 71)"},
        {"{\"port\":80.5}",
         "spec.ports[0].port: expected an integer (byte 71)"},
        {"{\"port\":80.0}",
         "spec.ports[0].port: expected an integer (byte 71)"},
        {"{\"port\":1e400}",
         "spec.ports[0].port: expected an integer (byte 71)"},
        {"{\"port\":0080}", "spec.ports[0].port: malformed number (byte 71)"},
        {"{\"port\":true}", "spec.ports[0].port: expected a number (byte 71)"},
        {"{\"port\":80,\"port\":80}",
         "spec.ports[0].port: the key is repeated"},
        {"{\"port\":80,\"nodePort\":70000}",
         "spec.ports[0].nodePort: number out of range (byte 85)"},
        {"{\"port\":80,\"protocol\":\"tcp\"}",
         "spec.ports[0].protocol: \"tcp\" is none of TCP, UDP, SCTP"},
        {"{\"port\":80,\"name\":\"HTTP\"}",
         "spec.ports[0].name: not a DNS label: \"HTTP\""},
        {"{\"port\":80,\"appProtocol\":[]}",
         "spec.ports[0].appProtocol: expected a string (byte 88)"},
        {"{\"port\":80},{\"port\":81,\"name\":\"a\"}",
         "spec.ports[0].name: missing, and there are several ports"},
        {"{\"port\":80,\"name\":\"a\"},{\"port\":81,\"name\":\"a\"}",
         "spec.ports[1].name: another port has this name: \"a\""},
        {"{\"port\":80,\"name\":\"b\"},{\"port\":80,\"name\":\"a\"}",
         "spec.ports[1].port: another port has this number and protocol"},
        {"{\"port\":80,}", "spec.ports[0]: expected a string (byte 74)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct svc__buf b;
        char *out;

        svc__buf_init(&b, 65536);
        svc__buf_printf(&b, SPEC "\"ports\":[%s]}}", table[i].json);
        out = decode(b.data);
        print_message("%s\n", b.data);
        assert_memory_equal(out, "Service \"shop/web\": ", 20);
        assert_string_equal(out + 20, table[i].out);
        svc__free(out);
        svc__buf_fini(&b);
    }
}

static void refused_balancers(void **state)
{
    static const struct example table[] = {
        {"[]", "Service \"shop/web\": status: expected an object (byte 86)"},
        {"{\"loadBalancer\":5}",
         "Service \"shop/web\": status.loadBalancer: expected an object (byte "
         "102)"},
        {"{\"loadBalancer\":{\"ingress\":{}}}",
         "Service \"shop/web\": status.loadBalancer.ingress: expected a list "
         "(byte 113)"},
        {"{\"loadBalancer\":{\"ingress\":[{\"ip\":\"1.2.3.4\",\"ports\":5}]}}",
         "Service \"shop/web\": status.loadBalancer.ingress[0].ports: expected "
         "a list (byte 138)"},
        {"{\"loadBalancer\":{\"ingress\":[{\"ip\":\"1.2.3.4\",\"ports\":[5]}]}"
         "}",
         "Service \"shop/web\": status.loadBalancer.ingress[0].ports[0]: "
         "expected an object (byte 139)"},
    };

    (void)state;
    check(SPEC PORT "},\"status\":", "}", table);
}

static void refused_status(void **state)
{
    static const struct example table[] = {
        {"5", "Service \"shop/web\": status.loadBalancer.ingress[0]: expected "
              "an object (byte 114)"},
        {"{\"ip\":\"lb.example\"}",
         "Service \"shop/web\": status.loadBalancer.ingress[0].ip: not an IP "
         "address: \"lb.example\""},
        {"{\"hostname\":7}",
         "Service \"shop/web\": status.loadBalancer.ingress[0].hostname: "
         "expected a string (byte 126)"},
        {"{\"ip\":\"1.2.3.4\",\"ports\":[{\"port\":1},{\"error\":\"x\"}]}",
         "Service \"shop/web\": status.loadBalancer.ingress[0].ports[1].port: "
         "not a port from 1 to 65535"},
        {"{},{\"ip\":\"1.2.3.4\",\"ports\":[{\"port\":1,\"error\":\"x\"},{"
         "\"port\":2,\"protocol\":\"x\"}]}",
         "Service \"shop/web\": "
         "status.loadBalancer.ingress[1].ports[1].protocol: \"x\" is none of "
         "TCP, UDP, SCTP"},
    };

    (void)state;
    check(SPEC PORT "},\"status\":{\"loadBalancer\":{\"ingress\":[", "]}}}",
          table);
}

/* A list or a text over its bound refuses the object; 1,000 ports are fine. */
static void bounds(void **state)
{
    struct svc__buf b;
    char *out;

    (void)state;
    svc__buf_init(&b, 1 << 22);
    svc__buf_add_text(&b, SPEC "\"ports\":[{\"name\":\"a\",\"port\":1}");
    for (int i = 1; i < 20001; i++)
        svc__buf_printf(&b, ",{\"name\":\"p%d\",\"port\":%d}", i, i + 1);
    svc__buf_add_text(&b, "]}}");
    out = decode(b.data);
    assert_memory_equal(out, "Service \"shop/web\": spec.ports: more elements",
                        45);
    svc__free(out);
    svc__buf_clear(&b);
    svc__buf_add_text(&b, SPEC "\"externalName\":\"");
    for (int i = 0; i < 1025; i++)
        svc__buf_add_byte(&b, 'x');
    svc__buf_add_text(&b, "\"}}");
    out = decode(b.data);
    assert_string_equal(out, "Service \"shop/web\": spec.externalName: longer "
                             "than any value that is used (byte 70)");
    svc__free(out);
    svc__buf_fini(&b);
}

/* Cut anywhere, a Service is refused. */
static void every_prefix_is_refused(void **state)
{
    static const char json[] =
        SPEC "\"type\":\"LoadBalancer\",\"clusterIPs\":[\"10.0.0.1\"]," PORT
             "},\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":"
             "\"1.2.3.4\"}]}}}";

    (void)state;
    for (size_t size = 0; size < sizeof(json) - 1; size++) {
        struct svc__service_object *service;

        assert_int_equal(svc__decode_service(json, size, &service, NULL),
                         SVC_EFILE);
    }
}

static void references(void **state)
{
    struct svc__service_object *service;
    static const char json[] = SPEC PORT "}}";

    (void)state;
    assert_int_equal(
        svc__decode_service(json, sizeof(json) - 1, &service, NULL), 0);
    assert_ptr_equal(svc__service_object_ref(service), service);
    svc__service_object_unref(service);
    assert_string_equal(service->name, "web");
    svc__service_object_unref(service);
    svc__service_object_unref(NULL);
}

/* A number counts, anything else is opaque. */
static void versions(void **state)
{
    static const struct {
        const char *text;
        uint64_t version;
    } table[] = {{"\"4711\"", 4711},
                 {"\"18446744073709551615\"", UINT64_MAX},
                 {"\"18446744073709551616\"", 0},
                 {"\"0x1\"", 0},
                 {"\"-1\"", 0},
                 {"\"1 \"", 0},
                 {"\"\"", 0},
                 {"null", 0}};
    char json[128];

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct svc__service_object *o = NULL;
        svc_error error;

        (void)snprintf(json, sizeof(json),
                       "{\"metadata\":{\"name\":\"n\",\"resourceVersion\":%s},"
                       "\"spec\":{\"ports\":[{\"port\":80}]}}",
                       table[i].text);
        assert_int_equal(svc__decode_service(json, strlen(json), &o, &error),
                         0);
        assert_true(o->resource_version == table[i].version);
        svc__service_object_unref(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(whole_services),
        cmocka_unit_test(nothing_is_absent),
        cmocka_unit_test(other_fields_may_be_wrong),
        cmocka_unit_test(refused_metadata),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(refused_specs),
        cmocka_unit_test(refused_addresses),
        cmocka_unit_test(refused_ports),
        cmocka_unit_test(refused_balancers),
        cmocka_unit_test(refused_status),
        cmocka_unit_test(bounds),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(references),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
