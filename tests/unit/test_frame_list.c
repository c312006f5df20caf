/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/frame: what a list says of itself, wherever it says it and however the
 * stream was cut; the container of a document that is no list.
 */
#include "base/buf.h"
#include "kube/frame.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Reads text in pieces and appends what is known of the list at the end. */
static void tell(struct svc__buf *b, const char *text, size_t piece)
{
    struct svc__frame *f = svc__frame_new(3000, SVC_EPROTO);
    const struct svc__frame_list *list;
    struct svc__frame_item item;
    size_t size = strlen(text);
    unsigned items = 0;
    int more = 0;

    for (size_t at = 0; at < size && more == 0; at += piece) {
        svc__frame_feed(f, text + at, size - at < piece ? size - at : piece);
        while ((more = svc__frame_next(f, &item, NULL)) == 1)
            items++;
    }
    if (more == 0)
        more = svc__frame_finish(f, NULL);
    list = svc__frame_list(f);
    svc__buf_printf(b, "%u items", items);
    if (more != 0)
        svc__buf_printf(b, " %s", svc_err_name(more));
    if (list == NULL)
        svc__buf_printf(b, ", no list");
    else if (list->reason != NULL)
        svc__buf_printf(b, ": %s", list->reason);
    else
        svc__buf_printf(b, ", version '%s', more '%s'", list->version,
                        list->more);
    svc__frame_free(f);
}

static void expect(const char *text, const char *told)
{
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        struct svc__buf b;

        svc__buf_init(&b, 8192);
        tell(&b, text, piece);
        assert_string_equal(b.data, told);
        svc__buf_fini(&b);
    }
}

static void before_and_behind_the_items(void **state)
{
    (void)state;
    expect("{\"kind\":\"XList\",\"apiVersion\":\"v1\",\"metadata\":"
           "{\"resourceVersion\":\"123\",\"continue\":\"abc\"},"
           "\"items\":[{\"a\":1},{}]}",
           "2 items, version '123', more 'abc'");
    expect("{\"items\":[{\"a\":[{}]}],\"x\":{\"metadata\":{}},\"metadata\":"
           "{\"remainingItemCount\":3,\"resourceVersion\":\"9\"},\"y\":[]}",
           "1 items, version '9', more ''");
    expect("{\"metadata\":{\"continue\":null,\"resourceVersion\":null},"
           "\"items\":[]}",
           "0 items, version '', more ''");
    expect("{\"meta\\u0064ata\":{\"contin\\u0075e\":\"a\\u0062\\/\"},"
           "\"items\":[]}",
           "0 items, version '', more 'ab/'");
    expect("{\"items\":[]}", "0 items, version '', more ''");
}

static void what_is_no_whole_list(void **state)
{
    (void)state;
    expect("{\"kind\":\"X\",\"metadata\":{\"resourceVersion\":\"1\"}}",
           "1 items, no list");
    expect("{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]",
           "0 items SVC_EPROTO, no list");
    expect("{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]} {\"a\":1}",
           "1 items, no list");
    expect("{\"metadata\":{\"resourceVersion\":\"1\",\"continue\":\"x\"},"
           "\"items\":[]} {\"items\":[]}",
           "0 items, version '', more ''");
}

/* A list that does not say where its other part begins is not whole. */
static void metadata_that_cannot_be_used(void **state)
{
    (void)state;
    expect("{\"metadata\":{\"continue\":1},\"items\":[]}",
           "0 items: expected a string");
    expect("{\"metadata\":{\"continue\":\"a\",\"continue\":\"b\"},"
           "\"items\":[]}",
           "0 items: metadata.continue is there twice");
    expect("{\"metadata\":[],\"items\":[]}",
           "0 items: metadata of the list is no object");
    expect("{\"metadata\":{},\"items\":[],\"metadata\":{}}",
           "0 items: metadata is there twice");
    expect("{\"metadata\":{},\"metadata\":{},\"items\":[]}",
           "0 items: metadata is there twice");
    expect("{\"metadata\":{\"a\" 1},\"items\":[]}", "0 items: expected ':'");
}

static void bounds(void **state)
{
    static char text[8000];
    struct svc__buf b;

    (void)state;
    for (size_t size = 4095; size <= 4097; size++) {
        struct svc__frame *f = svc__frame_new(100000, SVC_EPROTO);
        struct svc__frame_item item;
        const struct svc__frame_list *list;

        memset(text, 'c', sizeof(text));
        svc__buf_init(&b, sizeof(text));
        svc__buf_printf(&b,
                        "{\"metadata\":{\"continue\":\"%.*s\"},\"items\":[]}",
                        (int)size, text);
        svc__frame_feed(f, b.data, b.size);
        assert_int_equal(svc__frame_next(f, &item, NULL), 0);
        list = svc__frame_list(f);
        assert_non_null(list);
        if (size <= SVC__META_MORE_MAX)
            assert_int_equal(strlen(list->more), size);
        else
            assert_string_equal(list->reason, "metadata.continue is too long");
        svc__frame_free(f);
        svc__buf_fini(&b);
    }
}

