/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views: what they hold, the texts they carry, the order of candidates, and
 * the words for views, families and types.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "model/view.h"

#include <stdatomic.h>
#include <string.h>

static int64_t tick_us;

static int64_t tick(void)
{
    return ++tick_us;
}

static void test_a_new_view_knows_nothing(void **state)
{
    struct svc__view *v = svc__view_new("file", NULL);

    (void)state;
    assert_non_null(v);
    assert_int_equal(v->code, 0);
    assert_string_equal(v->source, "file");
    assert_int_equal(v->ttl_ms, -1);
    assert_int_equal(v->confirmed_ms, -1);
    assert_int_equal(v->count, 0);
    assert_true(svc__list_is_empty(&v->steps));
    svc__view_free(v);
    svc__view_free(NULL);
}

static void test_blocks_are_held_until_the_end(void **state)
{
    struct svc__view *v = svc__view_new("file", NULL);
    struct svc__block *blocks[20];

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        blocks[i] = svc__block_new(1, 1);
        for (int again = 0; again < 3; again++)
            assert_int_equal(svc__view_hold(v, blocks[i]), 0);
        assert_int_equal(atomic_load(&blocks[i]->refs.count), 2);
    }
    assert_int_equal(v->block_count, 20);
    svc__view_free(v);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(atomic_load(&blocks[i]->refs.count), 1);
        svc__block_unref(blocks[i]);
    }
}

static void test_candidates_keep_their_order(void **state)
{
    struct svc__view *v = svc__view_new("file", NULL);

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        struct svc__candidate c = {.index = i, .port = (uint16_t)i};

        assert_int_equal(svc__view_add(v, &c), 0);
        assert_true(v->capacity >= v->count);
    }
    assert_int_equal(v->count, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(v->candidates[i].index, i);
    svc__view_free(v);
}

static void test_a_new_code_drops_the_old_story(void **state)
{
    struct svc__view *v = svc__view_new("file", NULL);

    (void)state;
    assert_int_equal(svc__view_fail(v, SVC_ENOSERVICE, "no %s", "a"), 0);
    assert_int_equal(svc__view_hint(v, "make %s", "it"), 0);
    assert_int_equal(v->code, SVC_ENOSERVICE);
    assert_string_equal(v->message, "no a");
    assert_string_equal(v->hint, "make it");
    assert_int_equal(svc__view_hint(v, "or not"), 0);
    assert_string_equal(v->hint, "or not");
    assert_int_equal(svc__view_fail(v, SVC_ENOPORT, "no b"), 0);
    assert_int_equal(v->code, SVC_ENOPORT);
    assert_string_equal(v->message, "no b");
    assert_null(v->hint);
    svc__view_free(v);
}

/* Texts quote what came from outside, of any length. */
static void test_long_text_is_cut_between_characters(void **state)
{
    static const char unit[] = "\xe2\x82\xac"; /* three bytes */
    char text[4000] = "";

    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        struct svc__view *v = svc__view_new("file", tick);
        const struct svc__step *step;

        memset(text, 'a', shift);
        for (size_t at = shift; at + 4 < sizeof(text); at += 3)
            memcpy(text + at, unit, sizeof(unit));
        assert_int_equal(svc__view_fail(v, SVC_EALIAS, "%s", text), 0);
        assert_int_equal(svc__view_hint(v, "%s", text), 0);
        assert_int_equal(svc__view_step(v, "port", "%s", text), 0);
        step = svc__list_entry(v->steps.next, struct svc__step, link);
        assert_true(svc__utf8_is_valid(v->message, strlen(v->message)));
        assert_true(svc__utf8_is_valid(v->hint, strlen(v->hint)));
        assert_true(svc__utf8_is_valid(step->text, strlen(step->text)));
        assert_in_range(strlen(v->message), 1000, 1023);
        svc__view_free(v);
    }
}

