/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsvc, by its public interface.
 *
 *     sync NAMESPACE thread|external SERVICES
 *     follow FIRST COUNT VERSION SERVICES   events go to so many Services
 *     storm FIRST COUNT SERVICE             the last event goes to this one
 *     wait
 *     resolver thread|external              none opened
 *     sum, memory, switches
 *     calls NAMESPACE COUNT PATH            system calls, up to COUNT events
 *                                           that a request for PATH causes
 */
#include "../bench.h"
#include "../dns/client.h"
#include "events.h"
#include "fetch.h"
#include "opened.h"
#include "process.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct state {
    struct opened opened;
    struct events *events;
    size_t first; /* Services that are followed */
    size_t count;
    pthread_t thread;
    char namespace_[64];
};

static struct state state;

static void tell_endpoints(void)
{
    uint64_t sum;
    size_t count = opened_endpoints(&state.opened, &sum);

    client_tell("endpoints", (double)count);
    client_tell_sum(sum);
}

static void init(const char *namespace_, const char *loop)
{
    client_must(state.opened.r == NULL &&
                    strlen(namespace_) < sizeof(state.namespace_),
                "beginning");
    strcpy(state.namespace_, namespace_);
    opened_init(&state.opened, state.namespace_, loop);
}

static void run_sync(const char *const words[CLIENT_WORDS_MAX])
{
    struct client_clock clock;
    size_t base;
    size_t now;
    size_t peak;

    init(words[1], words[2]);
    process_memory(&base, &peak);
    client_start(&clock);
    opened_open(&state.opened, client_number(words[3]));
    client_stop(&clock);
    process_memory(&now, &peak);
    client_tell_clock(&clock, 1);
    client_tell("base", (double)base);
    client_tell("rss", (double)now);
    client_tell("peak", (double)peak);
    tell_endpoints();
}

static void run_resolver(const char *const words[CLIENT_WORDS_MAX])
{
    init("default", words[1]);
}

static void *follow(void *arg)
{
    (void)arg;
    opened_follow(&state.opened, state.first, state.count, state.events);
    return NULL;
}

static void expect(const char *const words[CLIENT_WORDS_MAX])
{
    events_free(state.events);
    state.events = events_new(client_number(words[1]), client_number(words[2]));
}

static void begin(size_t first, size_t count)
{
    state.first = first;
    state.count = count;
    client_must(pthread_create(&state.thread, NULL, follow, NULL) == 0,
                "a thread");
}

static void run_follow(const char *const words[CLIENT_WORDS_MAX])
{
    expect(words);
    events_watch(state.events, state.namespace_, words[3]);
    begin(0, client_number(words[4]));
}

static void run_storm(const char *const words[CLIENT_WORDS_MAX])
{
    expect(words);
    begin(client_number(words[3]), 1);
}

static void run_wait(const char *const words[CLIENT_WORDS_MAX])
{
    (void)words;
    pthread_join(state.thread, NULL);
    events_wait(state.events);
}

static void run_sum(const char *const words[CLIENT_WORDS_MAX])
{
    (void)words;
    tell_endpoints();
}

/* ---- system calls ------------------------------------------------------- */

struct calls {
    const char *namespace_;
    size_t count;
    const char *path;
};

static int ignore(void *arg, const char *bytes, size_t size)
{
    (void)arg;
    (void)bytes;
    (void)size;
    return 0;
}

static void follow_few(void *arg)
{
    const struct calls *c = arg;
    struct opened o;
    struct events *e = events_new(0, c->count);

    opened_init(&o, c->namespace_, "external");
    opened_open(&o, 1);
    fetch(c->path, ignore, NULL);
    opened_follow(&o, 0, 1, e);
    events_free(e);
    opened_fini(&o);
}

static void run_calls(const char *const words[CLIENT_WORDS_MAX])
{
    struct calls c = {words[1], client_number(words[2]), words[3]};

    client_tell("calls", (double)syscalls_of(follow_few, &c));
}

int main(int argc, char **argv)
{
    static const struct client_command commands[] = {
        {"sync", run_sync},
        {"resolver", run_resolver},
        {"follow", run_follow},
        {"storm", run_storm},
        {"wait", run_wait},
        {"sum", run_sum},
        {"memory", process_tell_memory},
        {"switches", process_tell_switches},
        {"calls", run_calls},
        {NULL, NULL},
    };

    return client_main(argc, argv, commands);
}
