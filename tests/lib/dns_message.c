/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns nothing. Names are written whole, without compression, but for "@".
 */
#include "dns_message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADER 12
#define LINE   512

static const struct {
    const char *name;
    uint16_t type;
} types[] = {{"A", 1},    {"CNAME", 5}, {"SOA", 6}, {"PTR", 12},
             {"TXT", 16}, {"AAAA", 28}, {"SRV", 33}};

static void put(struct dns_message *m, const void *data, size_t size)
{
    assert_true(size <= sizeof(m->bytes) - m->size);
    memcpy(m->bytes + m->size, data, size);
    m->size += size;
}

static void put16(struct dns_message *m, unsigned value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(m, bytes, sizeof(bytes));
}

static void put32(struct dns_message *m, uint32_t value)
{
    put16(m, value >> 16);
    put16(m, value & 0xffff);
}

static void put_name(struct dns_message *m, const char *name)
{
    if (strcmp(name, "@") == 0) {
        put16(m, 0xc000 + HEADER);
        return;
    }
    while (*name != '\0' && strcmp(name, ".") != 0) {
        size_t size = strcspn(name, ".");
        uint8_t length = (uint8_t)size;

        assert_in_range(size, 1, 63);
        put(m, &length, 1);
        put(m, name, size);
        name += size;
        if (*name == '.')
            name++;
    }
    put(m, "", 1);
}

static void count_record(struct dns_message *m, enum dns_section section)
{
    uint8_t *at = m->bytes + 6 + 2 * section;
    unsigned count = (unsigned)(at[0] << 8 | at[1]) + 1;

    at[0] = (uint8_t)(count >> 8);
    at[1] = (uint8_t)count;
}

void dns_answer(struct dns_message *m, const struct dns_query *q, int rcode)
{
    static const uint8_t one_question[8] = {0, 1};

    m->size = q->question_at;
    memcpy(m->bytes, q->bytes, m->size);
    m->bytes[2] |= 0x84; /* a response, authoritative */
    m->bytes[3] = (uint8_t)(0x80 | rcode);
    memcpy(m->bytes + 4, one_question, sizeof(one_question));
}

static void put_address(struct dns_message *m, int family, const char *text)
{
    uint8_t bytes[16];

    assert_int_equal(inet_pton(family, text, bytes), 1);
    put(m, bytes, family == AF_INET ? 4 : 16);
}

static void put_srv(struct dns_message *m, const char *text)
{
    unsigned priority;
    unsigned weight;
    unsigned port;
    char target[256];

    assert_int_equal(
        sscanf(text, "%u %u %u %255s", &priority, &weight, &port, target), 4);
    put16(m, priority);
    put16(m, weight);
    put16(m, port);
    put_name(m, target);
}

static void put_soa(struct dns_message *m, const char *text)
{
    char server[256];
    char mail[256];
    uint32_t numbers[5];

    assert_int_equal(sscanf(text, "%255s %255s %u %u %u %u %u", server, mail,
                            &numbers[0], &numbers[1], &numbers[2], &numbers[3],
                            &numbers[4]),
                     7);
    put_name(m, server);
    put_name(m, mail);
    for (size_t i = 0; i < 5; i++)
        put32(m, numbers[i]);
}

static void put_data(struct dns_message *m, uint16_t type, const char *text)
{
    uint8_t length = (uint8_t)strlen(text);

    switch (type) {
    case 1:
        put_address(m, AF_INET, text);
        break;
    case 28:
        put_address(m, AF_INET6, text);
        break;
    case 33:
        put_srv(m, text);
        break;
    case 6:
        put_soa(m, text);
        break;
    case 16:
        put(m, &length, 1);
        put(m, text, length);
        break;
    default:
        put_name(m, text);
        break;
    }
}

static uint16_t type_of(const char *name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    }
    fail_msg("no such type: %s", name);
    return 0;
}

void dns_add(struct dns_message *m, enum dns_section section,
             const char *record)
{
    char owner[256];
    char type[16];
    uint32_t ttl_s;
    int data = 0;
    size_t length_at;
    size_t length;

    assert_int_equal(
        sscanf(record, "%255s %u %15s %n", owner, &ttl_s, type, &data), 3);
    assert_true(data > 0);
    put_name(m, owner);
    put16(m, type_of(type));
    put16(m, 1);
    put32(m, ttl_s);
    length_at = m->size;
    put16(m, 0);
    put_data(m, type_of(type), record + data);
    length = m->size - length_at - 2;
    m->bytes[length_at] = (uint8_t)(length >> 8);
    m->bytes[length_at + 1] = (uint8_t)length;
    count_record(m, section);
}

