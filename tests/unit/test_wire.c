/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which messages are whole and which are not, in rows (faults D21 to D24, RFC
 * 9267). What is read of a good one stands in test_wire_walk.c, what cuts,
 * changes and sizes do in test_wire_bounds.c.
 */
#include "dns/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

#include <cmocka.h>

#include "oom.h"
#include "wire_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The header and question of all rows; the question ends at octet 26. */
#define ONE    WIRE_HEAD("0001", "0000", "0000") WIRE_QUESTION
#define TWO    WIRE_HEAD("0002", "0000", "0000") WIRE_QUESTION
#define EXTRA1 WIRE_HEAD("0000", "0000", "0001") WIRE_QUESTION
#define EXTRA2 WIRE_HEAD("0000", "0000", "0002") WIRE_QUESTION
#define OPT    "00 0029 04D0 00000000 0000 "
#define IN30   " 0001 0000001E "

struct row {
    const char *name;
    const char *bytes;
};

/* Octets from the heap, at their exact size: a read past them shows up. */
static int parse(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size + (size == 0));
    struct svc__wire_message m = {.id = 0x7777};
    int err;

    assert_non_null(exact);
    if (size > 0)
        memcpy(exact, bytes, size);
    err = svc__wire_parse(exact, size, &m);
    if (err == 0) {
        struct svc__wire_cursor c;
        struct svc__wire_record record;

        svc__wire_begin(&c, &m);
        while (svc__wire_next(&c, &record))
            assert_in_range(record.owner.size, 1, SVC__WIRE_NAME_MAX);
    } else {
        assert_true(m.id == 0x7777 && m.data == NULL);
    }
    free(exact);
    return err;
}

static void check_rows(const struct row *rows, size_t count, int want)
{
    uint8_t bytes[2048];

    for (size_t i = 0; i < count; i++) {
        size_t size = wire_text_bytes(rows[i].bytes, bytes, sizeof(bytes));
        int err = parse(bytes, size);

        if (err != want)
            fail_msg("%s: %s", rows[i].name, svc_err_name(err));
    }
}

static void test_good_messages(void **state)
{
    static const struct row rows[] = {
        {"no record", WIRE_HEAD("0000", "0000", "0000") WIRE_QUESTION},
        {"a record", ONE WIRE_A},
        {"question of the root",
         WIRE_HEAD("0000", "0000", "0000") "00 0001 0001"},
        {"compressed target of SRV",
         ONE "C00C 0021" IN30 "0008 0000 0032 0050 C00C"},
        {"target into a record that is not read",
         TWO "C00C 0063" IN30 "0006 'host' 00 C00C 0005" IN30 "0002 C026"},
        {"a pointer to a pointer",
         TWO "C00C 0005" IN30 "0002 C010 C00C 0005" IN30 "0002 C026"},
        {"a pointer to the root at the end of another name",
         ONE "C015 0001" IN30 "0004 01020304"},
        {"any octet in a label", ONE "'a.' 0300412E 00 0001" IN30 "0004 "
                                     "01020304"},
        {"empty record of another type", ONE "C00C 0063" IN30 "0000"},
        {"A of another class, of any size",
         ONE "C00C 0001 0003 0000001E 0001 FF"},
        {"OPT with options",
         EXTRA1 "00 0029 04D0 00000000 000C 000A0004 01020304 00030000"},
        {"OPT between others", EXTRA2 OPT WIRE_A},
        {"OPT of version 1 with BADVERS", EXTRA1 "00 0029 04D0 01010000 0000"},
        {"cut, so nothing behind the question is looked at",
         "1234 8380 0001 FFFF FFFF FFFF " WIRE_QUESTION "FFFF"},
        {"TXT of two strings", ONE "C00C 0010" IN30 "0003 01 61 00"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), 0);
}

