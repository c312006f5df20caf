/* SPDX-License-Identifier: Apache-2.0 */
/* Objects by tables of fields: what json-c alone would let through. */
#include "kube/decode_field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum {
    A_LIST,
    AN_OBJECT
};
static const struct svc__decode_field fields[] = {
    {"list", SVC__DECODE_LIST}, {"object", SVC__DECODE_OBJECT},
    {"text", SVC__DECODE_TEXT}, {"number", SVC__DECODE_INTEGER},
    {NULL, SVC__DECODE_TEXT},
};

/* Takes json apart, with d and o to be given to fini. */
static int take(const char *json, struct svc__decode *d,
                struct svc__decode_object *o, svc_error *error)
{
    assert_int_equal(svc__decode_init(d, "Thing", error), 0);
    return svc__decode_top(d, json, strlen(json), fields, o);
}

static void check_message(const char *json, const char *message)
{
    struct svc__decode d;
    struct svc__decode_object o;
    svc_error error = {0, "", ""};

    print_message("%s\n", json);
    assert_int_equal(take(json, &d, &o, &error), SVC_EFILE);
    assert_string_equal(error.message, message);
    svc__decode_fini(&d);
}

/* faults M3. */
static void what_json_c_lets_through_is_refused(void **state)
{
    static const char *const table[][2] = {
        {"{\"text\":'a'}", "Thing: text: expected a string (byte 8)"},
        {"{'text':\"a\"}", "Thing: expected a string (byte 1)"},
        {"{\"number\":NaN}", "Thing: number: expected a number (byte 10)"},
        {"{\"number\":1,}", "Thing: expected a string (byte 12)"},
        {"{/*c*/\"number\":1}", "Thing: expected a string (byte 1)"},
        {"{\"number\":99999999999999999999}",
         "Thing: number: number out of range (byte 10)"},
        {"{\"text\":\"\xc0\x80\"}",
         "Thing: text: a string is not UTF-8 (byte 9)"},
        {"{\"text\":\"a\nb\"}",
         "Thing: text: control character in a string (byte 10)"},
        {"{\"text\":\"a\",\"text\":\"a\"}", "Thing: text: the key is repeated"},
        {"{\"text\":null,\"text\":\"a\"}", "Thing: text: the key is repeated"},
        {"{\"list\":[],\"li\\u0073t\":[]}", "Thing: list: the key is repeated"},
        {"{\"list\":{}}", "Thing: list: expected a list (byte 8)"},
        {"{\"object\":[]}", "Thing: object: expected an object (byte 10)"},
        {"{\"object\":NULL}", "Thing: object: expected an object (byte 10)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        check_message(table[i][0], table[i][1]);
}

static void values(void **state)
{
    struct svc__decode d;
    struct svc__decode_object o;
    svc_error error;

    (void)state;
    assert_int_equal(take(" {\"number\" : 65535 , \"x\":[1,{}], \"text\" :"
                          "\"\\u00e9\\ud83d\\ude00\\n\\/\"} ",
                          &d, &o, &error),
                     0);
    assert_int_equal(svc__decode_number(&o, "number"), 65535);
    assert_string_equal(svc__decode_text(&o, "text"),
                        "\xc3\xa9\xf0\x9f\x98\x80\n/");
    assert_string_equal(svc__decode_text(&o, "number"), "");
    assert_int_equal(svc__decode_number(&o, "text"), 0);
    assert_false(o.at[A_LIST].is_set);
    assert_false(o.at[AN_OBJECT].is_set);
    svc__decode_object_fini(&o);
    svc__decode_object_fini(&o);
    svc__decode_fini(&d);
}

static void lists_and_objects_inside(void **state)
{
    struct svc__decode d;
    struct svc__decode_object o;
    struct svc__decode_object inner;
    struct svc__json j;
    size_t count;
    char text[4];
    svc_error error;

    (void)state;
    assert_int_equal(take("{\"list\":[\"a\",\"bcd\",5],\"object\":{\"text\":"
                          "\"x\",\"number\":-1}}",
                          &d, &o, &error),
                     0);
    assert_int_equal(svc__decode_list(&d, "list", &o.at[A_LIST], &j, &count),
                     0);
    assert_int_equal(count, 3);
    assert_int_equal(svc__decode_element(&d, &j, text, 3), 0);
    assert_string_equal(text, "a");
    assert_int_equal(svc__decode_element(&d, &j, text, 3), SVC_EFILE);
    assert_string_equal(error.message, "Thing: list: too long (byte 14)");
    assert_int_equal(
        svc__decode_inner(&d, "object.", &o.at[AN_OBJECT], fields, &inner),
        SVC_EFILE);
    assert_string_equal(error.message,
                        "Thing: object.number: number out of range (byte 52)");
    svc__decode_object_fini(&o);
    svc__decode_fini(&d);
}

static void words(void **state)
{
    struct svc__decode d;
    struct svc__decode_object o;
    svc_error error;
    int word = -1;

    (void)state;
    assert_int_equal(take("{\"text\":\"Two\"}", &d, &o, &error), 0);
    assert_int_equal(svc__decode_word(&d, &o, "text", "One, Two, Three", &word),
                     0);
    assert_int_equal(word, 1);
    assert_int_equal(svc__decode_word(&d, &o, "x", "One, Two", &word), 0);
    assert_int_equal(word, 0);
    assert_int_equal(svc__decode_word(&d, &o, "text", "One, TwoThree", &word),
                     SVC_EFILE);
    assert_string_equal(error.message,
                        "Thing: text: \"Two\" is none of One, TwoThree");
    svc__decode_object_fini(&o);
    svc__decode_fini(&d);
}

/* Deeper than the cursor goes is refused, not recursed into. */
static void depth_is_bounded(void **state)
{
    char json[256] = "{\"x\":";

    (void)state;
    memset(json + 5, '[', 200);
    check_message(json, "Thing: nested too deep (byte 36)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_json_c_lets_through_is_refused),
        cmocka_unit_test(values),
        cmocka_unit_test(lists_and_objects_inside),
        cmocka_unit_test(words),
        cmocka_unit_test(depth_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
