/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsvc by its public interface. A resolver is made anew for each command, so
 * that it knows nothing, and asked one name first, so that it has a socket;
 * that is not measured. LOOP is "external" (the caller's thread dispatches) or
 * "thread" (the library's does).
 *
 * cold COUNT ipv4|any LOOP: services opened all at once and waited for
 * backend COUNT ipv4|any: the same by the backend without what is above it
 * single COUNT LOOP: one name at a time by svc_resolver_resolve
 * cached COUNT NAMES ipv4|any KIND LOOP: svc_resolver_resolve of names that it
 *     knows, KIND as in client.h: 'n' for names that are not there
 * snapshot COUNT: svc_service_endpoints of an opened service
 * miss THREADS NAMES: threads that ask one name at the same moment
 * calls COUNT: system calls
 */
#include "../bench.h"
#include "client.h"
#include "client_backend.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

#define TIMEOUT_MS 60000
#define PORT       ":80"

static const svc_service_options any = SVC_SERVICE_OPTIONS_INIT;

/* A name as it is given to the library, a port behind it. */
static void make_name(char kind, size_t i, char ret[CLIENT_NAME_SIZE])
{
    client_name(kind, i, "bench" PORT, ret);
}

static svc_service_options options_of(const char *family)
{
    svc_service_options options = any;

    options.family = family;
    return options;
}

static svc_resolver *open_resolver(const char *loop)
{
    char server[CLIENT_NAME_SIZE];
    const char *servers[] = {server, NULL};
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    svc_service_options ipv4 = options_of("ipv4");
    char name[CLIENT_NAME_SIZE];
    svc_resolver *r = NULL;
    svc_service *s = NULL;
    svc_error error;

    (void)snprintf(server, sizeof(server), "%s:%s", client_server, client_port);
    options.backend = "dns";
    options.dns_servers = servers;
    options.namespace_ = "bench";
    options.cluster_domain = "cluster.local";
    options.external_loop = strcmp(loop, "thread") != 0;
    client_must(svc_resolver_new(&options, &r, &error) == 0, "a resolver");
    make_name('v', 10000, name);
    error.message[0] = '\0';
    if (svc_service_new(r, name, &ipv4, &s, &error) != 0 ||
        svc_service_wait(s, TIMEOUT_MS, &error) != 0)
        fprintf(stderr, "%s\n", error.message);
    client_must(error.message[0] == '\0', "a first lookup");
    svc_service_free(s);
    return r;
}

static uint64_t sum_of(const svc_endpoints *eps)
{
    uint64_t sum = 0;

    for (size_t i = 0; eps != NULL && i < svc_endpoints_count(eps); i++) {
        struct sockaddr_storage address;
        const void *at = &address;

        (void)svc_endpoint_sockaddr(svc_endpoints_at(eps, i), &address);
        sum += address.ss_family == AF_INET
                   ? client_sum(AF_INET,
                                &((const struct sockaddr_in *)at)->sin_addr)
                   : client_sum(AF_INET6,
                                &((const struct sockaddr_in6 *)at)->sin6_addr);
    }
    return sum;
}

static void tell_stats(svc_resolver *r)
{
    svc_stats stats = SVC_STATS_INIT;

    client_must(svc_resolver_stats(r, &stats) == 0, "svc_resolver_stats");
    client_tell("packets", (double)stats.dns_queries - 1);
    client_tell("timeouts", (double)stats.dns_timeouts);
}

/* ---- not known ------------------------------------------------------------
 */

struct batch {
    svc_resolver *r;
    svc_service **services;
    size_t count;
    size_t failed;
    svc_service_options options;
};

static void open_all(struct batch *b)
{
    char name[CLIENT_NAME_SIZE];

    for (size_t i = 0; i < b->count; i++) {
        make_name('h', i, name);
        client_must(svc_service_new(b->r, name, &b->options, &b->services[i],
                                    NULL) == 0,
                    "a service");
    }
    for (size_t i = 0; i < b->count; i++) {
        svc_error error;

        if (svc_service_wait(b->services[i], TIMEOUT_MS, &error) == 0)
            continue;
        if (b->failed++ == 0)
            fprintf(stderr, "%s\n", error.message);
    }
}

static uint64_t close_all(struct batch *b)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < b->count; i++) {
        svc_endpoints *eps = svc_service_endpoints(b->services[i]);

        sum += sum_of(eps);
        svc_endpoints_unref(eps);
        svc_service_free(b->services[i]);
    }
    return sum;
}

