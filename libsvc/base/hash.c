/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash with one compression and three finalisation rounds, after
 * Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).
 */
#include "base/hash.h"

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotl(s->v1, 13) ^ s->v0;
    s->v0 = rotl(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotl(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotl(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotl(s->v1, 17) ^ s->v2;
    s->v2 = rotl(s->v2, 32);
}

/* Little endian whatever the machine, so that a key gives one hash. Written
 * out, since compilers make one load of this and none of a loop. */
static inline uint64_t load8(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
           (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
           (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

/* The last size bytes, fewer than 8, of all: the loads may overlap. */
static inline uint64_t load_rest(const unsigned char *p, size_t size,
                                 size_t all)
{
    uint64_t word = 0;

    if (size == 0)
        return 0;
    if (all >= 8)
        return load8(p + size - 8) >> (64 - 8 * size);
    for (size_t i = 0; i < size; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

uint64_t svc__hash(const struct svc__hash_key *key, const void *data,
                   size_t size)
{
    const unsigned char *p = data;
    struct sip s = {
        key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du,
        key->k0 ^ 0x6c7967656e657261u, key->k1 ^ 0x7465646279746573u};
    uint64_t word;
    size_t left = size;

    for (; left >= 8; left -= 8, p += 8) {
        word = load8(p);
        s.v3 ^= word;
        sip_round(&s);
        s.v0 ^= word;
    }
    word = ((uint64_t)size << 56) | load_rest(p, left, size);
    s.v3 ^= word;
    sip_round(&s);
    s.v0 ^= word;
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
