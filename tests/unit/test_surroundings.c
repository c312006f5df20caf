/* SPDX-License-Identifier: Apache-2.0 */
/* What the environment says, and where credentials are found in it. */
#include "backend/backend.h"
#include "backend/surroundings.h"
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
static char folder[256];

static const char *const used[] = {"KUBERNETES_SERVICE_HOST",
                                   "KUBERNETES_SERVICE_PORT",
                                   "KUBECONFIG",
                                   "HTTPS_PROXY",
                                   "https_proxy",
                                   "HTTP_PROXY",
                                   "http_proxy",
                                   "NO_PROXY",
                                   "no_proxy",
                                   "REQUEST_METHOD",
                                   "HOME",
                                   "PATH"};

static int setup(void **state)
{
    (void)state;
    scratch_make(&s);
    (void)snprintf(folder, sizeof(folder), "%s", s.path);
    for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
        unsetenv(used[i]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(&s);
    assert_int_equal(oom_live(), 0);
    return 0;
}

static struct svc__backend_surroundings read_now(void)
{
    struct svc__backend_surroundings got;

    assert_int_equal(svc__backend_surroundings_read_from(folder, 0, &got), 0);
    return got;
}

static void nothing_is_set(void **state)
{
    struct svc__backend_surroundings got = read_now();

    (void)state;
    assert_null(got.kubernetes_service_host);
    assert_null(got.kubeconfig);
    assert_null(got.home);
    assert_null(got.path);
    assert_null(got.https_proxy);
    assert_null(got.http_proxy);
    assert_null(got.no_proxy);
    assert_null(got.credentials);
    assert_int_equal(got.is_secure, 0);
    svc__backend_surroundings_fini(&got);
    svc__backend_surroundings_fini(&got);
    setenv("KUBECONFIG", "", 1);
    got = read_now();
    assert_null(got.kubeconfig);
    svc__backend_surroundings_fini(&got);
}

static void all_is_copied(void **state)
{
    struct svc__backend_surroundings got;
    int found = 0;

    (void)state;
    setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "6443", 1);
    setenv("KUBECONFIG", "/a:/b", 1);
    setenv("HOME", "/home/x", 1);
    setenv("PATH", "/bin", 1);
    scratch_write(&s, "token", "x");
    got = read_now();
    for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
        unsetenv(used[i]);
    assert_string_equal(got.kubernetes_service_host, "10.96.0.1");
    assert_string_equal(got.kubernetes_service_port, "6443");
    assert_string_equal(got.kubeconfig, "/a:/b");
    assert_string_equal(got.home, "/home/x");
    assert_string_equal(got.path, "/bin");
    assert_string_equal(got.credentials, folder);
    for (size_t i = 0; got.environ[i] != NULL; i++)
        found += strcmp(got.environ[i], "KUBECONFIG=/a:/b") == 0;
    assert_int_equal(found, 1);
    svc__backend_surroundings_fini(&got);
}

static void proxies(void **state)
{
    struct svc__backend_surroundings got;

    (void)state;
    setenv("https_proxy", "small", 1);
    setenv("http_proxy", "small", 1);
    setenv("no_proxy", "small", 1);
    got = read_now();
    assert_string_equal(got.https_proxy, "small");
    assert_string_equal(got.http_proxy, "small");
    assert_string_equal(got.no_proxy, "small");
    svc__backend_surroundings_fini(&got);
    setenv("HTTPS_PROXY", "LARGE", 1);
    setenv("HTTP_PROXY", "LARGE", 1);
    setenv("NO_PROXY", "LARGE", 1);
    got = read_now();
    assert_string_equal(got.https_proxy, "LARGE");
    assert_string_equal(got.http_proxy, "LARGE");
    assert_string_equal(got.no_proxy, "LARGE");
    svc__backend_surroundings_fini(&got);
    setenv("REQUEST_METHOD", "GET", 1);
    unsetenv("http_proxy");
    got = read_now();
    assert_null(got.http_proxy);
    svc__backend_surroundings_fini(&got);
}

/* Whoever starts a program with more rights than his own tells it nothing. */
static void a_secure_program_hears_nothing(void **state)
{
    struct svc__backend_surroundings got;
    struct svc__backend_apiserver a = {.surroundings = &got};

    (void)state;
    for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
        setenv(used[i], folder, 1);
    scratch_write(&s, "token", "x");
    assert_int_equal(svc__backend_surroundings_read_from(folder, 1, &got), 0);
    assert_null(got.kubernetes_service_host);
    assert_null(got.kubeconfig);
    assert_null(got.home);
    assert_null(got.path);
    assert_null(got.https_proxy);
    assert_null(got.environ);
    assert_null(got.credentials);
    assert_int_equal(got.is_secure, 1);
    assert_false(svc__backend_has_credentials(&a));
    svc__backend_surroundings_fini(&got);
}

static void an_environment_that_is_none(void **state)
{
    struct svc__backend_surroundings got;

    (void)state;
    clearenv();
    got = read_now();
    assert_null(got.environ[0]);
    svc__backend_surroundings_fini(&got);
    assert_int_equal(svc__backend_surroundings_read(&got), 0);
    svc__backend_surroundings_fini(&got);
}

static void reading(void *arg)
{
    struct svc__backend_surroundings got;
    int err = svc__backend_surroundings_read_from(folder, 0, &got);

    (void)arg;
    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
    }
    svc__backend_surroundings_fini(&got);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    clearenv();
    setenv("KUBECONFIG", "/a", 1);
    setenv("HOME", "/b", 1);
    oom_torture(reading, NULL);
}

/* ---- credentials --------------------------------------------------------- */

static int has(const char *kubeconfig)
{
    struct svc__backend_surroundings got = read_now();
    const struct svc__backend_apiserver a = {.kubeconfig = kubeconfig,
                                             .surroundings = &got};
    const int has = svc__backend_has_credentials(&a);

    svc__backend_surroundings_fini(&got);
    return has;
}

static void credentials_of_a_pod(void **state)
{
    (void)state;
    assert_false(has(NULL));
    setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    assert_false(has(NULL));
    scratch_write(&s, "token", "x");
    assert_true(has(NULL));
    unsetenv("KUBERNETES_SERVICE_HOST");
    assert_false(has(NULL));
}

static void credentials_of_kubectl(void **state)
{
    char list[512];

    (void)state;
    assert_true(has("/nowhere/at/all")); /* an error of its own, later */
    setenv("HOME", folder, 1);
    assert_false(has(NULL));
    scratch_mkdir(&s, ".kube");
    scratch_write(&s, ".kube/config", "x");
    assert_true(has(NULL));
    setenv("KUBECONFIG", "/nowhere/at/all", 1); /* instead of it */
    assert_false(has(NULL));
    (void)snprintf(list, sizeof(list), ":/nowhere:%s/.kube/config:", folder);
    setenv("KUBECONFIG", list, 1);
    assert_true(has(NULL));
    setenv("KUBECONFIG", "::", 1);
    assert_false(has(NULL));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_set),
        TEST(all_is_copied),
        TEST(proxies),
        TEST(a_secure_program_hears_nothing),
        TEST(an_environment_that_is_none),
        TEST(every_allocation_may_fail),
        TEST(credentials_of_a_pod),
        TEST(credentials_of_kubectl),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
