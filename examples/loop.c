/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the library in the program's own event loop: it makes no thread, and
 * works only while svc_resolver_dispatch is called.
 *
 *     loop examples/manifests svc-nginx.dev:http
 */
#include <poll.h>
#include <stdio.h>
#include <svc/svc.h>

/* Waits until there is something to do, and does it. A real loop polls its own
 * descriptors in the same call. */
static int run_once(svc_resolver *r)
{
    struct pollfd fd = {.fd = svc_resolver_fd(r), .events = POLLIN};

    if (poll(&fd, 1, svc_resolver_timeout_ms(r)) < 0)
        return SVC_ESTATE;
    return svc_resolver_dispatch(r, 0);
}

/* An answer may be that nothing is usable; its set then says why. */
static int print_answer(const svc_endpoints *eps)
{
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;
    int err = svc_endpoints_describe(eps, &info);

    printf("%zu usable of %zu\n", svc_endpoints_count(eps),
           svc_endpoints_total(eps));
    if (err == 0 && info.code != 0) {
        fprintf(stderr, "%s\n", info.message ? info.message : "");
        err = info.code;
    }
    return err;
}

/* Runs until the service has an answer, or its source is in trouble. */
static int run(svc_resolver *r, svc_service *s)
{
    svc_endpoints *eps;
    svc_error error = {0};
    int err = 0;
    int status;

    while ((status = svc_service_status(s, &error)) == SVC_EAGAIN && err == 0)
        err = run_once(r);
    eps = svc_service_endpoints(s);
    if (eps)
        err = print_answer(eps);
    else if (err != 0)
        fprintf(stderr, "%s\n", svc_err_text(err));
    else
        fprintf(stderr, "%s\n%s\n", error.message, error.hint);
    svc_endpoints_unref(eps);
    return err ? err : status;
}

int main(int argc, char **argv)
{
    svc_resolver_options options = SVC_RESOLVER_OPTIONS_INIT;
    const char *files[] = {NULL, NULL};
    svc_resolver *r = NULL;
    svc_service *s = NULL;
    svc_error error = {0};
    int err;

    if (argc != 3) {
        fprintf(stderr, "usage: %s PATH NAME\n", argv[0]);
        return 2;
    }
    files[0] = argv[1];
    options.files = files;
    options.external_loop = 1;
    err = svc_resolver_new(&options, &r, &error);
    if (err == 0)
        err = svc_service_new(r, argv[2], NULL, &s, &error);
    if (err == 0)
        err = run(r, s);
    else
        fprintf(stderr, "%s\n%s\n", error.message, error.hint);
    svc_service_free(s);
    svc_resolver_free(r);
    return err != 0;
}
