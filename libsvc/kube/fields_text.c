/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the texts that are kept: their rules, their place, and which of them
 * share it. The quick way is for names without escapes of up to 63 characters,
 * which is nearly all that comes.
 */
#include "kube/fields.h"
#include "kube/rules.h"

#include <string.h>

/* What must be left of the text at a run: it is compared 16 bytes at a time. */
#define AHEAD 18

/* Itself, or written behind the kept texts. */
int svc__fields_plain(struct svc__fields *f, const struct svc__json_str *str,
                      struct svc__json_str *ret)
{
    char *room;

    *ret = *str;
    if (!str->escaped)
        return 0;
    room = svc__buf_reserve(&f->text, str->size);
    if (room == NULL) {
        svc__fields_no_memory(f);
        return f->j.err;
    }
    ret->size = svc__json_str_copy(str, room);
    ret->text = room;
    return 0;
}

/* Appends a plain text, which may already stand behind the kept ones. 0 or
 * the error. */
static int append(struct svc__fields *f, const struct svc__json_str *plain,
                  uint32_t *ret)
{
    size_t offset = f->text.size;

    if (plain->escaped)
        f->text.size += plain->size; /* it was written there */
    else
        svc__buf_add(&f->text, plain->text, plain->size);
    if (svc__buf_add_byte(&f->text, '\0') != 0) {
        svc__fields_no_memory(f);
        return f->j.err;
    }
    *ret = (uint32_t)offset;
    return 0;
}

/* Checks a text without its escapes. 0 or the error. */
static int check(struct svc__fields *f, enum svc__rule rule,
                 const struct svc__json_str *str, struct svc__json_str *ret)
{
    if (svc__fields_plain(f, str, ret) != 0)
        return f->j.err;
    if (ret->size > 0 && !svc__rule_allows(rule, ret->text, ret->size))
        svc__fields_refuse(f, str, svc__rule_reason(rule));
    return f->j.err;
}

int svc__fields_check(struct svc__fields *f, enum svc__rule rule,
                      const struct svc__json_str *str)
{
    struct svc__json_str plain;
    struct svc__scan_name run = svc__scan_name(str->text, f->j.end);

    /* The quick way, here too; the quote behind it ends the run. */
    if (run.size == str->size && svc__rule_allows_run(rule, &run, str->text))
        return 0;
    return check(f, rule, str, &plain);
}

int svc__fields_keep(struct svc__fields *f, enum svc__rule rule,
                     const struct svc__json_str *str, uint32_t *ret)
{
    struct svc__json_str plain;

    *ret = 0;
    if (check(f, rule, str, &plain) != 0 || plain.size == 0)
        return f->j.err;
    return append(f, &plain, ret);
}

size_t svc__fields_run(const struct svc__fields *f, const char *p,
                       enum svc__rule rule)
{
    struct svc__scan_name run;

    if (f->j.end - p < AHEAD || *p != '"')
        return 0;
    run = svc__scan_name(p + 1, f->j.end);
    if (p + 1 + run.size == f->j.end || p[1 + run.size] != '"' ||
        !svc__rule_allows_run(rule, &run, p + 1))
        return 0;
    return run.size;
}

/* Goes to the room that init made. A copy of fixed size is quicker. */
uint32_t svc__fields_keep_run(struct svc__fields *f, const char *run,
                              size_t size)
{
    size_t offset = f->text.size;
    char *room = f->text.data + offset;

    if (f->j.end - run >= SVC__SCAN_NAME_MAX)
        memcpy(room, run, SVC__SCAN_NAME_MAX);
    else
        memcpy(room, run, size);
    room[size] = '\0';
    f->text.size = offset + size + 1;
    return (uint32_t)offset;
}

/* The long way: whatever a string can be. */
static const char *take_long(struct svc__fields *f, const char *p,
                             enum svc__rule rule, uint32_t *ret)
{
    struct svc__json_str str = {0};

    p = svc__fields_text(f, p, &str);
    if (p == NULL || svc__fields_keep(f, rule, &str, ret) != 0)
        return NULL;
    return p;
}

