/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a kubeconfig: what YAML refuses is told without its words, what
 * was read is wiped, and size and time are bounded. */
#include "kube/config_text.h"

#include "base/alloc.h"
#include "config_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* Blocks that were freed with the secret in them. */
static int leaks;
static const char secret[] = "c2VjcmV0LXRoYXQtbWF0dGVycw";

static void free_and_look(void *ptr)
{
    const char *end = ptr;
    const char *at = ptr;

    if (ptr != NULL)
        end += malloc_usable_size(ptr);
    while (at < end) {
        at = memchr(at, secret[0], (size_t)(end - at));
        if (at == NULL || (size_t)(end - at) < sizeof(secret) - 1)
            break;
        leaks += memcmp(at, secret, sizeof(secret) - 1) == 0;
        at++;
    }
    free(ptr);
}

static const char whole[] =
    "clusters: [{name: c, cluster: {server: https://h, proxy-url: "
    "http://u:c2VjcmV0LXRoYXQtbWF0dGVycw@p}}]\nusers:\n- name: u\n  user:\n"
    "    token: c2VjcmV0LXRoYXQtbWF0dGVycw\n"
    /* What is decoded is shorter: the rest of the text is to go, too. */
    "    client-certificate-data: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAc2VjcmV0LXRoYXQtbWF0dGVycw=='"
    "\n"
    "    client-key-data: "
    "YzJWamNtVjBMWFJvWVhRdGJXRjBkR1Z5Y3c=\n- name: v\n  user: {exec: "
    "{command: x, apiVersion: client.authentication.k8s.io/v1beta1, args: "
    "[c2VjcmV0LXRoYXQtbWF0dGVycw], env: [{name: A, value: "
    "c2VjcmV0LXRoYXQtbWF0dGVycw}]}}\n"
    "contexts: [{name: x, context: {cluster: c, user: u}}, {name: y, context: "
    "{cluster: c, user: v}}]\n";

/* Read, refused and cut anywhere: no block is freed with a secret in it. */
static void secrets_are_wiped(void **state)
{
    static const char *const contexts[] = {"x", "y", "z"};

    (void)state;
    for (size_t size = 0; size <= sizeof(whole) - 1; size++) {
        for (size_t i = 0; i < 3; i++) {
            struct svc__config_file file = {"k", whole, size};
            struct svc__config *c = NULL;
            int err = svc__config_read(&file, 1, contexts[i], &c, NULL);

            if (size >= sizeof(whole) - 2)
                assert_int_equal(err, i < 2 ? 0 : SVC_EFILE);
            svc__config_free(c);
        }
    }
    assert_int_equal(leaks, 0);
}

static void the_look_finds_what_is_not_wiped(void **state)
{
    (void)state;
    svc__free(svc__strdup(secret));
    assert_int_equal(leaks, 1);
    leaks = 0;
}

static const struct {
    const char *text;
    const char *said;
} yaml[] = {
    {"token: &hunter2 x", "line 1, column 8: anchors are not read"},
    {"token: *hunter2", "line 1, column 8: aliases are not read"},
    {"token: !hunter2 x",
     "line 1, column 8: a tag that does not fit or is not known"},
    {"a: 1\ntoken: .inf", "line 2, column 8: JSON has no such number"},
    {"token: [hunter2", "line 2, column 1: did not find expected ',' or ']' "
                        "while parsing a flow sequence"},
    {"token: hunter2: x",
     "line 1, column 15: mapping values are not allowed in this context"},
    {"token: @hunter2", "line 1, column 8: found character that cannot start "
                        "any token while scanning for the next token"},
    {"token: \"hunter2\\q\"",
     "line 1, column 16: found unknown escape character while parsing a quoted "
     "scalar"},
    {"token: hunter2\xff", "line 1, column 15: the text is not UTF-8"},
    {"%hunter2", "line 1, column 1: a line that begins with '%'"},
    {"token: a\n\thunter2: b",
     "line 2, column 1: found a tab character that violates indentation while "
     "scanning a plain scalar"},
    {"? [hunter2]\n: b", "line 1, column 3: a key that is not a scalar"},
};

