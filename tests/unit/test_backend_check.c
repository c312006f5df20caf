/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: kept in order, with their texts, also when memory runs out.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/check.h"
#include "base/err.h"
#include "oom.h"

#include <string.h>

static void add(struct svc__check *c, enum svc__check_level level, int code,
                const char *text)
{
    svc_error found;

    svc__err_set(&found, code, "%s", text);
    svc__err_hint(&found, "mend %s", text);
    svc__check_add(c, level, "x", &found);
}

static const struct svc__finding *at(const struct svc__check *c, size_t n)
{
    const struct svc__list *it = c->findings.next;

    while (n-- > 0)
        it = it->next;
    return svc__list_entry(it, const struct svc__finding, link);
}

static void test_order_and_texts(void **state)
{
    struct svc__check c = {.source = "dns"};
    struct svc__check other = {.source = "file"};

    (void)state;
    svc__check_init(&c);
    svc__check_init(&other);
    add(&c, SVC__CHECK_FAIL, SVC_EAUTH, "one");
    add(&c, SVC__CHECK_WARN, SVC_EAUTH, "two");
    add(&other, SVC__CHECK_OK, 0, "three");
    svc__check_take(&c, &other);
    assert_true(svc__list_is_empty(&other.findings));
    assert_string_equal(at(&c, 0)->text, "one");
    assert_string_equal(at(&c, 0)->hint, "mend one");
    assert_string_equal(at(&c, 0)->source, "dns");
    assert_int_equal(at(&c, 0)->code, SVC_EAUTH);
    assert_int_equal(at(&c, 1)->code, 0);
    assert_string_equal(at(&c, 2)->text, "three");
    assert_string_equal(at(&c, 2)->source, "file");
    svc__check_fini(&c);
}

static void test_a_spare_only_warns(void **state)
{
    struct svc__check c = {.is_spare = 1};

    (void)state;
    svc__check_init(&c);
    add(&c, SVC__CHECK_FAIL, SVC_EAUTH, "one");
    assert_int_equal(at(&c, 0)->level, SVC__CHECK_WARN);
    assert_int_equal(at(&c, 0)->code, 0);
    svc__check_fini(&c);
}

/* Whatever the code; who said what to do is believed. */
static void test_each_failure_has_a_hint(void **state)
{
    svc_error found;

    (void)state;
    for (int code = SVC_EAUTH; code < 0; code++) {
        struct svc__check c = {0};

        svc__check_init(&c);
        svc__err_set(&found, code, "x");
        svc__check_add(&c, SVC__CHECK_FAIL, "x", &found);
        svc__check_add(&c, SVC__CHECK_SKIPPED, "x", &found);
        c.is_spare = 1;
        svc__check_add(&c, SVC__CHECK_FAIL, "x", &found);
        assert_string_not_equal(at(&c, 0)->hint, "");
        assert_string_equal(at(&c, 1)->hint, "");
        assert_string_equal(at(&c, 2)->hint, at(&c, 0)->hint);
        add(&c, SVC__CHECK_FAIL, code, "it");
        assert_string_equal(at(&c, 3)->hint, "mend it");
        svc__check_fini(&c);
    }
}

static void count(void *arg)
{
    ++*(int *)arg;
}

static void test_idle(void **state)
{
    int idle = 0;
    struct svc__check c = {.idle = count, .arg = &idle};

    (void)state;
    svc__check_init(&c);
    svc__check_begin(&c);
    svc__check_begin(&c);
    svc__check_end(&c);
    assert_int_equal(idle, 0);
    svc__check_end(&c);
    assert_int_equal(idle, 1);
    svc__check_fini(&c);
}

static void lose_one(void *arg)
{
    struct svc__check c = {.source = "dns"};
    struct svc__check other = {0};

    (void)arg;
    svc__check_init(&c);
    svc__check_init(&other);
    add(&c, SVC__CHECK_OK, 0, "one");
    add(&other, SVC__CHECK_OK, 0, "two");
    svc__check_take(&c, &other);
    assert_int_equal(c.is_short, oom_failures() > 0);
    svc__check_fini(&c);
}

static void test_without_memory(void **state)
{
    (void)state;
    oom_torture(lose_one, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_texts),
        cmocka_unit_test(test_a_spare_only_warns),
        cmocka_unit_test(test_each_failure_has_a_hint),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_without_memory),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
