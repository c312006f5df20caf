/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the writing of test messages; by RFC 1035 and not by dns/wire, but for
 * names, so that reading is checked against something else.
 */
#include "dns_build.h"

#include "model/address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 12
#define WORDS  8

struct build {
    const struct svc__wire_question *q;
    struct dns_message *m;
    const char *text;
};

static void give_up(const struct build *b, const char *what, const char *word)
{
    (void)fprintf(stderr, "dns_build: %s: \"%s\" in \"%.200s\"\n", what, word,
                  b->text);
    abort();
}

static void put(struct build *b, const void *data, size_t size)
{
    if (size > sizeof(b->m->bytes) - b->m->size)
        give_up(b, "too long", "");
    memcpy(b->m->bytes + b->m->size, data, size);
    b->m->size += size;
}

static void put16(struct build *b, unsigned value)
{
    const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(b, bytes, sizeof(bytes));
}

static void put32(struct build *b, unsigned long value)
{
    put16(b, (unsigned)(value >> 16) & 0xFFFFu);
    put16(b, (unsigned)value & 0xFFFFu);
}

/* Labels, and the rest as a pointer to where the question has it. */
static void put_name(struct build *b, const struct svc__wire_name *name)
{
    const struct svc__wire_name *q = &b->q->name;

    for (size_t i = 0; i + 1 < name->size; i += 1 + (size_t)name->bytes[i]) {
        size_t rest = name->size - i;

        for (size_t k = 0; k + 1 < q->size; k += 1 + (size_t)q->bytes[k]) {
            if (q->size - k == rest &&
                memcmp(q->bytes + k, name->bytes + i, rest) == 0) {
                put(b, name->bytes, i);
                put16(b, 0xC000u | (unsigned)(HEADER + k));
                return;
            }
        }
    }
    put(b, name->bytes, name->size);
}

/* "@", "web-0.@", "." or a name. */
static void read_name(const struct build *b, const char *word,
                      struct svc__wire_name *ret)
{
    size_t size = strlen(word);
    char base[SVC__WIRE_TEXT_MAX];
    char text[2 * SVC__WIRE_TEXT_MAX];

    if (strcmp(word, ".") == 0) {
        *ret = (struct svc__wire_name){.size = 1};
        return;
    }
    (void)svc__wire_name_format(&b->q->name, base);
    if (size > 0 && word[size - 1] == '@')
        (void)snprintf(text, sizeof(text), "%.*s%s", (int)size - 1, word, base);
    else
        (void)snprintf(text, sizeof(text), "%s", word);
    if (svc__wire_name_parse(text, ret) != 0)
        give_up(b, "no name", word);
}

static void put_name_text(struct build *b, const char *word)
{
    struct svc__wire_name name;

    read_name(b, word, &name);
    put_name(b, &name);
}

static unsigned long number(const struct build *b, const char *word)
{
    char *end;
    unsigned long value = strtoul(word, &end, 10);

    if (*end != '\0' || end == word)
        give_up(b, "no number", word);
    return value;
}

static void put_address(struct build *b, const char *word)
{
    struct svc__address a;

    if (svc__address_parse(word, strlen(word), &a) != 0)
        give_up(b, "no address", word);
    put(b, a.bytes, a.family == SVC__FAMILY_IPV4 ? 4 : 16);
}

static void put_soa(struct build *b, const char *minimum)
{
    put_name_text(b, "ns.dns");
    put_name_text(b, "hostmaster.dns");
    for (int i = 0; i < 4; i++)
        put32(b, 1);
    put32(b, number(b, minimum));
}

static unsigned type_of(const struct build *b, const char *word)
{
    static const struct {
        const char *word;
        unsigned type;
    } types[] = {{"A", SVC__WIRE_A},     {"AAAA", SVC__WIRE_AAAA},
                 {"SRV", SVC__WIRE_SRV}, {"CNAME", SVC__WIRE_CNAME},
                 {"SOA", SVC__WIRE_SOA}, {"PTR", SVC__WIRE_PTR},
                 {"CLASS3", SVC__WIRE_A}};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].word, word) == 0)
            return types[i].type;
    }
    give_up(b, "no type", word);
    return 0;
}

