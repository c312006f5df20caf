/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kube-proxy's own tests know (pkg/proxy: topology, endpointslicecache),
 * with objects of our own: which endpoints a node uses, given the slices, the
 * traffic policy and the hints.
 */
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CHECK(facts)                                                           \
    kube_check_facts((facts), sizeof(facts) / sizeof((facts)[0]))

#define WEB   "Service s/w ip=10.96.0.1 family=4 selector port=p:80/TCP"
#define LOCAL WEB " itp=Local"

static void hints_for_zones(void **state)
{
    static const struct kube_fact facts[] = {
        {"all hinted, some for here",
         {WEB, "Slice s/1 of=w port=p:8080 @10.0.0.1 zonehint=a @10.0.0.2 "
               "zonehint=b @10.0.0.3 zonehint=c @10.0.0.4 zonehint=a"},
         "s/w zone=a",
         "10.0.0.1:8080/TCP 10.0.0.4:8080/TCP 10.0.0.2:8080/TCP(other-zone) "
         "10.0.0.3:8080/TCP(other-zone)"},
        {"the zone of the endpoint itself does not matter",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zone=a zonehint=b "
               "@10.0.0.2 zone=b zonehint=a"},
         "s/w zone=a",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(other-zone)"},
        {"caller without a zone",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a"},
         "s/w",
         "10.0.0.1:80/TCP"},
        {"caller with an empty zone",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a"},
         "s/w zone=",
         "10.0.0.1:80/TCP"},
        {"none hinted for here",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 "
               "zonehint=c"},
         "s/w zone=b",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"one hint missing",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 "
               "@10.0.0.3 zonehint=b"},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP"},
        {"one hint missing, in another slice",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a",
          "Slice s/2 of=w port=p:80 @10.0.0.2"},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"an empty list is no hint",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 "
               "zonehint="},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"several hints each",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a zonehint=b "
               "zonehint=c @10.0.0.2 zonehint=b zonehint=c @10.0.0.3 "
               "zonehint=b zonehint=d @10.0.0.4 zonehint=c"},
         "s/w zone=c",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.4:80/TCP "
         "10.0.0.3:80/TCP(other-zone)"},
    };

    (void)state;
    CHECK(facts);
}

static void hints_look_at_ready_endpoints(void **state)
{
    static const struct kube_fact facts[] = {
        {"a not ready one with a hint",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 "
               "zonehint=b @10.0.0.3 zonehint=a cond=-"},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(other-zone) "
         "10.0.0.3:80/TCP(not-ready)"},
        {"a not ready one without a hint is no missing hint",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 "
               "zonehint=b @10.0.0.3 cond=-"},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(other-zone) "
         "10.0.0.3:80/TCP(not-ready)"},
        {"only not ready ones for here",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a cond=- "
               "@10.0.0.2 zonehint=b @10.0.0.3 zonehint=c"},
         "s/w zone=a",
         "10.0.0.2:80/TCP 10.0.0.3:80/TCP 10.0.0.1:80/TCP(not-ready)"},
        {"terminating ones here do not keep the others out",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a cond=st "
               "@10.0.0.2 zonehint=b"},
         "s/w zone=a",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(terminating)"},
        {"none ready: hints are not looked at",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a cond=st "
               "@10.0.0.2 zonehint=b cond=st"},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"families have their own hints",
         {"Service s/w ip=10.96.0.1 ip=fd00::1 family=4 family=6 port=p:80",
          "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a @10.0.0.2 zonehint=b",
          "Slice s/2 of=w type=IPv6 port=p:80 @fd00::a @fd00::b zonehint=b"},
         "s/w zone=a",
         "10.0.0.1:80/TCP [fd00::a]:80/TCP [fd00::b]:80/TCP "
         "10.0.0.2:80/TCP(other-zone)"},
    };

    (void)state;
    CHECK(facts);
}

