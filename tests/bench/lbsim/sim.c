/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the order of events.
 */
#include "sim.h"

#include "client.h"
#include "memory.h"
#include "server.h"
#include "set.h"

#include <stdlib.h>
#include <string.h>

#define WEIGHT_ONE 60   /* of a server without fault */
#define CHUNK      4096 /* requests that are allocated at once */
#define SHORTEST   5.0  /* seconds in the set for a rate to mean something */

struct chunk {
    struct chunk *next;
    struct request requests[CHUNK];
};

struct sim {
    const struct settings *settings;
    const struct scenario *scenario;
    const struct peer *peer;
    struct measure *m;
    double mean; /* nanoseconds of work */
    double gap;  /* nanoseconds between the requests of a client */

    struct svc__heap heap;
    struct event change;
    struct client *clients;
    struct server *servers; /* those to come, too */
    size_t server_count;
    size_t *members; /* servers by index in the set */
    size_t next;     /* the server that comes next */
    struct svc_endpoints *set;
    struct svc__rng rng; /* the oracle's */

    struct request *spare;
    struct chunk *chunks;
};

/* ---- requests ----------------------------------------------------------- */

static struct request *request_new(struct sim *sim)
{
    struct request *r = sim->spare;

    if (r == NULL) {
        struct chunk *chunk = must(malloc(sizeof(*chunk)));

        chunk->next = sim->chunks;
        sim->chunks = chunk;
        for (size_t i = 0; i < CHUNK; i++) {
            chunk->requests[i].next = r;
            r = &chunk->requests[i];
        }
    }
    sim->spare = r->next;
    return r;
}

static void request_free(struct sim *sim, struct request *r)
{
    r->next = sim->spare;
    sim->spare = r;
}

/* ---- the oracle --------------------------------------------------------- */

static int is_failing(const struct server *s, int64_t now)
{
    return s->fault->kind == FAULT_FAIL && fault_is_on(s->fault, now);
}

/* The least expected finish, then the fewest inside, then any. */
static size_t oracle_pick(struct sim *sim, int64_t now)
{
    const size_t count = sim->settings->servers;
    size_t best = svc__rng_below(&sim->rng, (uint32_t)count);
    const size_t start = best;
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < count; i++) {
        const size_t at = start + i < count ? start + i : start + i - count;
        const struct server *s = &sim->servers[sim->members[at]];
        const int64_t end =
            is_failing(s, now) ? INT64_MAX : server_expect(s, sim->mean, now);

        if (end < least ||
            (end == least &&
             s->inside < sim->servers[sim->members[best]].inside)) {
            least = end;
            best = at;
        }
    }
    return best;
}

/* ---- the set ------------------------------------------------------------ */

static uint32_t weight_of(const struct server *s)
{
    const double weight = WEIGHT_ONE * fault_speed(s->fault);

    return weight < 1.0 ? 1 : (uint32_t)(weight + 0.5);
}

/* All clients learn of the present members. */
static void publish(struct sim *sim)
{
    const size_t count = sim->settings->servers;
    struct svc_endpoints *before = sim->set;
    uint32_t *weights = must(calloc(count, sizeof(*weights)));

    sim->set = set_make(sim->members, count);
    for (size_t i = 0; i < count; i++)
        weights[i] = weight_of(&sim->servers[sim->members[i]]);
    for (size_t i = 0; i < sim->settings->clients; i++) {
        if (sim->peer->ops != NULL)
            client_enter(&sim->clients[i], sim->peer->ops, sim->set,
                         sim->peer->has_weights ? weights : NULL);
    }
    free(weights);
    svc_endpoints_unref(before);
}

/* One in the middle leaves, whose work goes on; a new one comes to the end. */
static void replace(struct sim *sim, int64_t now)
{
    const size_t count = sim->settings->servers;
    const size_t gone = count / 2;

    sim->servers[sim->members[gone]].left = now;
    memmove(&sim->members[gone], &sim->members[gone + 1],
            (count - gone - 1) * sizeof(*sim->members));
    sim->members[count - 1] = sim->next;
    sim->servers[sim->next].joined = now;
    measure_return(sim->m, sim->next, now);
    sim->next++;
    publish(sim);
}

/* ---- events ------------------------------------------------------------- */

/* When the servers change next. */
static void plan_change(struct sim *sim, int64_t now)
{
    const struct scenario *s = sim->scenario;
    int64_t next;

    if (!s->is_watched)
        return;
    if (s->replace != 0)
        next = now + s->replace;
    else
        next = now % s->fault.period < s->fault.length
                   ? now - now % s->fault.period + s->fault.length
                   : now - now % s->fault.period + s->fault.period;
    if (next < sim->m->to)
        svc__heap_set(&sim->heap, &sim->change.node, next);
    else
        svc__heap_remove(&sim->heap, &sim->change.node);
}

static void change(struct sim *sim, int64_t now)
{
    if (sim->scenario->replace != 0)
        replace(sim, now);
    else if (fault_is_on(&sim->scenario->fault, now))
        measure_end(sim->m, now);
    else
        measure_return(sim->m, sim->settings->servers / 2, now);
    plan_change(sim, now);
}

static void plan_arrival(struct sim *sim, struct client *c, int64_t now)
{
    const int64_t next = now + client_next(c, sim->gap, sim->settings->work);

    if (next < sim->m->to)
        svc__heap_set(&sim->heap, &c->event.node, next);
    else
        svc__heap_remove(&sim->heap, &c->event.node);
}

