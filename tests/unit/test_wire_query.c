/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries byte by byte, which packets answer them, and the words for types and
 * codes.
 */
#include "base/rng.h"
#include "dns/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire_text.h"

static const uint8_t lower[32];

static struct svc__wire_question question_of(const char *name, uint16_t type)
{
    struct svc__wire_question q = {.type = type};

    assert_int_equal(svc__wire_name_parse(name, &q.name), 0);
    return q;
}

static void assert_query(const struct svc__wire_question *q,
                         const uint8_t case_bits[32], uint16_t edns_size,
                         const char *want)
{
    uint8_t query[SVC__WIRE_QUERY_MAX];
    uint8_t bytes[512];
    size_t size = svc__wire_query(q, 0x1234, case_bits, edns_size, query);

    assert_int_equal(size, wire_text_bytes(want, bytes, sizeof(bytes)));
    assert_memory_equal(query, bytes, size);
}

static void test_bytes_of_a_query(void **state)
{
    struct svc__wire_question q = question_of("web.shop", SVC__WIRE_AAAA);
    struct svc__wire_question root = {{1, {0}}, SVC__WIRE_A};

    (void)state;
    assert_query(&q, lower, 0,
                 "1234 0100 0001 0000 0000 0000 'web' 'shop' 00 001C 0001");
    assert_query(&q, lower, SVC__WIRE_EDNS_SIZE,
                 "1234 0100 0001 0000 0000 0001 'web' 'shop' 00 001C 0001 "
                 "00 0029 04D0 00000000 0000");
    assert_query(&root, lower, 0, "1234 0100 0001 0000 0000 0000 00 0001 0001");
}

/* Only letters use a bit up. */
static void test_the_bits_say_the_case(void **state)
{
    struct svc__wire_question q = question_of("_a-1b.cdefg.hij", SVC__WIRE_SRV);
    const uint8_t odd[32] = {0x55, 0x01};
    uint8_t all[32];

    (void)state;
    memset(all, 0xFF, sizeof(all));
    assert_query(
        &q, odd, 0,
        "1234 0100 0001 0000 0000 0000 '_A-1b' 'CdEfG' 'hIj' 00 0021 0001");
    assert_query(
        &q, all, 0,
        "1234 0100 0001 0000 0000 0000 '_A-1B' 'CDEFG' 'HIJ' 00 0021 0001");
}

static void test_the_longest_query_fits(void **state)
{
    struct svc__wire_question q = {.type = SVC__WIRE_A};
    uint8_t query[SVC__WIRE_QUERY_MAX + 1];
    uint8_t all[32];

    (void)state;
    q.name.size = 255;
    for (size_t at = 0; at < 254; at += 2) {
        q.name.bytes[at] = 1;
        q.name.bytes[at + 1] = 'z';
    }
    q.name.bytes[254] = 0;
    memset(all, 0xFF, sizeof(all));
    query[SVC__WIRE_QUERY_MAX] = 0x77;
    assert_int_equal(svc__wire_query(&q, 1, all, 1232, query),
                     12 + 255 + 4 + 11);
    assert_int_equal(query[12 + 253], 'Z');
    assert_int_equal(query[SVC__WIRE_QUERY_MAX], 0x77);
}

/* The letters of the longest name, each with a bit of its own. */
static void test_every_letter_has_its_bit(void **state)
{
    struct svc__wire_question q = {.type = SVC__WIRE_A};
    uint8_t query[SVC__WIRE_QUERY_MAX];
    uint8_t bits[32];
    struct svc__rng rng;
    unsigned letter = 0;

    (void)state;
    svc__rng_seed(&rng, 5);
    for (size_t i = 0; i < 32; i++)
        bits[i] = (uint8_t)svc__rng_below(&rng, 256);
    memset(&q.name, 'q', sizeof(q.name));
    q.name.size = 255;
    for (size_t at = 0; at < 254; at += q.name.bytes[at] + 1u)
        q.name.bytes[at] = at < 192 ? 63 : 61;
    q.name.bytes[254] = 0;
    svc__wire_query(&q, 1, bits, 0, query);
    for (size_t at = 0; at < 254; at++) {
        if (at % 64 == 0)
            continue;
        assert_int_equal(query[12 + at],
                         bits[letter / 8] >> letter % 8 & 1 ? 'Q' : 'q');
        letter++;
    }
    assert_int_equal(letter, 250);
}

static size_t answer_bytes(uint8_t ret[512])
{
    return wire_text_bytes(
        WIRE_HEAD("0001", "0000", "0000") "'wEb' 'sHop' 00 0001 0001 " WIRE_A,
        ret, 512);
}

static size_t query_bytes(uint8_t ret[512])
{
    return wire_text_bytes("1234 0100 0001 0000 0000 0001 'wEb' 'sHop' 00 "
                           "0001 0001 00 0029 04D0 00000000 0000",
                           ret, 512);
}

