/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens a service once and picks an endpoint for each request. A pick never
 * waits; the service follows its source by itself.
 *
 *     pick examples/manifests svc-nginx.dev:http
 */
#define _POSIX_C_SOURCE 200809L /* getnameinfo */

#include <netdb.h>
#include <stdio.h>
#include <svc/svc.h>

#define REQUESTS 6

/* Here a real client would connect(fd, address, pick->sockaddr_size). */
static void send_request(const svc_pick *pick)
{
    const struct sockaddr *address = svc_pick_sockaddr(pick);
    char host[SVC_ADDRESS_TEXT_SIZE];
    char port[6];

    if (getnameinfo(address, pick->sockaddr_size, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        printf("request to %s port %s\n", host, port);
}

static int send_requests(svc_service *s)
{
    for (int i = 0; i < REQUESTS; i++) {
        svc_pick pick;
        int err = svc_service_pick(s, NULL, &pick);

        if (err != 0) {
            fprintf(stderr, "pick: %s\n", svc_err_text(err));
            return err;
        }
        send_request(&pick);
    }
    return 0;
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
    err = svc_resolver_new(&options, &r, &error);
    if (err == 0)
        err = svc_service_new(r, argv[2], NULL, &s, &error);
    if (err == 0)
        err = svc_service_wait(s, 5000, &error);
    if (err == 0)
        err = send_requests(s);
    else
        fprintf(stderr, "%s\n%s\n", error.message, error.hint);
    svc_service_free(s);
    svc_resolver_free(r);
    return err != 0;
}
