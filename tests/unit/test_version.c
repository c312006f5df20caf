/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the library says of itself.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "policy/policy.h"

#include <stdio.h>
#include <string.h>
#include <svc/svc.h>

static void test_header_and_library_agree(void **state)
{
    char text[32];

    (void)state;
    (void)snprintf(text, sizeof(text), "%d.%d.%d", SVC_VERSION_MAJOR,
                   SVC_VERSION_MINOR, SVC_VERSION_PATCH);
    assert_string_equal(svc_version(), text);
}

/* Two lines, and in them every backend and policy that can be found; then a
 * line for each library behind them. */
static void test_details_name_what_is_built(void **state)
{
    const struct svc__policy_ops *policy;
    char *text = svc_version_details();
    const struct svc__backend_library *library = svc__backend_libraries;
    const char *policies = strstr(text, "\npolicies: ");
    const char *at;

    (void)state;
    assert_int_equal(strncmp(text, "backends: ", 10), 0);
    assert_non_null(policies);
    assert_int_equal(text[strlen(text) - 1], '\n');
    for (at = strchr(policies + 1, '\n') + 1; *at != '\0';
         at = strchr(at, '\n') + 1, library++)
        assert_int_equal(strncmp(at, library->name, strlen(library->name)), 0);
    assert_null(library->name);
    for (size_t i = 0; svc__backend_table[i] != NULL; i++) {
        at = strstr(text, svc__backend_table[i]->name);
        assert_true(at != NULL && at < policies);
    }
    for (size_t i = 0; (policy = svc__policy_at(i)) != NULL; i++)
        assert_non_null(strstr(policies, policy->name));
    svc_text_free(text);
    svc_text_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_and_library_agree),
        cmocka_unit_test(test_details_name_what_is_built),
    };

    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
