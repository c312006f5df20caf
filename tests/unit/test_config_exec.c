/* SPDX-License-Identifier: Apache-2.0 */
/* Credential plugins: what a kubeconfig says of them, and what they are told.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "config_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define HEAD      "context=x\ncluster=c\nuser=u\nserver=https://h\n"
#define REFUSED   "SVC_EFILE: /k/config: user \"u\": exec"
#define NOT       "SVC_ENOTSUP: /k/config: user \"u\": exec"
#define V1        "apiVersion: client.authentication.k8s.io/v1, "
#define BETA      "apiVersion: client.authentication.k8s.io/v1beta1"
#define SAID      "exec.api_version=client.authentication.k8s.io/v1\n"
#define SAID_BETA "exec.api_version=client.authentication.k8s.io/v1beta1\n"
#define VERSIONS                                                               \
    ".apiVersion: neither client.authentication.k8s.io/v1 nor "                \
    "client.authentication.k8s.io/v1beta1 | let the program that wrote the "   \
    "kubeconfig write it again: it made one for an old kubectl"

static const struct {
    const char *exec;
    const char *said;
} cases[] = {
    {V1 "interactiveMode: Never, command: aws", HEAD SAID "exec.command=aws\n"},
    {V1 "interactiveMode: IfAvailable, command: /bin/x",
     HEAD SAID "exec.command=/bin/x\n"},
    {BETA ", command: ./x", HEAD SAID_BETA "exec.command=/k/./x\n"},
    {BETA ", command: a/b", HEAD SAID_BETA "exec.command=/k/a/b\n"},
    {BETA ", command: x, args: [-a, '', b c], env: [{name: A, value: b}, "
          "{name: B}], installHint: \"get\\nit\", future: 1",
     HEAD SAID_BETA "exec.command=x\nexec.args[0]=-a\nexec.args[1]=\n"
                    "exec.args[2]=b c\nexec.env[0]=A=b\nexec.env[1]=B=\n"
                    "exec.install_hint=get\nit\n"},
    {BETA ", command: x, args: null, env: null, provideClusterInfo: false",
     HEAD SAID_BETA "exec.command=x\n"},
    {BETA ", command: x, args: [], env: []", HEAD SAID_BETA "exec.command=x\n"},
    {BETA, REFUSED ".command: missing"},
    {BETA ", command: [x]", REFUSED ".command: expected a string"},
    {"command: x", REFUSED ".apiVersion: missing"},
    {"command: x, apiVersion: client.authentication.k8s.io/v1alpha1",
     NOT VERSIONS},
    {"command: x, apiVersion: example.com/v1", NOT VERSIONS},
    {V1 "command: x",
     REFUSED ".interactiveMode: missing | client.authentication.k8s.io/v1 "
             "requires it: set it to Never or IfAvailable"},
    {V1 "command: x, interactiveMode: Always",
     NOT ".interactiveMode: Always is not supported: a plugin has no terminal "
         "here | where the plugin needs no answers, set interactiveMode to "
         "IfAvailable"},
    {V1 "command: x, interactiveMode: never",
     REFUSED ".interactiveMode: none of Never, IfAvailable and Always"},
    {BETA ", command: x, env: {}", REFUSED ".env: expected a list"},
    {BETA ", command: x, env: [{value: hunter2}]",
     REFUSED ".env[0].name: not the name of a variable"},
    {BETA ", command: x, env: [{name: A=B, value: hunter2}]",
     REFUSED ".env[0].name: not the name of a variable"},
    {BETA ", command: x, env: [hunter2]",
     REFUSED ".env[0]: expected an object"},
    {BETA ", command: x, env: [{name: A, value: [hunter2]}]",
     REFUSED ".env[0].value: expected a string"},
};

static void each_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc__buf b;
        const char *said;

        svc__buf_init(&b, 4096);
        svc__buf_printf(&b, "exec: {%s}", cases[i].exec);
        said = config_say_parts("server: 'https://h'", b.data);
        assert_string_equal(said, cases[i].said);
        assert_null(strstr(said, "hunter2"));
        svc__buf_fini(&b);
    }
}

#define TOLD                                                                   \
    "{\"kind\":\"ExecCredential\",\"apiVersion\":"                             \
    "\"client.authentication.k8s.io/v1beta1\",\"spec\":{"

/* The same text as client-go makes of the same kubeconfig. */
static const struct {
    const char *cluster;
    const char *exec;
    const char *told;
} infos[] = {
    {"server: 'https://h', certificate-authority-data: Zm9v", "",
     TOLD "\"interactive\":false}}"},
    {"server: 'https://h/'", ", provideClusterInfo: true",
     TOLD "\"cluster\":{\"server\":\"https://h\"},\"interactive\":false}}"},
    {"server: 'https://h', certificate-authority-data: Zm9vYg==, "
     "tls-server-name: n, proxy-url: 'http://p'",
     ", provideClusterInfo: true",
     TOLD "\"cluster\":{\"server\":\"https://h\",\"tls-server-name\":\"n\","
          "\"certificate-authority-data\":\"Zm9vYg==\",\"proxy-url\":"
          "\"http://p\"},\"interactive\":false}}"},
    {"server: 'https://h', insecure-skip-tls-verify: true, extensions: [{name: "
     "other, extension: {b: 1}}, {name: client.authentication.k8s.io/exec, "
     "extension: {a: [1, 'x\"y']}}]",
     ", provideClusterInfo: true",
     TOLD "\"cluster\":{\"server\":\"https://h\",\"insecure-skip-tls-verify\":"
          "true,\"config\":{\"a\":[1,\"x\\\"y\"]}},\"interactive\":false}}"},
};

static void what_a_plugin_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        struct svc__config *c = NULL;
        struct svc__config_file file = {"k", NULL, 0};
        struct svc__buf b;
        char *told;

        svc__buf_init(&b, 4096);
        svc__buf_printf(&b,
                        "{clusters: [{name: c, cluster: {%s}}], users: [{name: "
                        "u, user: {exec: {command: x, " BETA "%s}}}], contexts:"
                        " [{name: x, context: {cluster: c, user: u}}]}",
                        infos[i].cluster, infos[i].exec);
        file.text = b.data;
        file.size = b.size;
        assert_int_equal(svc__config_read(&file, 1, "x", &c, NULL), 0);
        told = svc__config_exec_info(c);
        assert_string_equal(told, infos[i].told);
        svc__free(told);
        svc__config_free(c);
        svc__buf_fini(&b);
    }
}

static void variables_are_bounded(void **state)
{
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, 65536);
    svc__buf_add_text(&b, "exec: {command: x, " BETA ", env: [");
    for (int i = 0; i < 1024; i++)
        svc__buf_add_text(&b, "{name: A},");
    svc__buf_add_text(&b, "  ]}");
    assert_non_null(strstr(config_say_parts("server: 'https://h'", b.data),
                           "exec.env[1023]=A=\n"));
    b.size -= 4;
    svc__buf_add_text(&b, "{name: A}]}");
    assert_string_equal(config_say_parts("server: 'https://h'", b.data),
                        REFUSED ".env: more elements than are read");
    svc__buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field),
        cmocka_unit_test(what_a_plugin_is_told),
        cmocka_unit_test(variables_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