static void test_heads_that_are_none(void **state)
{
    static const struct row rows[] = {
        {"nothing", ""},
        {"one octet", "12"},
        {"eleven octets", "1234 8180 0001 0000 0000 00"},
        {"no question behind the header", "1234 8180 0001 0000 0000 0000"},
        {"a query", "1234 0180 0001 0000 0000 0000 " WIRE_QUESTION},
        {"opcode 2", "1234 9180 0001 0000 0000 0000 " WIRE_QUESTION},
        {"no question", "1234 8180 0000 0000 0000 0000"},
        {"two questions",
         "1234 8180 0002 0000 0000 0000 " WIRE_QUESTION "C00C 0001 0001"},
        {"two questions of which one is there",
         "1234 8180 0002 0000 0000 0000 " WIRE_QUESTION},
        {"a question of another class",
         "1234 8180 0001 0000 0000 0000 'web' 00 0001 0003"},
        {"a question that points into the header",
         "1234 8180 0001 0000 0000 0000 C004 0001 0001"},
        {"a question that points to itself",
         "1234 8180 0001 0000 0000 0000 C00C 0001 0001"},
        {"cut, with half a question", "1234 8380 0001 0000 0000 0000 'web' 00 "
                                      "0001 00"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), SVC_EPROTO);
}

static void test_names_that_are_none(void **state)
{
    static const struct row rows[] = {
        {"pointer to itself", ONE "C01A 0001" IN30 "0004 01020304"},
        {"pointer forwards", ONE "C01C 0001" IN30 "0004 01020304"},
        {"pointer beyond the end", ONE "FFFF 0001" IN30 "0004 01020304"},
        {"pointer into the header", ONE "C00B 0001" IN30 "0004 01020304"},
        {"pointer into its own name", ONE "'a' C01A 0001" IN30 "0004 01020304"},
        {"two names that point to each other",
         TWO "C00C 0063" IN30 "0002 C028 C026 0001" IN30 "0004 01020304"},
        {"a loop through a label",
         TWO "C00C 0063" IN30 "0004 'a' C026 C026 0001" IN30 "0004 01020304"},
        {"a pointer back to a pointer forwards", TWO
         "C00C 0063" IN30 "0005 C028 'a' 00 C026 0001" IN30 "0004 01020304"},
        {"half a pointer at the end", ONE "C0"},
        {"half a pointer at the end of the data",
         TWO "C00C 0005" IN30 "0001 C0 0C 0001 0001 0000001E 0004 01020304"},
        {"label type 01", ONE "41 0001" IN30 "0004 01020304"},
        {"label type 10", ONE "81 61 00 0001" IN30 "0004 01020304"},
        {"label of 64",
         ONE "40 6161616161616161616161616161616161616161616161616161616161616"
             "1616161616161616161616161616161616161616161616161616161616161616"
             "161 00 0001" IN30 "0004 01020304"},
        {"a label behind the end", ONE "3F 61"},
        {"a name without its end", ONE "'web'"},
        {"a name that leaves its data", TWO "C00C 0005" IN30 "0004 'web' "
                                            "'x' 00 0001" IN30 "0000"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), SVC_EPROTO);
}

