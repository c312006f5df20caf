/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages as bytes (RFC 1035 section 4): names, a query written, an
 * answer read. An answer is checked whole before anybody sees a record of it,
 * in time and memory linear in its bytes. Pure; any thread.
 */
#ifndef SVC_DNS_WIRE_H
#define SVC_DNS_WIRE_H

#include "model/address.h"

#include <stddef.h>
#include <stdint.h>

#define SVC__WIRE_NAME_MAX    255  /* octets, the root's length byte included */
#define SVC__WIRE_TEXT_MAX    1024 /* a name as text with escapes, and a NUL */
#define SVC__WIRE_QUERY_MAX   288  /* header, one question, OPT */
#define SVC__WIRE_MESSAGE_MAX 65535 /* over TCP (RFC 1035 section 4.2.2) */
#define SVC__WIRE_RECORDS_MAX 10000 /* of all sections (faults D16) */
#define SVC__WIRE_EDNS_SIZE   1232  /* of a UDP answer that we can take */

enum svc__wire_type {
    SVC__WIRE_A = 1,
    SVC__WIRE_CNAME = 5,
    SVC__WIRE_SOA = 6,
    SVC__WIRE_PTR = 12,
    SVC__WIRE_TXT = 16,
    SVC__WIRE_AAAA = 28,
    SVC__WIRE_SRV = 33,
    SVC__WIRE_OPT = 41
};

enum svc__wire_rcode {
    SVC__WIRE_NOERROR = 0,
    SVC__WIRE_FORMERR = 1,
    SVC__WIRE_SERVFAIL = 2,
    SVC__WIRE_NXDOMAIN = 3,
    SVC__WIRE_NOTIMP = 4,
    SVC__WIRE_REFUSED = 5,
    SVC__WIRE_BADVERS = 16
};

enum svc__wire_section {
    SVC__WIRE_ANSWER,
    SVC__WIRE_AUTHORITY,
    SVC__WIRE_ADDITIONAL
};

/* A name in wire form without compression, in lower case, the root's zero
 * included: size 1 is the root. */
struct svc__wire_name {
    uint8_t size;
    uint8_t bytes[SVC__WIRE_NAME_MAX];
};

/* From text such as "web.shop.svc.cluster.local", with or without the final
 * dot, in any case; "." is the root. 0, or SVC_ENAME: an empty label, one over
 * 63 octets, a name over 255, a backslash (no escapes are read). */
int svc__wire_name_parse(const char *text, struct svc__wire_name *ret);

/* Writes the text without the final dot (the root is "."), octets that are no
 * letter, digit, '-' or '_' as \DDD (RFC 1035 section 5.1). Returns its
 * length. */
size_t svc__wire_name_format(const struct svc__wire_name *name,
                             char ret[SVC__WIRE_TEXT_MAX]);

/* Whether two names are equal. */
int svc__wire_name_equal(const struct svc__wire_name *a,
                         const struct svc__wire_name *b);

/* How many labels name has more than suffix when it ends in it (0: they are
 * equal), or -1. */
int svc__wire_name_below(const struct svc__wire_name *name,
                         const struct svc__wire_name *suffix);

/* What a query is made of. */
struct svc__wire_question {
    struct svc__wire_name name;
    uint16_t type; /* enum svc__wire_type; the class is IN */
};

/* Writes a query with recursion desired. Each letter of the name goes out in
 * the case that the next bit of case_bits says (0x20: faults 3.2). edns_size
 * is the size of an OPT record, 0 writes none. Returns its bytes. */
size_t svc__wire_query(const struct svc__wire_question *q, uint16_t id,
                       const uint8_t case_bits[32], uint16_t edns_size,
                       uint8_t ret[SVC__WIRE_QUERY_MAX]);

/* Whether an answer has the id and, octet by octet with its case, the question
 * of a query: QR set, opcode 0, one question, the same name, type and class
 * (faults D10, D11). Neither needs to have been checked before. */
int svc__wire_is_answer_to(const uint8_t *answer, size_t answer_size,
                           const uint8_t *query, size_t query_size);

/* A message that was checked. data is borrowed for as long as it is used. */
struct svc__wire_message {
    const uint8_t *data;
    size_t size;
    uint16_t id;
    uint16_t rcode; /* with the upper bits of OPT (RFC 6891 6.1.3) */
    uint8_t tc;     /* cut: no record of it may be used (RFC 2181 9) */
    uint8_t aa;
    uint8_t edns;          /* it has an OPT record */
    uint8_t question_size; /* of the question's name, which is uncompressed */
    uint16_t counts[3];    /* records by section; zeros when tc */
    uint32_t records;      /* where they begin */
};

/* Checks a whole message of at most SVC__WIRE_MESSAGE_MAX bytes: header (a
 * response, opcode 0, one question of class IN), every name (pointers only
 * before the name, 255 octets, labels of 63), every record to its last byte,
 * the data of the types above exactly as long as its fields, at most one
 * OPT, of the root, among the additional records, of version 0 or with rcode
 * BADVERS; no byte behind the last record. All names together must not take
 * more steps, labels and pointers, than 1024 and 4 for each byte (what
 * points to the question takes none). With tc only header and question are
 * looked at. A record of another class or type is skipped later, its owner
 * and its bounds are checked all the same. 0; SVC_EPROTO; SVC_ETOOBIG when
 * the counts tell of more records than SVC__WIRE_RECORDS_MAX. ret is
 * untouched on failure. */
int svc__wire_parse(const uint8_t *data, size_t size,
                    struct svc__wire_message *ret);

/* The question of a checked message. */
void svc__wire_message_question(const struct svc__wire_message *m,
                                struct svc__wire_question *ret);

/* One record. */
struct svc__wire_record {
    enum svc__wire_section section;
    struct svc__wire_name owner;
    uint16_t type;                /* enum svc__wire_type, class IN */
    uint32_t ttl_s;               /* 0 where the top bit is set (RFC 2181 8) */
    struct svc__address address;  /* A, AAAA */
    struct svc__wire_name target; /* CNAME, PTR, SRV; SOA: its MNAME */
    uint16_t priority;            /* SRV, as are weight and port */
    uint16_t weight;
    uint16_t port;
    uint32_t minimum_s;  /* SOA; 0 as ttl_s is */
    const uint8_t *text; /* TXT: its first string, borrowed */
    uint8_t text_size;
};

/* A walk over the records of the types above but OPT, in order; those of
 * another class or type are passed over. */
struct svc__wire_cursor {
    const struct svc__wire_message *message;
    uint32_t at;
    uint16_t left[3];
};
void svc__wire_begin(struct svc__wire_cursor *c,
                     const struct svc__wire_message *m);
/* 1 with *ret filled (only the members of its type), 0 at the end. */
int svc__wire_next(struct svc__wire_cursor *c, struct svc__wire_record *ret);

/* "A", "SRV", "NXDOMAIN"…; a number in words for others, written to ret. */
const char *svc__wire_type_name(uint16_t type, char ret[16]);
const char *svc__wire_rcode_name(uint16_t rcode, char ret[16]);

#endif
