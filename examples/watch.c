/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows a service in a plain poll() loop, next to whatever else the program
 * waits for: here, that its standard input ends.
 *
 *     watch examples/manifests svc-nginx.dev:http
 */
#include <poll.h>
#include <stdio.h>
#include <svc/svc.h>
#include <unistd.h>

static void print_address(const char *what, const svc_endpoint *ep)
{
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

    if (svc_endpoint_describe(ep, &info) == 0)
        printf("%s %s port %d\n", what, info.address, info.port);
}

/* What changed from one set to the next; before is NULL at first. */
static void print_changes(const svc_endpoints *before,
                          const svc_endpoints *after)
{
    const svc_endpoint *old_ep;
    const svc_endpoint *new_ep;
    uint64_t cursor = 0;

    while (svc_endpoints_diff(before, after, &cursor, &old_ep, &new_ep)) {
        if (!old_ep)
            print_address("added", new_ep);
        else if (!new_ep)
            print_address("removed", old_ep);
        else
            print_address("changed", new_ep);
    }
    printf("%zu usable\n", svc_endpoints_count(after));
    fflush(stdout);
}

/* Takes what is new from the watch. The set before is given back, the new one
 * kept. Not 0 when the watch is at its end. */
static int take_news(svc_watch *w, svc_endpoints **set)
{
    svc_endpoints *eps = NULL;
    svc_error error = {0};
    int err = svc_watch_next(w, 0, &eps, &error);

    if (err == SVC_EAGAIN)
        return 0;
    if (err == SVC_ECLOSED || err == SVC_ESTATE)
        return err;
    if (err != 0) {
        /* The source is in trouble; the set stays as good as it was. */
        fprintf(stderr, "%s\n%s\n", error.message, error.hint);
        return 0;
    }
    print_changes(*set, eps);
    svc_endpoints_unref(*set);
    *set = eps;
    return 0;
}

static int follow(svc_watch *w)
{
    struct pollfd fds[] = {
        {.fd = svc_watch_fd(w), .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN},
    };
    svc_endpoints *set = NULL;
    char byte;
    int err = 0;

    while (err == 0 && poll(fds, 2, -1) >= 0) {
        if (fds[0].revents)
            err = take_news(w, &set);
        if (fds[1].revents && read(STDIN_FILENO, &byte, 1) <= 0)
            break;
    }
    svc_endpoints_unref(set);
    return err;
}

int main(int argc, char **argv)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    const char *files[] = {NULL, NULL};
    svc_resolver *r = NULL;
    svc_service *s = NULL;
    svc_watch *w = NULL;
    svc_error error = {0};
    int err;

    if (argc != 3) {
        fprintf(stderr, "usage: %s PATH NAME\n", argv[0]);
        return 2;
    }
    files[0] = argv[1];
    options.files = files;
    err = svc_resolver_new(&options, &r, &error);
    if (err == 0)
        err = svc_service_new(r, argv[2], NULL, &s, &error);
    if (err == 0)
        err = svc_watch_new(s, &w);
    if (err == 0)
        err = follow(w);
    if (err != 0)
        fprintf(stderr, "%s: %s\n", svc_err_text(err), error.message);
    svc_watch_free(w);
    svc_service_free(s);
    svc_resolver_free(r);
    return err != 0;
}
