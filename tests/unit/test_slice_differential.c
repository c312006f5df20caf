/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/slice against json-c: slices whose every field is drawn from values
 * that are right, odd or wrong, written in random order, with random white
 * space and escapes, are read by both; what json-c sees is judged by rules
 * that are written down here apart. Both must agree on accepting, and on every
 * field. Also: bytes changed at random, and one text written in many ways.
 */
#include "base/buf.h"
#include "base/rng.h"
#include "generate.h"
#include "kube/frame.h"
#include "kube/slice.h"
#include "slice_dump.h"
#include "slice_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct maker {
    struct svc__buf *b;
    struct svc__rng rng;
    uint32_t wrong; /* one value in so many is odd or wrong; 0: none */
    int plain;      /* no white space, no escapes, one order */
};

static uint32_t draw(struct maker *m, uint32_t n)
{
    return svc__rng_below(&m->rng, n);
}

static void space(struct maker *m)
{
    static const char *const spaces[] = {
        "", "", "", " ", "\n        ", "\n\t \r\n", "                  "};

    if (!m->plain)
        svc__buf_add_text(m->b, spaces[draw(m, 7)]);
}

/* A string of the text, now and then with escapes. */
static void string(struct maker *m, const char *text)
{
    svc__buf_add_byte(m->b, '"');
    for (; *text != '\0'; text++) {
        if (!m->plain && draw(m, 60) == 0 && (unsigned char)*text < 0x80)
            svc__buf_printf(m->b, draw(m, 2) ? "\\u%04x" : "\\u%04X",
                            (unsigned)*text);
        else
            svc__buf_add_byte(m->b, *text);
    }
    svc__buf_add_byte(m->b, '"');
}

static int is_odd(struct maker *m)
{
    return m->wrong != 0 && draw(m, m->wrong) == 0;
}

/* A value that may stand anywhere and is seldom right. */
static void odd_value(struct maker *m)
{
    static const char *const values[] = {
        "null",         "null",    "null",    "true",         "0",
        "-1",           "80",      "80.5",    "1e400",        "65536",
        "[]",           "{}",      "\"\"",    "\"\"",         "\"Web\"",
        "\"a.b\"",      "\"a_b\"", "\"-a\"",  "\"a-\"",       "\"é\"",
        "\"a\\nb\"",    "[null]",  "[{}]",    "[\"\"]",       "{\"name\":7}",
        "\"10.0.0.1\"", "\"tcp\"", "\"a/b\"", "\"10.0.0.01\""};

    svc__buf_add_text(m->b,
                      values[draw(m, sizeof(values) / sizeof(values[0]))]);
}

/* One of the texts, or an odd value. */
static void one_of(struct maker *m, const char *const *texts)
{
    uint32_t count = 0;

    while (texts[count] != NULL)
        count++;
    if (is_odd(m))
        odd_value(m);
    else
        string(m, texts[draw(m, count)]);
}

static void boolean(struct maker *m)
{
    if (is_odd(m))
        odd_value(m);
    else
        svc__buf_add_text(m->b, draw(m, 2) ? "true" : "false");
}

/* ---- objects in random order -------------------------------------------- */

struct member {
    const char *key;
    void (*value)(struct maker *m);
};

static void unknown_value(struct maker *m)
{
    static const char *const values[] = {
        "null",
        "-1.5e-3",
        "\"}]\\\"\"",
        "{\"addresses\":[{}],\"a\":[[\"[{\"]]}",
        "[[],{},\"\\\\\"]",
        "true"};

    svc__buf_add_text(m->b, values[draw(m, 6)]);
}

static void member(struct maker *m, const char *key,
                   void (*value)(struct maker *m), int *first)
{
    if (!*first)
        svc__buf_add_byte(m->b, ',');
    *first = 0;
    space(m);
    string(m, key);
    space(m);
    svc__buf_add_byte(m->b, ':');
    space(m);
    value(m);
    space(m);
}

/* All members, or with wrong some of them; keys do not repeat. */
static void object(struct maker *m, const struct member *members, size_t count)
{
    uint32_t start = m->plain ? 0 : draw(m, (uint32_t)count);
    uint32_t step = m->plain || count % 2 == 0 || draw(m, 2) ? 1 : 2;
    int first = 1;

    svc__buf_add_byte(m->b, '{');
    for (uint32_t i = 0; i < count; i++) {
        const struct member *one = &members[(start + i * step) % count];

        if (!m->plain && draw(m, 12) == 0)
            continue;
        member(m, one->key, one->value, &first);
        if (!m->plain && draw(m, 20) == 0)
            member(m, draw(m, 2) ? "more" : "address", unknown_value, &first);
    }
    space(m);
    svc__buf_add_byte(m->b, '}');
}

