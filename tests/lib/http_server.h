/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server on 127.0.0.1 that says what a test tells it to say, byte by byte,
 * and a client of the library beside it in the same thread: whatever waits here
 * runs rounds of the client's loop meanwhile, so nothing sleeps, and "late" is
 * an order of calls. Knows of HTTP where a request ends.
 */
#ifndef TESTS_LIB_HTTP_SERVER_H
#define TESTS_LIB_HTTP_SERVER_H

#include "io/loop.h"

#include <stddef.h>
#include <stdint.h>

/* No test waits for longer: one that does has failed. */
#define HTTP_SERVER_MS 20000

#define HTTP_SERVER_REQUEST_MAX 65536

struct http_server {
    struct svc__loop *loop; /* the client's */
    int listener;
    uint16_t port;
    int accepted; /* connections so far */
    int peer;     /* the last one, or -1 */
    size_t size;  /* of the request that was read last */
    char request[HTTP_SERVER_REQUEST_MAX + 1];
};

/* A free port is chosen. Close closes the last connection too. */
void http_server_open(struct http_server *s, struct svc__loop *loop);
void http_server_close(struct http_server *s);

/* Runs one round of the loop that does not wait long. */
void http_server_round(struct http_server *s);
/* Runs rounds until *flag is not 0. */
void http_server_until(struct http_server *s, const int *flag);

/* Takes a new connection, which becomes the peer; what was the peer before is
 * left to the caller. */
void http_server_accept(struct http_server *s);
/* Whether somebody waits to be accepted. */
int http_server_has_caller(struct http_server *s);

/* Reads one whole request, with a body as long as its Content-Length says, into
 * request, with a NUL behind it. */
void http_server_read(struct http_server *s);

/* Sends bytes; the text form up to its NUL. The peer may have gone: 0 then. */
int http_server_send(struct http_server *s, const void *bytes, size_t size);
int http_server_say(struct http_server *s, const char *text);

/* Ends the connection: in order, or with a reset. */
void http_server_hang_up(struct http_server *s);
void http_server_reset(struct http_server *s);
/* Whether the client closed the connection; waits for it. */
void http_server_gone(struct http_server *s);

#endif
