/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every type of Service by the API: aliases, node ports, load balancers, the
 * caller's own zone, and Services that change under one's hands (faults J4,
 * J16 to J22).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "dns_run.h"
#include "picker.h"
#include "skip_clock.h"

#include <stdio.h>
#include <string.h>

#define SPEC(type, more)                                                       \
    "\"spec\":{\"type\":\"" type "\",\"selector\":{\"a\":\"b\"}," more "}"
#define PORTS(name)                                                            \
    "\"ports\":[{\"name\":\"" name "\",\"protocol\":\"TCP\",\"port\":80,"      \
    "\"targetPort\":8080,\"nodePort\":30080}]"
#define IP       "\"clusterIP\":\"10.96.0.1\",\"clusterIPs\":[\"10.96.0.1\"],"
#define HEADLESS SPEC("ClusterIP", "\"clusterIP\":\"None\"," PORTS("http"))
#define EXTERNAL(to)                                                           \
    "\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"" to "\"}"
#define NODE(ip)                                                               \
    "\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"" ip    \
    "\"}],\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}"

static struct api_run run;
static struct picker picker;
static svc_service *s;

static int setup(void **state)
{
    (void)state;
    api_run_open(&run);
    run.ahead = skip_ms;
    s = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    picker_stop(&picker);
    svc_service_free(s);
    api_run_close(&run);
    return 0;
}

/* ---- changes ------------------------------------------------------------- */

/* At once, and to what it is then. */
static void a_type_that_changes(void **state)
{
    (void)state;
    s = api_run_web(&run);
    api_world_pair(run.world, "other", "10.0.0.7");
    api_world_service(run.world, "dev/web", HEADLESS);
    api_run_slice(&run, "10.0.0.2");
    api_run_expect(&run, s, "10.0.0.2:8080");
    api_world_service(run.world, "dev/web",
                      EXTERNAL("other.dev.svc.cluster.local"));
    api_run_expect(&run, s, "10.0.0.7:8080");
    api_world_service(run.world, "dev/web", NULL);
    api_run_expect(&run, s, "10.0.0.2:8080");
}

/* A port that is renamed: the Service comes first, and would have nobody until
 * its slices come. */
static void a_service_that_is_ahead_of_its_slices(void **state)
{
    (void)state;
    run.ahead = NULL;
    s = api_run_web(&run);
    picker_start(&picker, s);
    api_world_service(run.world, "dev/web", SPEC("ClusterIP", IP PORTS("web")));
    api_run_pass(&run, 300);
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080");
    api_world_slice_rest(run.world, "dev/web-1", "web",
                         "\"addressType\":\"IPv4\",\"endpoints\":[{"
                         "\"addresses\":[\"10.0.0.1\"]}],\"ports\":[{\"name\":"
                         "\"web\",\"protocol\":\"TCP\",\"port\":8081}]");
    api_run_expect(&run, s, "10.0.0.1:8081");
}

/* Slices that do not come are not waited for without end. */
static void slices_that_do_not_follow(void **state)
{
    (void)state;
    s = api_run_web(&run);
    api_world_service(run.world, "dev/web", SPEC("ClusterIP", IP PORTS("web")));
    api_run_pass(&run, 50);
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080");
    skip_ms(1500);
    api_run_pass(&run, 20);
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080");
    skip_ms(600);
    api_run_expect(&run, s, "SVC_ENOENDPOINTS");
}

/* Whatever else happens meanwhile neither ends the wait nor makes it longer. */
static void nodes_that_come_in_between(void **state)
{
    svc_service *node;

    (void)state;
    api_world_node(run.world, "n1", "\"x\":\"y\"", NODE("192.168.7.1"));
    api_world_service(run.world, "dev/np", SPEC("NodePort", IP PORTS("http")));
    s = api_run_web(&run);
    node = api_run_has(&run, "np:80?view=node", "192.168.7.1:30080");
    api_run_watches(&run, 5);
    run.ahead = NULL;
    api_world_service(run.world, "dev/web", SPEC("ClusterIP", IP PORTS("web")));
    api_run_pass(&run, 50);
    api_world_node(run.world, "n2", "\"x\":\"y\"", NODE("192.168.7.2"));
    api_run_expect(&run, node, "192.168.7.1:30080 192.168.7.2:30080");
    api_run_pass(&run, 20);
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080");
    skip_ms(500);
    api_world_delete(run.world, API_NODES, "n1");
    api_run_expect(&run, node, "192.168.7.2:30080");
    api_run_pass(&run, 20);
    assert_string_equal(api_run_text(&run, s), "10.0.0.1:8080");
    skip_ms(1500);
    api_run_pass(&run, 20);
    assert_string_equal(api_run_text(&run, s), "SVC_ENOENDPOINTS");
    svc_service_free(node);
}

