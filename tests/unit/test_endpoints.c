/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published sets: their order, their equality, the walk over differences, and
 * how long they and their freshness live.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sets.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "model/endpoints.h"

#include <stdio.h>
#include <string.h>

static void test_usable_ones_come_first_in_order(void **state)
{
    svc_endpoints *eps =
        sets_new("fd00::1 10.0.0.9!1 10.0.0.2/81 10.0.0.10 9.0.0.1!4 "
                 "10.0.0.2/80 fd00::9!1 10.0.0.2/443",
                 1);

    (void)state;
    assert_int_equal(svc_endpoints_count(eps), 5);
    assert_int_equal(svc_endpoints_total(eps), 8);
    assert_string_equal(sets_text(eps, 0, 5),
                        "10.0.0.2 10.0.0.2/81 10.0.0.2/443 10.0.0.10 fd00::1");
    assert_string_equal(sets_text(eps, 5, 8), "9.0.0.1 10.0.0.9 fd00::9");
    assert_null(svc_endpoints_at(eps, 8));
    assert_null(svc_endpoints_at(eps, SIZE_MAX));
    svc_endpoints_unref(eps);
}

/* As a search from the first to the last finds it, which sees the usable one of
 * two first; and nobody who is not there. */
static void test_each_is_found(void **state)
{
    svc_endpoints *eps =
        sets_new("fd00::1 10.0.0.9!1 10.0.0.2/81 10.0.0.10 9.0.0.1!4 "
                 "10.0.0.2/80 fd00::9!1 10.0.0.2/443 10.0.0.10!2048",
                 1);
    svc_endpoints *empty = sets_new("", 1);

    (void)state;
    for (size_t i = 0; i < eps->total; i++) {
        struct svc__identity id = svc__candidate_identity(&eps->endpoints[i].c);
        size_t first = 0;

        while (svc__candidate_compare_to(&eps->endpoints[first].c, &id) != 0)
            first++;
        assert_ptr_equal(svc__endpoints_find(eps, &id),
                         &eps->endpoints[first].c);
        assert_null(svc__endpoints_find(empty, &id));
        id.port++;
        if (id.port != 81)
            assert_null(svc__endpoints_find(eps, &id));
        id.port--;
        id.proto++;
        assert_null(svc__endpoints_find(eps, &id));
    }
    svc_endpoints_unref(eps);
    svc_endpoints_unref(empty);
}

static void test_a_set_may_be_empty(void **state)
{
    svc_endpoints *eps = sets_new("", 1);

    (void)state;
    assert_int_equal(svc_endpoints_count(eps), 0);
    assert_int_equal(svc_endpoints_total(eps), 0);
    assert_null(svc_endpoints_at(eps, 0));
    svc_endpoints_unref(eps);
    svc_endpoints_unref(NULL);
}

static void test_the_view_is_taken_and_freshness_shared(void **state)
{
    struct svc__freshness *f = svc__freshness_new();
    struct svc__view *v = sets_view("10.0.0.1");
    svc_endpoints *eps = svc__endpoints_new(v, f, "rr", 7);

    (void)state;
    assert_ptr_equal(eps->view, v);
    assert_null(v->candidates);
    assert_int_equal(eps->generation, 7);
    assert_ptr_equal(svc_endpoints_ref(eps), eps);
    svc_endpoints_unref(eps);
    svc__freshness_unref(f);
    /* It lives on in the set. */
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    assert_int_equal(svc_endpoints_age_ms(eps), 0);
    atomic_store(&eps->freshness->stale, 1);
    assert_int_equal(svc_endpoints_is_stale(eps), 1);
    atomic_store(&eps->freshness->confirmed_ms, 1);
    assert_true(svc_endpoints_age_ms(eps) > 0);
    atomic_store(&eps->freshness->confirmed_ms, INT64_MAX);
    assert_int_equal(svc_endpoints_age_ms(eps), 0);
    svc_endpoints_unref(eps);
    svc__freshness_unref(NULL);
}

/* Whatever order and blocks the candidates came in, the set is the same. */
static void test_equal_does_not_ask_whence(void **state)
{
    svc_endpoints *a = sets_new("10.0.0.1@a 10.0.0.2@b 10.0.0.3!1", 1);
    svc_endpoints *b = sets_new("10.0.0.3!1 10.0.0.2@b 10.0.0.1@a", 2);

    (void)state;
    assert_true(svc__endpoints_equal(a, b));
    assert_true(svc__endpoints_equal(a, a));
    svc_endpoints_unref(a);
    svc_endpoints_unref(b);
}

