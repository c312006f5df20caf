/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the server's sockets and its two threads: one throws by UDP, the other
 * is honest by TCP.
 */
#include "flood.h"

#include "base/rng.h"
#include "client.h"
#include "dns/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER      12
#define EDNS_SIZE   1232
#define POLL_MS     20
#define QUERY_LEAST (HEADER + 5)

/* ---- packets --------------------------------------------------------------
 */

void flood_query_make(struct flood_query *q)
{
    struct svc__wire_question question = {.type = SVC__WIRE_A};
    uint8_t case_bits[32];
    uint16_t id = 0;

    client_must(
        svc__rng_secret(case_bits, sizeof(case_bits)) == 0 &&
            svc__rng_secret(&id, sizeof(id)) == 0 &&
            svc__wire_name_parse("h00000." CLIENT_DOMAIN, &question.name) == 0,
        "making a query");
    q->size = svc__wire_query(&question, id, case_bits, EDNS_SIZE, q->bytes);
}

/* Where the question ends. */
static size_t question_end(const uint8_t *query, size_t size)
{
    size_t at = HEADER;

    while (at < size && query[at] != 0)
        at += query[at] + 1u;
    return at + 5;
}

/* Header, question, and one A record with that address. */
static size_t write_answer(const uint8_t *query, size_t size,
                           const char *address, uint8_t *ret)
{
    static const uint8_t record[12] = {0xC0, HEADER, 0,    1,    0, 1,
                                       0,    0,      0x0E, 0x10, 0, 4};
    size_t end = question_end(query, size);

    memcpy(ret, query, end);
    ret[2] = 0x81;
    ret[3] = 0x80;
    memset(ret + 6, 0, 6);
    ret[7] = 1;
    memcpy(ret + end, record, sizeof(record));
    client_must(inet_pton(AF_INET, address, ret + end + sizeof(record)) == 1,
                "reading an address");
    return end + sizeof(record) + 4;
}

size_t flood_answer(const uint8_t *query, size_t size, uint8_t *ret)
{
    return write_answer(query, size, FLOOD_TRUTH, ret);
}

/* A letter of the name, the number-th modulo their count; all labels here
 * begin with one. */
static uint8_t *letter_of(uint8_t *packet, size_t end, uint64_t number)
{
    size_t at = HEADER;
    size_t left = (size_t)(number % 5);

    while (left-- > 0 && at + packet[at] + 1u < end - 5)
        at += packet[at] + 1u;
    return packet + at + 1;
}

size_t flood_forge(const uint8_t *query, size_t size, uint64_t number,
                   uint8_t *ret)
{
    size_t whole = write_answer(query, size, FLOOD_LIE, ret);
    size_t end = question_end(query, size);
    uint64_t kind = number % 10;
    uint64_t rest = number / 10;

    if (kind == 0) { /* each of the other ids in turn */
        unsigned other = 1 + (unsigned)(rest % 65535);

        ret[0] ^= (uint8_t)(other >> 8);
        ret[1] ^= (uint8_t)other;
    } else if (kind == 1) {
        *letter_of(ret, end, rest) ^= 0x20;
    } else if (kind == 2) {
        *letter_of(ret, end, rest) ^= 0x04; /* h l, b f, s w, c g, l h */
    } else if (kind == 3) {
        ret[end - 3] ^= (uint8_t)(1 + rest % 255); /* type */
    } else if (kind == 4) {
        ret[end - 1] ^= (uint8_t)(1 + rest % 255); /* class */
    } else if (kind == 5) {
        ret[2] ^= 0x80; /* no response */
    } else if (kind == 6) {
        ret[2] ^= (uint8_t)((1 + rest % 15) << 3); /* opcode */
    } else if (kind == 7) {
        whole -= 1 + (size_t)(rest % (whole - 1)); /* cut */
    } else if (kind == 8) {
        size_t more = 1 + (size_t)(rest % 64);

        memset(ret + whole, 0, more);
        whole += more;
    } else {
        ret[end] = 0xFF; /* the record's owner points behind the end */
        ret[end + 1] = (uint8_t)(rest | 0x80);
    }
    return whole;
}

/* ---- the server -----------------------------------------------------------
 */

struct flood {
    int udp;
    int tcp;
    size_t count;
    char address[32];
    pthread_t threads[2];
    _Atomic size_t sent;
    _Atomic int stop;
};

