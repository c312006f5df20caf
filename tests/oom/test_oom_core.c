/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out anywhere between a resolver's first and last call: a
 * clear code, nothing lost, the next try works, and a set that was good never
 * shrinks (faults P1, P2).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "integration/leap_clock.h"
#include "oom.h"
#include "script.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static char *manifest;

/* 0, or out of memory and said so. */
static int checked(int err, const svc_error *error)
{
    if (err == 0)
        return 0;
    assert_int_equal(err, SVC_ENOMEM);
    assert_int_equal(error->code, SVC_ENOMEM);
    assert_true(error->message[0] != '\0');
    assert_true(oom_failures() > 0);
    return err;
}

/* What failed once succeeds when it is tried again with memory. */
static void checked_again(int err)
{
    if (err != 0)
        assert_true(oom_failures() > 1);
}

/* ---- one of everything ------------------------------------------------- */

static svc_resolver *make(const svc_resolver_options *o)
{
    svc_resolver *r = NULL;
    svc_error error = {0};

    if (checked(svc_resolver_new(o, &r, &error), &error) != 0) {
        assert_null(r);
        checked_again(svc_resolver_new(o, &r, &error));
    }
    return r;
}

static svc_service *open_service(svc_resolver *r, const char *name)
{
    svc_service *s = NULL;
    svc_error error = {0};

    if (checked(svc_service_new(r, name, NULL, &s, &error), &error) != 0) {
        assert_null(s);
        checked_again(svc_service_new(r, name, NULL, &s, &error));
    }
    return s;
}

static void watch(svc_service *s, int has_answer)
{
    svc_endpoints *eps = NULL;
    svc_watch *w = NULL;
    int err = svc_watch_new(s, &w);

    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
        return;
    }
    if (svc_watch_next(w, 0, &eps, NULL) == 0)
        svc_endpoints_unref(eps);
    else
        assert_false(has_answer);
    svc_watch_free(w);
}

static void use(svc_service *s, int code)
{
    svc_error error = {0};
    char *json = NULL;
    svc_pick pick;
    int err = svc_service_wait(s, 5000, &error);

    if (err != code)
        (void)checked(err, &error);
    checked_again(err == code ? 0 : err);
    assert_int_equal(svc_service_pick(s, NULL, &pick),
                     err == code ? code : SVC_EAGAIN);
    watch(s, err == code);
    if (checked(svc_service_explain(s, &json, &error), &error) == 0)
        svc_text_free(json);
    assert_int_equal(svc_service_wait(s, 0, NULL), err);
}

struct story {
    const char *name;
    int code;
};

