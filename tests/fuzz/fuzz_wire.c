/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a DNS message: what is good has names that are names, records
 * that its counts tell of and texts inside it, and it answers the query that is
 * made of its question, until a bit of that changes.
 */
#include "dns/wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

/* Labels that fill the name, in lower case. */
static void check_name(const struct svc__wire_name *name)
{
    char text[SVC__WIRE_TEXT_MAX];
    size_t at = 0;

    while (at < name->size && name->bytes[at] != 0) {
        check(name->bytes[at] <= 63);
        at += name->bytes[at] + 1u;
    }
    check(at + 1 == name->size);
    for (size_t i = 0; i < name->size; i++)
        check(name->bytes[i] < 'A' || name->bytes[i] > 'Z');
    check(svc__wire_name_format(name, text) == strlen(text));
    check(svc__wire_name_equal(name, name));
    check(svc__wire_name_below(name, name) == 0);
}

static void check_record(const struct svc__wire_message *m,
                         const struct svc__wire_record *record)
{
    check_name(&record->owner);
    check(record->ttl_s <= INT32_MAX);
    switch (record->type) {
    case SVC__WIRE_A:
        check(record->address.family == SVC__FAMILY_IPV4);
        break;
    case SVC__WIRE_AAAA:
        check(record->address.family == SVC__FAMILY_IPV6);
        break;
    case SVC__WIRE_TXT:
        check(record->text > m->data &&
              record->text + record->text_size <= m->data + m->size);
        break;
    default:
        check(record->type != SVC__WIRE_OPT);
        check_name(&record->target);
    }
}

static void check_question(const struct svc__wire_message *m)
{
    struct svc__wire_question q;
    uint8_t case_bits[32] = {0};
    uint8_t query[SVC__WIRE_QUERY_MAX];
    unsigned letter = 0;
    size_t size;

    svc__wire_message_question(m, &q);
    check_name(&q.name);
    for (size_t i = 0; i < q.name.size; i++) {
        if (q.name.bytes[i] < 'a' || q.name.bytes[i] > 'z')
            continue;
        if (q.name.bytes[i] != m->data[12 + i])
            case_bits[letter / 8] |= (uint8_t)(1u << letter % 8);
        letter++;
    }
    size = svc__wire_query(&q, m->id, case_bits, 1232, query);
    check(svc__wire_is_answer_to(m->data, m->size, query, size));
    for (size_t at = 12; at < size - 11; at++) {
        query[at] ^= 0x20;
        check(!svc__wire_is_answer_to(m->data, m->size, query, size));
        query[at] ^= 0x20;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct svc__wire_message m;
    struct svc__wire_cursor c;
    struct svc__wire_record record;
    enum svc__wire_section last = SVC__WIRE_ANSWER;
    unsigned read[3] = {0};

    (void)svc__wire_is_answer_to(data, size, data, size);
    (void)svc__wire_is_answer_to(data, size / 2, data + size / 2,
                                 size - size / 2);
    if (svc__wire_parse(data, size, &m) != 0)
        return 0;
    svc__wire_begin(&c, &m);
    while (svc__wire_next(&c, &record)) {
        check(record.section >= last);
        last = record.section;
        check(++read[record.section] <= m.counts[record.section]);
        check_record(&m, &record);
    }
    check(c.at == (m.tc ? m.records : size));
    check_question(&m);
    return 0;
}