static void hints_for_nodes(void **state)
{
#define HINTED                                                                 \
    "Slice s/1 of=w port=p:80 @10.0.0.1 zonehint=a nodehint=n1 @10.0.0.2 "     \
    "zonehint=b nodehint=n2 @10.0.0.3 zonehint=a nodehint=n3"
    static const struct kube_fact facts[] = {
        {"one for my node",
         {WEB, HINTED},
         "s/w node=n1 zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(other-node) "
         "10.0.0.3:80/TCP(other-node)"},
        {"none for my node: by zone",
         {WEB, HINTED},
         "s/w node=n0 zone=a",
         "10.0.0.1:80/TCP 10.0.0.3:80/TCP 10.0.0.2:80/TCP(other-zone)"},
        {"none for my node or zone",
         {WEB, HINTED},
         "s/w node=n0 zone=z",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP"},
        {"node unknown: by zone",
         {WEB, HINTED},
         "s/w zone=b",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(other-zone) "
         "10.0.0.3:80/TCP(other-zone)"},
        {"one without any hint: no mode",
         {WEB, HINTED " @10.0.0.4"},
         "s/w node=n1 zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP 10.0.0.4:80/TCP"},
        {"one without a node hint: by zone",
         {WEB, HINTED " @10.0.0.4 zonehint=b"},
         "s/w node=n1 zone=b",
         "10.0.0.2:80/TCP 10.0.0.4:80/TCP 10.0.0.1:80/TCP(other-zone) "
         "10.0.0.3:80/TCP(other-zone)"},
        {"node hints only",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 nodehint=n1 nodehint=n9 "
               "@10.0.0.2 nodehint=n2"},
         "s/w node=n9 zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(other-node)"},
    };

    (void)state;
    CHECK(facts);
}

