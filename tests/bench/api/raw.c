/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the thread, and the cutting into lines. Chunks of HTTP begin and end
 * where the server writes, at ends of lines, so they are lines of their own.
 */
#include "raw.h"

#include "../dns/client.h"
#include "fetch.h"
#include "process.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_SIZE ((size_t)4 << 20)
#define PATH_SIZE   256

struct raw {
    char path[PATH_SIZE];
    raw_line_fn *line;
    void *arg;
    sem_t begun;
    size_t size;
    int is_begun;
    char buffer[BUFFER_SIZE];
};

/* 0: go on. */
static int take(void *arg, const char *bytes, size_t size)
{
    struct raw *r = arg;
    uint64_t now = process_ns();
    char *start = r->buffer;
    char *end;
    int enough = 0;

    client_must(size <= BUFFER_SIZE - r->size, "keeping a line");
    if (bytes != r->buffer + r->size)
        memcpy(r->buffer + r->size, bytes, size);
    r->size += size;
    if (!r->is_begun) {
        r->is_begun = 1;
        sem_post(&r->begun);
    }
    while (!enough &&
           (end = memchr(start, '\n', r->size - (size_t)(start - r->buffer)))) {
        *end = '\0';
        enough = r->line(r->arg, start, now);
        start = end + 1;
    }
    r->size -= (size_t)(start - r->buffer);
    memmove(r->buffer, start, r->size);
    return enough;
}

static void read_plain(struct raw *r)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ssize_t got;

    address.sin_port = htons((uint16_t)client_number(client_port));
    client_must(inet_pton(AF_INET, client_server, &address.sin_addr) == 1 &&
                    connect(fd, (struct sockaddr *)&address, sizeof(address)) ==
                        0,
                "connecting");
    client_must(dprintf(fd, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", r->path) > 0,
                "asking");
    do {
        got = read(fd, r->buffer + r->size, BUFFER_SIZE - r->size);
        client_must(got > 0, "reading a watch");
    } while (take(r, r->buffer + r->size, (size_t)got) == 0);
    close(fd);
}

static void *run(void *arg)
{
    struct raw *r = arg;

    if (fetch_is_plain())
        read_plain(r);
    else
        fetch(r->path, take, r);
    free(r);
    return NULL;
}

void raw_start(const char *path, raw_line_fn *line, void *arg)
{
    struct raw *r = malloc(sizeof(*r));
    struct timespec end;
    pthread_t thread;

    client_must(r != NULL && strlen(path) < PATH_SIZE, "allocating");
    memset(r, 0, offsetof(struct raw, buffer));
    strcpy(r->path, path);
    r->line = line;
    r->arg = arg;
    sem_init(&r->begun, 0, 0);
    client_must(pthread_create(&thread, NULL, run, r) == 0, "a thread");
    pthread_detach(thread);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec++;
    sem_timedwait(&r->begun, &end);
}