static void test_every_other_endpoint_makes_another_set(void **state)
{
    static const char *const others[] = {"",
                                         "10.0.0.1@a",
                                         "10.0.0.1@a 10.0.0.2@b!1",
                                         "10.0.0.1@a 10.0.0.2@b 10.0.0.3",
                                         "10.0.0.1@a 10.0.0.2@b 10.0.0.3!1",
                                         "10.0.0.1@a 10.0.0.3@b",
                                         "10.0.0.1@a 10.0.0.2@c",
                                         "10.0.0.1@a 10.0.0.2",
                                         "10.0.0.1@a 10.0.0.2/81@b"};
    svc_endpoints *a = sets_new("10.0.0.1@a 10.0.0.2@b", 1);

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        svc_endpoints *b = sets_new(others[i], 1);

        assert_false(svc__endpoints_equal(a, b));
        assert_false(svc__endpoints_equal(b, a));
        svc_endpoints_unref(b);
    }
    svc_endpoints_unref(a);
}

/* One attribute of an endpoint each. */
static void change_endpoint(svc_endpoints *eps, int which)
{
    struct svc__block *block = eps->view->blocks[0];
    struct svc__endpoint *e = &block->endpoints[0];

    switch (which) {
    case 0:
        e->flags |= SVC__EP_TERMINATING;
        break;
    case 1:
        e->weight = 5;
        break;
    case 2:
        e->uid[15] = 1;
        break;
    case 3:
        e->hostname = 1;
        break;
    case 4:
        e->pod_namespace = 1;
        break;
    case 5:
        block->text[1] = 'x'; /* its pod */
        break;
    case 6:
        e->node = 1;
        break;
    case 7:
        e->zone = 1;
        break;
    case 8:
        eps->endpoints[0].c.app_protocol = 1;
        break;
    case 9:
        eps->endpoints[0].c.proto = SVC__PROTO_UDP;
        break;
    default:
        eps->endpoints[0].c.why = SVC_WHY_DRAINING;
        break;
    }
}

static void test_every_attribute_of_an_endpoint_counts(void **state)
{
    (void)state;
    for (int which = 0; which <= 10; which++) {
        svc_endpoints *a = sets_new("10.0.0.1@a", 1);
        svc_endpoints *b = sets_new("10.0.0.1@a", 1);

        assert_true(svc__endpoints_equal(a, b));
        change_endpoint(b, which);
        assert_false(svc__endpoints_equal(a, b));
        svc_endpoints_unref(a);
        svc_endpoints_unref(b);
    }
}

/* Two endpoints of one block are two. */
static void test_places_in_one_block_are_compared(void **state)
{
    svc_endpoints *a = sets_new("10.0.0.1@a", 1);
    svc_endpoints *b = sets_new("10.0.0.1@a", 1);
    struct svc__block *block = svc__block_new(2, 3);

    (void)state;
    memcpy(block->text + 1, "a", 2);
    block->endpoints[0] = a->view->blocks[0]->endpoints[0];
    block->endpoints[1] = block->endpoints[0];
    block->endpoints[1].pod = 0;
    a->endpoints[0].c.block = block;
    b->endpoints[0].c.block = block;
    assert_true(svc__endpoints_equal(a, b));
    b->endpoints[0].c.index = 1;
    assert_false(svc__endpoints_equal(a, b));
    svc__block_unref(block);
    svc_endpoints_unref(a);
    svc_endpoints_unref(b);
}

/* One attribute of a set each. */
static void change_view(struct svc__view *v, int which)
{
    switch (which) {
    case 0:
        v->code = SVC_EALIAS;
        break;
    case 1:
        v->type = SVC__TYPE_HEADLESS;
        break;
    case 2:
        v->kind = SVC__VIEW_VIP;
        break;
    case 3:
        v->port = 1;
        break;
    case 4:
        v->client_ip = 1;
        break;
    case 5:
        v->source = "other";
        break;
    case 6:
        v->message = svc__strdup("m");
        break;
    case 7:
        v->hint = svc__strdup("h");
        break;
    case 8:
        v->canonical = svc__strdup("c");
        break;
    default:
        v->port_name = svc__strdup("p");
        break;
    }
}

static void test_every_attribute_of_a_set_counts(void **state)
{
    (void)state;
    for (int which = 0; which <= 9; which++) {
        svc_endpoints *a = sets_new("10.0.0.1", 1);
        svc_endpoints *b = sets_new("10.0.0.1", 1);

        change_view(b->view, which);
        assert_false(svc__endpoints_equal(a, b));
        assert_false(svc__endpoints_equal(b, a));
        svc_endpoints_unref(a);
        svc_endpoints_unref(b);
    }
}

/* Another answer of DNS with the same content is no news. */
static void test_the_time_to_live_does_not_count(void **state)
{
    svc_endpoints *a = sets_new("10.0.0.1", 1);
    svc_endpoints *b = sets_new("10.0.0.1", 1);

    (void)state;
    b->view->ttl_ms = 30000;
    b->view->confirmed_ms = 1;
    assert_true(svc__endpoints_equal(a, b));
    svc_endpoints_unref(a);
    svc_endpoints_unref(b);
}

