/* SPDX-License-Identifier: Apache-2.0 */
#include "wire_text.h"

#include "dns/wire.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

static void stop(const char *text)
{
    fprintf(stderr, "no bytes of a message: %s\n", text);
    abort();
}

/* A label in quotes, from behind the first one. Returns what follows it. */
static const char *read_label(const char *p, uint8_t *ret, size_t *size)
{
    const char *end = strchr(p, '\'');
    size_t length;

    if (end == NULL)
        stop(p);
    length = (size_t)(end - p);
    ret[*size] = (uint8_t)length;
    memcpy(ret + *size + 1, p, length);
    *size += length + 1;
    return end + 1;
}

size_t wire_text_bytes(const char *text, uint8_t *ret, size_t max)
{
    size_t size = 0;

    for (const char *p = text; *p != '\0';) {
        char two[3] = "";

        if (size + 64 > max)
            stop(text);
        if (*p == ' ') {
            p++;
        } else if (*p == '\'') {
            p = read_label(p + 1, ret, &size);
        } else {
            memcpy(two, p, strlen(p) < 2 ? 1 : 2);
            if (!isxdigit((unsigned char)two[0]) ||
                !isxdigit((unsigned char)two[1]))
                stop(p);
            ret[size++] = (uint8_t)strtoul(two, NULL, 16);
            p += 2;
        }
    }
    return size;
}

static void dump_name(const struct svc__wire_name *name, struct svc__buf *b)
{
    char text[SVC__WIRE_TEXT_MAX];

    if (svc__wire_name_format(name, text) != strlen(text))
        stop(text);
    svc__buf_printf(b, " %s", text);
}

static void dump_record(const struct svc__wire_record *record,
                        struct svc__buf *b)
{
    char address[SVC_ADDRESS_TEXT_SIZE];
    char type[16];

    svc__buf_printf(b, "%d", (int)record->section);
    dump_name(&record->owner, b);
    svc__buf_printf(b, " %u %s", (unsigned)record->ttl_s,
                    svc__wire_type_name(record->type, type));
    if (record->type == SVC__WIRE_A || record->type == SVC__WIRE_AAAA) {
        svc__address_format(&record->address, address);
        svc__buf_printf(b, " %s\n", address);
        return;
    }
    if (record->type == SVC__WIRE_TXT) {
        svc__buf_add_byte(b, ' ');
        for (size_t i = 0; i < record->text_size; i++)
            svc__buf_printf(b, "%02x", record->text[i]);
        svc__buf_add_byte(b, '\n');
        return;
    }
    if (record->type == SVC__WIRE_SRV)
        svc__buf_printf(b, " %u %u %u", record->priority, record->weight,
                        record->port);
    dump_name(&record->target, b);
    if (record->type == SVC__WIRE_SOA)
        svc__buf_printf(b, " %u", (unsigned)record->minimum_s);
    svc__buf_add_byte(b, '\n');
}

void wire_text_dump(const uint8_t *data, size_t size, struct svc__buf *b)
{
    struct svc__wire_message m;
    struct svc__wire_question q;
    struct svc__wire_cursor c;
    struct svc__wire_record record;
    char rcode[16];
    char type[16];
    int err = svc__wire_parse(data, size, &m);

    if (err != 0) {
        svc__buf_printf(b, "%s\n", svc_err_name(err));
        return;
    }
    svc__wire_message_question(&m, &q);
    svc__buf_printf(b, "%04x rcode=%s%s%s%s counts=%u/%u/%u", m.id,
                    svc__wire_rcode_name(m.rcode, rcode), m.aa ? " aa" : "",
                    m.tc ? " tc" : "", m.edns ? " edns" : "", m.counts[0],
                    m.counts[1], m.counts[2]);
    dump_name(&q.name, b);
    svc__buf_printf(b, " %s\n", svc__wire_type_name(q.type, type));
    svc__wire_begin(&c, &m);
    while (svc__wire_next(&c, &record))
        dump_record(&record, b);
}
