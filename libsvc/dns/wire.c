/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the check of a message: after it every record can be read without a
 * look at any bound. Nothing is written down on the way and nothing allocated,
 * so that counts may lie as they like (faults D22).
 *
 * Names are what could cost more than their bytes: two octets of pointer stand
 * for as many as 127 labels, and for a chain of other pointers. Every pointer
 * must lead before the piece of the name that it ends (RFC 1035 section 4.1.4:
 * a prior occurrence), so nothing goes round (RFC 9267 section 2); and all
 * names of a message together have a number of steps that grows with its size,
 * which real ones do not come near: a step for each byte is what a reverse zone
 * of IPv6 takes, and others take less.
 */
#include "dns/wire.h"

#include "dns/wire_bytes.h"

#include <svc/svc.h>

#define STEPS_FREE     1024
#define STEPS_PER_BYTE 4

struct check {
    const uint8_t *data;
    size_t size;
    size_t at;              /* the next octet */
    size_t steps;           /* labels and pointers that may still be met */
    unsigned question_size; /* of the question's name; 0 before it is known */
};

/* Where the pointer at `at` leads, in a piece of a name that began at start; 0
 * when it is none, or may not lead there. */
static size_t follow(const struct check *c, size_t at, size_t start,
                     size_t limit)
{
    size_t target;

    if (c->data[at] < SVC__WIRE_POINTER || limit - at < 2)
        return 0;
    target = svc__wire_bytes_target(c->data + at);
    return target >= SVC__WIRE_HEADER && target < start ? target : 0;
}

/* Passes over the name that begins at c->at and must not go on at limit, and
 * follows it to its end. */
static int check_name(struct check *c, size_t limit)
{
    size_t start = c->at; /* of the piece in hand */
    size_t at = start;
    size_t end = 0; /* behind the first pointer */
    size_t size = 1;

    for (; at < limit && c->data[at] != 0; c->steps--) {
        unsigned octet = c->data[at];

        if (c->steps == 0)
            return SVC_EPROTO;
        if (octet <= SVC__WIRE_LABEL_MAX) {
            at += octet + 1;
            size += octet + 1;
            if (size > SVC__WIRE_NAME_MAX)
                return SVC_EPROTO;
            continue;
        }
        if (end == 0)
            end = at + 2;
        at = follow(c, at, start, limit);
        if (at == 0)
            return SVC_EPROTO;
        if (at == SVC__WIRE_HEADER) {
            /* What most owners are; its end was found before. */
            c->at = end;
            size += c->question_size - 1;
            return size > SVC__WIRE_NAME_MAX ? SVC_EPROTO : 0;
        }
        start = at;
    }
    if (at >= limit)
        return SVC_EPROTO;
    c->at = end != 0 ? end : at + 1;
    return 0;
}

/* Header and question. */
static int check_start(struct check *c, struct svc__wire_message *m)
{
    const uint8_t *p = c->data;

    if (c->size < SVC__WIRE_HEADER || c->size > SVC__WIRE_MESSAGE_MAX)
        return SVC_EPROTO;
    /* QR, and OPCODE 0 */
    if ((p[2] & 0xF8) != 0x80 || svc__wire_bytes_u16(p + 4) != 1)
        return SVC_EPROTO;
    m->id = svc__wire_bytes_u16(p);
    m->aa = (p[2] & 0x04) != 0;
    m->tc = (p[2] & 0x02) != 0;
    m->rcode = p[3] & 0x0F;
    c->at = SVC__WIRE_HEADER;
    if (check_name(c, c->size) != 0 || c->size - c->at < 4 ||
        svc__wire_bytes_u16(p + c->at + 2) != SVC__WIRE_CLASS_IN)
        return SVC_EPROTO;
    c->question_size = (unsigned)(c->at - SVC__WIRE_HEADER);
    m->question_size = (uint8_t)c->question_size;
    c->at += 4;
    return 0;
}

/* Whether pieces fill the octets up to end exactly, each of head octets with
 * the number of those behind it in the last of them (two when head is 4). */
