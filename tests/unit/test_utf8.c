/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/utf8 against the table of RFC 3629 section 4, written down range by
 * range, for every short sequence; and that pieces make no difference.
 */
#include "base/rng.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* RFC 3629 section 4: ranges of the bytes of a character, row by row. */
static const struct {
    size_t size;
    unsigned char low[4];
    unsigned char high[4];
} rows[] = {
    {1, {0x00}, {0x7F}},
    {2, {0xC2, 0x80}, {0xDF, 0xBF}},
    {3, {0xE0, 0xA0, 0x80}, {0xE0, 0xBF, 0xBF}},
    {3, {0xE1, 0x80, 0x80}, {0xEC, 0xBF, 0xBF}},
    {3, {0xED, 0x80, 0x80}, {0xED, 0x9F, 0xBF}},
    {3, {0xEE, 0x80, 0x80}, {0xEF, 0xBF, 0xBF}},
    {4, {0xF0, 0x90, 0x80, 0x80}, {0xF0, 0xBF, 0xBF, 0xBF}},
    {4, {0xF1, 0x80, 0x80, 0x80}, {0xF3, 0xBF, 0xBF, 0xBF}},
    {4, {0xF4, 0x80, 0x80, 0x80}, {0xF4, 0x8F, 0xBF, 0xBF}},
};

/* The character at p by the grammar: its size, or 0. */
static size_t by_grammar(const unsigned char *p, size_t size)
{
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        size_t i = 0;

        while (i < rows[row].size && i < size && p[i] >= rows[row].low[i] &&
               p[i] <= rows[row].high[i])
            i++;
        if (i == rows[row].size)
            return i;
    }
    return 0;
}

static int valid_by_grammar(const unsigned char *p, size_t size)
{
    while (size > 0) {
        size_t width = by_grammar(p, size);

        if (width == 0)
            return 0;
        p += width;
        size -= width;
    }
    return 1;
}

static int is_valid(const unsigned char *p, size_t size)
{
    return svc__utf8_is_valid((const char *)p, size);
}

/* Every sequence of two bytes, and of three behind a lead byte. */
static void every_short_sequence(void **state)
{
    unsigned char p[3];
    (void)state;

    for (unsigned i = 0; i < 1u << 24; i++) {
        p[0] = (unsigned char)(i >> 16);
        p[1] = (unsigned char)(i >> 8);
        p[2] = (unsigned char)i;
        if (p[0] < 0xE0 && p[2] != 0)
            continue;
        if (is_valid(p, 3) != valid_by_grammar(p, 3))
            fail_msg("%02x %02x %02x", p[0], p[1], p[2]);
        if (is_valid(p, 2) != valid_by_grammar(p, 2))
            fail_msg("%02x %02x", p[0], p[1]);
    }
}

/* Four bytes, with the edges of each range. */
static void edges_of_four(void **state)
{
    static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                          0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED,
                                          0xF0, 0xF4, 0xF5, 0xFF};
    const size_t n = sizeof(edges);
    unsigned char p[4];
    (void)state;

    for (size_t i = 0; i < n * n * n * n; i++) {
        p[0] = edges[i % n];
        p[1] = edges[i / n % n];
        p[2] = edges[i / n / n % n];
        p[3] = edges[i / n / n / n];
        if (is_valid(p, 4) != valid_by_grammar(p, 4))
            fail_msg("%02x %02x %02x %02x", p[0], p[1], p[2], p[3]);
    }
}

/* Random text, mostly valid, and where it goes wrong. */
static size_t random_text(struct svc__rng *rng, unsigned char *p, size_t max)
{
    static const char *const parts[] = {"a",    "plain text ",  "é",   "€", "😀",
                                        "\xC3", "\xED\xA0\x80", "\x80"};
    size_t size = 0;
    uint32_t kinds = svc__rng_below(rng, 2) ? 5 : 8;

    while (size + 16 < max) {
        const char *part = parts[svc__rng_below(rng, kinds)];

        memcpy(p + size, part, strlen(part));
        size += strlen(part);
    }
    return size;
}

static size_t first_bad_by_grammar(const unsigned char *p, size_t size)
{
    size_t at = 0;
    size_t width;

    while (at < size && (width = by_grammar(p + at, size - at)) > 0)
        at += width;
    return at;
}

/* Where it is cut makes no difference, and the first bad byte is never before
 * the character that it spoils. */
static void pieces_make_no_difference(void **state)
{
    unsigned char p[200];
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 7);
    for (int run = 0; run < 20000; run++) {
        size_t size = random_text(&rng, p, 20 + svc__rng_below(&rng, 170));
        size_t cut = svc__rng_below(&rng, (uint32_t)size + 1);
        uint32_t whole_state = 0;
        uint32_t state_ = 0;
        size_t whole = svc__utf8_step(&whole_state, (char *)p, size);
        size_t first = svc__utf8_step(&state_, (char *)p, cut);
        size_t bad = first_bad_by_grammar(p, size);

        if (first == cut)
            first += svc__utf8_step(&state_, (char *)p + cut, size - cut);
        assert_int_equal(first, whole);
        assert_int_equal(whole == size && whole_state == 0, bad == size);
        assert_in_range(whole, bad, bad + 3);
    }
}

static void long_ascii(void **state)
{
    char text[300];
    (void)state;

    memset(text, 'x', sizeof(text));
    assert_true(svc__utf8_is_valid(text, sizeof(text)));
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (char)0xFF;
        assert_false(svc__utf8_is_valid(text, sizeof(text)));
        assert_true(svc__utf8_is_valid(text, i));
        text[i] = 'x';
    }
    assert_true(svc__utf8_is_valid(text, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_short_sequence),
        cmocka_unit_test(edges_of_four),
        cmocka_unit_test(pieces_make_no_difference),
        cmocka_unit_test(long_ascii),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
