/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svc_resolver_check on sources that say what a test tells them to say, and the
 * backend "auto" between an API server and a DNS server.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api_run.h"
#include "dns_run.h"

#include "backend/auto.h"
#include "core/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KUBERNETES "kubernetes.default.svc.cluster.local 5 A 10.96.0.1\n"

static struct api_run api;
static struct dns_run dns;
static char *json;

static int setup(void **state)
{
    (void)state;
    api_run_open(&api);
    dns_run_open(&dns);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    svc_text_free(json);
    json = NULL;
    api_run_close(&api);
    dns_run_close(&dns);
    return 0;
}

/* The findings, of which none fails without a hint. */
static void check(svc_resolver *r, const char *name)
{
    const char *at;
    const char *hint;
    svc_error error;

    svc_text_free(json);
    json = NULL;
    if (svc_resolver_check(r, name, &json, &error) != 0)
        fail_msg("%s", error.message);
    for (at = json; (at = strstr(at, "\"level\":\"fail\"")) != NULL; at++) {
        hint = strstr(at, "\"hint\":");
        if (hint == NULL || hint[7] == 'n')
            fail_msg("nothing is said of what to do: %s", at);
    }
}

static void says(const char *text)
{
    if (strstr(json, text) == NULL)
        fail_msg("no %s in: %s", text, json);
}

static void says_not(const char *text)
{
    if (strstr(json, text) != NULL)
        fail_msg("%s in: %s", text, json);
}

/* How the beginning of a finding is written. */
#define FINDING(check, source, level)                                          \
    "{\"check\":\"" check "\",\"source\":\"" source "\",\"level\":\"" level    \
    "\",\"code\":"
#define OK(check, source) FINDING(check, source, "ok") "null,"

static void rule(const char *text, int status, const char *headers,
                 const char *body)
{
    const struct api_rule r = {.text = text,
                               .deed = API_ANSWERS,
                               .status = status,
                               .headers = headers,
                               .body = body};

    api_world_rule(api.world, &r);
}

static void allow(int is_allowed)
{
    rule("selfsubjectaccessreviews", 201, NULL,
         is_allowed ? "{\"status\":{\"allowed\":true}}"
                    : "{\"status\":{\"allowed\":false,\"reason\":\"x\"}}");
}

/* ---- the API server ------------------------------------------------------ */

static void test_all_is_well(void **state)
{
    char date[64];
    time_t now = time(NULL);
    struct tm tm;

    (void)state;
    (void)strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n",
                   gmtime_r(&now, &tm));
    rule("/version", 200, date, "{\"major\":\"1\",\"gitVersion\":\"v1.37.2\"}");
    allow(1);
    api_run_start(&api);
    check(api.r, "web:80?view=pods");
    says("{\"schema\":\"svcctl.doctor/1\",\"name\":\"web:80?view=pods\",");
    says(OK("config", "apiserver"));
    says(OK("apiserver", "apiserver") "\"text\":\"answers: v1.37.2\"");
    says(OK("clock", "apiserver"));
    says(FINDING("credentials", "apiserver", "skipped"));
    says(OK("rights", "apiserver") "\"text\":\"may list, watch services "
                                   "\\\"web\\\" in \\\"dev\\\"\"");
    says("may list, watch endpointslices in");
    says(OK("rights", "apiserver") "\"text\":\"may list, watch nodes\"");
    says(OK("name", "apiserver"));
    says("is ClusterIP, view pods: 1 usable (10.0.0.1)");
    says_not("\"fail\"");
    says_not("difference");
}

static void test_no_rights(void **state)
{
    (void)state;
    rule("/version", 403, NULL, API_STATUS(403, "Forbidden", "no"));
    allow(0);
    api_run_start(&api);
    check(api.r, NULL);
    says("\"name\":null");
    says(OK("apiserver", "apiserver"));
    says(FINDING("rights", "apiserver", "fail") "\"SVC_EAUTH\"");
    says("may not list, watch services in \\\"dev\\\"");
    says("grant list, watch on endpointslices.discovery.k8s.io");
    says(FINDING("rights", "apiserver", "skipped"));
    says_not("credentials\\\" tells");
}

