/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The distance between spellings, and the hint that a missing Service gets.
 */
#include "kube/suggest.h"
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void distances(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        size_t max;
        size_t distance;
    } rows[] = {
        {"web", "web", 2, 0},       {"web", "wbe", 2, 1},
        {"web", "we", 2, 1},        {"web", "webb", 2, 1},
        {"web", "wib", 2, 1},       {"nginx", "ngnix", 2, 1},
        {"nginx", "nignx", 2, 1},   {"frontend", "fontent", 2, 2},
        {"web", "api", 2, 3},       {"web", "website", 2, 3},
        {"", "ab", 2, 2},           {"", "", 0, 0},
        {"abcdef", "ghijkl", 9, 6}, {"ca", "abc", 3, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            svc__suggest_distance(rows[i].a, rows[i].b, rows[i].max),
            rows[i].distance);
        assert_int_equal(
            svc__suggest_distance(rows[i].b, rows[i].a, rows[i].max),
            rows[i].distance);
    }
}

/* The longest labels fit, longer texts are simply far away. */
static void long_texts(void **state)
{
    char a[66];
    char b[66];

    (void)state;
    memset(a, 'a', sizeof(a));
    memset(b, 'a', sizeof(b));
    a[63] = '\0';
    b[63] = '\0';
    b[40] = 'x';
    assert_int_equal(svc__suggest_distance(a, b, 2), 1);
    a[63] = 'a';
    a[64] = '\0';
    assert_int_equal(svc__suggest_distance(a, b, 2), 3);
}

static const char *const services[] = {
    "Service shop/web port=80", "Service shop/db port=80",
    "Service prod/api port=80", "Service test/api port=80",
    "Service a/api port=80",    "Service b/api port=80",
    "Service shop/wed port=80", "Service other/wbe port=80",
};

static void hints(void **state)
{
    static const struct {
        const char *query;
        const char *hint;
    } rows[] = {
        {"shop/wbe", "did you mean \"web.shop\"?"},
        {"shop/we", "did you mean \"web.shop\"?"},
        {"shop/api",
         "namespace \"a\", \"b\", \"prod\" has it: write \"api.a\""},
        {"shop/zzzzzz", "3 other Services are known in namespace \"shop\""},
        {"com/google", "no Service at all is known in namespace \"com\"; for a "
                       "name outside the cluster write \"google.com.\" or "
                       "\"dns:///google.com\""},
        {"com/google host=www",
         "no Service at all is known in namespace \"com\"; for a name outside "
         "the cluster write \"www.google.com.\" or \"dns:///www.google.com\""},
        {"shop/wbe host=www",
         "did you mean \"web.shop\"? For a name outside the cluster write "
         "\"www.wbe.shop.\" or \"dns:///www.wbe.shop\""},
    };
    struct svc__store *st = kube_store_new();

    (void)state;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
        assert_int_equal(kube_apply(st, services[i]), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_error error;
        struct svc__view *v = kube_view(st, rows[i].query, NULL, &error);

        assert_int_equal(v->code, SVC_ENOSERVICE);
        assert_string_equal(v->hint, rows[i].hint);
        svc__view_free(v);
    }
    svc__store_free(st);
}

/* The best one does not depend on who is offered first. */
static void order_does_not_matter(void **state)
{
    static const char *const names[] = {"wea", "wec", "wed", "web0", "xeb"};
    struct kube_query q;

    (void)state;
    kube_query(&q, "s/web");
    for (size_t first = 0; first < 5; first++) {
        struct svc__suggest s;

        svc__suggest_init(&s, &q.q);
        for (size_t i = 0; i < 5; i++)
            svc__suggest_offer(&s, "s", names[(first + i) % 5]);
        for (size_t i = 0; i < 5; i++)
            svc__suggest_offer(&s, names[(first + i) % 5], "web");
        assert_string_equal(s.close, "wea");
        assert_int_equal(s.namespace_count, 3);
        assert_string_equal(s.namespaces[0], "wea");
        assert_string_equal(s.namespaces[1], "web0");
        assert_string_equal(s.namespaces[2], "wec");
        assert_int_equal(s.neighbours, 5);
    }
}

static void the_nearest_one_is_meant(void **state)
{
    static const char *const names[] = {"aapi-main", "api-mian", "api-maim1"};
    struct kube_query q;

    (void)state;
    kube_query(&q, "s/api-main");
    for (size_t first = 0; first < 3; first++) {
        struct svc__suggest s;

        svc__suggest_init(&s, &q.q);
        svc__suggest_offer(&s, "s", "a-pi-main1");
        for (size_t i = 0; i < 3; i++)
            svc__suggest_offer(&s, "s", names[(first + i) % 3]);
        assert_string_equal(s.close, "aapi-main");
        assert_int_equal(s.distance, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(hints),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(the_nearest_one_is_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
