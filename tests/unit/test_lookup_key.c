/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which queries share a lookup, and what each of them gets of its view.
 */
#include "lookup_play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct lookup_play play;

struct key {
    char text[SVC__LOOKUP_KEY_MAX + 1];
};

static void key_of(const char *query, struct key *ret)
{
    assert_int_equal(lookup_play_begin(&play, query, NULL, NULL), 0);
    assert_int_equal(svc__lookup_key(&play.query.q, ret->text), 0);
    lookup_play_end(&play);
}

/* Each of these asks for something else. */
static void what_tells_queries_apart(void **state)
{
    static const char *const queries[] = {
        "shop/web",
        "shop/web port=80",
        "shop/web port=http",
        "shop/web port=http proto=tcp",
        "shop/web port=http proto=udp",
        "shop/web port=https",
        "shop/web view=pods",
        "shop/web view=vip",
        "shop/web family=4",
        "shop/web family=6",
        "shop/web allow=loopback",
        "shop/web host=a",
        "a/web",
        "web/shop",
        "shop/web cluster=a",
        "shop/web cluster=a host=a",
        "shop/web topo=a",
        "shop/web topo=a pin",
        "external/web.shop",
        "external/web",
    };
    static struct key keys[COUNT(queries)];

    (void)state;
    for (size_t i = 0; i < COUNT(queries); i++) {
        key_of(queries[i], &keys[i]);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(keys[i].text, keys[k].text) == 0)
                fail_msg("\"%s\" and \"%s\" have one key: %s", queries[i],
                         queries[k], keys[i].text);
        }
    }
}

static void what_queries_share(void **state)
{
    static const char *const pairs[][2] = {
        {"shop/web port=80", "shop/web port=81"},
        {"shop/web port=80", "shop/web port=80 proto=udp"},
        {"shop/web", "shop/web proto=tcp"},
        {"shop/web port=80", "SHOP/Web port=80"},
        {"shop/web port=80", "shop/web port=80 caller=a"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct key a;
        struct key b;

        key_of(pairs[i][0], &a);
        key_of(pairs[i][1], &b);
        assert_string_equal(a.text, b.text);
    }
}

/* Text that no name has, up to the last octet that there is room for. */
static void too_long_for_a_key(void **state)
{
    char domain[SVC__LOOKUP_KEY_MAX + 1];
    const struct svc__query q = {.kind = SVC__NAME_EXTERNAL, .domain = domain};
    struct key key;
    size_t most = 0;

    (void)state;
    memset(domain, 'a', sizeof(domain));
    for (size_t size = 0; size < sizeof(domain); size++) {
        int err;

        domain[size] = '\0';
        err = svc__lookup_key(&q, key.text);
        domain[size] = 'a';
        if (err == 0)
            most = size;
        else
            assert_int_equal(err, SVC_ETOOBIG);
    }
    /* Seven texts that are absent, eight ends of texts, seven numbers. */
    assert_int_equal(most, SVC__LOOKUP_KEY_MAX - 14 - 1 - 7);
}

static void check_delivered(const struct svc__view *v, const char *query,
                            uint16_t port, const char *want)
{
    struct kube_query q;
    char text[KUBE_TEXT_MAX];
    struct svc__view *copy;

    kube_query(&q, query);
    copy = svc__lookup_deliver(v, &q.q, NULL);
    assert_non_null(copy);
    kube_view_text(copy, text);
    assert_string_equal(text, want);
    assert_int_equal(copy->port, port);
    svc__view_free(copy);
}

static void numbers_are_filled_in(void **state)
{
    const char *const number[] = {"1 A NOERROR | @ 30 A 10.0.0.1", NULL};
    const char *const alias[] = {"1 A NOERROR | @ 30 CNAME a.b", NULL};
    const char *const name[] = {"1 A NOERROR | @ 30 A 10.96.0.1",
                                "2 SRV NOERROR | @ 9 SRV 0 1 80 web.shop.~",
                                NULL};

    (void)state;
    lookup_play(&play, "shop/web port=1 family=4", number,
                "[ 0] ask A web.shop.~\n"
                "[ 1] done HAVE ttl 30 Unknown/auto 10.0.0.1:1\n");
    check_delivered(play.view, "shop/web port=80", 80, "10.0.0.1:80");
    check_delivered(play.view, "shop/web port=81 proto=udp", 81,
                    "10.0.0.1:81/UDP");
    lookup_play_end(&play);
    lookup_play(&play, "shop/web port=1 family=4", alias,
                "[ 0] ask A web.shop.~\n"
                "[ 1] done HAVE ttl 30 ExternalName/auto alias a.b:1\n");
    check_delivered(play.view, "shop/web port=82", 82, "alias a.b:82");
    lookup_play_end(&play);
    lookup_play(&play, "shop/web port=http family=4", name,
                "[ 0] ask A web.shop.~, SRV _http._tcp.web.shop.~\n"
                "[ 2] done HAVE ttl 9 ClusterIP/vip 10.96.0.1:80/TCP\n");
    assert_string_equal(play.view->port_name, "http");
    check_delivered(play.view, "shop/web port=http", 80, "10.96.0.1:80/TCP");
    lookup_play_end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_tells_queries_apart),
        cmocka_unit_test(what_queries_share),
        cmocka_unit_test(too_long_for_a_key),
        cmocka_unit_test(numbers_are_filled_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