static void test_wrong_credentials(void **state)
{
    (void)state;
    rule("", 401, NULL, API_STATUS(401, "Unauthorized", "no"));
    api_run_start(&api);
    check(api.r, NULL);
    says(FINDING("apiserver", "apiserver", "fail") "\"SVC_EAUTH\"");
    says("401 Unauthorized");
    says(FINDING("rights", "apiserver", "fail") "\"SVC_EAUTH\"");
}

static void test_no_api_server(void **state)
{
    (void)state;
    rule("/version", 200, NULL, "<html>hello</html>");
    rule("selfsubjectaccessreviews", 404, NULL, "nothing");
    api_run_start(&api);
    check(api.r, NULL);
    says(FINDING("apiserver", "apiserver", "fail") "\"SVC_EPROTO\"");
    says(FINDING("rights", "apiserver", "fail") "\"SVC_EPROTO\"");
}

static void test_not_even_to_ask(void **state)
{
    (void)state;
    rule("/version", 200, NULL, "{\"gitVersion\":\"v1\"}");
    rule("selfsubjectaccessreviews", 403, NULL,
         API_STATUS(403, "Forbidden", "no"));
    api_run_start(&api);
    check(api.r, NULL);
    says(FINDING("rights", "apiserver", "fail") "\"SVC_EAUTH\"");
    says("system:basic-user");
    /* What is not needed is not a failure. */
    says(
        FINDING("rights", "apiserver", "skipped") "null,\"text\":\"whether we "
                                                  "may list, watch nodes: 403");
}

static void test_clocks_apart(void **state)
{
    (void)state;
    rule("/version", 200, "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n",
         "{\"gitVersion\":\"v1\"}");
    allow(1);
    api_run_start(&api);
    check(api.r, NULL);
    says(FINDING("clock", "apiserver", "warn") "null,\"text\":\"our clock is ");
    says("NTP");
}

static void test_out_of_reach(void **state)
{
    (void)state;
    api_server_refuse(api.server, 1);
    api_run_start(&api);
    check(api.r, "web:80");
    says(FINDING("apiserver", "apiserver", "fail") "\"SVC_EUNREACH\"");
    says(FINDING("rights", "apiserver", "skipped"));
    says(FINDING("name", "apiserver", "fail") "\"SVC_EUNREACH\"");
}

/* A kubeconfig with this token. */
static void use_token(const char *token)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                   "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
                   "clusters: [{name: k, cluster: "
                   "{server: \"https://127.0.0.1:%u\"}}]\n"
                   "users: [{name: u, user: {token: \"%s\"}}]\n",
                   (unsigned)api_server_port(api.server), token);
    scratch_write(&api.dir, "config", text);
    (void)snprintf(api.kubeconfig, sizeof(api.kubeconfig), "%s",
                   scratch_path(&api.dir, "config"));
}

static void test_no_kubeconfig(void **state)
{
    (void)state;
    api.options.kubeconfig = "/nonexistent/config";
    api_run_start(&api);
    check(api.r, NULL);
    says(FINDING("source", "apiserver", "fail"));
    says("/nonexistent/config");
}

/* ---- DNS ----------------------------------------------------------------- */

static void test_dns_servers(void **state)
{
    (void)state;
    dns_run_zone(&dns, KUBERNETES WEB("10.96.0.7") ZONE_SOA);
    dns_run_start(&dns, 2);
    check(dns.r, "web.shop:80");
    says(OK("dns-server", "dns"));
    says(OK("cluster-domain", "dns"));
    says("kubernetes.default.svc.cluster.local is 10.96.0.1");
    says(dns.address[0]);
    says(dns.address[1]);
    says(OK("name", "dns"));
    says_not("fail");
    dns_run_stop(&dns);
}

static void test_not_the_clusters_dns(void **state)
{
    (void)state;
    dns_run_zone(&dns, ZONE_SOA);
    dns_run_start(&dns, 1);
    check(dns.r, NULL);
    says(OK("dns-server", "dns"));
    says(FINDING("cluster-domain", "dns", "fail") "\"SVC_ENOSERVICE\"");
    dns_run_stop(&dns);
}

