/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfigs and credentials when memory runs out, and how much they take. */
#include "base/alloc.h"
#include "base/buf.h"
#include "config_run.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* Every field that allocates, in two files, for two contexts. */
static const char one[] =
    "kind: Config\napiVersion: v1\ncurrent-context: x\ncontexts:\n- name: x\n"
    "  context: {cluster: c, user: u, namespace: n}\n- name: y\n"
    "  context: {cluster: c, user: v}\n- name: z\n"
    "  context: {cluster: c, user: w}\nusers:\n- name: u\n  user: {token: ' "
    "t', "
    "tokenFile: f, client-certificate: c, client-key: k, as: a, as-uid: '1', "
    "as-groups: [g, h]}\n";
static const char two[] =
    "{\"clusters\":[{\"name\":\"c\",\"cluster\":{\"server\":\"h/\","
    "\"certificate-authority\":\"a\",\"certificate-authority-data\":\"Zm9v\","
    "\"tls-server-name\":\"n\",\"proxy-url\":\"http://u:p@p\",\"extensions\":[{"
    "\"name\":\"client.authentication.k8s.io/exec\",\"extension\":{\"a\":1}}]}}"
    "],\"users\":[{\"name\":\"v\",\"user\":{\"exec\":{\"apiVersion\":"
    "\"client.authentication.k8s.io/v1\",\"interactiveMode\":\"Never\","
    "\"command\":\"./x\",\"args\":[\"a\",\"b\"],\"env\":[{\"name\":\"A\","
    "\"value\":\"b\"},{\"name\":\"B\"}],\"installHint\":\"i\","
    "\"provideClusterInfo\":true}}},{\"name\":\"w\",\"user\":{"
    "\"client-certificate-data\":\"Zm9v\",\"client-key-data\":\"Zm9v\"}}]}";

static const struct svc__config_file files[2] = {
    {"/a/one", one, sizeof(one) - 1}, {"/b/two", two, sizeof(two) - 1}};

/* As it is with memory. */
static char whole[4096];

static void check_info(const struct svc__config *c)
{
    char *info;

    if (c->exec == NULL)
        return;
    info = svc__config_exec_info(c);
    if (info == NULL)
        assert_true(oom_failures() > 0);
    else
        assert_non_null(strstr(info, "\"interactive\":false}}"));
    svc__free(info);
}

static void read_config(void *context)
{
    struct svc__config *c = NULL;
    svc_error error = {0, "", ""};
    struct svc__buf b;
    int err = svc__config_read(files, 2, context, &c, &error);

    assert_int_equal(error.code, err);
    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
        assert_null(c);
        return;
    }
    svc__buf_init(&b, sizeof(whole) - 1);
    config_dump(&b, c);
    if (b.err == 0 && whole[0] == '\0')
        memcpy(whole, b.data, b.size + 1);
    else if (b.err == 0)
        assert_string_equal(b.data, whole);
    svc__buf_fini(&b);
    check_info(c);
    svc__config_free(c);
}

static void nothing_is_lost(void **state)
{
    char contexts[3][2] = {"x", "y", "z"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        whole[0] = '\0';
        read_config(contexts[i]);
        assert_true(whole[0] != '\0');
        oom_torture(read_config, contexts[i]);
    }
}

static const char answer[] =
    "{\"kind\":\"ExecCredential\",\"apiVersion\":\"v\",\"status\":{\"token\":"
    "\"t\",\"clientCertificateData\":\"c\",\"clientKeyData\":\"k\"}}";

static void read_credential(void *arg)
{
    struct svc__config_credential c = {NULL, {NULL, 0}, {NULL, 0}, 0};
    int err =
        svc__config_credential_read(answer, sizeof(answer) - 1, "v", &c, NULL);

    (void)arg;
    if (err != 0) {
        assert_int_equal(err, SVC_ENOMEM);
        assert_true(oom_failures() > 0);
        assert_null(c.token);
        return;
    }
    assert_string_equal(c.token, "t");
    assert_string_equal(c.certificate.bytes, "c");
    assert_string_equal(c.key.bytes, "k");
    svc__config_credential_fini(&c);
}

static void a_credential_is_whole_or_none(void **state)
{
    (void)state;
    oom_torture(read_credential, NULL);
}

/* Head, then body until there is a million bytes, then tail: what takes most
 * memory for what it says. */
static const struct {
    const char *head;
    const char *body;
    const char *tail;
} hungry[] = {
    {"users: [", "{},", "]"},
    {"users: [", "{a},", "]"},
    {"x: {", "a,", "}"},
    {"x: \"", "\\0", "\""},
    {"users: [{name: u, user: {token: \"", "x", "\"}}]"},
    {"users: [{name: u, user: {client-certificate: c, client-key-data: \"",
     "AAAA", "\"}}]"},
    {"users: [{name: u, user: {as: a, as-groups: [", "a,", "]}}]"},
    {"users: [{name: u, user: {exec: {command: x, apiVersion: "
     "client.authentication.k8s.io/v1beta1, args: [",
     "a,", "]}}}]"},
    {"users: [{name: u, user: {exec: {command: x, apiVersion: "
     "client.authentication.k8s.io/v1beta1, env: [",
     "{name: a},", "]}}}]"},
};

static void memory_is_bounded(void **state)
{
    static const char head[] =
        "clusters: [{name: c, cluster: {server: https://h}}]\ncontexts: "
        "[{name: x, context: {cluster: c, user: u}}]\n";

    (void)state;
    for (size_t i = 0; i < sizeof(hungry) / sizeof(hungry[0]); i++) {
        struct svc__config_file file = {"k", NULL, 0};
        struct svc__config *c = NULL;
        struct svc__buf b;
        size_t before;

        svc__buf_init(&b, 2000000);
        svc__buf_add_text(&b, head);
        svc__buf_add_text(&b, hungry[i].head);
        while (b.size < 1000000)
            svc__buf_add_text(&b, hungry[i].body);
        svc__buf_add_text(&b, hungry[i].tail);
        file.text = b.data;
        file.size = b.size;
        before = oom_live_bytes();
        oom_reset_peak();
        (void)svc__config_read(&file, 1, "x", &c, NULL);
        if (oom_peak_bytes() - before > 8 * b.size + (1 << 20))
            fail_msg("%s%s…: %zu", hungry[i].head, hungry[i].body,
                     oom_peak_bytes() - before);
        svc__config_free(c);
        svc__buf_fini(&b);
    }
}

static int install(void **state)
{
    (void)state;
    oom_install();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(a_credential_is_whole_or_none),
        cmocka_unit_test(memory_is_bounded),
    };

    return cmocka_run_group_tests(tests, install, NULL);
}
