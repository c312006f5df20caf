/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube/json: what RFC 8259 lets through and what not, by tables; and random
 * values, whole, cut and broken.
 */
#include "base/rng.h"
#include "kube/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct svc__json open_text(const char *text)
{
    struct svc__json j;

    svc__json_init(&j, text, strlen(text));
    return j;
}

/* ---- reading a whole value strictly ------------------------------------- */

/* Reads the value that comes, whatever it is, by the functions that look into
 * it. Not recursive: a stack of what is open. 0 or the error. */
static int read_all(struct svc__json *j)
{
    char open[SVC__JSON_DEPTH_MAX + 1];
    int depth = 0;
    struct svc__json_str str;
    int flag;
    int more;

    do {
        switch (svc__json_peek(j)) {
        case SVC__JSON_OBJECT:
            svc__json_enter_object(j);
            open[depth++] = '{';
            break;
        case SVC__JSON_ARRAY:
            svc__json_enter_array(j);
            open[depth++] = '[';
            break;
        case SVC__JSON_STRING:
            svc__json_string(j, &str);
            break;
        case SVC__JSON_BOOL:
            svc__json_bool(j, &flag);
            break;
        default:
            svc__json_skip(j, NULL);
        }
        more = 0;
        while (j->err == 0 && depth > 0 && more == 0) {
            more = open[depth - 1] == '{' ? svc__json_next_member(j, &str)
                                          : svc__json_next_element(j);
            depth -= more == 0;
        }
    } while (more == 1 && j->err == 0);
    return svc__json_finish(j);
}

static const char *const good[] = {
    "{}",
    "[]",
    " [ ] ",
    "{\"\":0}",
    "\t{\"a\" : [1, -0, 0.5, 1e5, -1.25E-7, 1E+2] , \"b\":null}\r\n",
    "[true,false,null,\"\"]",
    "[[[[]]],{},{\"a\":{}}]",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\ude00\"",
    "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\"",
    "123456789012345678901234567890",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
};

static const char *const bad[] = {
    "",
    " ",
    "{",
    "[",
    "}",
    "{]",
    "[}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{,}",
    "{\"a\":1 \"b\":2}",
    "{\"a\" 1}",
    "{a:1}",
    "{1:1}",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,,2]",
    "[1]]",
    "{}{}",
    "nul",
    "nulll",
    "True",
    "tru",
    "truefalse",
    "NaN",
    "Infinity",
    "+1",
    "01",
    "-",
    "-01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x10",
    "1_000",
    "--1",
    "'a'",
    "\"a",
    "\"a\\",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\ud800\"",
    "\"\\ud800x\"",
    "\"\n\"",
    "\"\x1F\"",
    "\"\xFF\"",
    "\"\xC3\"",
    "\"\xED\xA0\x80\"",
    "/* a */ 1",
    "1 // a",
    "\xEF\xBB\xBF{}",
    "[\"a\" \"b\"]",
    "{\"a\":1:2}",
    "[1\f]",
    "[1]\v",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
};

static void good_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct svc__json j = open_text(good[i]);

        if (read_all(&j) != 0)
            fail_msg("%s: %s", good[i], j.reason);
        j = open_text(good[i]);
        svc__json_skip(&j, NULL);
        assert_int_equal(svc__json_finish(&j), 0);
    }
}

static void bad_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc__json j = open_text(bad[i]);
        svc_error error;

        if (read_all(&j) == 0)
            fail_msg("%s passes", bad[i]);
        assert_in_range(j.wrong - j.start, 0, strlen(bad[i]));
        assert_int_equal(svc__json_error(&j, &error), j.err);
        assert_non_null(strstr(error.message, "(byte "));
    }
}

/* The error of depth is the one that is not SVC_EFILE. */
static void depth(void **state)
{
    struct svc__json j;
    char text[70];
    (void)state;

    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    for (size_t over = 0; over < 2; over++) {
        size_t size = (SVC__JSON_DEPTH_MAX + over) * 2;
        const char *from = text + 1 - over;

        svc__json_init(&j, from, size);
        assert_int_equal(read_all(&j), over ? SVC_ETOOBIG : 0);
        svc__json_init(&j, from, size);
        assert_int_equal(svc__json_skip(&j, NULL), over ? SVC_ETOOBIG : 0);
    }
}

/* ---- typed values ------------------------------------------------------- */

