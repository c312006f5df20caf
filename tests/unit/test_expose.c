/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The views that are no pods (semantics 2.3, 2.6 to 2.8), by tables.
 */
#include "kube/expose.h"
#include "kube_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CHECK(facts)                                                           \
    kube_check_facts((facts), sizeof(facts) / sizeof((facts)[0]))

static void views_that_a_type_cannot_give(void **state)
{
    static const struct kube_fact facts[] = {
        {"vip of headless",
         {"Service s/w headless port=80"},
         "s/w view=vip",
         "SVC_ENOTSUP"},
        {"the type goes before the port",
         {"Service s/w headless port=80"},
         "s/w view=vip port=1",
         "SVC_ENOTSUP"},
        {"node of ClusterIP",
         {"Service s/w ip=10.96.0.1 port=80"},
         "s/w view=node",
         "SVC_ENOTSUP"},
        {"node of headless",
         {"Service s/w headless port=80"},
         "s/w view=node",
         "SVC_ENOTSUP"},
        {"lb of NodePort",
         {"Service s/w type=NodePort port=80 nodeport=30080"},
         "s/w view=lb",
         "SVC_ENOTSUP"},
        {"node of a load balancer without node ports",
         {"Service s/w type=LoadBalancer port=80", "Node n1 v4=192.168.0.1"},
         "s/w view=node",
         "SVC_ENOTSUP"},
        {"a host is one of the pods",
         {"Service s/w ip=10.96.0.1 port=80"},
         "s/w view=vip host=a",
         "SVC_ENOTSUP"},
        {"an ExternalName passes every view on",
         {"Service s/w external=a.b port=80"},
         "s/w view=vip",
         "alias a.b"},
    };

    (void)state;
    CHECK(facts);
}

static void cluster_ips(void **state)
{
    static const struct kube_fact facts[] = {
        {"the Service's number",
         {"Service s/w ip=10.96.0.1 port=http:80 port=dns:53/UDP",
          "Slice s/1 of=w port=http:8080 @10.0.0.1"},
         "s/w view=vip port=dns",
         "10.96.0.1:53/UDP"},
        {"NodePort and LoadBalancer have one too",
         {"Service s/w type=LoadBalancer ip=10.96.0.1 port=80 lb=1.2.3.4"},
         "s/w view=vip",
         "10.96.0.1:80/TCP"},
        {"not assigned yet",
         {"Service s/w port=80"},
         "s/w view=vip",
         "SVC_ENOENDPOINTS"},
        {"no topology",
         {"Service s/w ip=10.96.0.1 port=80 itp=Local"},
         "s/w view=vip node=n1 zone=a",
         "10.96.0.1:80/TCP"},
        {"the filter",
         {"Service s/w ip=127.0.0.1 ip=fd00::1 port=80"},
         "s/w view=vip",
         "[fd00::1]:80/TCP 127.0.0.1:80/TCP(refused-address)"},
    };

    (void)state;
    CHECK(facts);
}

#define PORT "Service s/w type=NodePort ip=10.96.0.1 port=p:80 nodeport=30080"