static void cluster_policy(void **state)
{
    static const struct kube_fact facts[] = {
        {"none ready",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=- @10.0.0.2 cond=s"},
         "s/w",
         "SVC_ENOENDPOINTS 10.0.0.1:80/TCP(not-ready) "
         "10.0.0.2:80/TCP(not-ready)"},
        {"some ready",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=- @10.0.0.2"},
         "s/w",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(not-ready)"},
        {"all terminating and serving",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1 cond=st @10.0.0.2 "
               "node=n2 cond=st"},
         "s/w node=n1",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"one ready: the terminating ones rest",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=st @10.0.0.2 cond=rs"},
         "s/w",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(terminating)"},
        {"terminating and serving no longer",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=t @10.0.0.2 cond=st "
               "@10.0.0.3 cond=-"},
         "s/w",
         "10.0.0.2:80/TCP 10.0.0.1:80/TCP(terminating) "
         "10.0.0.3:80/TCP(not-ready)"},
        {"nothing serves",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=t @10.0.0.2 cond=-"},
         "s/w",
         "SVC_ENOENDPOINTS 10.0.0.1:80/TCP(terminating) "
         "10.0.0.2:80/TCP(not-ready)"},
        {"published though not ready: ready while it terminates",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=rt @10.0.0.2 cond=rst"},
         "s/w",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"families fall back each by itself",
         {"Service s/w ip=10.96.0.1 ip=fd00::1 family=4 family=6 port=p:80",
          "Slice s/1 of=w port=p:80 @10.0.0.1 @10.0.0.2 cond=st",
          "Slice s/2 of=w type=IPv6 port=p:80 @fd00::a cond=st"},
         "s/w",
         "10.0.0.1:80/TCP [fd00::a]:80/TCP 10.0.0.2:80/TCP(terminating)"},
        {"externalTrafficPolicy says nothing about pods",
         {WEB " etp=Local",
          "Slice s/1 of=w port=p:80 @10.0.0.1 node=n2 @10.0.0.2 node=n1"},
         "s/w node=n1",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
    };

    (void)state;
    CHECK(facts);
}

static void local_policy(void **state)
{
    static const struct kube_fact facts[] = {
        {"no endpoints",
         {LOCAL, "Slice s/1 of=w"},
         "s/w node=n1",
         "SVC_ENOENDPOINTS"},
        {"all remote",
         {LOCAL, "Slice s/1 of=w port=p:80 @10.0.0.1 node=n2 @10.0.0.2"},
         "s/w node=n1",
         "SVC_ENOENDPOINTS 10.0.0.1:80/TCP(not-local) "
         "10.0.0.2:80/TCP(not-local)"},
        {"all local",
         {LOCAL,
          "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1 @10.0.0.2 node=n1"},
         "s/w node=n1",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP"},
        {"some local",
         {LOCAL,
          "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1 @10.0.0.2 node=n2"},
         "s/w node=n1",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(not-local)"},
        {"hints are overridden",
         {LOCAL, "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1 zonehint=a "
                 "@10.0.0.2 node=n1 zonehint=b @10.0.0.3 zonehint=a"},
         "s/w node=n1 zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP(not-local)"},
        {"a node port does not widen the view from inside",
         {LOCAL " type=NodePort nodeport=30080 etp=Local",
          "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1 @10.0.0.2 node=n2"},
         "s/w node=n1",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP(not-local)"},
        {"remote and terminating",
         {LOCAL, "Slice s/1 of=w port=p:80 @10.0.0.1 node=n2 cond=st "
                 "@10.0.0.2 node=n3 cond=st"},
         "s/w node=n1",
         "SVC_ENOENDPOINTS 10.0.0.1:80/TCP(terminating) "
         "10.0.0.2:80/TCP(terminating)"},
        {"none local is ready: the local terminating one that serves",
         {LOCAL, "Slice s/1 of=w port=p:80 @10.0.0.1 node=n2 @10.0.0.2 "
                 "node=n1 cond=- @10.0.0.3 node=n1 cond=st @10.0.0.4 node=n2 "
                 "cond=st"},
         "s/w node=n1",
         "10.0.0.3:80/TCP 10.0.0.1:80/TCP(not-local) "
         "10.0.0.2:80/TCP(not-ready) 10.0.0.4:80/TCP(terminating)"},
        {"an empty name is no node either",
         {LOCAL, "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1"},
         "s/w node=",
         "10.0.0.1:80/TCP"},
        {"caller's node unknown: all count (semantics 2.11, 7)",
         {LOCAL, "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1 zonehint=a "
                 "@10.0.0.2 node=n2 zonehint=b @10.0.0.3 cond=-"},
         "s/w zone=a",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP(not-ready)"},
    };

    (void)state;
    CHECK(facts);
}

/* externalTrafficPolicy Local, node by node. */
#define PORT                                                                   \
    "Service s/w type=NodePort ip=10.96.0.1 family=4 port=p:80/TCP "           \
    "nodeport=30080 etp=Local"
#define N1 "Node n1 v4=192.168.0.1"
#define N2 "Node n2 v4=192.168.0.2"

static void external_local_policy(void **state)
{
    static const struct kube_fact facts[] = {
        {"no endpoints",
         {PORT, N1, "Slice s/1 of=w"},
         "s/w view=node",
         "SVC_ENOENDPOINTS 192.168.0.1:30080/TCP(not-local)"},
        {"some nodes have one",
         {PORT, N1, N2, "Slice s/1 of=w port=p:8080 @10.0.0.1 node=n2"},
         "s/w view=node",
         "192.168.0.2:30080/TCP 192.168.0.1:30080/TCP(not-local)"},
        {"where the caller is does not matter",
         {PORT, N1, N2, "Slice s/1 of=w port=p:8080 @10.0.0.1 node=n2"},
         "s/w view=node node=n1 zone=a",
         "192.168.0.2:30080/TCP 192.168.0.1:30080/TCP(not-local)"},
        {"terminating ones that serve hold their node",
         {PORT, N1, N2, "Node n3 v4=192.168.0.3",
          "Slice s/1 of=w port=p:8080 @10.0.0.1 node=n1 @10.0.0.2 node=n2 "
          "cond=st @10.0.0.3 node=n3 cond=t @10.0.0.4 node=n3 cond=s"},
         "s/w view=node",
         "192.168.0.1:30080/TCP 192.168.0.2:30080/TCP "
         "192.168.0.3:30080/TCP(not-local)"},
        {"an endpoint without the port does not count",
         {PORT, N1, "Slice s/1 of=w port=q:8080 @10.0.0.1 node=n1"},
         "s/w view=node",
         "SVC_ENOENDPOINTS 192.168.0.1:30080/TCP(not-local)"},
        {"each family by itself",
         {"Service s/w type=NodePort family=4 family=6 port=p:80 "
          "nodeport=30080 etp=Local",
          "Node n1 v4=192.168.0.1 v6=fd00::1",
          "Slice s/1 of=w type=IPv6 port=p:8080 @fd00:1::1 node=n1"},
         "s/w view=node",
         "[fd00::1]:30080/TCP 192.168.0.1:30080/TCP(not-local)"},
        {"Cluster: every node that is ready",
         {"Service s/w type=NodePort family=4 port=p:80 nodeport=30080", N1,
          "Node n2 v4=192.168.0.2 notready", "Slice s/1 of=w"},
         "s/w view=node",
         "192.168.0.1:30080/TCP 192.168.0.2:30080/TCP(not-ready)"},
    };

    (void)state;
    CHECK(facts);
}

static void slices_are_joined(void **state)
{
    static const struct kube_fact facts[] = {
        {"one slice, first of two ports",
         {"Service s/w port=p:80 port=q:443",
          "Slice s/1 of=w port=p:8080 port=q:8443 @10.0.0.1 @10.0.0.2"},
         "s/w port=p",
         "10.0.0.1:8080/TCP 10.0.0.2:8080/TCP"},
        {"one slice, the other port",
         {"Service s/w port=p:80 port=q:443",
          "Slice s/1 of=w port=p:8080 port=q:8443 @10.0.0.1 @10.0.0.2"},
         "s/w port=443",
         "10.0.0.1:8443/TCP 10.0.0.2:8443/TCP"},
        {"two slices, one port",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 @10.0.0.2",
          "Slice s/2 of=w port=p:80 @10.0.0.3"},
         "s/w",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP"},
        {"two slices that overlap",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 @10.0.0.2",
          "Slice s/2 of=w port=p:80 @10.0.0.1 @10.0.0.2 @10.0.0.3"},
         "s/w",
         "10.0.0.1:80/TCP 10.0.0.2:80/TCP 10.0.0.3:80/TCP "
         "10.0.0.1:80/TCP(duplicate) 10.0.0.2:80/TCP(duplicate)"},
        {"other Services and namespaces",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1",
          "Slice s/2 of=x port=p:80 @10.0.0.2",
          "Slice t/1 of=w port=p:80 @10.0.0.3",
          "Slice s/3 port=p:80 @10.0.0.4"},
         "s/w",
         "10.0.0.1:80/TCP"},
        {"a port without a number is passed over",
         {WEB, "Slice s/1 of=w port=p:null @10.0.0.1"},
         "s/w",
         "SVC_ENOENDPOINTS 10.0.0.1:?/TCP(no-such-port)"},
        {"equal addresses at different ports are different",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 @10.0.0.2",
          "Slice s/2 of=w port=p:8080 @10.0.0.1 @10.0.0.2"},
         "s/w",
         "10.0.0.1:80/TCP 10.0.0.1:8080/TCP 10.0.0.2:80/TCP "
         "10.0.0.2:8080/TCP"},
        {"the protocol is part of the port",
         {"Service s/w port=p:53/UDP", "Slice s/1 of=w port=p:53/TCP @10.0.0.1",
          "Slice s/2 of=w port=p:53/UDP @10.0.0.2"},
         "s/w",
         "10.0.0.2:53/UDP 10.0.0.1:?/UDP(no-such-port)"},
        {"FQDN slices are passed over",
         {WEB, "Slice s/1 of=w type=FQDN port=p:80",
          "Slice s/2 of=w port=p:80 @10.0.0.1"},
         "s/w",
         "10.0.0.1:80/TCP"},
        {"a family that the Service does not have",
         {WEB, "Slice s/1 of=w type=IPv6 port=p:80 @fd00::1",
          "Slice s/2 of=w port=p:80 @10.0.0.1"},
         "s/w",
         "10.0.0.1:80/TCP [fd00::1]:80/TCP(wrong-family)"},
    };

    (void)state;
    CHECK(facts);
}

static void one_address_twice(void **state)
{
    static const struct kube_fact facts[] = {
        {"ready beats not ready",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=- @10.0.0.2 cond=-",
          "Slice s/2 of=w port=p:80 @10.0.0.1 @10.0.0.2 cond=-"},
         "s/w",
         "10.0.0.1:80/TCP 10.0.0.1:80/TCP(duplicate) "
         "10.0.0.2:80/TCP(not-ready) 10.0.0.2:80/TCP(duplicate)"},
        {"a running pod beats a terminating one with its address",
         {WEB, "Slice s/1 of=w rv=9 port=p:80 @10.0.0.1 pod=old cond=st",
          "Slice s/2 of=w rv=1 port=p:80 @10.0.0.1 pod=new"},
         "s/w",
         "10.0.0.1:80/TCP 10.0.0.1:80/TCP(duplicate)"},
        {"also when it is not ready yet (semantics 2.11, 9)",
         {WEB, "Slice s/1 of=w rv=9 port=p:80 @10.0.0.1 pod=old cond=st",
          "Slice s/2 of=w rv=1 port=p:80 @10.0.0.1 pod=new cond=-"},
         "s/w",
         "SVC_ENOENDPOINTS 10.0.0.1:80/TCP(not-ready) "
         "10.0.0.1:80/TCP(duplicate)"},
        {"in one slice",
         {WEB, "Slice s/1 of=w port=p:80 @10.0.0.1 cond=st @10.0.0.1"},
         "s/w",
         "10.0.0.1:80/TCP 10.0.0.1:80/TCP(duplicate)"},
        {"host-network pods of one node at different ports are two",
         {WEB, "Slice s/1 of=w port=p:8080 @192.168.0.1 pod=a",
          "Slice s/2 of=w port=p:8081 @192.168.0.1 pod=b"},
         "s/w",
         "192.168.0.1:8080/TCP 192.168.0.1:8081/TCP"},
    };

    (void)state;
    CHECK(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hints_for_zones),
        cmocka_unit_test(hints_look_at_ready_endpoints),
        cmocka_unit_test(hints_for_nodes),
        cmocka_unit_test(cluster_policy),
        cmocka_unit_test(local_policy),
        cmocka_unit_test(external_local_policy),
        cmocka_unit_test(slices_are_joined),
        cmocka_unit_test(one_address_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
