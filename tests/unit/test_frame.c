/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/frame: what comes out of a stream, as readable traces; that it does not
 * depend on how the stream was cut; that nothing malformed passes; bounds and
 * memory.
 */
#include "base/buf.h"
#include "base/rng.h"
#include "generate.h"
#include "kube/frame.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MAX 4000 /* item_max of most tests */

/* ---- traces ------------------------------------------------------------- */

static void note_id(struct svc__buf *trace, const char *what,
                    const struct svc__frame_id *id)
{
    if (id != NULL)
        svc__buf_printf(trace, " %s=%s/%s", what, id->api_version, id->kind);
}

static void note_item(struct svc__buf *trace,
                      const struct svc__frame_item *item)
{
    svc__buf_printf(trace, "%zu.%zu @%llu", item->document, item->index,
                    (unsigned long long)item->offset);
    note_id(trace, "list", item->list);
    note_id(trace, "id", item->id);
    svc__buf_printf(trace, " tokens=%u", item->tokens);
    if (item->reason != NULL)
        svc__buf_printf(trace, " (%s)", item->reason);
    svc__buf_add_byte(trace, ' ');
    svc__buf_add(trace, item->text, item->size);
    svc__buf_add_byte(trace, '\n');
}

/* Feeds text in pieces; next is asked for the size of each. */
static void trace_pieces(struct svc__buf *trace, const char *text, size_t size,
                         size_t max, struct svc__rng *pieces)
{
    struct svc__frame *f = svc__frame_new(max, SVC_EPROTO);
    struct svc__frame_item item;
    svc_error error;
    size_t at = 0;
    int more = 0;

    while (at < size && more == 0) {
        size_t piece = size;

        if (pieces != NULL)
            piece = svc__rng_below(pieces,
                                   svc__rng_below(pieces, 3) == 0 ? 200 : 4);
        piece = piece < size - at ? piece : size - at;
        svc__frame_feed(f, text + at, piece);
        at += piece;
        while ((more = svc__frame_next(f, &item, &error)) == 1) {
            assert_memory_equal(text + item.offset, item.text, item.size);
            note_item(trace, &item);
        }
    }
    more = svc__frame_finish(f, &error);
    if (more != 0)
        svc__buf_printf(trace, "%s: %s\n", svc_err_name(more), error.message);
    svc__frame_free(f);
}

static void expect(const char *text, const char *trace)
{
    struct svc__buf got;
    struct svc__rng pieces;

    svc__rng_seed(&pieces, 5);
    for (int run = 0; run < 20; run++) {
        svc__buf_init(&got, 100000);
        svc__buf_add_text(&got, "");
        trace_pieces(&got, text, strlen(text), MAX, run == 0 ? NULL : &pieces);
        assert_string_equal(got.data, trace);
        svc__buf_fini(&got);
    }
}

/* ---- what comes out ----------------------------------------------------- */

static void documents(void **state)
{
    (void)state;
    expect("", "");
    expect(" \n\t\r", "");
    expect("{}", "1.0 @0 id=/ tokens=2 {}\n");
    expect("\xEF\xBB\xBF{}\n", "1.0 @3 id=/ tokens=2 {}\n");
    expect(
        "{\"kind\":\"Service\",\"apiVersion\":\"v1\"}\n"
        "{\"a\":{\"kind\":\"x\"},\"kind\":\"Node\"} {}",
        "1.0 @0 id=v1/Service tokens=3 "
        "{\"kind\":\"Service\",\"apiVersion\":\"v1\"}\n"
        "2.0 @37 id=/Node tokens=5 {\"a\":{\"kind\":\"x\"},\"kind\":\"Node\"}\n"
        "3.0 @70 id=/ tokens=2 {}\n");
    expect("{\"kind\":5,\"apiVersion\":{}}{\"\\u006bind\":\"a\\nb\"}",
           "1.0 @0 id=/ tokens=5 {\"kind\":5,\"apiVersion\":{}}\n"
           "2.0 @26 id=/a\nb tokens=2 {\"\\u006bind\":\"a\\nb\"}\n");
    expect("{\"type\":\"ADDED\",\"object\":{\"kind\":\"Service\"}}\n",
           "1.0 @0 id=/ tokens=5 "
           "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Service\"}}\n");
}

