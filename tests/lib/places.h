/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places on loopback to connect to, good and bad, and a manifest whose Service
 * "web" in namespace "dev" has them as endpoints, port "http"; its port "dns"
 * is one of UDP, and a second Service "bare" has no ports.
 */
#ifndef SVC_TESTS_LIB_PLACES_H
#define SVC_TESTS_LIB_PLACES_H

#include <stdint.h>
#include <svc/svc.h>

#define PLACES_MAX 10

/* What becomes of who connects. */
enum place_kind {
    PLACE_LISTENS, /* is connected */
    PLACE_REFUSES, /* nobody listens, and nobody else can */
    PLACE_SILENT   /* a listener whose queue is full: no answer */
};

struct place {
    int fd;
    int filler; /* the connection that fills the queue, or -1 */
    int family; /* AF_INET, AF_INET6 */
    uint16_t port;
};

struct places {
    struct place place[PLACES_MAX];
    unsigned count;
};

/* Adds a place on 127.0.0.1 or ::1; returns its port. The test is skipped where
 * there is no such address. */
uint16_t places_add(struct places *p, int family, enum place_kind kind);
void places_close(struct places *p);

/* Takes the connection that waits at a port, and closes it. The test fails when
 * there is none. */
void places_accept(const struct places *p, uint16_t port);

/* YAML, owned (free): a slice for each place. */
char *places_manifest(const struct places *p);

/* A resolver on that manifest which lets loopback through. */
svc_resolver *places_resolver(const struct places *p, int external_loop);

#endif