static void run_cold(const char *const words[CLIENT_WORDS_MAX])
{
    struct batch b = {.r = open_resolver(words[3]),
                      .count = client_number(words[1]),
                      .options = options_of(words[2])};
    struct client_clock clock;
    uint64_t sum;

    b.services = calloc(b.count, sizeof(*b.services));
    client_must(b.services != NULL, "allocating");
    client_start(&clock);
    open_all(&b);
    client_stop(&clock);
    client_tell_clock(&clock, b.count);
    client_tell("failed", (double)b.failed);
    tell_stats(b.r);
    client_start(&clock);
    sum = close_all(&b);
    client_stop(&clock);
    client_tell("closing", clock.cpu);
    client_tell_sum(sum);
    svc_resolver_free(b.r);
    free(b.services);
}

static void run_single(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    svc_resolver *r = open_resolver(words[2]);
    svc_service_options options = options_of("ipv4");
    double *times = calloc(count, sizeof(*times));
    char name[CLIENT_NAME_SIZE];
    size_t failed = 0;
    svc_endpoints *eps;

    client_must(times != NULL, "allocating");
    for (size_t i = 0; i < count; i++) {
        make_name('h', i, name);
        eps = NULL;
        times[i] = client_seconds();
        failed += svc_resolver_resolve(r, name, &options, TIMEOUT_MS, &eps,
                                       NULL) != 0;
        times[i] = client_seconds() - times[i];
        svc_endpoints_unref(eps);
    }
    client_tell("failed", (double)failed);
    client_tell_times(times, count);
    svc_resolver_free(r);
    free(times);
}

struct calls {
    size_t count;
    const char *family;
};

static void cold_once(void *arg)
{
    const struct calls *c = arg;
    struct batch b = {.r = open_resolver("external"),
                      .count = c->count,
                      .options = options_of(c->family)};

    b.services = calloc(b.count, sizeof(*b.services));
    client_must(b.services != NULL, "allocating");
    open_all(&b);
    (void)close_all(&b);
    svc_resolver_free(b.r);
    free(b.services);
}

static void run_calls(const char *const words[CLIENT_WORDS_MAX])
{
    struct calls c = {client_number(words[1]), words[2]};
    struct calls none = {1, words[2]};

    long calls = syscalls_of(cold_once, &c);
    long before = syscalls_of(cold_once, &none);

    client_tell("calls",
                calls < 0 || before < 0 ? -1 : (double)(calls - before));
    client_tell("operations", (double)(c.count - 1));
}

/* ---- known ----------------------------------------------------------------
 */

/* A name with its option in the text, as a program would keep it. */
static void make_text(char kind, size_t i, const char *family,
                      char ret[CLIENT_NAME_SIZE])
{
    client_name(kind, i,
                strcmp(family, "any") == 0 ? "bench" PORT
                                           : "bench" PORT "?family=ipv4",
                ret);
}

static int resolve_one(svc_resolver *r, const char *name)
{
    svc_endpoints *eps = NULL;
    int err = svc_resolver_resolve(r, name, NULL, TIMEOUT_MS, &eps, NULL);

    svc_endpoints_unref(eps);
    return err;
}

