/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of the walk, shared by its versions. Each defines SVC__SCAN_TARGET
 * and struct patterns, includes this once, and defines patterns, classify and
 * prefix_xor, so that the compiler can put all of it into one function for the
 * instructions that the target allows. For base/scan_*.c only.
 */
#ifndef SVC_BASE_SCAN_WALK_H
#define SVC_BASE_SCAN_WALK_H

#include "base/scan.h"

#include <string.h>

#define SVC__SCAN_INLINE                                                       \
    static inline __attribute__((always_inline)) SVC__SCAN_TARGET

/* Where what is among 64 bytes: bit i is byte i. */
struct masks {
    uint64_t quotes;
    uint64_t backslashes;
    uint64_t brackets; /* all four */
    uint64_t commas;
    uint64_t high; /* not 0: at least one byte is above 127 */
};

/* What classify compares with, kept in registers. */
SVC__SCAN_INLINE struct patterns patterns(void);

/* The masks of 64 bytes. */
SVC__SCAN_INLINE struct masks classify(const char *text,
                                       const struct patterns *all);

/* Bit i of the result is the parity of bits 0 … i. */
SVC__SCAN_INLINE uint64_t prefix_xor(uint64_t bits);

/* The bytes that a backslash before them escapes. *carry is 1 when the first
 * byte is one, and becomes so for the next block. */
SVC__SCAN_INLINE uint64_t find_escaped(uint64_t backslashes, uint64_t *carry)
{
    uint64_t escaped = *carry;

    backslashes &= ~*carry;
    *carry = 0;
    while (backslashes != 0) {
        uint64_t first = backslashes & (~backslashes + 1);

        escaped |= first << 1;
        *carry = first >> 63;
        backslashes &= ~(first | first << 1);
    }
    return escaped;
}

/* The masks of fewer than 64 bytes: spaces make up the rest. Not inline, so
 * that its buffer is not cleared for every block. */
static __attribute__((noinline)) SVC__SCAN_TARGET struct masks classify_rest(
    const char *text, size_t size)
{
    char padded[64];
    struct patterns all;

    memset(padded, ' ', sizeof(padded));
    memcpy(padded, text, size);
    all = patterns();
    return classify(padded, &all);
}

/* Takes a block of size bytes with the masks m in hand. */
SVC__SCAN_INLINE void take_block(struct svc__scan *s, struct masks m,
                                 size_t size)
{
    uint64_t escaped = 0;
    uint64_t string;

    if ((m.backslashes | s->escaped) != 0) {
        escaped = find_escaped(m.backslashes, &s->escaped);
        if (size < 64)
            s->escaped = escaped >> size & 1;
    }
    string = prefix_xor(m.quotes & ~escaped) ^ s->string;
    s->string = (uint64_t)((int64_t)string >> 63);
    s->events = (m.brackets | m.backslashes) & ~string;
    s->tokens = (m.brackets | m.commas) & ~string;
    s->counted += (uint64_t)__builtin_popcountll(s->tokens);
    s->block = s->next;
    s->next += size;
    if (m.high != 0 || s->utf8 != 0)
        svc__scan_check(s, size);
}

/* Takes the next block in hand. 0 when there is none. */
SVC__SCAN_INLINE int load(struct svc__scan *s, const struct patterns *all)
{
    const char *text = s->text + s->next;
    size_t size = s->size - s->next;

    if (size >= 64)
        take_block(s, classify(text, all), 64);
    else if (size > 0)
        take_block(s, classify_rest(text, size), size);
    return size > 0;
}

/* What a closing bracket of this depth, or a stray backslash, is. */
SVC__SCAN_INLINE enum svc__scan_stop judge(unsigned char c, int matches,
                                           int depth)
{
    if (c == '\\')
        return SVC__SCAN_STRAY;
    return matches && depth >= 0 ? SVC__SCAN_CLOSE : SVC__SCAN_MISMATCH;
}

SVC__SCAN_INLINE void note_end(struct svc__scan *s, unsigned bit)
{
    if (s->end_count < SVC__SCAN_ENDS)
        s->ends[s->end_count++] = (uint32_t)(s->block + bit);
}

/* Walks the events of the block in hand, up to one that stops the walk. Of a
 * bracket's byte, bit 2 tells that it closes and bit 5 that it is a brace;
 * bit 2 of a backslash is set, too. */
SVC__SCAN_INLINE enum svc__scan_stop step(struct svc__scan *s)
{
    uint64_t events = s->events;
    uint64_t stack = s->stack;
    int depth = s->depth;
    const int floor = s->floor;
    const int noted = floor + s->noted;
    const int stop_open = s->closes_only ? -1 : floor;
    const int limit = s->limit;
    enum svc__scan_stop stop = SVC__SCAN_END;
    const char *text = s->text + s->block;
    unsigned bit = 0;

    while (events != 0) {
        unsigned char c;
        int before = depth;

        bit = (unsigned)__builtin_ctzll(events);
        c = (unsigned char)text[bit];
        events &= events - 1;
        if ((c & 4) == 0) {
            stack = stack << 1 | (c >> 5 & 1);
            depth++;
            if (before != stop_open && before < limit)
                continue;
            stop = before < limit ? SVC__SCAN_OPEN : SVC__SCAN_DEEP;
        } else {
            int matches = (uint64_t)(c ^ 0x5D) == (stack & 1) << 5;

            stack >>= 1;
            depth--;
            if (matches && depth > floor) {
                if (depth == noted)
                    note_end(s, bit);
                continue;
            }
            stop = judge(c, matches, depth);
        }
        break;
    }
    s->events = events;
    s->stack = stack;
    s->depth = depth;
    s->pos = s->block + bit;
    return stop;
}

SVC__SCAN_INLINE enum svc__scan_stop walk(struct svc__scan *s)
{
    enum svc__scan_stop stop = step(s);
    struct patterns all;

    if (stop != SVC__SCAN_END)
        return stop;
    all = patterns();
    for (;;) {
        if (s->bad != SIZE_MAX) {
            s->pos = s->bad;
            return SVC__SCAN_UTF8;
        }
        if (!load(s, &all)) {
            s->pos = s->size;
            return SVC__SCAN_END;
        }
        stop = step(s);
        if (stop != SVC__SCAN_END)
            return stop;
    }
}

#endif