void dns_add_opt(struct dns_message *m, uint16_t size)
{
    put_name(m, ".");
    put16(m, 41);
    put16(m, size);
    put32(m, 0);
    put16(m, 0);
    count_record(m, DNS_ADDITIONAL);
}

void dns_set_tc(struct dns_message *m)
{
    m->bytes[2] |= 2;
}

void dns_add_many(struct dns_message *m, unsigned count, uint32_t ttl_s)
{
    for (unsigned n = 0; n < count; n++) {
        const uint8_t address[] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                                   (uint8_t)n};

        put_name(m, "@");
        put16(m, 1);
        put16(m, 1);
        put32(m, ttl_s);
        put16(m, sizeof(address));
        put(m, address, sizeof(address));
        count_record(m, DNS_ANSWER);
    }
}

size_t dns_make_query(const char *name, uint16_t type, uint8_t ret[512])
{
    static const uint8_t header[HEADER] = {0, 0, 1, 0, 0, 1};
    struct dns_message *m = malloc(sizeof(*m));
    size_t size;

    assert_non_null(m);
    m->size = 0;
    put(m, header, sizeof(header));
    put_name(m, name);
    put16(m, type);
    put16(m, 1);
    size = m->size;
    assert_true(size <= 512);
    memcpy(ret, m->bytes, size);
    free(m);
    return size;
}

void dns_reply(const struct dns_query *q, const struct dns_message *m)
{
    dns_send(q, m->bytes, m->size);
}

/* ---- a zone -------------------------------------------------------------- */

/* What a zone says of a name and a type. */
struct found {
    int has_name;
    int has_type;
    char alias[256];
    char soa[LINE];
};

/* Takes the next line without its end; 0 when there is none. */
static int next_line(const char **zone, char line[LINE])
{
    size_t size;

    *zone += strspn(*zone, "\n");
    size = strcspn(*zone, "\n");
    assert_true(size < LINE);
    memcpy(line, *zone, size);
    line[size] = '\0';
    *zone += size;
    return size > 0;
}

/* Takes the final dot off. */
static void strip(char *name)
{
    size_t size = strlen(name);

    if (size > 0 && name[size - 1] == '.')
        name[size - 1] = '\0';
}

/* Whether a name is another one, or below it. */
static int is_at_or_below(const char *name, const char *other)
{
    size_t size = strlen(name);
    size_t end = strlen(other);

    return size >= end && strcasecmp(name + size - end, other) == 0 &&
           (size == end || name[size - end - 1] == '.');
}

/* Adds the records of one owner that answer the type. */
static void add_matching(struct dns_message *m, const char *zone,
                         const char *owner, uint16_t type, struct found *ret)
{
    char line[LINE];

    while (next_line(&zone, line)) {
        char name[256];
        char type_name[16];
        char target[256];
        uint32_t ttl_s;

        assert_int_equal(sscanf(line, "%255s %u %15s %255s", name, &ttl_s,
                                type_name, target),
                         4);
        if (type_of(type_name) == 6)
            (void)snprintf(ret->soa, sizeof(ret->soa), "%s", line);
        strip(name);
        if (!is_at_or_below(name, owner))
            continue;
        ret->has_name = 1;
        if (strlen(name) != strlen(owner))
            continue;
        if (type_of(type_name) == 5 && type != 5)
            (void)snprintf(ret->alias, sizeof(ret->alias), "%s", target);
        else if (type_of(type_name) != type)
            continue;
        ret->has_type = 1;
        dns_add(m, DNS_ANSWER, line);
    }
}

void dns_zone(void *arg, const struct dns_query *q)
{
    struct dns_message *m = malloc(sizeof(*m));
    struct found found = {0};
    size_t most = q->edns_size < 512 ? 512 : (size_t)q->edns_size;
    char owner[256];

    assert_non_null(m);
    dns_answer(m, q, DNS_NOERROR);
    (void)snprintf(owner, sizeof(owner), "%s", q->name);
    for (int i = 0; i < 12 && owner[0] != '\0'; i++) {
        found.alias[0] = '\0';
        found.has_name = 0;
        add_matching(m, arg, owner, q->type, &found);
        (void)snprintf(owner, sizeof(owner), "%s", found.alias);
        strip(owner);
    }
    if (!found.has_name)
        m->bytes[3] = (uint8_t)(m->bytes[3] | DNS_NXDOMAIN);
    if (!found.has_type && found.soa[0] != '\0')
        dns_add(m, DNS_AUTHORITY, found.soa);
    if (q->edns_size >= 0)
        dns_add_opt(m, 1232);
    if (q->connection == 0 && m->size > most) {
        dns_answer(m, q, DNS_NOERROR);
        dns_set_tc(m);
    }
    dns_reply(q, m);
    free(m);
}