static void put_data(struct build *b, unsigned type, const char *const *words)
{
    switch (type) {
    case SVC__WIRE_A:
    case SVC__WIRE_AAAA:
        put_address(b, words[0]);
        break;
    case SVC__WIRE_SRV:
        for (int i = 0; i < 3; i++)
            put16(b, (unsigned)number(b, words[i]));
        put_name_text(b, words[3]);
        break;
    case SVC__WIRE_SOA:
        put_soa(b, words[0]);
        break;
    default:
        put_name_text(b, words[0]);
    }
}

/* Counts a record in the header. */
static void count(struct build *b, int section)
{
    uint8_t *at = b->m->bytes + 6 + (size_t)section * 2;
    unsigned n = (unsigned)(at[0] << 8 | at[1]) + 1;

    at[0] = (uint8_t)(n >> 8);
    at[1] = (uint8_t)n;
}

static void put_record(struct build *b, char *text)
{
    const char *words[WORDS] = {"", "", "", "", "", "", "", ""};
    char *state;
    size_t n = 0;
    int section = SVC__WIRE_ANSWER;
    size_t length_at;
    unsigned type;

    for (char *word = strtok_r(text, " \n", &state); word != NULL && n < WORDS;
         word = strtok_r(NULL, " \n", &state))
        words[n++] = word;
    if (n < 4)
        give_up(b, "no record", words[0]);
    if (words[0][0] == '+')
        section = SVC__WIRE_ADDITIONAL;
    else if (words[0][0] == '~')
        section = SVC__WIRE_AUTHORITY;
    type = type_of(b, words[2]);
    put_name_text(b, words[0] + (section != SVC__WIRE_ANSWER));
    put16(b, type);
    put16(b, strcmp(words[2], "CLASS3") == 0 ? 3 : 1);
    put32(b, number(b, words[1]));
    length_at = b->m->size;
    put16(b, 0);
    put_data(b, type, words + 3);
    b->m->bytes[length_at] = (uint8_t)((b->m->size - length_at - 2) >> 8);
    b->m->bytes[length_at + 1] = (uint8_t)(b->m->size - length_at - 2);
    count(b, section);
}

static unsigned rcode_of(const struct build *b, const char *word)
{
    static const char *const words[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};
    char want[16] = "";

    (void)sscanf(word, " %15[A-Z]", want);
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], want) == 0)
            return i;
    }
    give_up(b, "no rcode", word);
    return 0;
}

void dns_build(const struct svc__wire_question *q, const char *text,
               struct dns_message *ret)
{
    struct build b = {q, ret, text};
    char *copy = strdup(text);
    char *state;
    char *part;

    if (copy == NULL)
        abort();
    part = strtok_r(copy, "|", &state);
    ret->size = 0;
    put16(&b, 0x1234);
    put16(&b, 0x8180u | rcode_of(&b, part == NULL ? "" : part));
    put16(&b, 1);
    put(&b, "\0\0\0\0\0", 6);
    put(&b, q->name.bytes, q->name.size);
    put16(&b, q->type);
    put16(&b, 1);
    while ((part = strtok_r(NULL, "|", &state)) != NULL)
        put_record(&b, part);
    free(copy);
}

void dns_question(const char *text, struct svc__wire_question *ret)
{
    const struct build b = {NULL, NULL, text};
    size_t size = strcspn(text, " ");
    char type[16];

    (void)snprintf(type, sizeof(type), "%.*s", (int)size, text);
    ret->type = (uint16_t)type_of(&b, type);
    if (text[size] == '\0' ||
        svc__wire_name_parse(text + size + 1, &ret->name) != 0)
        give_up(&b, "no question", text);
}
