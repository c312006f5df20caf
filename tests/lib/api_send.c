/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What answers a request, on any thread. Owns nothing.
 */
#include "api_server_inside.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The connection of a request, or NULL; locked. */
static struct api_connection *find(const struct api_request *q)
{
    for (int i = 0; i < API_CONNECTIONS; i++) {
        struct api_connection *c = &q->server->connection[i];

        if (c->fd >= 0 && c->ending == API_STAYS && c->number == q->connection)
            return c;
    }
    return NULL;
}

void api_connection_flush(struct api_connection *c)
{
    while (c->fd >= 0 && c->out_at < c->out_size) {
        ssize_t n = send(c->fd, c->out + c->out_at, c->out_size - c->out_at,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0 && errno != EINTR)
            break; /* the peer has gone, which reading will tell */
        c->out_at += n < 0 ? 0 : (size_t)n;
    }
    free(c->out);
    c->out = NULL;
    c->out_size = 0;
    c->out_at = 0;
}

/* How much of so many bytes may go out; at the limit the connection ends. */
static size_t take_limit(struct api_connection *c, size_t size)
{
    if (c->limit == SIZE_MAX)
        return size;
    if (size < c->limit) {
        c->limit -= size;
        return size;
    }
    c->ending = API_CLOSES;
    return c->limit;
}

void api_limit(const struct api_request *q, size_t size)
{
    struct api_connection *c;

    pthread_mutex_lock(&q->server->lock);
    c = find(q);
    if (c != NULL)
        c->limit = size;
    pthread_mutex_unlock(&q->server->lock);
}

void api_send(const struct api_request *q, const void *data, size_t size)
{
    struct api_connection *c;

    if (size == 0)
        return;
    pthread_mutex_lock(&q->server->lock);
    c = find(q);
    if (c != NULL) {
        size = take_limit(c, size);
        c->out = realloc(c->out, c->out_size + size + 1);
        assert_non_null(c->out);
        memcpy(c->out + c->out_size, data, size);
        c->out_size += size;
        api_connection_flush(c);
        if (c->out != NULL || c->ending != API_STAYS)
            api_server_wake(q->server);
    }
    pthread_mutex_unlock(&q->server->lock);
}

void api_print(const struct api_request *q, const char *format, ...)
{
    va_list args;
    char *text;
    int size;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert_true(size >= 0);
    text = malloc((size_t)size + 1);
    assert_non_null(text);
    va_start(args, format);
    (void)vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    api_send(q, text, (size_t)size);
    free(text);
}

void api_answer(const struct api_request *q, int status, const char *headers,
                const char *body)
{
    const char *type = strstr(headers, "Content-Type:") == NULL
                           ? "Content-Type: application/json\r\n"
                           : "";

    api_print(q, "HTTP/1.1 %d Status\r\n%s%sContent-Length: %zu\r\n\r\n%s",
              status, type, headers, strlen(body), body);
}

void api_begin(const struct api_request *q)
{
    api_print(q, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n");
}

void api_chunk(const struct api_request *q, const void *data, size_t size)
{
    char *text;
    int head;

    if (size == 0)
        return;
    text = malloc(size + 32);
    assert_non_null(text);
    head = snprintf(text, 32, "%zx\r\n", size);
    memcpy(text + head, data, size);
    memcpy(text + head + size, "\r\n", 2);
    api_send(q, text, (size_t)head + size + 2);
    free(text);
}

void api_end(const struct api_request *q)
{
    api_print(q, "0\r\n\r\n");
}

static void end_connection(const struct api_request *q, enum api_ending ending)
{
    struct api_connection *c;

    pthread_mutex_lock(&q->server->lock);
    c = find(q);
    if (c != NULL)
        c->ending = ending;
    pthread_mutex_unlock(&q->server->lock);
    api_server_wake(q->server);
}

void api_close(const struct api_request *q)
{
    end_connection(q, API_CLOSES);
}

void api_reset(const struct api_request *q)
{
    end_connection(q, API_RESETS);
}

int api_is_open(const struct api_request *q)
{
    int is_open;

    pthread_mutex_lock(&q->server->lock);
    is_open = find(q) != NULL;
    pthread_mutex_unlock(&q->server->lock);
    return is_open;
}

size_t api_unsent(const struct api_request *q)
{
    const struct api_connection *c;
    size_t size;

    pthread_mutex_lock(&q->server->lock);
    c = find(q);
    size = c == NULL ? 0 : c->out_size - c->out_at;
    pthread_mutex_unlock(&q->server->lock);
    return size;
}
