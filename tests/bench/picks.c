/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks by the public interface, for each policy and some sizes of a set, with
 * the allocations and system calls that they make: none.
 */
#include "bench.h"
#include "web.h"

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

static void print_calls(const char *policy, unsigned endpoints)
{
    const long calls = web_calls(policy, endpoints, 10000);
    char title[64];

    snprintf(title, sizeof(title), "%s, system calls of 10,000", policy);
    if (calls >= 0)
        bench_value("picks", title, (double)calls, "calls");
}

static void run_size(unsigned endpoints)
{
    static const char *const policies[] = {"rr", "random", "fo"};
    char title[64];
    struct picks picks[3];
    struct bench_peer peers[3];
    struct bench_group group = {title, 0, 0, "pick", peers, 3, 0};
    svc_resolver *r;
    svc_error error;

    bench_must(web_open(endpoints, 0, &r, &error) == 0, "a resolver");
    memset(peers, 0, sizeof(peers));
    for (size_t i = 0; i < 3; i++) {
        picks[i].count = bench_settings.quick ? 100000 : 3000000;
        bench_must(web_service(r, policies[i], &picks[i].service, &error) == 0,
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
        print_calls(policies[i], endpoints);
        svc_service_free(picks[i].service);
    }
    svc_resolver_free(r);
}

void bench_picks(void)
{
    run_size(10);
    run_size(100);
    run_size(1000);
    bench_dlopen();
}
