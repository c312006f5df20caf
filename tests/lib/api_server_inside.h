/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a scripted HTTP server, for api_server.c and api_send.c alone.
 * The lock protects all of it but a script's run. Only the thread closes
 * descriptors: it would read from a stranger's if a number were used again
 * meanwhile.
 */
#ifndef TESTS_LIB_API_SERVER_INSIDE_H
#define TESTS_LIB_API_SERVER_INSIDE_H

#include "api_server.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define API_CONNECTIONS 256

enum api_ending {
    API_STAYS,
    API_CLOSES,
    API_RESETS
};

struct api_connection {
    int fd; /* -1: none */
    enum api_ending ending;
    unsigned number;
    size_t size; /* of in */
    char in[2 * API_HEAD_MAX];
    char *out; /* what waits to be sent */
    size_t out_size;
    size_t out_at;
    size_t limit; /* so many bytes more; SIZE_MAX: any */
};

struct api_server {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* the listener */
    pthread_t thread;
    int stop;
    int wake;
    int listener; /* -1: refused */
    int refuse;
    uint16_t port;
    unsigned connections;
    struct api_connection connection[API_CONNECTIONS];
    api_script script;
    void *arg;
    struct api_request **requests;
    unsigned count;
};

/* Makes the thread look again at what it was asked for. */
void api_server_wake(struct api_server *s);

/* Sends of what waits as much as may be. Locked. */
void api_connection_flush(struct api_connection *c);

#endif
