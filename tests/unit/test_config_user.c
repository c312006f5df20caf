/* SPDX-License-Identifier: Apache-2.0 */
/* Every field of a user: which credentials count, and what is refused. */
#include "base/buf.h"
#include "config_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#define HEAD    "context=x\ncluster=c\nuser=u\nserver=https://h\n"
#define REFUSED "SVC_EFILE: /k/config: user \"u\": "
#define NOT     "SVC_ENOTSUP: /k/config: user \"u\": "
#define HEADER  "it has characters that cannot be in a header"
#define NO_KEY                                                                 \
    "client-key: missing, and so is client-key-data: the certificate needs "   \
    "its key"
#define PASSWORDS                                                              \
    "not supported | API servers read no passwords since Kubernetes 1.19: "    \
    "use a token, a certificate or an exec plugin"
#define EXEC                                                                   \
    "exec: {command: p, apiVersion: client.authentication.k8s.io/v1, "         \
    "interactiveMode: Never}"
#define EXEC_SAID                                                              \
    "exec.api_version=client.authentication.k8s.io/v1\nexec.command=p\n"

static const struct {
    const char *user;
    const char *said;
} cases[] = {
    {"", HEAD},
    {"token: t", HEAD "token=t\n"},
    {"token: \" t.-_~+/=\\n\"", HEAD "token=t.-_~+/=\n"},
    {"tokenFile: f", HEAD "token_file=/k/f\n"},
    {"tokenFile: /f", HEAD "token_file=/f\n"},
    /* Both stay: what stands in the file goes first when it can be read. */
    {"token: t, tokenFile: f", HEAD "token=t\ntoken_file=/k/f\n"},
    {"client-certificate-data: Zm9v, client-key-data: Zg==",
     HEAD "certificate=\"foo\"\nkey=\"f\"\n"},
    {"client-certificate: c, client-key: k",
     HEAD "certificate_file=/k/c\nkey_file=/k/k\n"},
    {"client-certificate-data: Zm9v, client-key: k",
     HEAD "certificate=\"foo\"\nkey_file=/k/k\n"},
    {"client-certificate: c, client-key-data: Zg==",
     HEAD "certificate_file=/k/c\nkey=\"f\"\n"},
    {"client-certificate: c, client-certificate-data: Zm9v, client-key: k, "
     "client-key-data: Zg==",
     HEAD "certificate=\"foo\"\nkey=\"f\"\n"},
    {"client-certificate: c, client-key: k, token: t",
     HEAD "certificate_file=/k/c\nkey_file=/k/k\ntoken=t\n"},
    /* A key alone is no credential. */
    {"client-key: k", HEAD},
    {"client-key-data: Zg==, " EXEC, HEAD EXEC_SAID},
    {"as: a, as-uid: '1', as-groups: [g, 'h i']",
     HEAD "as=a\nas_uid=1\nas_groups[0]=g\nas_groups[1]=h i\n"},
    {"as: a, as-groups: [], as-user-extra: {}", HEAD "as=a\n"},
    {"username: '', password: null, auth-provider: null", HEAD},
    {"impersonate: x, extensions: []", HEAD},
    {EXEC, HEAD EXEC_SAID},
    /* The plugin does not run beside another credential. */
    {"token: t, " EXEC, HEAD "token=t\n"},
    {"tokenFile: /f, " EXEC, HEAD "token_file=/f\n"},
    {"client-certificate: /c, client-key: /k, " EXEC,
     HEAD "certificate_file=/c\nkey_file=/k\n"},
    {"token: t, exec: {interactiveMode: Always}", HEAD "token=t\n"},
    {"token: 5", REFUSED "token: expected a string"},
    {"token: [hunter2]", REFUSED "token: expected a string"},
    {"token: ' '", REFUSED "token: " HEADER},
    {"token: hunter2 x", REFUSED "token: " HEADER},
    {"token: \"hunter2\\r\\nX-A: b\"", REFUSED "token: " HEADER},
    {"token: \"hunter2\\xe4\"", REFUSED "token: " HEADER},
    {"token: \"hunter2\\0\"", REFUSED "token: NUL character in a string"},
    {"token: hunter2, token: hunter2", REFUSED "token: the key is repeated"},
    {"client-key-data: hunter2", REFUSED "client-key-data: not base64"},
    {"client-certificate-data: hunter2",
     REFUSED "client-certificate-data: not base64"},
    {"client-certificate: c", REFUSED NO_KEY},
    {"client-certificate-data: Zm9v, client-key-data: ''", REFUSED NO_KEY},
    {"as-uid: '1'", REFUSED "as: missing, beside as-uid or as-groups"},
    {"as-groups: [g]", REFUSED "as: missing, beside as-uid or as-groups"},
    {"as: \"a\\nb\"", REFUSED "as: " HEADER},
    {"as: a, as-uid: \"\\x7f\"", REFUSED "as-uid: " HEADER},
    {"as: a, as-groups: [g, \"a\\tb\"]", REFUSED "as-groups: " HEADER},
    {"as: a, as-groups: g", REFUSED "as-groups: expected an array"},
    {"as: a, as-groups: [5]", REFUSED "as-groups: expected a string"},
    {"as: a, as-user-extra: {k: [v]}",
     NOT "as-user-extra: not supported | impersonate by as, as-uid and "
         "as-groups"},
    {"username: a", NOT "username: " PASSWORDS},
    {"password: hunter2", NOT "password: " PASSWORDS},
    {"token: t, username: a, password: hunter2", NOT "username: " PASSWORDS},
    {"auth-provider: {name: gcp, config: {access-token: hunter2}}",
     NOT "auth-provider: not supported | kubectl dropped them in 1.26: use the "
         "exec plugin of the provider"},
};

static void each_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *said =
            config_say_parts("server: 'https://h'", cases[i].user);

        assert_string_equal(said, cases[i].said);
        assert_null(strstr(said, "hunter2"));
    }
}

/* A list of texts is bounded. */
static void groups_are_bounded(void **state)
{
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, 65536);
    svc__buf_add_text(&b, "as: a, as-groups: [g");
    for (int i = 1; i < 1024; i++)
        svc__buf_add_text(&b, ", g");
    svc__buf_add_text(&b, "]");
    assert_non_null(strstr(config_say_parts("server: 'https://h'", b.data),
                           "as_groups[1023]=g\n"));
    b.data[b.size - 1] = ',';
    svc__buf_add_text(&b, " g]");
    assert_string_equal(config_say_parts("server: 'https://h'", b.data),
                        REFUSED "as-groups: more elements than are read");
    svc__buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field),
        cmocka_unit_test(groups_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
