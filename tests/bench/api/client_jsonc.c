/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client that one writes in C at first: libcurl into a buffer, json-c's
 * tree of it, and a walk through the tree. And the same bytes fetched and
 * thrown away.
 *
 *     fetch NAMESPACE               the floor of sync: a list, and
 *     stream NAMESPACE              the first events of a watch
 *     sync NAMESPACE
 *     storm FIRST COUNT NAMESPACE   a plain watch from now on
 *     wait
 *     memory, switches
 */
#include "../dns/client.h"
#include "events.h"
#include "fetch.h"
#include "process.h"

#include <arpa/inet.h>
#include <json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_FORMAT "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices%s"
#define PATH_SIZE   256
#define TAIL_SIZE   ((size_t)1024)

struct text {
    char *data;
    size_t size;
    size_t capacity;
};

struct found {
    struct in_addr address;
    uint16_t port;
};

/* What stays: as long as the program lives. */
struct state {
    struct json_object *tree;
    struct found *endpoints;
    size_t count;
    size_t capacity;
    char version[64];
    struct text line;
    struct events *events;
    char path[PATH_SIZE];
};

static struct state state;

/* ---- a tree ------------------------------------------------------------- */

static struct json_object *get(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, key, &value);
    return value;
}

static size_t count_of(struct json_object *array)
{
    return array == NULL ? 0 : json_object_array_length(array);
}

static void add(const char *address, int port)
{
    struct found *f;

    if (state.count == state.capacity) {
        state.capacity = state.capacity * 2 + 64;
        state.endpoints = realloc(state.endpoints, state.capacity * sizeof(*f));
        client_must(state.endpoints != NULL, "allocating");
    }
    f = &state.endpoints[state.count++];
    client_must(inet_pton(AF_INET, address, &f->address) == 1, "an address");
    f->port = (uint16_t)port;
}

static const char *address_of(struct json_object *endpoint)
{
    return json_object_get_string(
        json_object_array_get_idx(get(endpoint, "addresses"), 0));
}

static void take_slice(struct json_object *slice)
{
    struct json_object *endpoints = get(slice, "endpoints");
    struct json_object *ports = get(slice, "ports");

    for (size_t i = 0; i < count_of(ports); i++)
        for (size_t k = 0; k < count_of(endpoints); k++)
            add(address_of(json_object_array_get_idx(endpoints, k)),
                json_object_get_int(
                    get(json_object_array_get_idx(ports, i), "port")));
}

static struct json_object *parse(const char *text, size_t size)
{
    struct json_tokener *tok = json_tokener_new();
    struct json_object *tree = json_tokener_parse_ex(tok, text, (int)size);

    client_must(tree != NULL, "json-c");
    json_tokener_free(tok);
    return tree;
}

/* ---- list --------------------------------------------------------------- */

static int keep(void *arg, const char *bytes, size_t size)
{
    struct text *t = arg;

    if (t->size + size > t->capacity) {
        t->capacity = (t->size + size) * 2;
        t->data = realloc(t->data, t->capacity);
        client_must(t->data != NULL, "allocating");
    }
    memcpy(t->data + t->size, bytes, size);
    t->size += size;
    return 0;
}

static int throw_away(void *arg, const char *bytes, size_t size)
{
    size_t *sum = arg;

    (void)bytes;
    *sum += size;
    return 0;
}

/* The last bytes that came, in which the end of the first events is. */
struct stream {
    size_t sum;
    size_t size;
    char tail[2 * TAIL_SIZE + 1];
};

static int until_bookmark(void *arg, const char *bytes, size_t size)
{
    struct stream *s = arg;
    size_t more = size < TAIL_SIZE ? size : TAIL_SIZE;

    s->sum += size;
    memcpy(s->tail + s->size, bytes + size - more, more);
    s->size += more;
    s->tail[s->size] = '\0';
    if (strstr(s->tail, "initial-events-end") != NULL)
        return 1;
    if (s->size > TAIL_SIZE) {
        memmove(s->tail, s->tail + s->size - TAIL_SIZE, TAIL_SIZE);
        s->size = TAIL_SIZE;
    }
    return 0;
}

