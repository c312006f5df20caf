/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out anywhere in the API server's backend: what was opened
 * comes to its set, and what changes is seen, as soon as there is memory again
 * (faults P1, P2). The allocations of libcurl are its own and do not fail here.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "integration/skip_clock.h"
#include "oom.h"

#include <stdio.h>
#include <string.h>

#define COUNT 6 /* more than are watched one by one */

static struct api_run run;

static int open_all(svc_service *all[COUNT])
{
    svc_error error;

    if (svc_resolver_new(&run.options, &run.r, &error) != 0) {
        assert_int_equal(error.code, SVC_ENOMEM);
        run.r = NULL;
        return 0;
    }
    for (int i = 0; i < COUNT; i++) {
        svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
        char name[32];

        o.view = "pods";
        snprintf(name, sizeof(name), "s%d:80", i);
        if (svc_service_new(run.r, name, &o, &all[i], &error) != 0) {
            assert_int_equal(error.code, SVC_ENOMEM);
            all[i] = NULL;
        }
    }
    return 1;
}

static void expect_all(svc_service *all[COUNT], const char *net)
{
    for (int i = 0; i < COUNT; i++) {
        char text[64];

        snprintf(text, sizeof(text), "%s%d:8080", net, i);
        if (all[i] != NULL)
            api_run_expect(&run, all[i], text);
    }
}

static void set_slices(const char *net)
{
    for (int i = 0; i < COUNT; i++) {
        char slice[32];
        char name[32];
        char address[32];

        snprintf(slice, sizeof(slice), "dev/s%d-1", i);
        snprintf(name, sizeof(name), "s%d", i);
        snprintf(address, sizeof(address), "%s%d", net, i);
        api_world_slice(run.world, slice, name, address);
    }
}

static void scenario(void *arg)
{
    svc_service *all[COUNT] = {NULL};
    int begun;

    (void)arg;
    begun = open_all(all);
    for (int i = 0; begun && i < 10; i++)
        api_run_look(&run);
    set_slices("10.0.2.");
    for (int i = 0; begun && i < 4; i++)
        api_run_look(&run);
    oom_disarm();
    if (begun)
        expect_all(all, "10.0.2.");
    for (int i = 0; i < COUNT; i++)
        svc_service_free(all[i]);
    if (begun)
        api_run_stop(&run);
    set_slices("10.0.1.");
}

static void test_open_and_change(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    for (int i = 0; i < COUNT; i++) {
        char name[32];

        snprintf(name, sizeof(name), "s%d", i);
        api_world_pair(run.world, name, "10.0.1.0");
    }
    set_slices("10.0.1.");
    scenario(NULL);
    oom_torture(scenario, NULL);
    api_run_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_open_and_change)};

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
