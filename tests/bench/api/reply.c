/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the parts.
 */
#include "reply.h"

#include "../dns/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PARTS_AT_ONCE 64

struct reply *reply_new(int fd)
{
    struct reply *r = calloc(1, sizeof(*r));
    int on = 1;

    client_must(r != NULL, "allocating");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    r->fd = fd;
    return r;
}

void reply_free(struct reply *r)
{
    close(r->fd);
    free(r->parts);
    free(r);
}

void reply_add(struct reply *r, const void *bytes, size_t size)
{
    struct iovec *last = r->count > 0 ? &r->parts[r->count - 1] : NULL;

    if (last != NULL &&
        (const char *)last->iov_base + last->iov_len == (const char *)bytes) {
        last->iov_len += size;
        return;
    }
    if (r->count == r->capacity) {
        r->capacity = r->capacity * 2 + 16;
        r->parts = realloc(r->parts, r->capacity * sizeof(*r->parts));
        client_must(r->parts != NULL, "allocating");
    }
    memcpy(&r->parts[r->count].iov_base, &bytes, sizeof(bytes));
    r->parts[r->count++].iov_len = size;
}

void reply_printf(struct reply *r, const char *format, ...)
{
    size_t left = sizeof(r->text) - r->text_size;
    va_list args;
    int size;

    va_start(args, format);
    size = vsnprintf(r->text + r->text_size, left, format, args);
    va_end(args);
    client_must(size >= 0 && (size_t)size < left, "writing an answer");
    reply_add(r, r->text + r->text_size, (size_t)size);
    r->text_size += (size_t)size;
}

static void add_place(struct reply *r, const struct world_text *text, size_t i)
{
    reply_add(r, text->text.data + text->places[i].offset,
              text->places[i].size);
}

void reply_add_slice(struct reply *r, const struct world *w, size_t slice)
{
    if (r->service == REPLY_ALL || r->service == world_service_of(w, slice))
        add_place(r, &w->slices[WORLD_MODIFIED], slice);
}

void reply_add_all(struct reply *r, const struct world *w, enum world_form form)
{
    const struct world_text *text =
        r->is_slices ? &w->slices[form] : &w->services[form];
    size_t step = r->service == REPLY_ALL ? 1 : w->settings.services;
    size_t count = r->is_slices ? w->settings.slices : w->settings.services;
    size_t i = r->service == REPLY_ALL ? 0 : r->service;
    size_t first = r->count;

    for (; i < count; i += step)
        add_place(r, text, i);
    /* The comma of the first one. */
    if (form == WORLD_ITEM && r->count > first) {
        r->parts[first].iov_base = (char *)r->parts[first].iov_base + 1;
        r->parts[first].iov_len--;
    }
}

void reply_begin(struct reply *r)
{
    r->count = 0;
    r->at = 0;
    r->text_size = 0;
    reply_add(r, "", 0); /* the header's place */
}

void reply_end(struct reply *r, int status)
{
    size_t size = 0;

    for (size_t i = 1; i < r->count; i++)
        size += r->parts[i].iov_len;
    /* Written behind what was added, and sent before it. */
    reply_add(r, "", 0);
    reply_printf(r,
                 "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
                 "Content-Length: %zu\r\n\r\n",
                 status, status < 300 ? "OK" : "No", size);
    r->parts[0] = r->parts[--r->count];
}

/* Takes what was sent from the front. */
static void pass(struct reply *r, size_t sent)
{
    while (r->at < r->count && sent >= r->parts[r->at].iov_len)
        sent -= r->parts[r->at++].iov_len;
    if (sent > 0) {
        r->parts[r->at].iov_base = (char *)r->parts[r->at].iov_base + sent;
        r->parts[r->at].iov_len -= sent;
    }
}

int reply_send(struct reply *r, uint64_t *ret_sent)
{
    while (r->at < r->count) {
        struct msghdr message = {.msg_iov = r->parts + r->at,
                                 .msg_iovlen = r->count - r->at};
        ssize_t sent;

        if (message.msg_iovlen > PARTS_AT_ONCE)
            message.msg_iovlen = PARTS_AT_ONCE;
        sent = sendmsg(r->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN ? 0 : -1;
        *ret_sent += (uint64_t)sent;
        pass(r, (size_t)sent);
    }
    r->count = 0;
    r->at = 0;
    r->text_size = 0;
    return 1;
}