/* A terminal must not be told what to do by an object. */
static void test_texts_have_no_control_characters(void **state)
{
    struct svc__view *v = svc__view_new("file", tick);
    const struct svc__step *step;

    (void)state;
    assert_int_equal(svc__view_fail(v, SVC_EPENDING, "%s", "a\033[2Jb\n"), 0);
    assert_int_equal(svc__view_hint(v, "%s", "c\a\x7f"), 0);
    assert_int_equal(svc__view_step(v, "port", "%s", "d\r\t"), 0);
    step = svc__list_entry(v->steps.next, struct svc__step, link);
    assert_string_equal(v->message, "a?[2Jb?");
    assert_string_equal(v->hint, "c??");
    assert_string_equal(step->text, "d??");
    svc__view_free(v);
}

static void test_steps_only_where_somebody_asked(void **state)
{
    struct svc__view *v = svc__view_new("file", NULL);

    (void)state;
    assert_int_equal(svc__view_step(v, "port", "x"), 0);
    assert_true(svc__list_is_empty(&v->steps));
    svc__view_free(v);
}

static void test_steps_are_stamped_in_order(void **state)
{
    static const char *const words[] = {"service", "port", "slices"};
    struct svc__view *v = svc__view_new("file", tick);
    struct svc__list *it;
    size_t n = 0;
    int64_t first_us = tick_us;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(svc__view_step(v, words[i], "step %zu", i), 0);
    svc__list_each (it, &v->steps) {
        const struct svc__step *step =
            svc__list_entry(it, struct svc__step, link);

        assert_string_equal(step->step, words[n]);
        assert_int_equal(step->text[5], '0' + (int)n);
        assert_int_equal(step->at_us, first_us + (int64_t)n + 1);
        n++;
    }
    assert_int_equal(n, 3);
    svc__view_free(v);
}

/* From the end to the front, alone and before others. */
static void test_a_step_that_came_first(void **state)
{
    static const char *const words[] = {"name", "source", "slices"};
    struct svc__view *v = svc__view_new("file", tick);
    struct svc__list *it;
    size_t n = 0;

    (void)state;
    assert_int_equal(svc__view_step(v, "slices", "x"), 0);
    svc__view_step_first(v, 3);
    assert_int_equal(svc__view_step(v, "source", "x"), 0);
    svc__view_step_first(v, 2);
    assert_int_equal(svc__view_step(v, "name", "x"), 0);
    svc__view_step_first(v, 1);
    svc__list_each (it, &v->steps) {
        const struct svc__step *step =
            svc__list_entry(it, struct svc__step, link);

        assert_string_equal(step->step, words[n]);
        assert_int_equal(step->at_us, ++n);
    }
    assert_int_equal(n, 3);
    svc__view_free(v);
}

/* A view with a value of its own in every field. */
static struct svc__view *full_view(void)
{
    struct svc__view *v = svc__view_new("dns", tick);

    assert_non_null(v);
    v->type = SVC__TYPE_HEADLESS;
    v->kind = SVC__VIEW_PODS;
    v->port = 81;
    v->client_ip = 2;
    v->ttl_ms = 3;
    v->confirmed_ms = 4;
    v->local_only = 5;
    v->topology_off = 6;
    v->alias_port = 82;
    v->duplicates = 7;
    v->refused = 8;
    v->gap = svc__strdup("gap");
    v->service = svc__strdup("service");
    v->namespace_ = svc__strdup("namespace");
    v->canonical = svc__strdup("canonical");
    v->port_name = svc__strdup("port");
    v->alias = svc__strdup("alias");
    v->alias_port_name = svc__strdup("alias port");
    assert_int_equal(svc__view_fail(v, SVC_EPENDING, "message"), 0);
    assert_int_equal(svc__view_hint(v, "hint"), 0);
    assert_int_equal(svc__view_step(v, "port", "step"), 0);
    return v;
}

static void assert_copied(const char *copy, const char *text)
{
    assert_string_equal(copy, text);
    assert_ptr_not_equal(copy, text);
}

