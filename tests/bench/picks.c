/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks by the public interface, for each policy and some sizes of a set,
 * untracked, and tracked with their end; with the allocations and system calls
 * that they make: none.
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

static void run_tracked(void *arg)
{
    struct picks *p = arg;
    svc_pick_options options = SVC_PICK_OPTIONS_INIT;
    svc_pick pick;
    uint64_t sum = 0;

    options.track = 1;
    for (size_t i = 0; i < p->count; i++) {
        if (svc_service_pick(p->service, &options, &pick) != 0)
            break;
        sum += pick.sockaddr_size + pick.sockaddr.sin6_port;
        svc_pick_done(&pick, SVC_OUTCOME_OK);
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

static const char *const policies[] = {
    "rr", "adaptive", "ewma", "twos", "wrr", "random", "mh", "fo", NULL};
/* Looks at each endpoint for each pick. */
static const char *const scans[] = {"lc", NULL};

#define COUNT_MAX 8

/* A group of policies beside each other. */
static void run_group(svc_resolver *r, unsigned endpoints, int is_tracked,
                      const char *const *names, size_t operations)
{
    char title[64];
    struct picks picks[COUNT_MAX];
    struct bench_peer peers[COUNT_MAX];
    struct bench_group group = {title, 0, 0, "pick", peers, 0, 0};
    svc_error error;

    memset(peers, 0, sizeof(peers));
    for (size_t i = 0; names[i] != NULL; i++) {
        picks[i].count = operations;
        bench_must(web_service(r, names[i], is_tracked, &picks[i].service,
                               &error) == 0,
                   "a service");
        peers[i].name = names[i];
        peers[i].arg = &picks[i];
        peers[i].run = is_tracked ? run_tracked : run;
        peers[i].after = after;
        group.count++;
    }
    snprintf(title, sizeof(title), "picks, %s, of %u endpoints",
             is_tracked ? "tracked and closed" : "untracked", endpoints);
    group.operations = (double)operations;
    bench_run(&group);
    for (size_t i = 0; names[i] != NULL; i++) {
        if (!is_tracked)
            print_calls(names[i], endpoints);
        svc_service_free(picks[i].service);
    }
}

static void run_size(unsigned endpoints)
{
    const size_t many = bench_settings.quick ? 100000 : 3000000;
    svc_resolver *r;
    svc_error error;

    bench_must(web_open(endpoints, 0, &r, &error) == 0, "a resolver");
    for (int is_tracked = 0; is_tracked < 2; is_tracked++) {
        run_group(r, endpoints, is_tracked, policies, many);
        run_group(r, endpoints, is_tracked, scans, many / 30);
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
