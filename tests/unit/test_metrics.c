/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests' own reader of metrics: it lets nothing through but what it
 * promises, which the tests of statistics lean on.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics.h"

#define HEAD "# HELP svc_a A.\n# TYPE svc_a gauge\n"

static const char *const good[] = {
    "", HEAD, HEAD "svc_a 0\n", HEAD "svc_a{name=\"a\\\\\\\"\\n\"} 1.500\n",
    HEAD "svc_a{name=\"a\"} 1\nsvc_a{name=\"b\"} 18446744073709551615\n"};

static const char *const bad[] = {
    "\n",
    HEAD "svc_a 0",
    HEAD "svc_a  0\n",
    HEAD "svc_a\n",
    HEAD "svc_a 00\n",
    HEAD "svc_a 1.5\n",
    HEAD "svc_a -1\n",
    HEAD "svc_b 0\n",
    HEAD "svc_a_b 0\n",
    HEAD "svc_a 0\nsvc_a 0\n",
    HEAD "svc_a 0 1\n",
    HEAD "svc_a 0\n" HEAD,
    HEAD HEAD,
    HEAD "svc_a{} 0\n",
    HEAD "svc_a{name=\"a\"b\"} 0\n",
    HEAD "svc_a{name=\"a\\b\"} 0\n",
    HEAD "svc_a{name=\"a\nb\"} 0\n",
    HEAD "svc_a{name=\"\xff\"} 0\n",
    HEAD "svc_a{name=\"b\"} 0\nsvc_a{name=\"a\"} 0\n",
    HEAD "svc_a{name=\"a\"} 0\nsvc_a{name=\"a\"} 0\n",
    "svc_a 0\n",
    "# TYPE svc_a gauge\nsvc_a 0\n",
    "# HELP svc_a A.\nsvc_a 0\n",
    "# HELP svc_a \n",
    "# HELP a A.\n# TYPE a gauge\na 0\n",
    "# HELP svc_a A.\n# TYPE svc_a counter\nsvc_a 0\n",
    "# HELP svc_a_total A.\n# TYPE svc_a_total gauge\nsvc_a_total 0\n",
    "# HELP svc_a A.\n# TYPE svc_a thing\nsvc_a 0\n"};

static void test_what_is_read(void **state)
{
    struct metrics m = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_null(metrics_read(good[i], &m));
        metrics_fini(&m);
    }
    assert_null(metrics_read(HEAD "svc_a{name=\"\\\\\\\"\\n\"} 1.500\n", &m));
    assert_int_equal(m.count, 1);
    assert_string_equal(m.samples[0].help, "A.");
    assert_string_equal(m.samples[0].type, "gauge");
    assert_string_equal(metrics_value(&m, "svc_a", "\\\"\n"), "1.500");
    assert_null(metrics_value(&m, "svc_a", NULL));
    metrics_fini(&m);
}

static void test_what_is_refused(void **state)
{
    struct metrics m = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (metrics_read(bad[i], &m) == NULL)
            fail_msg("read: %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_what_is_refused),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
