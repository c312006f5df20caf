/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the sockets of a test's places.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "places.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t loopback(int family, struct sockaddr_storage *ret)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT};

    memset(ret, 0, sizeof(*ret));
    if (family == AF_INET) {
        memcpy(ret, &in, sizeof(in));
        return sizeof(in);
    }
    memcpy(ret, &in6, sizeof(in6));
    return sizeof(in6);
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in6 own; /* the port lies where that of IPv4 does */
    socklen_t size = sizeof(own);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &size), 0);
    return ntohs(own.sin6_port);
}

/* One connection is one more than a backlog of 0 has room for; it counts once
 * the kernel has put it into the queue. */
static int fill_queue(int listener)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    struct tcp_info info = {0};
    int fd;

    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size),
                     0);
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
    while (info.tcpi_unacked == 0) {
        size = sizeof(info);
        assert_int_equal(
            getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
        (void)sched_yield();
    }
    return fd;
}

uint16_t places_add(struct places *p, int family, enum place_kind kind)
{
    struct sockaddr_storage address;
    socklen_t size = loopback(family, &address);
    struct place *place = &p->place[p->count];

    assert_true(p->count < PLACES_MAX);
    place->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (place->fd < 0 ||
        bind(place->fd, (struct sockaddr *)&address, size) != 0)
        skip();
    p->count++;
    place->family = family;
    place->port = port_of(place->fd);
    place->filler = -1;
    if (kind != PLACE_REFUSES)
        assert_int_equal(listen(place->fd, kind == PLACE_SILENT ? 0 : 16), 0);
    if (kind == PLACE_SILENT)
        place->filler = fill_queue(place->fd);
    return place->port;
}

void places_close(struct places *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        close(p->place[i].fd);
        if (p->place[i].filler >= 0)
            close(p->place[i].filler);
    }
}

void places_accept(const struct places *p, uint16_t port)
{
    for (unsigned i = 0; i < p->count; i++) {
        struct pollfd fd = {.fd = p->place[i].fd, .events = POLLIN};

        if (p->place[i].port != port)
            continue;
        assert_int_equal(poll(&fd, 1, 5000), 1);
        assert_int_equal(close(accept(fd.fd, NULL, NULL)), 0);
        return;
    }
    fail_msg("no place has port %d", port);
}

static const char service[] = "apiVersion: v1\n"
                              "kind: Service\n"
                              "metadata: {name: web, namespace: dev}\n"
                              "spec:\n"
                              "  type: ClusterIP\n"
                              "  clusterIPs: [10.96.0.1, 'fd00::1']\n"
                              "  clusterIP: 10.96.0.1\n"
                              "  ipFamilies: [IPv4, IPv6]\n"
                              "  ipFamilyPolicy: PreferDualStack\n"
                              "  ports:\n"
                              "  - {name: http, port: 80, targetPort: http}\n"
                              "  - {name: dns, port: 53, protocol: UDP}\n"
                              "---\n"
                              "apiVersion: v1\n"
                              "kind: Service\n"
                              "metadata: {name: bare, namespace: dev}\n"
                              "spec: {type: ClusterIP, clusterIP: None}\n"
                              "---\n"
                              "apiVersion: discovery.k8s.io/v1\n"
                              "kind: EndpointSlice\n"
                              "metadata:\n"
                              "  name: bare-1\n"
                              "  namespace: dev\n"
                              "  labels: {kubernetes.io/service-name: bare}\n"
                              "addressType: IPv4\n"
                              "endpoints:\n"
                              "- {addresses: [127.0.0.1]}\n";

static const char slice[] = "---\n"
                            "apiVersion: discovery.k8s.io/v1\n"
                            "kind: EndpointSlice\n"
                            "metadata:\n"
                            "  name: web-%u\n"
                            "  namespace: dev\n"
                            "  labels: {kubernetes.io/service-name: web}\n"
                            "addressType: %s\n"
                            "ports:\n"
                            "- {name: http, port: %d}\n"
                            "- {name: dns, port: 53, protocol: UDP}\n"
                            "endpoints:\n"
                            "- {addresses: ['%s']}\n";

char *places_manifest(const struct places *p)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    fputs(service, out);
    for (unsigned i = 0; i < p->count; i++)
        fprintf(out, slice, i, p->place[i].family == AF_INET ? "IPv4" : "IPv6",
                p->place[i].port,
                p->place[i].family == AF_INET ? "127.0.0.1" : "::1");
    assert_int_equal(fclose(out), 0);
    return text;
}

svc_resolver *places_resolver(const struct places *p, int external_loop)
{
    static const char *const allow[] = {"loopback", NULL};
    svc_resolver_options o = SVC_RESOLVER_OPTIONS_INIT;
    char *manifest = places_manifest(p);
    svc_resolver *r = NULL;
    svc_error error;

    o.namespace_ = "dev";
    o.manifest = manifest;
    o.manifest_size = strlen(manifest);
    o.allow = allow;
    o.external_loop = external_loop;
    if (svc_resolver_new(&o, &r, &error) != 0)
        fail_msg("%s", error.message);
    free(manifest);
    return r;
}
