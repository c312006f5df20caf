/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/scan: both versions of the walk against one that goes byte by byte, on
 * random text cut anywhere; and the short looks of base/scan_text against
 * their plain forms.
 */
#include "base/rng.h"
#include "base/scan.h"
#include "base/scan_hex.h"
#include "base/scan_text.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A trace: one line for each stop. */
struct trace {
    char text[65536];
    size_t size;
};

static void note(struct trace *t, enum svc__scan_stop stop, size_t pos,
                 int depth, uint64_t tokens)
{
    int n = snprintf(t->text + t->size, sizeof(t->text) - t->size,
                     "%d at %zu depth %d tokens %llu\n", (int)stop, pos, depth,
                     (unsigned long long)tokens);

    assert_in_range(n, 1, sizeof(t->text) - t->size - 1);
    t->size += (size_t)n;
}

/* ---- byte by byte ------------------------------------------------------- */

struct naive {
    char open[80];
    int depth;
    int string;
    int escaped;
    uint32_t utf8;
    uint64_t tokens;
};

/* What a bracket does. */
static enum svc__scan_stop naive_bracket(struct naive *n, char c, int floor,
                                         int limit)
{
    if (c == '{' || c == '[') {
        if (n->depth == limit)
            return SVC__SCAN_DEEP;
        n->open[n->depth] = c;
        return n->depth++ == floor ? SVC__SCAN_OPEN : SVC__SCAN_END;
    }
    if (n->depth == 0 || n->open[n->depth - 1] != (c == '}' ? '{' : '['))
        return SVC__SCAN_MISMATCH;
    return --n->depth <= floor ? SVC__SCAN_CLOSE : SVC__SCAN_END;
}

/* What one byte does; END for nothing. */
static enum svc__scan_stop naive_byte(struct naive *n, char c, int floor,
                                      int limit)
{
    if (svc__utf8_step(&n->utf8, &c, 1) == 0)
        return SVC__SCAN_UTF8;
    if (n->escaped) {
        n->escaped = 0;
        return SVC__SCAN_END;
    }
    if (c == '\\') {
        n->escaped = n->string;
        return n->string ? SVC__SCAN_END : SVC__SCAN_STRAY;
    }
    if (c == '"')
        n->string = !n->string;
    if (n->string || strchr("{}[]", c) == NULL)
        return SVC__SCAN_END;
    return naive_bracket(n, c, floor, limit);
}

static void trace_naive(struct trace *t, const char *text, size_t size,
                        int floor, int limit)
{
    struct naive n = {.depth = 0};

    t->size = 0;
    for (size_t i = 0; i < size; i++) {
        int was_string = n.string;
        enum svc__scan_stop stop = naive_byte(&n, text[i], floor, limit);

        if (stop == SVC__SCAN_OPEN || stop == SVC__SCAN_CLOSE)
            note(t, stop, i, n.depth, n.tokens);
        else if (stop != SVC__SCAN_END) {
            note(t, stop, i, 0, 0);
            return;
        }
        if (!was_string && strchr("{}[],", text[i]) != NULL)
            n.tokens++;
    }
}

static uint32_t naive_ends[SVC__SCAN_ENDS];

/* ---- the walks ---------------------------------------------------------- */

static void trace_walk(struct trace *t, const struct svc__scan_ops *ops,
                       const char *text, size_t size, size_t piece)
{
    struct svc__scan s;
    enum svc__scan_stop stop;
    int floor = (int)(piece % 3);

    svc__scan_init(&s, floor, 8);
    t->size = 0;
    for (size_t at = 0; at < size; at += piece) {
        svc__scan_feed(&s, text + at, size - at < piece ? size - at : piece);
        while ((stop = ops->walk(&s)) == SVC__SCAN_OPEN ||
               stop == SVC__SCAN_CLOSE)
            note(t, stop, at + s.pos, s.depth, svc__scan_tokens(&s));
        if (stop != SVC__SCAN_END) {
            note(t, stop, at + s.pos, 0, 0);
            return;
        }
        assert_int_equal(s.pos, s.size);
    }
}

/* Text of what matters to a walk: balanced, or with noise 1 to 3 more and
 * more broken. */
