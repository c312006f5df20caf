/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests when memory runs out, and how much of it they take. */
#include "base/buf.h"
#include "dump.h"
#include "kube/manifest.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* Good and refused objects of each kind, and every way to be a document. */
static const char json[] =
    "{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"items\":[{\"metadata\":{"
    "\"name\":\"a\"},\"spec\":{\"type\":\"LoadBalancer\",\"ports\":[{\"name\":"
    "\"a\",\"port\":1,\"appProtocol\":\"x\"},{\"name\":\"b\",\"port\":2}]},"
    "\"status\":{\"loadBalancer\":{\"ingress\":[{},{\"hostname\":\"h\","
    "\"ports\":[{\"port\":1,\"error\":\"e\"}]}]}}},{},{\"metadata\":{\"name\":"
    "\"b\"},\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"x.y\"}}]}"
    "{\"kind\":\"EndpointSlice\",\"apiVersion\":\"discovery.k8s.io/v1\","
    "\"metadata\":{\"name\":\"a-1\"},\"addressType\":\"IPv4\",\"ports\":[{"
    "\"port\":1}],\"endpoints\":[{\"addresses\":[\"10.0.0.1\"]}]}"
    "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\","
    "\"labels\":{\"topology.kubernetes.io/zone\":\"z\"}}}"
    "{\"kind\":\"Node\",\"apiVersion\":\"v2\"}{}";
static const char yaml[] =
    "items: [{metadata: {name: n}}, {}]\nkind: NodeList\napiVersion: v1\n---\n"
    "kind: List\nitems: [{kind: Node, apiVersion: v1, metadata: {name: m}}, "
    "&a {}]\n---\n- x\n---\n{kind: Service}\n";
static const char flow[] = "{kind: Node, apiVersion: v1, metadata: {name: m}}";

/* The manifest as it is with memory. */
static char whole[4096];

static int read_one(const char *text)
{
    static char now[sizeof(whole)];
    struct svc__manifest *m = NULL;
    svc_error error = {0, "", ""};
    struct svc__buf b;
    int err = svc__manifest_parse(
        &(struct svc__manifest_text){text, strlen(text), SVC__MANIFEST_SNIFF,
                                     NULL},
        &m, &error);

    assert_int_equal(error.code, err);
    if (err != 0)
        return err;
    svc__buf_init(&b, sizeof(now) - 1);
    dump_manifest(&b, m);
    svc__manifest_free(m);
    err = b.err;
    if (err == 0) {
        memcpy(now, b.data, b.size + 1);
        if (whole[0] == '\0')
            memcpy(whole, now, b.size + 1);
        assert_string_equal(now, whole);
    }
    svc__buf_fini(&b);
    return err;
}

static void scenario(void *text)
{
    int err = read_one(text);

    assert_true(err == 0 || (err == SVC_ENOMEM && oom_failures() > 0));
}

static void nothing_is_lost(void **state)
{
    const char *const texts[] = {json, yaml, flow};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[2048];

        whole[0] = '\0';
        assert_int_equal(read_one(texts[i]), 0);
        assert_true(whole[0] != '\0');
        memcpy(text, texts[i], strlen(texts[i]) + 1);
        oom_torture(scenario, text);
    }
}

/* Head, then body until there are a million bytes, then tail: what takes most
 * memory for what it says. */
static const struct {
    const char *head;
    const char *body;
    const char *tail;
} hungry[] = {
    /* The smallest good objects there are. While the array of objects moves,
     * both copies count. */
    {"{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"items\":[",
     "{\"metadata\":{\"name\":\"a\"}},", "null]}"},
    {"{kind: NodeList, apiVersion: v1, items: [", "{metadata: {name: a}},",
     "5]}"},
    {"{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"items\":[",
     "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"clusterIP\":\"None\"}},",
     "5]}"},
    {"{kind: ServiceList, apiVersion: v1, items: [",
     "{metadata: {name: a},spec: {clusterIP: None}},", "5]}"},
    {"kind: NodeList\napiVersion: v1\nitems:\n", "- {}\n", ""},
    {"", "--- &a\n", ""},
    {"", "{}", ""},
    {"kind: Node\napiVersion: v1\nmetadata: {name: a}\nx: \"", "\\e", "\""},
    {"kind: Service\napiVersion: v1\nmetadata: {name: a}\nspec: {clusterIP: "
     "None}\nstatus: {loadBalancer: {ingress: [",
     "{},", "]}}"},
};

static void write_hungry(struct svc__buf *b, size_t i, size_t size)
{
    svc__buf_clear(b);
    svc__buf_add_text(b, hungry[i].head);
    while (b->size < size)
        svc__buf_add_text(b, hungry[i].body);
    svc__buf_add_text(b, hungry[i].tail);
}

/* Besides 1 MiB (faults 4.2, G12). */
static void memory_is_bounded_by_the_text(void **state)
{
    static const size_t sizes[] = {1000, 60000, 250000, 1000000};
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, SIZE_MAX / 2);
    for (size_t i = 0; i < sizeof(hungry) / sizeof(hungry[0]) * 4; i++) {
        struct svc__manifest *m = NULL;
        size_t before;
        size_t peak;

        write_hungry(&b, i / 4, sizes[i % 4]);
        before = oom_live_bytes();
        oom_reset_peak();
        (void)svc__manifest_parse(
            &(struct svc__manifest_text){b.data, b.size, SVC__MANIFEST_SNIFF,
                                         NULL},
            &m, NULL);
        peak = oom_peak_bytes() - before;
        print_message("%zu of %s: %.2f\n", b.size, hungry[i / 4].body,
                      (double)peak / (double)b.size);
        assert_true(peak <= 8 * b.size + (1 << 20));
        svc__manifest_free(m);
        assert_int_equal(oom_live_bytes(), before);
    }
    svc__buf_fini(&b);
}

static int install(void **state)
{
    (void)state;
    oom_install();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(memory_is_bounded_by_the_text),
    };

    return cmocka_run_group_tests(tests, install, NULL);
}
