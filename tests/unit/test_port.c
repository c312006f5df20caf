/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which port is meant (semantics 2.11, 1 to 3), by tables, and what is said
 * when there is no choice.
 */
#include "kube/port.h"
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CHECK(facts)                                                           \
    kube_check_facts((facts), sizeof(facts) / sizeof((facts)[0]))

#define ONE "Service s/w port=http:80/TCP"
#define TWO "Service s/w port=http:80/TCP port=grpc:81/TCP"
#define DNS "Service s/w port=dns:53/UDP port=dns-tcp:53/TCP port=m:9153/TCP"
#define DNS_PODS                                                               \
    "Slice s/1 of=w port=dns:1053/UDP port=dns-tcp:1054/TCP port=m:9153/TCP "  \
    "@10.0.0.1"

static void by_name_and_number(void **state)
{
    static const struct kube_fact facts[] = {
        {"none asked, one there",
         {ONE, "Slice s/1 of=w port=http:8080 @10.0.0.1"},
         "s/w",
         "10.0.0.1:8080/TCP"},
        {"none asked, several there", {TWO}, "s/w", "SVC_EINVAL"},
        {"by name",
         {TWO, "Slice s/1 of=w port=http:8080 port=grpc:8081 @10.0.0.1"},
         "s/w port=grpc",
         "10.0.0.1:8081/TCP"},
        {"by number, never used as it is on pods",
         {TWO, "Slice s/1 of=w port=http:8080 port=grpc:8081 @10.0.0.1"},
         "s/w port=81",
         "10.0.0.1:8081/TCP"},
        {"a target port is no Service port",
         {TWO, "Slice s/1 of=w port=http:8080 port=grpc:8081 @10.0.0.1"},
         "s/w port=8081",
         "SVC_ENOPORT"},
        {"unknown name", {TWO}, "s/w port=https", "SVC_ENOPORT"},
        {"a port name of the slice only",
         {ONE, "Slice s/1 of=w port=http:1 port=extra:2 @10.0.0.1"},
         "s/w port=extra",
         "SVC_ENOPORT"},
        {"unnamed in both",
         {"Service s/w port=80", "Slice s/1 of=w port=:8080 @10.0.0.1"},
         "s/w port=80",
         "10.0.0.1:8080/TCP"},
        {"unnamed in the Service only",
         {"Service s/w port=80", "Slice s/1 of=w port=http:80 @10.0.0.1"},
         "s/w port=80",
         "SVC_ENOENDPOINTS 10.0.0.1:?/TCP(no-such-port)"},
        {"no ports, and not headless",
         {"Service s/w ip=10.96.0.1", "Slice s/1 of=w port=:80 @10.0.0.1"},
         "s/w",
         "SVC_ENOPORT"},
    };

    (void)state;
    CHECK(facts);
}

static void by_protocol(void **state)
{
    static const struct kube_fact facts[] = {
        {"one number twice: tcp decides",
         {DNS, DNS_PODS},
         "s/w port=53",
         "10.0.0.1:1054/TCP"},
        {"one number twice: the one asked for",
         {DNS, DNS_PODS},
         "s/w port=53 proto=udp",
         "10.0.0.1:1053/UDP"},
        {"not given: any",
         {DNS, DNS_PODS},
         "s/w port=dns",
         "10.0.0.1:1053/UDP"},
        {"given: it must fit", {DNS}, "s/w port=dns proto=tcp", "SVC_ENOPORT"},
        {"given: it must fit a number too",
         {DNS},
         "s/w port=9153 proto=udp",
         "SVC_ENOPORT"},
        {"given without a port: the only one of it",
         {DNS, DNS_PODS},
         "s/w proto=udp",
         "10.0.0.1:1053/UDP"},
        {"given without a port: several of it",
         {DNS},
         "s/w proto=tcp",
         "SVC_EINVAL"},
        {"given without a port: none of it",
         {DNS},
         "s/w proto=sctp",
         "SVC_ENOPORT"},
        {"one number twice, no tcp: nothing decides",
         {"Service s/w port=a:5060/UDP port=b:5060/SCTP"},
         "s/w port=5060",
         "SVC_EINVAL"},
        {"one number twice, no port asked",
         {"Service s/w port=a:53/UDP port=b:53/TCP"},
         "s/w",
         "SVC_EINVAL"},
        {"one target number, two protocols",
         {"Service s/w port=a:53/UDP port=b:53/TCP",
          "Slice s/1 of=w port=a:53/UDP port=b:53/TCP @10.0.0.1"},
         "s/w port=a",
         "10.0.0.1:53/UDP"},
    };

    (void)state;
    CHECK(facts);
}

