/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the well-formed byte sequences of RFC 3629 section 4. ASCII, by far
 * most of what comes, is passed over eight bytes at a time.
 */
#include "base/utf8.h"

#include <string.h>

/* The state within a character: how many bytes are missing, and the range of
 * the next one. */
#define STATE(missing, low, high)                                              \
    ((uint32_t)(missing) | (uint32_t)(low) << 8 | (uint32_t)(high) << 16)

/* The state behind a first byte above 127; 0 if no character begins so. The
 * narrower ranges keep out what is overlong, surrogates, and what is above
 * U+10FFFF. */
static uint32_t begin(unsigned char first)
{
    if (first < 0xC2 || first > 0xF4)
        return 0;
    if (first < 0xE0)
        return STATE(1, 0x80, 0xBF);
    if (first < 0xF0)
        return STATE(2, first == 0xE0 ? 0xA0 : 0x80,
                     first == 0xED ? 0x9F : 0xBF);
    return STATE(3, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
}

/* Behind the ASCII that text begins with, in steps of eight bytes. */
static size_t skip_ascii(const char *text, size_t at, size_t size)
{
    uint64_t word;

    while (size - at >= sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        if ((word & 0x8080808080808080u) != 0)
            break;
        at += sizeof(word);
    }
    return at;
}

/* The size of a character of two or three bytes, which are there; 0 for the
 * long way: longer, or malformed. */
static size_t short_character(const char *text)
{
    unsigned char a = (unsigned char)text[0];
    unsigned char b = (unsigned char)text[1];

    if ((b & 0xC0) != 0x80 || a < 0xC2)
        return 0;
    if (a < 0xE0)
        return 2;
    if (a > 0xEF || ((unsigned char)text[2] & 0xC0) != 0x80)
        return 0;
    return (a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F) ? 0 : 3;
}

/* Goes on by one byte above 127, or within a character. Returns whether it can
 * be there. */
static int advance(uint32_t *st, unsigned char c)
{
    if (*st == 0) {
        *st = begin(c);
        return *st != 0;
    }
    if (c < (*st >> 8 & 0xFF) || c > *st >> 16)
        return 0;
    *st = (*st & 0xFF) == 1 ? 0 : STATE((*st & 0xFF) - 1, 0x80, 0xBF);
    return 1;
}

size_t svc__utf8_step(uint32_t *state, const char *text, size_t size)
{
    uint32_t st = *state;
    size_t at = 0;

    while (at < size) {
        unsigned char c = (unsigned char)text[at];
        size_t width = 0;

        if (st == 0 && c < 0x80) {
            at = skip_ascii(text, at + 1, size);
            continue;
        }
        if (st == 0 && size - at >= 3)
            width = short_character(text + at);
        if (width == 0) {
            if (!advance(&st, c))
                break;
            width = 1;
        }
        at += width;
    }
    *state = st;
    return at;
}

int svc__utf8_is_valid(const char *text, size_t size)
{
    uint32_t state = 0;

    return svc__utf8_step(&state, text, size) == size && state == 0;
}
