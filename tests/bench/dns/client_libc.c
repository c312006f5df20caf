/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library's getaddrinfo, behind it nscd where it runs, and below it all a
 * plain packet to the server and back.
 *
 * cached COUNT NAMES ipv4|any KIND: names that nscd knows
 * round COUNT: a query by a blocking sendto, its answer by recvfrom
 */
#include "client.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- getaddrinfo ----------------------------------------------------------
 */

/* 1 when it was found. */
static int look_up(const char *name, int family, uint64_t *sum)
{
    struct addrinfo hints;
    struct addrinfo *found;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        return 0;
    *sum += found->ai_addrlen;
    freeaddrinfo(found);
    return 1;
}

static void run_cached(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    size_t names = client_number(words[2]);
    int family = strcmp(words[3], "ipv4") == 0 ? AF_INET : AF_UNSPEC;
    char(*texts)[CLIENT_NAME_SIZE] = calloc(names, sizeof(*texts));
    size_t good = 0;
    uint64_t sum = 0;
    uint64_t state = 1;
    struct client_clock clock;

    client_must(texts != NULL, "allocating");
    for (size_t i = 0; i < names; i++) {
        client_name(words[4][0], i, CLIENT_DOMAIN, texts[i]);
        (void)look_up(texts[i], family, &sum);
    }
    client_start(&clock);
    for (size_t i = 0; i < count; i++)
        good +=
            (size_t)look_up(texts[client_random(&state, names)], family, &sum);
    client_stop(&clock);
    client_tell_clock(&clock, count);
    client_tell("failed", (double)(words[4][0] == 'n' ? good : count - good));
    free(texts);
}

/* ---- a packet there and back ----------------------------------------------
 */

/* A query for the A records of a name, without compression; its bytes. */
static size_t write_query(unsigned char query[512], size_t i)
{
    static const unsigned char head[12] = {0, 0, 1, 0, 0, 1};
    static const unsigned char tail[5] = {0, 0, 1, 0, 1};
    char name[CLIENT_NAME_SIZE];
    size_t size = sizeof(head);
    char *rest = NULL;

    memcpy(query, head, sizeof(head));
    query[0] = (unsigned char)(i >> 8);
    query[1] = (unsigned char)i;
    client_name('h', i, CLIENT_DOMAIN, name);
    for (char *label = strtok_r(name, ".", &rest); label != NULL;
         label = strtok_r(NULL, ".", &rest)) {
        size_t length = strlen(label);

        query[size++] = (unsigned char)length;
        memcpy(query + size, label, length);
        size += length;
    }
    memcpy(query + size, tail, sizeof(tail));
    return size + sizeof(tail);
}

static int connect_server(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    client_must(fd >= 0 && inet_pton(AF_INET, client_server, &to.sin_addr) == 1,
                "a socket");
    to.sin_port = htons((uint16_t)client_number(client_port));
    client_must(connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0,
                "connect");
    return fd;
}

static void run_round(const char *const words[CLIENT_WORDS_MAX])
{
    size_t count = client_number(words[1]);
    double *times = calloc(count, sizeof(*times));
    unsigned char query[512];
    unsigned char answer[512];
    int fd = connect_server();

    client_must(times != NULL, "allocating");
    for (size_t i = 0; i < count; i++) {
        size_t size = write_query(query, i);

        times[i] = client_seconds();
        client_must(sendto(fd, query, size, 0, NULL, 0) == (ssize_t)size,
                    "sendto");
        client_must(recvfrom(fd, answer, sizeof(answer), 0, NULL, NULL) >=
                            (ssize_t)size &&
                        memcmp(query, answer, 2) == 0,
                    "recvfrom");
        times[i] = client_seconds() - times[i];
    }
    client_tell("failed", 0);
    client_tell_times(times, count);
    free(times);
    (void)close(fd);
}

int main(int argc, char **argv)
{
    static const struct client_command commands[] = {
        {"cached", run_cached}, {"round", run_round}, {NULL, NULL}};

    return client_main(argc, argv, commands);
}