#define OBJECT(m, members)                                                     \
    object(m, members, sizeof(members) / sizeof((members)[0]))

static void array(struct maker *m, uint32_t max, void (*value)(struct maker *m))
{
    uint32_t count = draw(m, max + 1);

    if (is_odd(m)) {
        odd_value(m);
        return;
    }
    svc__buf_add_byte(m->b, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            svc__buf_add_byte(m->b, ',');
        space(m);
        value(m);
        space(m);
    }
    space(m);
    svc__buf_add_byte(m->b, ']');
}

/* ---- the parts of a slice ----------------------------------------------- */

static void address(struct maker *m)
{
    static const char *const texts[] = {"10.0.0.1", "192.168.255.254",
                                        "10.244.2.18", NULL};

    one_of(m, texts);
}

static void addresses(struct maker *m)
{
    if (!is_odd(m)) {
        svc__buf_add_byte(m->b, '[');
        address(m);
        svc__buf_add_byte(m->b, ']');
        return;
    }
    array(m, 2, address);
}

static void conditions(struct maker *m)
{
    static const struct member members[] = {
        {"ready", boolean}, {"serving", boolean}, {"terminating", boolean}};

    OBJECT(m, members);
}

static void hostname(struct maker *m)
{
    static const char *const texts[] = {"web-0", "0", "a-1-b", NULL};

    one_of(m, texts);
}

static void node(struct maker *m)
{
    static const char *const texts[] = {
        "n", "ip-10-0-1-23.eu-central-1.compute.internal",
        "gke-c-1-default-pool-3a8e0e0a-0x1k.europe-west3-a.c.project.internal",
        "a-b.c--d.e", NULL};

    one_of(m, texts);
}

static void zone(struct maker *m)
{
    static const char *const texts[] = {"eu-central-1a", "eu-central-1b", "A_b",
                                        "a", NULL};

    one_of(m, texts);
}

static void kind(struct maker *m)
{
    static const char *const texts[] = {"Pod", "Pod", "Pod", "Node", NULL};

    one_of(m, texts);
}

static void uid(struct maker *m)
{
    static const char *const texts[] = {"01234567-89ab-cdef-0123-456789abcdef",
                                        "01234567-89AB-CDEF-0123-456789ABCDEF",
                                        "01234567-89ab-cdef-0123-456789abcdeg",
                                        "01234567-89ab-cdef-0123-456789abcde",
                                        "x",
                                        NULL};

    one_of(m, texts);
}

static void target_ref(struct maker *m)
{
    static const struct member members[] = {
        {"kind", kind}, {"namespace", hostname}, {"name", node}, {"uid", uid}};

    OBJECT(m, members);
}

static void zone_hint(struct maker *m)
{
    static const struct member members[] = {{"name", zone}};

    OBJECT(m, members);
}

static void node_hint(struct maker *m)
{
    static const struct member members[] = {{"name", node}};

    OBJECT(m, members);
}

static void zone_hints(struct maker *m)
{
    array(m, 3, zone_hint);
}

static void node_hints(struct maker *m)
{
    array(m, 2, node_hint);
}

static void hints(struct maker *m)
{
    static const struct member members[] = {{"forZones", zone_hints},
                                            {"forNodes", node_hints}};

    OBJECT(m, members);
}

static void endpoint(struct maker *m)
{
    static const struct member members[] = {
        {"addresses", addresses}, {"conditions", conditions},
        {"hostname", hostname},   {"targetRef", target_ref},
        {"nodeName", node},       {"zone", zone},
        {"hints", hints}};

    OBJECT(m, members);
}

static void endpoints(struct maker *m)
{
    array(m, 5, endpoint);
}

static void port_number(struct maker *m)
{
    if (is_odd(m))
        odd_value(m);
    else
        svc__buf_printf(m->b, "%u", 1 + draw(m, 65535));
}

static void protocol(struct maker *m)
{
    static const char *const texts[] = {"TCP", "UDP", "SCTP", NULL};

    one_of(m, texts);
}

