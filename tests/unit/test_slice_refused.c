/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/slice: what refuses an object (faults J3 to J7, J10; semantics 2.11,
 * 15), and that the error names object, field and place.
 */
#include "kube/slice.h"
#include "slice_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The text, what its error says behind the name of the object, and how the
 * text goes on where the error is. */
struct refusal {
    const char *text;
    const char *error;
    const char *place;
};

static void expect(const struct refusal *r, const char *object)
{
    char want[SVC_ERROR_MESSAGE_SIZE];
    struct svc__slice *slice = NULL;
    svc_error error;
    const char *place = strstr(r->text, r->place);

    assert_non_null(place);
    if (svc__slice_decode(r->text, strlen(r->text), &slice, &error) !=
        SVC_EFILE)
        fail_msg("%s passes", r->text);
    snprintf(want, sizeof(want), "EndpointSlice %s: %s (byte %d)", object,
             r->error, (int)(place - r->text));
    if (strcmp(error.message, want) != 0)
        fail_msg("%s\ngives %s\nnot   %s", r->text, error.message, want);
}

static void expect_all(const struct refusal *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(&all[i], "n/w");
}

#define EXPECT_ALL(table) expect_all(table, sizeof(table) / sizeof((table)[0]))

static void names(void **state)
{
    static const struct refusal table[] = {
        {ENDPOINT("\"hostname\":5"), "endpoints[0].hostname: expected a string",
         "5}]}"},
        {ENDPOINT("\"hostname\":\"Web\""),
         "endpoints[0].hostname: \"Web\" is not a lower-case RFC 1123 label",
         "Web"},
        {ENDPOINT("\"hostname\":\"a\\u0000\""),
         "endpoints[0].hostname: NUL character in a string", "\\u0000"},
        {ENDPOINT("\"hostname\":\"a\\ud800\""),
         "endpoints[0].hostname: invalid escape in a string", "\\ud800"},
        {ENDPOINT("\"hostname\":\"a\x01\""),
         "endpoints[0].hostname: control character in a string", "\x01"},
        {ENDPOINT("\"hostname\":\"a\xC3\""),
         "endpoints[0].hostname: a string is not UTF-8", "a\xC3"},
        {ENDPOINT("\"nodeName\":\"a..b\""),
         "endpoints[0].nodeName: \"a..b\" is not a lower-case RFC 1123 "
         "subdomain",
         "a..b"},
        {ENDPOINT("\"nodeName\":\"a-.b\""),
         "endpoints[0].nodeName: \"a-.b\" is not a lower-case RFC 1123 "
         "subdomain",
         "a-.b"},
        {ENDPOINT("\"nodeName\":\"a.\""),
         "endpoints[0].nodeName: \"a.\" is not a lower-case RFC 1123 subdomain",
         "a.\""},
        {ENDPOINT("\"zone\":\"a b\""),
         "endpoints[0].zone: \"a b\" is not a label value", "a b"},
        {ENDPOINT("\"zone\":\"-a\""),
         "endpoints[0].zone: \"-a\" is not a label value", "-a"},
        {ENDPOINT("\"targetRef\":{\"kind\":\"Pod\",\"name\":\"a\nb\"}"),
         "endpoints[0].targetRef.name: control character in a string", "\nb"},
        {ENDPOINT("\"targetRef\":{\"name\":\"A\",\"kind\":\"Pod\"}"),
         "endpoints[0].targetRef: \"A\" is not a lower-case RFC 1123 subdomain",
         "A\",\"kind"},
        {ENDPOINT("\"hints\":{\"forZones\":[{\"name\":\"é\"}]}"),
         "endpoints[0].hints.forZones[0].name: \"é\" is not a label value",
         "é"},
        {ENDPOINT("\"hints\":{\"forNodes\":[{\"name\":\"a_b\"}]}"),
         "endpoints[0].hints.forNodes[0].name: \"a_b\" is not a lower-case "
         "RFC 1123 subdomain",
         "a_b"},
    };
    (void)state;

    EXPECT_ALL(table);
}

