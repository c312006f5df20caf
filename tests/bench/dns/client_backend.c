/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the subscriptions, and what core would do for them: nothing.
 */
#include "client_backend.h"

#include "backend/backend.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* A subscription, and what it owns. */
struct asker {
    struct svc__sub sub;
    char service[16];
    int is_answered;
    uint64_t sum; /* of its last view: one without a family may come first */
};

static size_t answered;
static size_t failed;
static uint64_t sum;

static struct asker *asker_of(struct svc__sub *sub)
{
    return svc__list_entry(sub, struct asker, sub);
}

static void count_answer(struct asker *a)
{
    answered += !a->is_answered;
    a->is_answered = 1;
}

static uint64_t sum_of(const struct svc__view *view)
{
    uint64_t found = 0;

    for (size_t i = 0; i < view->count; i++) {
        struct sockaddr_storage address;
        const void *at = &address;

        (void)svc__address_to_sockaddr(
            &svc__candidate_endpoint(&view->candidates[i])->address, 80,
            &address);
        found +=
            address.ss_family == AF_INET
                ? client_sum(AF_INET,
                             &((const struct sockaddr_in *)at)->sin_addr)
                : client_sum(AF_INET6,
                             &((const struct sockaddr_in6 *)at)->sin6_addr);
    }
    return found;
}

static void on_update(struct svc__sub *sub, struct svc__view *view)
{
    struct asker *a = asker_of(sub);
    uint64_t found = sum_of(view);

    failed += view->code != 0;
    sum += found - a->sum;
    a->sum = found;
    count_answer(a);
    svc__view_free(view);
}

static void on_fail(struct svc__sub *sub, const svc_error *error)
{
    (void)error;
    failed++;
    count_answer(asker_of(sub));
}

static void make_asker(struct asker *a, size_t i, const char *family)
{
    char name[CLIENT_NAME_SIZE];

    memset(a, 0, sizeof(*a));
    client_name('h', i, "", name);
    memcpy(a->service, name, 6);
    a->sub.query.kind = SVC__NAME_SERVICE;
    a->sub.query.service = a->service;
    a->sub.query.namespace_ = "bench";
    a->sub.query.zone = "cluster.local";
    a->sub.query.port = 80;
    client_must(svc__family_parse(family, &a->sub.query.family) == 0,
                "reading a family");
}

struct world {
    struct svc__loop *loop;
    struct svc__log log;
    struct svc__source_stats stats;
    struct svc__backend_dns dns;
    struct svc__backend_env env;
    const struct svc__backend_ops *ops;
    void *state;
    char server[CLIENT_NAME_SIZE];
    const char *servers[2];
};

static void world_open(struct world *w)
{
    memset(w, 0, sizeof(*w));
    (void)snprintf(w->server, sizeof(w->server), "%s:%s", client_server,
                   client_port);
    w->servers[0] = w->server;
    w->dns.servers = w->servers;
    w->dns.error_keep_ms = -1;
    w->dns.max_stale_ms = -1;
    w->dns.ttl_min_ms = 1000;
    w->dns.ttl_max_ms = DAY_MS / 24;
    w->env.log = &w->log;
    w->env.stats = &w->stats;
    w->env.dns = &w->dns;
    w->env.update = on_update;
    w->env.fail = on_fail;
    client_must(svc__loop_new(&w->loop, NULL) == 0 &&
                    svc__backend_find("dns", &w->ops, NULL) == 0,
                "the dns backend");
    w->env.loop = w->loop;
    w->state = calloc(1, w->ops->state_size);
    client_must(w->state != NULL && w->ops->init(w->state, &w->env, NULL) == 0,
                "opening the dns backend");
}

static void world_close(struct world *w)
{
    w->ops->fini(w->state);
    svc__loop_free(w->loop);
    free(w->state);
}

static void ask(struct world *w, struct asker *askers, size_t count)
{
    answered = 0;
    failed = 0;
    sum = 0;
    for (size_t i = 0; i < count; i++)
        client_must(w->ops->subscribe(w->state, &askers[i].sub, NULL) == 0,
                    "subscribing");
    while (answered < count)
        client_must(svc__loop_round(w->loop, -1) == 0, "a round");
}

void client_backend(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    struct asker *askers = calloc(count + 1, sizeof(*askers));
    struct client_clock clock;
    struct world w;

    client_must(askers != NULL, "allocating");
    for (size_t i = 0; i <= count; i++)
        make_asker(&askers[i], i, words[2]);
    world_open(&w);
    ask(&w, &askers[count], 1);
    w.ops->unsubscribe(w.state, &askers[count].sub);
    client_start(&clock);
    ask(&w, askers, count);
    client_stop(&clock);
    client_tell_clock(&clock, count);
    client_tell("failed", (double)failed);
    client_tell("timeouts", (double)w.stats.dns_timeouts);
    client_tell_sum(sum);
    for (size_t i = 0; i < count; i++)
        w.ops->unsubscribe(w.state, &askers[i].sub);
    world_close(&w);
    free(askers);
}
