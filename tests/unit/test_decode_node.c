/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text to a Node. */
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

/* The Node as text, or the message. Owned. */
static char *decode(const char *json)
{
    struct svc__node_object *node = NULL;
    svc_error error = {0, "", ""};
    struct svc__buf b;
    int err = svc__decode_node(json, strlen(json), &node, &error);

    svc__buf_init(&b, 65536);
    if (err == 0) {
        dump_node(&b, node);
        svc__node_object_unref(node);
    } else {
        assert_int_equal(err, SVC_EFILE);
        assert_null(node);
        svc__buf_add_text(&b, error.message);
    }
    return svc__buf_take(&b);
}

#define META    "{\"metadata\":{\"name\":\"n1\"}"
#define ADDRESS META ",\"status\":{\"addresses\":["

static const struct {
    const char *json;
    const char *out;
} cases[] = {
    {META "}", "Node n1 not-ready - -"},
    {META ",\"status\":null}", "Node n1 not-ready - -"},
    {"{\"metadata\":{\"name\":\"n1.example\",\"namespace\":\"x\",\"labels\":{"
     "\"topology.kubernetes.io/zone\":\"eu-1a\",\"other\":5}},\"status\":{"
     "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"},{\"type\":"
     "\"DiskPressure\",\"status\":\"False\"}],\"addresses\":[{\"type\":"
     "\"Hostname\",\"address\":\"n1\"},{\"type\":\"InternalIP\",\"address\":"
     "\"172.18.0.3\"},{\"type\":\"InternalIP\",\"address\":\"fc00::3\"}]}}",
     "Node n1.example ready zone eu-1a 172.18.0.3 fc00::3"},
    /* The first InternalIP of a family, else the first ExternalIP. */
    {ADDRESS "{\"type\":\"ExternalIP\",\"address\":\"203.0.113.1\"},"
             "{\"type\":\"InternalIP\",\"address\":\"10.0.0.1\"},"
             "{\"type\":\"InternalIP\",\"address\":\"10.0.0.2\"}]}}",
     "Node n1 not-ready 10.0.0.1 -"},
    {ADDRESS "{\"type\":\"InternalIP\",\"address\":\"fc00::1\"},"
             "{\"type\":\"ExternalIP\",\"address\":\"203.0.113.1\"},"
             "{\"type\":\"ExternalIP\",\"address\":\"203.0.113.2\"},"
             "{\"type\":\"ExternalIP\",\"address\":\"2001:db8::1\"}]}}",
     "Node n1 not-ready 203.0.113.1 fc00::1"},
    {ADDRESS "{\"type\":\"InternalDNS\",\"address\":\"10.0.0.1\"},"
             "{\"type\":\"InternalIP\",\"address\":null},{\"address\":\"\"},"
             "{\"type\":null}]}}",
     "Node n1 not-ready - -"},
    {META ",\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":"
          "\"Unknown\"}]}}",
     "Node n1 not-ready - -"},
    {META ",\"status\":{\"conditions\":[{\"type\":\"Ready\"}]}}",
     "Node n1 not-ready - -"},
    {"{\"metadata\":{\"name\":\"n1\",\"labels\":{\"topology.kubernetes.io/"
     "zone\":\"\"}}}",
     "Node n1 not-ready - -"},
    /* Refused. */
    {"{}", "Node: metadata.name: missing"},
    {"{\"metadata\":{\"name\":\"N1\"}}",
     "Node: metadata.name: not a name that Kubernetes has: \"N1\""},
    {"{\"metadata\":{\"name\":\"n1.\"}}",
     "Node: metadata.name: not a name that Kubernetes has: \"n1.\""},
    {"{\"metadata\":{\"name\":\"n1\",\"labels\":[]}}",
     "Node: metadata.labels: expected an object (byte 34)"},
    {"{\"metadata\":{\"name\":\"n1\",\"labels\":{\"topology.kubernetes.io/"
     "zone\":1}}}",
     "Node \"n1\": metadata.labels.topology.kubernetes.io/zone: expected a "
     "string (byte 65)"},
    {META ",\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":true}]}"
          "}",
     "Node \"n1\": status.conditions[0].status: expected a string (byte 75)"},
    {ADDRESS "{\"type\":\"InternalIP\",\"address\":\"n1\"}]}}",
     "Node \"n1\": status.addresses[0].address: not an IP address: \"n1\""},
    {ADDRESS "{\"type\":\"ExternalIP\",\"address\":\"n1\"}]}}",
     "Node \"n1\": status.addresses[0].address: not an IP address: \"n1\""},
    {ADDRESS "[]]}}",
     "Node \"n1\": status.addresses[0]: expected an object (byte 49)"},
    {META ",\"status\":{\"addresses\":[],\"addresses\":[]}}",
     "Node \"n1\": status.addresses: the key is repeated"},
};

static void every_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *out = decode(cases[i].json);

        print_message("%s\n", cases[i].json);
        assert_string_equal(out, cases[i].out);
        svc__free(out);
    }
}

static void references(void **state)
{
    struct svc__node_object *node;

    (void)state;
    assert_int_equal(
        svc__decode_node(META "}", sizeof(META "}") - 1, &node, NULL), 0);
    assert_ptr_equal(svc__node_object_ref(node), node);
    svc__node_object_unref(node);
    assert_string_equal(node->name, "n1");
    svc__node_object_unref(node);
    svc__node_object_unref(NULL);
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
        struct svc__node_object *o = NULL;
        svc_error error;

        (void)snprintf(json, sizeof(json),
                       "{\"metadata\":{\"name\":\"n\",\"resourceVersion\":%s}}",
                       table[i].text);
        assert_int_equal(svc__decode_node(json, strlen(json), &o, &error), 0);
        assert_true(o->resource_version == table[i].version);
        svc__node_object_unref(o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(every_case),
        cmocka_unit_test(references),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
