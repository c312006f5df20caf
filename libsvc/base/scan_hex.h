/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hexadecimal digits, sixteen at a time with SSE2 and one by one elsewhere.
 * Inline. Pure.
 */
#ifndef SVC_BASE_SCAN_HEX_H
#define SVC_BASE_SCAN_HEX_H

#include "base/scan_text.h"

#include <stdint.h>
#include <string.h>

/* The value of a hexadecimal digit, or so far below 0 that it stays there when
 * another is added. */
static inline int svc__scan_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -256;
}

/* Four digits into two bytes. */
static inline int svc__scan_hex4(const char *p, uint8_t *ret)
{
    int a = svc__scan_digit(p[0]) * 16 + svc__scan_digit(p[1]);
    int b = svc__scan_digit(p[2]) * 16 + svc__scan_digit(p[3]);

    ret[0] = (uint8_t)a;
    ret[1] = (uint8_t)b;
    return a >= 0 && b >= 0;
}

static inline int svc__scan_hex_portable(const char *a, const char *b,
                                         const char *c, const char *d,
                                         uint64_t *ret)
{
    uint8_t bytes[8];

    if (!svc__scan_hex4(a, bytes) || !svc__scan_hex4(b, bytes + 2) ||
        !svc__scan_hex4(c, bytes + 4) || !svc__scan_hex4(d, bytes + 6))
        return 0;
    memcpy(ret, bytes, sizeof(bytes));
    return 1;
}

#if defined(__SSE2__)

static inline __m128i svc__scan_load4(const char *p)
{
    int word;

    memcpy(&word, p, sizeof(word));
    return _mm_cvtsi32_si128(word);
}

#endif

/* Reads sixteen hexadecimal digits, four at each of a, b, c and d, into the
 * eight bytes of *ret. Returns whether all of them were digits. */
static inline int svc__scan_hex(const char *a, const char *b, const char *c,
                                const char *d, uint64_t *ret)
{
#if defined(__SSE2__)
    __m128i digits = _mm_unpacklo_epi64(
        _mm_unpacklo_epi32(svc__scan_load4(a), svc__scan_load4(b)),
        _mm_unpacklo_epi32(svc__scan_load4(c), svc__scan_load4(d)));
    __m128i letters = _mm_or_si128(digits, _mm_set1_epi8(0x20));
    __m128i is_digit = svc__scan_range(digits, '0', 10);
    __m128i is_letter = svc__scan_range(letters, 'a', 6);
    __m128i values;

    if (svc__scan_mask(_mm_or_si128(is_digit, is_letter)) != 0xFFFF)
        return 0;
    /* The low halves of letters are 1 to 6. */
    values = _mm_add_epi8(_mm_and_si128(digits, _mm_set1_epi8(0x0F)),
                          _mm_and_si128(is_letter, _mm_set1_epi8(9)));
    values = _mm_or_si128(_mm_slli_epi16(values, 4), _mm_srli_epi16(values, 8));
    values = _mm_and_si128(values, _mm_set1_epi16(0xFF));
    *ret = (uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(values, values));
    return 1;
#else
    return svc__scan_hex_portable(a, b, c, d, ret);
#endif
}

#endif
