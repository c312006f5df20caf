/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out anywhere in svc_resolver_check: it says so, or gives a
 * whole answer; nothing is lost, and the next call is as good as the first.
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

static void look(const char *name)
{
    svc_error error = {0};
    char *json = NULL;
    int err = svc_resolver_check(r, name, &json, &error);

    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_int_equal(error.code, SVC_ENOMEM);
        assert_null(json);
        assert_true(oom_failures() > 0);
        return;
    }
    assert_non_null(strstr(json, "]}"));
    if (oom_failures() == 0)
        assert_null(strstr(json, "\"fail\""));
    svc_text_free(json);
}

static void scenario(void *arg)
{
    look(arg);
    /* What was opened stays open; with memory it is all there. */
    oom_disarm();
    look(arg);
}

/* The first look opens sources and buffers that stay. */
static void warm_up(const char *name)
{
    svc_error error;
    char *json = NULL;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(svc_resolver_check(r, name, &json, &error), 0);
        svc_text_free(json);
    }
}

static void test_manifests(void **state)
{
    char *manifest = world_service("web", "10.0.0.1 10.0.0.2!");
    char name[] = "web.dev:80";

    (void)state;
    r = world_memory(manifest, 1);
    warm_up(name);
    oom_torture(scenario, name);
    svc_resolver_free(r);
    free(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_manifests)};

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
