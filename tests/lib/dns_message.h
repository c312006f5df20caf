/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages for tests, written without the library's own code, so that each
 * checks the other. Every function asserts that what it is given makes sense;
 * for what does not, tests write octets into bytes themselves.
 */
#ifndef TESTS_LIB_DNS_MESSAGE_H
#define TESTS_LIB_DNS_MESSAGE_H

#include "dns_server.h"

#include <stddef.h>
#include <stdint.h>

enum dns_section {
    DNS_ANSWER,
    DNS_AUTHORITY,
    DNS_ADDITIONAL
};

enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5
};

struct dns_message {
    size_t size;
    uint8_t bytes[65535];
};

/* An answer to q without records yet: its id, its question octet by octet. */
void dns_answer(struct dns_message *m, const struct dns_query *q, int rcode);

/* Adds a record, written as in a zone file: "owner ttl type data", owner "@"
 * for the name of the question (as a pointer to it), names with or without a
 * final dot. Types: A, AAAA, CNAME, PTR, SRV, SOA, TXT (one word). Sections
 * come in their order. */
void dns_add(struct dns_message *m, enum dns_section section,
             const char *record);

/* Adds an OPT record, which says how large datagrams may be. */
void dns_add_opt(struct dns_message *m, uint16_t size);

/* Marks it as cut: TC. */
void dns_set_tc(struct dns_message *m);

/* Adds address records "10.x.y.z" for the question's name, all different: the
 * number n gives 10.(n / 65536).(n / 256 % 256).(n % 256). */
void dns_add_many(struct dns_message *m, unsigned count, uint32_t ttl_s);

/* A query, for tests that have no other way to make one: for the name and
 * type, with id 0 and recursion desired. Returns its bytes. */
size_t dns_make_query(const char *name, uint16_t type, uint8_t ret[512]);

/* Sends m to whoever asked q. */
void dns_reply(const struct dns_query *q, const struct dns_message *m);

/* A script: answers from a zone, arg, whose records are written as for dns_add
 * in lines of their own. An alias is followed inside the zone. No such name:
 * NXDOMAIN; no such type: an empty answer; both with the SOA record of the zone
 * if it has one. Over UDP cut (TC) when it is longer than the query allows. */
void dns_zone(void *arg, const struct dns_query *q);

#endif