static void test_a_dead_dns_server(void **state)
{
    (void)state;
    dns_run_zone(&dns, KUBERNETES ZONE_SOA);
    dns_server_refuse_udp(dns.server[1], 1);
    dns_server_refuse_tcp(dns.server[1], 1);
    dns_run_start(&dns, 2);
    check(dns.r, NULL);
    says(OK("dns-server", "dns"));
    says(FINDING("dns-server", "dns", "fail") "\"SVC_EUNREACH\"");
    dns_run_stop(&dns);
}

/* ---- both ---------------------------------------------------------------- */

/* A resolver with "auto", which asks the one DNS server. */
static void start_with(const char *kubeconfig)
{
    setenv("HOME", "/nonexistent", 1);
    setenv("KUBECONFIG", kubeconfig, 1);
    api.options.backend = NULL;
    api.options.kubeconfig = NULL;
    api_run_start(&api);
    unsetenv("KUBECONFIG");
    dns.addresses[0] = dns.address[0];
    dns.addresses[1] = NULL;
    api.r->settings.dns.servers = dns.addresses;
}

/* The same, come to both. */
static void start_auto(void)
{
    start_with(api.kubeconfig);
    assert_ptr_equal(api.r->settings.automatic, &svc__backend_auto);
}

static void test_dns_alone(void **state)
{
    (void)state;
    dns_run_zone(&dns, KUBERNETES ZONE_SOA);
    start_with("");
    assert_ptr_equal(api.r->settings.automatic, api.r->settings.outside);
    check(api.r, NULL);
    says("\"check\":\"config\",\"source\":null,\"level\":\"skipped\"");
    says("DNS alone is asked");
    says(OK("cluster-domain", "dns"));
}

static void test_both_agree_or_not(void **state)
{
    (void)state;
    rule("/version", 200, NULL, "{\"gitVersion\":\"v1\"}");
    allow(1);
    dns_run_zone(&dns, KUBERNETES
                 "web.dev.svc.cluster.local 5 A 10.96.0.1\n"
                 "other.dev.svc.cluster.local 5 A 10.96.0.9\n" ZONE_SOA);
    api_world_pair(api.world, "other", "10.0.0.2");
    start_auto();
    check(api.r, "web.dev");
    says("\"check\":\"difference\",\"source\":null,\"level\":\"ok\"");
    says("dns and apiserver have the same addresses");
    check(api.r, "other.dev");
    says("\"check\":\"difference\",\"source\":null,\"level\":\"warn\"");
    says("apiserver alone has 1 addresses (10.96.0.1), dns alone has 1 "
         "(10.96.0.9)");
    check(api.r, "none.dev");
    says("dns and apiserver say the same of \\\"none.dev\\\"");
}

/* DNS is the spare: what is wrong with it is a warning. */
static void test_a_spare_warns(void **state)
{
    (void)state;
    rule("/version", 200, NULL, "{\"gitVersion\":\"v1\"}");
    allow(1);
    dns_run_zone(&dns, ZONE_SOA);
    start_auto();
    check(api.r, "web.dev?view=pods");
    says(FINDING("cluster-domain", "dns", "warn") "null,");
    says(FINDING("name", "dns", "warn") "null,");
    says_not("\"fail\"");
}

static const char *source_of(svc_service *s)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
    svc_endpoints *eps = svc_service_endpoints(s);
    static char source[32];

    source[0] = '\0';
    if (eps == NULL)
        return source;
    (void)svc_endpoints_describe(eps, &info);
    (void)snprintf(source, sizeof(source), "%s", info.source);
    svc_endpoints_unref(eps);
    return source;
}