static void lists(void **state)
{
    (void)state;
    expect("{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"items\":"
           "[{\"a\":1},\n{\"kind\":\"Service\"}],\"metadata\":{}}{}",
           "1.0 @49 list=v1/ServiceList id=/ tokens=2 {\"a\":1}\n"
           "1.1 @58 list=v1/ServiceList id=/Service tokens=2 "
           "{\"kind\":\"Service\"}\n"
           "2.0 @92 id=/ tokens=2 {}\n");
    expect("{\"items\":[],\"kind\":\"List\"}", "");
    expect("{ \"items\" : [ {} , {} ] }", "1.0 @14 list=/ id=/ tokens=2 {}\n"
                                          "1.1 @19 list=/ id=/ tokens=2 {}\n");
    expect("{\"metadata\":{\"items\":[1]},\"\\u0069tems\":[{\"x\":[{}]}]}",
           "1.0 @40 list=/ id=/ tokens=6 {\"x\":[{}]}\n");
    expect("{\"items\":[{}],\"more\":[{\"items\":[1,2]}],\"kind\":\"List\"}",
           "1.0 @10 list=/ id=/ tokens=2 {}\n");
}

/* A document that merely has items, and items that are no array. */
static void no_lists(void **state)
{
    (void)state;
    expect("{\"kind\":\"Cron\",\"items\":[{}]}",
           "1.0 @0 id=/Cron tokens=7 {\"kind\":\"Cron\",\"items\":[{}]}\n");
    expect("{\"items\":{\"a\":[]}}",
           "1.0 @0 id=/ tokens=6 {\"items\":{\"a\":[]}}\n");
    expect("{\"items\":null,\"kind\":\"List\"}",
           "1.0 @0 id=/List tokens=3 {\"items\":null,\"kind\":\"List\"}\n");
    expect("{\"a\":\"items\",\"b\":[]}",
           "1.0 @0 id=/ tokens=5 {\"a\":\"items\",\"b\":[]}\n");
}

/* An element of any kind comes out, the others count. */
static void odd_elements(void **state)
{
    (void)state;
    expect("{\"items\":[null,{},\"a,b\", 12 ,[{}],{\"a\":1}]}",
           "1.0 @10 list=/ id=/ tokens=0 (an element of items is no object) "
           "null\n"
           "1.1 @15 list=/ id=/ tokens=2 {}\n"
           "1.2 @18 list=/ id=/ tokens=0 (an element of items is no object) "
           "\"a,b\"\n"
           "1.3 @25 list=/ id=/ tokens=0 (an element of items is no object) "
           "12\n"
           "1.4 @29 list=/ id=/ tokens=4 (an element of items is no object) "
           "[{}]\n"
           "1.5 @34 list=/ id=/ tokens=2 {\"a\":1}\n");
    expect("{\"items\":[true]}",
           "1.0 @10 list=/ id=/ tokens=0 (an element of items is no object) "
           "true\n");
}

/* A malformed top level refuses its object, not the stream. */
static void malformed_objects(void **state)
{
    (void)state;
    expect("{\"kind\":\"Service\" \"x\":{}}{}",
           "1.0 @0 id=/Service tokens=4 "
           "(expected ',' or a closing bracket) "
           "{\"kind\":\"Service\" \"x\":{}}\n"
           "2.0 @25 id=/ tokens=2 {}\n");
    expect("{{}}", "1.0 @0 id=/ tokens=4 (expected a string) {{}}\n");
    expect("{\"items\":[{\"a\"},{\"b\":[},{}]}",
           "1.0 @10 list=/ id=/ tokens=2 (expected ':') {\"a\"}\n"
           "SVC_EPROTO: document 1: mismatched bracket (byte 22)\n");
    expect("{\"a\":1,}{\"items\" [{}]}",
           "1.0 @0 id=/ tokens=3 (expected a string) {\"a\":1,}\n"
           "2.0 @8 id=/ tokens=6 (expected ':') {\"items\" [{}]}\n");
}

