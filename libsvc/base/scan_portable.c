/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk in plain C, eight bytes in a word at a time. Also the version for
 * aarch64.
 */
#define SVC__SCAN_TARGET

/* Constants are no effort here. */
struct patterns {
    char none;
};

#include "base/scan_walk.h"

#define EACH_BYTE(x) ((uint64_t)0x0101010101010101u * (x))

/* Eight bytes as a number whose lowest byte is the first one. */
SVC__SCAN_INLINE uint64_t word_at(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The top bit of each byte that is zero. Exact: no carry leaves a byte. */
SVC__SCAN_INLINE uint64_t zero_bytes(uint64_t word)
{
    return ~(((word & EACH_BYTE(0x7F)) + EACH_BYTE(0x7F)) | word) &
           EACH_BYTE(0x80);
}

/* The top bits of eight bytes, gathered in the lowest eight bits. */
SVC__SCAN_INLINE uint64_t gather(uint64_t tops)
{
    return (tops >> 7) * 0x0102040810204080u >> 56;
}

SVC__SCAN_INLINE struct patterns patterns(void)
{
    return (struct patterns){0};
}

SVC__SCAN_INLINE struct masks classify(const char *text,
                                       const struct patterns *all)
{
    struct masks m = {0};
    (void)all;

    for (unsigned i = 0; i < 64; i += 8) {
        uint64_t word = word_at(text + i);
        uint64_t folded = word | EACH_BYTE(0x20);

        m.quotes |= gather(zero_bytes(word ^ EACH_BYTE('"'))) << i;
        m.backslashes |= gather(zero_bytes(word ^ EACH_BYTE('\\'))) << i;
        m.commas |= gather(zero_bytes(word ^ EACH_BYTE(','))) << i;
        /* '[' and ']' differ from '{' and '}' by the bit that is folded. */
        m.brackets |= gather(zero_bytes(folded ^ EACH_BYTE('{')) |
                             zero_bytes(folded ^ EACH_BYTE('}')))
                      << i;
        m.high |= word & EACH_BYTE(0x80);
    }
    return m;
}

SVC__SCAN_INLINE uint64_t prefix_xor(uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

static enum svc__scan_stop walk_portable(struct svc__scan *s)
{
    return walk(s);
}

const struct svc__scan_ops *svc__scan_ops_portable(void)
{
    static const struct svc__scan_ops ops = {"portable", walk_portable};

    return &ops;
}
