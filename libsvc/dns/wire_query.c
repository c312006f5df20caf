/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what goes out: a query's bytes, whether a packet answers it, and the
 * words for types and codes. Pure; any thread.
 */
#include "dns/wire.h"

#include "dns/wire_bytes.h"

#include <stdio.h>
#include <string.h>

/* The name with the case that the bits say; a length is no letter. Without a
 * branch, since nobody can guess what the bits are. */
static void write_name(const struct svc__wire_name *name,
                       const uint8_t case_bits[32], uint8_t *to)
{
    unsigned letter = 0;

    for (size_t i = 0; i < name->size; i++) {
        unsigned octet = name->bytes[i];
        unsigned is_letter = octet - 'a' <= 'z' - 'a';
        unsigned bits = case_bits[letter / 8];
        unsigned is_upper = is_letter & bits >> letter % 8;

        to[i] = (uint8_t)(octet - is_upper * ('a' - 'A'));
        letter += is_letter;
    }
}

size_t svc__wire_query(const struct svc__wire_question *q, uint16_t id,
                       const uint8_t case_bits[32], uint16_t edns_size,
                       uint8_t ret[SVC__WIRE_QUERY_MAX])
{
    static const uint8_t opt[11] = {[2] = SVC__WIRE_OPT};
    size_t size = SVC__WIRE_HEADER;

    memset(ret, 0, SVC__WIRE_HEADER);
    svc__wire_bytes_put16(ret, id);
    ret[2] = 0x01; /* RD */
    ret[5] = 1;    /* QDCOUNT */
    write_name(&q->name, case_bits, ret + size);
    size += q->name.size;
    svc__wire_bytes_put16(ret + size, q->type);
    svc__wire_bytes_put16(ret + size + 2, SVC__WIRE_CLASS_IN);
    size += 4;
    if (edns_size == 0)
        return size;
    ret[11] = 1; /* ARCOUNT */
    memcpy(ret + size, opt, sizeof(opt));
    svc__wire_bytes_put16(ret + size + 3, edns_size);
    return size + sizeof(opt);
}

/* Where the question ends that a query has behind its header, or 0. */
static size_t question_end(const uint8_t *query, size_t size)
{
    size_t at = SVC__WIRE_HEADER;

    while (at < size && query[at] != 0) {
        if (query[at] > SVC__WIRE_LABEL_MAX)
            return 0;
        at += query[at] + 1u;
    }
    return size >= 5 && at <= size - 5 ? at + 5 : 0;
}

int svc__wire_is_answer_to(const uint8_t *answer, size_t answer_size,
                           const uint8_t *query, size_t query_size)
{
    size_t end = question_end(query, query_size);

    /* A pointer cannot be equal: none leads from there to a name. */
    return end != 0 && answer_size >= end && memcmp(answer, query, 2) == 0 &&
           (answer[2] & 0xF8) == 0x80 && /* QR, OPCODE 0 */
           svc__wire_bytes_u16(answer + 4) == 1 &&
           memcmp(answer + SVC__WIRE_HEADER, query + SVC__WIRE_HEADER,
                  end - SVC__WIRE_HEADER) == 0;
}

const char *svc__wire_type_name(uint16_t type, char ret[16])
{
    switch (type) {
    case SVC__WIRE_A:
        return "A";
    case SVC__WIRE_CNAME:
        return "CNAME";
    case SVC__WIRE_SOA:
        return "SOA";
    case SVC__WIRE_PTR:
        return "PTR";
    case SVC__WIRE_TXT:
        return "TXT";
    case SVC__WIRE_AAAA:
        return "AAAA";
    case SVC__WIRE_SRV:
        return "SRV";
    case SVC__WIRE_OPT:
        return "OPT";
    default: /* RFC 3597 section 5 */
        (void)snprintf(ret, 16, "TYPE%u", (unsigned)type);
        return ret;
    }
}

const char *svc__wire_rcode_name(uint16_t rcode, char ret[16])
{
    static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};

    if (rcode < sizeof(names) / sizeof(names[0]))
        return names[rcode];
    if (rcode == SVC__WIRE_BADVERS)
        return "BADVERS";
    (void)snprintf(ret, 16, "RCODE%u", (unsigned)rcode);
    return ret;
}