static void live(void *arg)
{
    const struct story *story = arg;
    static const char *const allow[] = {"loopback", NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r;
    svc_service *s;

    o.external_loop = 1;
    o.manifest = manifest;
    o.manifest_size = strlen(manifest);
    o.namespace_ = "dev";
    o.cluster_domain = "cluster.local.";
    o.node = "node-a";
    o.zone = "zone-a";
    o.allow = allow;
    r = make(&o);
    if (r == NULL)
        return;
    s = open_service(r, story->name);
    if (s != NULL)
        use(s, story->code);
    /* Either may go first. */
    if (oom_failures() % 2 == 0)
        svc_service_free(s);
    svc_resolver_free(r);
    if (oom_failures() % 2 != 0)
        svc_service_free(s);
}

static void torture(const char *name, int code)
{
    struct story story = {name, code};

    oom_torture(live, &story);
}

static void test_a_service(void **state)
{
    (void)state;
    torture("web:http?policy=rr", 0);
}

static void test_other_policies(void **state)
{
    (void)state;
    torture("web.dev:80?policy=random", 0);
    torture("_http._tcp.web.dev.svc.cluster.local?policy=fo", 0);
}

static void test_an_alias(void **state)
{
    (void)state;
    torture("alias:80", 0);
    torture("loop:80", SVC_EALIAS);
    torture("address:80", 0);
    torture("nowhere:80", SVC_EALIAS);
}

static void test_answers_that_are_empty(void **state)
{
    (void)state;
    torture("nobody:80", SVC_ENOSERVICE);
    torture("web:81", SVC_ENOPORT);
}

static void test_an_address(void **state)
{
    (void)state;
    torture("127.0.0.1:80", 0);
    torture("[fd00::1]:80?family=ipv4", SVC_ENOENDPOINTS);
}

static void read_details(void *arg)
{
    char *text = svc_version_details();

    (void)arg;
    if (text == NULL)
        assert_true(oom_failures() > 0);
    svc_text_free(text);
}

/* Half a minute passes, in which nobody asks again. */
static void forget(svc_resolver *r)
{
    while (svc__timer_is_set(&r->memo.timer)) {
        svc__loop_set(r->loop, &r->memo.timer, 0);
        assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    }
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
}

static void resolve(void *arg)
{
    svc_endpoints *eps = NULL;
    svc_error error = {0};

    if (checked(svc_resolver_resolve(arg, "web:80", NULL, 5000, &eps, &error),
                &error) == 0)
        svc_endpoints_unref(eps);
    else
        assert_null(eps);
    oom_disarm();
    forget(arg);
}

static void test_calls_by_themselves(void **state)
{
    svc_resolver *r;

    (void)state;
    oom_torture(read_details, NULL);
    r = world_memory(manifest, 1);
    /* The source stays open between the runs. */
    svc_service_free(world_open(r, "web:80", 0));
    assert_int_equal(svc_resolver_dispatch(r, 0), 0);
    oom_torture(resolve, r);
    svc_resolver_free(r);
}

static void read_files(void *arg)
{
    const char *files[] = {"/a.yaml", "/b.yaml", "/c.yaml", NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;

    (void)arg;
    o.external_loop = 1;
    o.files = files;
    svc_resolver_free(make(&o));
}

static void test_lists_are_copied_whole(void **state)
{
    (void)state;
    oom_torture(read_files, NULL);
}

/* ---- a good set -------------------------------------------------------- */

static size_t count(svc_service *s)
{
    svc_endpoints *eps = svc_service_endpoints(s);
    size_t n = svc_endpoints_count(eps);

    svc_endpoints_unref(eps);
    return n;
}

/* Two endpoints are published; a change to three is due, and its n-th
 * allocation fails. Returns whether any did. */
static int change(long n, int forever)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = NULL;
    int failed;

    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    script_round(r);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    script_hold();
    script_addresses(r, "web.dev", "10.0.0.2 10.0.0.3 10.0.0.4");
    oom_arm(n, forever);
    script_timer(s);
    failed = oom_failures() > 0;
    oom_disarm();
    assert_int_equal(count(s), failed ? 2 : 3);
    assert_int_equal(svc_service_wait(s, 0, NULL), 0);
    assert_int_equal(svc_service_status(s, NULL), failed ? SVC_ENOMEM : 0);
    script_at_once("web.dev", "10.0.0.2 10.0.0.3 10.0.0.4");
    if (failed)
        script_timer(s);
    assert_int_equal(count(s), 3);
    assert_int_equal(svc_service_status(s, NULL), 0);
    script_free(r);
    svc_service_free(s);
    return failed;
}

/* The same for an alias that begins to lead to another Service: the old set
 * stays until that has answered. */
static int change_to_alias(long n, int forever)
{
    svc_resolver *r = script_new(NULL);
    svc_service *s = NULL;
    int failed;

    assert_int_equal(svc_service_new(r, "web:80", NULL, &s, NULL), 0);
    script_round(r);
    script_addresses(r, "web.dev", "10.0.0.1 10.0.0.2");
    script_hold();
    script_alias(r, "web.dev", "b.shop.svc.cluster.local");
    oom_arm(n, forever);
    script_timer(s);
    failed = oom_failures() > 0;
    oom_disarm();
    assert_int_equal(count(s), 2);
    assert_int_equal(svc_service_status(s, NULL), failed ? SVC_ENOMEM : 0);
    script_at_once("web.dev", "b.shop.svc.cluster.local");
    script_at_once("b.shop", "10.0.0.3 10.0.0.4 10.0.0.5");
    if (failed)
        script_timer(s);
    else
        script_addresses(r, "b.shop", "10.0.0.3 10.0.0.4 10.0.0.5");
    assert_int_equal(count(s), 3);
    script_free(r);
    svc_service_free(s);
    return failed;
}

static void torture_change(int (*run)(long n, int forever))
{
    for (int forever = 0; forever < 2; forever++) {
        long blocks = oom_live();
        long n = 0;

        do {
            assert_int_equal(oom_live(), blocks);
        } while (run(++n, forever));
        assert_int_equal(oom_live(), blocks);
        assert_true(n > 2);
    }
}

static void test_a_good_set_never_shrinks(void **state)
{
    (void)state;
    torture_change(change);
    torture_change(change_to_alias);
}

static int install(void **state)
{
    (void)state;
    oom_install();
    manifest = world_join(
        world_service("web", "10.0.0.1 10.0.0.2!"),
        strdup("{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":"
               "{\"name\":\"alias\",\"namespace\":\"dev\"},\"spec\":{\"type\":"
               "\"ExternalName\",\"externalName\":"
               "\"web.dev.svc.cluster.local\"}}"),
        strdup("apiVersion: v1\nkind: Service\n"
               "metadata: {name: loop, namespace: dev}\n"
               "spec: {type: ExternalName, externalName: "
               "loop.dev.svc.cluster.local}\n"),
        strdup("apiVersion: v1\nkind: Service\n"
               "metadata: {name: outside, namespace: dev}\n"
               "spec: {type: ExternalName, externalName: www.example.com}\n"),
        strdup("apiVersion: v1\nkind: Service\n"
               "metadata: {name: nowhere, namespace: dev}\n"
               "spec: {type: ExternalName, externalName: "
               "nobody.dev.svc.cluster.local}\n"),
        strdup("apiVersion: v1\nkind: Service\n"
               "metadata: {name: address, namespace: dev}\n"
               "spec: {type: ExternalName, externalName: "
               "10-0-0-7.dev.pod.cluster.local}\n"),
        NULL);
    return 0;
}

static int uninstall(void **state)
{
    (void)state;
    free(manifest);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_service),
        cmocka_unit_test(test_other_policies),
        cmocka_unit_test(test_an_alias),
        cmocka_unit_test(test_answers_that_are_empty),
        cmocka_unit_test(test_an_address),
        cmocka_unit_test(test_calls_by_themselves),
        cmocka_unit_test(test_lists_are_copied_whole),
        cmocka_unit_test(test_a_good_set_never_shrinks),
    };

    return cmocka_run_group_tests_name("oom core", tests, install, uninstall);
}