/* It is told at once all the same. */
static void trouble_that_comes_in_between(void **state)
{
    (void)state;
    s = api_run_web(&run);
    api_run_watches(&run, 2);
    run.ahead = NULL;
    api_world_service(run.world, "dev/web", SPEC("ClusterIP", IP PORTS("web")));
    api_run_pass(&run, 50);
    api_server_refuse(run.server, 1);
    api_server_drop(run.server, 0);
    (void)api_run_trouble(&run, s, SVC_EUNREACH, NULL);
    assert_string_equal(api_run_text(&run, s),
                        "10.0.0.1:8080 stale SVC_EUNREACH");
    skip_ms(2000);
    api_run_pass(&run, 20);
    assert_string_equal(api_run_text(&run, s),
                        "SVC_ENOENDPOINTS stale SVC_EUNREACH");
}

/* Positive knowledge: the Service is gone, and then it is there again. */
static void what_is_gone_is_gone_at_once(void **state)
{
    (void)state;
    run.ahead = NULL;
    s = api_run_web(&run);
    api_world_delete(run.world, API_SERVICES, "dev/web");
    api_run_expect(&run, s, "SVC_ENOSERVICE");
    api_world_service(run.world, "dev/web", NULL);
    api_run_expect(&run, s, "10.0.0.1:8080");
}

/* Nobody ready: those that still serve while they terminate; then nobody. */
static void the_last_ones(void **state)
{
    (void)state;
    s = api_run_web(&run);
    api_run_slice(&run, "10.0.0.1~ 10.0.0.2!");
    api_run_expect(&run, s, "10.0.0.1:8080");
    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.3~ 10.0.0.1~");
    api_run_expect(&run, s, "10.0.0.1:8080 10.0.0.3:8080");
    api_world_delete(run.world, API_SLICES, "dev/web-1");
    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.1~ 10.0.0.4");
    api_run_expect(&run, s, "10.0.0.4:8080");
    api_world_slice(run.world, "dev/web-2", "web", "10.0.0.4!");
    api_run_expect(&run, s, "SVC_ENOENDPOINTS");
}

/* ---- aliases ------------------------------------------------------------- */

static void an_alias_that_loops(void **state)
{
    (void)state;
    api_world_service(run.world, "dev/a", EXTERNAL("b.dev.svc.cluster.local"));
    api_world_service(run.world, "dev/b", EXTERNAL("a.dev.svc.cluster.local"));
    api_run_start(&run);
    s = api_run_has(&run, "a:80", "SVC_EALIAS");
    /* One of them becomes a Service. */
    api_world_pair(run.world, "b", "10.0.0.5");
    api_run_expect(&run, s, "10.0.0.5:8080");
}

/* A target outside of the cluster is asked of DNS. */
static void an_alias_that_leads_outside(void **state)
{
    static char zone[] = "www.example.com 5 A 10.44.0.1\n" ZONE_SOA;
    struct dns_server *dns = dns_server_new(dns_zone, zone);
    char address[32];
    const char *const addresses[] = {address, NULL};

    (void)state;
    snprintf(address, sizeof(address), "127.0.0.1:%u",
             (unsigned)dns_server_port(dns));
    run.options.dns_servers = addresses;
    api_world_service(run.world, "dev/a", EXTERNAL("www.example.com"));
    api_run_start(&run);
    s = api_run_has(&run, "a:443", "10.44.0.1:443");
    api_world_service(run.world, "dev/a",
                      EXTERNAL("web.dev.svc.cluster.local"));
    svc_service_free(s);
    s = api_run_has(&run, "a:80", "10.0.0.1:8080");
    api_run_stop(&run);
    dns_server_free(dns);
}

/* ---- nodes --------------------------------------------------------------- */

static void a_node_port(void **state)
{
    (void)state;
    api_world_service(run.world, "dev/web", SPEC("NodePort", IP PORTS("http")));
    api_world_node(run.world, "n1", "\"x\":\"y\"", NODE("192.168.7.1"));
    api_world_node(run.world, "n2", "\"x\":\"y\"", NODE("192.168.7.2"));
    s = api_run_web(&run);
    assert_int_equal(api_server_asked(run.server, "/nodes"), 0);
    svc_service_free(s);
    s = api_run_has(&run, "web:80?view=node",
                    "192.168.7.1:30080 192.168.7.2:30080");
    api_run_watches(&run, 3);
    api_world_node(run.world, "n3", "\"x\":\"y\"", NODE("192.168.7.3"));
    api_run_expect(&run, s,
                   "192.168.7.1:30080 192.168.7.2:30080 192.168.7.3:30080");
    api_world_delete(run.world, API_NODES, "n1");
    api_run_expect(&run, s, "192.168.7.2:30080 192.168.7.3:30080");
}

