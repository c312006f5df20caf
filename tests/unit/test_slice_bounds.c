/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/slice: bounds, and memory: what is kept, what is used while reading,
 * and what happens when there is none.
 */
#include "base/buf.h"
#include "generate.h"
#include "kube/slice.h"
#include "oom.h"
#include "slice_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- bounds ------------------------------------------------------------- */

static void add_times(struct svc__buf *b, const char *part, size_t count)
{
    for (size_t i = 0; i < count; i++)
        svc__buf_printf(b, "%s%s", i > 0 ? "," : "", part);
}

static int decode_times(const char *before, const char *part, size_t count,
                        const char *after)
{
    struct svc__buf b;
    struct svc__slice *slice = NULL;
    int err;

    svc__buf_init(&b, (size_t)1 << 24);
    svc__buf_add_text(&b, before);
    add_times(&b, part, count);
    svc__buf_add_text(&b, after);
    err = svc__slice_decode(b.data, b.size, &slice, NULL);
    svc__slice_unref(slice);
    svc__buf_fini(&b);
    return err;
}

static void bounds(void **state)
{
    static const struct {
        const char *before, *part, *after;
        size_t max;
    } cases[] = {
        {"{\"metadata\":{\"name\":\"w\"},\"addressType\":\"IPv4\","
         "\"endpoints\":[",
         "{\"addresses\":[\"10.0.0.1\"]}", "]}", 1000},
        {"{\"metadata\":{\"name\":\"w\"},\"addressType\":\"IPv4\","
         "\"endpoints\":[{"
         "\"addresses\":[",
         "\"10.0.0.1\"", "]}]}", 100},
        {"{\"metadata\":{\"name\":\"w\"},\"addressType\":\"IPv4\",\"ports\":[",
         "{\"port\":80}", "]}", 20000},
        {"{\"metadata\":{\"name\":\"w\"},\"addressType\":\"IPv4\","
         "\"endpoints\":[{"
         "\"addresses\":[\"10.0.0.1\"],\"hints\":{\"forZones\":[",
         "{\"name\":\"a\"}", "]}}]}", 8},
    };
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(decode_times(cases[i].before, cases[i].part,
                                      cases[i].max, cases[i].after),
                         0);
        assert_int_equal(decode_times(cases[i].before, cases[i].part,
                                      cases[i].max + 1, cases[i].after),
                         SVC_ETOOBIG);
    }
    assert_int_equal(decode_times("{\"a\":", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                                  1, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"),
                     SVC_ETOOBIG);
}

static void long_names(void **state)
{
    char text[400];
    char name[301];
    struct svc__slice *slice = NULL;
    (void)state;

    for (size_t size = 50; size <= 300; size++) {
        struct svc__buf b;
        int err;

        memset(name, 'a', size);
        name[size] = '\0';
        svc__buf_init(&b, sizeof(text));
        svc__buf_printf(&b, ENDPOINT("\"zone\":\"%s\""), name);
        err = svc__slice_decode(b.data, b.size, &slice, NULL);
        assert_int_equal(err, size <= 63 ? 0 : SVC_EFILE);
        if (err == 0)
            svc__slice_unref(slice);
        for (size_t at = 60; at < size; at += 60)
            name[at] = '.';
        svc__buf_clear(&b);
        svc__buf_printf(&b, ENDPOINT("\"nodeName\":\"%s\""), name);
        err = svc__slice_decode(b.data, b.size, &slice, NULL);
        assert_int_equal(err == 0, size <= 253 && name[size - 1] != '.');
        if (err == 0)
            svc__slice_unref(slice);
        svc__buf_fini(&b);
    }
}

/* ---- memory ------------------------------------------------------------- */

static void decode_all(void *arg)
{
    const struct svc__buf *text = arg;
    struct svc__slice *slice = NULL;
    svc_error error = {0};
    int err = svc__slice_decode(text->data, text->size, &slice, &error);

    assert_int_equal(err, oom_failures() > 0 ? SVC_ENOMEM : 0);
    assert_int_equal(error.code, err);
    assert_int_equal(slice == NULL, err != 0);
    svc__slice_unref(slice);
}

static void out_of_memory(void **state)
{
    const struct generate_options options = {.seed = 1, .endpoints = 100};
    struct svc__buf text;
    (void)state;

    svc__buf_init(&text, 1000000);
    generate_slice(&text, &options, 1);
    oom_torture(decode_all, &text);
    svc__buf_fini(&text);
}

/* Kept: 64 bytes and its texts for an endpoint, less than 300 in all (the
 * issue's limit); while reading, less than 8 times the text. */
static void memory_kept(void **state)
{
    const struct generate_options options = {.seed = 1, .endpoints = 100};
    struct svc__slice *slice;
    struct svc__buf text;
    size_t before;
    (void)state;

    svc__buf_init(&text, 1000000);
    generate_slice(&text, &options, 1);
    before = oom_live_bytes();
    oom_reset_peak();
    assert_int_equal(svc__slice_decode(text.data, text.size, &slice, NULL), 0);
    assert_in_range(oom_live_bytes() - before, 6400, 15000);
    assert_in_range(oom_peak_bytes() - before, 1, 3 * text.size);
    svc__slice_unref(slice);
    assert_int_equal(oom_live_bytes(), before);
    svc__buf_fini(&text);
}

/* The smallest endpoints and ports are what memory amplifies most. */
static void memory_while_reading(void **state)
{
    static const char *const parts[] = {"{\"addresses\":[\"1.1.1.1\"]}", "{}"};
    static const char *const befores[] = {
        "{\"metadata\":{\"name\":\"w\"},\"addressType\":\"IPv4\",\"endpoints\":"
        "[",
        "{\"metadata\":{\"name\":\"w\"},\"addressType\":\"IPv4\",\"ports\":["};
    static const size_t counts[] = {1000, 20000};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        size_t size = counts[i] * (strlen(parts[i]) + 1);
        size_t before = oom_live_bytes();

        oom_reset_peak();
        assert_int_equal(decode_times(befores[i], parts[i], counts[i], "]}"),
                         0);
        /* The text itself is counted, too. */
        assert_in_range(oom_peak_bytes() - before, 1, 8 * size + (1u << 20));
    }
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
        cmocka_unit_test(bounds),
        cmocka_unit_test(long_names),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(memory_kept),
        cmocka_unit_test(memory_while_reading),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