static void arrive(struct sim *sim, struct client *c, int64_t now)
{
    const size_t at =
        sim->peer->ops != NULL ? client_pick(c, now) : oracle_pick(sim, now);
    const size_t server = sim->members[at];
    struct server *s = &sim->servers[server];
    struct request *r = request_new(sim);

    r->arrived = now;
    r->work = c->work * sim->mean;
    r->luck = c->luck;
    r->client = (uint32_t)(c - sim->clients);
    r->epoch = client_took(c, server, now);
    measure_pick(sim->m, server, is_failing(s, now), now);
    s->picks += now >= sim->m->from;
    server_take(s, &sim->heap, r, now);
    plan_arrival(sim, c, now);
}

static void finish(struct sim *sim, struct worker *w, int64_t now)
{
    const size_t server = (size_t)(w->server - sim->servers);
    struct request *r = server_finish(w, &sim->heap, now);
    const struct client_outcome outcome = {server, r->epoch, r->is_bad,
                                           now - r->arrived};

    client_done(&sim->clients[r->client], &outcome, now);
    measure_done(sim->m, r->arrived, now, !r->is_bad);
    request_free(sim, r);
}

static void run(struct sim *sim)
{
    struct svc__heap_node *node;

    while ((node = svc__heap_first(&sim->heap)) != NULL) {
        struct event *e = svc__heap_entry(node, struct event, node);
        const int64_t now = node->key;

        switch (e->kind) {
        case EVENT_ARRIVAL:
            arrive(sim, (struct client *)(void *)e, now);
            break;
        case EVENT_FINISH:
            /* Its worker may have gone on by the time it returns. */
            svc__heap_remove(&sim->heap, node);
            finish(sim, (struct worker *)(void *)e, now);
            break;
        default:
            change(sim, now);
            break;
        }
    }
    measure_end(sim->m, sim->m->to);
}

/* ---- beginning and end -------------------------------------------------- */

static void make_servers(struct sim *sim)
{
    const size_t count = sim->settings->servers;
    const int64_t every = sim->scenario->replace;

    sim->server_count =
        count + (every != 0 ? (size_t)(sim->m->to / every) + 1 : 0);
    sim->servers = must(calloc(sim->server_count, sizeof(*sim->servers)));
    sim->members = must(calloc(count, sizeof(*sim->members)));
    for (size_t i = 0; i < sim->server_count; i++) {
        server_init(&sim->servers[i], scenario_fault(sim->scenario, i, count),
                    sim->settings->workers);
        sim->servers[i].joined = i < count ? 0 : INT64_MAX;
        sim->servers[i].left = INT64_MAX;
    }
    for (size_t i = 0; i < count; i++)
        sim->members[i] = i;
    sim->next = count;
}

/* Requests that all servers can do in a nanosecond. */
static double capacity(const struct sim *sim)
{
    double speed = 0.0;

    for (size_t i = 0; i < sim->settings->servers; i++)
        speed +=
            sim->scenario->is_loaded ? fault_speed(sim->servers[i].fault) : 1.0;
    return speed * sim->settings->workers / sim->mean;
}

static void make_clients(struct sim *sim)
{
    const size_t count = sim->settings->clients;
    struct svc__rng seeds;

    svc__rng_seed(&seeds, sim->settings->seed);
    svc__rng_seed(&sim->rng, svc__rng_next(&seeds));
    sim->gap = (double)count / (sim->settings->load * capacity(sim));
    sim->clients = must(calloc(count, sizeof(*sim->clients)));
    for (size_t i = 0; i < count; i++) {
        client_init(&sim->clients[i], &seeds, sim->server_count);
        plan_arrival(sim, &sim->clients[i], 0);
    }
}

/* The largest rate of picks of a server over the mean one. */
static double share_max(const struct sim *sim)
{
    const struct measure *m = sim->m;
    double picks = 0.0;
    double time = 0.0;
    double most = 0.0;

    for (size_t i = 0; i < sim->server_count; i++) {
        const struct server *s = &sim->servers[i];
        const int64_t from = s->joined > m->from ? s->joined : m->from;
        const int64_t to = s->left < m->to ? s->left : m->to;
        const double seconds = (double)(to - from) / (double)NS_PER_S;

        if (to <= from)
            continue;
        picks += (double)s->picks;
        time += seconds;
        if (seconds >= SHORTEST && (double)s->picks / seconds > most)
            most = (double)s->picks / seconds;
    }
    return picks > 0.0 ? most * time / picks : 0.0;
}

static void sim_fini(struct sim *sim)
{
    for (size_t i = 0; i < sim->settings->clients; i++)
        client_fini(&sim->clients[i]);
    for (size_t i = 0; i < sim->server_count; i++)
        server_fini(&sim->servers[i]);
    while (sim->chunks != NULL) {
        struct chunk *next = sim->chunks->next;

        free(sim->chunks);
        sim->chunks = next;
    }
    svc_endpoints_unref(sim->set);
    free(sim->members);
    free(sim->servers);
    free(sim->clients);
}

void sim_run(const struct settings *settings, const struct scenario *scenario,
             const struct peer *peer, struct measure *ret)
{
    const double warm_up = settings->warm_up * (double)NS_PER_S;
    const double seconds = settings->seconds * (double)NS_PER_S;
    struct sim sim = {.settings = settings,
                      .scenario = scenario,
                      .peer = peer,
                      .m = ret,
                      .mean = settings->mean_ms * (double)NS_PER_MS};

    svc__heap_init(&sim.heap);
    event_init(&sim.change, EVENT_CHANGE);
    measure_begin(ret, settings->servers, (int64_t)warm_up,
                  (int64_t)(warm_up + seconds));
    make_servers(&sim);
    make_clients(&sim);
    publish(&sim);
    plan_change(&sim, 0);
    run(&sim);
    ret->share_max = share_max(&sim);
    sim_fini(&sim);
}