static int check_pieces(struct check *c, size_t end, size_t head)
{
    while (c->at < end) {
        const uint8_t *p = c->data + c->at;

        if (end - c->at < head)
            return SVC_EPROTO;
        c->at += head + (head == 1 ? p[0] : svc__wire_bytes_u16(p + 2));
    }
    return c->at == end ? 0 : SVC_EPROTO;
}

/* The data of a record of class IN, up to end. */
static int check_data(struct check *c, uint16_t type, size_t end)
{
    size_t size = end - c->at;
    int err = 0;

    switch (type) {
    case SVC__WIRE_A:
        return size == 4 ? 0 : SVC_EPROTO;
    case SVC__WIRE_AAAA:
        return size == 16 ? 0 : SVC_EPROTO;
    case SVC__WIRE_TXT:
        return size == 0 ? SVC_EPROTO : check_pieces(c, end, 1);
    case SVC__WIRE_CNAME:
    case SVC__WIRE_PTR:
        err = check_name(c, end);
        break;
    case SVC__WIRE_SRV:
        /* Compressed or not: RFC 2782 has no compression, servers do. */
        c->at += SVC__WIRE_SRV_FIXED;
        err = check_name(c, end);
        break;
    case SVC__WIRE_SOA:
        err = check_name(c, end);
        if (err == 0)
            err = check_name(c, end);
        c->at += SVC__WIRE_SOA_FIXED;
        break;
    default:
        return 0;
    }
    return err == 0 && c->at == end ? 0 : SVC_EPROTO;
}

/* The OPT record whose fixed part is at p and whose data ends at end (RFC 6891
 * section 6.1). Its owner was the root when is_root. */
static int check_opt(struct check *c, const uint8_t *p, size_t end, int is_root,
                     struct svc__wire_message *m)
{
    unsigned version = p[5];

    if (!is_root || m->edns)
        return SVC_EPROTO;
    m->edns = 1;
    m->rcode = (uint16_t)(p[4] << 4 | (m->rcode & 0x0F));
    if (version != 0 && m->rcode != SVC__WIRE_BADVERS)
        return SVC_EPROTO;
    return check_pieces(c, end, 4);
}

static int check_record(struct check *c, enum svc__wire_section section,
                        struct svc__wire_message *m)
{
    size_t owner = c->at;
    int err = check_name(c, c->size);
    const uint8_t *p = c->data + c->at;
    int is_root = c->at == owner + 1;
    size_t end;

    if (err != 0 || c->size - c->at < SVC__WIRE_FIXED)
        return SVC_EPROTO;
    c->at += SVC__WIRE_FIXED;
    end = c->at + svc__wire_bytes_u16(p + 8);
    if (end > c->size)
        return SVC_EPROTO;
    if (svc__wire_bytes_u16(p) == SVC__WIRE_OPT)
        err =
            check_opt(c, p, end, is_root && section == SVC__WIRE_ADDITIONAL, m);
    else if (svc__wire_bytes_u16(p + 2) == SVC__WIRE_CLASS_IN)
        err = check_data(c, svc__wire_bytes_u16(p), end);
    c->at = end;
    return err;
}

static int check_records(struct check *c, struct svc__wire_message *m)
{
    size_t total = 0;

    for (size_t i = 0; i < 3; i++) {
        m->counts[i] = svc__wire_bytes_u16(c->data + 6 + i * 2);
        total += m->counts[i];
    }
    if (total > SVC__WIRE_RECORDS_MAX)
        return SVC_ETOOBIG;
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned n = 0; n < m->counts[i]; n++) {
            if (check_record(c, (enum svc__wire_section)i, m) != 0)
                return SVC_EPROTO;
        }
    }
    return c->at == c->size ? 0 : SVC_EPROTO;
}

int svc__wire_parse(const uint8_t *data, size_t size,
                    struct svc__wire_message *ret)
{
    struct check c = {.data = data, .size = size};
    struct svc__wire_message m = {.data = data, .size = size};
    int err;

    c.steps = STEPS_FREE + size * STEPS_PER_BYTE;
    err = check_start(&c, &m);
    if (err != 0)
        return err;
    m.records = (uint32_t)c.at;
    if (!m.tc)
        err = check_records(&c, &m);
    if (err == 0)
        *ret = m;
    return err;
}
