/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query, its true answer, and packets that look like one: with another id,
 * a letter in the other case, another name, another type or class, without
 * the response bit, cut, or with bytes behind. And a server on loopback that
 * throws them, before it tells the truth by UDP and by TCP.
 */
#ifndef SVC_BENCH_DNS_FLOOD_H
#define SVC_BENCH_DNS_FLOOD_H

#include <stddef.h>
#include <stdint.h>

#define FLOOD_PACKET_MAX 512
#define FLOOD_TRUTH      "10.9.9.9"
#define FLOOD_LIE        "10.6.6.6"

struct flood_query {
    uint8_t bytes[FLOOD_PACKET_MAX];
    size_t size;
};

/* A query as the library writes it, with a random id and case. */
void flood_query_make(struct flood_query *q);

/* Their bytes, at most FLOOD_PACKET_MAX. */
size_t flood_answer(const uint8_t *query, size_t size, uint8_t *ret);
size_t flood_forge(const uint8_t *query, size_t size, uint64_t number,
                   uint8_t *ret);

/* The server: it answers each query by UDP with its share of count forged
 * packets and then the truth. Owned; NULL when it cannot be. */
struct flood;
struct flood *flood_new(size_t count);
void flood_free(struct flood *f);
const char *flood_address(const struct flood *f); /* "127.0.0.1:40000" */
int flood_is_on(struct flood *f);                 /* not all are thrown */
size_t flood_sent(struct flood *f);

#endif