static int wait_for(const struct flood *f, int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    while (!atomic_load(&f->stop)) {
        if (poll(&ready, 1, POLL_MS) > 0)
            return 1;
    }
    return 0;
}

static void throw_all(struct flood *f, const uint8_t *query, size_t size,
                      const struct sockaddr_in *to)
{
    const struct sockaddr *address = (const struct sockaddr *)to;
    uint8_t packet[FLOOD_PACKET_MAX];

    while (atomic_load(&f->sent) < f->count && !atomic_load(&f->stop)) {
        size_t forged = flood_forge(query, size, atomic_load(&f->sent), packet);

        (void)sendto(f->udp, packet, forged, 0, address, sizeof(*to));
        atomic_fetch_add(&f->sent, 1);
    }
    (void)sendto(f->udp, packet, flood_answer(query, size, packet), 0, address,
                 sizeof(*to));
}

static void *serve_udp(void *arg)
{
    struct flood *f = arg;
    uint8_t query[FLOOD_PACKET_MAX];

    while (wait_for(f, f->udp)) {
        struct sockaddr_in from;
        socklen_t from_size = sizeof(from);
        ssize_t size = recvfrom(f->udp, query, sizeof(query), 0,
                                (struct sockaddr *)&from, &from_size);

        if (size >= QUERY_LEAST)
            throw_all(f, query, (size_t)size, &from);
    }
    return NULL;
}

/* One query by TCP, which came in one piece as it does on loopback. */
static void serve_connection(const struct flood *f, int fd)
{
    uint8_t query[2 + FLOOD_PACKET_MAX];
    uint8_t answer[2 + FLOOD_PACKET_MAX];

    while (wait_for(f, fd)) {
        ssize_t size = recv(fd, query, sizeof(query), 0);
        size_t whole;

        if (size < 2 + QUERY_LEAST)
            return;
        whole = flood_answer(query + 2, (size_t)size - 2, answer + 2);
        answer[0] = (uint8_t)(whole >> 8);
        answer[1] = (uint8_t)whole;
        if (send(fd, answer, whole + 2, MSG_NOSIGNAL) < 0)
            return;
    }
}

static void *serve_tcp(void *arg)
{
    struct flood *f = arg;

    while (wait_for(f, f->tcp)) {
        int fd = accept(f->tcp, NULL, NULL);

        if (fd < 0)
            continue;
        serve_connection(f, fd);
        (void)close(fd);
    }
    return NULL;
}

/* By UDP at some port, and by TCP at the same one, if that is free. */
static int listen_once(struct flood *f)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct sockaddr *address = (struct sockaddr *)&at;
    socklen_t size = sizeof(at);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->udp = socket(AF_INET, SOCK_DGRAM, 0);
    f->tcp = socket(AF_INET, SOCK_STREAM, 0);
    if (f->udp < 0 || f->tcp < 0 || bind(f->udp, address, size) != 0 ||
        getsockname(f->udp, address, &size) != 0 ||
        bind(f->tcp, address, size) != 0 || listen(f->tcp, 8) != 0) {
        (void)close(f->udp);
        (void)close(f->tcp);
        return -1;
    }
    (void)snprintf(f->address, sizeof(f->address), "127.0.0.1:%u",
                   (unsigned)ntohs(at.sin_port));
    return 0;
}

static int listen_both(struct flood *f)
{
    for (int tries = 0; tries < 16; tries++) {
        if (listen_once(f) == 0)
            return 0;
    }
    return -1;
}

struct flood *flood_new(size_t count)
{
    struct flood *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return NULL;
    f->count = count;
    if (listen_both(f) == 0 &&
        pthread_create(&f->threads[0], NULL, serve_udp, f) == 0 &&
        pthread_create(&f->threads[1], NULL, serve_tcp, f) == 0)
        return f;
    free(f); /* the program ends */
    return NULL;
}

void flood_free(struct flood *f)
{
    atomic_store(&f->stop, 1);
    for (size_t i = 0; i < 2; i++)
        (void)pthread_join(f->threads[i], NULL);
    (void)close(f->udp);
    (void)close(f->tcp);
    free(f);
}

const char *flood_address(const struct flood *f)
{
    return f->address;
}

int flood_is_on(struct flood *f)
{
    return atomic_load(&f->sent) < f->count;
}

size_t flood_sent(struct flood *f)
{
    return atomic_load(&f->sent);
}
