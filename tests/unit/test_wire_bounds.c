/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that are cut or changed are refused or read within their bounds,
 * names end at 255 octets, and the work stays linear in the bytes whatever
 * pointers there are (faults D13, D21, D22).
 */
#include "base/clock.h"
#include "base/rng.h"
#include "dns/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <svc/svc.h>

#include <cmocka.h>

#include "wire_text.h"

#define IN30 " 0001 0000001E "

/* A record of each type, with pointers of all kinds. */
static const char rich[] =
    WIRE_HEAD("0003", "0001", "0003") WIRE_QUESTION WIRE_A
    "C00C 0005" IN30 "0008 'other' C010 C00C 0010" IN30 "0006 05 68656C6C6F "
    "C010 0006" IN30 "001A 'ns' C010 00 00000001 00000002 00000003 00000004 "
    "00000005 'x' C00C 0021" IN30 "000A 0000 0032 0050 'y' C00C "
    "C010 001C" IN30 "0010 FD000000000000000000000000000001 "
    "00 0029 04D0 00000000 0000";

/* Reads a message that stands alone in memory: a sanitizer sees a read past
 * its end. Every name and text is looked at. */
static int read_all(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size + (size == 0));
    struct svc__wire_message m;
    int err;

    assert_non_null(exact);
    if (size > 0)
        memcpy(exact, bytes, size);
    err = svc__wire_parse(exact, size, &m);
    if (err == 0) {
        struct svc__buf b;

        svc__buf_init(&b, 16u << 20);
        wire_text_dump(exact, size, &b);
        assert_int_equal(b.err, 0);
        svc__buf_fini(&b);
    }
    free(exact);
    return err;
}

static void test_cut_at_every_octet(void **state)
{
    uint8_t bytes[1024];
    size_t size = wire_text_bytes(rich, bytes, sizeof(bytes));

    (void)state;
    assert_int_equal(read_all(bytes, size), 0);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(read_all(bytes, cut), SVC_EPROTO);
}

static void test_every_octet_changed(void **state)
{
    uint8_t bytes[1024];
    size_t size = wire_text_bytes(rich, bytes, sizeof(bytes));
    int good = 0;

    (void)state;
    for (size_t at = 0; at < size; at++) {
        uint8_t kept = bytes[at];

        for (unsigned octet = 0; octet < 256; octet++) {
            bytes[at] = (uint8_t)octet;
            good += read_all(bytes, size) == 0;
        }
        bytes[at] = kept;
    }
    assert_in_range(good, size, size * 250);
}

static void test_many_octets_changed(void **state)
{
    uint8_t bytes[1024];
    uint8_t copy[1024];
    size_t size = wire_text_bytes(rich, bytes, sizeof(bytes));
    struct svc__rng rng;

    (void)state;
    svc__rng_seed(&rng, 9);
    for (int n = 0; n < 20000; n++) {
        memcpy(copy, bytes, size);
        for (unsigned i = 2 + svc__rng_below(&rng, 3); i > 0; i--) {
            size_t at = svc__rng_below(&rng, (uint32_t)size - 1);

            copy[at] = (uint8_t)svc__rng_below(&rng, 256);
            if (svc__rng_below(&rng, 2)) {
                copy[at] = 0xC0;
                copy[at + 1] = (uint8_t)svc__rng_below(&rng, (uint32_t)size);
            }
        }
        (void)read_all(copy, size);
    }
}

/* So many labels of one octet, and the root. */
static size_t put_labels(uint8_t *to, size_t labels)
{
    for (size_t i = 0; i < labels; i++)
        memcpy(to + i * 2, "\1a", 2);
    to[labels * 2] = 0;
    return labels * 2 + 1;
}

/* A label of four octets and a pointer to others: 255 octets are a name, 256
 * none (RFC 1035 section 3.1), in its place and by a pointer. */
static void test_names_are_held_to_255(void **state)
{
    static const char before[] =
        WIRE_HEAD("0002", "0000", "0000") WIRE_QUESTION "C00C 0063" IN30 "0000";
    static const char behind[] =
        "C00C 0021" IN30 "000D 0000 0000 0050 'abcd' C026";
    uint8_t bytes[1024];

    (void)state;
    for (size_t labels = 100; labels < 128; labels++) {
        size_t data = wire_text_bytes(before, bytes, sizeof(bytes));
        size_t at = data + put_labels(bytes + data, labels);

        assert_int_equal(data, 0x26);
        bytes[data - 1] = (uint8_t)(at - data);
        at += wire_text_bytes(behind, bytes + at, sizeof(bytes) - at);
        assert_int_equal(read_all(bytes, at),
                         labels * 2 + 1 + 5 <= 255 ? 0 : SVC_EPROTO);
    }
}

static void test_owners_are_held_to_255(void **state)
{
    uint8_t bytes[1024];

    (void)state;
    for (size_t labels = 120; labels < 130; labels++) {
        size_t at = wire_text_bytes(WIRE_HEAD("0001", "0000", "0000") "'ab'",
                                    bytes, sizeof(bytes));

        at += put_labels(bytes + at, labels);
        assert_int_equal(at, 12 + 3 + labels * 2 + 1);
        at += wire_text_bytes("0001 0001 'b' C00C 0001" IN30 "0004 01020304",
                              bytes + at, sizeof(bytes) - at);
        assert_int_equal(read_all(bytes, at),
                         labels * 2 + 1 + 3 + 2 <= 255 ? 0 : SVC_EPROTO);
    }
}

/* A message of 64 KiB: a record with data of so many octets, filled by the
 * test, then as many of record as there is room for. */
struct large {
    uint8_t bytes[SVC__WIRE_MESSAGE_MAX];
    size_t data; /* where the data begin */
    size_t at;
};

