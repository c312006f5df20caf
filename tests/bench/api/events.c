/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the tables: the thread of the raw watch writes one part, who shows the
 * other.
 */
#include "events.h"

#include "../dns/client.h"
#include "process.h"
#include "raw.h"
#include "world.h"

#include <arpa/inet.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 32

struct events {
    size_t first;
    size_t count;
    uint64_t *sent;
    uint64_t *arrived;
    uint64_t *shown;
    size_t shown_to; /* with all: so many were marked */
    int has_raw;
    _Atomic int is_done;
    sem_t seen;
    sem_t came;
    struct client_clock clock;
};

struct events *events_new(size_t first, size_t count)
{
    struct events *e = calloc(1, sizeof(*e));

    client_must(e != NULL && count > 0, "allocating");
    e->first = first;
    e->count = count;
    e->sent = calloc(count, sizeof(*e->sent));
    e->arrived = calloc(count, sizeof(*e->arrived));
    e->shown = calloc(count, sizeof(*e->shown));
    client_must(e->sent != NULL && e->arrived != NULL && e->shown != NULL,
                "allocating");
    sem_init(&e->seen, 0, 0);
    sem_init(&e->came, 0, 0);
    client_start(&e->clock);
    return e;
}

void events_free(struct events *e)
{
    if (e == NULL)
        return;
    free(e->sent);
    free(e->arrived);
    free(e->shown);
    free(e);
}

size_t events_of(struct in_addr address)
{
    uint32_t a = ntohl(address.s_addr);
    size_t first = a >> 24;

    if (first < 11 || first > 18 || (a >> 16 & 255) < 100 ||
        (a >> 8 & 255) < 100 || (a & 255) < 100)
        return EVENTS_NONE;
    return (first - 11) * WORLD_ENDPOINTS + ((a >> 16 & 255) - 100) * 10000 +
           ((a >> 8 & 255) - 100) * 100 + (a & 255) - 100;
}

/* ---- what arrives ------------------------------------------------------- */

static const char *find(const char *text, const char *word)
{
    const char *found = strstr(text, word);

    return found == NULL ? NULL : found + strlen(word);
}

static size_t event_of_line(const char *line)
{
    const char *text = find(line, "\"addresses\":[\"");
    size_t size = text == NULL ? 0 : strcspn(text, "\"");
    char word[INET_ADDRSTRLEN] = "";
    struct in_addr address;

    if (size == 0 || size >= sizeof(word))
        return EVENTS_NONE;
    memcpy(word, text, size);
    return inet_pton(AF_INET, word, &address) == 1 ? events_of(address)
                                                   : EVENTS_NONE;
}

static int arrived(void *arg, const char *line, uint64_t now_ns)
{
    struct events *e = arg;
    size_t i = event_of_line(line) - e->first;
    const char *sent;

    if (i >= e->count)
        return 0;
    sent = find(line, "\"bench/sent\":\"");
    e->arrived[i] = now_ns;
    e->sent[i] = sent == NULL ? 0 : strtoull(sent, NULL, 10);
    if (i < e->count - 1)
        return 0;
    sem_post(&e->came);
    return 1;
}

void events_watch(struct events *e, const char *namespace_, const char *version)
{
    char path[256];

    (void)snprintf(path, sizeof(path),
                   "/apis/discovery.k8s.io/v1/namespaces/%s/endpointslices"
                   "?watch=1&resourceVersion=%s",
                   namespace_, version);
    e->has_raw = 1;
    raw_start(path, arrived, e);
}

/* ---- what is shown ------------------------------------------------------ */

void events_shown(struct events *e, size_t event, int all)
{
    size_t i = event - e->first;
    uint64_t now = process_ns();

    if (i >= e->count || e->shown[i] != 0)
        return;
    for (; all && e->shown_to < i; e->shown_to++)
        e->shown[e->shown_to] = now;
    e->shown[i] = now;
    if (i == e->count - 1) {
        e->is_done = 1;
        sem_post(&e->seen);
    }
}

int events_is_done(const struct events *e)
{
    return e->is_done;
}

static void tell(const struct events *e, const char *name,
                 const uint64_t *later, const uint64_t *earlier)
{
    double *times = calloc(e->count, sizeof(double));
    char text[4][NAME_SIZE];
    static const char *const ends[] = {"median", "p99", "least", "count"};
    double values[4];
    size_t count = 0;

    client_must(times != NULL, "allocating");
    for (size_t i = 0; i < e->count; i++)
        if (later[i] != 0 && earlier[i] != 0)
            times[count++] = ((double)later[i] - (double)earlier[i]) * 1e-9;
    if (count > 0) {
        client_sort(times, count);
        values[0] = times[count / 2];
        values[1] = times[count * 99 / 100];
        values[2] = times[0];
        values[3] = (double)count;
        for (int i = 0; i < 4; i++) {
            (void)snprintf(text[i], NAME_SIZE, "%s_%s", name, ends[i]);
            client_tell(text[i], values[i]);
        }
    }
    free(times);
}

static void wait_for(sem_t *sem)
{
    while (sem_wait(sem) != 0)
        continue;
}

void events_wait(struct events *e)
{
    wait_for(&e->seen);
    client_stop(&e->clock);
    if (e->has_raw)
        wait_for(&e->came);
    client_tell_clock(&e->clock, e->count);
    tell(e, "raw", e->arrived, e->sent);
    tell(e, "shown", e->shown, e->sent);
    tell(e, "added", e->shown, e->arrived);
}

uint64_t events_sum(const struct sockaddr *address)
{
    struct sockaddr_in6 copy;
    uint64_t sum;

    memcpy(&copy, address,
           address->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                         : sizeof(copy));
    sum = address->sa_family == AF_INET
              ? client_sum(AF_INET, (const char *)&copy +
                                        offsetof(struct sockaddr_in, sin_addr))
              : client_sum(AF_INET6, &copy.sin6_addr);
    return (sum ^ ntohs(copy.sin6_port)) * 0x100000001B3u;
}
