/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the services that are picked from. To draw one takes time, too, the same
 * for any number of them.
 */
#include "among.h"

#include "../web.h"
#include "crew.h"

#include <stdlib.h>

#define COLD_MAX  10000
#define COLD_WALK ((size_t)64 << 20) /* bytes that push out all others */
#define LINE      64

struct many {
    svc_resolver *r;
    svc_service **services;
    unsigned count;
};

static void open_many(struct many *m, const char *policy, unsigned endpoints)
{
    svc_error error;

    m->services = malloc(m->count * sizeof(svc_service *));
    client_must(m->count > 0 && m->services != NULL &&
                    web_open_many(m->count, endpoints, &m->r, &error) == 0,
                "a resolver");
    for (unsigned i = 0; i < m->count; i++)
        client_must(web_service_at(m->r, i, policy, &m->services[i], &error) ==
                        0,
                    "a service");
}

static void close_many(struct many *m)
{
    for (unsigned i = 0; i < m->count; i++)
        svc_service_free(m->services[i]);
    svc_resolver_free(m->r);
    free(m->services);
}

static void pick_one(svc_service *s)
{
    svc_pick chosen;

    client_must(svc_service_pick(s, NULL, &chosen) == 0, "a pick");
}

static void pick_among(void *arg, unsigned number, size_t count)
{
    const struct many *m = arg;
    uint64_t state = number + 1;

    for (size_t i = 0; i < count; i++)
        pick_one(m->services[client_random(&state, m->count)]);
}

void among_many(const char *const words[CLIENT_WORDS_MAX])
{
    struct many m = {.count = (unsigned)client_number(words[5])};
    const struct crew crew = {pick_among, &m, crew_threads(words[4]),
                              client_number(words[3])};

    open_many(&m, words[1], (unsigned)client_number(words[2]));
    crew_run(&crew);
    close_many(&m);
}

/* Another byte for each line of the walk. */
static void push_out(volatile unsigned char *walk)
{
    for (size_t at = 0; at < COLD_WALK; at += LINE)
        walk[at] = (unsigned char)(walk[at] + 1);
}

/* The clock is read before, so that its own code is there. */
static double time_one(svc_service *s)
{
    double began = client_seconds();

    began = client_seconds();
    pick_one(s);
    return client_seconds() - began;
}

void among_cold(const char *const words[CLIENT_WORDS_MAX])
{
    static double times[COLD_MAX];
    const size_t count = client_number(words[3]);
    unsigned char *walk = calloc(COLD_WALK, 1);
    struct many m = {.count = 1};

    client_must(walk != NULL && count > 0 && count <= COLD_MAX, "a walk");
    open_many(&m, words[1], (unsigned)client_number(words[2]));
    pick_one(m.services[0]);
    for (size_t i = 0; i < count; i++) {
        push_out(walk);
        times[i] = time_one(m.services[0]);
    }
    client_tell_times(times, count);
    close_many(&m);
    free(walk);
}