static void large_begin(struct large *l, size_t data_size)
{
    l->data = wire_text_bytes(WIRE_HEAD("0000", "0000", "0000") WIRE_QUESTION
                              "C00C 0063" IN30 "0000",
                              l->bytes, sizeof(l->bytes));
    l->bytes[l->data - 2] = (uint8_t)(data_size >> 8);
    l->bytes[l->data - 1] = (uint8_t)data_size;
    l->at = l->data + data_size;
}

/* Each with pointers of its own, when step is not 0: the first leads to
 * target, the others step octets further. Returns how many. */
static size_t large_fill(struct large *l, const char *record, size_t target,
                         size_t step)
{
    uint8_t bytes[128];
    size_t size = wire_text_bytes(record, bytes, sizeof(bytes));
    size_t count = 1;

    for (; l->at + size <= sizeof(l->bytes); l->at += size) {
        memcpy(l->bytes + l->at, bytes, size);
        if (step > 0) {
            l->bytes[l->at] = (uint8_t)(0xC0 | target >> 8);
            l->bytes[l->at + 1] = (uint8_t)target;
            target += step;
        }
        count++;
    }
    l->bytes[6] = (uint8_t)(count >> 8);
    l->bytes[7] = (uint8_t)count;
    return count;
}

/* What a Service with very many pods is: a step for each record, and no name
 * of it is too much. */
static void test_large_answers_are_read(void **state)
{
    static const char *const records[] = {
        WIRE_A, "C00C 0021" IN30 "000A 0000 0032 0050 'y' C00C ",
        "'10-244-1-2' C00C 001C" IN30 "0010 FD000000000000000000000000000001"};
    struct large *l = malloc(sizeof(*l));

    (void)state;
    assert_non_null(l);
    for (size_t i = 0; i < 3; i++) {
        struct svc__wire_message m;

        large_begin(l, 0);
        assert_in_range(large_fill(l, records[i], 0, 0), 1500, 4100);
        assert_int_equal(svc__wire_parse(l->bytes, l->at, &m), 0);
        assert_int_equal(read_all(l->bytes, l->at), 0);
    }
    free(l);
}

/* Names of 127 labels for two octets each, and a chain of pointers through
 * which all of them go: the steps of a message are held to its bytes. */
static void test_work_is_linear(void **state)
{
    static const char record[] = "C026 0005" IN30 "0002 C026 ";
    struct large *l = malloc(sizeof(*l));
    int64_t before_ms = svc__clock_now_ms();

    (void)state;
    assert_non_null(l);
    large_begin(l, 255);
    put_labels(l->bytes + l->data, 127);
    large_fill(l, record, 0, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(read_all(l->bytes, l->at), SVC_EPROTO);
    large_begin(l, 16000);
    for (size_t at = l->data; at + 1 < l->data + 16000; at += 2) {
        l->bytes[at] = (uint8_t)(0xC0 | (at - 2) >> 8);
        l->bytes[at + 1] = (uint8_t)(at - 2);
    }
    memcpy(l->bytes + l->data, "\xC0\x0C", 2);
    large_fill(l, record, 0x3000, 2);
    for (int i = 0; i < 10; i++)
        assert_int_equal(read_all(l->bytes, l->at), SVC_EPROTO);
    /* Half a millisecond for each is what it takes. */
    assert_in_range(svc__clock_now_ms() - before_ms, 0, 1000);
    free(l);
}

/* The bound itself: 1024 and 4 for each byte are steps enough, one more is
 * not. Some of these are just there. */
static void test_steps_are_counted(void **state)
{
    struct large *l = malloc(sizeof(*l));
    struct svc__wire_message m;
    size_t last = 0;

    (void)state;
    assert_non_null(l);
    for (size_t n = 0; n < 60 * 64; n++) {
        size_t records = 1 + n / 64;
        size_t labels = 64 + n % 64;
        size_t steps = 2 + records * (labels + 1);
        size_t allowed;

        large_begin(l, 259);
        put_labels(l->bytes + l->data, labels);
        for (size_t i = 0; i < records; i++)
            l->at +=
                wire_text_bytes("C026 0063" IN30 "0000", l->bytes + l->at, 100);
        l->bytes[7] = (uint8_t)(records + 1);
        allowed = 1024 + 4 * l->at;
        assert_int_equal(svc__wire_parse(l->bytes, l->at, &m),
                         steps <= allowed ? 0 : SVC_EPROTO);
        last += steps == allowed || steps == allowed + 1;
    }
    assert_int_equal(last, 2);
    free(l);
}

static void test_a_message_too_large(void **state)
{
    uint8_t *bytes = calloc(1, SVC__WIRE_MESSAGE_MAX + 1);
    size_t at;
    struct svc__wire_message m;

    (void)state;
    assert_non_null(bytes);
    at = wire_text_bytes("1234 8380 0001 0000 0000 0000 " WIRE_QUESTION, bytes,
                         100);
    assert_in_range(at, 26, 26);
    assert_int_equal(svc__wire_parse(bytes, SVC__WIRE_MESSAGE_MAX, &m), 0);
    assert_int_equal(svc__wire_parse(bytes, SVC__WIRE_MESSAGE_MAX + 1, &m),
                     SVC_EPROTO);
    free(bytes);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_at_every_octet),
        cmocka_unit_test(test_every_octet_changed),
        cmocka_unit_test(test_many_octets_changed),
        cmocka_unit_test(test_names_are_held_to_255),
        cmocka_unit_test(test_owners_are_held_to_255),
        cmocka_unit_test(test_large_answers_are_read),
        cmocka_unit_test(test_work_is_linear),
        cmocka_unit_test(test_steps_are_counted),
        cmocka_unit_test(test_a_message_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
