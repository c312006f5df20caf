/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options about the API server as callers write them, what they contradict,
 * and what "auto" comes to with the credentials that are at hand.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/auto.h"
#include "core/settings.h"
#include "scratch.h"

#include <stdlib.h>
#include <string.h>

static int is_built(const char *name)
{
    const struct svc__backend_ops *ops;

    return svc__backend_find(name, &ops, NULL) == 0;
}

static void read_good(const svc_resolver_options *o, struct svc__settings *ret)
{
    svc_error error;

    if (svc__settings_read(o, ret, &error) != 0)
        fail_msg("%s", error.message);
}

static void read_wrong(const svc_resolver_options *o, int code,
                       const char *says)
{
    struct svc__settings settings;
    svc_error error = {0};

    assert_int_equal(svc__settings_read(o, &settings, &error), code);
    if (strstr(error.message, says) == NULL)
        fail_msg("no \"%s\" in: %s", says, error.message);
    svc__settings_fini(&settings);
}

/* An environment with no credentials but those of a folder. */
static int clear_environment(void **state)
{
    (void)state;
    return setenv("HOME", "/nonexistent", 1) != 0 ||
           unsetenv("KUBECONFIG") != 0 ||
           unsetenv("KUBERNETES_SERVICE_HOST") != 0;
}

static void test_exec(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    static const char *const words[] = {"Allow", "yes", "1", "allow "};
    struct svc__settings settings;

    (void)state;
    for (int i = 0; i < 4; i++) {
        o.exec = i == 0 ? NULL : i == 1 ? "" : i == 2 ? "deny" : "allow";
        read_good(&o, &settings);
        assert_int_equal(settings.apiserver.exec, i == 3);
        svc__settings_fini(&settings);
    }
    for (int i = 0; i < 4; i++) {
        o.exec = words[i];
        read_wrong(&o, SVC_EINVAL, "valid: allow, deny");
    }
}

static void test_two_sources(void **state)
{
    static const char *const files[] = {"x.yaml", NULL};

    (void)state;
    for (int i = 0; i < 4; i++) {
        svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;

        *(i % 2 == 0 ? &o.kubeconfig : &o.context) = "x";
        if (i < 2)
            o.files = files;
        else
            o.manifest = "";
        read_wrong(&o, SVC_EINVAL,
                   i % 2 == 0 ? "option kubeconfig is set and manifests"
                              : "option context is set and manifests");
    }
}

static void test_another_backend(void **state)
{
    static const char *const backends[] = {"dns", "file"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;

        o.backend = backends[i / 2];
        *(i % 2 == 0 ? &o.kubeconfig : &o.context) = "x";
        read_wrong(&o, SVC_EINVAL,
                   "is set: it goes with backend \"apiserver\"");
    }
}

static void test_implied(void **state)
{
    static const char *const servers[] = {"10.96.0.10", NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    char text[] = "/etc/kube";
    struct svc__settings settings;

    (void)state;
    o.kubeconfig = o.context = text;
    o.node = "n1";
    o.zone = "z1";
    if (is_built("dns"))
        o.dns_servers = servers;
    if (!is_built("apiserver")) {
        read_wrong(&o, SVC_ENOTSUP, "\"apiserver\" is not built");
        return;
    }
    read_good(&o, &settings);
    memset(text, 'x', 4);
    assert_string_equal(settings.backend->name, "apiserver");
    assert_null(settings.automatic);
    assert_string_equal(settings.apiserver.kubeconfig, "/etc/kube");
    assert_string_equal(settings.apiserver.context, "/etc/kube");
    assert_string_equal(settings.apiserver.node, "n1");
    assert_string_equal(settings.apiserver.zone, "z1");
    assert_ptr_equal(settings.apiserver.surroundings, &settings.surroundings);
    svc__settings_fini(&settings);
}

static void test_by_name(void **state)
{
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__settings settings;

    (void)state;
    o.backend = "apiserver";
    if (!is_built("apiserver")) {
        read_wrong(&o, SVC_ENOTSUP, "\"apiserver\" is not built");
        return;
    }
    read_good(&o, &settings);
    assert_string_equal(settings.backend->name, "apiserver");
    svc__settings_fini(&settings);
}

/* What auto comes to, by the name of its backend; "" for nothing. */
static const char *automatic(const svc_resolver_options *o)
{
    struct svc__settings settings;
    const char *name;

    read_good(o, &settings);
    name = settings.automatic == NULL ? "" : settings.automatic->name;
    assert_null(settings.backend);
    svc__settings_fini(&settings);
    return name;
}

static void test_auto(void **state)
{
    static const char *const servers[] = {"10.96.0.10", NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    const char *dns = is_built("dns") ? "dns" : "";
    struct scratch s;

    (void)state;
    assert_string_equal(automatic(NULL), dns);
    scratch_make(&s);
    scratch_mkdir(&s, ".kube");
    scratch_write(&s, ".kube/config", "apiVersion: v1\nkind: Config\n");
    setenv("HOME", s.path, 1);
    o.backend = "auto";
    assert_string_equal(automatic(&o), !is_built("apiserver") ? dns
                                       : is_built("dns")      ? "auto"
                                                              : "apiserver");
    if (is_built("dns")) {
        o.dns_servers = servers;
        assert_string_equal(automatic(&o), "dns");
    }
    scratch_remove(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_exec, clear_environment),
        cmocka_unit_test_setup(test_two_sources, clear_environment),
        cmocka_unit_test_setup(test_another_backend, clear_environment),
        cmocka_unit_test_setup(test_implied, clear_environment),
        cmocka_unit_test_setup(test_by_name, clear_environment),
        cmocka_unit_test_setup(test_auto, clear_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