static void types(void **state)
{
    static const struct refusal table[] = {
        {ENDPOINT("\"conditions\":{\"ready\":\"true\"}"),
         "endpoints[0].conditions.ready: expected true or false", "\"true"},
        {ENDPOINT("\"conditions\":{\"ready\":1}"),
         "endpoints[0].conditions.ready: expected true or false", "1}}"},
        {ENDPOINT("\"conditions\":{\"ready\":truex}"),
         "endpoints[0].conditions.ready: expected true or false", "truex"},
        {ENDPOINT("\"conditions\":[]"),
         "endpoints[0].conditions: expected an object", "[]"},
        {ENDPOINT("\"hints\":[]"), "endpoints[0].hints: expected an object",
         "[]"},
        {ENDPOINT("\"targetRef\":\"x\""),
         "endpoints[0].targetRef: expected an object", "\"x\""},
        {ENDPOINTS("{}"), "endpoints[0]: has no address", "{}"},
        {ENDPOINTS("{\"addresses\":[]}"), "endpoints[0]: has no address",
         "{\"addr"},
        {ENDPOINTS("{\"addresses\":null}"), "endpoints[0]: has no address",
         "{\"addr"},
        {ENDPOINTS("{\"addresses\":\"10.0.0.1\"}"),
         "endpoints[0].addresses: expected an array", "\"10."},
        {ENDPOINTS("{\"addresses\":[\"10.0.0.1\",\"10.0.0.300\"]}"),
         "endpoints[0].addresses[1]: \"10.0.0.300\" is not an IP address",
         "10.0.0.300"},
        {ENDPOINTS("{\"addresses\":[\"fd00::1\"]}"),
         "endpoints[0].addresses[0]: \"fd00::1\" is not of the addressType",
         "fd00"},
        {ENDPOINTS("{\"addresses\":[null]}"),
         "endpoints[0].addresses[0]: expected a string", "null"},
        {ENDPOINTS("{\"addresses\":[\"10.0.0.1\"]},null"),
         "endpoints[1]: expected an object", "null"},
        {SLICE("\"endpoints\":{}"), "endpoints: expected an array", "{}"},
    };
    (void)state;

    EXPECT_ALL(table);
}

static void ports(void **state)
{
    static const struct refusal table[] = {
        {PORT("\"port\":\"80\""), "ports[0].port: expected a number", "\"80"},
        {PORT("\"port\":65536"), "ports[0].port: number out of range", "65536"},
        {PORT("\"port\":-1"), "ports[0].port: number out of range", "-1"},
        {PORT("\"port\":80.5"), "ports[0].port: expected an integer", "80.5"},
        {PORT("\"port\":1e400"), "ports[0].port: expected an integer", "1e400"},
        {PORT("\"port\":0080"), "ports[0].port: malformed number", "0080"},
        {PORT("\"protocol\":\"tcp\""),
         "ports[0].protocol: \"tcp\" is not TCP, UDP or SCTP", "tcp"},
        {PORT("\"protocol\":\"\""),
         "ports[0].protocol: \"\" is not TCP, UDP or SCTP", "\"}]}"},
        {PORT("\"name\":\"a_b\""),
         "ports[0].name: \"a_b\" is not a lower-case RFC 1123 label", "a_b"},
        {PORT("\"name\":80"), "ports[0].name: expected a string", "80"},
        {PORT("\"appProtocol\":\"a/b/c\""),
         "ports[0].appProtocol: \"a/b/c\" is not a qualified name", "a/b/c"},
        {SLICE("\"ports\":[80]"), "ports[0]: expected an object", "80]"},
        {SLICE("\"ports\":{}"), "ports: expected an array", "{}"},
    };
    (void)state;

    EXPECT_ALL(table);
}

static void malformed_text(void **state)
{
    static const struct refusal table[] = {
        {SLICE("\"x\":{]"), "mismatched bracket", "]}"},
        {SLICE("\"x\":1") " #", "something follows the value", "#"},
        {SLICE("\"x\":1,7:2"), "expected a string", "7:2"},
        {SLICE("\"endpoints\":[{\"addresses\":[\"10.0.0.1\"]]"),
         "endpoints[0]: expected ',' or a closing bracket", "]}"},
        {ENDPOINT("\"zone\" \"a\""), "endpoints[0]: expected ':'", "\"a\"}"},
        {ENDPOINT("\"zone\":\"a\"]"),
         "endpoints[0]: expected ',' or a closing bracket", "]}]}"},
    };
    (void)state;

    EXPECT_ALL(table);
}

static void metadata(void **state)
{
    static const struct refusal table[] = {
        {"{\"addressType\":\"IP\",\"metadata\":{\"name\":\"w\"}}",
         "addressType: \"IP\" is not IPv4, IPv6 or FQDN", "IP"},
        {"{\"addressType\":4,\"metadata\":{\"name\":\"w\"}}",
         "addressType: expected a string", "4"},
        {"{\"metadata\":{\"name\":\"w\"}}", "has no addressType", "{"},
        {"{\"metadata\":{\"name\":\"w\",\"resourceVersion\":7}}",
         "metadata.resourceVersion: expected a string", "7"},
        {"{\"metadata\":{\"name\":\"w\",\"labels\":{\"kubernetes.io/"
         "service-name\""
         ":\"a b\"}}}",
         "metadata.labels.kubernetes.io/service-name: \"a b\" is not a label "
         "value",
         "a b"},
        {"{\"metadata\":{\"name\":\"w\",\"labels\":[]}}",
         "metadata.labels: expected an object", "[]"},
    };
    static const struct refusal name = {
        "{\"metadata\":{\"name\":\"W\"}}",
        "metadata.name: \"W\" is not a lower-case RFC 1123 subdomain", "W"};
    static const struct refusal namespace_ = {
        "{\"metadata\":{\"name\":\"w\",\"namespace\":\"a.b\"}}",
        "metadata.namespace: \"a.b\" is not a lower-case RFC 1123 label",
        "a.b"};
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        expect(&table[i], "default/w");
    expect(&name, "default/W");
    expect(&namespace_, "a.b/w");
}

