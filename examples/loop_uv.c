/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows a name in a loop of libuv, which needs a poll handle and a timer for
 * it. Otherwise as loop.c: prints each set that is new, until standard input (a
 * terminal or a pipe) ends.
 *
 *     loop_uv examples/manifests svc-nginx.dev:http
 *     loop_uv dns:10.96.0.10 svc-nginx.dev:http
 */
#include <stdio.h>
#include <string.h>
#include <svc/svc.h>
#include <unistd.h>
#include <uv.h>

struct follower {
    svc_resolver *r;
    svc_watch *w;
    uv_poll_t ours;
    uv_timer_t timer;
    uv_poll_t input;
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

static void on_time(uv_timer_t *timer);

/* The time-out is asked for again after each dispatch. */
static void arm(struct follower *f)
{
    int ms = svc_resolver_timeout_ms(f->r);

    if (ms < 0)
        uv_timer_stop(&f->timer);
    else
        uv_timer_start(&f->timer, on_time, (uint64_t)ms, 0);
}

static void step(struct follower *f)
{
    int err = svc_resolver_dispatch(f->r, 0);

    print_news(f->w);
    arm(f);
    if (err != 0) {
        f->err = err;
        uv_stop(f->timer.loop);
    }
}

static void on_time(uv_timer_t *timer)
{
    step(timer->data);
}

static void on_library(uv_poll_t *library, int status, int events)
{
    (void)status;
    (void)events;
    step(library->data);
}

static void on_input(uv_poll_t *input, int status, int events)
{
    char byte;

    (void)events;
    if (status < 0 || read(STDIN_FILENO, &byte, 1) <= 0)
        uv_stop(input->loop);
}

static void close_one(uv_handle_t *handle, void *arg)
{
    (void)arg;
    uv_close(handle, NULL);
}

static int run(svc_resolver *r, svc_watch *w)
{
    struct follower f = {.r = r, .w = w};
    uv_loop_t loop;
    int err = uv_loop_init(&loop);

    if (err != 0)
        return err;
    f.ours.data = f.timer.data = &f;
    uv_timer_init(&loop, &f.timer);
    err = uv_poll_init(&loop, &f.ours, svc_resolver_fd(r));
    if (err == 0)
        err = uv_poll_init(&loop, &f.input, STDIN_FILENO);
    if (err == 0) {
        uv_poll_start(&f.ours, UV_READABLE, on_library);
        uv_poll_start(&f.input, UV_READABLE, on_input);
        arm(&f);
        uv_run(&loop, UV_RUN_DEFAULT);
        err = f.err;
    } else {
        fprintf(stderr, "%s\n", uv_strerror(err));
    }
    uv_walk(&loop, close_one, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
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