/* The walk as text: -gone +new ~changed, in the order of the walk. */
static const char *walk(const svc_endpoints *before, const svc_endpoints *after)
{
    static char text[4096];
    const svc_endpoint *x;
    const svc_endpoint *y;
    uint64_t cursor = 0;
    size_t used = 0;

    text[0] = '\0';
    while (svc_endpoints_diff(before, after, &cursor, &x, &y)) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;
        char sign = x == NULL ? '+' : y == NULL ? '-' : '~';

        assert_int_equal(svc_endpoint_describe(y != NULL ? y : x, &info), 0);
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%c%s",
                                 used > 0 ? " " : "", sign, info.address);
        assert_true(used < sizeof(text));
    }
    assert_false(svc_endpoints_diff(before, after, &cursor, &x, &y));
    return text;
}

static void test_differences_by_example(void **state)
{
    static const struct {
        const char *before;
        const char *after;
        const char *walk;
    } rows[] = {{"", "", ""},
                {"10.0.0.1", "10.0.0.1", ""},
                {"", "10.0.0.1 10.0.0.2", "+10.0.0.1 +10.0.0.2"},
                {"10.0.0.1 10.0.0.2", "", "-10.0.0.1 -10.0.0.2"},
                {"10.0.0.1 10.0.0.3", "10.0.0.2 10.0.0.3 10.0.0.4",
                 "-10.0.0.1 +10.0.0.2 +10.0.0.4"},
                {"10.0.0.1@a 10.0.0.2@b", "10.0.0.1@c 10.0.0.2@b", "~10.0.0.1"},
                {"10.0.0.1/80", "10.0.0.1/81", "-10.0.0.1 +10.0.0.1"},
                /* Only usable ones count. */
                {"10.0.0.1", "10.0.0.1!1", "-10.0.0.1"},
                {"10.0.0.1!1", "10.0.0.1", "+10.0.0.1"},
                {"10.0.0.1!1", "10.0.0.1!2 10.0.0.2!1", ""}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_endpoints *a = sets_new(rows[i].before, 1);
        svc_endpoints *b = sets_new(rows[i].after, 2);

        assert_string_equal(walk(a, b), rows[i].walk);
        svc_endpoints_unref(a);
        svc_endpoints_unref(b);
    }
}

static void test_before_may_be_nothing(void **state)
{
    svc_endpoints *b = sets_new("10.0.0.1 10.0.0.2 10.0.0.3!1", 1);

    (void)state;
    assert_string_equal(walk(NULL, b), "+10.0.0.1 +10.0.0.2");
    svc_endpoints_unref(b);
}

/* A random subset of sixteen addresses: absent, usable with pod a or b, or
 * there with a reason. Fills what[] with '.', 'a', 'b' or '!'. */
static svc_endpoints *random_set(struct svc__rng *rng, char what[16])
{
    char words[1024] = "";
    size_t used = 0;

    for (int i = 0; i < 16; i++) {
        what[i] = "..aab!"[svc__rng_below(rng, 6)];
        if (what[i] == '.')
            continue;
        used += (size_t)snprintf(words + used, sizeof(words) - used,
                                 " 10.0.0.%d%s", i,
                                 what[i] == 'a'   ? "@a"
                                 : what[i] == 'b' ? "@b"
                                                  : "@a!1");
    }
    return sets_new(words, 1);
}

/* The walk says exactly what the sets as sets say. */
static void test_differences_are_those_of_the_sets(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 7);
    for (int run = 0; run < 300; run++) {
        char x[16];
        char y[16];
        char expected[1024] = "";
        size_t used = 0;
        svc_endpoints *a = random_set(&rng, x);
        svc_endpoints *b = random_set(&rng, y);

        for (int i = 0; i < 16; i++) {
            int had = x[i] == 'a' || x[i] == 'b';
            int has = y[i] == 'a' || y[i] == 'b';

            if (!had && !has)
                continue;
            if (had && has && x[i] == y[i])
                continue;
            used += (size_t)snprintf(expected + used, sizeof(expected) - used,
                                     "%s%c10.0.0.%d", used > 0 ? " " : "",
                                     !had   ? '+'
                                     : !has ? '-'
                                            : '~',
                                     i);
        }
        assert_string_equal(walk(a, b), expected);
        svc_endpoints_unref(a);
        svc_endpoints_unref(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usable_ones_come_first_in_order),
        cmocka_unit_test(test_each_is_found),
        cmocka_unit_test(test_a_set_may_be_empty),
        cmocka_unit_test(test_the_view_is_taken_and_freshness_shared),
        cmocka_unit_test(test_equal_does_not_ask_whence),
        cmocka_unit_test(test_every_other_endpoint_makes_another_set),
        cmocka_unit_test(test_every_attribute_of_an_endpoint_counts),
        cmocka_unit_test(test_places_in_one_block_are_compared),
        cmocka_unit_test(test_every_attribute_of_a_set_counts),
        cmocka_unit_test(test_the_time_to_live_does_not_count),
        cmocka_unit_test(test_differences_by_example),
        cmocka_unit_test(test_before_may_be_nothing),
        cmocka_unit_test(test_differences_are_those_of_the_sets),
    };

    return cmocka_run_group_tests_name("endpoints", tests, NULL, NULL);
}
