/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of dns/wire share: numbers in network order, and the fixed
 * places of a message. No bounds are looked at here. Pure; any thread.
 */
#ifndef SVC_DNS_WIRE_BYTES_H
#define SVC_DNS_WIRE_BYTES_H

#include <stddef.h>
#include <stdint.h>

enum {
    SVC__WIRE_HEADER = 12,     /* octets in front of the question */
    SVC__WIRE_LABEL_MAX = 63,  /* octets of a label without its length */
    SVC__WIRE_POINTER = 0xC0,  /* the two bits of RFC 1035 4.1.4 */
    SVC__WIRE_CLASS_IN = 1,    /* RFC 1035 3.2.4 */
    SVC__WIRE_FIXED = 10,      /* type, class, TTL and length of a record */
    SVC__WIRE_SRV_FIXED = 6,   /* in front of the target (RFC 2782) */
    SVC__WIRE_SOA_FIXED = 20,  /* behind the names (RFC 1035 3.3.13) */
    SVC__WIRE_SOA_MINIMUM = 16 /* of them, where MINIMUM begins */
};

/* A number of two or four octets, the highest first. */
static inline uint16_t svc__wire_bytes_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t svc__wire_bytes_u32(const uint8_t *p)
{
    return (uint32_t)svc__wire_bytes_u16(p) << 16 | svc__wire_bytes_u16(p + 2);
}

static inline void svc__wire_bytes_put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

/* Where the pointer in the two octets at p leads. */
static inline size_t svc__wire_bytes_target(const uint8_t *p)
{
    return svc__wire_bytes_u16(p) & 0x3FFFu;
}

#endif
