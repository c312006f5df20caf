/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DNS server on 127.0.0.1, UDP and TCP on one port, that says what a test
 * tells it to say, octet by octet. It has a thread of its own, knows of DNS
 * where id, question and OPT of a query stand, and uses nothing of the library.
 *
 * Two ways to decide what it answers, also mixed:
 * - a script, called on the server's thread with each query, answers at once,
 *   does not answer, or puts the query aside with dns_server_hold;
 * - without a script every query is put aside: the test takes it with
 *   dns_server_take, whenever it likes, and answers from its own thread. So
 *   "late" is an order of calls, and nothing has to sleep.
 * Messages are built with dns_message.h, or by hand.
 */
#ifndef TESTS_LIB_DNS_SERVER_H
#define TESTS_LIB_DNS_SERVER_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* No test waits for longer: one that does has failed. */
#define DNS_SERVER_MS 20000

#define DNS_QUERY_MAX 1024

struct dns_server;

/* A query as it came. May be copied, kept and answered several times, as long
 * as its server lives. */
struct dns_query {
    struct dns_server *server;
    unsigned number;         /* from 0, in the order of coming */
    unsigned connection;     /* TCP: from 1; 0: it came by UDP */
    struct sockaddr_in from; /* UDP: the client's address and port */
    uint16_t id;
    uint16_t type;
    int edns_size;      /* of its OPT record; -1: it has none */
    char name[256];     /* in lower case, labels with dots between; "." */
    size_t question_at; /* bytes before it (12) and with it: header, question */
    size_t size;
    uint8_t bytes[DNS_QUERY_MAX];
};

/* On the server's thread. q is borrowed until return: copy what is kept. */
typedef void (*dns_script)(void *arg, const struct dns_query *q);

/* Owned. A free port of 127.0.0.1 is chosen. */
struct dns_server *dns_server_new(dns_script script, void *arg);
void dns_server_free(struct dns_server *s);

/* Another script (NULL: none) for the queries that come from now on. */
void dns_server_set(struct dns_server *s, dns_script script, void *arg);

uint16_t dns_server_port(const struct dns_server *s);
void dns_server_address(const struct dns_server *s,
                        struct sockaddr_storage *ret);

/* Queries that came so far. */
unsigned dns_server_count(struct dns_server *s);

/* For a script: puts a query aside. */
void dns_server_hold(const struct dns_query *q);

/* The oldest query that was put aside; waits for it. Fails the test after
 * DNS_SERVER_MS. */
void dns_server_take(struct dns_server *s, struct dns_query *ret);

/* How many are put aside now. */
unsigned dns_server_held(struct dns_server *s);

/* From now on (0: no more) connections are refused, those there are stay; for
 * UDP the kernel answers each query with an ICMP error then. Not from a
 * script. */
void dns_server_refuse_tcp(struct dns_server *s, int refuse);
void dns_server_refuse_udp(struct dns_server *s, int refuse);

/* What follows answers a query, on any thread; what cannot be sent any more
 * (the connection is closed, the port refused) is dropped. */

/* One message: a datagram, or by TCP with its length before it. */
void dns_send(const struct dns_query *q, const void *data, size_t size);

/* The datagram from another port of the same address, as a forger would. */
void dns_send_forged(const struct dns_query *q, const void *data, size_t size);

/* By TCP: bytes as they are. */
void dns_send_raw(const struct dns_query *q, const void *data, size_t size);

/* By TCP: a message with its length before it, but no more than the first
 * `cut` bytes of both together. */
void dns_send_cut(const struct dns_query *q, const void *data, size_t size,
                  size_t cut);

/* By TCP: a whole message, each byte in a segment of its own. */
void dns_send_bytewise(const struct dns_query *q, const void *data,
                       size_t size);

/* By TCP: ends the connection, orderly or with a reset. */
void dns_close(const struct dns_query *q);
void dns_reset(const struct dns_query *q);

#endif