static void node_ports(void **state)
{
    static const struct kube_fact facts[] = {
        {"one address a node and family",
         {PORT " family=4 family=6", "Node n1 v4=192.168.0.1 v6=fd00::1",
          "Node n2 v4=192.168.0.2"},
         "s/w view=node",
         "192.168.0.1:30080/TCP 192.168.0.2:30080/TCP [fd00::1]:30080/TCP"},
        {"families of the Service",
         {PORT " family=6", "Node n1 v4=192.168.0.1 v6=fd00::1"},
         "s/w view=node",
         "[fd00::1]:30080/TCP 192.168.0.1:30080/TCP(wrong-family)"},
        {"family of the caller",
         {PORT, "Node n1 v4=192.168.0.1 v6=fd00::1"},
         "s/w view=node family=4",
         "192.168.0.1:30080/TCP [fd00::1]:30080/TCP(wrong-family)"},
        {"nodes that are not ready",
         {PORT, "Node n1 v4=192.168.0.1 notready", "Node n2 v4=192.168.0.2"},
         "s/w view=node",
         "192.168.0.2:30080/TCP 192.168.0.1:30080/TCP(not-ready)"},
        {"none ready",
         {PORT, "Node n1 v4=192.168.0.1 notready"},
         "s/w view=node",
         "SVC_ENOENDPOINTS 192.168.0.1:30080/TCP(not-ready)"},
        {"no nodes known", {PORT}, "s/w view=node", "SVC_ENOENDPOINTS"},
        {"nodes without an address",
         {PORT, "Node n1"},
         "s/w view=node",
         "SVC_ENOENDPOINTS"},
        {"each port its own",
         {PORT " port=q:81/UDP nodeport=30081", "Node n1 v4=192.168.0.1"},
         "s/w view=node port=81",
         "192.168.0.1:30081/UDP"},
        {"load balancers have node ports too",
         {"Service s/w type=LoadBalancer port=80 nodeport=30080",
          "Node n1 v4=192.168.0.1"},
         "s/w view=node",
         "192.168.0.1:30080/TCP"},
        {"what the caller wants does not make a node less local",
         {PORT " etp=Local", "Node n1 v4=192.168.0.1 v6=fd00::1",
          "Slice s/1 of=w port=p:80 @10.0.0.1 node=n1",
          "Slice s/2 of=w type=IPv6 port=p:80 @fd00:1::1 node=n1"},
         "s/w view=node family=4",
         "192.168.0.1:30080/TCP [fd00::1]:30080/TCP(wrong-family)"},
        {"pods whose addresses the filter stops still hold their node",
         {PORT " etp=Local", "Node n1 v4=192.168.0.1",
          "Slice s/1 of=w port=p:80 @169.254.1.1 node=n1"},
         "s/w view=node",
         "192.168.0.1:30080/TCP"},
    };

    (void)state;
    CHECK(facts);
}

#define LB "Service s/w type=LoadBalancer port=http:80 port=https:443 "

static void load_balancers(void **state)
{
    static const struct kube_fact facts[] = {
        {"addresses and the Service's port",
         {LB "lb=1.2.3.4 lb=fd00::9"},
         "s/w view=lb port=https",
         "1.2.3.4:443/TCP [fd00::9]:443/TCP"},
        {"pending", {LB}, "s/w view=lb port=80", "SVC_EPENDING"},
        {"a hostname is an alias",
         {LB "lbhost=lb.example"},
         "s/w view=lb port=http",
         "alias lb.example:80"},
        {"a hostname beside an address",
         {LB "lbhost=lb.example lb=1.2.3.4"},
         "s/w view=lb port=80",
         "1.2.3.4:80/TCP"},
        {"a hostname that is an address",
         {LB "lbhost=1.2.3.4"},
         "s/w view=lb port=80",
         "SVC_EALIAS"},
        {"an error on the port",
         {LB "lb=1.2.3.4 lberror=80:quota"},
         "s/w view=lb port=80",
         "SVC_EPENDING"},
        {"an error on another port",
         {LB "lb=1.2.3.4 lberror=443:quota"},
         "s/w view=lb port=80",
         "1.2.3.4:80/TCP"},
        {"an error on one of two",
         {LB "lb=1.2.3.4 lberror=80:quota lb=1.2.3.5"},
         "s/w view=lb port=80",
         "1.2.3.5:80/TCP"},
        {"family of the caller",
         {LB "lb=1.2.3.4"},
         "s/w view=lb port=80 family=6",
         "SVC_ENOENDPOINTS 1.2.3.4:80/TCP(wrong-family)"},
        {"from inside: pods",
         {LB "lb=1.2.3.4", "Slice s/1 of=w port=http:8080 @10.0.0.1"},
         "s/w port=80",
         "10.0.0.1:8080/TCP"},
    };

    (void)state;
    CHECK(facts);
}