static void test_data_that_is_none(void **state)
{
    static const struct row rows[] = {
        {"A of 3", ONE "C00C 0001" IN30 "0003 010203"},
        {"A of 5", ONE "C00C 0001" IN30 "0005 0102030405"},
        {"A of 0", ONE "C00C 0001" IN30 "0000"},
        {"AAAA of 15", ONE "C00C 001C" IN30 "000F 010203040506070809101112"
                           "131415"},
        {"AAAA of 4", ONE "C00C 001C" IN30 "0004 01020304"},
        {"CNAME of 0", ONE "C00C 0005" IN30 "0000"},
        {"CNAME with an octet behind", ONE "C00C 0005" IN30 "0003 C00C 00"},
        {"PTR with an octet behind", ONE "C00C 000C" IN30 "0003 C00C 00"},
        {"SRV without target", ONE "C00C 0021" IN30 "0006 0000 0000 0050"},
        {"SRV of 5", ONE "C00C 0021" IN30 "0005 0000 0000 00"},
        {"SRV with an octet behind",
         ONE "C00C 0021" IN30 "0008 0000 0000 0050 00 00"},
        {"SOA of 19 behind the names",
         ONE "C00C 0006" IN30 "0015 00 00 00000001 00000002 00000003 00000004 "
             "000005"},
        {"SOA of 21 behind the names",
         ONE "C00C 0006" IN30 "0017 00 00 00000001 00000002 00000003 00000004 "
             "00000005 00"},
        {"SOA with one name", ONE "C00C 0006" IN30 "0001 00"},
        {"TXT of 0", ONE "C00C 0010" IN30 "0000"},
        {"TXT with a string too long", ONE "C00C 0010" IN30 "0002 02 61"},
        {"TXT with a second string too long",
         ONE "C00C 0010" IN30 "0003 01 61 01"},
        {"data longer than the message", ONE "C00C 0063" IN30 "0001"},
        {"data much longer", ONE "C00C 0063" IN30 "FFFF 01"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), SVC_EPROTO);
}

/* RFC 6891 section 6.1.1 (faults D24). */
static void test_opt_that_is_none(void **state)
{
    static const struct row rows[] = {
        {"two", EXTRA2 OPT OPT},
        {"two with a record between",
         WIRE_HEAD("0000", "0000", "0003") WIRE_QUESTION OPT WIRE_A OPT},
        {"among the answers", ONE OPT},
        {"among the authorities",
         WIRE_HEAD("0000", "0001", "0000") WIRE_QUESTION OPT},
        {"of a name", EXTRA1 "C00C 0029 04D0 00000000 0000"},
        {"of the root by a pointer", EXTRA1 "C015 0029 04D0 00000000 0000"},
        {"version 1", EXTRA1 "00 0029 04D0 00010000 0000"},
        {"version 255", EXTRA1 "00 0029 04D0 00FF0000 0000"},
        {"version 1 with another code", EXTRA1 "00 0029 04D0 02010000 0000"},
        {"an option of 3 octets", EXTRA1 "00 0029 04D0 00000000 0003 000A00"},
        {"an option that is too long",
         EXTRA1 "00 0029 04D0 00000000 0006 000A0003 0102"},
        {"an option longer than all",
         EXTRA1 "00 0029 04D0 00000000 0004 000AFFFF"},
    };

    (void)state;
    check_rows(rows, COUNT(rows), SVC_EPROTO);
}

/* Counts that lie cost nothing (faults D22). */
static void test_counts_that_lie(void **state)
{
    static const struct row less[] = {
        {"one too many", TWO WIRE_A},
        {"one too few", ONE WIRE_A WIRE_A},
        {"one octet behind the last", ONE WIRE_A "00"},
        {"ten thousand of one",
         WIRE_HEAD("2710", "0000", "0000") WIRE_QUESTION WIRE_A},
    };
    static const struct row more[] = {
        {"10001", WIRE_HEAD("2711", "0000", "0000") WIRE_QUESTION WIRE_A},
        {"10001 of all sections",
         WIRE_HEAD("2700", "0010", "0001") WIRE_QUESTION WIRE_A},
        {"the most", WIRE_HEAD("FFFF", "FFFF", "FFFF") WIRE_QUESTION WIRE_A},
    };
    long before;

    (void)state;
    before = oom_allocations();
    check_rows(less, COUNT(less), SVC_EPROTO);
    check_rows(more, COUNT(more), SVC_ETOOBIG);
    assert_int_equal(oom_allocations(), before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_messages),
        cmocka_unit_test(test_heads_that_are_none),
        cmocka_unit_test(test_names_that_are_none),
        cmocka_unit_test(test_data_that_is_none),
        cmocka_unit_test(test_opt_that_is_none),
        cmocka_unit_test(test_counts_that_lie),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
