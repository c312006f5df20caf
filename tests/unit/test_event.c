/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/event: the lines of a watch, as every server writes them and otherwise;
 * that one object among them is told from another by nothing but its place.
 */
#include "base/buf.h"
#include "generate.h"
#include "kube/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const types[] = {"added",    "modified", "deleted",
                                    "bookmark", "error",    "unknown"};

static void tell(struct svc__buf *b, const struct svc__frame_item *item)
{
    struct svc__event event;
    svc_error error;
    int err = svc__event_decode(item, &event, &error);

    if (err != 0)
        svc__buf_printf(b, "%s", error.message);
    else
        svc__buf_printf(b, "%s '%s'%s %.*s", types[event.type], event.version,
                        event.is_initial_end ? " end" : "",
                        (int)event.object_size, event.object);
    if (err != 0)
        assert_int_equal(err, SVC_EPROTO);
}

/* Reads text in pieces. */
static void read_pieces(struct svc__buf *b, const char *text, size_t piece)
{
    struct svc__frame *f = svc__frame_new(100000, SVC_EPROTO);
    struct svc__frame_item item;
    size_t size = strlen(text);
    int more = 0;

    for (size_t at = 0; at < size && more == 0; at += piece) {
        svc__frame_feed(f, text + at, size - at < piece ? size - at : piece);
        more = svc__frame_next(f, &item, NULL);
    }
    assert_int_equal(more, 1);
    tell(b, &item);
    svc__frame_free(f);
}

static void expect(const char *text, const char *told)
{
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        struct svc__buf b;

        svc__buf_init(&b, 8192);
        read_pieces(&b, text, piece);
        assert_string_equal(b.data, told);
        svc__buf_fini(&b);
    }
}

static void as_every_server_writes_them(void **state)
{
    (void)state;
    expect("{\"type\":\"ADDED\",\"object\":{\"kind\":\"X\",\"metadata\":{"
           "\"name\":\"a\",\"resourceVersion\":\"12\"}}}\n",
           "added '12' {\"kind\":\"X\",\"metadata\":{\"name\":\"a\","
           "\"resourceVersion\":\"12\"}}");
    expect("{\"type\":\"MODIFIED\",\"object\":{\"a\":[{}],\"metadata\":{"
           "\"labels\":{\"resourceVersion\":\"9\"},"
           "\"resourceVersion\":\"13\"}}}",
           "modified '13' {\"a\":[{}],\"metadata\":{\"labels\":{"
           "\"resourceVersion\":\"9\"},\"resourceVersion\":\"13\"}}");
    expect("{\"type\":\"DELETED\",\"object\":{\"resourceVersion\":\"7\"}}",
           "deleted '' {\"resourceVersion\":\"7\"}");
    expect("{\"type\":\"ERROR\",\"object\":{\"metadata\":{"
           "\"resourceVersion\":\"7\"}}}",
           "error '' {\"metadata\":{\"resourceVersion\":\"7\"}}");
    expect("{\"type\":\"ADDED\",\"object\":{}}", "added '' {}");
}

/* KEP-3157. */
static void the_end_of_the_initial_events(void **state)
{
    static const struct {
        const char *annotations;
        const char *told;
    } rows[] = {
        {"{\"k8s.io/initial-events-end\":\"true\"}", "bookmark '5' end"},
        {"{\"a\":\"b\",\"k8s.io\\/initial-events-end\":\"tru\\u0065\"}",
         "bookmark '5' end"},
        {"{\"k8s.io/initial-events-end\":\"false\"}", "bookmark '5'"},
        {"{\"k8s.io/initial-events-end\":true}", "bookmark '5'"},
        {"{\"k8s.io/initial-events\":\"true\"}", "bookmark '5'"},
        {"null", "bookmark '5'"},
        {"[]", "bookmark '5'"},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__buf object, text, told;

        svc__buf_init(&object, 4096);
        svc__buf_init(&text, 4096);
        svc__buf_init(&told, 4096);
        svc__buf_printf(&object,
                        i % 2 == 0 ? "{\"metadata\":{\"resourceVersion\":\"5\","
                                     "\"annotations\":%s}}"
                                   : "{\"metadata\":{\"annotations\":%s,"
                                     "\"resourceVersion\":\"5\"}}",
                        rows[i / 2].annotations);
        svc__buf_printf(&text, "{\"type\":\"BOOKMARK\",\"object\":%s}",
                        object.data);
        svc__buf_printf(&told, "%s %s", rows[i / 2].told, object.data);
        expect(text.data, told.data);
        svc__buf_fini(&object);
        svc__buf_fini(&text);
        svc__buf_fini(&told);
    }
}