static void nodes_that_may_not_be_seen(void **state)
{
    const struct api_rule rule = {.text = "/nodes",
                                  .deed = API_ANSWERS,
                                  .status = 403,
                                  .body =
                                      API_STATUS(403, "Forbidden", "no nodes")};
    svc_error error;

    (void)state;
    api_world_rule(run.world, &rule);
    api_world_service(run.world, "dev/web", SPEC("NodePort", IP PORTS("http")));
    s = api_run_web(&run);
    svc_service_free(s);
    s = api_run_service(&run, "web:80?view=node");
    error = api_run_trouble(&run, s, SVC_EAUTH, "watch nodes: 403 Forbidden");
    assert_non_null(strstr(error.hint, "grant list,watch on nodes"));
}

/* A load balancer that gets its address. */
static void a_load_balancer(void **state)
{
    (void)state;
    api_world_service(run.world, "dev/web",
                      SPEC("LoadBalancer", IP PORTS("http")) ",\"status\":{}");
    api_run_start(&run);
    s = api_run_has(&run, "web:80?view=auto", "SVC_EPENDING");
    api_world_service(
        run.world, "dev/web",
        SPEC("LoadBalancer", IP PORTS("http")) ",\"status\":{"
                                               "\"loadBalancer\":{\"ingress\":["
                                               "{\"ip\":\"203.0.113.5\""
                                               "}]}}");
    api_run_expect(&run, s, "203.0.113.5:80");
}

/* ---- the caller's own zone ----------------------------------------------- */

#define HINTED                                                                 \
    "\"addressType\":\"IPv4\",\"endpoints\":[{\"addresses\":[\"10.0.1.1\"],"   \
    "\"zone\":\"a\",\"hints\":{\"forZones\":[{\"name\":\"a\"}]}},{"            \
    "\"addresses\":[\"10.0.1.2\"],\"zone\":\"b\",\"hints\":{\"forZones\":[{"   \
    "\"name\":\"b\"}]}}],\"ports\":[{\"name\":\"http\",\"protocol\":\"TCP\","  \
    "\"port\":8080}]"

static void the_zone_of_the_own_node(void **state)
{
    (void)state;
    api_world_slice_rest(run.world, "dev/web-1", "web", HINTED);
    api_world_node(run.world, "n1", "\"topology.kubernetes.io/zone\":\"b\"",
                   NODE("192.168.7.1"));
    run.options.zone = NULL;
    run.options.node = "n1";
    api_run_start(&run);
    s = api_run_has(&run, "web:80", "10.0.1.2:8080");
    assert_int_equal(api_server_asked(run.server, "GET /api/v1/nodes/n1"), 1);
    assert_int_equal(api_server_asked(run.server, "/nodes?"), 0);
}

/* Without that right every endpoint counts, which is said once. */
static void a_zone_that_is_not_told(void **state)
{
    const struct api_rule rule = {.text = "/nodes/n1",
                                  .deed = API_ANSWERS,
                                  .status = 403,
                                  .body = API_STATUS(403, "Forbidden", "no")};

    (void)state;
    api_world_rule(run.world, &rule);
    api_world_slice_rest(run.world, "dev/web-1", "web", HINTED);
    run.options.zone = NULL;
    run.options.node = "n1";
    api_run_start(&run);
    s = api_run_has(&run, "web:80", "10.0.1.1:8080 10.0.1.2:8080");
    assert_int_equal(api_run_logged(&run, "get node \"n1\": 403"), 1);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(a_type_that_changes),
        row(a_service_that_is_ahead_of_its_slices),
        row(slices_that_do_not_follow),
        row(nodes_that_come_in_between),
        row(trouble_that_comes_in_between),
        row(what_is_gone_is_gone_at_once),
        row(the_last_ones),
        row(an_alias_that_loops),
        row(an_alias_that_leads_outside),
        row(a_node_port),
        row(nodes_that_may_not_be_seen),
        row(a_load_balancer),
        row(the_zone_of_the_own_node),
        row(a_zone_that_is_not_told),
    };

    return cmocka_run_group_tests_name("api views", tests, NULL, NULL);
}
