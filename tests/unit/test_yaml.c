/* SPDX-License-Identifier: Apache-2.0 */
/* YAML documents to JSON text: what is read, what is refused and in which
 * words, and that hostile text takes linear time. */
#include "base/alloc.h"
#include "base/buf.h"
#include "kube/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Everything that a text gives, a line for each document: its JSON, or "- " and
 * why it is refused; a last line "= " and why the rest is. Owned. */
static char *read_all(const char *text, size_t size)
{
    struct svc__yaml *y = NULL;
    struct svc__buf out;
    svc_error error = {0, "", ""};
    const char *piece;
    size_t piece_size;
    size_t start = 0;
    int part = svc__yaml_new(text, size, &y, &error);

    svc__buf_init(&out, SIZE_MAX / 2);
    while (part >= 0) {
        part = svc__yaml_read(y, &piece, &piece_size, &error);
        if (part == SVC__YAML_END)
            break;
        if (part == SVC_EINVAL) {
            out.size = start;
            svc__buf_printf(&out, "- %s", error.message);
            part = SVC__YAML_DOCUMENT;
        } else if (part > 0) {
            svc__buf_add(&out, piece, piece_size);
        }
        if (part == SVC__YAML_DOCUMENT) {
            svc__buf_add_byte(&out, '\n');
            start = out.size;
        }
    }
    if (part < 0) {
        assert_int_equal(error.code, part);
        out.size = start;
        svc__buf_printf(&out, "= %s", error.message);
    }
    svc__yaml_free(y);
    return svc__buf_take(&out);
}

struct example {
    const char *yaml;
    const char *out;
};

static void check_table(const struct example *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *out = read_all(table[i].yaml, strlen(table[i].yaml));

        print_message("%s\n", table[i].yaml);
        assert_string_equal(out, table[i].out);
        svc__free(out);
    }
}

#define check(table) check_table(table, sizeof(table) / sizeof((table)[0]))

static void documents_that_are_read(void **state)
{
    static const struct example table[] = {
        {"", ""},
        {"# nothing\n", ""},
        {"---\n", "\n"},
        {"---\n---\nnull\n--- ~\n", "\n\n\n"},
        {"a: 1", "{\"a\":1}\n"},
        {"a: 1\n---\nb: 2\n...\n---\n- c\n", "{\"a\":1}\n{\"b\":2}\n[\"c\"]\n"},
        {"\xef\xbb\xbf"
         "a: 1\nb: 2\n",
         "{\"a\":1,\"b\":2}\n"},
        {"a: 1\r\nb:\r\n- x\r\n- y\r\n", "{\"a\":1,\"b\":[\"x\",\"y\"]}\n"},
        {"a: {b: [1, {c: d}], e: }\n",
         "{\"a\":{\"b\":[1,{\"c\":\"d\"}],\"e\":null}}\n"},
        {"[]", "[]\n"},
        {"{}", "{}\n"},
        {"- - a\n  - b\n-\n- {}\n", "[[\"a\",\"b\"],null,{}]\n"},
        {"{\"a\": [true, null, 1.5e3, \"\\u00e9\\n\"]}",
         "{\"a\":[true,null,1.5e3,\"\xc3\xa9\\n\"]}\n"},
        {"hello\n", "\"hello\"\n"},
    };

    (void)state;
    check(table);
}

static void scalars_that_are_read(void **state)
{
    static const struct example table[] = {
        {"[80, '80', \"80\", 0x50, 080]", "[80,\"80\",\"80\",80,\"080\"]\n"},
        {"[yes, No, ON, ~, True]", "[\"yes\",\"No\",\"ON\",null,true]\n"},
        {"[null, '', \"null\"]", "[null,\"\",\"null\"]\n"},
        {"a: |\n  x \"y\"\n  \tz\n", "{\"a\":\"x \\\"y\\\"\\n\\tz\\n\"}\n"},
        {"a: >-\n  x\n  y\n\n  80\n", "{\"a\":\"x y\\n80\"}\n"},
        {"a: 80\n  81\n", "{\"a\":\"80 81\"}\n"},
        {"a: \"\\0\\x01\\t\\\\\"\n", "{\"a\":\"\\u0000\\u0001\\t\\\\\"}\n"},
        {"!!str 80", "\"80\"\n"},
        {"!!str", "\"\"\n"},
        {"!!int '80'", "80\n"},
        {"!!float 1", "1\n"},
        {"!!bool \"true\"", "true\n"},
        {"a: !!null ''", "{\"a\":null}\n"},
        {"!!map {a: !!seq [!<tag:yaml.org,2002:str> 1]}", "{\"a\":[\"1\"]}\n"},
        {"! '80'", "\"80\"\n"},
        {"[! 80, ! {a: ! []}]", "[\"80\",{\"a\":[]}]\n"},
    };

    (void)state;
    check(table);
}

