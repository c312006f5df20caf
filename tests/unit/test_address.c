/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses against the C library's reading and writing, and the classes of
 * faults 3.3 with both sides of every boundary.
 */
#include "base/rng.h"
#include "model/address.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct svc__address parse(const char *text)
{
    struct svc__address a;

    if (svc__address_parse(text, strlen(text), &a) != 0)
        fail_msg("%s is not read", text);
    return a;
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        const char *canonical;
    } rows[] = {{"0.0.0.0", "0.0.0.0"},
                {"10.244.2.18", "10.244.2.18"},
                {"255.255.255.255", "255.255.255.255"},
                {"::", "::"},
                {"::1", "::1"},
                {"1::", "1::"},
                {"FD00:0:0:0:0:0:0:00aB", "fd00::ab"},
                {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
                {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
                {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
                {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
                {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
                {"1:2:3:4:5:6:77.77.88.88", "1:2:3:4:5:6:4d4d:5858"},
                {"::ffff:10.0.0.1", "::ffff:10.0.0.1"},
                {"::ffff:a00:1", "::ffff:10.0.0.1"},
                {"::10.0.0.1", "::a00:1"},
                {"64:ff9b::10.0.0.1", "64:ff9b::a00:1"},
                {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}};
    char text[SVC_ADDRESS_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct svc__address a = parse(rows[i].text);
        size_t size = svc__address_format(&a, text);

        assert_int_equal(size, strlen(text));
        assert_string_equal(text, rows[i].canonical);
    }
}

static void test_parse_refuses(void **state)
{
    static const char *const texts[] = {"",
                                        ".",
                                        "1",
                                        "1.2.3",
                                        "1.2.3.",
                                        ".1.2.3",
                                        "1..2.3",
                                        "1.2.3.4.",
                                        "1.2.3.4.5",
                                        "01.2.3.4",
                                        "1.2.3.04",
                                        "1.2.3.00",
                                        "256.1.1.1",
                                        "1.1.1.999",
                                        "1.2.3.-4",
                                        "0x1.2.3.4",
                                        "1.2.3.4 ",
                                        " 1.2.3.4",
                                        "1.2.3.a",
                                        "1.2.3.4\n",
                                        ":",
                                        ":::",
                                        "1:",
                                        ":1",
                                        "1:2",
                                        "::1::",
                                        "1::2::3",
                                        "1:2:3:4:5:6:7",
                                        "12345::",
                                        "::g",
                                        "1:2:3:4:5:6:7:8:9",
                                        "1:2:3:4::5:6:7:8",
                                        "::1:2:3:4:5:6:7:8",
                                        "::1%eth0",
                                        "[::1]",
                                        "::1.2.3",
                                        "::1.2.3.4.5",
                                        "::1.2.3.04",
                                        "1.2.3.4::",
                                        "::1.2.3.4:5",
                                        "1:2:3:4:5:6:7:1.2.3.4",
                                        "1:2:3:4:5:1.2.3.4",
                                        "fd00::1/64",
                                        "::ffff:1.2.3.256",
                                        "1:::2"};
    struct svc__address a = {{9}, 9};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (svc__address_parse(texts[i], strlen(texts[i]), &a) != SVC_EINVAL)
            fail_msg("%s is read", texts[i]);
        assert_true(a.family == 9 && a.bytes[0] == 9);
    }
    /* The whole of the text, and a NUL is no end. */
    assert_int_equal(svc__address_parse("1.2.3.4\0", 8, &a), SVC_EINVAL);
    assert_int_equal(svc__address_parse("1.2.3.45", 7, &a), 0);
    assert_int_equal(a.bytes[3], 4);
}

/* Takes out, changes or puts in a few characters. */
static void damage(struct svc__rng *rng, char *text)
{
    static const char chars[] = "0123456789abfF::..g%/-";

    for (uint32_t n = svc__rng_below(rng, 4); n > 0; n--) {
        size_t size = strlen(text);
        uint32_t at = svc__rng_below(rng, (uint32_t)size + 1);
        char c = chars[svc__rng_below(rng, sizeof(chars) - 1)];

        if (svc__rng_below(rng, 2) && size < 60) {
            memmove(text + at + 1, text + at, size - at + 1);
            text[at] = c;
        } else if (at < size) {
            memmove(text + at, text + at + 1, size - at);
        }
    }
}

static void check_like_libc(const char *text)
{
    struct svc__address a;
    uint8_t want[16] = {0};
    int family = 0;

    if (inet_pton(AF_INET, text, want) == 1)
        family = SVC__FAMILY_IPV4;
    else if (inet_pton(AF_INET6, text, want) == 1)
        family = SVC__FAMILY_IPV6;
    if (svc__address_parse(text, strlen(text), &a) != (family ? 0 : SVC_EINVAL))
        fail_msg("%s: the C library reads family %d", text, family);
    if (family == 0)
        return;
    assert_int_equal(a.family, family);
    assert_memory_equal(a.bytes, want, sizeof(want));
}

static void test_parse_like_libc(void **state)
{
    static const char *const seeds[] = {
        "10.244.2.18",   "255.255.255.255",       "::",
        "fd00:ec2::254", "1:2:3:4:5:6:7:8",       "::ffff:1.2.3.4",
        "1::8",          "1:2:3:4:5:6:1.20.30.4", "2001:db8:0:0:1:0:0:1"};
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 1);
    for (int i = 0; i < 200000; i++) {
        char text[64];

        (void)snprintf(text, sizeof(text), "%s",
                       seeds[svc__rng_below(&rng, COUNT(seeds))]);
        damage(&rng, text);
        check_like_libc(text);
    }
}

static void random_address(struct svc__rng *rng, struct svc__address *ret)
{
    uint64_t zeros = svc__rng_next(rng);

    memset(ret, 0, sizeof(*ret));
    ret->family = svc__rng_below(rng, 4) ? SVC__FAMILY_IPV6 : SVC__FAMILY_IPV4;
    for (int i = 0; i < (ret->family == SVC__FAMILY_IPV4 ? 4 : 16); i++) {
        if (zeros >> (i / 2) & 1)
            ret->bytes[i] = (uint8_t)svc__rng_next(rng);
    }
    if (ret->family == SVC__FAMILY_IPV6 && svc__rng_below(rng, 8) == 0) {
        memset(ret->bytes, 0, 10);
        memset(ret->bytes + 10, 0xff, 2);
    }
}

static void test_format_round_trip(void **state)
{
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 2);
    for (int i = 0; i < 100000; i++) {
        char text[SVC_ADDRESS_TEXT_SIZE];
        char want[64];
        struct svc__address a;
        struct svc__address b;
        size_t size;

        random_address(&rng, &a);
        size = svc__address_format(&a, text);
        assert_int_equal(svc__address_parse(text, size, &b), 0);
        assert_int_equal(svc__address_compare(&a, &b), 0);
        inet_ntop(a.family == SVC__FAMILY_IPV4 ? AF_INET : AF_INET6, a.bytes,
                  want, sizeof(want));
        /* The C library writes the deprecated ::1.2.3.4 as well. */
        if (strchr(want, ':') == NULL || strchr(want, '.') == NULL)
            assert_string_equal(text, want);
        size = svc__address_format_dashed(&a, text);
        assert_int_equal(strlen(text), size);
        assert_null(strpbrk(text, ".:"));
        assert_true(text[size - 1] != '-');
        assert_int_equal(svc__address_parse_dashed(text, size, &b), 0);
        assert_int_equal(svc__address_compare(&a, &b), 0);
    }
}

static void test_dashed(void **state)
{
    static const struct {
        const char *address;
        const char *dashed;
    } rows[] = {{"10.244.1.18", "10-244-1-18"},
                {"fd00:10:244:1::12", "fd00-10-244-1--12"},
                {"1:2:3:4:5:6:7:8", "1-2-3-4-5-6-7-8"},
                {"fd00::", "fd00--0"},
                {"::1", "--1"},
                {"::", "--0"},
                {"::ffff:1.2.3.4", "--ffff-102-304"}};
    static const char *const bad[] = {
        "",
        "1",
        "1-2-3",
        "1-2-3-4-5",
        "1.2.3.4",
        "fd00::1",
        "1-2-3-x",
        "256-1-1-1",
        "01-2-3-4",
        "1--2-3-",
        "fd00--1--2",
        "-",
        "a-b-c-d",
        "10-0-0-1-",
        "11111-11111-11111-11111-11111-11111-11111-11111"};
    char text[SVC_ADDRESS_TEXT_SIZE];
    struct svc__address b;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct svc__address a = parse(rows[i].address);

        svc__address_format_dashed(&a, text);
        assert_string_equal(text, rows[i].dashed);
        assert_int_equal(svc__address_parse_dashed(text, strlen(text), &b), 0);
        assert_int_equal(svc__address_compare(&a, &b), 0);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (svc__address_parse_dashed(bad[i], strlen(bad[i]), &b) != SVC_EINVAL)
            fail_msg("%s is read", bad[i]);
    }
}

