/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Picks from the shared library as a plug-in loads it, beside those of the
 * archive: what the thread's own storage costs there.
 */
#include "bench.h"
#include "web.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* Of one copy of the library. */
struct copy {
    __typeof__(svc_resolver_new) *resolver_new;
    __typeof__(svc_resolver_free) *resolver_free;
    __typeof__(svc_service_new) *service_new;
    __typeof__(svc_service_free) *service_free;
    __typeof__(svc_service_wait) *wait;
    __typeof__(svc_service_pick) *pick;
    svc_resolver *r;
    svc_service *s;
    size_t count;
    uint64_t sum;
};

static void take(void *handle, const char *name, void *ret)
{
    void *symbol = dlsym(handle, name);

    bench_must(symbol != NULL, name);
    memcpy(ret, &symbol, sizeof(symbol));
}

static void load(struct copy *c)
{
    void *handle = dlopen(SVC_BENCH_LIBRARY, RTLD_NOW | RTLD_LOCAL);

    bench_must(handle != NULL, "loading the library");
    take(handle, "svc_resolver_new", &c->resolver_new);
    take(handle, "svc_resolver_free", &c->resolver_free);
    take(handle, "svc_service_new", &c->service_new);
    take(handle, "svc_service_free", &c->service_free);
    take(handle, "svc_service_wait", &c->wait);
    take(handle, "svc_service_pick", &c->pick);
}

static void open_web(struct copy *c)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    svc_service_options service = SVC_SERVICE_OPTIONS_INIT;
    struct svc__buf text;
    svc_error error;

    svc__buf_init(&text, (size_t)1 << 20);
    web_manifest(&text, 100);
    options.manifest = text.data;
    options.manifest_size = text.size;
    service.view = "pods";
    service.policy = "adaptive";
    bench_must(
        text.err == 0 && c->resolver_new(&options, &c->r, &error) == 0 &&
            c->service_new(c->r, "web.shop:80", &service, &c->s, &error) == 0 &&
            c->wait(c->s, 5000, &error) == 0,
        "a service");
    svc__buf_fini(&text);
    c->count = bench_settings.quick ? 100000 : 3000000;
}

static void run(void *arg)
{
    struct copy *c = arg;
    svc_pick pick;

    c->sum = 0;
    for (size_t i = 0; i < c->count; i++) {
        bench_must(c->pick(c->s, NULL, &pick) == 0, "a pick");
        c->sum += pick.sockaddr_size + pick.sockaddr.sin6_port;
    }
}

static uint64_t after(void *arg)
{
    return ((struct copy *)arg)->sum;
}

void bench_dlopen(void)
{
    struct copy copies[2] = {{.resolver_new = svc_resolver_new,
                              .resolver_free = svc_resolver_free,
                              .service_new = svc_service_new,
                              .service_free = svc_service_free,
                              .wait = svc_service_wait,
                              .pick = svc_service_pick}};
    struct bench_peer peers[2] = {{.name = "adaptive, linked",
                                   .arg = &copies[0],
                                   .run = run,
                                   .after = after},
                                  {.name = "adaptive, through dlopen",
                                   .arg = &copies[1],
                                   .run = run,
                                   .after = after}};
    struct bench_group group = {.title = "picks, untracked, of a plug-in",
                                .operation = "pick",
                                .peers = peers,
                                .count = 2};

    load(&copies[1]);
    for (int i = 0; i < 2; i++)
        open_web(&copies[i]);
    group.operations = (double)copies[0].count;
    bench_run(&group);
    for (int i = 0; i < 2; i++) {
        copies[i].service_free(copies[i].s);
        copies[i].resolver_free(copies[i].r);
    }
}