static const struct {
    const char *text;
    const char *error;
} refused[] = {
    {"x", "document 1: expected an object (byte 0)"},
    {"[]", "document 1: expected an object (byte 0)"},
    {"\"a\"", "document 1: expected an object (byte 0)"},
    {"null", "document 1: expected an object (byte 0)"},
    {"{} x {}", "document 2: expected an object (byte 3)"},
    {"{},{}", "document 2: expected an object (byte 2)"},
    {"{}}", "document 2: mismatched bracket (byte 2)"},
    {"{}\"}", "document 2: expected an object (byte 2)"},
    {"{} \\", "document 2: backslash outside a string (byte 3)"},
    {"{}\xEF\xBB\xBF{}", "document 2: expected an object (byte 2)"},
    {"\xEF\xBB", "document 1: the text is cut (byte 2)"},
    {"\xEF{}", "document 1: not UTF-8 (byte 1)"},
    {"{", "document 1: the text is cut (byte 1)"},
    {"{\"a", "document 1: the text is cut (byte 3)"},
    {"{\"a\\", "document 1: the text is cut (byte 4)"},
    {"{\"items\":[{}", "document 1: the text is cut (byte 12)"},
    {"{\"items\":[", "document 1: the text is cut (byte 10)"},
    {"{\"a\":[}]", "document 1: mismatched bracket (byte 6)"},
    {"{\"a\":1]", "document 1: mismatched bracket (byte 6)"},
    {"{\"a\":\\\"x\"}", "document 1: backslash outside a string (byte 5)"},
    {"{\"a\":\"\x80\"}", "document 1: not UTF-8 (byte 6)"},
    {"{\"a\":\"\xC3\"}", "document 1: not UTF-8 (byte 7)"},
    {"{\"items\":[{} {}]}", "document 1: expected ',' or a closing bracket "
                            "(byte 13)"},
    {"{\"items\":[,]}", "document 1: expected a value (byte 10)"},
    {"{\"items\":[{},]}", "document 1: expected a value (byte 13)"},
    {"{\"items\":[{}:{}]}", "document 1: expected ',' or a closing bracket "
                            "(byte 12)"},
    {"{\"items\":[nul]}", "document 1: expected a value (byte 10)"},
    {"{\"items\":[],\"items\":[]}",
     "document 1: items is there twice (byte 20)"},
    {"{\"items\":[],}", "document 1: expected a string (byte 12)"},
    {"{\"items\":[] \"a\":{}}", "document 1: expected ',' or a closing bracket "
                                "(byte 12)"},
};

static void refused_streams(void **state)
{
    struct svc__buf want;
    (void)state;

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct svc__buf got;
        const char *text = refused[i].text;

        svc__buf_init(&got, 1000);
        svc__buf_init(&want, 1000);
        svc__buf_printf(&want, "SVC_EPROTO: %s\n", refused[i].error);
        trace_pieces(&got, text, strlen(text), MAX, NULL);
        if (got.data == NULL || strstr(got.data, want.data) == NULL)
            fail_msg("%s\ngives %s\nnot %s", text, got.data, want.data);
        expect(text, got.data);
        svc__buf_fini(&got);
        svc__buf_fini(&want);
    }
}

/* ---- cutting ------------------------------------------------------------ */