static void integers(void **state)
{
    static const struct {
        const char *text;
        int64_t min, max, value;
        int err;
    } cases[] = {
        {"80", 1, 65535, 80, 0},
        {"65535", 1, 65535, 65535, 0},
        {"65536", 1, 65535, 0, SVC_EFILE},
        {"0", 1, 65535, 0, SVC_EFILE},
        {"-1", 1, 65535, 0, SVC_EFILE},
        {"-1", -5, 5, -1, 0},
        {"-0", 0, 5, 0, 0},
        {"80.0", 1, 65535, 0, SVC_EFILE},
        {"80.5", 1, 65535, 0, SVC_EFILE},
        {"1e3", 1, 65535, 0, SVC_EFILE},
        {"1e400", 1, 65535, 0, SVC_EFILE},
        {"0080", 1, 65535, 0, SVC_EFILE},
        {"\"80\"", 1, 65535, 0, SVC_EFILE},
        {"true", 1, 65535, 0, SVC_EFILE},
        {"null", 1, 65535, 0, SVC_EFILE},
        {"80x", 1, 65535, 0, SVC_EFILE},
        {"9223372036854775807", INT64_MIN, INT64_MAX, INT64_MAX, 0},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, INT64_MIN, 0},
        {"9223372036854775808", INT64_MIN, INT64_MAX, 0, SVC_EFILE},
        {"-9223372036854775809", INT64_MIN, INT64_MAX, 0, SVC_EFILE},
        {"99999999999999999999999", INT64_MIN, INT64_MAX, 0, SVC_EFILE},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc__json j = open_text(cases[i].text);
        int64_t value = 0;

        if (svc__json_integer(&j, cases[i].min, cases[i].max, &value) !=
                cases[i].err ||
            value != cases[i].value)
            fail_msg("%s", cases[i].text);
    }
}

static void strings(void **state)
{
    static const struct {
        const char *text;
        const char *means; /* NULL: refused as text */
    } cases[] = {
        {"\"\"", ""},
        {"\"plain\"", "plain"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\\uD83D\\uDE00\"", "Aé€😀"},
        {"\"é\\u00e9\"", "éé"},
        {"\"\\uFFFF\"", "\xEF\xBF\xBF"},
        {"\"\\u0000\"", NULL},
        {"\"a\\u0000\"", NULL},
        {"7", NULL},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc__json j = open_text(cases[i].text);
        struct svc__json_str str = {0};
        char plain[64];
        int err = svc__json_text(&j, &str);

        assert_int_equal(err == 0, cases[i].means != NULL);
        if (err != 0)
            continue;
        plain[svc__json_str_copy(&str, plain)] = '\0';
        assert_string_equal(plain, cases[i].means);
        assert_true(svc__json_str_is(&str, cases[i].means));
        assert_false(svc__json_str_is(&str, "other"));
        assert_int_equal(str.escaped, strchr(cases[i].text, '\\') != NULL);
        assert_int_equal(svc__json_finish(&j), 0);
    }
}

static void members_that_are_looked_for(void **state)
{
    struct svc__json j = open_text("{\"a\":[{\"b\":0}],\"b\":7} ");
    struct svc__json wrong = open_text("[7]");
    struct svc__json cut = open_text("{\"a\":7");
    int64_t n = 0;
    (void)state;

    assert_int_equal(svc__json_find(&j, "b"), 1);
    assert_int_equal(svc__json_integer(&j, 7, 7, &n), 0);
    j = open_text("{\"a\":[{\"b\":0}],\"b\":7} ");
    assert_int_equal(svc__json_find(&j, "c"), 0);
    assert_int_equal(svc__json_finish(&j), 0);
    assert_int_equal(svc__json_find(&wrong, "b"), SVC_EFILE);
    assert_int_equal(svc__json_find(&cut, "b"), SVC_EFILE);
}

static void keys_with_escapes(void **state)
{
    struct svc__json j =
        open_text("{\"\\u006bi\\u006Ed\":1,\"kin\\u0064s\":2}");
    struct svc__json_str key;
    (void)state;

    assert_int_equal(svc__json_enter_object(&j), 0);
    assert_int_equal(svc__json_next_member(&j, &key), 1);
    assert_true(svc__json_str_is(&key, "kind"));
    assert_false(svc__json_str_is(&key, "kin"));
    assert_false(svc__json_str_is(&key, "kinds"));
    svc__json_skip(&j, NULL);
    assert_int_equal(svc__json_next_member(&j, &key), 1);
    assert_false(svc__json_str_is(&key, "kind"));
    assert_true(svc__json_str_is(&key, "kinds"));
}

static void null_is_taken_or_not(void **state)
{
    struct svc__json j = open_text("[null,nul,1]");
    (void)state;

    svc__json_enter_array(&j);
    assert_int_equal(svc__json_next_element(&j), 1);
    assert_int_equal(svc__json_take_null(&j), 1);
    assert_int_equal(svc__json_next_element(&j), 1);
    assert_int_equal(svc__json_take_null(&j), 0);
    assert_int_equal(svc__json_skip(&j, NULL), SVC_EFILE);
}

static void skipped_text(void **state)
{
    struct svc__json j =
        open_text("{\"a\": {\"b\":[\"}\\\"\"]} , \"c\":-1.5e3}");
    struct svc__json_str key;
    struct svc__json_str value;
    (void)state;

    svc__json_enter_object(&j);
    svc__json_next_member(&j, &key);
    assert_int_equal(svc__json_skip(&j, &value), 0);
    assert_int_equal(value.size, strlen("{\"b\":[\"}\\\"\"]}"));
    svc__json_next_member(&j, &key);
    assert_int_equal(svc__json_skip(&j, &value), 0);
    assert_memory_equal(value.text, "-1.5e3", value.size);
    assert_int_equal(svc__json_next_member(&j, &key), 0);
    assert_int_equal(svc__json_finish(&j), 0);
}