static void nameless(void **state)
{
    static const struct refusal table[] = {
        {"", "expected an object", ""},
        {"[]", "expected an object", "["},
        {"null", "expected an object", "null"},
        {"{}", "has no metadata.name", "{"},
        {"{\"metadata\":null}", "has no metadata.name", "{"},
        {"{\"metadata\":7}", "metadata: expected an object", "7"},
        {"{\"metadata\":{\"name\":7}}", "metadata.name: expected a string",
         "7"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        expect(&table[i], "default/(unnamed)");
}

/* A used key that comes again refuses (semantics 2.11, 15); whether one that
 * nobody uses does is tested in test_slice.c. */
static void repeated_keys(void **state)
{
    static const struct refusal table[] = {
        {SLICE("\"kind\":1,\"kind\":2"), "kind: is there twice", "2}"},
        {SLICE("\"ports\":[],\"ports\":[1]"), "ports: is there twice", "[1]"},
        {SLICE("\"endpoints\":null,\"endpoints\":[]"),
         "endpoints: is there twice", "[]"},
        {ENDPOINT("\"zone\":\"a\",\"zon\\u0065\":\"b\""),
         "endpoints[0].zone: is there twice", "\"b\""},
        {ENDPOINT("\"conditions\":{\"ready\":true,\"ready\":false}"),
         "endpoints[0].conditions.ready: is there twice", "false"},
        {ENDPOINT("\"targetRef\":{\"kind\":\"A\",\"kind\":\"B\"}"),
         "endpoints[0].targetRef.kind: is there twice", "\"B\""},
        {PORT("\"port\":80,\"port\":81"), "ports[0].port: is there twice",
         "81"},
    };
    (void)state;

    EXPECT_ALL(table);
}

/* One text, read under two rules: what the first lets through must not let it
 * through the second. */
static void equal_texts_under_other_rules(void **state)
{
    static const struct refusal table[] = {
        {ENDPOINT("\"zone\":\"A_a\",\"targetRef\":{\"kind\":\"Pod\","
                  "\"namespace\":\"A_a\"} "),
         "endpoints[0].targetRef.namespace: \"A_a\" is not a lower-case "
         "RFC 1123 label",
         "A_a\"} "},
        {ENDPOINT("\"zone\":\"a.b\",\"targetRef\":{\"kind\":\"Pod\","
                  "\"namespace\":\"a.b\"} "),
         "endpoints[0].targetRef.namespace: \"a.b\" is not a lower-case "
         "RFC 1123 label",
         "a.b\"} "},
        {ENDPOINT("\"hints\":{\"forZones\":[{\"name\":\"a.b\"}]},\"hostname\":"
                  "\"a.b\" "),
         "endpoints[0].hostname: \"a.b\" is not a lower-case RFC 1123 label",
         "a.b\" "},
    };
    (void)state;

    EXPECT_ALL(table);
}

/* Whatever the text is cut to, it is refused. */
static void cut_anywhere(void **state)
{
    static const char text[] = ENDPOINT(
        "\"conditions\":{\"ready\":true},\"hostname\":\"a\",\"nodeName\":"
        "\"n\",\"zone\":\"z\",\"targetRef\":{\"kind\":\"Pod\",\"name\":"
        "\"p\"},\"hints\":{\"forZones\":[{\"name\":\"a\"}]}");
    struct svc__slice *slice = NULL;
    (void)state;

    for (size_t size = 0; size < sizeof(text) - 1; size++)
        assert_int_equal(svc__slice_decode(text, size, &slice, NULL),
                         SVC_EFILE);
    assert_int_equal(svc__slice_decode(text, sizeof(text) - 1, &slice, NULL),
                     0);
    svc__slice_unref(slice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(types),
        cmocka_unit_test(ports),
        cmocka_unit_test(malformed_text),
        cmocka_unit_test(metadata),
        cmocka_unit_test(nameless),
        cmocka_unit_test(repeated_keys),
        cmocka_unit_test(equal_texts_under_other_rules),
        cmocka_unit_test(cut_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
