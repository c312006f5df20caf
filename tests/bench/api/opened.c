/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the waiting, as a program does it that has a loop of its own: an epoll
 * with the watches in it, and with the resolver where nobody else drives it.
 */
#include "opened.h"

#include "../dns/client.h"
#include "world.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define WAIT_MS   300000
#define AT_ONCE   64
#define NAME_SIZE 128

static void must(int err, const svc_error *error, const char *what)
{
    if (err == 0)
        return;
    fprintf(stderr, "%s: %s: %s %s\n", what, svc_err_name(err), error->message,
            error->hint);
    exit(1);
}

void opened_init(struct opened *o, const char *namespace_, const char *loop)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    svc_error error;

    memset(o, 0, sizeof(*o));
    o->namespace_ = namespace_;
    o->is_external = strcmp(loop, "external") == 0;
    options.kubeconfig = getenv("KUBECONFIG");
    options.external_loop = o->is_external;
    must(svc_resolver_new(&options, &o->r, &error), &error, "a resolver");
}

void opened_open(struct opened *o, size_t count)
{
    char name[NAME_SIZE];
    svc_error error;

    o->services = calloc(count, sizeof(svc_service *));
    client_must(o->services != NULL, "allocating");
    for (; o->count < count; o->count++) {
        (void)snprintf(name, sizeof(name),
                       WORLD_NAME_FORMAT ".%s:http?view=pods", o->count,
                       o->namespace_);
        must(svc_service_new(o->r, name, NULL, &o->services[o->count], &error),
             &error, name);
    }
    for (size_t i = 0; i < count; i++)
        must(svc_service_wait(o->services[i], WAIT_MS, &error), &error,
             "waiting");
}

void opened_fini(struct opened *o)
{
    for (size_t i = 0; i < o->count; i++)
        svc_service_free(o->services[i]);
    free(o->services);
    svc_resolver_free(o->r);
    memset(o, 0, sizeof(*o));
}

size_t opened_endpoints(const struct opened *o, uint64_t *ret_sum)
{
    struct sockaddr_storage address;
    size_t count = 0;

    *ret_sum = 0;
    for (size_t i = 0; i < o->count; i++) {
        svc_endpoints *eps = svc_service_endpoints(o->services[i]);

        client_must(eps != NULL, "a set");
        for (size_t k = 0; k < svc_endpoints_total(eps); k++, count++) {
            svc_endpoint_sockaddr(svc_endpoints_at(eps, k), &address);
            *ret_sum += events_sum((struct sockaddr *)&address);
        }
        svc_endpoints_unref(eps);
    }
    return count;
}

/* ---- following ---------------------------------------------------------- */

struct follow {
    struct opened *o;
    svc_watch **watches;
    size_t count;
    int epoll;
};

static void await(struct follow *f, int fd, size_t what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = what};

    client_must(epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll");
}

static void begin(struct follow *f, size_t first)
{
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->watches = calloc(f->count, sizeof(svc_watch *));
    client_must(f->epoll >= 0 && f->watches != NULL, "an epoll");
    for (size_t i = 0; i < f->count; i++) {
        client_must(svc_watch_new(f->o->services[first + i], &f->watches[i]) ==
                        0,
                    "a watch");
        await(f, svc_watch_fd(f->watches[i]), i);
    }
    if (f->o->is_external)
        await(f, svc_resolver_fd(f->o->r), f->count);
}

/* Addresses that events bring are behind all others, the newest last. */
static void look(struct follow *f, size_t i, struct events *e)
{
    struct sockaddr_storage address;
    struct sockaddr_in in;
    svc_endpoints *eps;

    if (svc_watch_next(f->watches[i], 0, &eps, NULL) != 0)
        return;
    if (svc_endpoints_count(eps) > 0) {
        svc_endpoint_sockaddr(
            svc_endpoints_at(eps, svc_endpoints_count(eps) - 1), &address);
        memcpy(&in, &address, sizeof(in));
        events_shown(e, events_of(in.sin_addr), f->o->count == 1);
    }
    svc_endpoints_unref(eps);
}

static void turn(struct follow *f, struct events *e)
{
    struct epoll_event events[AT_ONCE];
    int timeout = f->o->is_external ? svc_resolver_timeout_ms(f->o->r) : -1;
    int count = epoll_wait(f->epoll, events, AT_ONCE, timeout);

    if (count <= 0 && f->o->is_external)
        (void)svc_resolver_dispatch(f->o->r, 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 == f->count)
            (void)svc_resolver_dispatch(f->o->r, 0);
        else
            look(f, events[i].data.u64, e);
    }
}

void opened_follow(struct opened *o, size_t first, size_t count,
                   struct events *e)
{
    struct follow f = {.o = o, .count = count};

    client_must(first + count <= o->count, "following");
    begin(&f, first);
    while (!events_is_done(e))
        turn(&f, e);
    for (size_t i = 0; i < count; i++)
        svc_watch_free(f.watches[i]);
    free(f.watches);
    close(f.epoll);
}