static void per_slice(void **state)
{
    static const struct kube_fact facts[] = {
        {"named target ports differ by pod",
         {ONE, "Slice s/1 of=w port=http:8080 @10.0.0.1",
          "Slice s/2 of=w port=http:9090 @10.0.0.2"},
         "s/w port=80",
         "10.0.0.1:8080/TCP 10.0.0.2:9090/TCP"},
        {"a pod that lacks the port",
         {TWO, "Slice s/1 of=w port=http:8080 port=grpc:8081 @10.0.0.1",
          "Slice s/2 of=w port=http:8080 @10.0.0.2"},
         "s/w port=grpc",
         "10.0.0.1:8081/TCP 10.0.0.2:?/TCP(no-such-port)"},
        {"no pod has it",
         {ONE, "Slice s/1 of=w @10.0.0.1"},
         "s/w",
         "SVC_ENOENDPOINTS 10.0.0.1:?/TCP(no-such-port)"},
        {"no number: passed over for a cluster IP",
         {ONE, "Slice s/1 of=w port=http:null @10.0.0.1",
          "Slice s/2 of=w port=http:8080 @10.0.0.2"},
         "s/w port=80",
         "10.0.0.2:8080/TCP 10.0.0.1:?/TCP(no-such-port)"},
    };

    (void)state;
    CHECK(facts);
}

#define HEADLESS "Service s/h headless port=http:80/TCP"

static void headless(void **state)
{
    static const struct kube_fact facts[] = {
        {"a Service port's number maps to its target port",
         {HEADLESS, "Slice s/1 of=h port=http:8080 @10.0.0.1"},
         "s/h port=80",
         "10.0.0.1:8080/TCP"},
        {"the only port, not asked for",
         {HEADLESS, "Slice s/1 of=h port=http:8080 @10.0.0.1"},
         "s/h",
         "10.0.0.1:8080/TCP"},
        {"a number that a slice carries is used as it is",
         {HEADLESS, "Slice s/1 of=h port=http:8080 @10.0.0.1",
          "Slice s/2 of=h port=http:9090 @10.0.0.2"},
         "s/h port=9090",
         "10.0.0.2:9090/TCP 10.0.0.1:?/TCP(no-such-port)"},
        {"the Service's number goes first",
         {HEADLESS, "Slice s/1 of=h port=http:8080 port=x:80 @10.0.0.1"},
         "s/h port=80",
         "10.0.0.1:8080/TCP"},
        {"a number that nobody has",
         {HEADLESS, "Slice s/1 of=h port=http:8080 @10.0.0.1"},
         "s/h port=8888",
         "SVC_ENOPORT"},
        {"a slice port without number: the caller's",
         {HEADLESS, "Slice s/1 of=h port=http:null @10.0.0.1"},
         "s/h port=80",
         "10.0.0.1:80/TCP"},
        {"a slice port without number, any number",
         {HEADLESS, "Slice s/1 of=h port=http:null @10.0.0.1"},
         "s/h port=7777",
         "10.0.0.1:7777/TCP"},
        {"a slice port without number, asked by name: the Service's",
         {HEADLESS, "Slice s/1 of=h port=http:null @10.0.0.1"},
         "s/h port=http",
         "10.0.0.1:80/TCP"},
        {"a number in two protocols of slices: tcp decides",
         {HEADLESS, "Slice s/1 of=h port=a:53/UDP port=b:53/TCP @10.0.0.1"},
         "s/h port=53",
         "10.0.0.1:53/TCP"},
        {"a number in other protocols of slices: nothing decides",
         {HEADLESS, "Slice s/1 of=h port=a:53/UDP port=b:53/SCTP @10.0.0.1"},
         "s/h port=53",
         "SVC_EINVAL"},
        {"several ports, none asked",
         {"Service s/h headless port=a:1 port=b:2"},
         "s/h",
         "SVC_EINVAL"},
        {"no ports in the Service: the number as it is",
         {"Service s/h headless", "Slice s/1 of=h port=x:8080 @10.0.0.1"},
         "s/h port=1234",
         "10.0.0.1:1234"},
        {"no ports in the Service: a name of the slice",
         {"Service s/h headless", "Slice s/1 of=h port=x:null @10.0.0.1"},
         "s/h port=x",
         "10.0.0.1:?/TCP"},
    };

    (void)state;
    CHECK(facts);
}

/* Asks and checks that the message has each word. */
static void says(const char *const *lines, const char *query, int code,
                 const char *const *words)
{
    struct svc__store *st = kube_store_new();
    struct svc__view *v;
    svc_error error;

    for (; *lines != NULL; lines++)
        assert_int_equal(kube_apply(st, *lines), 0);
    v = kube_view(st, query, NULL, &error);
    assert_non_null(v);
    assert_int_equal(v->code, code);
    for (; *words != NULL; words++) {
        if (strstr(v->message, *words) == NULL)
            fail_msg("no \"%s\" in: %s", *words, v->message);
    }
    assert_non_null(v->hint);
    svc__view_free(v);
    svc__store_free(st);
}

