/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1.1 server on 127.0.0.1, without TLS, that says what a test tells it
 * to say, octet by octet. It has a thread of its own, knows of HTTP where a
 * request ends, and uses nothing of the library. api_world.h makes it an API
 * server.
 *
 * A script is called on the server's thread with each request and answers at
 * once, or does not: every request is kept, and the test answers it whenever it
 * likes from its own thread. So "late" is an order of calls, and nothing has
 * to sleep.
 */
#ifndef TESTS_LIB_API_SERVER_H
#define TESTS_LIB_API_SERVER_H

#include <stddef.h>
#include <stdint.h>

/* No test waits for longer: one that does has failed. */
#define API_SERVER_MS 20000

#define API_HEAD_MAX 8192

struct api_server;

/* A request as it came. May be copied, and be answered as long as its server
 * lives. */
struct api_request {
    struct api_server *server;
    unsigned number;         /* from 0, in the order of coming */
    unsigned connection;     /* from 1 */
    int64_t at_ms;           /* of api_server_clock_ms */
    char line[2048];         /* "GET /api/v1/nodes?watch=1", escapes undone */
    char head[API_HEAD_MAX]; /* all of it, as it came */
};

/* On the server's thread. q is borrowed until return: copy what is kept. */
typedef void (*api_script)(void *arg, const struct api_request *q);

/* Owned. A free port of 127.0.0.1 is chosen. */
struct api_server *api_server_new(api_script script, void *arg);
void api_server_free(struct api_server *s);

/* Another script (NULL: none) for the requests that come from now on. */
void api_server_set(struct api_server *s, api_script script, void *arg);

uint16_t api_server_port(const struct api_server *s);

/* Milliseconds of a clock that only rises. */
int64_t api_server_clock_ms(void);

/* Requests that came so far; those whose line has this text. */
unsigned api_server_count(struct api_server *s);
unsigned api_server_asked(struct api_server *s, const char *text);
/* The n-th (from 0) of those with this text, which must have come. */
void api_server_get(struct api_server *s, const char *text, unsigned n,
                    struct api_request *ret);

/* Connections that came so far. */
unsigned api_server_connections(struct api_server *s);

/* From now on (0: no more) connections are refused, those there are stay. Not
 * from a script. */
void api_server_refuse(struct api_server *s, int refuse);

/* Ends all connections, orderly or with a reset. */
void api_server_drop(struct api_server *s, int reset);

/* What follows answers a request, on any thread; what cannot be sent any more
 * is dropped. It never waits: what the peer does not take is kept, however
 * much it is. */

/* Bytes as they are, in a segment of their own where nothing waits before
 * them. */
void api_send(const struct api_request *q, const void *data, size_t size);

/* The same in text, as printf. */
void api_print(const struct api_request *q, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A whole response; headers (more of them) are lines with CRLF each, or "".
 * The content is JSON unless they say what it is. */
void api_answer(const struct api_request *q, int status, const char *headers,
                const char *body);

/* The head of a 200 whose content comes in chunks; a chunk; the end. */
void api_begin(const struct api_request *q);
void api_chunk(const struct api_request *q, const void *data, size_t size);
void api_end(const struct api_request *q);

/* Ends the connection when all before it was sent, orderly or with a reset. */
void api_close(const struct api_request *q);
void api_reset(const struct api_request *q);

/* After so many more bytes the connection ends: what follows is dropped. */
void api_limit(const struct api_request *q, size_t size);

/* Whether the connection is still there, and what was not sent yet. */
int api_is_open(const struct api_request *q);
size_t api_unsent(const struct api_request *q);

#endif