/* Keys are text as written, "<<" is one as any other, and repeated ones are
 * left to the reader of the JSON. */
static void keys_that_are_read(void **state)
{
    static const struct example table[] = {
        {"80: a", "{\"80\":\"a\"}\n"},
        {"true: a\nnull: b", "{\"true\":\"a\",\"null\":\"b\"}\n"},
        {"0x10: a", "{\"0x10\":\"a\"}\n"},
        {"'q\"': a", "{\"q\\\"\":\"a\"}\n"},
        {"? a\n: b", "{\"a\":\"b\"}\n"},
        {"? a\n? b", "{\"a\":null,\"b\":null}\n"},
        {"? \n: a", "{\"\":\"a\"}\n"},
        {"<<: {a: 1}", "{\"<<\":{\"a\":1}}\n"},
        {"a: 1\na: 2", "{\"a\":1,\"a\":2}\n"},
    };

    (void)state;
    check(table);
}

/* The document goes, the next ones count. */
static void documents_that_are_refused(void **state)
{
    static const struct example table[] = {
        {"a: &x 1\nb: [2, {c: d}]\n---\nc: 3\n",
         "- line 1, column 4: anchors are not read: &x\n{\"c\":3}\n"},
        {"c: 3\n---\na: 1\nb: *x\n",
         "{\"c\":3}\n- line 4, column 4: aliases are not read: *x\n"},
        {"&r\na: *r\n", "- line 1, column 1: anchors are not read: &r\n"},
        {"a: 1\nb:\n  <<: *base\n",
         "- line 3, column 7: aliases are not read: *base\n"},
        {"a: [&x , b]", "- line 1, column 5: anchors are not read: &x\n"},
        {"a: !foo b",
         "- line 1, column 4: a tag that does not fit or is not known: !foo\n"},
        {"!!binary aGk=", "- line 1, column 1: a tag that does not fit or is "
                          "not known: tag:yaml.org,2002:binary\n"},
        {"!!int x", "- line 1, column 1: a tag that does not fit or is not "
                    "known: tag:yaml.org,2002:int\n"},
        {"!!float x", "- line 1, column 1: a tag that does not fit or is not "
                      "known: tag:yaml.org,2002:float\n"},
        {"!!bool 1", "- line 1, column 1: a tag that does not fit or is not "
                     "known: tag:yaml.org,2002:bool\n"},
        {"!!null x", "- line 1, column 1: a tag that does not fit or is not "
                     "known: tag:yaml.org,2002:null\n"},
        {"!!str {}", "- line 1, column 1: a tag that does not fit or is not "
                     "known: tag:yaml.org,2002:str\n"},
        {"? [a]\n: b\n", "- line 1, column 3: a key that is not a scalar\n"},
        {"{{a: b}: c}", "- line 1, column 2: a key that is not a scalar\n"},
        {"a: .inf", "- line 1, column 4: JSON has no such number: .inf\n"},
        {"a: -.Inf", "- line 1, column 4: JSON has no such number: -.Inf\n"},
        {"a: .NaN", "- line 1, column 4: JSON has no such number: .NaN\n"},
        {"a: '.nan'", "{\"a\":\".nan\"}\n"},
    };

    (void)state;
    check(table);
}

static void texts_that_are_refused(void **state)
{
    static const struct example table[] = {
        {"%YAML 1.2\n---\na: 1", "= line 1, column 1: a line that begins with "
                                 "'%'"},
        {"a: 1\n---\n%TAG ! x\n", "= line 3, column 1: a line that begins "
                                  "with '%'"},
        {"a: \"\r%\"", "= line 2, column 1: a line that begins with '%'"},
        {"a: \"\xc2\x85%\"", "= line 2, column 1: a line that begins with '%'"},
        {"a: \"\xe2\x80\xa8%\"",
         "= line 2, column 1: a line that begins with '%'"},
        {"\xef\xbb\xbf%", "= line 1, column 1: a line that begins with '%'"},
        {"a: 1\nb: \xff\n", "= line 2, column 4: the text is not UTF-8"},
        {"a: \xc3\xa9\xc3\n", "= line 1, column 5: the text is not UTF-8"},
        {"a: \xed\xa0\x80\n", "= line 1, column 4: the text is not UTF-8"},
        {"a: 1\nb: \x01\n",
         "= line 2, column 4: control characters are not allowed"},
        {"a: 1\n---\nb: [c\n", "{\"a\":1}\n= line 4, column 1: did not find "
                               "expected ',' or ']' while "
                               "parsing a flow sequence"},
        {"a: 1\n b: 2\n", "= line 2, column 3: mapping values are not allowed "
                          "in this context"},
        {"a: 'x\n", "= line 2, column 1: found unexpected end of stream while "
                    "scanning a quoted scalar"},
        {"a:\n\tb: 1\n", "= line 2, column 1: found character that cannot "
                         "start any token while scanning for the next token"},
        {"a: &x [1\n", "= line 2, column 1: did not find expected ',' or ']' "
                       "while parsing a flow sequence"},
    };

    (void)state;
    check(table);
}