static void messages_list_the_ports(void **state)
{
    static const char *const lines[] = {
        "Service s/w port=http:80/TCP port=443/TCP port=dns:53/UDP", NULL};
    static const char *const several[] = {
        "\"w\"", "\"s\"", "http/80/TCP, 443/TCP, dns/53/UDP", "test", NULL};
    static const char *const none[] = {"\"w\"",
                                       "\"s\"",
                                       "port 81 of protocol UDP",
                                       "http/80/TCP, 443/TCP, dns/53/UDP",
                                       "test",
                                       NULL};
    static const char *const named[] = {"port \"grpc\"", NULL};

    (void)state;
    says(lines, "s/w", SVC_EINVAL, several);
    says(lines, "s/w port=81 proto=udp", SVC_ENOPORT, none);
    says(lines, "s/w port=grpc", SVC_ENOPORT, named);
}

/* A list that does not fit ends with a whole port. */
static void long_lists_are_cut(void **state)
{
    char line[4096] = "Service s/w";
    struct svc__store *st = kube_store_new();
    struct svc__view *v;
    svc_error error;

    (void)state;
    for (int i = 0; i < 90; i++)
        (void)snprintf(line + strlen(line), 64, " port=port-number-%d:%d", i,
                       1000 + i);
    assert_int_equal(kube_apply(st, line), 0);
    v = kube_view(st, "s/w port=1", NULL, &error);
    assert_int_equal(v->code, SVC_ENOPORT);
    assert_non_null(strstr(v->message, "/TCP, … (source: test)"));
    assert_true(strlen(v->message) < SVC_ERROR_MESSAGE_SIZE);
    svc__view_free(v);
    svc__store_free(st);
}

static int64_t no_clock(void)
{
    return 0;
}

static void the_step_tells_the_rule(void **state)
{
    static const struct {
        const char *query;
        const char *text;
    } rows[] = {
        {"s/w port=81",
         "port 81/TCP of the Service: in slices the port named \"grpc\""},
        {"s/u",
         "port 80/TCP of the Service: in slices the port without a name"},
        {"s/h port=7", "the Service has no ports: 7 is used as it is"},
        {"s/h",
         "the Service has no ports, and the name asks for none: unknown"},
        {"s/h port=x", "no port of the Service, but one of its slices: "
                       "\"x\"/UDP"},
        {"s/g port=9", "no port of the Service, but one of its slices: 9/TCP"},
    };
    static const char *const lines[] = {TWO,
                                        "Service s/h headless",
                                        "Service s/u port=80",
                                        "Service s/g headless port=80",
                                        "Slice s/1 of=h port=x:1/UDP",
                                        "Slice s/2 of=g port=y:9"};
    struct svc__store *st = kube_store_new();
    svc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(kube_apply(st, lines[i]), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__view *v = kube_view(st, rows[i].query, no_clock, &error);
        const struct svc__list *second = v->steps.next->next;

        assert_string_equal(
            svc__list_entry(second, struct svc__step, link)->text,
            rows[i].text);
        svc__view_free(v);
    }
    svc__store_free(st);
}

static void the_view_names_the_port(void **state)
{
    static const struct {
        const char *query;
        int port;
        const char *name;
    } rows[] = {{"s/w port=81", 81, "grpc"},
                {"s/w port=http", 80, "http"},
                {"s/h port=7", 7, NULL},
                {"s/u", 80, ""}};
    struct svc__store *st = kube_store_new();
    svc_error error;

    (void)state;
    assert_int_equal(kube_apply(st, TWO), 0);
    assert_int_equal(kube_apply(st, "Service s/h headless"), 0);
    assert_int_equal(kube_apply(st, "Service s/u port=80"), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__view *v = kube_view(st, rows[i].query, NULL, &error);

        assert_int_equal(v->port, rows[i].port);
        if (rows[i].name == NULL)
            assert_null(v->port_name);
        else
            assert_string_equal(v->port_name, rows[i].name);
        svc__view_free(v);
    }
    svc__store_free(st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_name_and_number),
        cmocka_unit_test(by_protocol),
        cmocka_unit_test(per_slice),
        cmocka_unit_test(headless),
        cmocka_unit_test(messages_list_the_ports),
        cmocka_unit_test(long_lists_are_cut),
        cmocka_unit_test(the_view_names_the_port),
        cmocka_unit_test(the_step_tells_the_rule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
