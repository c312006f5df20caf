/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the reading of a message that was checked (dns/wire.c): no bound is
 * looked at again, and nothing can fail. Pure; any thread.
 */
#include "dns/wire.h"

#include "dns/wire_bytes.h"
#include "dns/wire_lower.h"

#include <string.h>

/* Where the name at `at` ends in its place. */
static size_t skip_name(const uint8_t *data, size_t at)
{
    while (data[at] != 0) {
        if (data[at] >= SVC__WIRE_POINTER)
            return at + 2;
        at += data[at] + 1u;
    }
    return at + 1;
}

/* Writes the name at `at` without its pointers, piece by piece. */
static void read_name(const struct svc__wire_message *m, size_t at,
                      struct svc__wire_name *ret)
{
    const uint8_t *data = m->data;
    size_t size = 0;
    size_t end;

    for (;;) {
        if (at == SVC__WIRE_HEADER) {
            end = at + m->question_size;
            break;
        }
        for (end = at; data[end] != 0 && data[end] < SVC__WIRE_POINTER;)
            end += data[end] + 1u;
        if (data[end] == 0) {
            end++;
            break;
        }
        memcpy(ret->bytes + size, data + at, end - at);
        size += end - at;
        at = svc__wire_bytes_target(data + end);
    }
    memcpy(ret->bytes + size, data + at, end - at);
    ret->size = (uint8_t)(size + end - at);
    svc__wire_lower(ret->bytes, ret->size);
}

void svc__wire_message_question(const struct svc__wire_message *m,
                                struct svc__wire_question *ret)
{
    read_name(m, SVC__WIRE_HEADER, &ret->name);
    ret->type =
        svc__wire_bytes_u16(m->data + SVC__WIRE_HEADER + m->question_size);
}

/* A time to live with the top bit is none (RFC 2181 section 8, faults D18). */
static uint32_t read_ttl(const uint8_t *p)
{
    uint32_t ttl_s = svc__wire_bytes_u32(p);

    return ttl_s > INT32_MAX ? 0 : ttl_s;
}

static void read_address(const uint8_t *p, enum svc__family family,
                         struct svc__address *ret)
{
    memset(ret, 0, sizeof(*ret));
    memcpy(ret->bytes, p, family == SVC__FAMILY_IPV4 ? 4 : 16);
    ret->family = (uint8_t)family;
}

/* The data at `at` up to end. 0 when the type is none that is handed out. */
static int read_data(const struct svc__wire_message *m, size_t at, size_t end,
                     struct svc__wire_record *ret)
{
    const uint8_t *p = m->data + at;

    switch (ret->type) {
    case SVC__WIRE_A:
        read_address(p, SVC__FAMILY_IPV4, &ret->address);
        return 1;
    case SVC__WIRE_AAAA:
        read_address(p, SVC__FAMILY_IPV6, &ret->address);
        return 1;
    case SVC__WIRE_SRV:
        ret->priority = svc__wire_bytes_u16(p);
        ret->weight = svc__wire_bytes_u16(p + 2);
        ret->port = svc__wire_bytes_u16(p + 4);
        read_name(m, at + SVC__WIRE_SRV_FIXED, &ret->target);
        return 1;
    case SVC__WIRE_SOA:
        p = m->data + end - SVC__WIRE_SOA_FIXED;
        ret->minimum_s = read_ttl(p + SVC__WIRE_SOA_MINIMUM);
        read_name(m, at, &ret->target);
        return 1;
    case SVC__WIRE_CNAME:
    case SVC__WIRE_PTR:
        read_name(m, at, &ret->target);
        return 1;
    case SVC__WIRE_TXT:
        ret->text_size = p[0];
        ret->text = p + 1;
        return 1;
    default:
        return 0;
    }
}

void svc__wire_begin(struct svc__wire_cursor *c,
                     const struct svc__wire_message *m)
{
    c->message = m;
    c->at = m->records;
    memcpy(c->left, m->counts, sizeof(c->left));
}

int svc__wire_next(struct svc__wire_cursor *c, struct svc__wire_record *ret)
{
    const struct svc__wire_message *m = c->message;
    unsigned section = 0;

    for (;;) {
        size_t owner = c->at;
        const uint8_t *p;
        size_t data;

        while (section < 3 && c->left[section] == 0)
            section++;
        if (section == 3)
            return 0;
        c->left[section]--;
        data = skip_name(m->data, owner) + SVC__WIRE_FIXED;
        p = m->data + data - SVC__WIRE_FIXED;
        c->at = (uint32_t)data + svc__wire_bytes_u16(p + 8);
        if (svc__wire_bytes_u16(p + 2) != SVC__WIRE_CLASS_IN)
            continue;
        ret->type = svc__wire_bytes_u16(p);
        if (!read_data(m, data, c->at, ret))
            continue;
        ret->section = (enum svc__wire_section)section;
        ret->ttl_s = read_ttl(p + 4);
        read_name(m, owner, &ret->owner);
        return 1;
    }
}