static void run_cached(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    size_t names = client_number(words[2]);
    svc_resolver *r = open_resolver(words[5]);
    char(*texts)[CLIENT_NAME_SIZE] = calloc(names, sizeof(*texts));
    int wanted = words[4][0] == 'n' ? SVC_ENOSERVICE : 0;
    uint64_t state = 1;
    size_t failed = 0;
    struct client_clock clock;

    client_must(texts != NULL, "allocating");
    for (size_t i = 0; i < names; i++) {
        make_text(words[4][0], i, words[3], texts[i]);
        failed += resolve_one(r, texts[i]) != wanted;
    }
    client_start(&clock);
    for (size_t i = 0; i < count; i++)
        failed += resolve_one(r, texts[client_random(&state, names)]) != wanted;
    client_stop(&clock);
    client_tell_clock(&clock, count);
    client_tell("failed", (double)failed);
    tell_stats(r);
    svc_resolver_free(r);
    free(texts);
}

static void run_snapshot(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    svc_resolver *r = open_resolver("external");
    svc_service_options options = options_of("ipv4");
    char name[CLIENT_NAME_SIZE];
    struct client_clock clock;
    size_t found = 0;
    svc_service *s;

    make_name('v', 0, name);
    client_must(svc_service_new(r, name, &options, &s, NULL) == 0 &&
                    svc_service_wait(s, TIMEOUT_MS, NULL) == 0,
                "a service");
    /* What this thread has from the first time on is no set's cost. */
    svc_endpoints_unref(svc_service_endpoints(s));
    client_start(&clock);
    for (size_t i = 0; i < count; i++) {
        svc_endpoints *eps = svc_service_endpoints(s);

        found += eps != NULL;
        svc_endpoints_unref(eps);
    }
    client_stop(&clock);
    client_tell_clock(&clock, count);
    client_tell("failed", (double)(count - found));
    svc_service_free(s);
    svc_resolver_free(r);
}

/* ---- many threads ---------------------------------------------------------
 */

struct crowd {
    svc_resolver *r;
    size_t names;
    pthread_barrier_t barrier;
    size_t failed[256];
};

struct member {
    pthread_t id;
    struct crowd *crowd;
    size_t number;
};

static void *ask_together(void *arg)
{
    struct member *m = arg;
    struct crowd *c = m->crowd;
    char name[CLIENT_NAME_SIZE];

    for (size_t i = 0; i < c->names; i++) {
        svc_endpoints *eps = NULL;

        make_name('h', i, name);
        (void)pthread_barrier_wait(&c->barrier);
        c->failed[m->number] +=
            svc_resolver_resolve(c->r, name, &any, TIMEOUT_MS, &eps, NULL) != 0;
        svc_endpoints_unref(eps);
    }
    return NULL;
}

static void run_miss(const char *const words[CLIENT_WORDS_MAX])
{
    size_t threads = client_number(words[1]);
    struct crowd c = {.r = open_resolver("thread"),
                      .names = client_number(words[2])};
    struct member members[256];
    size_t failed = 0;

    client_must(threads > 0 && threads <= 256 &&
                    pthread_barrier_init(&c.barrier, NULL, (unsigned)threads) ==
                        0,
                "a barrier");
    for (size_t i = 0; i < threads; i++) {
        members[i].crowd = &c;
        members[i].number = i;
        client_must(pthread_create(&members[i].id, NULL, ask_together,
                                   &members[i]) == 0,
                    "a thread");
    }
    for (size_t i = 0; i < threads; i++) {
        (void)pthread_join(members[i].id, NULL);
        failed += c.failed[i];
    }
    client_tell("operations", (double)c.names);
    client_tell("failed", (double)failed);
    tell_stats(c.r);
    (void)pthread_barrier_destroy(&c.barrier);
    svc_resolver_free(c.r);
}

int main(int argc, char **argv)
{
    static const struct client_command commands[] = {
        {"cold", run_cold},     {"backend", client_backend},
        {"single", run_single}, {"cached", run_cached},
        {"calls", run_calls},   {"snapshot", run_snapshot},
        {"miss", run_miss},     {NULL, NULL}};

    return client_main(argc, argv, commands);
}