static void yaml_is_refused_without_its_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(yaml) / sizeof(yaml[0]); i++) {
        const char *said = config_say(yaml[i].text, "x");

        assert_memory_equal(said, "SVC_EFILE: /k/config: ", 22);
        assert_string_equal(said + 22, yaml[i].said);
        assert_null(strstr(said, "hunter2"));
    }
}

/* Head, then body until there are so many bytes, then tail. */
static char *make(const char *head, const char *body, const char *tail,
                  size_t size)
{
    struct svc__buf b;

    svc__buf_init(&b, size + 4096);
    svc__buf_add_text(&b, head);
    while (b.size + strlen(body) + strlen(tail) <= size)
        svc__buf_add_text(&b, body);
    svc__buf_add_text(&b, tail);
    return svc__buf_take(&b);
}

static const struct {
    const char *head;
    const char *body;
    const char *tail;
    const char *said;
} large[] = {
    {"x: \"", "aaaaaaaaaaaaaaaa", "\"", "no current-context"},
    {"users: [", "{},", "]", "no current-context"},
    {"users: [", "[],", "]", "no current-context"},
    {"users: [", "{name: a},", "]", "no current-context"},
    {"users:\n", "- name: a\n", "", "no current-context"},
    {"contexts: [", "{a},", "]", "too much structure for its size"},
    {"x: {", "a,", "}", "too much structure for its size"},
    {"x: \"", "\\0", "\"", "too much structure for its size"},
    {"", "[", "", "nested deeper than 32"},
    {"users: [", "&a a,", "]", "anchors are not read"},
};

/* A million bytes of whatever costs most, in a time that a test may take. */
static void large_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
        char *text =
            make(large[i].head, large[i].body, large[i].tail, (size_t)1 << 20);
        const char *said = config_say(text, NULL);

        if (strstr(said, large[i].said) == NULL)
            fail_msg("%s%s…: %s", large[i].head, large[i].body, said);
        svc__free(text);
    }
}

/* A file of one small user after another, of which the last is asked for. */
static void many_users(void **state)
{
    struct svc__buf b;

    (void)state;
    svc__buf_init(&b, 1 << 20);
    svc__buf_add_text(&b, "clusters: [{name: c, cluster: {server: "
                          "https://h}}]\ncontexts: [{name: x, context: "
                          "{cluster: c, user: u9999}}]\ncurrent-context: x\n"
                          "users:\n");
    for (int i = 0; i < 10000; i++)
        svc__buf_printf(&b, "- {name: u%d, user: {token: t%d}}\n", i, i);
    assert_string_equal(config_say(b.data, NULL),
                        "context=x\ncluster=c\nuser=u9999\nserver=https://h\n"
                        "token=t9999\n");
    svc__buf_fini(&b);
}

/* A name is as long as it likes; the error says as much of it as fits. */
static void long_names(void **state)
{
    char *name = make("", "\xc3\xa4", "", 3000);
    struct svc__buf b;
    const char *said;

    (void)state;
    svc__buf_init(&b, 16384);
    svc__buf_printf(&b,
                    "{contexts: [{name: %s, context: {cluster: 5}}], "
                    "current-context: %s}",
                    name, name);
    said = config_say(b.data, NULL);
    assert_memory_equal(said, "SVC_EFILE: /k/config: context \"\xc3\xa4", 33);
    assert_non_null(strstr(said, "\xc3\xa4\": cluster: expected a string"));
    svc__buf_fini(&b);
    svc__free(name);
}

static int set_up(void **state)
{
    static const svc_allocator looking = {malloc, realloc, free_and_look};

    (void)state;
    return svc__alloc_set(&looking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_look_finds_what_is_not_wiped),
        cmocka_unit_test(secrets_are_wiped),
        cmocka_unit_test(yaml_is_refused_without_its_words),
        cmocka_unit_test(large_texts),
        cmocka_unit_test(many_users),
        cmocka_unit_test(long_names),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