const char *svc__fields_name(struct svc__fields *f, const char *p,
                             enum svc__rule rule, uint32_t *ret)
{
    size_t size = svc__fields_run(f, p, rule);

    if (size == 0)
        return take_long(f, p, rule, ret);
    *ret = svc__fields_keep_run(f, p + 1, size);
    return p + size + 2;
}

/* ---- texts that share a place ------------------------------------------- */

/* Where a text is remembered. Collisions only cost a copy. */
static size_t slot_of(uint32_t tag, const char *text, size_t size)
{
    uint64_t head = 0;
    uint64_t tail = 0;

    if (size >= 8) {
        memcpy(&head, text, 8);
        memcpy(&tail, text + size - 8, 8);
    } else {
        memcpy(&head, text, size);
    }
    head = (head ^ (tail << 29 | tail >> 35) ^ tag) * 0x9E3779B97F4A7C15u;
    return (size_t)(head >> (64 - SVC__FIELDS_KNOWN_BITS));
}

/* At both there are at least 16 bytes. */
static inline int is_equal(const char *a, const char *b, size_t size)
{
    if (size > SVC__SCAN_NAME_MAX)
        return memcmp(a, b, size) == 0;
    return svc__scan_same(a, b, size);
}

/* The offset of an equal text that is remembered, or 0; then *ret_slot is
 * where this one should be. What is remembered of another slice is no trouble:
 * where the same text stands here, with a NUL behind it, it serves. */
static uint32_t recall(struct svc__fields *f, enum svc__rule rule,
                       const char *text, size_t size, size_t *ret_slot)
{
    uint32_t tag = (uint32_t)rule << 28 | (uint32_t)(size & 0xFFFFFFF);
    size_t slot = slot_of(tag, text, size);
    size_t offset = f->known[slot].offset;
    /* A list stands behind the kept texts already: not itself. */
    size_t limit =
        rule == SVC__RULE_LIST ? (size_t)(text - f->text.data) : f->text.size;

    *ret_slot = slot;
    if (offset != 0 && offset + size < limit &&
        f->known[slot].rule_and_size == tag &&
        f->text.data[offset + size] == '\0' &&
        is_equal(f->text.data + offset, text, size))
        return (uint32_t)offset;
    f->known[slot].rule_and_size = tag;
    f->known[slot].offset = 0;
    return 0;
}

uint32_t svc__fields_share_run(struct svc__fields *f, enum svc__rule rule,
                               const char *run, size_t size)
{
    size_t slot;
    uint32_t offset = recall(f, rule, run, size, &slot);

    if (offset == 0) {
        offset = svc__fields_keep_run(f, run, size);
        f->known[slot].offset = offset;
    }
    return offset;
}

const char *svc__fields_shared(struct svc__fields *f, const char *p,
                               enum svc__rule rule, uint32_t *ret)
{
    size_t size = svc__fields_run(f, p, rule);

    if (size == 0)
        return take_long(f, p, rule, ret);
    *ret = svc__fields_share_run(f, rule, p + 1, size);
    return p + size + 2;
}

/* The list that the texts from start on are, ended already. */
static uint32_t share_list(struct svc__fields *f, size_t start)
{
    size_t slot;
    /* Its last NUL does not count, as that of any text. */
    uint32_t offset = recall(f, SVC__RULE_LIST, f->text.data + start,
                             f->text.size - start - 1, &slot);

    if (offset != 0) {
        f->text.size = start;
        return offset;
    }
    f->known[slot].offset = (uint32_t)start;
    return (uint32_t)start;
}

uint32_t svc__fields_list_run(struct svc__fields *f, const char *run,
                              size_t size)
{
    size_t start = svc__fields_keep_run(f, run, size);

    f->text.data[f->text.size++] = '\0';
    return share_list(f, start);
}

int svc__fields_list(struct svc__fields *f, size_t start, uint32_t *ret)
{
    if (svc__buf_add_byte(&f->text, '\0') != 0) {
        svc__fields_no_memory(f);
        return f->j.err;
    }
    *ret = share_list(f, start);
    return 0;
}