static size_t random_text(struct svc__rng *rng, char *text, size_t max,
                          unsigned noise)
{
    static const char *const parts[] = {"{}",
                                        "{\"a\":[1,2]}",
                                        "[[{\"x\":[[]]}]]",
                                        ",",
                                        "\"\"",
                                        "\"\\\"\"",
                                        "\"é\"",
                                        "\"\\\\\\\\\"",
                                        "\"[{\"",
                                        " ",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        "\"",
                                        "\\",
                                        "\xC3"};
    static const uint32_t kinds[] = {10, 14, 15, 17};
    size_t size = 0;

    while (size + 32 < max) {
        const char *part = parts[svc__rng_below(rng, kinds[noise])];

        memcpy(text + size, part, strlen(part));
        size += strlen(part);
        while (svc__rng_below(rng, 6) == 0 && size + 32 < max)
            text[size++] = 'x';
    }
    return size;
}

static void walks_agree(const struct svc__scan_ops *ops, uint64_t seed)
{
    static struct trace want;
    static struct trace got;
    static char text[1024];
    struct svc__rng rng;

    svc__rng_seed(&rng, seed);
    for (int run = 0; run < 30000; run++) {
        unsigned noise = svc__rng_below(&rng, 8);
        size_t size = random_text(&rng, text, 40 + svc__rng_below(&rng, 900),
                                  noise < 4 ? noise : 0);
        size_t piece = 1 + svc__rng_below(&rng, 200);

        if (svc__rng_below(&rng, 3) == 0)
            piece += 3000;
        trace_naive(&want, text, size, (int)(piece % 3), 8);
        trace_walk(&got, ops, text, size, piece);
        if (want.size != got.size ||
            memcmp(want.text, got.text, want.size) != 0)
            fail_msg("%s, pieces of %zu: %.*s\nwant\n%.*sgot\n%.*s", ops->name,
                     piece, (int)size, text, (int)want.size, want.text,
                     (int)got.size, got.text);
    }
}

static void portable_walk(void **state)
{
    (void)state;
    walks_agree(svc__scan_ops_portable(), 1);
}

static void fastest_walk(void **state)
{
    (void)state;
    print_message("fastest: %s\n", svc__scan_ops()->name);
    walks_agree(svc__scan_ops(), 1);
    walks_agree(svc__scan_ops(), 2);
}

/* A long run of backslashes, cut anywhere, escapes what it should. */
static void backslashes(void **state)
{
    char text[160];
    static struct trace want;
    static struct trace got;
    (void)state;

    for (size_t run = 1; run < 140; run++) {
        size_t size = 0;

        text[size++] = '"';
        memset(text + size, '\\', run);
        size += run;
        text[size++] = '"';
        text[size++] = '{';
        for (size_t piece = 1; piece < 150; piece++) {
            trace_naive(&want, text, size, (int)(piece % 3), 8);
            trace_walk(&got, svc__scan_ops(), text, size, piece);
            assert_int_equal(want.size, got.size);
            trace_walk(&got, svc__scan_ops_portable(), text, size, piece);
            assert_int_equal(want.size, got.size);
        }
    }
}

/* The closing brackets to floor + 1, and no stop at those that open. */
static void ends_and_closes(void **state)
{
    static char text[4096];
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 8);
    for (int run = 0; run < 20000; run++) {
        size_t size =
            random_text(&rng, text, 40 + svc__rng_below(&rng, 4000), 0);
        struct naive n = {.depth = 0};
        struct svc__scan s;
        unsigned count = 0;
        int floor = (int)svc__rng_below(&rng, 2);

        svc__scan_init(&s, floor, 8);
        svc__scan_feed(&s, text, size);
        s.end_count = 0;
        s.closes_only = 1;
        for (size_t i = 0; i < size; i++) {
            int before = n.depth;
            enum svc__scan_stop stop = naive_byte(&n, text[i], floor, 8);

            if (stop == SVC__SCAN_CLOSE) {
                assert_int_equal(svc__scan_ops()->walk(&s), SVC__SCAN_CLOSE);
                assert_int_equal(s.pos, i);
            } else if (n.depth == floor + 1 && before == floor + 2 &&
                       count < SVC__SCAN_ENDS) {
                naive_ends[count++] = (uint32_t)i;
            }
        }
        assert_int_equal(svc__scan_ops()->walk(&s), SVC__SCAN_END);
        assert_int_equal(s.end_count, count);
        assert_memory_equal(s.ends, naive_ends, count * sizeof(uint32_t));
    }
}

