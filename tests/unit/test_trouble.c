/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trouble that is kept says what was put into it, also where there was no
 * memory for its texts.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/trouble.h"
#include "oom.h"

#include <string.h>

static void test_what_goes_in_comes_out(void **state)
{
    static const svc_error rows[] = {{SVC_EUNREACH, "message", "hint"},
                                     {SVC_EPROTO, "m", ""},
                                     {SVC_EFILE, "", "h"}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__trouble t;
        svc_error out = {1, "x", "y"};

        svc__trouble_init(&t, &rows[i]);
        assert_true(svc__trouble_equal(&t, &rows[i]));
        assert_int_equal(svc__trouble_fill(&t, &out), rows[i].code);
        assert_int_equal(out.code, rows[i].code);
        assert_string_equal(out.message, rows[i].message);
        assert_string_equal(out.hint, rows[i].hint);
        assert_int_equal(svc__trouble_fill(&t, NULL), rows[i].code);
        svc__trouble_fini(&t);
        assert_int_equal(t.code, 0);
    }
}

static void test_none(void **state)
{
    static const svc_error none = {0, "message", "hint"};
    struct svc__trouble t = {0};
    svc_error out = {1, "x", "y"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        svc__trouble_init(&t, i == 0 ? NULL : &none);
        assert_true(svc__trouble_equal(&t, NULL));
        assert_true(svc__trouble_equal(&t, &none));
        assert_int_equal(svc__trouble_fill(&t, &out), 0);
        assert_string_equal(out.message, "x");
        svc__trouble_fini(&t);
    }
}

static void test_equality(void **state)
{
    static const svc_error a = {SVC_EUNREACH, "a", "hint"};
    static const svc_error same = {SVC_EUNREACH, "a", "another hint"};
    static const svc_error text = {SVC_EUNREACH, "b", "hint"};
    static const svc_error code = {SVC_EPROTO, "a", "hint"};
    struct svc__trouble t;

    (void)state;
    svc__trouble_init(&t, &a);
    assert_true(svc__trouble_equal(&t, &same));
    assert_false(svc__trouble_equal(&t, &text));
    assert_false(svc__trouble_equal(&t, &code));
    assert_false(svc__trouble_equal(&t, NULL));
    svc__trouble_fini(&t);
}

static void test_one_after_another(void **state)
{
    static const svc_error a = {SVC_EUNREACH, "a", "hint"};
    static const svc_error b = {SVC_EPROTO, "another", ""};
    struct svc__trouble t = {0};

    (void)state;
    svc__trouble_set(&t, &a);
    assert_true(svc__trouble_equal(&t, &a));
    svc__trouble_set(&t, &b);
    assert_true(svc__trouble_equal(&t, &b));
    svc__trouble_set(&t, NULL);
    assert_true(svc__trouble_equal(&t, NULL));
    assert_null(t.texts);
}

/* The code is never lost. */
static void keep(void *arg)
{
    static const svc_error error = {SVC_EUNREACH, "message", "hint"};
    struct svc__trouble t;
    svc_error out = {0};

    (void)arg;
    svc__trouble_init(&t, &error);
    assert_int_equal(svc__trouble_fill(&t, &out), SVC_EUNREACH);
    assert_string_equal(out.message, oom_failures() > 0
                                         ? svc_err_text(SVC_EUNREACH)
                                         : "message");
    assert_string_equal(out.hint, oom_failures() > 0 ? "" : "hint");
    svc__trouble_fini(&t);
}

static void test_without_memory(void **state)
{
    (void)state;
    oom_torture(keep, NULL);
}

static int install(void **state)
{
    (void)state;
    oom_install();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_goes_in_comes_out),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_equality),
        cmocka_unit_test(test_one_after_another),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests_name("trouble", tests, install, NULL);
}
