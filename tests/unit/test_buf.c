/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers up to their maximum and past it; random appends against a plain
 * array.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <svc/svc.h>

#include <cmocka.h>

static void test_append(void **state)
{
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, 1000);
    assert_null(b.data);
    assert_int_equal(svc__buf_add(&b, "ab\0c", 4), 0);
    assert_int_equal(svc__buf_add_text(&b, "de"), 0);
    assert_int_equal(svc__buf_add_byte(&b, 'f'), 0);
    assert_int_equal(svc__buf_printf(&b, "%d-%s", 12, "gh"), 0);
    assert_int_equal(svc__buf_add(&b, NULL, 0), 0);
    assert_int_equal(b.size, 12);
    assert_memory_equal(b.data, "ab\0cdef12-gh", 13);
    svc__buf_clear(&b);
    assert_int_equal(b.size, 0);
    assert_int_equal(svc__buf_add_text(&b, "again"), 0);
    assert_string_equal(b.data, "again");
    svc__buf_fini(&b);
    assert_null(b.data);
    assert_int_equal(b.max, 1000);
}

/* Every maximum is reached exactly, and the byte behind it latches. */
static void test_maximum(void **state)
{
    (void)state;
    for (size_t max = 0; max < 300; max++) {
        struct svc__buf b;

        svc__buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            assert_int_equal(svc__buf_add_byte(&b, 'x'), 0);
        assert_int_equal(svc__buf_add(&b, "", 0), 0);
        assert_true(b.cap <= max + 64);
        assert_int_equal(svc__buf_add_byte(&b, 'y'), SVC_ETOOBIG);
        assert_int_equal(svc__buf_add(&b, "", 0), SVC_ETOOBIG);
        assert_int_equal(b.size, max);
        assert_int_equal(strlen(b.data), max);
        assert_null(svc__buf_take(&b));
        svc__buf_clear(&b);
        assert_int_equal(svc__buf_add(&b, "", 0), 0);
        svc__buf_fini(&b);
    }
}

static void test_latch(void **state)
{
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, 10);
    assert_int_equal(svc__buf_add_text(&b, "12345"), 0);
    assert_int_equal(svc__buf_printf(&b, "%s", "123456"), SVC_ETOOBIG);
    assert_int_equal(svc__buf_add_text(&b, "1"), SVC_ETOOBIG);
    assert_int_equal(svc__buf_add_json(&b, "1", 1), SVC_ETOOBIG);
    assert_int_equal(svc__buf_printf(&b, "%s", ""), SVC_ETOOBIG);
    assert_null(svc__buf_reserve(&b, 0));
    assert_string_equal(b.data, "12345");
    svc__buf_fini(&b);

    svc__buf_init(&b, 10);
    assert_null(svc__buf_reserve(&b, SIZE_MAX));
    assert_int_equal(b.err, SVC_ETOOBIG);
    svc__buf_fini(&b);

    svc__buf_init(&b, SIZE_MAX);
    assert_null(svc__buf_reserve(&b, SIZE_MAX));
    assert_int_equal(b.err, SVC_ETOOBIG);
    svc__buf_fini(&b);
}

static void test_reserve(void **state)
{
    struct svc__buf b;
    char *room;

    (void)state;
    svc__buf_init(&b, 5000);
    svc__buf_add_text(&b, "head");
    room = svc__buf_reserve(&b, 4000);
    assert_ptr_equal(room, b.data + 4);
    memset(room, 'r', 4000);
    b.size += 3000;
    svc__buf_add_text(&b, "tail");
    assert_int_equal(b.size, 3008);
    assert_memory_equal(b.data + 3003, "rtail", 6);
    svc__buf_fini(&b);
}

static void test_take(void **state)
{
    struct svc__buf b;
    char *text;

    (void)state;
    svc__buf_init(&b, 10);
    text = svc__buf_take(&b);
    assert_string_equal(text, "");
    svc__free(text);
    svc__buf_add_text(&b, "abc");
    text = svc__buf_take(&b);
    assert_string_equal(text, "abc");
    svc__free(text);
    assert_null(b.data);
    assert_int_equal(b.size, 0);
    svc__buf_add_text(&b, "1234567890");
    assert_int_equal(b.err, 0);
    svc__buf_fini(&b);
}

static void test_json(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *want;
    } rows[] = {{"", 0, "\"\""},
                {"abc", 3, "\"abc\""},
                {"a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\""},
                {"\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
                {"\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\""},
                {"\xc3\xa9\xe2\x82\xac", 5, "\"\xc3\xa9\xe2\x82\xac\""},
                {"\n\n", 2, "\"\\n\\n\""}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__buf b;

        svc__buf_init(&b, 100);
        assert_int_equal(svc__buf_add_json(&b, rows[i].text, rows[i].size), 0);
        assert_string_equal(b.data, rows[i].want);
        svc__buf_fini(&b);
    }
}

/* Appends what the model gets too; the model is an array. */
static void append(struct svc__rng *rng, struct svc__buf *b, char *model,
                   size_t *used)
{
    char piece[301];
    size_t size = svc__rng_below(rng, 300);

    memset(piece, 'a' + (int)svc__rng_below(rng, 26), size);
    piece[size] = '\0';
    switch (svc__rng_below(rng, 3)) {
    case 0:
        svc__buf_add(b, piece, size);
        break;
    case 1:
        svc__buf_printf(b, "%s", piece);
        break;
    default:
        svc__buf_add_byte(b, 'z');
        piece[0] = 'z';
        size = 1;
        break;
    }
    if (b->err == 0) {
        memcpy(model + *used, piece, size);
        *used += size;
    }
}

static void test_random(void **state)
{
    struct svc__rng rng;
    static char model[20000];

    (void)state;
    svc__rng_seed(&rng, 1);
    for (int i = 0; i < 300; i++) {
        struct svc__buf b;
        size_t used = 0;
        size_t max = svc__rng_below(&rng, 16000);

        svc__buf_init(&b, max);
        while (b.err == 0)
            append(&rng, &b, model, &used);
        assert_int_equal(b.err, SVC_ETOOBIG);
        assert_int_equal(b.size, used);
        assert_true(used <= max && used + 300 > max);
        if (used > 0)
            assert_memory_equal(b.data, model, used);
        svc__buf_fini(&b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append), cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_latch),  cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_take),   cmocka_unit_test(test_json),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
