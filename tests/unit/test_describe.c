/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets and endpoints as callers read them, with structs of any size.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sets.h"

#include "base/alloc.h"
#include "model/endpoints.h"

#include <arpa/inet.h>
#include <string.h>

static void test_a_set_that_knows_little(void **state)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
    svc_endpoints *eps = sets_new("", 3);

    (void)state;
    assert_int_equal(svc_endpoints_describe(eps, &info), 0);
    assert_int_equal(info.size, sizeof(info));
    assert_string_equal(info.service, "web");
    assert_string_equal(info.namespace_, "dev");
    assert_string_equal(info.type, "ClusterIP");
    assert_string_equal(info.view, "pods");
    assert_string_equal(info.source, "test");
    assert_string_equal(info.session_affinity, "None");
    assert_string_equal(info.policy, "rr");
    assert_null(info.canonical);
    assert_null(info.port_name);
    assert_null(info.message);
    assert_null(info.hint);
    assert_int_equal(info.generation, 3);
    assert_int_equal(info.ttl_ms, -1);
    assert_int_equal(info.port, 0);
    assert_int_equal(info.code, 0);
    eps->view->kind = SVC__VIEW_AUTO; /* DNS answered a port number */
    assert_int_equal(svc_endpoints_describe(eps, &info), 0);
    assert_null(info.view);
    svc_endpoints_unref(eps);
}

static void test_a_set_that_knows_all(void **state)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
    svc_endpoints *eps = sets_new("", 1);
    struct svc__view *v = eps->view;

    (void)state;
    assert_int_equal(svc__view_fail(v, SVC_ENOPORT, "no port"), 0);
    assert_int_equal(svc__view_hint(v, "ask another"), 0);
    v->kind = SVC__VIEW_NONE;
    v->canonical = svc__strdup("web.dev.svc.cluster.local");
    v->port_name = svc__strdup("http");
    v->port = 65535;
    v->client_ip = 1;
    v->ttl_ms = INT64_C(1) << 40;
    assert_int_equal(svc_endpoints_describe(eps, &info), 0);
    assert_null(info.view);
    assert_string_equal(info.canonical, "web.dev.svc.cluster.local");
    assert_string_equal(info.port_name, "http");
    assert_string_equal(info.session_affinity, "ClientIP");
    assert_string_equal(info.message, "no port");
    assert_string_equal(info.hint, "ask another");
    assert_int_equal(info.ttl_ms, INT64_C(1) << 40);
    assert_int_equal(info.port, 65535);
    assert_int_equal(info.code, SVC_ENOPORT);
    svc_endpoints_unref(eps);
}

static void test_an_endpoint_that_knows_little(void **state)
{
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;
    svc_endpoints *eps = sets_new("fd00::a/0!2048", 1);

    (void)state;
    eps->view->blocks[0]->endpoints[0].flags = 0;
    eps->endpoints[0].c.proto = SVC__PROTO_ANY;
    assert_int_equal(svc_endpoint_describe(svc_endpoints_at(eps, 0), &info), 0);
    assert_int_equal(info.size, sizeof(info));
    assert_null(info.protocol);
    assert_null(info.hostname);
    assert_null(info.pod_namespace);
    assert_null(info.pod);
    assert_null(info.node);
    assert_null(info.zone);
    assert_null(info.app_protocol);
    assert_int_equal(info.family, AF_INET6);
    assert_int_equal(info.port, 0);
    assert_int_equal(info.ready, -1);
    assert_int_equal(info.serving, -1);
    assert_int_equal(info.terminating, -1);
    assert_int_equal(info.usable, 0);
    assert_int_equal(info.weight, 1);
    assert_int_equal(info.why, SVC_WHY_DUPLICATE);
    assert_string_equal(info.address, "fd00::a");
    assert_string_equal(info.uid, "");
    svc_endpoints_unref(eps);
}

