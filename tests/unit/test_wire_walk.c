/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read of a good message: every type, names put together from pointers,
 * and what is passed over.
 */
#include "dns/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define IN30 " 0001 0000001E "
#define ONE  WIRE_HEAD("0001", "0000", "0000") WIRE_QUESTION
#define HEAD "1234 rcode=NOERROR counts=1/0/0 web.shop A\n"

static const struct {
    const char *bytes;
    const char *read;
} rows[] = {
    {ONE WIRE_A, HEAD "0 web.shop 30 A 10.0.0.1\n"},
    {ONE "C010 001C 0001 00000000 0010 FD000000000000000000000000000002",
     HEAD "0 shop 0 AAAA fd00::2\n"},
    {ONE "00 0005 0001 0000001E 0005 'ex' C015", HEAD "0 . 30 CNAME ex\n"},
    {ONE "'x' C010 000C 0001 0000001E 0001 00", HEAD "0 x.shop 30 PTR .\n"},
    {ONE "C00C 0010 0001 0000001E 0008 05 68656C6C6F 01 78",
     HEAD "0 web.shop 30 TXT 68656c6c6f\n"},
    {ONE "C00C 0010 0001 0000001E 0001 00", HEAD "0 web.shop 30 TXT \n"},
    {ONE "C00C 0021 0001 0000001E 000F 0102 0304 0506 'WEB-0' C00C FFFF",
     "SVC_EPROTO\n"},
    {ONE "C00C 0021 0001 0000001E 000E 0102 0304 0506 'WEB-0' C00C",
     HEAD "0 web.shop 30 SRV 258 772 1286 web-0.web.shop\n"},
    {ONE "C00C 0006 0001 0000001E 001C 'ns' C010 'me' 00 00000001 00000002 "
         "00000003 00000004 01020304",
     "SVC_EPROTO\n"},
    {ONE "C00C 0006 0001 0000001E 001D 'ns' C010 'me' 00 00000001 00000002 "
         "00000003 00000004 01020304",
     HEAD "0 web.shop 30 SOA ns.shop 16909060\n"},
    /* The case of an answer is of no matter (faults D20). */
    {"1234 8180 0001 0001 0000 0000 'WeB' 'ShOp' 00 0001 0001" WIRE_A,
     HEAD "0 web.shop 30 A 10.0.0.1\n"},
    /* Octets are data. */
    {ONE "'a.\\' 'b' C010 0001 0001 0000001E 0004 0A000001",
     HEAD "0 a\\046\\092.b.shop 30 A 10.0.0.1\n"},
    {ONE "03 00FF2D 00 0001 0001 0000001E 0004 0A000001",
     HEAD "0 \\000\\255- 30 A 10.0.0.1\n"},
    /* The top bit of a time to live (RFC 2181 section 8, faults D18). */
    {ONE "C00C 0001 0001 7FFFFFFF 0004 0A000001",
     HEAD "0 web.shop 2147483647 A 10.0.0.1\n"},
    {ONE "C00C 0001 0001 80000000 0004 0A000001",
     HEAD "0 web.shop 0 A 10.0.0.1\n"},
    {ONE "C00C 0001 0001 FFFFFFFF 0004 0A000001",
     HEAD "0 web.shop 0 A 10.0.0.1\n"},
    {ONE "00 0006 0001 FFFFFFFF 0016 00 00 00000001 00000002 00000003 00000004 "
         "80000001",
     HEAD "0 . 0 SOA . 0\n"},
    /* Passed over: another class, another type. */
    {ONE "C00C 0001 0003 0000001E 0004 0A000001", HEAD},
    {ONE "C00C 0002 0001 0000001E 0002 C00C", HEAD},
    /* All sections, with others between. */
    {WIRE_HEAD("0002", "0002", "0003") WIRE_QUESTION WIRE_A
     "C00C 0063" IN30 "0001 FF C00C 002E" IN30 "0000 C010 0006" IN30
     "0016 00 00 00000001 00000002 00000003 00000004 00000005" WIRE_A
     "00 0029 04D0 00008000 0000" WIRE_A,
     "1234 rcode=NOERROR edns counts=2/2/3 web.shop A\n"
     "0 web.shop 30 A 10.0.0.1\n"
     "1 shop 30 SOA . 5\n"
     "2 web.shop 30 A 10.0.0.1\n"
     "2 web.shop 30 A 10.0.0.1\n"},
    /* A name of many pieces, by pointers to pointers. */
    {WIRE_HEAD("0004", "0000", "0000") WIRE_QUESTION
     "'a' C00C 0001" IN30 "0004 0A000001 'b' C01A 0001" IN30
     "0004 0A000002 C02C 0005" IN30 "0002 C02C C04A 0005" IN30 "0004 'c' C04A",
     "1234 rcode=NOERROR counts=4/0/0 web.shop A\n"
     "0 a.web.shop 30 A 10.0.0.1\n"
     "0 b.a.web.shop 30 A 10.0.0.2\n"
     "0 b.a.web.shop 30 CNAME b.a.web.shop\n"
     "0 b.a.web.shop 30 CNAME c.b.a.web.shop\n"},
};

