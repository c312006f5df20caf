/* SPDX-License-Identifier: Apache-2.0 */
/* Several kubeconfigs as one, and which context of it counts. What kubectl
 * 1.32 makes of the same files (config view --raw) is what the tables say. */
#include "base/buf.h"
#include "config_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const char first[] =
    "apiVersion: v1\nkind: Config\npreferences: {}\nclusters:\n"
    "- name: c\n  cluster: {server: 'https://one/base/', "
    "certificate-authority-data: Zm9v}\n"
    "users:\n- name: u\n  user: {token: a}\n"
    "contexts:\n- name: x\n  context: {cluster: c, user: u}\n";
static const char second[] =
    "clusters:\n- name: c\n  cluster: {server: https://two, tls-server-name: "
    "t}\n- name: d\n  cluster: {server: https://d:6443, certificate-authority: "
    "rel/ca}\nusers:\n- name: u\n  user: {token: b}\n- name: v\n  user: "
    "{tokenFile: t}\ncontexts:\n- name: x\n  context: {cluster: d}\n- name: z\n"
    "  context: {cluster: d, user: v, namespace: shop}\n"
    "current-context: z\n";
static const char third[] =
    "{\"contexts\":[{\"name\":\"w\",\"context\":{\"cluster\":\"c\",\"user\":"
    "\"v\"}}],\"current-context\":\"w\"}";

#define FROM_FIRST                                                             \
    "context=x\ncluster=c\nuser=u\nserver=https://one/base\nca=\"foo\"\n"      \
    "token=a\n"
#define FROM_SECOND                                                            \
    "context=z\ncluster=d\nuser=v\nnamespace=shop\nserver=https://d:6443\n"    \
    "ca_file=/b/rel/ca\ntoken_file=/b/t\n"

/* Files by number, in their order. */
static const struct {
    const char *order;
    const char *context;
    const char *said;
} merges[] = {
    {"12", "x", FROM_FIRST},
    {"123", NULL, FROM_SECOND},
    {"21", NULL, FROM_SECOND},
    {"12", "", FROM_SECOND},
    /* Nothing of a later entry with the same name counts. */
    {"21", "x",
     "context=x\ncluster=d\nserver=https://d:6443\n"
     "ca_file=/b/rel/ca\n"},
    /* The parts of a context may be in different files. */
    {"312", NULL,
     "context=w\ncluster=c\nuser=v\nserver=https://one/base\nca=\"foo\"\n"
     "token_file=/b/t\n"},
    {"321", NULL,
     "context=w\ncluster=c\nuser=v\nserver=https://two\ntls_server_name=t\n"
     "token_file=/b/t\n"},
    {"1", NULL,
     "SVC_EFILE: /a/config: no current-context | name a context, or: kubectl "
     "config use-context NAME"},
    {"12", "y",
     "SVC_EFILE: /a/config and the other kubeconfigs: no context \"y\" | see "
     "what there is: kubectl config get-contexts"},
    {"3", NULL,
     "SVC_EFILE: c/config: no cluster \"c\", which context \"w\" names | see "
     "what there is: kubectl config get-contexts"},
    {"31", NULL,
     "SVC_EFILE: c/config and the other kubeconfigs: no user \"v\", which "
     "context \"w\" names | see what there is: kubectl config get-contexts"},
    {"", NULL,
     "SVC_EFILE: no kubeconfig: no current-context | name a context, or: "
     "kubectl config use-context NAME"},
};