/* Only a bookmark ends them. */
static void an_object_with_that_annotation(void **state)
{
    (void)state;
    expect("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"annotations\":{"
           "\"k8s.io/initial-events-end\":\"true\"},"
           "\"resourceVersion\":\"5\"}}}",
           "added '5' {\"metadata\":{\"annotations\":{"
           "\"k8s.io/initial-events-end\":\"true\"},"
           "\"resourceVersion\":\"5\"}}");
}

static void written_otherwise(void **state)
{
    (void)state;
    expect("{\"object\":{\"metadata\":{\"resourceVersion\":\"1\"}},"
           "\"type\":\"ADDED\"}",
           "added '1' {\"metadata\":{\"resourceVersion\":\"1\"}}");
    expect(" { \"type\" : \"ADDED\" , \"object\" : { \"metadata\" : { "
           "\"resourceVersion\" : \"1\" } } } ",
           "added '1' { \"metadata\" : { \"resourceVersion\" : \"1\" } }");
    expect("{\"t\\u0079pe\":\"ADDE\\u0044\",\"x\":{\"object\":{}},"
           "\"object\":{}}",
           "added '' {}");
    expect("{\"type\":\"ADDED\",\"object\":{},\"x\":{\"type\":\"DELETED\"}}",
           "added '' {}");
    expect("{\"type\":\"PATCHED\",\"object\":{\"metadata\":{"
           "\"resourceVersion\":\"1\"}}}",
           "unknown '' {\"metadata\":{\"resourceVersion\":\"1\"}}");
    expect("{\"type\":\"\",\"object\":{}}", "unknown '' {}");
}

static void no_events(void **state)
{
    static const char *const rows[][2] = {
        {"{}", "it has no type or no object"},
        {"{\"type\":\"ADDED\"}", "it has no type or no object"},
        {"{\"object\":{}}", "it has no type or no object"},
        {"{\"type\":1,\"object\":{}}", "expected a string"},
        {"{\"type\":\"ADDED\",\"object\":[]}", "object is no object"},
        {"{\"type\":\"ADDED\",\"object\":null}", "object is no object"},
        {"{\"type\":\"ADDED\",\"type\":\"ADDED\",\"object\":{}}",
         "type is there twice"},
        {"{\"type\":\"ADDED\",\"object\":{},\"type\":\"DELETED\"}",
         "type is there twice"},
        {"{\"type\":\"A\",\"x\":\",\\\"object\\\":\",\"object\":{},"
         "\"object\":{}}",
         "object is there twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__buf told;

        svc__buf_init(&told, 4096);
        svc__buf_printf(&told, "no watch event: %s (byte 0)", rows[i][1]);
        expect(rows[i][0], told.data);
        svc__buf_fini(&told);
    }
}

/* The usual form is never seen where it is not. */
static void what_looks_usual(void **state)
{
    (void)state;
    expect("{\"type\":\"ADDED\",\"object\":\"x\",\"y\":{}}",
           "no watch event: object is no object (byte 0)");
    expect("{\"type\":\"a\\\",\\\"object\\\":\",\"object\":{}}",
           "unknown '' {}");
    expect("{\"type\":\"ADDED\",\"x\":\"y\",\"object\":{}}", "added '' {}");
    expect("{\"type\":\"ADDED\",\"object\":{}, \"a\":1}", "added '' {}");
}

/* Slices as an API server sends them, whole and in pieces. */
static void generated(void **state)
{
    struct generate_options options = {
        .seed = 3, .endpoints = 20, .managed_fields = 1};
    struct svc__buf text, first, told;

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        svc__buf_init(&text, 100000);
        svc__buf_init(&first, 100000);
        svc__buf_add_text(&text, "{\"type\":\"MODIFIED\",\"object\":");
        generate_slice(&text, &options, i);
        svc__buf_add_text(&text, "}\n");
        read_pieces(&first, text.data, text.size);
        assert_memory_equal(first.data, "modified '", 10);
        assert_int_not_equal(first.data[10], '\'');
        for (size_t piece = 100; piece < text.size; piece += 777) {
            svc__buf_init(&told, 100000);
            read_pieces(&told, text.data, piece);
            assert_string_equal(told.data, first.data);
            svc__buf_fini(&told);
        }
        svc__buf_fini(&text);
        svc__buf_fini(&first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_every_server_writes_them),
        cmocka_unit_test(the_end_of_the_initial_events),
        cmocka_unit_test(an_object_with_that_annotation),
        cmocka_unit_test(written_otherwise),
        cmocka_unit_test(no_events),
        cmocka_unit_test(what_looks_usual),
        cmocka_unit_test(generated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
