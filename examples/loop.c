/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows a name in a program's own loop of epoll: the library makes no thread,
 * and works only while svc_resolver_dispatch is called. Prints each set that is
 * new, until standard input (a terminal or a pipe) ends.
 *
 *     loop examples/manifests svc-nginx.dev:http
 *     loop dns:10.96.0.10 svc-nginx.dev:http
 *
 * The same for other loops: loop_uv.c, loop_event.c, loop_glib.c.
 */
#include <stdio.h>
#include <string.h>
#include <svc/svc.h>
#include <sys/epoll.h>
#include <unistd.h>

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

/* The loop: one descriptor, one time-out, one dispatch. */
static int run(svc_resolver *r, svc_watch *w)
{
    struct epoll_event of_library = {.events = EPOLLIN, .data.fd = -1};
    struct epoll_event of_input = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
    struct epoll_event ready;
    int fd = epoll_create1(EPOLL_CLOEXEC);
    int err = 0;
    char byte;

    if (fd < 0 ||
        epoll_ctl(fd, EPOLL_CTL_ADD, svc_resolver_fd(r), &of_library) < 0 ||
        epoll_ctl(fd, EPOLL_CTL_ADD, STDIN_FILENO, &of_input) < 0) {
        perror("epoll");
        err = SVC_ESTATE;
    }
    while (err == 0) {
        int count = epoll_wait(fd, &ready, 1, svc_resolver_timeout_ms(r));

        if (count == 1 && ready.data.fd == STDIN_FILENO) {
            if (read(STDIN_FILENO, &byte, 1) <= 0)
                break;
        } else {
            err = svc_resolver_dispatch(r, 0);
            print_news(w);
        }
    }
    if (fd >= 0)
        close(fd);
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