static void test_an_endpoint_that_knows_all(void **state)
{
    static const char text[] = "\0host\0ns\0pod\0node\0zone\0h2c";
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;
    struct svc__block *block = svc__block_new(1, sizeof(text));
    struct svc_endpoint ep = {{.block = block, .app_protocol = 23, .port = 1}};

    (void)state;
    memcpy(block->text, text, sizeof(text));
    block->endpoints[0] = (struct svc__endpoint){
        .address = {{10, 0, 0, 1}, SVC__FAMILY_IPV4},
        .flags = SVC__EP_CONDITIONS | SVC__EP_SERVING | SVC__EP_UID,
        .weight = 65535,
        .hostname = 1,
        .pod_namespace = 6,
        .pod = 9,
        .node = 13,
        .zone = 18};
    ep.c.proto = SVC__PROTO_SCTP;
    assert_int_equal(svc_endpoint_describe(&ep, &info), 0);
    assert_string_equal(info.protocol, "SCTP");
    assert_int_equal(info.port, 1);
    assert_string_equal(info.hostname, "host");
    assert_string_equal(info.pod_namespace, "ns");
    assert_string_equal(info.pod, "pod");
    assert_string_equal(info.node, "node");
    assert_string_equal(info.zone, "zone");
    assert_string_equal(info.app_protocol, "h2c");
    assert_int_equal(info.weight, 65535);
    assert_string_equal(info.uid, "00000000-0000-0000-0000-000000000000");
    svc__block_unref(block);
}

static void test_conditions_are_told_one_by_one(void **state)
{
    svc_endpoints *eps = sets_new("10.0.0.1", 1);
    struct svc__endpoint *e = &eps->view->blocks[0]->endpoints[0];

    (void)state;
    for (uint8_t flags = 0; flags < 16; flags++) {
        svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;
        int known = (flags & SVC__EP_CONDITIONS) != 0;

        e->flags = flags;
        assert_int_equal(svc_endpoint_describe(&eps->endpoints[0], &info), 0);
        assert_int_equal(info.ready, known ? (flags & 1) != 0 : -1);
        assert_int_equal(info.serving, known ? (flags & 2) != 0 : -1);
        assert_int_equal(info.terminating, known ? (flags & 4) != 0 : -1);
        assert_int_equal(info.usable, 1);
    }
    svc_endpoints_unref(eps);
}

/* A program built with an older header has a shorter struct: nothing behind
 * its end is written. One with a newer header finds zeros in the rest. */
static void test_structs_of_any_size(void **state)
{
    svc_endpoints *eps = sets_new("10.0.0.1@pod", 1);
    unsigned char whole[sizeof(svc_endpoint_info)];
    const size_t end = offsetof(svc_endpoint_info, uid) + SVC_UID_TEXT_SIZE;
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

    (void)state;
    assert_int_equal(svc_endpoint_describe(&eps->endpoints[0], &info), 0);
    memcpy(whole, &info, sizeof(whole));
    for (size_t size = 0; size < sizeof(info) + 64; size++) {
        /* Of that size exactly, so that a sanitizer sees one byte more. */
        unsigned char *mine =
            svc__alloc(size < sizeof(size) ? sizeof(size) : size);
        size_t known = size < end ? size : end;

        memset(mine, 0xAA, size);
        memcpy(mine, &size, sizeof(size));
        assert_int_equal(
            svc_endpoint_describe(&eps->endpoints[0],
                                  (svc_endpoint_info *)(void *)mine),
            size < sizeof(size) ? SVC_EINVAL : 0);
        if (size >= sizeof(size)) {
            assert_memory_equal(mine, &size, sizeof(size));
            assert_memory_equal(mine + sizeof(size), whole + sizeof(size),
                                known - sizeof(size));
        }
        for (size_t i = sizeof(info); i < size; i++)
            assert_int_equal(mine[i], 0);
        svc__free(mine);
    }
    svc_endpoints_unref(eps);
}

