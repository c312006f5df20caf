/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes faster than anybody can look at them, while threads pick: coalesced,
 * the newest wins, and there is no moment without an endpoint (faults J16,
 * J23, J24).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "picker.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UPDATES 5000
#define FLIPS   300
#define PODS    100

static struct api_run run;
static struct picker picker[2];
static svc_service *s;
static svc_watch *w;

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.options.external_loop = 0;
    api_run_start(&run);
    s = api_run_has(&run, "web:80", "10.0.0.1:8080");
    api_run_watches(&run, 2);
    assert_int_equal(svc_watch_new(s, &w), 0);
    for (int i = 0; i < 2; i++)
        picker_start(&picker[i], s);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        picker_stop(&picker[i]);
    svc_watch_free(w);
    svc_service_free(s);
    api_run_close(&run);
    return 0;
}

static void a_storm_is_coalesced(void **state)
{
    const int64_t began_ms = api_server_clock_ms();
    const svc_stats before = api_run_stats(&run);
    char address[32];
    uint64_t publishes;

    (void)state;
    for (unsigned i = 1; i <= UPDATES; i++) {
        snprintf(address, sizeof(address), "10.%u.%u.%u", i / 60000,
                 i / 250 % 250, i % 250 + 1);
        api_run_slice(&run, address);
    }
    world_expect(w, address);
    publishes = api_run_stats(&run).publishes - before.publishes;
    /* Once in 10 ms, the first and the last ones always. */
    assert_true(publishes <=
                4 + (uint64_t)(api_server_clock_ms() - began_ms) / 10);
    assert_int_equal(api_server_count(run.server), 2);
}

/* Addresses of a block, and what a watch shows of it in any order. */
static char *pods_of(unsigned block)
{
    char *text = calloc(PODS, 16);
    size_t n = 0;

    assert_non_null(text);
    for (unsigned i = 0; i < PODS; i++)
        n += (size_t)sprintf(text + n, "%s10.8.%u.%u", i > 0 ? " " : "",
                             block % 250, i + 1);
    return text;
}

/* Waits for a whole set of this block. No set is a mixture, or empty. */
static void expect_block(unsigned block)
{
    char prefix[16];
    unsigned right = 0;

    snprintf(prefix, sizeof(prefix), "10.8.%u.", block % 250);
    while (right != PODS) {
        svc_endpoints *eps = NULL;
        const char *text;

        assert_int_equal(svc_watch_next(w, WORLD_MS, &eps, NULL), 0);
        assert_true(svc_endpoints_count(eps) >= 1);
        text = world_text(eps);
        right = 0;
        while ((text = strstr(text, prefix)) != NULL) {
            text++;
            right++;
        }
        assert_true(right == 0 || right == PODS);
        svc_endpoints_unref(eps);
    }
}

/* Every endpoint is replaced by another one, at once. */
static void all_endpoints_change_at_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FLIPS; i++) {
        char *pods = pods_of(i);

        api_run_slice(&run, pods);
        free(pods);
        if (i % 10 == 9)
            expect_block(i);
    }
}

/* As when a Deployment is replaced: another slice comes, then the first goes;
 * the same endpoint in both counts once. */
static void slices_take_turns(void **state)
{
    char name[32];
    char old[32] = "dev/web-1";

    (void)state;
    for (unsigned i = 0; i < FLIPS; i++) {
        snprintf(name, sizeof(name), "dev/web-x%u", i);
        api_world_slice(run.world, name, "web", "10.0.0.1");
        api_world_delete(run.world, API_SLICES, old);
        memcpy(old, name, sizeof(old));
    }
    api_world_slice(run.world, "dev/web-end", "web", "10.0.0.1 10.0.0.2");
    world_expect(w, "10.0.0.1 10.0.0.2");
}

/* While the source itself is in trouble. */
static void changes_while_the_server_comes_and_goes(void **state)
{
    char address[32];

    (void)state;
    for (unsigned i = 1; i <= 40; i++) {
        snprintf(address, sizeof(address), "10.6.0.%u", i);
        api_run_slice(&run, address);
        if (i % 5 == 0)
            api_world_expire(run.world, i % 2 == 0);
        if (i % 4 == 0)
            api_server_drop(run.server, i % 8 == 0);
        if (i % 3 == 0)
            api_world_end_watches(run.world);
        api_run_look(&run);
    }
    world_expect(w, address);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_storm_is_coalesced),
        row(all_endpoints_change_at_once),
        row(slices_take_turns),
        row(changes_while_the_server_comes_and_goes),
    };

    return cmocka_run_group_tests_name("api storm", tests, NULL, NULL);
}