static void files_are_merged(void **state)
{
    static const struct svc__config_file all[] = {
        {"/a/config", first, sizeof(first) - 1},
        {"/b/config", second, sizeof(second) - 1},
        {"c/config", third, sizeof(third) - 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++) {
        struct svc__config_file files[4] = {{NULL, NULL, 0}};

        for (size_t k = 0; merges[i].order[k] != '\0'; k++)
            files[k] = all[merges[i].order[k] - '1'];
        assert_string_equal(config_say_files(files, merges[i].context),
                            merges[i].said);
    }
}

#define MINIMAL                                                                \
    "clusters: [{name: c, cluster: {server: h}}]\n"                            \
    "contexts: [{name: x, context: {cluster: c}}]\ncurrent-context: x\n"
#define SAID "context=x\ncluster=c\nserver=http://h\n"

static const struct {
    const char *text;
    const char *said;
} texts[] = {
    {MINIMAL, SAID},
    {"\xef\xbb\xbf" MINIMAL, SAID},
    {"---\n" MINIMAL, SAID},
    {"kind: Config\n" MINIMAL, SAID},
    {"apiVersion: v1\n" MINIMAL, SAID},
    /* The first document is the kubeconfig. */
    {MINIMAL "---\n[", SAID},
    /* What nobody knows is passed over, and so is what nobody names. */
    {MINIMAL "users: null\nfuture: [{}]\n", SAID},
    {MINIMAL "users: [{name: u, user: {client-key-data: '?', token: 5}}]\n",
     SAID},
    {MINIMAL "users: [{user: {}}, {name: a}, {name: a}]\n", SAID},
    {"kind: Pod\n" MINIMAL, "SVC_EFILE: /k/config: kind: not Config"},
    {"kind: 5\n" MINIMAL, "SVC_EFILE: /k/config: kind: not Config"},
    {"apiVersion: v2\n" MINIMAL, "SVC_EFILE: /k/config: apiVersion: not v1"},
    {"- a", "SVC_EFILE: /k/config: not an object"},
    {"a", "SVC_EFILE: /k/config: not an object"},
    {"{contexts: {}, current-context: x}",
     "SVC_EFILE: /k/config: contexts: expected an array"},
    {"{contexts: [x], current-context: x}",
     "SVC_EFILE: /k/config: contexts[0]: expected an object"},
    {"{contexts: [{name: 5}], current-context: x}",
     "SVC_EFILE: /k/config: contexts[0]: name: expected a string"},
    {"{contexts: [{name: x, context: 5}], current-context: x}",
     "SVC_EFILE: /k/config: context \"x\": expected an object"},
    {"{contexts: [{name: x}, {name: y}, {name: x}], current-context: x}",
     "SVC_EFILE: /k/config: contexts[2]: name: the same name as of an entry "
     "before it"},
    {"{contexts: [{name: x, name: x}], current-context: x}",
     "SVC_EFILE: /k/config: contexts[0]: name: the key is repeated"},
    {"{contexts: [{name: x}], current-context: x}",
     "SVC_EFILE: /k/config: context \"x\": cluster: missing"},
    {"{contexts: [{name: x, context: {cluster: c, namespace: A_b}}], "
     "current-context: x}",
     "SVC_EFILE: /k/config: context \"x\": namespace: not a name of a "
     "namespace"},
    {"{current-context: x, current-context: y}",
     "SVC_EFILE: /k/config: current-context: the key is repeated"},
    {"current-context: 5",
     "SVC_EFILE: /k/config: current-context: expected a string"},
    {"",
     "SVC_EFILE: /k/config: no current-context | name a context, or: kubectl "
     "config use-context NAME"},
};

static void texts_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_string_equal(config_say(texts[i].text, NULL), texts[i].said);
}

static void too_many_files(void **state)
{
    struct svc__config_file files[SVC__CONFIG_FILES_MAX + 2];

    (void)state;
    for (size_t i = 0; i <= SVC__CONFIG_FILES_MAX; i++)
        files[i] = (struct svc__config_file){"k", MINIMAL, sizeof(MINIMAL) - 1};
    files[SVC__CONFIG_FILES_MAX + 1].path = NULL;
    assert_string_equal(config_say_files(files, NULL),
                        "SVC_EFILE: more than 32 kubeconfigs");
    files[SVC__CONFIG_FILES_MAX].path = NULL;
    assert_string_equal(config_say_files(files, NULL), SAID);
    files[0].size = SVC__CONFIG_FILE_MAX + 1;
    assert_string_equal(config_say_files(files, NULL),
                        "SVC_EFILE: k: larger than 4 MiB");
}

/* In a folder, in the working directory, and with the root's own. */
static void paths_are_of_their_file(void **state)
{
    static const char text[] =
        "{clusters: [{name: c, cluster: {server: https://h, "
        "certificate-authority: ca}}], users: [{name: u, user: "
        "{client-certificate: a/cert, client-key: /k/key, tokenFile: ../t}}], "
        "contexts: [{name: x, context: {cluster: c, user: u}}], "
        "current-context: x}";
    static const char *const folders[] = {"", "/", "a/b/"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct svc__config_file files[2] = {{NULL, text, sizeof(text) - 1},
                                            {NULL, NULL, 0}};
        struct svc__buf path;
        struct svc__buf want;

        svc__buf_init(&path, 64);
        svc__buf_printf(&path, "%sconfig", folders[i]);
        files[0].path = path.data;
        svc__buf_init(&want, 512);
        svc__buf_printf(&want,
                        "context=x\ncluster=c\nuser=u\nserver=https://h\n"
                        "ca_file=%sca\ncertificate_file=%sa/cert\n"
                        "key_file=/k/key\ntoken_file=%s../t\n",
                        folders[i], folders[i], folders[i]);
        assert_string_equal(config_say_files(files, NULL), want.data);
        svc__buf_fini(&path);
        svc__buf_fini(&want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_merged),
        cmocka_unit_test(texts_are_judged),
        cmocka_unit_test(too_many_files),
        cmocka_unit_test(paths_are_of_their_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
