/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of endpoints: their memory, their hints, and UIDs in text.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "model/endpoint.h"

#include <string.h>

#define UID_SIZE (SVC_UID_TEXT_SIZE - 1)

static void test_a_block_is_zeroed_and_whole(void **state)
{
    struct svc__block *block = svc__block_new(3, 10);
    static const struct svc__endpoint none;

    (void)state;
    assert_non_null(block);
    assert_int_equal(block->count, 3);
    assert_int_equal(block->text_size, 10);
    for (size_t i = 0; i < 3; i++)
        assert_memory_equal(&block->endpoints[i], &none, sizeof(none));
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(block->text[i], 0);
    /* All of it may be written: the sanitizer would tell. */
    memset(block->endpoints, 1, 3 * sizeof(none));
    memset(block->text, 1, 10);
    svc__block_unref(block);
}

/* Offset 0 must read as "", so there is always one byte of text. */
static void test_a_block_without_text_has_a_nul(void **state)
{
    struct svc__block *block = svc__block_new(0, 0);

    (void)state;
    assert_int_equal(block->text_size, 1);
    assert_string_equal(block->text, "");
    assert_null(svc__block_text(block, 0));
    svc__block_unref(block);
}

static void test_the_last_reference_frees(void **state)
{
    struct svc__block *block = svc__block_new(1, 1);

    (void)state;
    assert_ptr_equal(svc__block_ref(block), block);
    svc__block_unref(block);
    assert_int_equal(block->count, 1);
    svc__block_unref(block);
    svc__block_unref(NULL);
}

static void test_text_is_found_by_offset(void **state)
{
    static const char text[] = "\0node-a\0zone-b";
    struct svc__block *block = svc__block_new(1, sizeof(text));

    (void)state;
    memcpy(block->text, text, sizeof(text));
    assert_null(svc__block_text(block, 0));
    assert_string_equal(svc__block_text(block, 1), "node-a");
    assert_string_equal(svc__block_text(block, 8), "zone-b");
    svc__block_unref(block);
}

static void test_hints_match_whole_names(void **state)
{
    static const char text[] = "\0a\0bcd\0e\0\0other\0";
    static const struct {
        uint32_t offset;
        const char *name;
        int found;
    } rows[] = {{1, "a", 1},  {1, "bcd", 1},   {1, "e", 1},     {1, "b", 0},
                {1, "bc", 0}, {1, "bcde", 0},  {1, "other", 0}, {1, "", 0},
                {0, "a", 0},  {0, "", 0},      {3, "a", 0},     {9, "a", 0},
                {9, "", 0},   {10, "other", 1}};
    struct svc__block *block = svc__block_new(1, sizeof(text));

    (void)state;
    memcpy(block->text, text, sizeof(text));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(
            svc__block_hints_have(block, rows[i].offset, rows[i].name),
            rows[i].found);
    svc__block_unref(block);
}

/* parse(format(x)) = x, in either case of letters. */
static void test_uids_survive_their_text(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 1);
    for (int run = 0; run < 1000; run++) {
        char text[SVC_UID_TEXT_SIZE];
        uint8_t uid[16];
        uint8_t back[16];

        for (size_t i = 0; i < sizeof(uid); i++)
            uid[i] = (uint8_t)svc__rng_below(&rng, 256);
        svc__uid_format(uid, text);
        assert_int_equal(strlen(text), UID_SIZE);
        assert_int_equal(svc__uid_parse(text, UID_SIZE, back), 0);
        assert_memory_equal(uid, back, sizeof(uid));
        for (char *p = text; *p != '\0'; p++) {
            if (*p >= 'a' && *p <= 'f')
                *p = (char)(*p - 'a' + 'A');
        }
        memset(back, 0, sizeof(back));
        assert_int_equal(svc__uid_parse(text, UID_SIZE, back), 0);
        assert_memory_equal(uid, back, sizeof(uid));
    }
}

static void test_a_uid_is_printed_as_the_rfc_does(void **state)
{
    static const uint8_t uid[16] = {0xf8, 0x1d, 0x4f, 0xae, 0x7d, 0xec,
                                    0x11, 0xd0, 0xa7, 0x65, 0x00, 0xa0,
                                    0xc9, 0x1e, 0x6b, 0xf6};
    char text[SVC_UID_TEXT_SIZE];

    (void)state;
    svc__uid_format(uid, text);
    assert_string_equal(text, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
}

/* Whatever stands at a place where it does not belong refuses the text. */
static void test_a_broken_uid_is_refused(void **state)
{
    static const char good[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    static const char wrong[] = "gG-/:@`{ \n\x80";

    (void)state;
    for (size_t at = 0; at < UID_SIZE; at++) {
        for (size_t i = 0; i < sizeof(wrong); i++) {
            uint8_t uid[16] = {42};
            char text[sizeof(good)];

            if (wrong[i] == good[at])
                continue;
            memcpy(text, good, sizeof(good));
            text[at] = wrong[i];
            assert_int_equal(svc__uid_parse(text, UID_SIZE, uid), SVC_EINVAL);
            assert_int_equal(uid[0], 42);
        }
    }
}

static void test_a_uid_of_another_size_is_refused(void **state)
{
    static const char text[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6-ab";
    uint8_t uid[16] = {42};

    (void)state;
    for (size_t size = 0; size < sizeof(text); size++) {
        /* A copy of that very size: reading on would be seen. */
        char *copy = svc__alloc(size);

        memcpy(copy, text, size);
        if (size != UID_SIZE)
            assert_int_equal(svc__uid_parse(copy, size, uid), SVC_EINVAL);
        svc__free(copy);
    }
    assert_int_equal(uid[0], 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_block_is_zeroed_and_whole),
        cmocka_unit_test(test_a_block_without_text_has_a_nul),
        cmocka_unit_test(test_the_last_reference_frees),
        cmocka_unit_test(test_text_is_found_by_offset),
        cmocka_unit_test(test_hints_match_whole_names),
        cmocka_unit_test(test_uids_survive_their_text),
        cmocka_unit_test(test_a_uid_is_printed_as_the_rfc_does),
        cmocka_unit_test(test_a_broken_uid_is_refused),
        cmocka_unit_test(test_a_uid_of_another_size_is_refused),
    };

    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