static void aliases(void **state)
{
    static const struct kube_fact facts[] = {
        {"the caller's number",
         {"Service s/x external=a.example port=http:80"},
         "s/x port=8080",
         "alias a.example:8080"},
        {"a name that the Service has",
         {"Service s/x external=a.example port=http:80"},
         "s/x port=http",
         "alias a.example:80"},
        {"a name that the Service has not",
         {"Service s/x external=a.example port=http:80"},
         "s/x port=grpc",
         "alias a.example:grpc"},
        {"a name in another protocol",
         {"Service s/x external=a.example port=http:80/UDP"},
         "s/x port=http proto=tcp",
         "alias a.example:http"},
        {"an address with a final dot",
         {"Service s/x external=10.0.0.1."},
         "s/x",
         "SVC_EALIAS"},
        {"nonsense", {"Service s/x external=-a-"}, "s/x", "SVC_EALIAS"},
        {"no target", {"Service s/x external="}, "s/x", "SVC_EALIAS"},
        {"only a dot", {"Service s/x external=."}, "s/x", "SVC_EALIAS"},
    };

    (void)state;
    CHECK(facts);
}

/* What "auto" is from outside of the cluster (semantics 2.11, 6). */
static void auto_outside(void **state)
{
    static const struct kube_fact facts[] = {
        {"a load balancer",
         {"Service s/w type=LoadBalancer port=80 nodeport=30080 lb=1.2.3.4"},
         "s/w outside",
         "1.2.3.4:80/TCP"},
        {"one without an address waits for it: node ports are no answer",
         {"Service s/w type=LoadBalancer port=80 nodeport=30080",
          "Node n1 v4=192.168.0.1"},
         "s/w outside",
         "SVC_EPENDING"},
        {"Nodes",
         {"Service s/w type=NodePort port=80 nodeport=30080",
          "Node n1 v4=192.168.0.1"},
         "s/w outside",
         "192.168.0.1:30080/TCP"},
        {"an ExternalName is its target from anywhere",
         {"Service s/w external=a.b port=80"},
         "s/w outside port=80",
         "alias a.b:80"},
        {"nothing leads to a ClusterIP",
         {"Service s/w ip=10.96.0.1 port=p:80",
          "Slice s/1 of=w port=p:80 @10.0.0.1"},
         "s/w outside",
         "SVC_ENOTSUP"},
        {"nor to the pods of a headless one",
         {"Service s/w headless port=p:80",
          "Slice s/1 of=w port=p:80 @10.0.0.1"},
         "s/w outside",
         "SVC_ENOTSUP"},
        {"nor to a pod of any",
         {"Service s/w type=LoadBalancer port=p:80 lb=1.2.3.4",
          "Slice s/1 of=w port=p:80 @10.0.0.1 host=a"},
         "s/w outside host=a",
         "SVC_ENOTSUP"},
        {"who has a route says so",
         {"Service s/w ip=10.96.0.1 port=p:80",
          "Slice s/1 of=w port=p:80 @10.0.0.1"},
         "s/w outside view=pods",
         "10.0.0.1:80/TCP"},
        {"from anywhere",
         {"Service s/w ip=10.96.0.1 port=p:80"},
         "s/w outside view=vip",
         "10.96.0.1:80/TCP"},
        {"what is not there is not there",
         {NULL},
         "s/w outside",
         "SVC_ENOSERVICE"},
    };

    (void)state;
    kube_check_facts(facts, sizeof(facts) / sizeof(facts[0]));
}

/* The hint names what there is to choose. */
static void auto_outside_is_explained(void **state)
{
    static const struct {
        const char *line;
        const char *query;
        const char *message;
        const char *hint;
    } rows[] = {
        {"Service s/w port=80", "s/w outside", "is a ClusterIP: from outside",
         "choose view \"pods\" or \"vip\" if"},
        {"Service s/w headless", "s/w outside", "is headless: from outside",
         "choose view \"pods\" if"},
        {"Service s/w port=80", "s/w outside host=a", "by their hostname",
         "choose view \"pods\" if"},
    };
    svc_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__store *st = kube_store_new();
        struct svc__view *v;

        (void)kube_apply(st, rows[i].line);
        v = kube_view(st, rows[i].query, NULL, &error);
        assert_int_equal(v->kind, SVC__VIEW_AUTO);
        assert_non_null(strstr(v->message, rows[i].message));
        assert_non_null(strstr(v->hint, rows[i].hint));
        assert_non_null(strstr(v->hint, "kubectl port-forward"));
        svc__view_free(v);
        svc__store_free(st);
    }
}