static void run_fetch(const char *const words[CLIENT_WORDS_MAX])
{
    struct client_clock clock;
    char path[PATH_SIZE];
    size_t bytes = 0;

    (void)snprintf(path, sizeof(path), PATH_FORMAT, words[1], "");
    client_start(&clock);
    fetch(path, throw_away, &bytes);
    client_stop(&clock);
    client_tell_clock(&clock, bytes);
}

static void run_stream(const char *const words[CLIENT_WORDS_MAX])
{
    static struct stream stream;
    struct client_clock clock;
    char path[PATH_SIZE];

    memset(&stream, 0, sizeof(stream));
    (void)snprintf(path, sizeof(path), PATH_FORMAT, words[1],
                   "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true"
                   "&resourceVersionMatch=NotOlderThan");
    client_start(&clock);
    fetch(path, until_bookmark, &stream);
    client_stop(&clock);
    client_tell_clock(&clock, stream.sum);
}

static void list(const char *namespace_)
{
    struct text body = {NULL, 0, 0};
    struct json_object *items;
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), PATH_FORMAT, namespace_, "");
    fetch(path, keep, &body);
    state.tree = parse(body.data, body.size);
    free(body.data);
    items = get(state.tree, "items");
    for (size_t i = 0; i < count_of(items); i++)
        take_slice(json_object_array_get_idx(items, i));
    (void)snprintf(state.version, sizeof(state.version), "%s",
                   json_object_get_string(
                       get(get(state.tree, "metadata"), "resourceVersion")));
}

static void tell_endpoints(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    uint64_t sum = 0;

    for (size_t i = 0; i < state.count; i++) {
        address.sin_addr = state.endpoints[i].address;
        address.sin_port = htons(state.endpoints[i].port);
        sum += events_sum((struct sockaddr *)&address);
    }
    client_tell_sum(sum);
}

static void run_sync(const char *const words[CLIENT_WORDS_MAX])
{
    struct client_clock clock;
    size_t base;
    size_t now;
    size_t peak;

    process_memory(&base, &peak);
    client_start(&clock);
    list(words[1]);
    client_stop(&clock);
    process_memory(&now, &peak);
    client_tell_clock(&clock, state.count);
    client_tell("base", (double)base);
    client_tell("rss", (double)now);
    client_tell("peak", (double)peak);
    tell_endpoints();
}

/* ---- watch -------------------------------------------------------------- */

static void take_event(const char *text, size_t size)
{
    struct json_object *tree = parse(text, size);
    struct json_object *slice = get(tree, "object");
    struct in_addr address;

    state.count = 0;
    take_slice(slice);
    if (state.count > 0) {
        address = state.endpoints[0].address;
        events_shown(state.events, events_of(address), 0);
    }
    json_object_put(tree);
}

static int take_lines(void *arg, const char *bytes, size_t size)
{
    char *start = state.line.data;
    char *end;

    (void)arg;
    keep(&state.line, bytes, size);
    start = state.line.data;
    while (
        (end = memchr(start, '\n',
                      state.line.size - (size_t)(start - state.line.data)))) {
        take_event(start, (size_t)(end - start));
        start = end + 1;
    }
    state.line.size -= (size_t)(start - state.line.data);
    memmove(state.line.data, start, state.line.size);
    return events_is_done(state.events);
}

static void *watch(void *arg)
{
    (void)arg;
    fetch(state.path, take_lines, NULL);
    return NULL;
}

static void run_storm(const char *const words[CLIENT_WORDS_MAX])
{
    char query[128];
    pthread_t thread;

    events_free(state.events);
    state.events = events_new(client_number(words[1]), client_number(words[2]));
    (void)snprintf(query, sizeof(query), "?watch=1&resourceVersion=%s",
                   state.version);
    (void)snprintf(state.path, sizeof(state.path), PATH_FORMAT, words[3],
                   query);
    client_must(pthread_create(&thread, NULL, watch, NULL) == 0, "a thread");
    pthread_detach(thread);
}

static void run_wait(const char *const words[CLIENT_WORDS_MAX])
{
    (void)words;
    events_wait(state.events);
}

int main(int argc, char **argv)
{
    static const struct client_command commands[] = {
        {"fetch", run_fetch},
        {"stream", run_stream},
        {"sync", run_sync},
        {"storm", run_storm},
        {"wait", run_wait},
        {"memory", process_tell_memory},
        {"switches", process_tell_switches},
        {NULL, NULL},
    };

    return client_main(argc, argv, commands);
}
