/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that are addresses: what the view of one says, and which are refused
 * to a source that a caller may have (semantics 2.11, 5; faults 3.3).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/literal.h"

#include <string.h>

/* A service that has nothing but what a literal looks at. */
struct frame {
    svc_resolver r;
    svc_service s;
    struct svc__name name;
    char text[8];
};

static void frame_init(struct frame *f, const char *address)
{
    memset(f, 0, sizeof(*f));
    memcpy(f->text, "asked", 6);
    f->s.r = &f->r;
    f->s.text = f->text;
    f->name.kind = SVC__NAME_LITERAL;
    assert_int_equal(
        svc__address_parse(address, strlen(address), &f->name.address), 0);
}

static void test_the_view_of_an_address(void **state)
{
    struct frame f;
    struct svc__view *v;
    const struct svc__candidate *c;

    (void)state;
    frame_init(&f, "fd00:0:0:0::7");
    f.s.settings.proto = SVC__PROTO_UDP;
    v = svc__literal_view(&f.s, &f.name, 53, 0);
    c = &v->candidates[0];
    assert_int_equal(v->code, 0);
    assert_int_equal(v->type, SVC__TYPE_LITERAL);
    assert_int_equal(v->kind, SVC__VIEW_NONE);
    assert_string_equal(v->canonical, "fd00::7");
    assert_null(v->source);
    assert_int_equal(v->port, 53);
    assert_int_equal(v->ttl_ms, -1);
    assert_true(v->topology_off);
    assert_int_equal(v->count, 1);
    assert_int_equal(c->why, 0);
    assert_int_equal(c->port, 53);
    assert_int_equal(c->proto, SVC__PROTO_UDP);
    assert_int_equal(svc__candidate_endpoint(c)->weight, 1);
    /* Nothing is known of its conditions. */
    assert_int_equal(svc__candidate_endpoint(c)->flags, 0);
    svc__view_free(v);
}

static const struct {
    const char *address;
    enum svc__family family;
    unsigned allow;
    int of_caller; /* code when a caller wrote it */
    int of_source; /* code when a source said it */
} rows[] = {
    {"10.0.0.1", SVC__FAMILY_ANY, 0, 0, 0},
    {"10.0.0.1", SVC__FAMILY_IPV4, 0, 0, 0},
    {"10.0.0.1", SVC__FAMILY_IPV6, 0, SVC_ENOENDPOINTS, SVC_ENOENDPOINTS},
    {"fd00::1", SVC__FAMILY_IPV4, 0, SVC_ENOENDPOINTS, SVC_ENOENDPOINTS},
    {"fd00::1", SVC__FAMILY_IPV6, 0, 0, 0},
    {"127.0.0.1", SVC__FAMILY_ANY, 0, 0, SVC_EALIAS},
    {"127.0.0.1", SVC__FAMILY_ANY, SVC__ADDRESS_LINK_LOCAL, 0, SVC_EALIAS},
    {"127.0.0.1", SVC__FAMILY_ANY, SVC__ADDRESS_LOOPBACK, 0, 0},
    {"127.0.0.1", SVC__FAMILY_IPV6, 0, SVC_ENOENDPOINTS, SVC_EALIAS},
    {"::1", SVC__FAMILY_ANY, 0, 0, SVC_EALIAS},
    {"::ffff:127.0.0.1", SVC__FAMILY_ANY, 0, 0, SVC_EALIAS},
    {"169.254.169.254", SVC__FAMILY_ANY, SVC__ADDRESS_LINK_LOCAL, 0,
     SVC_EALIAS},
    {"169.254.169.254", SVC__FAMILY_ANY,
     SVC__ADDRESS_LINK_LOCAL | SVC__ADDRESS_METADATA, 0, 0},
    {"fe80::1", SVC__FAMILY_ANY, 0, 0, SVC_EALIAS},
    {"0.0.0.0", SVC__FAMILY_ANY, ~0U, 0, SVC_EALIAS},
};

static void test_who_may_have_which_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        int from_source = i % 2 != 0;
        int code = from_source ? rows[i / 2].of_source : rows[i / 2].of_caller;
        struct frame f;
        struct svc__view *v;

        frame_init(&f, rows[i / 2].address);
        f.s.settings.family = rows[i / 2].family;
        f.r.settings.allow = rows[i / 2].allow;
        v = svc__literal_view(&f.s, &f.name, 80, from_source);
        assert_int_equal(v->code, code);
        assert_int_equal(v->message != NULL, code != 0);
        assert_int_equal(v->candidates[0].why != 0, code != 0);
        assert_int_equal((v->candidates[0].why & SVC_WHY_REFUSED_ADDRESS) != 0,
                         code == SVC_EALIAS);
        assert_int_equal(v->refused, code == SVC_EALIAS);
        svc__view_free(v);
    }
}

static void test_stories_of_refusals(void **state)
{
    struct frame f;
    struct svc__view *v;

    (void)state;
    frame_init(&f, "127.0.0.1");
    v = svc__literal_view(&f.s, &f.name, 0, 1);
    assert_string_equal(v->message, "127.0.0.1 is an address that the "
                                    "filter refuses");
    assert_int_equal(v->candidates[0].port, 0);
    svc__view_free(v);
    f.s.settings.family = SVC__FAMILY_IPV6;
    v = svc__literal_view(&f.s, &f.name, 0, 0);
    assert_string_equal(v->message,
                        "\"asked\" is an address of the other family");
    svc__view_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_view_of_an_address),
        cmocka_unit_test(test_who_may_have_which_address),
        cmocka_unit_test(test_stories_of_refusals),
    };

    return cmocka_run_group_tests_name("literal", tests, NULL, NULL);
}
