/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a login keeps, and of whom: it stays with one server, and a kubeconfig
 * that leads to another one changes nothing (faults A4, 3.4).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/apiserver_login.h"
#include "oom.h"
#include "scratch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PEM "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"

static struct scratch s;
static int readies;

static int setup(void **state)
{
    (void)state;
    oom_install();
    scratch_make(&s);
    readies = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_remove(&s);
    assert_int_equal(oom_live(), 0);
    return 0;
}

/* The user of a cluster has a plugin, which tells a token; the CA is in a
 * file. */
static void write_config(const char *server, const char *token)
{
    char text[2000];

    (void)snprintf(text, sizeof(text),
                   "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                   "contexts:\n- name: c\n"
                   "  context: {cluster: k, user: u}\n"
                   "clusters:\n- name: k\n  cluster: {server: \"%s\",\n"
                   "    certificate-authority: %s.pem}\n"
                   "users:\n- name: u\n  user:\n    exec:\n"
                   "      apiVersion: client.authentication.k8s.io/v1\n"
                   "      interactiveMode: Never\n"
                   "      command: /bin/sh\n      args:\n      - -c\n"
                   "      - >-\n        echo '{\"apiVersion\":"
                   "\"client.authentication.k8s.io/v1\","
                   "\"kind\":\"ExecCredential\","
                   "\"status\":{\"token\":\"%s\"}}'\n",
                   server, token, token);
    scratch_replace(&s, "config", text);
    assert_int_equal(chmod(scratch_path(&s, "config"), 0600), 0);
}

static void on_ready(void *arg)
{
    (void)arg;
    readies++;
}

static int need(struct svc__apiserver_login *l, int anew)
{
    svc_error error;

    return svc__apiserver_login_need(l, anew, &error);
}

static void wait_for_plugin(struct svc__loop *loop)
{
    const int before = readies;

    while (readies == before)
        assert_int_equal(svc__loop_round(loop, -1), 0);
}

static void assert_token(const struct svc__apiserver_login *l,
                         const char *token)
{
    assert_int_equal(l->token.size, strlen(token));
    assert_memory_equal(l->token.bytes, token, strlen(token));
}

/* Not the other one's server, nor its CA, nor its plugin. */
static void another_server(void **state)
{
    static char *const nothing[] = {NULL};
    const struct svc__backend_surroundings around = {.environ =
                                                         (char **)nothing};
    const struct svc__backend_apiserver a = {.kubeconfig =
                                                 scratch_path(&s, "config"),
                                             .exec = 1,
                                             .surroundings = &around};
    const struct svc__log nobody = {NULL, NULL, 0};
    struct svc__backend_env env = {.apiserver = &a, .log = &nobody};
    struct svc__apiserver_login l = {0};
    svc_error error;

    (void)state;
    assert_int_equal(svc__loop_new(&env.loop, NULL), 0);
    scratch_write(&s, "one.pem", PEM);
    write_config("https://one.test:6443", "one");
    assert_int_equal(
        svc__apiserver_login_init(&l, &env, on_ready, NULL, &error), 0);
    assert_int_equal(need(&l, 0), 1);
    wait_for_plugin(env.loop);
    assert_int_equal(need(&l, 0), 0);
    assert_token(&l, "one");

    write_config("https://two.test:6443", "two");
    assert_int_equal(need(&l, 1), 1);
    wait_for_plugin(env.loop);
    assert_int_equal(need(&l, 0), 0);
    assert_string_equal(l.config->server, "https://one.test:6443");
    assert_token(&l, "one");
    /* Once it is named again, what it says counts. */
    write_config("https://one.test:6443", "new");
    scratch_write(&s, "new.pem", PEM);
    assert_int_equal(need(&l, 1), 1);
    wait_for_plugin(env.loop);
    assert_int_equal(need(&l, 0), 0);
    assert_token(&l, "new");
    svc__apiserver_login_fini(&l);
    svc__loop_free(env.loop);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(another_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
