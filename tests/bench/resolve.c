/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svc_resolver_resolve by name for names that were asked before, there and not
 * there; many services opened at once; and what an opened one keeps. All on a
 * source that has its answers at hand.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

#define NAMES     10000
#define NAME_SIZE 32

struct resolve {
    svc_resolver *r;
    char (*names)[NAME_SIZE];
    size_t name_count;
    size_t calls;
    int code; /* expected */
};

static char there[NAMES][NAME_SIZE];
static char missing[NAMES][NAME_SIZE];

static void run(void *arg)
{
    struct resolve *t = arg;
    size_t at = 0;

    for (size_t i = 0; i < t->calls; i++) {
        svc_endpoints *eps;
        svc_error error;
        int err =
            svc_resolver_resolve(t->r, t->names[at], NULL, 5000, &eps, &error);

        bench_must(err == t->code, "resolving");
        if (err == 0)
            svc_endpoints_unref(eps);
        /* Not the order in which they were made. */
        at = t->name_count == 1 ? 0 : (at + 7919) % t->name_count;
    }
}

static uint64_t after(void *arg)
{
    (void)arg;
    return 0;
}

static void run_names(svc_resolver *r, size_t count)
{
    char title[64];
    struct resolve found = {r, there, count, 0, 0};
    struct resolve lost = {r, missing, count, 0, SVC_ENOSERVICE};
    struct bench_peer peers[] = {
        {.name = "there", .arg = &found, .run = run, .after = after},
        {.name = "not there", .arg = &lost, .run = run, .after = after}};
    struct bench_group group = {title, 0, 0, "call", peers, 2, 1};

    snprintf(title, sizeof(title), "resolve by name, %zu names", count);
    found.calls = lost.calls = count;
    run(&found); /* asked before */
    run(&lost);
    found.calls = lost.calls = bench_settings.quick ? 20000 : 2000000;
    group.operations = (double)found.calls;
    bench_run(&group);
}

static void make_manifest(struct svc__buf *b)
{
    svc__buf_add_text(b,
                      "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[");
    for (unsigned i = 0; i < NAMES; i++)
        svc__buf_printf(
            b,
            "%s{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{"
            "\"name\":\"web-%u\",\"namespace\":\"shop\"},\"spec\":{"
            "\"clusterIP\":\"10.96.%u.%u\",\"ports\":[{\"port\":80}]}},"
            "{\"kind\":\"EndpointSlice\",\"apiVersion\":"
            "\"discovery.k8s.io/v1\",\"metadata\":{\"name\":\"web-%u-1\","
            "\"namespace\":\"shop\",\"labels\":{"
            "\"kubernetes.io/service-name\":\"web-%u\"}},\"addressType\":"
            "\"IPv4\",\"ports\":[{\"port\":8080}],\"endpoints\":[{"
            "\"addresses\":[\"10.1.%u.%u\"]}]}",
            i > 0 ? "," : "", i, i / 250, 1 + i % 250, i, i, i / 250,
            1 + i % 250);
    svc__buf_add_text(b, "]}");
    bench_must(b->err == 0, "generating");
}

static svc_resolver *make_resolver(void)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    struct svc__buf text;
    svc_resolver *r;
    svc_error error;
    svc_endpoints *eps;

    svc__buf_init(&text, (size_t)64 << 20);
    make_manifest(&text);
    options.manifest = text.data;
    options.manifest_size = text.size;
    bench_must(svc_resolver_new(&options, &r, &error) == 0, "a resolver");
    svc__buf_fini(&text);
    /* The source is opened. */
    bench_must(svc_resolver_resolve(r, "web-0.shop:80", NULL, 60000, &eps,
                                    &error) == 0,
               "the first answer");
    svc_endpoints_unref(eps);
    return r;
}

/* All at once, until the last one is answered. */
static void run_opening(svc_resolver *r)
{
    svc_service **services = calloc(NAMES, sizeof(svc_service *));
    size_t before = memory_live();
    int64_t begin_us = svc__clock_now_us();
    double us;
    svc_error error;

    bench_must(services != NULL, "memory");
    for (size_t i = 0; i < NAMES; i++)
        bench_must(svc_service_new(r, there[i], NULL, &services[i], &error) ==
                       0,
                   "opening");
    for (size_t i = 0; i < NAMES; i++)
        bench_must(svc_service_wait(services[i], 60000, &error) == 0,
                   "waiting");
    us = (double)(svc__clock_now_us() - begin_us);
    bench_value("opening", "10,000 services, until all are answered", us / 1000,
                "ms");
    bench_value("opening", "kept for each of them",
                (double)(memory_live() - before) / NAMES, "bytes");
    for (size_t i = 0; i < NAMES; i++)
        svc_service_free(services[i]);
    free(services);
}

void bench_resolve(void)
{
    svc_resolver *r = make_resolver();

    for (size_t i = 0; i < NAMES; i++) {
        snprintf(there[i], NAME_SIZE, "web-%zu.shop:80", i);
        snprintf(missing[i], NAME_SIZE, "bew-%zu.shop:80", i);
    }
    run_opening(r);
    run_names(r, 1);
    run_names(r, 16);
    if (!bench_settings.quick)
        run_names(r, NAMES / 2); /* there and not: as many as are kept */
    svc_resolver_free(r);
}
