/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/slice: what each field means (semantics 2.9). What it refuses is in
 * test_slice_refused.c, bounds and memory are in test_slice_bounds.c, and
 * test_slice_differential.c compares it with another parser.
 */
#include "base/buf.h"
#include "base/rng.h"
#include "kube/slice.h"
#include "slice_dump.h"
#include "slice_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "n/w of  rv 0 type 4\n"

static void expect(const char *text, const char *dump)
{
    struct svc__buf got;

    svc__buf_init(&got, 100000);
    slice_dump_text(&got, text, strlen(text));
    if (got.data == NULL || strcmp(got.data, dump) != 0)
        fail_msg("%s\ngives %s\nnot   %s", text, got.data, dump);
    svc__buf_fini(&got);
}

static void expect_all(const char *const table[][2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(table[i][0], table[i][1]);
}

#define EXPECT_ALL(table) expect_all(table, sizeof(table) / sizeof((table)[0]))

/* ---- what fields mean --------------------------------------------------- */

static void whole_slice(void **state)
{
    (void)state;
    expect(
        "{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\","
        "\"metadata\":{\"name\":\"web-x7k2p\",\"namespace\":\"shop\","
        "\"uid\":\"1\",\"resourceVersion\":\"4711\",\"labels\":{\"a\":\"b\","
        "\"kubernetes.io/service-name\":\"web\"},\"managedFields\":[{}]},"
        "\"addressType\":\"IPv6\",\"endpoints\":[{\"addresses\":[\"fd00::1\","
        "\"fd00::2\"],\"conditions\":{\"ready\":false,\"serving\":true,"
        "\"terminating\":true},\"hostname\":\"web-0\",\"targetRef\":{\"kind\":"
        "\"Pod\",\"namespace\":\"shop\",\"name\":\"web-0.x\",\"uid\":"
        "\"01234567-89AB-cdef-0123-456789abcdef\"},\"nodeName\":\"n1.x\","
        "\"zone\":\"Eu_1.a\",\"hints\":{\"forZones\":[{\"name\":\"a\"},{"
        "\"name\""
        ":\"B\"}],\"forNodes\":[{\"name\":\"n1\"}]}}],\"ports\":[{\"name\":"
        "\"http\",\"protocol\":\"UDP\",\"port\":8080,\"appProtocol\":"
        "\"kubernetes.io/h2c\"},{\"port\":1}]}",
        "shop/web-x7k2p of web rv 4711 type 6\n"
        "port http 8080 UDP app kubernetes.io/h2c\n"
        "port  1 TCP\n"
        "fd00::1 -st host web-0 in shop pod web-0.x uid "
        "01234567-89ab-cdef-0123-456789abcdef node n1.x zone Eu_1.a "
        "zones a,B, nodes n1,\n");
}

/* Null and absent are one (rules 6, 9). */
static void conditions(void **state)
{
    static const char *const table[][2] = {
        {ENDPOINT("\"x\":1"), HEAD "10.0.0.1 rs-\n"},
        {ENDPOINT("\"conditions\":null"), HEAD "10.0.0.1 rs-\n"},
        {ENDPOINT("\"conditions\":{}"), HEAD "10.0.0.1 rs-\n"},
        {ENDPOINT("\"conditions\":{\"ready\":null,\"serving\":null,"
                  "\"terminating\":null}"),
         HEAD "10.0.0.1 rs-\n"},
        {ENDPOINT("\"conditions\":{\"ready\":false}"), HEAD "10.0.0.1 -s-\n"},
        {ENDPOINT("\"conditions\":{\"serving\":false}"), HEAD "10.0.0.1 r--\n"},
        {ENDPOINT("\"conditions\":{\"terminating\":true}"),
         HEAD "10.0.0.1 rst\n"},
        {ENDPOINTS("{\"addresses\":[\"10.0.0.1\"],\"conditions\":{\"ready\":"
                   "false}},{\"addresses\":[\"10.0.0.2\"]}"),
         HEAD "10.0.0.1 -s-\n10.0.0.2 rs-\n"},
    };
    (void)state;

    EXPECT_ALL(table);
}

static void absent_and_empty(void **state)
{
    static const char *const table[][2] = {
        {SLICE("\"endpoints\":null,\"ports\":null"), HEAD},
        {SLICE("\"endpoints\":[],\"ports\":[]"), HEAD},
        {"{\"metadata\":{\"name\":\"w\"},\"addressType\":\"IPv4\"}",
         "default/w of  rv 0 type 4\n"},
        {"{\"metadata\":{\"name\":\"w\",\"namespace\":\"\",\"labels\":null},"
         "\"addressType\":\"IPv4\"}",
         "default/w of  rv 0 type 4\n"},
        {"{\"metadata\":{\"name\":\"w\",\"resourceVersion\":\"x1\",\"labels\":{"
         "\"kubernetes.io/service-name\":null}},\"addressType\":\"IPv4\"}",
         "default/w of  rv 0 type 4\n"},
        {"{\"metadata\":{\"name\":\"w\",\"resourceVersion\":"
         "\"18446744073709551616\"},\"addressType\":\"IPv4\"}",
         "default/w of  rv 0 type 4\n"},
        {"{\"metadata\":{\"name\":\"w\",\"resourceVersion\":"
         "\"18446744073709551615\"},\"addressType\":\"IPv4\"}",
         "default/w of  rv 18446744073709551615 type 4\n"},
        {ENDPOINT("\"hostname\":null,\"nodeName\":null,\"zone\":null,"
                  "\"targetRef\":null,\"hints\":null"),
         HEAD "10.0.0.1 rs-\n"},
        {ENDPOINT("\"hostname\":\"\",\"nodeName\":\"\",\"zone\":\"\""),
         HEAD "10.0.0.1 rs-\n"},
        {PORT(""), HEAD "port  0 TCP\n"},
        {PORT("\"name\":null,\"port\":null,\"protocol\":null,"
              "\"appProtocol\":null"),
         HEAD "port  0 TCP\n"},
        {PORT("\"name\":null,\"port\":0,\"protocol\":null,"
              "\"appProtocol\":null"),
         HEAD "port  0 TCP\n"},
    };
    (void)state;

    EXPECT_ALL(table);
}

/* Only a Pod is an identity, and nothing of it is required (rule 11). */
static void target_refs(void **state)
{
    static const char *const table[][2] = {
        {ENDPOINT("\"targetRef\":{}"), HEAD "10.0.0.1 rs-\n"},
        {ENDPOINT("\"targetRef\":{\"kind\":\"Pod\"}"), HEAD "10.0.0.1 rs-\n"},
        {ENDPOINT("\"targetRef\":{\"kind\":\"Node\",\"name\":\"N 1\",\"uid\":"
                  "\"01234567-89ab-cdef-0123-456789abcdef\"}"),
         HEAD "10.0.0.1 rs-\n"},
        {ENDPOINT("\"targetRef\":{\"uid\":"
                  "\"01234567-89ab-cdef-0123-456789abcdef\",\"name\":\"p\","
                  "\"namespace\":\"q\",\"kind\":\"Pod\"}"),
         HEAD "10.0.0.1 rs- in q pod p uid "
              "01234567-89ab-cdef-0123-456789abcdef\n"},
        {ENDPOINT("\"targetRef\":{\"kind\":\"Pod\",\"name\":\"p\",\"uid\":"
                  "\"no uuid\"}"),
         HEAD "10.0.0.1 rs- pod p\n"},
        {ENDPOINT("\"targetRef\":{\"kind\":\"\\u0050od\",\"name\":"
                  "\"\\u0070\"}"),
         HEAD "10.0.0.1 rs- pod p\n"},
    };
    (void)state;

    EXPECT_ALL(table);
}

/* An empty list is no hint; an empty name is a hint for nobody (rule 13). */
static void hints(void **state)
{
    static const char *const table[][2] = {
        {ENDPOINT("\"hints\":{\"forZones\":[],\"forNodes\":null}"),
         HEAD "10.0.0.1 rs-\n"},
        {ENDPOINT("\"hints\":{\"forZones\":[{}]}"),
         HEAD "10.0.0.1 rs- zones \n"},
        {ENDPOINT(
             "\"hints\":{\"forZones\":[{\"name\":\"\"},{\"name\":\"a\"}]}"),
         HEAD "10.0.0.1 rs- zones a,\n"},
        {ENDPOINTS("{\"addresses\":[\"10.0.0.1\"],\"hints\":{\"forNodes\":[{"
                   "\"name\":\"a\"}],\"forZones\":[{\"name\":\"a\"}]}},"
                   "{\"addresses\":[\"10.0.0.2\"],\"zone\":\"a\",\"hints\":{"
                   "\"forZones\":[{\"name\":\"a\"}]}}"),
         HEAD "10.0.0.1 rs- zones a, nodes a,\n"
              "10.0.0.2 rs- zone a zones a,\n"},
    };
    (void)state;

    EXPECT_ALL(table);
}

/* Keys that nobody uses may come again (faults J5). */
static void unused_keys(void **state)
{
    static const char *const table[][2] = {
        {SLICE("\"x\":1,\"x\":1"), HEAD},
        {SLICE("\"x\":{\"a\":\"\\ud800\xFF\",\"a\":1e400}"), HEAD},
        {"{\"metadata\":{\"name\":\"w\",\"uid\":\"1\",\"uid\":\"2\",\"labels\":"
         "{"
         "\"a\":\"1\",\"a\":\"2\"}},\"addressType\":\"IPv4\"}",
         "default/w of  rv 0 type 4\n"},
    };
    (void)state;

    EXPECT_ALL(table);
}

/* FQDN slices are kept without endpoints, whatever these are (rule 4). */
static void address_types(void **state)
{
    static const char *const table[][2] = {
        {"{\"metadata\":{\"name\":\"w\"},\"addressType\":\"FQDN\","
         "\"endpoints\":"
         "[{\"addresses\":[\"a.example.com\"]},7],\"ports\":[{\"port\":80}]}",
         "default/w of  rv 0 type 1\nport  80 TCP\n"},
        {"{\"endpoints\":[{\"addresses\":[\"a.b\"]}],\"addressType\":\"FQDN\","
         "\"metadata\":{\"name\":\"w\"}}",
         "default/w of  rv 0 type 1\n"},
        {"{\"endpoints\":[{\"addresses\":[\"fd00::1\"]}],\"addressType\":"
         "\"IPv6\",\"metadata\":{\"name\":\"w\"}}",
         "default/w of  rv 0 type 6\nfd00::1 rs-\n"},
    };
    (void)state;

    EXPECT_ALL(table);
}

/* ---- a decoder that is used again --------------------------------------- */

static void decoder_forgets(void **state)
{
    static const char *const texts[] = {
        PORT("\"port\":80"),
        ENDPOINT("\"zone\":\"a\""),
        "{",
        ENDPOINT("\"hints\":{\"forZones\":[{\"name\":\"a\"}]}"),
        SLICE("\"x\":1"),
        "{\"metadata\":{\"name\":\"v\"},\"addressType\":\"FQDN\"}"};
    struct svc__slice_decoder *d = svc__slice_decoder_new();
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 9);
    for (int run = 0; run < 500; run++) {
        const char *text = texts[svc__rng_below(&rng, 6)];
        struct svc__slice *slice = NULL;
        struct svc__buf want;
        struct svc__buf got;

        svc__buf_init(&want, 1000);
        svc__buf_init(&got, 1000);
        slice_dump_text(&want, text, strlen(text));
        if (svc__slice_decoder_decode(d, text, strlen(text), &slice, NULL) == 0)
            slice_dump(&got, slice);
        assert_true(slice == NULL || strcmp(want.data, got.data) == 0);
        assert_int_equal(slice == NULL, text[1] == '\0');
        svc__slice_unref(slice);
        svc__buf_fini(&want);
        svc__buf_fini(&got);
    }
    svc__slice_decoder_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_slice),
        cmocka_unit_test(conditions),
        cmocka_unit_test(absent_and_empty),
        cmocka_unit_test(target_refs),
        cmocka_unit_test(hints),
        cmocka_unit_test(unused_keys),
        cmocka_unit_test(address_types),
        cmocka_unit_test(decoder_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