static void app_protocol(struct maker *m)
{
    static const char *const texts[] = {"http", "kubernetes.io/h2c", "A_b.c",
                                        NULL};

    one_of(m, texts);
}

static void port(struct maker *m)
{
    static const struct member members[] = {{"name", hostname},
                                            {"port", port_number},
                                            {"protocol", protocol},
                                            {"appProtocol", app_protocol}};

    OBJECT(m, members);
}

static void ports(struct maker *m)
{
    array(m, 3, port);
}

static void version(struct maker *m)
{
    static const char *const texts[] = {"7", "48211903", "x",
                                        "99999999999999999999", NULL};

    one_of(m, texts);
}

static void label(struct maker *m)
{
    static const char *const texts[] = {"web", "Web_1", NULL};

    one_of(m, texts);
}

static void labels(struct maker *m)
{
    static const struct member members[] = {
        {"app", unknown_value}, {"kubernetes.io/service-name", label}};

    OBJECT(m, members);
}

static void metadata(struct maker *m)
{
    static const struct member members[] = {
        {"name", node},         {"namespace", hostname},
        {"uid", unknown_value}, {"resourceVersion", version},
        {"labels", labels},     {"managedFields", unknown_value}};

    OBJECT(m, members);
}

static void address_type(struct maker *m)
{
    static const char *const texts[] = {"IPv4", "IPv4", "IPv4", "IPv4",
                                        "IPv4", "FQDN", NULL};

    one_of(m, texts);
}

static void slice(struct maker *m)
{
    static const struct member members[] = {{"kind", unknown_value},
                                            {"metadata", metadata},
                                            {"addressType", address_type},
                                            {"endpoints", endpoints},
                                            {"ports", ports}};

    space(m);
    OBJECT(m, members);
    space(m);
}

/* ---- the comparisons ---------------------------------------------------- */

static int make(struct svc__buf *b, uint64_t seed, uint32_t wrong, int plain)
{
    struct maker m = {.b = b, .wrong = wrong, .plain = plain};

    svc__rng_seed(&m.rng, seed);
    svc__buf_clear(b);
    slice(&m);
    return b->err;
}

static void drawn_slices(void **state)
{
    static const uint32_t wrongs[] = {0, 400, 80, 20};
    struct svc__buf text;
    int accepted = 0;
    (void)state;

    svc__buf_init(&text, 1000000);
    for (uint64_t seed = 0; seed < 20000; seed++) {
        assert_int_equal(make(&text, seed, wrongs[seed % 4], (int)(seed & 4)),
                         0);
        accepted += oracle_compare(text.data, text.size, ORACLE_AGREE);
    }
    print_message("%d of 20000 accepted\n", accepted);
    assert_in_range(accepted, 5000, 15000);
    svc__buf_fini(&text);
}

static void generated_slices(void **state)
{
    struct generate_options options = {.endpoints = 20, .managed_fields = 1};
    struct svc__buf text;
    (void)state;

    svc__buf_init(&text, 1000000);
    for (size_t i = 0; i < 300; i++) {
        options.seed = i;
        options.style = i % 2 ? GENERATE_COMPACT : GENERATE_INDENTED;
        svc__buf_clear(&text);
        generate_slice(&text, &options, i);
        assert_int_equal(oracle_compare(text.data, text.size, ORACLE_AGREE), 1);
    }
    svc__buf_fini(&text);
}

/* With bytes changed json-c is more lenient in some ways (repeated keys, say)
 * and stricter in others (what nobody uses); where both accept they agree. */
static void changed_bytes(void **state)
{
    static const char bytes[] = "{}[]\",:\\ \n0159aZ-._\x01\x80\xC3nt";
    struct svc__buf text;
    struct svc__rng rng;
    int accepted = 0;
    (void)state;

    svc__rng_seed(&rng, 77);
    svc__buf_init(&text, 1000000);
    for (uint64_t seed = 0; seed < 20000; seed++) {
        assert_int_equal(make(&text, seed, 0, (int)(seed & 1)), 0);
        for (uint32_t i = svc__rng_below(&rng, 3); i < 3; i++)
            text.data[svc__rng_below(&rng, (uint32_t)text.size)] =
                bytes[svc__rng_below(&rng, sizeof(bytes) - 1)];
        accepted += oracle_compare(text.data, text.size, ORACLE_IF_BOTH);
    }
    print_message("%d of 20000 accepted by both\n", accepted);
    assert_in_range(accepted, 1000, 20000);
    svc__buf_fini(&text);
}