static void errors_are_latched(void **state)
{
    struct svc__json j = open_text("{\"a\":x,\"b\":1}");
    struct svc__json_str str;
    int64_t n;
    int flag;
    (void)state;

    svc__json_enter_object(&j);
    svc__json_next_member(&j, &str);
    assert_int_equal(svc__json_integer(&j, 0, 9, &n), SVC_EFILE);
    assert_ptr_equal(j.wrong, j.start + 5);
    assert_int_equal(svc__json_next_member(&j, &str), SVC_EFILE);
    assert_int_equal(svc__json_next_element(&j), SVC_EFILE);
    assert_int_equal(svc__json_enter_array(&j), SVC_EFILE);
    assert_int_equal(svc__json_bool(&j, &flag), SVC_EFILE);
    assert_int_equal(svc__json_text(&j, &str), SVC_EFILE);
    assert_int_equal(svc__json_skip(&j, NULL), SVC_EFILE);
    assert_int_equal(svc__json_over_bound(&j, NULL, "late"), SVC_EFILE);
    assert_int_equal(svc__json_finish(&j), SVC_EFILE);
    assert_string_equal(j.reason, "expected a number");
}

/* ---- cut and broken ----------------------------------------------------- */

/* Every text that is cut is refused, also by skip; bytes behind the end are
 * not looked at. */
static void cut_anywhere(void **state)
{
    static const char text[] =
        "{\"a\":[1,{\"b\":\"c\\\\\\\"\"},true,null],\"d\":\"\\u00e9\xC3\xA9\"}";
    (void)state;

    for (size_t size = 0; size < sizeof(text) - 1; size++) {
        struct svc__json j;

        svc__json_init(&j, text, size);
        assert_int_not_equal(read_all(&j), 0);
        svc__json_init(&j, text, size);
        assert_int_not_equal(svc__json_skip(&j, NULL), 0);
    }
}

/* Random values: what is written is read back to its end. */
static size_t write_random(struct svc__rng *rng, char *text, size_t max)
{
    static const char *const plain[] = {"1",       "-2.5e1", "true", "null",
                                        "\"\\n\"", "\"é\"",  "[]",   "{}"};
    char open[20];
    size_t depth = 0;
    size_t size = 0;

    do {
        const char *part = plain[svc__rng_below(rng, 8)];
        int opens = depth < 20 && size + 100 < max && svc__rng_below(rng, 2);

        if (opens) {
            open[depth] = "[{"[svc__rng_below(rng, 2)];
            text[size++] = open[depth];
            if (open[depth++] == '{')
                size += (size_t)(memcpy(text + size, "\"k\": ", 5) != NULL) * 5;
            continue;
        }
        memcpy(text + size, part, strlen(part));
        size += strlen(part);
        while (depth > 0 && svc__rng_below(rng, 2) == 0)
            text[size++] = open[--depth] == '{' ? '}' : ']';
        if (depth > 0 && size + 100 < max) {
            const char *next = open[depth - 1] == '{' ? " , \"k\":" : ",";

            memcpy(text + size, next, strlen(next));
            size += strlen(next);
        } else {
            while (depth > 0)
                text[size++] = open[--depth] == '{' ? '}' : ']';
        }
    } while (depth > 0);
    return size;
}

static void random_values(void **state)
{
    char text[700];
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 11);
    for (int run = 0; run < 50000; run++) {
        size_t size = write_random(&rng, text, 100 + svc__rng_below(&rng, 500));
        struct svc__json j;

        svc__json_init(&j, text, size);
        if (read_all(&j) != 0)
            fail_msg("%.*s: %s", (int)size, text, j.reason);
        svc__json_init(&j, text, size);
        assert_int_equal(svc__json_skip(&j, NULL), 0);
        assert_ptr_equal(j.at, j.end);
        /* What is read strictly can be skipped; never the other way round. */
        text[svc__rng_below(&rng, (uint32_t)size)] =
            "{}[]\",:\\ 1\x80\n"[svc__rng_below(&rng, 12)];
        svc__json_init(&j, text, size);
        if (read_all(&j) == 0) {
            svc__json_init(&j, text, size);
            assert_int_equal(svc__json_skip(&j, NULL), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_values),
        cmocka_unit_test(bad_values),
        cmocka_unit_test(depth),
        cmocka_unit_test(integers),
        cmocka_unit_test(strings),
        cmocka_unit_test(members_that_are_looked_for),
        cmocka_unit_test(keys_with_escapes),
        cmocka_unit_test(null_is_taken_or_not),
        cmocka_unit_test(skipped_text),
        cmocka_unit_test(errors_are_latched),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(random_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