/* Text of documents and lists, now and then with a byte changed. */
static void random_text(struct svc__buf *b, struct svc__rng *rng)
{
    static const char *const parts[] = {
        "{\"kind\":\"List\",\"items\":[",
        "]}",
        "{\"a\":1}",
        ",",
        "{\"items\":[",
        "]}",
        "{\"kind\":\"Pod\",\"spec\":{\"x\":[{}]},\"b\":\"\\\"é\"}",
        ",",
        " \n ",
        "{\"b\":[[]]}",
        ",",
        "null",
        "[]",
        "]}",
        "\"s\""};

    svc__buf_clear(b);
    while (b->size < 400)
        svc__buf_add_text(b, parts[svc__rng_below(rng, 15)]);
    if (svc__rng_below(rng, 3) == 0)
        b->data[svc__rng_below(rng, 400)] =
            "{}[]\",:\\\x80x"[svc__rng_below(rng, 10)];
}

static void agree(const struct svc__buf *text, size_t max,
                  struct svc__rng *pieces)
{
    struct svc__buf want;
    struct svc__buf got;

    svc__buf_init(&want, (size_t)1 << 24);
    svc__buf_init(&got, (size_t)1 << 24);
    trace_pieces(&want, text->data, text->size, max, NULL);
    trace_pieces(&got, text->data, text->size, max, pieces);
    assert_int_equal(want.err, 0);
    if (want.size != got.size || memcmp(want.data, got.data, want.size) != 0)
        fail_msg("%.*s\nwhole:\n%.*s\npieces:\n%.*s", (int)text->size,
                 text->data, (int)want.size, want.data, (int)got.size,
                 got.data);
    svc__buf_fini(&want);
    svc__buf_fini(&got);
}

/* Chunking invariance, small bounds included (faults I7). */
static void pieces_make_no_difference(void **state)
{
    struct svc__buf text;
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 21);
    svc__buf_init(&text, 100000);
    for (int run = 0; run < 20000; run++) {
        random_text(&text, &rng);
        agree(&text, svc__rng_below(&rng, 4) == 0 ? 20 : MAX, &rng);
    }
    svc__buf_fini(&text);
}

static void generated_lists(void **state)
{
    struct generate_options options = {
        .services = 3, .slices = 7, .endpoints = 5, .managed_fields = 1};
    struct svc__buf text;
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 22);
    for (int run = 0; run < 40; run++) {
        options.seed = (uint64_t)run;
        options.style = run % 2 ? GENERATE_COMPACT : GENERATE_INDENTED;
        svc__buf_init(&text, (size_t)1 << 24);
        generate_list(&text, &options);
        assert_int_equal(text.err, 0);
        agree(&text, SVC__FRAME_ITEM_MAX, &rng);
        text.data[svc__rng_below(&rng, (uint32_t)text.size)] =
            "{}[]\"\\\x80"[svc__rng_below(&rng, 7)];
        agree(&text, SVC__FRAME_ITEM_MAX, &rng);
        svc__buf_fini(&text);
    }
}

/* A stream that ends anywhere within a document is cut (faults J1). */
static void cut_anywhere(void **state)
{
    static const char text[] =
        "{\"items\":[{\"a\":[\"\\\"\"]},{}],\"kind\":\"List\"}\n{\"b\":{}}";
    const size_t first = (size_t)(strchr(text, '\n') - text);
    const size_t ends[] = {0, first, first + 1, sizeof(text) - 1};
    (void)state;

    for (size_t size = 0; size < sizeof(text); size++) {
        struct svc__frame *f = svc__frame_new(MAX, SVC_EFILE);
        struct svc__frame_item item;
        int whole = 0;

        for (size_t i = 0; i < 4; i++)
            whole |= size == ends[i];
        svc__frame_feed(f, text, size);
        while (svc__frame_next(f, &item, NULL) == 1)
            ;
        assert_int_equal(svc__frame_finish(f, NULL), whole ? 0 : SVC_EFILE);
        assert_int_equal(svc__frame_offset(f), size);
        svc__frame_free(f);
    }
}

/* ---- bounds ------------------------------------------------------------- */

static int run_text(const struct svc__buf *text, size_t max, svc_error *reterr)
{
    struct svc__frame *f = svc__frame_new(max, SVC_EFILE);
    struct svc__frame_item item;
    int more;

    svc__frame_feed(f, text->data, text->size);
    do
        more = svc__frame_next(f, &item, reterr);
    while (more == 1);
    if (more == 0)
        more = svc__frame_finish(f, reterr);
    svc__frame_free(f);
    return more;
}

