/* SPDX-License-Identifier: Apache-2.0 */
/* Finding backends by name, and where the caller is (semantics 2.1 rule 4). */
#include "backend/backend.h"
#include "oom.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct scratch s;
static char log_lines[4096];

static void write_line(void *arg, int level, const char *text)
{
    const size_t used = strlen(log_lines);

    (void)arg;
    assert_int_equal(level, SVC_LOG_WARNING);
    snprintf(log_lines + used, sizeof(log_lines) - used, "%s\n", text);
}

static const struct svc__log warnings = {write_line, NULL, SVC_LOG_WARNING};

static int setup(void **state)
{
    (void)state;
    scratch_make(&s);
    log_lines[0] = '\0';
    unsetenv("NODE_NAME");
    unsetenv("NODE_ZONE");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(&s);
    assert_int_equal(oom_live(), 0);
    return 0;
}

/* ---- the table ----------------------------------------------------------- */

static void what_is_built_is_found(void **state)
{
    char names[128];
    const struct svc__backend_ops *ops = NULL;

    (void)state;
    svc__backend_names(names, sizeof(names));
    for (size_t i = 0; svc__backend_table[i] != NULL; i++) {
        const char *name = svc__backend_table[i]->name;

        assert_int_equal(svc__backend_find(name, &ops, NULL), 0);
        assert_ptr_equal(ops, svc__backend_table[i]);
        assert_non_null(strstr(names, name));
    }
    assert_true(strlen(names) > 0);
}

static void what_is_not_built_is_told_apart(void **state)
{
    static const struct {
        const char *name;
        int code;
        const char *message;
    } table[] = {
        {"apiserver", SVC_ENOTSUP,
         "backend \"apiserver\" is not built into this library; built: "},
        {"fil", SVC_EINVAL, "no backend is named \"fil\"; valid: auto, "},
        {"", SVC_EINVAL, "no backend is named \"\"; valid: auto, "},
        {"FILE", SVC_EINVAL, "no backend is named \"FILE\"; valid: auto, "},
    };
    char text[256];
    char names[128];

    (void)state;
    svc__backend_names(names, sizeof(names));
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct svc__backend_ops *ops = NULL;
        svc_error error = {0};

        if (table[i].code == SVC_ENOTSUP &&
            strstr(names, table[i].name) != NULL)
            continue;
        assert_int_equal(svc__backend_find(table[i].name, &ops, &error),
                         table[i].code);
        assert_int_equal(error.code, table[i].code);
        snprintf(text, sizeof(text), "%s%s", table[i].message, names);
        assert_string_equal(error.message, text);
        assert_null(ops);
    }
}

static void names_are_cut_at_a_whole_one(void **state)
{
    char all[128];
    char some[128];

    (void)state;
    svc__backend_names(all, sizeof(all));
    for (size_t size = 1; size <= strlen(all) + 1; size++) {
        svc__backend_names(some, size);
        assert_true(strlen(some) < size);
        assert_int_equal(strncmp(some, all, strlen(some)), 0);
        assert_true(strchr(", ", all[strlen(some)]) != NULL || some[0] == '\0');
    }
}

/* ---- where the caller is ------------------------------------------------- */

/* Reads with a namespace file and a resolv.conf of these contents, NULL: none,
 * and compares "namespace zone node zone" with "?" for unknown. */
static void assert_defaults(const char *namespace_, const char *resolv_conf,
                            const char *expected)
{
    const struct svc__backend_places places = {scratch_path(&s, "namespace"),
                                               scratch_path(&s, "resolv")};
    struct svc__backend_defaults d;
    char text[1024];

    scratch_delete(&s, "namespace");
    scratch_delete(&s, "resolv");
    if (namespace_ != NULL)
        scratch_write(&s, "namespace", namespace_);
    if (resolv_conf != NULL)
        scratch_write(&s, "resolv", resolv_conf);
    assert_int_equal(svc__backend_defaults_read_from(&warnings, &places, &d),
                     0);
    snprintf(text, sizeof(text), "%s %s %s %s", d.namespace_, d.cluster_domain,
             d.node == NULL ? "?" : d.node, d.zone == NULL ? "?" : d.zone);
    assert_string_equal(text, expected);
    svc__backend_defaults_fini(&d);
}

