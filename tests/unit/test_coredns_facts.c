/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of CoreDNS's kubernetes plugin know, with objects of our own.
 * Where DNS answers a cluster IP, the view is "vip"; where it answers
 * endpoints, "pods"; NXDOMAIN is no such Service, NODATA no usable endpoint.
 */
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CHECK(facts)                                                           \
    kube_check_facts((facts), sizeof(facts) / sizeof((facts)[0]))

#define ONE                                                                    \
    "Service t/one ip=10.0.0.1 port=http:80/TCP selector",                     \
        "Slice t/one-1 of=one port=http:8080/TCP @172.0.0.1 host=first"
#define SIX  "Service t/six ip=1234:abcd::1 port=http:80/TCP"
#define DUAL "Service t/dual ip=10.0.0.3 ip=fd00::3 port=http:80/TCP"

static void cluster_ips(void **state)
{
    static const struct kube_fact facts[] = {
        {"A", {ONE}, "t/one view=vip", "10.0.0.1:80/TCP"},
        {"A, no endpoint: the address all the same",
         {"Service t/none ip=10.0.0.1 port=http:80"},
         "t/none view=vip",
         "10.0.0.1:80/TCP"},
        {"AAAA", {SIX}, "t/six view=vip family=6", "[1234:abcd::1]:80/TCP"},
        {"SRV of a named port: the Service's number",
         {ONE},
         "t/one view=vip port=http proto=tcp",
         "10.0.0.1:80/TCP"},
        {"SRV of the other protocol",
         {ONE},
         "t/one view=vip port=http proto=udp",
         "SVC_ENOPORT"},
        {"AAAA of a name that has A only",
         {ONE},
         "t/one view=vip family=6",
         "SVC_ENOENDPOINTS 10.0.0.1:80/TCP(wrong-family)"},
        {"dual stack",
         {DUAL},
         "t/dual view=vip",
         "10.0.0.3:80/TCP [fd00::3]:80/TCP"},
        {"dual stack, A",
         {DUAL},
         "t/dual view=vip family=4",
         "10.0.0.3:80/TCP [fd00::3]:80/TCP(wrong-family)"},
        {"dual stack, AAAA",
         {DUAL},
         "t/dual view=vip family=6",
         "[fd00::3]:80/TCP 10.0.0.3:80/TCP(wrong-family)"},
        {"an endpoint of it by hostname",
         {ONE},
         "t/one host=first",
         "172.0.0.1:8080/TCP"},
    };

    (void)state;
    CHECK(facts);
}

#define HDLS                                                                   \
    "Service t/hdls headless",                                                 \
        "Slice t/hdls-1 of=hdls port=http:80/TCP @172.0.0.2 @172.0.0.3 "       \
        "@172.0.0.4 host=dup @172.0.0.5 host=dup",                             \
        "Slice t/hdls-2 of=hdls type=IPv6 port=http:80/TCP @5678:abcd::1 "     \
        "@5678:abcd::2"

static void headless(void **state)
{
    static const struct kube_fact facts[] = {
        {"A",
         {HDLS},
         "t/hdls family=4 port=80",
         "172.0.0.2:80 172.0.0.3:80 172.0.0.4:80 172.0.0.5:80 "
         "[5678:abcd::1]:80(wrong-family) [5678:abcd::2]:80(wrong-family)"},
        {"A and AAAA, no port known",
         {HDLS},
         "t/hdls",
         "172.0.0.2:? 172.0.0.3:? 172.0.0.4:? 172.0.0.5:? [5678:abcd::1]:? "
         "[5678:abcd::2]:?"},
        {"SRV: the port of the endpoints, whatever the Service lists",
         {HDLS},
         "t/hdls port=http proto=tcp",
         "172.0.0.2:80/TCP 172.0.0.3:80/TCP 172.0.0.4:80/TCP 172.0.0.5:80/TCP "
         "[5678:abcd::1]:80/TCP [5678:abcd::2]:80/TCP"},
        {"SRV of a port that no endpoint has",
         {HDLS},
         "t/hdls port=grpc proto=tcp",
         "SVC_ENOPORT"},
        {"ready ones only",
         {"Service t/h headless",
          "Slice t/h-1 of=h @172.0.0.2 cond=- @172.0.0.3"},
         "t/h",
         "172.0.0.3:? 172.0.0.2:?(not-ready)"},
        {"one endpoint in two slices",
         {"Service t/h headless", "Slice t/h-1 of=h port=http:80 @172.0.0.2",
          "Slice t/h-2 of=h port=http:80 @172.0.0.2"},
         "t/h port=http",
         "172.0.0.2:80/TCP 172.0.0.2:80/TCP(duplicate)"},
        {"no ports at all",
         {"Service t/h headless", "Slice t/h-1 of=h @172.0.0.20"},
         "t/h",
         "172.0.0.20:?"},
        {"no ports at all: the caller's number as it is",
         {"Service t/h headless", "Slice t/h-1 of=h @172.0.0.20"},
         "t/h port=9999 proto=udp",
         "172.0.0.20:9999/UDP"},
        {"families that the Service does not list are published too",
         {"Service t/h headless family=4 port=p:80",
          "Slice t/h-1 of=h type=IPv6 port=p:80 @fd00::1"},
         "t/h",
         "[fd00::1]:80/TCP"},
    };

    (void)state;
    CHECK(facts);
}