static void bound_of_size(void **state)
{
    struct svc__buf text;
    svc_error error;
    (void)state;

    svc__buf_init(&text, 100000);
    svc__buf_add_text(&text, "{\"items\":[{\"a\":\"");
    for (int i = 0; i < 985; i++)
        svc__buf_add_byte(&text, 'x');
    svc__buf_add_text(&text, "\"},{}],\"b\":\"");
    for (int i = 0; i < 500; i++)
        svc__buf_add_byte(&text, 'x');
    svc__buf_add_text(&text, "\"}");
    assert_int_equal(run_text(&text, 993, &error), 0);
    assert_int_equal(run_text(&text, 992, &error), SVC_ETOOBIG);
    assert_string_equal(error.message, "document 1: an object is larger than "
                                       "the bound (byte 10)");
    svc__buf_fini(&text);
}

/* In a list the depth of an item counts, not that of the list. */
static void bound_of_depth(void **state)
{
    (void)state;
    for (int list = 0; list < 2; list++) {
        for (int depth = 31; depth <= 34; depth++) {
            struct svc__buf text;
            svc_error error;

            svc__buf_init(&text, 1000);
            svc__buf_add_text(&text, list ? "{\"items\":[{\"a\":" : "{\"a\":");
            for (int i = 1; i < depth; i++)
                svc__buf_add_byte(&text, '[');
            for (int i = 1; i < depth; i++)
                svc__buf_add_byte(&text, ']');
            svc__buf_add_text(&text, list ? "}]}" : "}");
            assert_int_equal(run_text(&text, MAX, &error),
                             depth > SVC__FRAME_DEPTH_MAX ? SVC_ETOOBIG : 0);
            svc__buf_fini(&text);
        }
    }
}

static void bound_of_tokens(void **state)
{
    struct svc__buf text;
    svc_error error;
    (void)state;

    svc__buf_init(&text, SVC__FRAME_ITEM_MAX);
    svc__buf_add_text(&text, "{\"a\":[0");
    for (uint32_t i = 4; i < SVC__FRAME_TOKENS_MAX; i++)
        svc__buf_add_text(&text, ",0");
    svc__buf_add_text(&text, "]}");
    assert_int_equal(run_text(&text, SVC__FRAME_ITEM_MAX, &error), 0);
    text.size -= 2;
    svc__buf_add_text(&text, ",0]}");
    assert_int_equal(run_text(&text, SVC__FRAME_ITEM_MAX, &error), SVC_ETOOBIG);
    assert_non_null(strstr(error.message, "too many values"));
    svc__buf_fini(&text);
}

/* An item that lies within the chunk is not copied. */
static void zero_copy(void **state)
{
    const char *text = "{\"items\":[{\"a\":1},{\"b\":2}]}";
    struct svc__frame *f = svc__frame_new(MAX, SVC_EFILE);
    struct svc__frame_item item;
    (void)state;

    svc__frame_feed(f, text, 21);
    assert_int_equal(svc__frame_next(f, &item, NULL), 1);
    assert_ptr_equal(item.text, text + 10);
    assert_int_equal(svc__frame_next(f, &item, NULL), 0);
    svc__frame_feed(f, text + 21, strlen(text) - 21);
    assert_int_equal(svc__frame_next(f, &item, NULL), 1);
    assert_memory_equal(item.text, "{\"b\":2}", item.size);
    assert_int_equal(svc__frame_next(f, &item, NULL), 0);
    assert_int_equal(svc__frame_finish(f, NULL), 0);
    svc__frame_free(f);
}

/* ---- memory ------------------------------------------------------------- */

