/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Short looks at JSON text: where a string ends, whether it is a name, whether
 * it begins with a given key. Inline, 16 bytes at a time with SSE2, which
 * every x86-64 has, and in plain C elsewhere. Nothing is read at or
 * behind end. Pure.
 */
#ifndef SVC_BASE_SCAN_TEXT_H
#define SVC_BASE_SCAN_TEXT_H

#include "base/scan_text_portable.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* ---- SSE2 --------------------------------------------------------------- */

#if defined(__SSE2__)

static inline __m128i svc__scan_load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* Whether each byte is first … first + count - 1. */
static inline __m128i svc__scan_range(__m128i bytes, char first, char count)
{
    __m128i from = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    __m128i last = _mm_set1_epi8((char)(count - 1));

    return _mm_cmpeq_epi8(_mm_min_epu8(from, last), from);
}

static inline unsigned svc__scan_mask(__m128i bytes)
{
    return (unsigned)_mm_movemask_epi8(bytes);
}

#endif

/* ---- the functions ------------------------------------------------------ */

/* The first byte from p on that cannot stand in a string as it is: a quote, a
 * backslash, a control character, one above 127. end if there is none. */
static inline const char *svc__scan_plain(const char *p, const char *end)
{
#if defined(__SSE2__)
    while (end - p >= 16) {
        __m128i bytes = svc__scan_load(p);
        __m128i special =
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        unsigned mask;

        special = _mm_or_si128(special, svc__scan_range(bytes, 0, 0x20));
        mask = svc__scan_mask(_mm_or_si128(special, bytes));
        if (mask != 0)
            return p + __builtin_ctz(mask);
        p += 16;
    }
#endif
    return svc__scan_plain_portable(p, end);
}

/* The first quote or backslash from p on, or end. */
static inline const char *svc__scan_quote(const char *p, const char *end)
{
#if defined(__SSE2__)
    while (end - p >= 16) {
        __m128i bytes = svc__scan_load(p);
        unsigned mask = svc__scan_mask(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));

        if (mask != 0)
            return p + __builtin_ctz(mask);
        p += 16;
    }
#endif
    return svc__scan_quote_portable(p, end);
}

/* The run of name characters at p, of at most SVC__SCAN_NAME_MAX. */
static inline struct svc__scan_name svc__scan_name(const char *p,
                                                   const char *end)
{
#if defined(__SSE2__)
    struct svc__scan_name name = {0, 0};

    if (end - p < SVC__SCAN_NAME_MAX)
        return svc__scan_name_portable(p, end);
    while (name.size < SVC__SCAN_NAME_MAX) {
        __m128i bytes = svc__scan_load(p + name.size);
        /* '/' lies between the two marks and the digits. */
        __m128i ok = _mm_or_si128(
            svc__scan_range(bytes, 'a', 26),
            _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('/')),
                             svc__scan_range(bytes, '-', 13)));
        __m128i marks = _mm_cmpgt_epi8(_mm_set1_epi8('0'), bytes);
        unsigned mask = svc__scan_mask(ok);

        name.marks |= (uint64_t)svc__scan_mask(marks) << name.size;
        if (mask != 0xFFFF) {
            name.size += (unsigned)__builtin_ctz(~mask);
            name.marks &= ((uint64_t)1 << name.size) - 1;
            break;
        }
        name.size += 16;
    }
    return name;
#else
    return svc__scan_name_portable(p, end);
#endif
}

/* Behind the white space at p (RFC 8259 section 2). */
static inline const char *svc__scan_space(const char *p, const char *end)
{
#if defined(__SSE2__)
    /* Indented text: a line break and many spaces. */
    if (p < end && *p == '\n') {
        p++;
        while (end - p >= 16) {
            unsigned mask = svc__scan_mask(
                _mm_cmpeq_epi8(svc__scan_load(p), _mm_set1_epi8(' ')));

            if (mask != 0xFFFF) {
                p += __builtin_ctz(~mask);
                break;
            }
            p += 16;
        }
    }
#endif
    return svc__scan_space_portable(p, end);
}

/* Whether size bytes, 1 to SVC__SCAN_NAME_MAX, are the same at p and q. At
 * both there are at least 16 bytes. */
static inline int svc__scan_same(const char *p, const char *q, size_t size)
{
#if defined(__SSE2__)
    unsigned equal =
        svc__scan_mask(_mm_cmpeq_epi8(svc__scan_load(p), svc__scan_load(q)));

    if (size <= 16)
        return (~equal & ((1u << size) - 1)) == 0;
    /* The last step looks at some bytes again. */
    for (size_t at = 16; at < size && equal == 0xFFFF; at += 16) {
        size_t from = at + 16 <= size ? at : size - 16;

        equal = svc__scan_mask(
            _mm_cmpeq_epi8(svc__scan_load(p + from), svc__scan_load(q + from)));
    }
    return equal == 0xFFFF;
#else
    return memcmp(p, q, size) == 0;
#endif
}

/* Whether the 32 bytes at p are those at literal, wherever mask has a bit. The
 * bits of mask are the lowest ones. */
static inline int svc__scan_begins(const char *p, const char *literal,
                                   uint32_t mask)
{
#if defined(__SSE2__)
    uint32_t equal = svc__scan_mask(
        _mm_cmpeq_epi8(svc__scan_load(p), svc__scan_load(literal)));

    if (mask > 0xFFFF)
        equal |= svc__scan_mask(_mm_cmpeq_epi8(svc__scan_load(p + 16),
                                               svc__scan_load(literal + 16)))
                 << 16;
    return (~equal & mask) == 0;
#else
    return memcmp(p, literal, (size_t)__builtin_popcount(mask)) == 0;
#endif
}

#endif