static void hostnames(void **state)
{
    static const struct kube_fact facts[] = {
        {"two endpoints of one hostname",
         {HDLS},
         "t/hdls host=dup port=http",
         "172.0.0.4:80/TCP 172.0.0.5:80/TCP"},
        {"dashed IPv4",
         {HDLS},
         "t/hdls host=172-0-0-2 port=http",
         "172.0.0.2:80/TCP"},
        {"dashed IPv6",
         {HDLS},
         "t/hdls host=5678-abcd--2 port=http",
         "[5678:abcd::2]:80/TCP"},
        {"dashed IPv6 that would end in a dash",
         {"Service t/h headless", "Slice t/h-1 of=h type=IPv6 @fd00:1::"},
         "t/h host=fd00-1--0",
         "[fd00:1::]:?"},
        {"no port of the endpoint",
         {"Service t/h headless", "Slice t/h-1 of=h @172.0.0.20"},
         "t/h host=172-0-0-20",
         "172.0.0.20:?"},
        {"a hostname takes the place of the dashed address",
         {HDLS},
         "t/hdls host=172-0-0-4 port=http",
         "SVC_ENOSERVICE"},
        {"a hostname that is an address of another endpoint",
         {"Service t/h headless",
          "Slice t/h-1 of=h @172.0.0.1 host=172-0-0-2 @172.0.0.2"},
         "t/h host=172-0-0-2",
         "172.0.0.1:? 172.0.0.2:?"},
        {"nobody has it",
         {HDLS},
         "t/hdls host=bogus port=http",
         "SVC_ENOSERVICE"},
        {"no such Service", {HDLS}, "t/zero host=bogus", "SVC_ENOSERVICE"},
        {"there, but not ready (semantics 2.11, 4)",
         {"Service t/h headless", "Slice t/h-1 of=h @172.0.0.1 host=a cond=-"},
         "t/h host=a",
         "SVC_ENOENDPOINTS 172.0.0.1:?(not-ready)"},
        {"hints are for the whole Service, not for one that was named",
         {"Service t/h headless",
          "Slice t/h-1 of=h @172.0.0.1 host=a zonehint=z1 @172.0.0.2 host=a "
          "zonehint=z2"},
         "t/h host=a zone=z2",
         "172.0.0.1:? 172.0.0.2:?"},
    };

    (void)state;
    CHECK(facts);
}

static void external_names(void **state)
{
    static const struct kube_fact facts[] = {
        {"CNAME",
         {"Service t/x external=ext.example port=http:80"},
         "t/x",
         "alias ext.example"},
        {"to a Service, with a final dot",
         {"Service t/x external=one.t.svc.cluster.local."},
         "t/x port=80",
         "alias one.t.svc.cluster.local:80"},
        {"a name below it does not exist",
         {"Service t/x external=ext.example"},
         "t/x host=endpoint",
         "SVC_ENOSERVICE"},
        {"an IPv4 address is no name",
         {"Service t/x external=10.0.0.1"},
         "t/x",
         "SVC_EALIAS"},
        {"an IPv6 address is no name",
         {"Service t/x external=fd00::1"},
         "t/x",
         "SVC_EALIAS"},
        {"endpoints of an earlier life are not looked at",
         {"Service t/x external=ext.example port=http:80",
          "Slice t/x-1 of=x port=http:80 @172.0.0.1"},
         "t/x",
         "alias ext.example"},
    };

    (void)state;
    CHECK(facts);
}

static void absent_names(void **state)
{
    static const struct kube_fact facts[] = {
        {"no such Service", {ONE}, "t/zero", "SVC_ENOSERVICE"},
        {"no such namespace", {ONE}, "nowhere/one", "SVC_ENOSERVICE"},
        {"the same name in another namespace",
         {ONE, "Service u/one ip=10.0.0.2 port=http:80"},
         "u/one view=vip",
         "10.0.0.2:80/TCP"},
        {"an empty source", {NULL}, "t/one", "SVC_ENOSERVICE"},
        {"slices alone are no Service",
         {"Slice t/one-1 of=one port=http:80 @172.0.0.1"},
         "t/one",
         "SVC_ENOSERVICE"},
    };

    (void)state;
    CHECK(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cluster_ips),  cmocka_unit_test(headless),
        cmocka_unit_test(hostnames),    cmocka_unit_test(external_names),
        cmocka_unit_test(absent_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