static void nul_and_utf16_are_refused(void **state)
{
    static const char nul[] = "a: 1\n\0\n";
    static const char utf16[] = "\xff\xfe"
                                "a\0:\0 \0"
                                "1\0";
    static const char bare[] = "a\0:\0 \0001\0";
    char *out;

    (void)state;
    out = read_all(nul, sizeof(nul) - 1);
    assert_string_equal(
        out, "= line 2, column 1: control characters are not allowed");
    svc__free(out);
    out = read_all(utf16, sizeof(utf16) - 1);
    assert_string_equal(out, "= line 1, column 1: the text is not UTF-8");
    svc__free(out);
    out = read_all(bare, sizeof(bare) - 1);
    assert_string_equal(
        out, "= line 1, column 2: control characters are not allowed");
    svc__free(out);
}

/* depth containers inside each other, in flow and in block style. */
static char *nested(size_t depth, const char *open, const char *close)
{
    struct svc__buf b;

    svc__buf_init(&b, SIZE_MAX / 2);
    for (size_t i = 0; i < depth; i++)
        svc__buf_add_text(&b, open);
    for (size_t i = 0; i < depth; i++)
        svc__buf_add_text(&b, close);
    return svc__buf_take(&b);
}

static void depth_is_bounded(void **state)
{
    static const char *const pairs[][3] = {
        {"[", "]", "= line 1, column 33: nested deeper than 32"},
        {"{a: ", "}", "= line 1, column 129: nested deeper than 32"},
        {"- ", "", "= line 1, column 65: nested deeper than 32"},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char *text = nested(SVC__YAML_DEPTH_MAX, pairs[i][0], pairs[i][1]);
        char *out = read_all(text, strlen(text));

        assert_true(out[0] == '[' || out[0] == '{');
        svc__free(out);
        svc__free(text);
        text = nested(SVC__YAML_DEPTH_MAX + 1, pairs[i][0], pairs[i][1]);
        out = read_all(text, strlen(text));
        assert_string_equal(out, pairs[i][2]);
        svc__free(out);
        svc__free(text);
    }
}

static void document_lines_and_ids(void **state)
{
    static const char text[] = "# first\nkind: List\nitems:\n- kind: Pod\n"
                               "apiVersion: v1\n---\n{apiVersion: v2}\n";
    struct svc__yaml *y;
    const char *piece;
    size_t size;

    (void)state;
    assert_int_equal(svc__yaml_new(text, sizeof(text) - 1, &y, NULL), 0);
    assert_int_equal(svc__yaml_read(y, &piece, &size, NULL),
                     SVC__YAML_DOCUMENT);
    assert_int_equal(svc__yaml_line(y), 2);
    assert_string_equal(svc__yaml_id(y)->kind, "List");
    assert_string_equal(svc__yaml_id(y)->api_version, "v1");
    assert_int_equal(svc__yaml_read(y, &piece, &size, NULL),
                     SVC__YAML_DOCUMENT);
    assert_int_equal(svc__yaml_line(y), 6);
    assert_string_equal(svc__yaml_id(y)->kind, "");
    assert_string_equal(svc__yaml_id(y)->api_version, "v2");
    assert_int_equal(svc__yaml_read(y, &piece, &size, NULL), SVC__YAML_END);
    assert_int_equal(svc__yaml_read(y, &piece, &size, NULL), SVC__YAML_END);
    svc__yaml_free(y);
}

/* A kind too long to be any is cut. Freed in the middle of a string. */
static void a_long_kind_is_cut(void **state)
{
    char *kind = nested(200000, "k", "");
    struct svc__buf text;
    struct svc__yaml *y;
    const char *piece;
    size_t size;

    (void)state;
    svc__buf_init(&text, SIZE_MAX / 2);
    svc__buf_printf(&text, "kind: %s", kind);
    assert_int_equal(svc__yaml_new(text.data, text.size, &y, NULL), 0);
    assert_int_equal(svc__yaml_read(y, &piece, &size, NULL), SVC__YAML_PIECE);
    assert_int_equal(strlen(svc__yaml_id(y)->kind),
                     sizeof(svc__yaml_id(y)->kind) - 1);
    svc__yaml_free(y);
    svc__buf_fini(&text);
    svc__free(kind);
}

