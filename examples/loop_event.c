/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows a name in a loop of libevent, in which one event waits for both, the
 * descriptor and the time-out. Otherwise as loop.c: prints each set that is
 * new, until standard input (a terminal or a pipe) ends.
 *
 *     loop_event examples/manifests svc-nginx.dev:http
 *     loop_event dns:10.96.0.10 svc-nginx.dev:http
 */
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <svc/svc.h>
#include <unistd.h>

struct follower {
    svc_resolver *r;
    svc_watch *w;
    struct event_base *base;
    struct event *ours;
    struct event *input;
    int err; /* of the dispatch that ended the loop */
};

static void print_set(const svc_endpoints *eps)
{
    svc_endpoint_info ep = SVC_ENDPOINT_INFO_INIT;

    printf("%zu usable:", svc_endpoints_count(eps));
    for (size_t i = 0; i < svc_endpoints_count(eps); i++) {
        if (svc_endpoint_describe(svc_endpoints_at(eps, i), &ep) == 0)
            printf(" %s port %d", ep.address, ep.port);
    }
    putchar('\n');
    fflush(stdout);
}

/* What the last dispatch brought, if anything. Trouble of the source is no
 * reason to end: the set stays as good as it was. */
static void print_news(svc_watch *w)
{
    svc_endpoints *eps = NULL;
    svc_error error = {0};
    int err = svc_watch_next(w, 0, &eps, &error);

    if (err == 0)
        print_set(eps);
    else if (err != SVC_EAGAIN)
        fprintf(stderr, "%s\n%s\n", error.message, error.hint);
    svc_endpoints_unref(eps);
}

/* The event fires once; it is armed anew, with a new time-out, each time. */
static void arm(struct follower *f)
{
    int ms = svc_resolver_timeout_ms(f->r);
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    event_add(f->ours, ms < 0 ? NULL : &wait);
}

static void on_library(evutil_socket_t fd, short what, void *arg)
{
    struct follower *f = arg;

    (void)fd;
    (void)what;
    f->err = svc_resolver_dispatch(f->r, 0);
    if (f->err != 0)
        event_base_loopbreak(f->base);
    print_news(f->w);
    arm(f);
}

static void on_input(evutil_socket_t fd, short what, void *arg)
{
    char byte;

    (void)what;
    if (read(fd, &byte, 1) <= 0)
        event_base_loopbreak(arg);
}

static int run(svc_resolver *r, svc_watch *w)
{
    struct follower f = {.r = r, .w = w, .base = event_base_new()};
    int err = SVC_ENOMEM;

    if (!f.base)
        return err;
    f.ours = event_new(f.base, svc_resolver_fd(r), EV_READ, on_library, &f);
    f.input =
        event_new(f.base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, f.base);
    if (f.ours && f.input && event_add(f.input, NULL) == 0) {
        arm(&f);
        err = event_base_dispatch(f.base);
        if (err == 0)
            err = f.err;
    } else {
        fprintf(stderr, "libevent cannot wait for standard input\n");
    }
    if (f.input)
        event_free(f.input);
    if (f.ours)
        event_free(f.ours);
    event_base_free(f.base);
    return err;
}

int main(int argc, char **argv)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    const char *source[] = {NULL, NULL};
    svc_resolver *r = NULL;
    svc_service *s = NULL;
    svc_watch *w = NULL;
    svc_error error = {0};
    int err;

    if (argc != 3) {
        fprintf(stderr, "usage: %s PATH|dns:SERVER NAME\n", argv[0]);
        return 2;
    }
    source[0] = argv[1];
    if (strncmp(argv[1], "dns:", 4) == 0) {
        source[0] += 4;
        options.dns_servers = source;
    } else {
        options.files = source;
    }
    options.external_loop = 1;
    err = svc_resolver_new(&options, &r, &error);
    if (err == 0)
        err = svc_service_new(r, argv[2], NULL, &s, &error);
    if (err == 0)
        err = svc_watch_new(s, &w);
    if (err == 0)
        err = run(r, w);
    else
        fprintf(stderr, "%s\n%s\n", error.message, error.hint);
    svc_watch_free(w);
    svc_service_free(s);
    svc_resolver_free(r);
    return err != 0;
}