/* Faults J15. */
static void versions(void **state)
{
    static const char *const bad[] = {
        "\"\"",
        "\"0\"",
        "1",
        "null",
        "\"1 2\"",
        "\"1\\n\"",
        "\"\xC3\xA9\"",
        "\"1234567890123456789012345678901234567890123456789012345678901234\"",
    };
    static const char longest[] =
        "\"123456789012345678901234567890123456789012345678901234567890123\"";
    char version[SVC__VERSION_SIZE];
    struct svc__json j;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        svc__json_init(&j, bad[i], strlen(bad[i]));
        memset(version, 'x', sizeof(version));
        svc__meta_version(&j, version);
        assert_string_equal(version, "");
    }
    svc__json_init(&j, longest, strlen(longest));
    svc__meta_version(&j, version);
    assert_int_equal(strlen(version), 63);
    svc__json_init(&j, "\"a-1.B_~:\"", 10);
    svc__meta_version(&j, version);
    assert_string_equal(version, "a-1.B_~:");
}

/* What stands behind the items may be larger than memory. */
static void what_nobody_asks_for(void **state)
{
    struct svc__frame *f = svc__frame_new(100, SVC_EPROTO);
    struct svc__frame_item item;
    static const char begin[] = "{\"items\":[],\"x\":{\"y\":[1";

    (void)state;
    svc__frame_feed(f, begin, sizeof(begin) - 1);
    assert_int_equal(svc__frame_next(f, &item, NULL), 0);
    for (int i = 0; i < 100; i++) {
        svc__frame_feed(f, ",1,1,1,1,1", 10);
        assert_int_equal(svc__frame_next(f, &item, NULL), 0);
    }
    svc__frame_feed(f, "]},\"metadata\":{}}", 17);
    assert_int_equal(svc__frame_next(f, &item, NULL), 0);
    assert_int_equal(svc__frame_finish(f, NULL), 0);
    assert_non_null(svc__frame_list(f));
    svc__frame_free(f);
}

/* Of a document: its last container, and how many there are. */
static void inner(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *inner;
    } rows[] = {
        {"{\"type\":\"X\",\"object\":{\"a\":{}}}\n", 1, "{\"a\":{}}"},
        {"{\"a\":[1],\"b\" : [{}] ,\"c\":1}", 2, "[{}]"},
        {"{\"a\":1}", 0, ""},
        {"{\"items\":[{\"a\":{}}]}", 0, ""},
    };
    struct svc__frame_item item;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__frame *f = svc__frame_new(1000, SVC_EPROTO);
        size_t size = strlen(rows[i].text);
        int more = 0;

        for (size_t at = 0; at < size && more == 0; at++) {
            svc__frame_feed(f, rows[i].text + at, 1);
            more = svc__frame_next(f, &item, NULL);
        }
        assert_int_equal(more, 1);
        assert_int_equal(item.inner_count, rows[i].count);
        if (item.inner_count > 0) {
            assert_int_equal(item.inner_size, strlen(rows[i].inner));
            assert_memory_equal(item.inner, rows[i].inner, item.inner_size);
        }
        svc__frame_free(f);
    }
}

static void run_out_of_memory(void *arg)
{
    static const char text[] =
        "{\"metadata\":{\"continue\":\"abc\"},\"items\":[{}]} ";
    struct svc__frame *f = svc__frame_new(1000, SVC_EPROTO);
    struct svc__frame_item item;
    int more = 0;

    (void)arg;
    assert_int_equal((sizeof(text) - 1) % 3, 0);
    if (f == NULL)
        return;
    for (size_t at = 0; at < sizeof(text) - 1 && more >= 0; at += 3) {
        svc__frame_feed(f, text + at, 3);
        while ((more = svc__frame_next(f, &item, NULL)) == 1)
            continue;
    }
    if (more != 0)
        assert_int_equal(more, SVC_ENOMEM);
    else
        assert_string_equal(svc__frame_list(f)->more, "abc");
    svc__frame_free(f);
}

static void out_of_memory(void **state)
{
    (void)state;
    oom_torture(run_out_of_memory, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_and_behind_the_items),
        cmocka_unit_test(what_is_no_whole_list),
        cmocka_unit_test(metadata_that_cannot_be_used),
        cmocka_unit_test(bounds),
        cmocka_unit_test(versions),
        cmocka_unit_test(what_nobody_asks_for),
        cmocka_unit_test(inner),
        cmocka_unit_test(out_of_memory),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
