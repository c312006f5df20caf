/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks by the public interface, for each policy and some sizes of a set, with
 * the allocations and system calls that they make: none.
 */
#include "base/buf.h"
#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <svc/svc.h>

struct picks {
    svc_service *service;
    size_t count;
    uint64_t sum;
};

static void run(void *arg)
{
    struct picks *p = arg;
    svc_pick pick;
    uint64_t sum = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (svc_service_pick(p->service, NULL, &pick) != 0)
            break;
        sum += pick.sockaddr_size + pick.sockaddr.sin6_port;
    }
    p->sum = sum;
}

/* What every policy gives alike: that many picks, of one port and family. */
static uint64_t after(void *arg)
{
    return ((struct picks *)arg)->sum;
}

static void make_manifest(struct svc__buf *b, unsigned endpoints)
{
    svc__buf_add_text(
        b, "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[{\"kind\":"
           "\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"web\","
           "\"namespace\":\"shop\"},\"spec\":{\"clusterIP\":\"10.96.0.1\","
           "\"ports\":[{\"port\":80}]}},{\"kind\":\"EndpointSlice\","
           "\"apiVersion\":\"discovery.k8s.io/v1\",\"metadata\":{\"name\":"
           "\"web-1\",\"namespace\":\"shop\",\"labels\":{"
           "\"kubernetes.io/service-name\":\"web\"}},\"addressType\":\"IPv4\","
           "\"ports\":[{\"port\":8080}],\"endpoints\":[");
    for (unsigned i = 0; i < endpoints; i++)
        svc__buf_printf(b, "%s{\"addresses\":[\"10.1.%u.%u\"]}",
                        i > 0 ? "," : "", i / 250, 1 + i % 250);
    svc__buf_add_text(b, "]}]}");
    bench_must(b->err == 0, "generating");
}

static void print_calls(struct picks *p, const char *policy)
{
    char title[64];
    size_t count = p->count;
    long calls;

    p->count = 10000;
    calls = syscalls_of(run, p);
    p->count = count;
    snprintf(title, sizeof(title), "%s, system calls of 10,000", policy);
    if (calls >= 0)
        bench_value("picks", title, (double)calls, "calls");
}

static void run_size(unsigned endpoints)
{
    static const char *const policies[] = {"rr", "random", "fo"};
    char title[64];
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    struct picks picks[3];
    struct bench_peer peers[3];
    struct bench_group group = {title, 0, 0, "pick", peers, 3, 0};
    struct svc__buf text;
    svc_resolver *r;
    svc_error error;

    svc__buf_init(&text, (size_t)1 << 20);
    make_manifest(&text, endpoints);
    options.manifest = text.data;
    options.manifest_size = text.size;
    bench_must(svc_resolver_new(&options, &r, &error) == 0, "a resolver");
    memset(peers, 0, sizeof(peers));
    for (size_t i = 0; i < 3; i++) {
        svc_service_options service = SVC_SERVICE_OPTIONS_INIT;

        service.policy = policies[i];
        service.view = "pods";
        picks[i].count = bench_settings.quick ? 100000 : 3000000;
        bench_must(svc_service_new(r, "web.shop:80", &service,
                                   &picks[i].service, &error) == 0 &&
                       svc_service_wait(picks[i].service, 5000, &error) == 0,
                   "a service");
        peers[i].name = policies[i];
        peers[i].arg = &picks[i];
        peers[i].run = run;
        peers[i].after = after;
    }
    snprintf(title, sizeof(title), "picks, untracked, of %u endpoints",
             endpoints);
    group.operations = (double)picks[0].count;
    bench_run(&group);
    for (size_t i = 0; i < 3; i++) {
        print_calls(&picks[i], policies[i]);
        svc_service_free(picks[i].service);
    }
    svc_resolver_free(r);
    svc__buf_fini(&text);
}

void bench_picks(void)
{
    run_size(10);
    run_size(100);
    run_size(1000);
}