/* A long stream needs the memory of its largest item (faults G12). */
static void memory_of_one_item(void **state)
{
    static const char item_text[] = "{\"a\":\"0123456789012345678901234567\"},";
    struct svc__frame *f;
    struct svc__frame_item item;
    size_t items = 0;
    (void)state;

    oom_reset_peak();
    f = svc__frame_new(SVC__FRAME_ITEM_MAX, SVC_EFILE);
    svc__frame_feed(f, "{\"items\":[", 10);
    assert_int_equal(svc__frame_next(f, &item, NULL), 0);
    for (size_t i = 0; i < 100000; i++) {
        svc__frame_feed(f, item_text, sizeof(item_text) - 1);
        while (svc__frame_next(f, &item, NULL) == 1)
            items++;
        svc__frame_feed(f, "{", 1);
        assert_int_equal(svc__frame_next(f, &item, NULL), 0);
        svc__frame_feed(f, "},", 2);
        while (svc__frame_next(f, &item, NULL) == 1)
            items++;
    }
    assert_int_equal(items, 200000);
    assert_in_range(oom_peak_bytes(), 1, 4096);
    svc__frame_free(f);
}

static void run_out_of_memory(void *arg)
{
    const char *text = arg;
    struct svc__frame *f = svc__frame_new(MAX, SVC_EFILE);
    struct svc__frame_item item;
    svc_error error = {0};
    int more = 0;

    if (f == NULL)
        return;
    for (size_t at = 0; at < strlen(text) && more == 0; at += 7) {
        size_t left = strlen(text) - at;

        svc__frame_feed(f, text + at, left < 7 ? left : 7);
        while ((more = svc__frame_next(f, &item, &error)) == 1)
            ;
    }
    if (more == 0)
        more = svc__frame_finish(f, &error);
    assert_int_equal(more, oom_failures() > 0 ? SVC_ENOMEM : 0);
    assert_int_equal(error.code, more);
    svc__frame_free(f);
}

static void out_of_memory(void **state)
{
    struct svc__buf text;
    (void)state;

    svc__buf_init(&text, 4000);
    svc__buf_add_text(&text, "{\"items\":[{\"a\":\"");
    for (int i = 0; i < 900; i++)
        svc__buf_add_byte(&text, 'x');
    svc__buf_add_text(&text, "\"},{}]} {\"kind\":\"Pod\"}");
    oom_torture(run_out_of_memory, text.data);
    svc__buf_fini(&text);
}

/* ---- the look ahead ----------------------------------------------------- */

static void find_id(void **state)
{
    struct svc__frame_id id = {"untouched", ""};
    const char *text = " {\"items\":[{\"kind\":\"x\"}],\"apiVersion\":\"v1\","
                       "\"kind\":\"ServiceList\"} {\"kind\":\"y\"}";
    (void)state;

    for (const char *p = text; p < strstr(text, "} {"); p++)
        assert_int_equal(svc__frame_find_id(text, (size_t)(p - text), &id),
                         SVC_EFILE);
    assert_string_equal(id.kind, "untouched");
    assert_int_equal(svc__frame_find_id(text, strlen(text), &id), 0);
    assert_string_equal(id.kind, "ServiceList");
    assert_string_equal(id.api_version, "v1");
    assert_int_equal(svc__frame_find_id("{}", 2, &id), 0);
    assert_string_equal(id.kind, "");
    assert_int_equal(svc__frame_find_id("{\"a\" 1}", 7, &id), SVC_EFILE);
    assert_int_equal(svc__frame_find_id("[{}]", 4, &id), SVC_EFILE);
}

static int setup(void **state)
{
    (void)state;
    oom_install();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents),
        cmocka_unit_test(lists),
        cmocka_unit_test(no_lists),
        cmocka_unit_test(odd_elements),
        cmocka_unit_test(malformed_objects),
        cmocka_unit_test(refused_streams),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(generated_lists),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(bound_of_size),
        cmocka_unit_test(bound_of_depth),
        cmocka_unit_test(bound_of_tokens),
        cmocka_unit_test(zero_copy),
        cmocka_unit_test(memory_of_one_item),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(find_id),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
