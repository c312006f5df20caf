/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a scripted DNS server, for dns_server.c and dns_send.c alone.
 * The lock protects all of it but a script's run. Only the thread closes
 * descriptors: it would read from a stranger's if a number were used again
 * meanwhile.
 */
#ifndef TESTS_LIB_DNS_SERVER_INSIDE_H
#define TESTS_LIB_DNS_SERVER_INSIDE_H

#include "dns_server.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_CONNECTIONS 64

enum ending {
    STAYS,
    CLOSES,
    RESETS
};

struct connection {
    int fd; /* -1: none */
    enum ending ending;
    unsigned number;
    size_t size;
    uint8_t in[2 + DNS_QUERY_MAX];
};

struct held {
    struct held *next;
    struct dns_query query;
};

struct dns_server {
    pthread_mutex_t lock;
    pthread_cond_t came;
    pthread_t thread;
    int stop;
    int wake;
    int udp;      /* -1: refused */
    int listener; /* -1: refused */
    int refuse_udp;
    int refuse_tcp;
    pthread_cond_t changed; /* udp or listener */
    uint16_t port;
    unsigned queries;
    unsigned connections;
    struct connection connection[DNS_CONNECTIONS];
    dns_script script;
    void *arg;
    unsigned held;
    struct held *first;
    struct held **last;
};

/* Makes the thread look again at what it was asked for. */
void dns_server_wake(struct dns_server *s);

/* A socket on a port of 127.0.0.1 (0: any), or -1. */
int dns_server_port_open(int type, uint16_t port);

#endif