/* From DNS, while the API server says nothing, to the API server. */
static void test_auto_goes_over_once(void **state)
{
    const struct api_rule silent = {.text = "", .deed = API_SILENT};
    svc_service *s;

    (void)state;
    api_world_rule(api.world, &silent);
    dns_run_zone(&dns, "web.dev.svc.cluster.local 0 A 10.96.0.1\n" ZONE_SOA);
    start_auto();
    s = api_run_service(&api, "web:80?view=auto");
    api_run_expect(&api, s, "10.96.0.1:80");
    assert_string_equal(source_of(s), "dns");
    api_world_no_rules(api.world);
    api_server_drop(api.server, 1);
    while (strcmp(source_of(s), "apiserver") != 0)
        api_run_pass(&api, 10);
    assert_true(dns_server_count(dns.server[0]) > 0);
    svc_service_free(s);
}

/* Rights taken away: DNS answers at once, and status tells why it is asked. */
static void test_auto_without_rights(void **state)
{
    svc_service *s;
    svc_error error;
    svc_endpoints *eps;

    (void)state;
    rule("/dev/", 403, NULL, API_STATUS(403, "Forbidden", "no"));
    dns_run_zone(&dns, "web.dev.svc.cluster.local 5 A 10.96.0.1\n" ZONE_SOA);
    start_auto();
    s = api_run_service(&api, "web:80?view=auto");
    api_run_expect(&api, s, "10.96.0.1:80 SVC_EAUTH");
    assert_int_equal(svc_service_status(s, &error), SVC_EAUTH);
    assert_non_null(strstr(error.message, "DNS answers meanwhile"));
    assert_non_null(strstr(error.hint, "grant"));
    eps = svc_service_endpoints(s);
    assert_int_equal(svc_endpoints_is_stale(eps), 0);
    svc_endpoints_unref(eps);
    svc_service_free(s);
}

/* ---- the rest ------------------------------------------------------------ */

/* Tokens are told of though the server is not reached: it speaks no TLS. */
static void test_tokens(void **state)
{
    (void)state;
    /* {"exp":1000000000} */
    use_token("e30.eyJleHAiOjEwMDAwMDAwMDB9.x");
    api_run_start(&api);
    check(api.r, NULL);
    says(FINDING("credentials", "apiserver", "fail") "\"SVC_EAUTH\"");
    says("has expired, ");
    api_run_stop(&api);
    /* {"exp":99999999999} */
    use_token("e30.eyJleHAiOjk5OTk5OTk5OTk5fQ.x");
    api_run_start(&api);
    check(api.r, NULL);
    says(OK("credentials", "apiserver"));
    says_not("eyJ");
}

static void test_with_a_thread(void **state)
{
    (void)state;
    rule("/version", 200, NULL, "{\"gitVersion\":\"v1\"}");
    allow(1);
    api.options.external_loop = 0;
    api_run_start(&api);
    for (int i = 0; i < 3; i++) {
        check(api.r, "web:80?view=pods");
        says(OK("name", "apiserver"));
    }
}

static void test_wrong_calls(void **state)
{
    svc_error error;

    (void)state;
    api_run_start(&api);
    assert_int_equal(svc_resolver_check(NULL, NULL, &json, &error), SVC_EINVAL);
    assert_int_equal(svc_resolver_check(api.r, NULL, NULL, &error), SVC_EINVAL);
    assert_null(json);
    rule("/version", 200, NULL, "{\"gitVersion\":\"v1\"}");
    allow(1);
    check(api.r, "..");
    says("\"check\":\"name\",\"source\":null,\"level\":\"fail\",\"code\":"
         "\"SVC_ENAME\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_all_is_well),
        TEST(test_no_rights),
        TEST(test_wrong_credentials),
        TEST(test_no_api_server),
        TEST(test_not_even_to_ask),
        TEST(test_clocks_apart),
        TEST(test_out_of_reach),
        TEST(test_no_kubeconfig),
        TEST(test_dns_servers),
        TEST(test_not_the_clusters_dns),
        TEST(test_a_dead_dns_server),
        TEST(test_dns_alone),
        TEST(test_both_agree_or_not),
        TEST(test_a_spare_warns),
        TEST(test_auto_goes_over_once),
        TEST(test_auto_without_rights),
        TEST(test_tokens),
        TEST(test_with_a_thread),
        TEST(test_wrong_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