static void test_compare(void **state)
{
    static const char *const ordered[] = {
        "0.0.0.0", "9.255.0.0", "10.0.0.1", "10.0.0.2", "255.0.0.0",
        "::",      "::1",       "1::",      "fd00::1",  "fd00::1:0"};

    (void)state;
    for (size_t i = 0; i < COUNT(ordered); i++) {
        for (size_t j = 0; j < COUNT(ordered); j++) {
            struct svc__address a = parse(ordered[i]);
            struct svc__address b = parse(ordered[j]);
            int order = svc__address_compare(&a, &b);

            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

#define NEVER SVC__ADDRESS_NEVER
#define LOOP  SVC__ADDRESS_LOOPBACK
#define LINK  SVC__ADDRESS_LINK_LOCAL
#define META  SVC__ADDRESS_METADATA

static const struct {
    const char *text;
    unsigned classes;
} classes[] = {{"0.0.0.0", NEVER},
               {"0.255.255.255", NEVER},
               {"1.0.0.0", 0},
               {"10.0.0.1", 0},
               {"126.255.255.255", 0},
               {"127.0.0.0", LOOP},
               {"127.0.0.1", LOOP},
               {"127.255.255.255", LOOP},
               {"128.0.0.0", 0},
               {"169.253.255.255", 0},
               {"169.254.0.0", LINK},
               {"169.254.169.253", LINK},
               {"169.254.169.254", LINK | META},
               {"169.254.255.255", LINK},
               {"169.255.0.0", 0},
               {"100.100.100.199", 0},
               {"100.100.100.200", META},
               {"168.63.129.16", META},
               {"168.63.129.17", 0},
               {"172.16.0.1", 0},
               {"192.168.0.1", 0},
               {"223.255.255.255", 0},
               {"224.0.0.0", NEVER},
               {"239.255.255.255", NEVER},
               {"240.0.0.0", NEVER},
               {"255.255.255.255", NEVER},
               {"::", NEVER},
               {"::1", LOOP},
               {"::2", NEVER}, /* 0.0.0.2, IPv4-compatible */
               {"::1.0.0.0", 0},
               {"::127.0.0.1", LOOP},
               {"::1:127.0.0.1", 0},
               {"fe7f:ffff::", 0},
               {"fe80::", LINK},
               {"fe80::1", LINK},
               {"febf:ffff::1", LINK},
               {"fec0::1", 0},
               {"feff:ffff::1", 0},
               {"ff00::", NEVER},
               {"ff02::1", NEVER},
               {"ffff::1", NEVER},
               {"fd00:ec2::253", 0},
               {"fd00:ec2::254", META},
               {"fd00:ec2::255", 0},
               {"fd00:ec2:1::254", 0},
               {"fd00::1", 0},
               {"2001:db8::1", 0},
               {"::ffff:10.0.0.1", 0},
               {"::ffff:0.0.0.0", NEVER},
               {"::ffff:127.0.0.1", LOOP},
               {"::ffff:128.0.0.0", 0},
               {"::ffff:169.254.169.254", LINK | META},
               {"::ffff:224.0.0.1", NEVER},
               {"::ffff:255.255.255.255", NEVER},
               {"::fffe:127.0.0.1", 0},
               {"::1:ffff:127.0.0.1", 0},
               {"64:ff9b::10.0.0.1", 0},
               {"64:ff9b::127.0.0.1", LOOP},
               {"64:ff9b::169.254.1.1", LINK},
               {"64:ff9b::100.100.100.200", META},
               {"64:ff9b::240.0.0.1", NEVER},
               {"64:ff9b::1:127.0.0.1", 0},
               {"64:ff9c::127.0.0.1", 0},
               {"2002:0a00:0001::", 0},
               {"2002:7f00:0001::1", LOOP},
               {"2002:a9fe:a9fe::", LINK | META},
               {"2002:a83f:8110::", META},
               {"2002:e000:0001::", NEVER},
               {"2003:7f00:0001::", 0}};

static void test_classify(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(classes); i++) {
        struct svc__address a = parse(classes[i].text);

        if (svc__address_classify(&a) != classes[i].classes)
            fail_msg("%s: %x", classes[i].text, svc__address_classify(&a));
    }
}

/* Let through when every class is, and NEVER never is. */
static void test_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(classes); i++) {
        struct svc__address a = parse(classes[i].text);

        for (unsigned allow = 0; allow < 16; allow++) {
            int want = (classes[i].classes & ~(allow & 14)) == 0;

            if (svc__address_is_allowed(&a, allow) != want)
                fail_msg("%s with %x", classes[i].text, allow);
        }
    }
    assert_int_equal(svc__address_class_parse("loopback"), LOOP);
    assert_int_equal(svc__address_class_parse("link-local"), LINK);
    assert_int_equal(svc__address_class_parse("metadata"), META);
    assert_int_equal(svc__address_class_parse("never"), 0);
    assert_int_equal(svc__address_class_parse(""), 0);
}