static void test_a_copy_has_all_but_the_steps(void **state)
{
    struct svc__view *v = full_view();
    struct svc__view *copy = svc__view_copy(v, NULL);

    (void)state;
    assert_non_null(copy);
    assert_true(copy->code == SVC_EPENDING && copy->type == v->type);
    assert_true(copy->kind == v->kind && copy->port == 81);
    assert_true(copy->client_ip == 2 && copy->ttl_ms == 3);
    assert_true(copy->confirmed_ms == 4 && copy->local_only == 5);
    assert_true(copy->topology_off == 6 && copy->alias_port == 82);
    assert_true(copy->duplicates == 7 && copy->refused == 8);
    assert_string_equal(copy->source, "dns");
    assert_copied(copy->message, v->message);
    assert_copied(copy->hint, v->hint);
    assert_copied(copy->gap, v->gap);
    assert_copied(copy->service, v->service);
    assert_copied(copy->namespace_, v->namespace_);
    assert_copied(copy->canonical, v->canonical);
    assert_copied(copy->port_name, v->port_name);
    assert_copied(copy->alias, v->alias);
    assert_copied(copy->alias_port_name, v->alias_port_name);
    assert_true(svc__list_is_empty(&copy->steps) && copy->trace == NULL);
    svc__view_free(v);
    assert_string_equal(copy->alias, "alias");
    svc__view_free(copy);
}

static void test_a_copy_of_nothing(void **state)
{
    struct svc__view *v = svc__view_new("dns", NULL);
    struct svc__view *copy = svc__view_copy(v, tick);

    (void)state;
    assert_non_null(copy);
    assert_null(copy->message);
    assert_null(copy->alias);
    assert_int_equal(copy->count + copy->block_count, 0);
    assert_int_equal(copy->ttl_ms, -1);
    assert_int_equal(svc__view_step(copy, "port", "x"), 0);
    assert_false(svc__list_is_empty(&copy->steps));
    svc__view_free(copy);
    svc__view_free(v);
}

/* The blocks are the same, with references of its own; either may grow, and
 * end, first. */
