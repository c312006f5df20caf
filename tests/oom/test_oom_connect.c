/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out while a service is connected to: a connection takes
 * none, and a failure is told with as many words as there is memory for.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "oom.h"
#include "scene.h"
#include "world.h"

#include <unistd.h>

static void connect_once(void *arg)
{
    struct scene *sc = arg;
    int fd = svc_service_connect(sc->s, NULL, WORLD_MS, NULL, &sc->error);

    assert_true(fd >= 0);
    close(fd);
}

static void a_connection_takes_no_memory(void **state)
{
    struct scene sc = {0};

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_LISTENS);
    places_add(&sc.places, AF_INET, PLACE_REFUSES);
    scene_open(&sc, "web:http", 0);
    close(scene_try(&sc, 0, WORLD_MS));
    oom_arm(1, 1);
    for (int i = 0; i < 4; i++)
        connect_once(&sc);
    oom_disarm();
    assert_int_equal(oom_failures(), 0);
    scene_close(&sc);
}

static void fail_once(void *arg)
{
    struct scene *sc = arg;

    assert_int_equal(
        svc_service_connect(sc->s, NULL, WORLD_MS, NULL, &sc->error),
        SVC_EUNREACH);
    scene_says(sc, "no connection");
    if (oom_failures() == 0)
        scene_says(sc, "Connection refused");
}

static void a_failure_is_told(void **state)
{
    struct scene sc = {0};

    (void)state;
    places_add(&sc.places, AF_INET, PLACE_REFUSES);
    scene_open(&sc, "web:http", 0);
    assert_int_equal(scene_try(&sc, 0, WORLD_MS), SVC_EUNREACH);
    oom_torture(fail_once, &sc);
    scene_close(&sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_takes_no_memory),
        cmocka_unit_test(a_failure_is_told),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