/* A value that is longer than a piece comes in several, none of them large. */
static void pieces_are_small(void **state)
{
    char *value = nested(1000000, "\\e", "");
    struct svc__buf text;
    struct svc__yaml *y;
    const char *piece;
    size_t size;
    size_t sum = 0;
    int part = SVC__YAML_PIECE;

    (void)state;
    svc__buf_init(&text, SIZE_MAX / 2);
    svc__buf_printf(&text, "{\"a\": \"%s\"}", value);
    assert_int_equal(svc__yaml_new(text.data, text.size, &y, NULL), 0);
    while (part == SVC__YAML_PIECE) {
        part = svc__yaml_read(y, &piece, &size, NULL);
        assert_true(size < 100000);
        sum += size;
    }
    assert_int_equal(part, SVC__YAML_DOCUMENT);
    assert_int_equal(sum, strlen("{\"a\":\"\"}") + 6 * 1000000);
    svc__yaml_free(y);
    svc__buf_fini(&text);
    svc__free(value);
}

/* ---- hostile texts: seconds must grow as the size does ---- */

/* head, then body until size is reached, then tail. */
static const struct hostile {
    const char *head;
    const char *body;
    const char *tail;
} hostile[] = {
    {"", "[", ""},
    {"", "{a: ", ""},
    {"", "- ", ""},
    {"", "? ", ""},
    {"[", "a,", "]"},
    {"{", "a,", "}"},
    {"[", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],", "]"},
    {"[", "[x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x,x]: y,", "]"},
    {"a: b", " ", " c"},
    {"a: b", " c", ""},
    {"a: |\n b\n", "\n", " b\n"},
    {"a: |\n b\n", "\n b\n", ""},
    {"a: \"", "b\n\n", "\""},
    {"a: \"", "\\\n", "\""},
    {"", "---\n", ""},
    {"", "--- a\n...\n", ""},
    {"", "- &a b\n", ""},
    {"", "- *a\n", ""},
    {"", "- !!str a\n", ""},
    {"!", "a", " b"},
    {"&", "a", " b"},
    {"a: ", "1", ""},
    {"", "a", ": b"},
    {"? ", "a", "\n: b"},
    {"\"", "\\0", "\""},
    {"", "#\n", ""},
    {"", "%TAG !a! b\n", ""},
    {"", "\n", ""},
};

static double seconds(const struct hostile *h, size_t size)
{
    struct svc__buf b;
    struct timespec from;
    struct timespec to;
    char *out;

    svc__buf_init(&b, SIZE_MAX / 2);
    svc__buf_add_text(&b, h->head);
    while (b.size < size)
        svc__buf_add_text(&b, h->body);
    svc__buf_add_text(&b, h->tail);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    out = read_all(b.data, b.size);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    assert_non_null(out);
    svc__free(out);
    svc__buf_fini(&b);
    return (double)(to.tv_sec - from.tv_sec) +
           (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* 16 times the text: quadratic work would be 256 times as long, which the
 * margin of 4 and the 20 ms for noise do not hide. */
static void hostile_text_takes_linear_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        double small = seconds(&hostile[i], 65536);
        double large = seconds(&hostile[i], 1048576);

        print_message("%s: %.1f, %.1f ms\n", hostile[i].body, small * 1e3,
                      large * 1e3);
        assert_true(large < small * 16 * 4 + 0.02);
    }
}

/* Blanks, then words: what libyaml would spend seconds on is refused, and what
 * people write is not. */
static void runs_of_blanks_are_weighed(void **state)
{
    static const struct {
        size_t blanks;
        size_t words;
        int is_refused;
    } table[] = {
        {1000, 1000000, 0},  {10000, 1000, 0},    {50000, 1300, 0},
        {10000, 1000000, 1}, {500000, 250000, 1}, {500000, 2, 0},
        {2000000, 10, 0},    {3000, 1000000, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct svc__buf b;
        char *out;

        svc__buf_init(&b, SIZE_MAX / 2);
        svc__buf_add_text(&b, "a: b");
        for (size_t k = 0; k < table[i].blanks; k++)
            svc__buf_add_byte(&b, ' ');
        for (size_t k = 0; k < table[i].words; k++)
            svc__buf_add_text(&b, "c ");
        out = read_all(b.data, b.size);
        print_message("%zu %zu\n", table[i].blanks, table[i].words);
        assert_int_equal(strcmp(out, "= line 1, column 5: too many blanks or "
                                     "line breaks in a row") == 0,
                         table[i].is_refused);
        svc__free(out);
        svc__buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_that_are_read),
        cmocka_unit_test(scalars_that_are_read),
        cmocka_unit_test(keys_that_are_read),
        cmocka_unit_test(documents_that_are_refused),
        cmocka_unit_test(texts_that_are_refused),
        cmocka_unit_test(nul_and_utf16_are_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(document_lines_and_ids),
        cmocka_unit_test(a_long_kind_is_cut),
        cmocka_unit_test(pieces_are_small),
        cmocka_unit_test(hostile_text_takes_linear_time),
        cmocka_unit_test(runs_of_blanks_are_weighed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