static void test_to_sockaddr(void **state)
{
    struct sockaddr_storage storage;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct svc__address a = parse("10.0.0.1");

    (void)state;
    memset(&storage, 0xAA, sizeof(storage));
    assert_int_equal(svc__address_to_sockaddr(&a, 80, &storage), sizeof(in));
    memcpy(&in, &storage, sizeof(in));
    assert_int_equal(in.sin_family, AF_INET);
    assert_int_equal(ntohs(in.sin_port), 80);
    assert_memory_equal(&in.sin_addr, "\x0a\0\0\x01", 4);
    assert_memory_equal(in.sin_zero, "\0\0\0\0\0\0\0\0", sizeof(in.sin_zero));

    a = parse("fd00::1");
    memset(&storage, 0xAA, sizeof(storage));
    assert_int_equal(svc__address_to_sockaddr(&a, 65535, &storage),
                     sizeof(in6));
    memcpy(&in6, &storage, sizeof(in6));
    assert_int_equal(in6.sin6_family, AF_INET6);
    assert_int_equal(ntohs(in6.sin6_port), 65535);
    assert_memory_equal(&in6.sin6_addr, a.bytes, 16);
    assert_int_equal(in6.sin6_scope_id, 0);
    assert_int_equal(in6.sin6_flowinfo, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_parse_like_libc),
        cmocka_unit_test(test_format_round_trip),
        cmocka_unit_test(test_dashed),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_classify),
        cmocka_unit_test(test_is_allowed),
        cmocka_unit_test(test_to_sockaddr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
