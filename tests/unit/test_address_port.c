/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses with a port behind them, as options write servers.
 */
#include "model/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_with_and_without_a_port(void **state)
{
    static const struct {
        const char *text;
        const char *address;
        uint16_t port;
    } rows[] = {{"10.96.0.10", "10.96.0.10", 53},
                {"10.96.0.10:5353", "10.96.0.10", 5353},
                {"10.96.0.10:1", "10.96.0.10", 1},
                {"10.96.0.10:65535", "10.96.0.10", 65535},
                {"fd00::a", "fd00::a", 53},
                {"[fd00::a]", "fd00::a", 53},
                {"[fd00::a]:5353", "fd00::a", 5353},
                {"::1", "::1", 53},
                {"::", "::", 53},
                {"[::]:53", "::", 53},
                /* several colons and no bracket: all of it is the address */
                {"fd00::a:5353", "fd00::a:5353", 53},
                {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 53},
                {"::ffff:10.0.0.1", "::ffff:10.0.0.1", 53},
                {"[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80}};
    char text[SVC_ADDRESS_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct svc__address a;
        uint16_t port;

        if (svc__address_parse_port(rows[i].text, 53, &a, &port) != 0)
            fail_msg("%s is not read", rows[i].text);
        svc__address_format(&a, text);
        assert_string_equal(text, rows[i].address);
        assert_int_equal(port, rows[i].port);
    }
}

static void test_what_is_none(void **state)
{
    static const char *const texts[] = {"",
                                        ":",
                                        ":53",
                                        "10.0.0.1:",
                                        "10.0.0.1:0",
                                        "10.0.0.1:00",
                                        "10.0.0.1:-1",
                                        "10.0.0.1:+5",
                                        "10.0.0.1: ",
                                        "10.0.0.1:5 ",
                                        "10.0.0.1:5x",
                                        "10.0.0.1:65536",
                                        "10.0.0.1:99999",
                                        "10.0.0.1:000053",
                                        "10.0.0.1:18446744073709551669",
                                        "10.0.0:53",
                                        "dns:53",
                                        "10.0.0.1:53:53",
                                        " 10.0.0.1",
                                        "10.0.0.1 :53",
                                        "[10.0.0.1]",
                                        "[10.0.0.1]:53",
                                        "[",
                                        "]",
                                        "[]",
                                        "[]:53",
                                        "[fd00::a",
                                        "fd00::a]",
                                        "[fd00::a]53",
                                        "[fd00::a]:",
                                        "[fd00::a]:0",
                                        "[fd00::a]:65536",
                                        "[fd00::a]]:53",
                                        "[[fd00::a]]:53",
                                        "[fd00::a]:5:3",
                                        "[fd00::a%eth0]:53",
                                        "fd00::g",
                                        "[fd00::a] :53"};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct svc__address a = {{9}, 9};
        uint16_t port = 9;

        if (svc__address_parse_port(texts[i], 53, &a, &port) != SVC_EINVAL)
            fail_msg("%s is read", texts[i]);
        assert_true(a.family == 9 && a.bytes[0] == 9 && port == 9);
    }
}

static void test_every_port(void **state)
{
    (void)state;
    for (unsigned want = 0; want < 70000; want++) {
        struct svc__address a;
        uint16_t port = 0;
        char text[64];
        int is_good = want >= 1 && want <= 65535;

        (void)snprintf(text, sizeof(text),
                       want % 2 ? "10.0.0.1:%u" : "[::1]:%u", want);
        assert_int_equal(svc__address_parse_port(text, 7, &a, &port),
                         is_good ? 0 : SVC_EINVAL);
        assert_int_equal(port, is_good ? want : 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_and_without_a_port),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_every_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
