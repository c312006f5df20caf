/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsvc and what comes from outside: an answer as large as DNS can send, and
 * answers that are none.
 *
 * large NAME: the most heap while NAME is resolved, of the library by its own
 *     allocator, and of the whole process
 * forged COUNT: packets that are no answer to a query, judged as those of a
 *     socket are
 * flood COUNT: such packets thrown at a resolver over loopback; then the true
 *     answer
 */
#include "../bench.h"
#include "backend/dns_question.h"
#include "client.h"
#include "dns/wire.h"
#include "flood.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

#define TIMEOUT_MS 20000

/* ---- the library's memory -------------------------------------------------
 */

static _Atomic size_t live;
static _Atomic size_t peak;

static void *given(void *ptr)
{
    size_t now;

    if (ptr == NULL)
        return NULL;
    now = atomic_fetch_add(&live, malloc_usable_size(ptr)) +
          malloc_usable_size(ptr);
    if (now > atomic_load(&peak))
        atomic_store(&peak, now);
    return ptr;
}

static void *count_malloc(size_t size)
{
    return given(malloc(size));
}

static void count_free(void *ptr)
{
    if (ptr != NULL)
        atomic_fetch_sub(&live, malloc_usable_size(ptr));
    free(ptr);
}

static void *count_realloc(void *ptr, size_t size)
{
    size_t before = ptr != NULL ? malloc_usable_size(ptr) : 0;
    void *moved = realloc(ptr, size);

    if (moved == NULL)
        return NULL;
    atomic_fetch_sub(&live, before);
    return given(moved);
}

static svc_resolver *open_resolver(const char *server)
{
    const char *servers[] = {server, NULL};
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    svc_resolver *r = NULL;

    options.backend = "dns";
    options.dns_servers = servers;
    options.namespace_ = "bench";
    options.cluster_domain = "cluster.local";
    options.external_loop = 1;
    client_must(svc_resolver_new(&options, &r, NULL) == 0, "a resolver");
    return r;
}

static svc_endpoints *resolve(svc_resolver *r, const char *name)
{
    svc_service_options options = SVC_SERVICE_OPTIONS_INIT;
    svc_endpoints *eps = NULL;
    svc_error error;

    options.family = "ipv4";
    if (svc_resolver_resolve(r, name, &options, TIMEOUT_MS, &eps, &error) == 0)
        return eps;
    fprintf(stderr, "%s\n", error.message);
    client_must(0, "resolving a name");
    return NULL;
}

static void run_large(const char *const words[CLIENT_WORDS_MAX])
{
    char server[CLIENT_NAME_SIZE];
    svc_endpoints *eps;
    size_t live_before;
    size_t all_before;
    svc_resolver *r;

    (void)snprintf(server, sizeof(server), "%s:%s", client_server, client_port);
    r = open_resolver(server);
    svc_endpoints_unref(resolve(r, "h00000.bench:80"));
    live_before = atomic_load(&live);
    atomic_store(&peak, live_before);
    all_before = memory_live();
    memory_reset_peak();
    eps = resolve(r, words[1]);
    client_tell("peak", (double)(atomic_load(&peak) - live_before));
    client_tell("peak_all", (double)(memory_peak() - all_before));
    client_tell("endpoints", (double)svc_endpoints_count(eps));
    svc_endpoints_unref(eps);
    client_tell("kept", (double)(atomic_load(&live) - live_before));
    svc_resolver_free(r);
}

/* ---- forged packets -------------------------------------------------------
 */

static void run_forged(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    struct flood_query q;
    uint8_t packet[FLOOD_PACKET_MAX];
    struct svc__dns_attempt attempt = {0};
    struct svc__resolv_packet *p = &attempt.packet;
    size_t accepted = 0;
    struct client_clock clock;
    size_t size;

    flood_query_make(&q);
    client_must(q.size <= sizeof(p->query), "a query");
    p->size = (uint16_t)q.size;
    memcpy(p->query, q.bytes, q.size);
    size = flood_answer(q.bytes, q.size, packet);
    client_must(svc__dns_question_judge(p, packet, size),
                "accepting the true answer");
    client_start(&clock);
    for (size_t i = 0; i < count; i++) {
        size = flood_forge(q.bytes, q.size, i, packet);
        accepted += (size_t)(svc__dns_question_judge(p, packet, size) != 0);
    }
    client_stop(&clock);
    client_tell_clock(&clock, count);
    client_tell("accepted", (double)accepted);
}

static void run_flood(const char *const words[CLIENT_WORDS_MAX])
{
    struct flood *f = flood_new(client_number(words[1]));
    svc_stats stats = SVC_STATS_INIT;
    struct client_clock clock;
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;
    svc_endpoints *eps;
    svc_resolver *r;

    client_must(f != NULL, "a server");
    r = open_resolver(flood_address(f));
    client_start(&clock);
    eps = resolve(r, "h00000.bench:80");
    /* The rest of the flood is for a query that is over. */
    while (flood_is_on(f))
        client_must(svc_resolver_dispatch(r, 10) == 0, "dispatching");
    client_stop(&clock);
    client_must(svc_endpoint_describe(svc_endpoints_at(eps, 0), &info) == 0 &&
                    svc_resolver_stats(r, &stats) == 0,
                "describing");
    client_tell_clock(&clock, flood_sent(f));
    client_tell("unwanted", (double)stats.dns_unwanted);
    client_tell("accepted", svc_endpoints_count(eps) != 1 ||
                                strcmp(info.address, FLOOD_TRUTH) != 0);
    client_tell("tcp", (double)stats.dns_queries_tcp);
    svc_endpoints_unref(eps);
    svc_resolver_free(r);
    flood_free(f);
}

int main(int argc, char **argv)
{
    static const struct client_command commands[] = {{"large", run_large},
                                                     {"forged", run_forged},
                                                     {"flood", run_flood},
                                                     {NULL, NULL}};
    static const svc_allocator counting = {count_malloc, count_realloc,
                                           count_free};

    client_must(svc_allocator_set(&counting) == 0, "svc_allocator_set");
    return client_main(argc, argv, commands);
}