/* What is not in the one-line answers. */
static void nodes_are_described(void **state)
{
    struct svc__store *st = kube_store_new();
    svc_error error;
    struct svc__view *v;
    const struct svc__endpoint *ep;

    (void)state;
    assert_int_equal(kube_apply(st, PORT " app=h2c affinity"), 0);
    assert_int_equal(kube_apply(st, "Node n1 zone=z1 v4=192.168.0.1"), 0);
    v = kube_view(st, "s/w view=node", NULL, &error);
    ep = svc__candidate_endpoint(&v->candidates[0]);
    assert_string_equal(svc__block_text(v->candidates[0].block, ep->node),
                        "n1");
    assert_string_equal(svc__block_text(v->candidates[0].block, ep->zone),
                        "z1");
    assert_string_equal(
        svc__block_text(v->candidates[0].block, v->candidates[0].app_protocol),
        "h2c");
    assert_int_equal(ep->flags & SVC__EP_CONDITIONS, 0);
    assert_int_equal(ep->weight, 1);
    assert_int_equal(v->kind, SVC__VIEW_NODE);
    assert_int_equal(v->type, SVC__TYPE_NODEPORT);
    assert_int_equal(v->client_ip, 1);
    assert_int_equal(v->topology_off, 1);
    svc__view_free(v);
    svc__store_free(st);
}

static void errors_have_their_texts(void **state)
{
    static const struct {
        const char *query;
        const char *words;
    } rows[] = {{"s/lb view=lb", "port 80: quota"},
                {"s/lb view=node", "no node port"},
                {"s/np view=node", "no Node is known"},
                {"s/x", "\"10.0.0.1\""}};
    struct svc__store *st = kube_store_new();
    svc_error error;

    (void)state;
    (void)kube_apply(st, "Service s/lb type=LoadBalancer port=80 lb=1.2.3.4 "
                         "lberror=80:quota");
    (void)kube_apply(st, "Service s/np type=NodePort port=80 nodeport=30080");
    (void)kube_apply(st, "Service s/x external=10.0.0.1");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct svc__view *v = kube_view(st, rows[i].query, NULL, &error);

        if (strstr(v->message, rows[i].words) == NULL)
            fail_msg("no \"%s\" in: %s", rows[i].words, v->message);
        assert_non_null(strstr(v->message, "(source: test)"));
        svc__view_free(v);
    }
    svc__store_free(st);
}

/* What somebody wrote into an object is quoted whole characters at a time, and
 * moves no cursor. */
static void texts_from_outside_are_bounded(void **state)
{
    char line[2048] = "Service s/x external=\x1b[31m";
    struct svc__store *st = kube_store_new();
    struct svc__view *v;
    svc_error error;
    const char *at;

    (void)state;
    for (int i = 0; i < 400; i++)
        (void)strcat(line, "\xe2\x82\xac");
    assert_int_equal(kube_apply(st, line), 0);
    v = kube_view(st, "s/x", NULL, &error);
    assert_int_equal(v->code, SVC_EALIAS);
    assert_null(strchr(v->message, 0x1b));
    at = strstr(v->message, "\"?[31m");
    assert_non_null(at);
    assert_true(strlen(v->message) < SVC_ERROR_MESSAGE_SIZE);
    at += strlen("\"?[31m");
    assert_int_equal(strspn(at, "\xe2\x82\xac") % 3, 0);
    svc__view_free(v);
    svc__store_free(st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_that_a_type_cannot_give),
        cmocka_unit_test(cluster_ips),
        cmocka_unit_test(node_ports),
        cmocka_unit_test(load_balancers),
        cmocka_unit_test(aliases),
        cmocka_unit_test(auto_outside),
        cmocka_unit_test(auto_outside_is_explained),
        cmocka_unit_test(nodes_are_described),
        cmocka_unit_test(errors_have_their_texts),
        cmocka_unit_test(texts_from_outside_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