static void test_nothing_cannot_be_described(void **state)
{
    svc_endpoints_info set = SVC_ENDPOINTS_INFO_INIT;
    svc_endpoint_info one = SVC_ENDPOINT_INFO_INIT;
    svc_endpoints *eps = sets_new("10.0.0.1", 1);

    (void)state;
    assert_int_equal(svc_endpoints_describe(NULL, &set), SVC_EINVAL);
    assert_int_equal(svc_endpoints_describe(eps, NULL), SVC_EINVAL);
    assert_int_equal(svc_endpoint_describe(NULL, &one), SVC_EINVAL);
    assert_int_equal(svc_endpoint_describe(&eps->endpoints[0], NULL),
                     SVC_EINVAL);
    set.size = 0;
    assert_int_equal(svc_endpoints_describe(eps, &set), SVC_EINVAL);
    /* What was never initialised has a size like this. */
    set.size = SIZE_MAX / 2;
    assert_int_equal(svc_endpoints_describe(eps, &set), SVC_EINVAL);
    one.size = SIZE_MAX / 2;
    assert_int_equal(svc_endpoint_describe(&eps->endpoints[0], &one),
                     SVC_EINVAL);
    svc_endpoints_unref(eps);
}

static void test_socket_addresses(void **state)
{
    svc_endpoints *eps = sets_new("10.1.2.3/8080 fd00::7/0", 1);
    struct sockaddr_storage ss;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    char text[INET6_ADDRSTRLEN];

    (void)state;
    assert_int_equal(svc_endpoint_sockaddr(&eps->endpoints[0], &ss),
                     sizeof(in));
    memcpy(&in, &ss, sizeof(in));
    assert_int_equal(in.sin_family, AF_INET);
    assert_int_equal(ntohs(in.sin_port), 8080);
    assert_int_equal(ntohl(in.sin_addr.s_addr), 0x0A010203);
    assert_int_equal(svc_endpoint_sockaddr(&eps->endpoints[1], &ss),
                     sizeof(in6));
    memcpy(&in6, &ss, sizeof(in6));
    assert_int_equal(in6.sin6_family, AF_INET6);
    assert_int_equal(in6.sin6_port, 0);
    assert_int_equal(in6.sin6_scope_id, 0);
    assert_string_equal(inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text)),
                        "fd00::7");
    svc_endpoints_unref(eps);
}

static void test_every_reason_has_a_word(void **state)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } rows[] = {{SVC_WHY_NOT_READY, "not-ready"},
                {SVC_WHY_TERMINATING, "terminating"},
                {SVC_WHY_NO_SUCH_PORT, "no-such-port"},
                {SVC_WHY_WRONG_FAMILY, "wrong-family"},
                {SVC_WHY_OTHER_ZONE, "other-zone"},
                {SVC_WHY_OTHER_NODE, "other-node"},
                {SVC_WHY_NOT_LOCAL, "not-local"},
                {SVC_WHY_OUTSIDE_SUBSET, "outside-subset"},
                {SVC_WHY_EJECTED, "ejected"},
                {SVC_WHY_DRAINING, "draining"},
                {SVC_WHY_REFUSED_ADDRESS, "refused-address"},
                {SVC_WHY_DUPLICATE, "duplicate"}};
    uint32_t known = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_string_equal(svc_why_name(rows[i].bit), rows[i].word);
        known |= rows[i].bit;
    }
    for (int i = 0; i < 32; i++) {
        uint32_t bit = UINT32_C(1) << i;

        assert_int_equal(svc_why_name(bit) != NULL, (known & bit) != 0);
        assert_null(svc_why_name(bit | 1 << ((i + 1) % 12)));
    }
    assert_null(svc_why_name(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_set_that_knows_little),
        cmocka_unit_test(test_a_set_that_knows_all),
        cmocka_unit_test(test_an_endpoint_that_knows_little),
        cmocka_unit_test(test_an_endpoint_that_knows_all),
        cmocka_unit_test(test_conditions_are_told_one_by_one),
        cmocka_unit_test(test_structs_of_any_size),
        cmocka_unit_test(test_nothing_cannot_be_described),
        cmocka_unit_test(test_socket_addresses),
        cmocka_unit_test(test_every_reason_has_a_word),
    };

    return cmocka_run_group_tests_name("describe", tests, NULL, NULL);
}
