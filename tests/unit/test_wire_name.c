/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in wire form: from text and back, every octet, every length, and how
 * they compare.
 */
#include "base/rng.h"
#include "dns/wire.h"
#include "dns/wire_lower.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <svc/svc.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct svc__wire_name name_of(const char *text)
{
    struct svc__wire_name name;

    if (svc__wire_name_parse(text, &name) != 0)
        fail_msg("%s is not read", text);
    return name;
}

static void test_text_to_wire(void **state)
{
    static const struct {
        const char *text;
        const char *wire; /* without the root's zero, which a NUL is */
    } rows[] = {
        {".", ""},
        {"a", "\1a"},
        {"a.", "\1a"},
        {"Web.SHOP.svc.Cluster.local.", "\3web\4shop\3svc\7cluster\5local"},
        {"_http._tcp.web", "\5_http\4_tcp\3web"},
        {"@[`{.0", "\4@[`{\1"
                   "0"},
        {"\xC3\x84.b c", "\2\xC3\x84\3b c"}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct svc__wire_name name = name_of(rows[i].text);

        assert_int_equal(name.size, strlen(rows[i].wire) + 1);
        assert_memory_equal(name.bytes, rows[i].wire, name.size);
    }
}

static void test_text_that_is_no_name(void **state)
{
    static const char *const texts[] = {"",      "..",    ".a",     "a..b",
                                        "a..",   "...",   "a\\.b",  "a\\",
                                        "a...b", ".a.b.", "\\065.b"};
    struct svc__wire_name name = {.size = 99, .bytes = "left as it was"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (svc__wire_name_parse(texts[i], &name) != SVC_ENAME)
            fail_msg("%s is read", texts[i]);
        assert_int_equal(name.size, 99);
        assert_string_equal((char *)name.bytes, "left as it was");
    }
}

/* A label of 63 is one, of 64 is none; 255 octets are a name, 256 are none. */
static void test_lengths(void **state)
{
    char text[300];
    struct svc__wire_name name;

    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t size = 1; size < 80; size++) {
        text[size] = '\0';
        assert_int_equal(svc__wire_name_parse(text, &name),
                         size <= 63 ? 0 : SVC_ENAME);
        text[size] = 'a';
    }
    for (size_t size = 1; size < sizeof(text); size++) {
        char kept;

        /* One letter each, the first two when that is what fills it. */
        for (size_t i = 1; i < size; i++)
            text[i] = (size - i) % 2 == 0 && i > 1 - size % 2 ? '.' : 'a';
        kept = text[size];

        text[size] = '\0';
        assert_int_equal(svc__wire_name_parse(text, &name),
                         size + 2 <= 255 ? 0 : SVC_ENAME);
        text[size] = kept;
    }
    /* The final dot is no octet more. */
    for (size_t i = 0; i < 254; i++)
        text[i] = i % 2 ? '.' : 'a';
    text[254] = '\0';
    assert_int_equal(svc__wire_name_parse(text, &name), 0);
    assert_int_equal(name.size, 255);
}

/* What is no letter, digit, '-' or '_' is escaped, whatever the octet. */
static void test_every_octet_as_text(void **state)
{
    (void)state;
    for (int octet = 0; octet < 256; octet++) {
        struct svc__wire_name name = {5, {1, (uint8_t)octet, 1, 'b', 0}};
        char want[16];
        char text[SVC__WIRE_TEXT_MAX];

        if (octet < 128 && (isalnum(octet) || octet == '-' || octet == '_'))
            (void)snprintf(want, sizeof(want), "%c.b", octet);
        else
            (void)snprintf(want, sizeof(want), "\\%03d.b", octet);
        assert_int_equal(svc__wire_name_format(&name, text), strlen(want));
        assert_string_equal(text, want);
    }
}

static void test_the_longest_text_fits(void **state)
{
    struct svc__wire_name name = {.size = 255};
    char text[SVC__WIRE_TEXT_MAX];
    size_t at = 0;

    (void)state;
    for (int i = 0; i < 4; i++) {
        name.bytes[at] = i < 3 ? 63 : 61;
        at += name.bytes[at] + 1u;
    }
    assert_int_equal(at, 254);
    assert_int_equal(svc__wire_name_format(&name, text), 250 * 4 + 3);
    assert_int_equal(strlen(text), 250 * 4 + 3);
    name = (struct svc__wire_name){.size = 1};
    assert_int_equal(svc__wire_name_format(&name, text), 1);
    assert_string_equal(text, ".");
}

/* Eight octets at a time as one at a time, at every length and place. */
static void test_lower_case(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 1);
    for (int n = 0; n < 20000; n++) {
        uint8_t bytes[40];
        uint8_t want[40];
        size_t size = svc__rng_below(&rng, sizeof(bytes) + 1);

        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (uint8_t)svc__rng_below(&rng, 256);
            want[i] = bytes[i];
            if (i < size && want[i] >= 'A' && want[i] <= 'Z')
                want[i] = (uint8_t)(want[i] - 'A' + 'a');
        }
        svc__wire_lower(bytes, size);
        assert_memory_equal(bytes, want, sizeof(bytes));
    }
}

static void test_below(void **state)
{
    static const struct {
        const char *name;
        const char *suffix;
        int labels;
    } rows[] = {{"a.b.c", "a.b.c", 0},
                {"a.b.c", "b.c", 1},
                {"a.b.c", "C", 2},
                {"a.b.c", ".", 3},
                {".", ".", 0},
                {".", "a", -1},
                {"c", "b.c", -1},
                {"a.b.c", "a.b", -1},
                {"a.b.c", "x.c", -1},
                {"ab.c", "b.c", -1},
                {"a.b.c", "a.b.d", -1},
                /* the last octets are those of the suffix, as data */
                {"x\1b.c", "b.c", -1}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct svc__wire_name name = name_of(rows[i].name);
        struct svc__wire_name suffix = name_of(rows[i].suffix);

        if (svc__wire_name_below(&name, &suffix) != rows[i].labels)
            fail_msg("%s below %s", rows[i].name, rows[i].suffix);
        assert_int_equal(svc__wire_name_equal(&name, &suffix),
                         rows[i].labels == 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_to_wire),
        cmocka_unit_test(test_text_that_is_no_name),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_every_octet_as_text),
        cmocka_unit_test(test_the_longest_text_fits),
        cmocka_unit_test(test_lower_case),
        cmocka_unit_test(test_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