static const struct {
    const char *bytes;
    const char *read;
} heads[] = {
    {"00FF 8580 0001 0000 0000 0000 00 0021 0001",
     "00ff rcode=NOERROR aa counts=0/0/0 . SRV\n"},
    {"0000 8003 0001 0000 0000 0000 'a' 00 FFFF 0001",
     "0000 rcode=NXDOMAIN counts=0/0/0 a TYPE65535\n"},
    /* Cut: the counts are those of what may be used (RFC 2181 section 9). */
    {"0001 8382 0001 0005 0005 0005 'a' 00 0001 0001 C0",
     "0001 rcode=SERVFAIL tc counts=0/0/0 a A\n"},
    /* The upper bits of a code (RFC 6891 section 6.1.3). */
    {"0001 8000 0001 0000 0000 0001 'a' 00 0001 0001 00 0029 0200 01000000 "
     "0000",
     "0001 rcode=BADVERS edns counts=0/0/1 a A\n"},
    {"0001 800F 0001 0000 0000 0001 'a' 00 0001 0001 00 0029 0200 FF000000 "
     "0000",
     "0001 rcode=RCODE4095 edns counts=0/0/1 a A\n"},
};

static void assert_read(const char *text, const char *want)
{
    uint8_t bytes[1024];
    size_t size = wire_text_bytes(text, bytes, sizeof(bytes));
    struct svc__buf b;

    svc__buf_init(&b, 1u << 20);
    wire_text_dump(bytes, size, &b);
    assert_int_equal(b.err, 0);
    assert_string_equal(b.data, want);
    svc__buf_fini(&b);
}

static void test_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_read(rows[i].bytes, rows[i].read);
}

static void test_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(heads); i++)
        assert_read(heads[i].bytes, heads[i].read);
}

/* Not a byte of the last record is left in an address. */
static void test_addresses_are_whole(void **state)
{
    static const char text[] = WIRE_HEAD("0002", "0000", "0000") WIRE_QUESTION
        "C00C 001C" IN30 "0010 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" WIRE_A;
    static const uint8_t want[16] = {10, 0, 0, 1};
    uint8_t bytes[256];
    struct svc__wire_message m;
    struct svc__wire_cursor c;
    struct svc__wire_record record;

    (void)state;
    assert_int_equal(
        svc__wire_parse(bytes, wire_text_bytes(text, bytes, sizeof(bytes)), &m),
        0);
    svc__wire_begin(&c, &m);
    assert_int_equal(svc__wire_next(&c, &record), 1);
    assert_int_equal(record.address.family, SVC__FAMILY_IPV6);
    assert_int_equal(svc__wire_next(&c, &record), 1);
    assert_int_equal(record.address.family, SVC__FAMILY_IPV4);
    assert_memory_equal(record.address.bytes, want, sizeof(want));
    for (int i = 0; i < 3; i++)
        assert_int_equal(svc__wire_next(&c, &record), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_addresses_are_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
