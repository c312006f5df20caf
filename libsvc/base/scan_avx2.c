/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk for x86-64 with AVX2, PCLMULQDQ, BMI1 and POPCNT. The instructions
 * are allowed for these functions alone, so that the library stays baseline.
 * On other machines this file offers nothing.
 */
#include "base/scan_avx2.h"

#if defined(__x86_64__)

#define SVC__SCAN_TARGET __attribute__((target("avx2,pclmul,bmi,popcnt")))

#include <immintrin.h>

struct patterns {
    __m256i quote;
    __m256i backslash;
    __m256i comma;
    __m256i fold;
    __m256i open;
    __m256i close;
};

#include "base/scan_walk.h"

/* The top bits of 64 bytes. */
SVC__SCAN_INLINE uint64_t tops(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

/* A register full of one byte, which the compiler must not make anew each
 * time. */
SVC__SCAN_INLINE __m256i fill(char c)
{
    __m256i all = _mm256_set1_epi8(c);

    __asm__("" : "+x"(all));
    return all;
}

SVC__SCAN_INLINE struct patterns patterns(void)
{
    return (struct patterns){fill('"'),  fill('\\'), fill(','),
                             fill(0x20), fill('{'),  fill('}')};
}

SVC__SCAN_INLINE uint64_t equal(__m256i low, __m256i high, __m256i pattern)
{
    return tops(_mm256_cmpeq_epi8(low, pattern),
                _mm256_cmpeq_epi8(high, pattern));
}

/* '[' and ']' differ from '{' and '}' by the bit that is folded. */
SVC__SCAN_INLINE __m256i brackets(__m256i bytes, const struct patterns *all)
{
    __m256i folded = _mm256_or_si256(bytes, all->fold);

    return _mm256_or_si256(_mm256_cmpeq_epi8(folded, all->open),
                           _mm256_cmpeq_epi8(folded, all->close));
}

SVC__SCAN_INLINE struct masks classify(const char *text,
                                       const struct patterns *all)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)text);
    __m256i high =
        _mm256_loadu_si256((const __m256i *)(const void *)(text + 32));
    struct masks m;

    m.quotes = equal(low, high, all->quote);
    m.backslashes = equal(low, high, all->backslash);
    m.commas = equal(low, high, all->comma);
    m.brackets = tops(brackets(low, all), brackets(high, all));
    m.high = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(low, high));
    return m;
}

/* A carry-less product with all ones is the xor of all shifts. */
SVC__SCAN_INLINE uint64_t prefix_xor(uint64_t bits)
{
    __m128i product = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits),
                                           _mm_set1_epi8((char)0xFF), 0);

    return (uint64_t)_mm_cvtsi128_si64(product);
}

static SVC__SCAN_TARGET enum svc__scan_stop walk_avx2(struct svc__scan *s)
{
    return walk(s);
}

const struct svc__scan_ops *svc__scan_ops_avx2(void)
{
    static const struct svc__scan_ops ops = {"avx2", walk_avx2};

    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt"))
        return &ops;
    return NULL;
}

#else

const struct svc__scan_ops *svc__scan_ops_avx2(void)
{
    return NULL;
}

#endif
