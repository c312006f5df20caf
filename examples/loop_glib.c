/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows a name in a main loop of GLib, as a source of its own kind: GLib asks
 * it for its time-out before it waits. Otherwise as loop.c: prints each set
 * that is new, until standard input (a terminal or a pipe) ends.
 *
 *     loop_glib examples/manifests svc-nginx.dev:http
 *     loop_glib dns:10.96.0.10 svc-nginx.dev:http
 */
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <svc/svc.h>
#include <unistd.h>

struct follower {
    GSource source; /* must be first */
    gpointer tag;   /* of the descriptor */
    svc_resolver *r;
    svc_watch *w;
    GMainLoop *loop;
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

static gboolean prepare(GSource *source, gint *timeout_ms)
{
    *timeout_ms = svc_resolver_timeout_ms(((struct follower *)source)->r);
    return *timeout_ms == 0;
}

static gboolean check(GSource *source)
{
    struct follower *f = (struct follower *)source;

    return g_source_query_unix_fd(source, f->tag) != 0 ||
           svc_resolver_timeout_ms(f->r) == 0;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer arg)
{
    struct follower *f = (struct follower *)source;

    (void)callback;
    (void)arg;
    f->err = svc_resolver_dispatch(f->r, 0);
    if (f->err != 0)
        g_main_loop_quit(f->loop);
    print_news(f->w);
    return G_SOURCE_CONTINUE;
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer loop)
{
    char byte;

    (void)condition;
    if (read(fd, &byte, 1) > 0)
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static int run(svc_resolver *r, svc_watch *w)
{
    static GSourceFuncs functions = {
        .prepare = prepare, .check = check, .dispatch = dispatch};
    GSource *source = g_source_new(&functions, sizeof(struct follower));
    struct follower *f = (struct follower *)source;
    int err;

    f->r = r;
    f->w = w;
    f->loop = g_main_loop_new(NULL, FALSE);
    f->tag = g_source_add_unix_fd(source, svc_resolver_fd(r), G_IO_IN);
    g_source_attach(source, NULL);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, f->loop);
    g_main_loop_run(f->loop);
    err = f->err;
    g_main_loop_unref(f->loop);
    g_source_destroy(source);
    g_source_unref(source);
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