static void any_bytes_pass(void **state)
{
    const char *text = "{\"\xFF\"}";
    struct svc__scan s;
    (void)state;

    svc__scan_init(&s, 1, 8);
    svc__scan_feed(&s, text, strlen(text));
    assert_int_equal(svc__scan_ops()->walk(&s), SVC__SCAN_UTF8);
    svc__scan_init(&s, 1, 8);
    s.any_bytes = 1;
    svc__scan_feed(&s, text, strlen(text));
    assert_int_equal(svc__scan_ops()->walk(&s), SVC__SCAN_CLOSE);
}

/* ---- short looks -------------------------------------------------------- */

/* Text of size bytes that ends where a sanitizer would see more. */
static size_t random_bytes(struct svc__rng *rng, char *text, size_t max)
{
    static const char bytes[] = "abcz019-./_AZ\"\\ \n\x1F\x7F\x80\xFF{`:";
    size_t size = svc__rng_below(rng, (uint32_t)max);

    for (size_t i = 0; i < size; i++) {
        uint32_t kind = svc__rng_below(rng, 40);

        text[i] = kind < sizeof(bytes) - 1 ? bytes[kind] : 'a';
        if (svc__rng_below(rng, 3) != 0)
            text[i] = i % 7 == 0 ? '-' : 'q';
    }
    return size;
}

static void short_looks(void **state)
{
    char text[120];
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 3);
    for (int run = 0; run < 200000; run++) {
        const char *end = text + random_bytes(&rng, text, sizeof(text));
        struct svc__scan_name a = svc__scan_name(text, end);
        struct svc__scan_name b = svc__scan_name_portable(text, end);

        assert_ptr_equal(svc__scan_plain(text, end),
                         svc__scan_plain_portable(text, end));
        assert_ptr_equal(svc__scan_quote(text, end),
                         svc__scan_quote_portable(text, end));
        assert_int_equal(a.size, b.size);
        assert_int_equal(a.marks, b.marks);
    }
}

static void space_of_any_kind(void **state)
{
    char text[120];
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 4);
    for (int run = 0; run < 100000; run++) {
        size_t size = svc__rng_below(&rng, sizeof(text));

        for (size_t i = 0; i < size; i++)
            text[i] = svc__rng_below(&rng, 30) == 0 ? "\n\t\r,"[i % 4] : ' ';
        text[0] = '\n';
        assert_ptr_equal(svc__scan_space(text, text + size),
                         svc__scan_space_portable(text, text + size));
    }
}

static void hexadecimal(void **state)
{
    char text[16];
    struct svc__rng rng;
    (void)state;

    svc__rng_seed(&rng, 5);
    for (int run = 0; run < 200000; run++) {
        uint64_t a = 0;
        uint64_t b = 0;

        for (int i = 0; i < 16; i++)
            text[i] = "0123456789abcdefABCDEF"[svc__rng_below(&rng, 22)];
        if (svc__rng_below(&rng, 2) == 0)
            text[svc__rng_below(&rng, 16)] = (char)svc__rng_below(&rng, 256);
        assert_int_equal(
            svc__scan_hex(text, text + 4, text + 8, text + 12, &a),
            svc__scan_hex_portable(text, text + 4, text + 8, text + 12, &b));
        assert_true(a == b);
    }
}

static void same_and_begins(void **state)
{
    char a[80];
    char b[80];
    (void)state;

    memset(a, 'a', sizeof(a));
    for (size_t size = 1; size <= SVC__SCAN_NAME_MAX; size++) {
        for (size_t i = 0; i < sizeof(b); i++) {
            memcpy(b, a, sizeof(b));
            b[i] = 'b';
            assert_int_equal(svc__scan_same(a, b, size), i >= size);
            if (size <= 32)
                assert_int_equal(
                    svc__scan_begins(a, b,
                                     (uint32_t)(((uint64_t)1 << size) - 1)),
                    i >= size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(portable_walk),     cmocka_unit_test(fastest_walk),
        cmocka_unit_test(backslashes),       cmocka_unit_test(any_bytes_pass),
        cmocka_unit_test(ends_and_closes),   cmocka_unit_test(short_looks),
        cmocka_unit_test(space_of_any_kind), cmocka_unit_test(hexadecimal),
        cmocka_unit_test(same_and_begins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
