/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading names: what a caller pays once for each service that it opens.
 */
#include "bench.h"
#include "model/name.h"

#include <string.h>

struct names {
    const char *text;
    size_t count;
    uint64_t sum;
};

static void run(void *arg)
{
    static const struct svc__name_env env = {"shop", "cluster.local"};
    struct names *n = arg;
    struct svc__name name;
    uint64_t sum = 0;

    for (size_t i = 0; i < n->count; i++) {
        bench_must(svc__name_parse(n->text, &env, &name, NULL) == 0,
                   "reading a name");
        sum += name.port + (uint64_t)name.kind;
        svc__name_fini(&name);
    }
    n->sum = sum;
}

static uint64_t after(void *arg)
{
    return ((struct names *)arg)->sum;
}

void bench_names(void)
{
    static const char *const texts[] = {
        "web.shop:80",
        "web",
        "db-0.db.shop.svc.cluster.local.:5432",
        "_http._tcp.web.shop.svc.cluster.local",
        "10.0.0.1:80",
        "kubernetes://shop/web:http?policy=random",
    };
    enum {
        COUNT = sizeof(texts) / sizeof(texts[0])
    };
    struct names names[COUNT];
    struct bench_peer peers[COUNT];
    struct bench_group group = {
        "reading a name", 0, 0, "name", peers, COUNT, 1};

    memset(peers, 0, sizeof(peers));
    for (size_t i = 0; i < COUNT; i++) {
        names[i].text = texts[i];
        names[i].count = bench_settings.quick ? 10000 : 300000;
        peers[i].name = texts[i];
        peers[i].arg = &names[i];
        peers[i].run = run;
        peers[i].after = after;
    }
    group.operations = (double)names[0].count;
    bench_run(&group);
}