static void the_namespace_comes_from_the_first_that_is_there(void **state)
{
    static const char *const pod =
        "nameserver 10.96.0.10\n"
        "search shop.svc.example.org svc.example.org example.org\n";

    (void)state;
    assert_defaults(NULL, NULL, "default cluster.local ? ?");
    assert_defaults(NULL, pod, "shop example.org ? ?");
    assert_defaults("dev", NULL, "dev cluster.local ? ?");
    assert_defaults(" dev \r\n", pod, "dev example.org ? ?");
    assert_defaults("", pod, "shop example.org ? ?");
    assert_defaults("\n", "search lan\n", "default cluster.local ? ?");
    assert_defaults("dev", "search svc.example.org\n", "dev example.org ? ?");
    assert_string_equal(log_lines, "");
}

static void invalid_values_are_ignored_with_a_warning(void **state)
{
    char big[5000];

    (void)state;
    memset(big, 'a', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    assert_defaults("Dev", NULL, "default cluster.local ? ?");
    assert_non_null(strstr(log_lines, "\"Dev\" is not a valid namespace"));
    log_lines[0] = '\0';
    assert_defaults("a b", NULL, "default cluster.local ? ?");
    assert_non_null(strstr(log_lines, "a b"));
    log_lines[0] = '\0';
    assert_defaults(big, NULL, "default cluster.local ? ?");
    assert_non_null(strstr(log_lines, "bigger than 4096 bytes"));
}

static void node_and_zone_come_from_the_environment(void **state)
{
    static const struct {
        const char *node;
        const char *zone;
        const char *expected;
        int warnings;
    } table[] = {
        {"worker-1.lan", "eu-1a", "worker-1.lan eu-1a", 0},
        {"", "", "? ?", 0},
        {"Worker", "eu_1.A-b", "? eu_1.A-b", 1},
        {"a\nb", "-eu", "? ?", 2},
        {"x", "eu-", "x ?", 1},
        {"x",
         "z2345678901234567890123456789012345678901234567890123456789012"
         "34",
         "x ?", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char expected[128];
        int lines = 0;

        log_lines[0] = '\0';
        setenv("NODE_NAME", table[i].node, 1);
        setenv("NODE_ZONE", table[i].zone, 1);
        snprintf(expected, sizeof(expected), "default cluster.local %s",
                 table[i].expected);
        assert_defaults(NULL, NULL, expected);
        for (const char *p = log_lines; *p != '\0'; p++)
            lines += *p == '\n';
        assert_int_equal(lines, table[i].warnings);
    }
}

static void the_usual_places_can_be_read(void **state)
{
    struct svc__backend_defaults d;

    (void)state;
    assert_int_equal(svc__backend_defaults_read(NULL, &d), 0);
    assert_non_null(d.namespace_);
    assert_non_null(d.cluster_domain);
    svc__backend_defaults_fini(&d);
    assert_null(d.namespace_);
}

static void read_all_of_it(void *arg)
{
    const struct svc__backend_places *places = arg;
    struct svc__backend_defaults d = {0};
    int err = svc__backend_defaults_read_from(NULL, places, &d);

    assert_int_equal(err, oom_failures() > 0 ? SVC_ENOMEM : 0);
    svc__backend_defaults_fini(&d);
}

static void every_allocation_may_fail(void **state)
{
    struct svc__backend_places places = {scratch_path(&s, "namespace"),
                                         scratch_path(&s, "resolv")};

    (void)state;
    scratch_write(&s, "namespace", "dev");
    scratch_write(&s, "resolv", "search shop.svc.example.org\n");
    setenv("NODE_NAME", "n", 1);
    setenv("NODE_ZONE", "z", 1);
    oom_torture(read_all_of_it, &places);
    places.namespace_file = "/nowhere";
    places.resolv_conf = "/nowhere";
    oom_torture(read_all_of_it, &places);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_is_found),
        cmocka_unit_test(what_is_not_built_is_told_apart),
        cmocka_unit_test(names_are_cut_at_a_whole_one),
        in_folder(the_namespace_comes_from_the_first_that_is_there),
        in_folder(invalid_values_are_ignored_with_a_warning),
        in_folder(node_and_zone_come_from_the_environment),
        in_folder(the_usual_places_can_be_read),
        in_folder(every_allocation_may_fail),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
