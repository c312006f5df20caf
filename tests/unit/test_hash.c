/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-1-3 against values of another implementation, whose SipHash-2-4
 * gives the value in the paper's appendix: key 00..0f, messages 00, 00 01, …
 */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct svc__hash_key key = {0x0706050403020100u,
                                         0x0f0e0d0c0b0a0908u};

static const uint64_t vectors[] = {
    0xabac0158050fc4dcu, 0xc9f49bf37d57ca93u, 0x82cb9b024dc7d44du,
    0x8bf80ab8e7ddf7fbu, 0xcf75576088d38328u, 0xdef9d52f49533b67u,
    0xc50d2b50c59f22a7u, 0xd3927d989bb11140u, 0x369095118d299a8eu,
    0x25a48eb36c063de4u, 0x79de85ee92ff097fu, 0x70c118c1f94dc352u,
    0x78a384b157b4d9a2u, 0x306f760c1229ffa7u, 0x605aa111c0f95d34u,
    0xd320d86d2a519956u, 0xcc4fdd1a7d908b66u, 0x9cf2689063dbd80cu,
    0x8ffc389cb473e63eu, 0xf21f9de58d297d1cu, 0xc0dc2f46a6cce040u,
    0xb992abfe2b45f844u, 0x7ffe7b9ba320872eu, 0x525a0e7fdae6c123u,
    0xf464aeb267349c8cu, 0x45cd5928705b0979u, 0x3a3e35e3ca9913a5u,
    0xa91dc74e4ade3b35u, 0xfb0bed02ef6cd00du, 0x88d93cb44ab1e1f4u,
    0x540f11d643c5e663u, 0x2370dd1f8c21d1bcu};

static void test_vectors(void **state)
{
    unsigned char message[32];

    (void)state;
    for (size_t i = 0; i < 32; i++) {
        message[i] = (unsigned char)i;
        assert_true(svc__hash(&key, message, i) == vectors[i]);
    }
}

static void test_long(void **state)
{
    static const struct svc__hash_key ones = {UINT64_MAX, UINT64_MAX};
    unsigned char message[300];

    (void)state;
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (unsigned char)i;
    assert_true(svc__hash(&ones, message, sizeof(message)) ==
                0xfdc5a299b624fac5u);
}

/* Where the text lies does not matter. */
static void test_alignment(void **state)
{
    unsigned char message[64];

    (void)state;
    for (size_t shift = 0; shift < 16; shift++) {
        for (size_t i = 0; i < 31; i++)
            message[shift + i] = (unsigned char)i;
        assert_true(svc__hash(&key, message + shift, 31) == vectors[31]);
    }
}

/* One bit of the key or the text changes about half of the hash. */
static int changed_bits(uint64_t a, uint64_t b)
{
    int count = 0;

    for (uint64_t x = a ^ b; x != 0; x &= x - 1)
        count++;
    return count;
}

static void test_avalanche(void **state)
{
    char text[] = "default/kubernetes";
    uint64_t hash = svc__hash(&key, text, sizeof(text) - 1);

    (void)state;
    for (size_t bit = 0; bit < 8 * (sizeof(text) - 1); bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        assert_in_range(
            changed_bits(hash, svc__hash(&key, text, sizeof(text) - 1)), 12,
            52);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
    for (int bit = 0; bit < 64; bit++) {
        struct svc__hash_key other = key;

        other.k0 ^= (uint64_t)1 << bit;
        assert_in_range(
            changed_bits(hash, svc__hash(&other, text, sizeof(text) - 1)), 12,
            52);
        other.k0 = key.k0;
        other.k1 ^= (uint64_t)1 << bit;
        assert_in_range(
            changed_bits(hash, svc__hash(&other, text, sizeof(text) - 1)), 12,
            52);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_avalanche),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
