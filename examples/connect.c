/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connects to a service, sends a request over HTTP, and tells the balancer how
 * it went. An endpoint that refuses or is silent costs no failed request:
 * another one is connected to instead.
 *
 *     connect svc-nginx.dev:http
 *     connect 127.0.0.1:8080
 */
#include <stdio.h>
#include <string.h>
#include <svc/svc.h>
#include <sys/socket.h>
#include <unistd.h>

/* Prints the first line of the answer. Returns how it went. */
static int send_request(int fd)
{
    static const char request[] = "HEAD / HTTP/1.0\r\n\r\n";
    char answer[512];
    ssize_t size;

    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        return SVC_OUTCOME_ERROR;
    size = recv(fd, answer, sizeof(answer) - 1, 0);
    if (size <= 0)
        return SVC_OUTCOME_ERROR;
    answer[size] = '\0';
    printf("%.*s\n", (int)strcspn(answer, "\r\n"), answer);
    return SVC_OUTCOME_OK;
}

/* 0, or the code of what failed, with its story in error. */
static int connect_once(svc_service *s, svc_error *error)
{
    svc_pick_options options = SVC_PICK_OPTIONS_INIT;
    svc_pick pick;
    int fd;

    options.track = 1;
    fd = svc_service_connect(s, &options, 5000, &pick, error);
    if (fd < 0)
        return fd;
    svc_pick_done(&pick, send_request(fd));
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    svc_service_options options = SVC_SERVICE_OPTIONS_INIT;
    svc_resolver *r = NULL;
    svc_service *s = NULL;
    svc_error error = {0};
    int err;

    if (argc != 2) {
        fprintf(stderr, "usage: %s NAME\n", argv[0]);
        return 2;
    }
    options.track = 1;
    err = svc_resolver_new(NULL, &r, &error);
    if (err == 0)
        err = svc_service_new(r, argv[1], &options, &s, &error);
    if (err == 0)
        err = connect_once(s, &error);
    if (err != 0)
        fprintf(stderr, "%s\n%s\n", error.message, error.hint);
    svc_service_free(s);
    svc_resolver_free(r);
    return err != 0;
}
