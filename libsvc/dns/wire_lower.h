/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASCII letters of a name in wire form in lower case, eight octets at a time:
 * every record has one or two names, so this is most of what a record costs.
 * Pure; any thread.
 */
#ifndef SVC_DNS_WIRE_LOWER_H
#define SVC_DNS_WIRE_LOWER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Each octet of word that is 'A' to 'Z' in lower case, the others as they are
 * (RFC 4343: letters alone have a case). */
static inline uint64_t svc__wire_lower_word(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t low = word & (ones * 0x7F);
    /* The top bit of an octet: it is above 'Z'; it is 'A' or above. */
    uint64_t above = low + ones * (0x7F - 'Z');
    uint64_t from = low + ones * (0x80 - 'A');
    uint64_t upper = (from ^ above) & ~word & (ones * 0x80);

    return word | upper >> 2;
}

/* Lengths of labels are below 'A', so they may stand among the letters. */
static inline void svc__wire_lower(uint8_t *bytes, size_t size)
{
    uint64_t word;
    size_t i = 0;

    for (; i + sizeof(word) <= size; i += sizeof(word)) {
        memcpy(&word, bytes + i, sizeof(word));
        word = svc__wire_lower_word(word);
        memcpy(bytes + i, &word, sizeof(word));
    }
    for (; i < size; i++) {
        if (bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] |= 0x20;
    }
}

#endif
