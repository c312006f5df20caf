/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out anywhere in svc_resolver_stats_text: it says so and
 * touches nothing, or gives a whole text; no reference to a service is left.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oom.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static svc_resolver *r;

static void tell(void *arg)
{
    svc_error error = {0};
    char *text = NULL;
    int err = svc_resolver_stats_text(r, arg, &text, &error);

    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_int_equal(error.code, SVC_ENOMEM);
        assert_null(text);
        assert_true(oom_failures() > 0);
        return;
    }
    assert_int_equal(oom_failures(), 0);
    assert_non_null(strstr(text, "web.dev:80"));
    assert_non_null(strstr(text, "unlisted"));
    svc_text_free(text);
}

static void test_each_format(void **state)
{
    char *manifest = world_service("web", "10.0.0.1 10.0.0.2!");
    char json[] = "json";
    char prometheus[] = "prometheus";
    svc_service *s[2];
    long blocks;

    (void)state;
    blocks = oom_live();
    r = world_memory(manifest, 1);
    s[0] = world_open(r, "web.dev:80", 0);
    s[1] = world_open(r, "web.dev:80", 0);
    oom_torture(tell, json);
    oom_torture(tell, prometheus);
    svc_service_free(s[0]);
    svc_service_free(s[1]);
    svc_resolver_free(r);
    assert_int_equal(oom_live(), blocks);
    free(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_format)};

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
