/* SPDX-License-Identifier: Apache-2.0 */
/* The core schema: what each plain scalar is, and its JSON. */
#include "kube/yaml_scalar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* JSON text, or NULL for a string; "special" for what JSON has not. */
static const struct {
    const char *yaml;
    const char *json;
} cases[] = {
    {"", "null"},
    {"~", "null"},
    {"null", "null"},
    {"Null", "null"},
    {"NULL", "null"},
    {"nULL", NULL},
    {"nul", NULL},
    {"true", "true"},
    {"True", "true"},
    {"TRUE", "true"},
    {"tRUE", NULL},
    {"false", "false"},
    {"False", "false"},
    {"FALSE", "false"},
    /* Words of YAML 1.1, which kubectl prints in quotes when they are text. */
    {"yes", NULL},
    {"no", NULL},
    {"on", NULL},
    {"off", NULL},
    {"y", NULL},
    {"n", NULL},
    {"0", "0"},
    {"-0", "-0"},
    {"+0", "0"},
    {"80", "80"},
    {"+5", "5"},
    {"-17", "-17"},
    {"65536", "65536"},
    {"123456789012345678901234567890", "123456789012345678901234567890"},
    {"007", NULL},
    {"0080", NULL},
    {"-01", NULL},
    {"0x1f", "31"},
    {"0xFFFFFFFFFFFFFFFF", "18446744073709551615"},
    {"0x10000000000000000", NULL},
    {"0xg", NULL},
    {"0x", NULL},
    {"-0x1f", NULL},
    {"0X1f", NULL},
    {"0o17", "15"},
    {"0o8", NULL},
    {"0b11", NULL},
    {"1_000", NULL},
    {"1.5", "1.5"},
    {"1.", "1.0"},
    {".5", "0.5"},
    {"-.5", "-0.5"},
    {"+1.25e-3", "1.25e-3"},
    {"1e3", "1e3"},
    {"1.e5", "1.0e5"},
    {"1E+400", "1E+400"},
    {"00.5", NULL},
    {"1e", NULL},
    {"1e+", NULL},
    {"e5", NULL},
    {".", NULL},
    {"-", NULL},
    {"+", NULL},
    {"-.", NULL},
    {"1.2.3", NULL},
    {"10.0.0.1", NULL},
    {"1:30", NULL},
    {"2024-01-01", NULL},
    {"80/tcp", NULL},
    {"::1", NULL},
    {"None", NULL},
    {"Infinity", NULL},
    {".inf", "special"},
    {"-.Inf", "special"},
    {"+.INF", "special"},
    {".nan", "special"},
    {".NaN", "special"},
    {"-.nan", NULL},
    /* Over 64 characters. */
    {"11111111111111111111111111111111111111111111111111111111111111111", NULL},
};

static void every_case(void **state)
{
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, 256);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *yaml = cases[i].yaml;
        enum svc__yaml_class class_ =
            svc__yaml_scalar_class(yaml, strlen(yaml));

        print_message("%s\n", yaml);
        if (cases[i].json == NULL) {
            assert_int_equal(class_, SVC__YAML_STRING);
        } else if (strcmp(cases[i].json, "special") == 0) {
            assert_int_equal(class_, SVC__YAML_SPECIAL);
        } else {
            assert_int_not_equal(class_, SVC__YAML_STRING);
            assert_int_not_equal(class_, SVC__YAML_SPECIAL);
            svc__buf_clear(&b);
            svc__yaml_scalar_add(&b, yaml, strlen(yaml), class_);
            assert_int_equal(b.err, 0);
            assert_string_equal(b.data, cases[i].json);
        }
    }
    svc__buf_fini(&b);
}

/* The text need not end in a NUL, and what follows it does not count. */
static void size_is_kept(void **state)
{
    (void)state;
    assert_int_equal(svc__yaml_scalar_class("80x", 2), SVC__YAML_INT);
    assert_int_equal(svc__yaml_scalar_class("nullx", 4), SVC__YAML_NULL);
    assert_int_equal(svc__yaml_scalar_class("null\0x", 6), SVC__YAML_STRING);
    assert_int_equal(svc__yaml_scalar_class("8\0000", 3), SVC__YAML_STRING);
}

static void classes_of_numbers(void **state)
{
    (void)state;
    assert_int_equal(svc__yaml_scalar_class("0x1f", 4), SVC__YAML_INT);
    assert_int_equal(svc__yaml_scalar_class("1.0", 3), SVC__YAML_FLOAT);
    assert_int_equal(svc__yaml_scalar_class("1e3", 3), SVC__YAML_FLOAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case),
        cmocka_unit_test(size_is_kept),
        cmocka_unit_test(classes_of_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