/* Bits that an answer may have as it likes: AA, TC, RD, RA, Z, RCODE, and all
 * the counts but the first. Every other one up to the question's end counts
 * (faults D10, D11). */
static void test_one_bit_decides(void **state)
{
    uint8_t answer[512];
    uint8_t query[512];
    size_t size = answer_bytes(answer);
    size_t query_size = query_bytes(query);

    (void)state;
    assert_true(svc__wire_is_answer_to(answer, size, query, query_size));
    for (size_t bit = 0; bit < size * 8; bit++) {
        size_t at = bit / 8;
        unsigned mask = 0x80u >> bit % 8;
        int is_free = at == 3 || (at == 2 && mask <= 0x04) ||
                      (at >= 6 && at < 12) || at >= 26;

        answer[at] ^= (uint8_t)mask;
        if (svc__wire_is_answer_to(answer, size, query, query_size) != is_free)
            fail_msg("octet %zu, bit %02x", at, mask);
        answer[at] ^= (uint8_t)mask;
    }
}

/* Cut anywhere: down to no octet at all (faults D23). */
static void test_a_cut_answer(void **state)
{
    uint8_t answer[512];
    uint8_t query[512];
    size_t size = answer_bytes(answer);
    size_t query_size = query_bytes(query);

    (void)state;
    for (size_t cut = 0; cut <= size; cut++)
        assert_int_equal(svc__wire_is_answer_to(answer, cut, query, query_size),
                         cut >= 26);
    for (size_t cut = 0; cut <= query_size; cut++)
        assert_int_equal(svc__wire_is_answer_to(answer, size, query, cut),
                         cut >= 26);
}

/* Nothing answers what is no question. */
static void test_a_query_that_is_none(void **state)
{
    uint8_t query[512];
    uint8_t answer[512];
    size_t size =
        wire_text_bytes("1234 0100 0001 0000 0000 0000 C00C 0001 0001 00",
                        query, sizeof(query));

    (void)state;
    memcpy(answer, query, size);
    answer[2] = 0x81;
    assert_false(svc__wire_is_answer_to(answer, size, query, size));
    size = wire_text_bytes("1234 0100 0001 0000 0000 0000 40 00 0001 0001 "
                           "0000000000000000000000000000000000000000000000"
                           "0000000000000000000000000000000000000000000000"
                           "0000000000000000000000000000000000000000000000",
                           query, sizeof(query));
    memcpy(answer, query, size);
    answer[2] = 0x81;
    assert_false(svc__wire_is_answer_to(answer, size, query, size));
}

static void test_words(void **state)
{
    char text[16] = "";

    (void)state;
    assert_string_equal(svc__wire_type_name(SVC__WIRE_A, text), "A");
    assert_string_equal(svc__wire_type_name(SVC__WIRE_CNAME, text), "CNAME");
    assert_string_equal(svc__wire_type_name(SVC__WIRE_SOA, text), "SOA");
    assert_string_equal(svc__wire_type_name(SVC__WIRE_PTR, text), "PTR");
    assert_string_equal(svc__wire_type_name(SVC__WIRE_TXT, text), "TXT");
    assert_string_equal(svc__wire_type_name(SVC__WIRE_AAAA, text), "AAAA");
    assert_string_equal(svc__wire_type_name(SVC__WIRE_SRV, text), "SRV");
    assert_string_equal(svc__wire_type_name(SVC__WIRE_OPT, text), "OPT");
    assert_string_equal(svc__wire_type_name(65535, text), "TYPE65535");
    assert_string_equal(svc__wire_rcode_name(0, text), "NOERROR");
    assert_string_equal(svc__wire_rcode_name(1, text), "FORMERR");
    assert_string_equal(svc__wire_rcode_name(2, text), "SERVFAIL");
    assert_string_equal(svc__wire_rcode_name(3, text), "NXDOMAIN");
    assert_string_equal(svc__wire_rcode_name(4, text), "NOTIMP");
    assert_string_equal(svc__wire_rcode_name(5, text), "REFUSED");
    assert_string_equal(svc__wire_rcode_name(6, text), "RCODE6");
    assert_string_equal(svc__wire_rcode_name(16, text), "BADVERS");
    assert_string_equal(svc__wire_rcode_name(4095, text), "RCODE4095");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_of_a_query),
        cmocka_unit_test(test_the_bits_say_the_case),
        cmocka_unit_test(test_the_longest_query_fits),
        cmocka_unit_test(test_every_letter_has_its_bit),
        cmocka_unit_test(test_one_bit_decides),
        cmocka_unit_test(test_a_cut_answer),
        cmocka_unit_test(test_a_query_that_is_none),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
