/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The looks of base/scan_text.h in plain C, eight bytes at a time. Always
 * compiled: they also look at what is shorter than a vector. Nothing is read
 * at or behind end. Pure.
 */
#ifndef SVC_BASE_SCAN_TEXT_PORTABLE_H
#define SVC_BASE_SCAN_TEXT_PORTABLE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Characters that svc__scan_name looks at in one go. */
#define SVC__SCAN_NAME_MAX 64

/* A run of lower-case letters, digits, '-' and '.'. Bit i is character i. */
struct svc__scan_name {
    size_t size;
    uint64_t marks; /* '-' and '.' */
};

/* The top bit of each byte of word that is zero. Exact in every byte. */
static inline uint64_t svc__scan_zeros(uint64_t word)
{
    const uint64_t low = 0x7F7F7F7F7F7F7F7Fu;

    return ~(((word & low) + low) | word | low);
}

/* Whether one of eight bytes cannot stand in a string as it is. */
static inline int svc__scan_has_special(uint64_t word)
{
    const uint64_t each = 0x0101010101010101u;

    return (svc__scan_zeros(word ^ each * '"') |
            svc__scan_zeros(word ^ each * '\\') |
            svc__scan_zeros(word & each * 0xE0) | (word & each * 0x80)) != 0;
}

static inline int svc__scan_is_special(unsigned char c)
{
    return c == '"' || c == '\\' || c < 0x20 || c >= 0x80;
}

static inline const char *svc__scan_plain_portable(const char *p,
                                                   const char *end)
{
    while (end - p >= 8) {
        uint64_t word;

        memcpy(&word, p, sizeof(word));
        if (svc__scan_has_special(word))
            break;
        p += 8;
    }
    while (p < end && !svc__scan_is_special((unsigned char)*p))
        p++;
    return p;
}

static inline const char *svc__scan_quote_portable(const char *p,
                                                   const char *end)
{
    const uint64_t each = 0x0101010101010101u;

    while (end - p >= 8) {
        uint64_t word;

        memcpy(&word, p, sizeof(word));
        if ((svc__scan_zeros(word ^ each * '"') |
             svc__scan_zeros(word ^ each * '\\')) != 0)
            break;
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
}

static inline struct svc__scan_name svc__scan_name_portable(const char *p,
                                                            const char *end)
{
    struct svc__scan_name name = {0, 0};

    while (name.size < SVC__SCAN_NAME_MAX && p < end) {
        uint64_t bit = (uint64_t)1 << name.size;

        if (*p == '-' || *p == '.')
            name.marks |= bit;
        else if ((*p < 'a' || *p > 'z') && (*p < '0' || *p > '9'))
            break;
        name.size++;
        p++;
    }
    return name;
}

static inline const char *svc__scan_space_portable(const char *p,
                                                   const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

#endif