/* A decoder that has seen other slices reads as a new one does. */
static void used_decoder(void **state)
{
    static const uint32_t wrongs[] = {0, 400, 80, 20};
    struct svc__slice_decoder *d = svc__slice_decoder_new();
    struct svc__buf text;
    (void)state;

    svc__buf_init(&text, 1000000);
    for (uint64_t seed = 0; seed < 20000; seed++) {
        struct svc__slice *slice = NULL;
        struct svc__buf fresh;
        struct svc__buf used;

        svc__buf_init(&fresh, 1000000);
        svc__buf_init(&used, 1000000);
        assert_int_equal(make(&text, seed, wrongs[seed % 4], (int)(seed & 4)),
                         0);
        slice_dump_text(&fresh, text.data, text.size);
        if (svc__slice_decoder_decode(d, text.data, text.size, &slice, NULL) ==
            0) {
            slice_dump(&used, slice);
            assert_string_equal(used.data, fresh.data);
        }
        assert_int_equal(slice == NULL, strncmp(fresh.data, "SVC_", 4) == 0);
        svc__slice_unref(slice);
        svc__buf_fini(&fresh);
        svc__buf_fini(&used);
    }
    svc__buf_fini(&text);
    svc__slice_decoder_free(d);
}

/* What the item of a frame is read to, against what its text is read to. */
static void compare_item(struct svc__slice_decoder *d,
                         const struct svc__frame_item *item)
{
    struct svc__slice *slice = NULL;
    struct svc__buf alone;
    struct svc__buf framed;

    svc__buf_init(&alone, 1000000);
    svc__buf_init(&framed, 1000000);
    slice_dump_text(&alone, item->text, item->size);
    if (svc__slice_decoder_item(d, item, &slice, NULL) == 0) {
        slice_dump(&framed, slice);
        assert_string_equal(framed.data, alone.data);
    }
    assert_int_equal(slice == NULL, strncmp(alone.data, "SVC_", 4) == 0);
    svc__slice_unref(slice);
    svc__buf_fini(&alone);
    svc__buf_fini(&framed);
}

/* A frame knows where some containers end: that makes no difference, however
 * the stream is cut. */
static void items_of_a_frame(void **state)
{
    static const uint32_t wrongs[] = {0, 400, 80, 20};
    struct svc__slice_decoder *d = svc__slice_decoder_new();
    struct svc__buf text;
    struct svc__buf list;
    struct svc__rng rng;
    int items = 0;
    (void)state;

    svc__rng_seed(&rng, 5);
    svc__buf_init(&text, 1000000);
    svc__buf_init(&list, 10000000);
    for (uint64_t seed = 0; seed < 4000; seed++) {
        struct svc__frame *f = svc__frame_new(SVC__FRAME_ITEM_MAX, SVC_EFILE);
        struct svc__frame_item item;
        size_t piece = 100 + svc__rng_below(&rng, 8000);

        svc__buf_clear(&list);
        svc__buf_add_text(&list, "{\"items\":[");
        for (uint64_t i = 0; i < 4; i++) {
            assert_int_equal(
                make(&text, seed * 4 + i, wrongs[seed % 4], (int)(seed & 4)),
                0);
            svc__buf_add(&list, i > 0 ? "," : "", i > 0);
            svc__buf_add(&list, text.data, text.size);
        }
        svc__buf_add_text(&list, "]}");
        for (size_t at = 0; at < list.size; at += piece) {
            svc__frame_feed(f, list.data + at,
                            list.size - at < piece ? list.size - at : piece);
            while (svc__frame_next(f, &item, NULL) == 1) {
                compare_item(d, &item);
                items++;
            }
        }
        assert_int_equal(svc__frame_finish(f, NULL), 0);
        svc__frame_free(f);
    }
    assert_int_equal(items, 16000);
    svc__buf_fini(&text);
    svc__buf_fini(&list);
    svc__slice_decoder_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_slices),     cmocka_unit_test(generated_slices),
        cmocka_unit_test(changed_bytes),    cmocka_unit_test(used_decoder),
        cmocka_unit_test(items_of_a_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