static void test_a_copy_shares_the_blocks(void **state)
{
    struct svc__block *blocks[6];
    struct svc__view *v = svc__view_new("dns", NULL);
    struct svc__view *copy;

    (void)state;
    for (uint32_t i = 0; i < 6; i++) {
        struct svc__candidate c = {.index = i, .port = (uint16_t)(i * 2)};

        blocks[i] = svc__block_new(1, 1);
        c.block = blocks[i];
        assert_int_equal(svc__view_hold(v, blocks[i]), 0);
        assert_int_equal(svc__view_add(v, &c), 0);
        svc__block_unref(blocks[i]);
    }
    copy = svc__view_copy(v, NULL);
    assert_non_null(copy);
    assert_int_equal(copy->count, 6);
    assert_memory_equal(copy->candidates, v->candidates,
                        6 * sizeof(*v->candidates));
    assert_int_equal(svc__view_add(copy, &v->candidates[0]), 0);
    assert_int_equal(v->count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(atomic_load(&blocks[i]->refs.count), 2);
    svc__view_free(v);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(atomic_load(&blocks[i]->refs.count), 1);
    svc__view_free(copy);
}

/* In order: each row is above all before it. */
static const struct {
    const char *address;
    uint16_t port;
    uint8_t proto;
} ordered[] = {
    {"0.0.0.1", 80, SVC__PROTO_TCP},        {"9.0.0.0", 1, SVC__PROTO_ANY},
    {"10.0.0.1", 0, SVC__PROTO_SCTP},       {"10.0.0.1", 80, SVC__PROTO_ANY},
    {"10.0.0.1", 80, SVC__PROTO_TCP},       {"10.0.0.1", 80, SVC__PROTO_UDP},
    {"10.0.0.1", 80, SVC__PROTO_SCTP},      {"10.0.0.1", 81, SVC__PROTO_TCP},
    {"10.0.0.1", 65535, SVC__PROTO_TCP},    {"200.0.0.1", 1, SVC__PROTO_TCP},
    {"255.255.255.254", 1, SVC__PROTO_TCP}, {"::1", 80, SVC__PROTO_TCP},
    {"fd00::1", 1, SVC__PROTO_TCP},         {"fd00::2", 1, SVC__PROTO_TCP},
    {"fd00:1::", 1, SVC__PROTO_TCP},
};

#define ORDERED (sizeof(ordered) / sizeof(ordered[0]))

static void test_candidates_have_one_order(void **state)
{
    struct svc__block *block = svc__block_new(ORDERED, 1);
    struct svc__candidate c[ORDERED];

    (void)state;
    for (uint32_t i = 0; i < ORDERED; i++) {
        assert_int_equal(svc__address_parse(ordered[i].address,
                                            strlen(ordered[i].address),
                                            &block->endpoints[i].address),
                         0);
        c[i] = (struct svc__candidate){.block = block,
                                       .index = i,
                                       .why = (uint16_t)(i % 2),
                                       .port = ordered[i].port,
                                       .proto = ordered[i].proto};
    }
    for (size_t i = 0; i < ORDERED; i++) {
        for (size_t j = 0; j < ORDERED; j++) {
            int order = svc__candidate_compare(&c[i], &c[j]);

            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
    svc__block_unref(block);
}

static void test_words_for_views(void **state)
{
    enum svc__view_kind kind = SVC__VIEW_NONE;

    (void)state;
    for (int i = SVC__VIEW_AUTO; i < SVC__VIEW_NONE; i++) {
        const char *name = svc__view_kind_name((enum svc__view_kind)i);

        assert_int_equal(svc__view_kind_parse(name, &kind), 0);
        assert_int_equal(kind, i);
    }
    assert_int_equal(svc__view_kind_parse("PODS", &kind), 0);
    assert_int_equal(kind, SVC__VIEW_PODS);
    assert_null(svc__view_kind_name(SVC__VIEW_NONE));
    assert_int_equal(svc__view_kind_parse("pod", &kind), SVC_EINVAL);
    assert_int_equal(svc__view_kind_parse("podss", &kind), SVC_EINVAL);
    assert_int_equal(svc__view_kind_parse("", &kind), SVC_EINVAL);
    assert_int_equal(kind, SVC__VIEW_PODS);
}

static void test_words_for_families_and_types(void **state)
{
    enum svc__family family = SVC__FAMILY_IPV6;

    (void)state;
    assert_int_equal(svc__family_parse("any", &family), 0);
    assert_int_equal(family, SVC__FAMILY_ANY);
    assert_int_equal(svc__family_parse("IPv4", &family), 0);
    assert_int_equal(family, SVC__FAMILY_IPV4);
    assert_int_equal(svc__family_parse("ipv6", &family), 0);
    assert_int_equal(family, SVC__FAMILY_IPV6);
    assert_int_equal(svc__family_parse("ipv", &family), SVC_EINVAL);
    assert_int_equal(svc__family_parse("4", &family), SVC_EINVAL);
    assert_int_equal(family, SVC__FAMILY_IPV6);
    assert_string_equal(svc__type_name(SVC__TYPE_UNKNOWN), "Unknown");
    assert_string_equal(svc__type_name(SVC__TYPE_CLUSTERIP), "ClusterIP");
    assert_string_equal(svc__type_name(SVC__TYPE_HEADLESS), "Headless");
    assert_string_equal(svc__type_name(SVC__TYPE_NODEPORT), "NodePort");
    assert_string_equal(svc__type_name(SVC__TYPE_LOADBALANCER), "LoadBalancer");
    assert_string_equal(svc__type_name(SVC__TYPE_EXTERNALNAME), "ExternalName");
    assert_string_equal(svc__type_name(SVC__TYPE_EXTERNAL), "External");
    assert_string_equal(svc__type_name(SVC__TYPE_LITERAL), "Literal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_view_knows_nothing),
        cmocka_unit_test(test_blocks_are_held_until_the_end),
        cmocka_unit_test(test_candidates_keep_their_order),
        cmocka_unit_test(test_a_new_code_drops_the_old_story),
        cmocka_unit_test(test_long_text_is_cut_between_characters),
        cmocka_unit_test(test_texts_have_no_control_characters),
        cmocka_unit_test(test_steps_only_where_somebody_asked),
        cmocka_unit_test(test_steps_are_stamped_in_order),
        cmocka_unit_test(test_a_step_that_came_first),
        cmocka_unit_test(test_a_copy_has_all_but_the_steps),
        cmocka_unit_test(test_a_copy_of_nothing),
        cmocka_unit_test(test_a_copy_shares_the_blocks),
        cmocka_unit_test(test_candidates_have_one_order),
        cmocka_unit_test(test_words_for_views),
        cmocka_unit_test(test_words_for_families_and_types),
    };

    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
