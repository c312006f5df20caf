/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c-ares by itself, as a careful caller would use it: one channel that stays
 * open, its descriptors in one poll, a bounded number of queries on their way,
 * the next one asked from the callback of the last. Compiled once for each
 * version of c-ares that is compared.
 *
 * cold COUNT WINDOW ipv4|any query|addrinfo [edns]: names looked up, each once
 * burst COUNT ipv4|any SECONDS: all at once, as far as they come in that time
 * single COUNT: one at a time
 * cached COUNT NAMES ipv4|any sort|nosort: of names that c-ares knows
 * calls COUNT WINDOW: system calls
 */
#include "../bench.h"
#include "client.h"

#include <ares.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOCKETS_MAX 32

struct talk {
    ares_channel channel;
    struct pollfd fds[SOCKETS_MAX];
    nfds_t fd_count;
    size_t next; /* name to be asked */
    size_t count;
    size_t window;
    size_t out; /* queries on their way */
    size_t done;
    size_t failed;
    uint64_t sum;
    int family; /* AF_INET or AF_UNSPEC */
    int by_addrinfo;
    int is_asking;
};

/* ---- a channel ------------------------------------------------------------
 */

static void on_socket(void *data, ares_socket_t fd, int readable, int writable)
{
    struct talk *s = data;
    nfds_t i = 0;

    while (i < s->fd_count && s->fds[i].fd != fd)
        i++;
    if (!readable && !writable) {
        if (i < s->fd_count)
            s->fds[i] = s->fds[--s->fd_count];
        return;
    }
    client_must(i < SOCKETS_MAX, "remembering a socket");
    s->fds[i].fd = fd;
    s->fds[i].events =
        (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    if (i == s->fd_count)
        s->fd_count++;
}

static void talk_init(struct talk *s, const char *family, int edns, int cache)
{
    struct ares_options options;
    char server[CLIENT_NAME_SIZE];
    int mask = ARES_OPT_FLAGS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS;

    memset(s, 0, sizeof(*s));
    memset(&options, 0, sizeof(options));
    options.flags = ARES_FLAG_STAYOPEN | ARES_FLAG_NOSEARCH;
    if (edns)
        options.flags |= ARES_FLAG_EDNS;
    options.sock_state_cb = on_socket;
    options.sock_state_cb_data = s;
    options.lookups = (char *)(uintptr_t) "b";
#ifdef ARES_OPT_QUERY_CACHE
    mask |= ARES_OPT_QUERY_CACHE;
    options.qcache_max_ttl = cache ? 3600 : 0;
#else
    (void)cache;
#endif
    s->family = strcmp(family, "ipv4") == 0 ? AF_INET : AF_UNSPEC;
    client_must(ares_init_options(&s->channel, &options, mask) == ARES_SUCCESS,
                "ares_init_options");
    (void)snprintf(server, sizeof(server), "%s:%s", client_server, client_port);
    client_must(ares_set_servers_ports_csv(s->channel, server) == ARES_SUCCESS,
                "ares_set_servers_ports_csv");
}

/* Waits for sockets and lets c-ares work, once. */
static void serve(struct talk *s)
{
    struct pollfd ready[SOCKETS_MAX];
    nfds_t count = s->fd_count;

    memcpy(ready, s->fds, count * sizeof(ready[0]));
    if (poll(ready, count, 20) <= 0) {
        ares_process_fd(s->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        return;
    }
    for (nfds_t i = 0; i < count; i++) {
        if (ready[i].revents != 0)
            ares_process_fd(
                s->channel,
                ready[i].revents & ~POLLOUT ? ready[i].fd : ARES_SOCKET_BAD,
                ready[i].revents & POLLOUT ? ready[i].fd : ARES_SOCKET_BAD);
    }
}

/* ---- one name -------------------------------------------------------------
 */

static void ask_more(struct talk *s);

static void finish(struct talk *s, size_t queries, int good)
{
    s->out -= queries;
    s->done += queries;
    if (!good)
        s->failed++;
    ask_more(s);
}

static void on_a(void *arg, int status, int timeouts, unsigned char *answer,
                 int size)
{
    struct talk *s = arg;
    struct ares_addrttl found[4];
    int count = 4;

    (void)timeouts;
    if (status == ARES_SUCCESS)
        status = ares_parse_a_reply(answer, size, NULL, found, &count);
    if (status == ARES_SUCCESS && count == 1)
        s->sum += client_sum(AF_INET, &found[0].ipaddr);
    finish(s, 1, status == ARES_SUCCESS && count == 1);
}

static void on_aaaa(void *arg, int status, int timeouts, unsigned char *answer,
                    int size)
{
    struct talk *s = arg;
    struct ares_addr6ttl found[4];
    int count = 4;

    (void)timeouts;
    if (status == ARES_SUCCESS)
        status = ares_parse_aaaa_reply(answer, size, NULL, found, &count);
    if (status == ARES_SUCCESS && count == 1)
        s->sum += client_sum(AF_INET6, &found[0].ip6addr);
    finish(s, 1, status == ARES_SUCCESS && count == 1);
}

static uint64_t sum_of(const struct ares_addrinfo *info)
{
    uint64_t sum = 0;

    for (const struct ares_addrinfo_node *n = info->nodes; n != NULL;
         n = n->ai_next) {
        const void *address = n->ai_addr;

        sum +=
            n->ai_family == AF_INET
                ? client_sum(AF_INET,
                             &((const struct sockaddr_in *)address)->sin_addr)
                : client_sum(
                      AF_INET6,
                      &((const struct sockaddr_in6 *)address)->sin6_addr);
    }
    return sum;
}

static void on_info(void *arg, int status, int timeouts,
                    struct ares_addrinfo *info)
{
    struct talk *s = arg;

    (void)timeouts;
    if (status == ARES_SUCCESS)
        s->sum += sum_of(info);
    ares_freeaddrinfo(info);
    finish(s, s->family == AF_UNSPEC ? 2 : 1, status == ARES_SUCCESS);
}

static void ask_info(struct talk *s, const char *name, int sort)
{
    struct ares_addrinfo_hints hints;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = s->family;
    hints.ai_flags = sort ? 0 : ARES_AI_NOSORT;
    ares_getaddrinfo(s->channel, name, NULL, &hints, on_info, s);
}

static void ask(struct talk *s, size_t i)
{
    char name[CLIENT_NAME_SIZE];

    client_name('h', i, CLIENT_DOMAIN, name);
    s->out += s->family == AF_UNSPEC ? 2 : 1;
    if (s->by_addrinfo) {
        ask_info(s, name, 0);
        return;
    }
    ares_query(s->channel, name, 1, 1, on_a, s);
    if (s->family == AF_UNSPEC)
        ares_query(s->channel, name, 1, 28, on_aaaa, s);
}

static void ask_more(struct talk *s)
{
    if (s->is_asking)
        return;
    s->is_asking = 1;
    while (s->next < s->count && s->out < s->window)
        ask(s, s->next++);
    s->is_asking = 0;
}

static void look_up(struct talk *s, size_t count, size_t window)
{
    s->next = 0;
    s->count = count;
    s->window = window;
    ask_more(s);
    while (s->out > 0)
        serve(s);
}

/* One name, so that the socket is there; it leaves no trace in the sums. */
static void warm_up(struct talk *s)
{
    look_up(s, 1, 1);
    client_must(s->failed == 0, "a first lookup");
    s->done = 0;
    s->sum = 0;
}

/* ---- commands -------------------------------------------------------------
 */

static void run_cold(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    struct client_clock clock;
    struct talk s;

    talk_init(&s, words[3], strcmp(words[5], "edns") == 0, 0);
    s.by_addrinfo = strcmp(words[4], "addrinfo") == 0;
    warm_up(&s);
    client_start(&clock);
    look_up(&s, count, client_number(words[2]));
    client_stop(&clock);
    client_tell_clock(&clock, count);
    client_tell("failed", (double)s.failed);
    client_tell_sum(s.sum);
    ares_destroy(s.channel);
}

static void run_burst(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    double end;
    struct client_clock clock;
    struct talk s;

    talk_init(&s, words[2], 0, 0);
    warm_up(&s);
    client_start(&clock);
    end = clock.wall + (double)client_number(words[3]);
    s.count = count;
    s.window = SIZE_MAX;
    s.next = 0;
    ask_more(&s);
    while (s.out > 0 && client_seconds() < end)
        serve(&s);
    client_stop(&clock);
    client_tell_clock(&clock, count);
    client_tell("failed", (double)s.failed + (double)s.out);
    client_tell_sum(s.sum);
    ares_destroy(s.channel);
}

static void run_single(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    double *times = calloc(count, sizeof(*times));
    struct talk s;

    client_must(times != NULL, "allocating");
    talk_init(&s, "ipv4", 0, 0);
    warm_up(&s);
    for (size_t i = 0; i < count; i++) {
        times[i] = client_seconds();
        s.next = i;
        s.count = i + 1;
        ask_more(&s);
        while (s.out > 0)
            serve(&s);
        times[i] = client_seconds() - times[i];
    }
    client_tell("failed", (double)s.failed);
    client_tell_times(times, count);
    free(times);
    ares_destroy(s.channel);
}

static void run_cached(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    size_t names = client_number(words[2]);
    int sort = strcmp(words[4], "sort") == 0;
    char(*texts)[CLIENT_NAME_SIZE] = calloc(names, sizeof(*texts));
    uint64_t state = 1;
    struct client_clock clock;
    struct talk s;

    client_must(texts != NULL, "allocating");
    talk_init(&s, words[3], 0, 1);
    s.by_addrinfo = 1;
    for (size_t i = 0; i < names; i++)
        client_name('h', i, CLIENT_DOMAIN, texts[i]);
    look_up(&s, names, 64);
    client_must(s.failed == 0, "filling the cache");
    s.count = 0;
    s.done = 0;
    client_start(&clock);
    for (size_t i = 0; i < count; i++) {
        s.out += s.family == AF_UNSPEC ? 2 : 1;
        ask_info(&s, texts[client_random(&state, names)], sort);
        client_must(s.out == 0, "answering from the cache");
    }
    client_stop(&clock);
    client_tell_clock(&clock, count);
    client_tell("failed", (double)s.failed);
    ares_destroy(s.channel);
    free(texts);
}

struct calls {
    size_t count;
    size_t window;
};

static void cold_once(void *arg)
{
    const struct calls *c = arg;
    struct talk s;

    talk_init(&s, "ipv4", 0, 0);
    look_up(&s, c->count, c->window);
    ares_destroy(s.channel);
}

static void run_calls(const char *const words[CLIENT_WORDS_MAX])
{
    struct calls c = {client_number(words[1]), client_number(words[2])};
    struct calls none = {1, 1};

    long calls = syscalls_of(cold_once, &c);
    long before = syscalls_of(cold_once, &none);

    client_tell("calls",
                calls < 0 || before < 0 ? -1 : (double)(calls - before));
    client_tell("operations", (double)(c.count - 1));
}

static void run_version(const char *const words[CLIENT_WORDS_MAX])
{
    (void)words;
    client_tell_text("version", ares_version(NULL));
}

int main(int argc, char **argv)
{
    static const struct client_command commands[] = {{"cold", run_cold},
                                                     {"burst", run_burst},
                                                     {"single", run_single},
                                                     {"cached", run_cached},
                                                     {"calls", run_calls},
                                                     {"version", run_version},
                                                     {NULL, NULL}};
    int err;

    client_must(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS,
                "ares_library_init");
    err = client_main(argc, argv, commands);
    ares_library_cleanup();
    return err;
}
