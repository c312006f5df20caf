/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out anywhere in listening to the API server, from the
 * resolver's first call to its last: nothing is lost or leaked, the next try
 * works, what was there stays (faults P1, P2). The allocations are the
 * library's own; libcurl has malloc.
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

static struct api_run run;

static int install(void **state)
{
    (void)state;
    oom_install();
    return 0;
}

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    run.speed = 200;
    run.options.log = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    api_run_close(&run);
    return 0;
}

/* ---- from the beginning to the end --------------------------------------- */

struct story {
    const char *names[6]; /* up to the first NULL */
    const char *text;     /* what the first of them has in the end */
};

/* What fails for want of memory says so, and is tried once more. */
static int made(int err, const svc_error *error)
{
    if (err == 0)
        return 1;
    assert_int_equal(err, SVC_ENOMEM);
    assert_int_equal(error->code, SVC_ENOMEM);
    assert_true(error->message[0] != '\0');
    assert_true(oom_failures() > 0);
    return 0;
}

static svc_service *open_service(const char *name)
{
    svc_service_options o = SVC_SERVICE_OPTIONS_INIT;
    svc_error error = {0};
    svc_service *s = NULL;

    o.view = strstr(name, "view=") == NULL ? "pods" : NULL;
    for (int i = 0; i < 2 && s == NULL; i++)
        (void)made(svc_service_new(run.r, name, &o, &s, &error), &error);
    return s;
}

/* The answer comes, when memory failed once also after a failure; when there
 * is none any more, nothing worse happens than that it does not come. */
static void use(svc_service *s, const char *text)
{
    const int64_t end_ms = api_server_clock_ms() + API_SERVER_MS;
    int64_t patience_ms = end_ms;

    while (strcmp(api_run_text(&run, s), text) != 0) {
        if (oom_failures() > 1 && patience_ms == end_ms)
            patience_ms = api_server_clock_ms() + 8;
        if (api_server_clock_ms() > patience_ms)
            break;
        api_run_look(&run);
    }
    assert_true(api_server_clock_ms() < end_ms);
}

static void listen_to(void *arg)
{
    const struct story *story = arg;
    svc_service *s[6] = {NULL};
    svc_error error = {0};

    for (int i = 0; i < 2 && run.r == NULL; i++)
        (void)made(svc_resolver_new(&run.options, &run.r, &error), &error);
    for (int i = 0; run.r != NULL && i < 6 && story->names[i] != NULL; i++)
        s[i] = open_service(story->names[i]);
    if (s[0] != NULL)
        use(s[0], story->text);
    for (int i = 0; i < 6; i++)
        svc_service_free(s[i]);
    api_run_stop(&run);
}

static void one_service(void **state)
{
    struct story story = {{"web:80"}, "10.0.0.1:8080"};

    (void)state;
    oom_torture(listen_to, &story);
}

static void without_a_watch_list(void **state)
{
    struct story story = {{"web:80"}, "10.0.0.1:8080"};

    (void)state;
    api_world_no_watch_list(run.world);
    oom_torture(listen_to, &story);
}

static void nodes(void **state)
{
    struct story story = {{"web:80?view=node"}, "192.168.7.1:30080"};

    (void)state;
    api_world_service(run.world, "dev/web",
                      "\"spec\":{\"type\":\"NodePort\",\"selector\":{\"a\":"
                      "\"b\"},\"clusterIP\":\"10.96.0.1\",\"ports\":[{\"name\":"
                      "\"http\",\"port\":80,\"nodePort\":30080}]}");
    api_world_node(run.world, "n1", "\"x\":\"y\"",
                   "\"status\":{\"addresses\":[{\"type\":\"InternalIP\","
                   "\"address\":\"192.168.7.1\"}],\"conditions\":[{\"type\":"
                   "\"Ready\",\"status\":\"True\"}]}");
    oom_torture(listen_to, &story);
}

static void a_wide_watch(void **state)
{
    struct story story = {{"e:80", "a:80", "b:80", "c:80", "d:80", "web:80"},
                          "10.0.0.5:8080"};

    (void)state;
    for (char name[] = "a"; name[0] < 'f'; name[0]++)
        api_world_pair(run.world, name, "10.0.0.5");
    oom_torture(listen_to, &story);
}

static void an_answer_that_is_none(void **state)
{
    struct story story = {{"nobody:80"}, "SVC_ENOSERVICE"};

    (void)state;
    oom_torture(listen_to, &story);
}

/* ---- a good set ---------------------------------------------------------- */

/* Everything is listed anew while the n-th allocation fails: the set is the
 * old one or the new one, and the new one in the end. */
static long change(long n, int forever)
{
    const char *const sets[] = {"10.0.0.1:8080 10.0.0.2:8080",
                                "10.0.0.1:8080 10.0.0.3:8080"};
    int64_t end_ms;
    svc_service *s;
    long failures;

    api_run_slice(&run, "10.0.0.1 10.0.0.2");
    api_run_start(&run);
    s = api_run_has(&run, "web:80", sets[0]);
    api_run_watches(&run, 2);
    oom_arm(n, forever);
    skip_ms(130000);
    api_run_slice(&run, "10.0.0.1 10.0.0.3");
    api_world_expire(run.world, 0);
    api_world_end_watches(run.world);
    end_ms = api_server_clock_ms() + 12;
    while (api_server_clock_ms() < end_ms) {
        api_run_look(&run);
        if (strncmp(api_run_text(&run, s), sets[0], 27) != 0)
            assert_memory_equal(run.text, sets[1], 27);
    }
    failures = oom_failures();
    oom_disarm();
    api_run_expect(&run, s, sets[1]);
    svc_service_free(s);
    api_run_stop(&run);
    return failures;
}

static void a_good_set_never_shrinks(void **state)
{
    (void)state;
    for (int forever = 0; forever < 2; forever++) {
        const long blocks = oom_live();

        for (long n = 1; n <= 150; n++) {
            const long failures = change(n, forever);

            assert_int_equal(oom_live(), blocks);
            if (failures == 0)
                break;
        }
    }
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(one_service),
        row(without_a_watch_list),
        row(nodes),
        row(a_wide_watch),
        row(an_answer_that_is_none),
        row(a_good_set_never_shrinks),
    };

    return cmocka_run_group_tests_name("oom apiserver", tests, install, NULL);
}
