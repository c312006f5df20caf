/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which records of a message belong to its question (faults D13 to D16, D19,
 * RFC 2308), as tables of messages and what is read of them.
 */
#include "dns/answer.h"

#include "base/buf.h"
#include "dns_build.h"
#include "oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct dns_message message;

/* ---- what was read, as text ------------------------------------------ */

static void add_address(struct svc__buf *b, const struct svc__address *a)
{
    char text[SVC_ADDRESS_TEXT_SIZE];

    (void)svc__address_format(a, text);
    svc__buf_add_text(b, text);
}

/* "web-0" of labels that need not end in the root; "@" of none. */
static void add_target(struct svc__buf *b, const struct svc__dns_service *s)
{
    for (size_t i = 0; i < s->size && s->target[i] != 0;
         i += 1 + (size_t)s->target[i]) {
        svc__buf_add_text(b, i == 0 ? "" : ".");
        svc__buf_add(b, s->target + i + 1, s->target[i]);
    }
    svc__buf_add_text(b, s->size == 0 ? "@" : "");
}

static void add_records(struct svc__buf *b, const struct svc__dns_answer *a)
{
    for (uint32_t i = 0; a->block != NULL && i < a->block->count; i++) {
        const char *host =
            svc__block_text(a->block, a->block->endpoints[i].hostname);

        svc__buf_add_text(b, " ");
        add_address(b, &a->block->endpoints[i].address);
        svc__buf_printf(b, "%s%s", host == NULL ? "" : "=",
                        host == NULL ? "" : host);
    }
    for (size_t i = 0; i < a->service_count; i++) {
        const struct svc__dns_service *s = &a->services[i];

        svc__buf_add_text(b, " ");
        add_target(b, s);
        svc__buf_printf(b, ":%u*%u", (unsigned)s->port, (unsigned)s->weight);
    }
    for (size_t i = 0; i < a->glue_count; i++) {
        svc__buf_printf(b, " %u=", (unsigned)a->glue[i].service);
        add_address(b, &a->glue[i].address);
    }
}

static void write_answer(struct svc__buf *b, const struct svc__dns_answer *a)
{
    static const char *const kinds[] = {"HAVE", "ALIAS", "NODATA", "NXDOMAIN",
                                        "BROKEN"};
    char name[SVC__WIRE_TEXT_MAX];

    svc__buf_printf(b, "%s %lld", kinds[a->kind],
                    (long long)(a->ttl_ms < 0 ? -1 : a->ttl_ms / 1000));
    if (a->end != NULL) {
        (void)svc__wire_name_format(a->end, name);
        svc__buf_printf(b, " %u>%s", a->aliases, name);
    }
    add_records(b, a);
    if (a->chain != NULL)
        svc__buf_printf(b, " %s", a->chain);
    if (a->duplicates + a->skipped + a->refused > 0)
        svc__buf_printf(b, " (%d %d %d)", (int)a->duplicates, (int)a->skipped,
                        (int)a->refused);
}

struct row {
    const char *question;
    const char *message;
    const char *read;
};

static void check(const struct row *row, struct svc__dns_reading how)
{
    struct svc__wire_question q;
    struct svc__wire_message m;
    struct svc__dns_answer a;
    struct svc__buf b;

    dns_question(row->question, &q);
    how.question = &q;
    dns_build(&q, row->message, &message);
    assert_int_equal(svc__wire_parse(message.bytes, message.size, &m), 0);
    assert_int_equal(svc__dns_answer_read(&m, &how, &a), 0);
    svc__buf_init(&b, 65536);
    write_answer(&b, &a);
    if (strcmp(b.data, row->read) != 0)
        fail_msg("%s: %s\nwanted: %s\ngot:    %s", row->question, row->message,
                 row->read, b.data);
    svc__buf_fini(&b);
    svc__dns_answer_fini(&a);
}

static void check_all(const struct row *rows, size_t count,
                      struct svc__dns_reading how)
{
    for (size_t i = 0; i < count; i++)
        check(&rows[i], how);
}

/* ---- addresses ------------------------------------------------------- */

static void addresses(void **state)
{
    static const struct row rows[] = {
        {"A w.x", "NOERROR | @ 30 A 10.0.0.2 | @ 30 A 10.0.0.1",
         "HAVE 30 10.0.0.1 10.0.0.2"},
        {"AAAA w.x", "NOERROR | @ 30 AAAA fd00::1", "HAVE 30 fd00::1"},
        /* Repeated ones once (D16), the least TTL for all (D19), 0 is legal. */
        {"A w.x", "NOERROR | @ 9 A 10.0.0.1 | @ 0 A 10.0.0.1 | @ 5 A 10.0.0.1",
         "HAVE 0 10.0.0.1 (2 0 0)"},
        /* Of another type, class, name or section they do not count (D14). */
        {"A w.x",
         "NOERROR | @ 30 AAAA fd00::1 | @ 30 CLASS3 10.0.0.1"
         " | other.x 30 A 10.0.0.2 | ~@ 30 A 10.0.0.3 | +@ 30 A 10.0.0.4",
         "NODATA -1"},
        {"A w.x", "NOERROR | @ 30 SRV 0 0 80 w.x", "NODATA -1"},
    };
    struct svc__dns_reading how = {.hostname = "web-0"};
    static const struct row host = {"A w.x", "NOERROR | @ 1 A 10.0.0.1",
                                    "HAVE 1 10.0.0.1=web-0"};
    static const struct row dashed = {
        "A w.x", "NOERROR | @ 1 A 10.0.0.1 | @ 1 A 10.0.0.2",
        "HAVE 1 10.0.0.1 10.0.0.2=10-0-0-1"};

    (void)state;
    check_all(rows, COUNT(rows), (struct svc__dns_reading){.follow = 1});
    check(&host, how);
    how.hostname = "10-0-0-1";
    check(&dashed, how);
}

/* RFC 2308: the SOA of a zone that has the name, of both numbers the lower. */
static void nothing(void **state)
{
    static const struct row rows[] = {
        {"A w.x", "NOERROR | ~x 30 SOA 5", "NODATA 5"},
        {"A w.x", "NXDOMAIN | ~x 5 SOA 30", "NXDOMAIN 5"},
        {"A w.x", "NXDOMAIN | ~w.x 5 SOA 4", "NXDOMAIN 4"},
        {"A w.x", "NXDOMAIN | ~. 5 SOA 4", "NXDOMAIN 4"},
        {"A w.x", "NXDOMAIN | ~y 5 SOA 30", "NXDOMAIN -1"},
        {"A w.x", "NXDOMAIN | x 5 SOA 30", "NXDOMAIN -1"},
        {"A w.x", "NXDOMAIN", "NXDOMAIN -1"},
        {"SRV w.x", "NOERROR | ~x 30 SOA 5", "NODATA 5"},
    };

    (void)state;
    check_all(rows, COUNT(rows), (struct svc__dns_reading){.follow = 1});
    check_all(rows, COUNT(rows), (struct svc__dns_reading){0});
}

/* ---- aliases --------------------------------------------------------- */

static void aliases_are_followed(void **state)
{
    static const struct row rows[] = {
        {"A w", "NOERROR | @ 9 CNAME a | a 8 CNAME b | b 30 A 10.0.0.1",
         "HAVE 8 2>b 10.0.0.1"},
        /* In any order. */
        {"A w", "NOERROR | b 30 A 10.0.0.1 | a 8 CNAME b | @ 9 CNAME a",
         "HAVE 8 2>b 10.0.0.1"},
        {"A w", "NOERROR | a 3 A 10.0.0.9 | @ 9 CNAME a | b 2 A 10.0.0.8",
         "HAVE 3 1>a 10.0.0.9"},
        /* Data beside an alias does not count, whichever comes first. */
        {"A w", "NOERROR | @ 1 A 10.0.0.9 | @ 9 CNAME a | a 8 A 10.0.0.1",
         "HAVE 8 1>a 10.0.0.1"},
        {"A w", "NOERROR | @ 9 CNAME a | a 8 A 10.0.0.1 | @ 1 A 10.0.0.9",
         "HAVE 8 1>a 10.0.0.1"},
        {"A w", "NOERROR | @ 1 A 10.0.0.9 | @ 9 CNAME a", "ALIAS 9 1>a"},
        {"A w", "NOERROR | @ 9 CNAME a | @ 9 CNAME b | b 1 A 10.0.0.1",
         "ALIAS 9 1>a"},
        {"A w", "NXDOMAIN | @ 9 CNAME a.b | ~b 7 SOA 60", "NXDOMAIN 7 1>a.b"},
        /* The server has looked: nothing is at the end. */
        {"A w", "NOERROR | @ 9 CNAME a.b | ~b 7 SOA 60", "NODATA 7 1>a.b"},
        {"A w", "NOERROR | @ 3 CNAME a.b | ~b 7 SOA 60", "NODATA 3 1>a.b"},
        {"A w", "NOERROR | @ 9 CNAME a.b | ~c 7 SOA 60", "ALIAS 9 1>a.b"},
        {"SRV w", "NOERROR | @ 9 CNAME a | a 8 SRV 0 5 80 x.y",
         "HAVE 8 1>a x.y:80*5"},
    };

    (void)state;
    check_all(rows, COUNT(rows), (struct svc__dns_reading){.follow = 1});
}

/* An ExternalName: where it leads to is asked anew (semantics 2.8). */
static void the_first_alias_is_the_answer(void **state)
{
    static const struct row rows[] = {
        {"A w", "NOERROR | @ 9 CNAME a | a 8 CNAME b | b 3 A 10.0.0.1",
         "ALIAS 9 1>a"},
        {"A w", "NOERROR | @ 9 CNAME w", "ALIAS 9 1>w"},
        {"A w", "NXDOMAIN | @ 9 CNAME a", "ALIAS 9 1>a"},
        {"A w", "NOERROR | @ 9 CNAME a | ~. 7 SOA 60", "ALIAS 9 1>a"},
    };

    (void)state;
    check_all(rows, COUNT(rows), (struct svc__dns_reading){0});
}

/* Faults D13. */
static void chains_that_break(void **state)
{
    static const struct row rows[] = {
        {"A w", "NOERROR | @ 9 CNAME w", "BROKEN 9 w -> w"},
        {"A w", "NOERROR | @ 9 CNAME a | a 4 CNAME w",
         "BROKEN 4 1>a w -> a -> w"},
        {"A w",
         "NOERROR | @ 9 CNAME a | a 9 CNAME b | b 9 CNAME a | a 9 A 1.1.1.1",
         "BROKEN 9 2>b w -> a -> b -> a"},
    };
    static const struct row eleven = {
        "A w", "NOERROR | @ 9 CNAME a | a 9 CNAME b | b 9 A 10.0.0.1",
        "HAVE 9 11>b 10.0.0.1"};
    static const struct row twelve = {
        "A w",
        "NOERROR | @ 9 CNAME a | a 9 CNAME b | b 9 CNAME c | c 9 A 10.0.0.1",
        "BROKEN 9 11>b w -> a -> b -> c"};
    struct svc__dns_reading how = {.follow = 1};

    (void)state;
    check_all(rows, COUNT(rows), how);
    how.aliases = 9;
    check(&eleven, how);
    check(&twelve, how);
}

/* A chain of a hundred, backwards: read again for each alias, but not for
 * ever. */
static void a_long_chain_backwards(void **state)
{
    struct svc__buf b;
    struct row row = {"A n0", NULL,
                      "BROKEN 9 11>n11 n0 -> n1 -> n2 -> n3 -> n4 -> n5 -> n6 "
                      "-> n7 -> n8 -> n9 -> n10 -> n11 -> n12"};

    (void)state;
    svc__buf_init(&b, 65536);
    svc__buf_add_text(&b, "NOERROR");
    for (int i = 99; i >= 0; i--)
        svc__buf_printf(&b, " | n%d 9 CNAME n%d", i, i + 1);
    row.message = b.data;
    check(&row, (struct svc__dns_reading){.follow = 1});
    svc__buf_fini(&b);
}

/* ---- services -------------------------------------------------------- */

static void services_of_a_service(void **state)
{
    static const struct row rows[] = {
        {"SRV w.x", "NOERROR | @ 30 SRV 0 100 80 @", "HAVE 30 @:80*100"},
        {"SRV _p._tcp.w.x",
         "NOERROR | @ 30 SRV 0 1 80 b.w.x | @ 30 SRV 9 1 81 a.w.x",
         "HAVE 30 a:81*1 b:80*1"},
        /* Once each; nothing offered; outside of the domain (D15). */
        {"SRV w.x",
         "NOERROR | @ 3 SRV 0 1 80 a.@ | @ 3 SRV 1 2 80 a.@"
         " | @ 3 SRV 0 0 80 . | @ 3 SRV 0 0 0 a.@ | @ 1 SRV 0 0 80 a.v.x"
         " | @ 3 SRV 0 0 80 x | @ 3 SRV 0 0 80 a.w.x.y",
         "HAVE 3 a:80*2 (1 2 3)"},
        {"SRV w.x", "NOERROR | @ 3 SRV 0 1 80 v.x", "NODATA -1 (0 0 1)"},
        {"SRV w.x", "NOERROR | v.x 3 SRV 0 1 80 a.w.x", "NODATA -1"},
        /* Case is of no matter. */
        {"SRV w.x", "NOERROR | W.X 3 SRV 0 1 80 A.w.X", "HAVE 3 a:80*1"},
    };
    struct svc__wire_name domain;

    (void)state;
    assert_int_equal(svc__wire_name_parse("w.x", &domain), 0);
    check_all(rows, COUNT(rows), (struct svc__dns_reading){.domain = &domain});
}

/* Faults D14: additional records count when their owner is a target. */
static void glue(void **state)
{
    static const struct row rows[] = {
        {"SRV w.x",
         "NOERROR | @ 30 SRV 0 1 80 b.@ | @ 30 SRV 0 1 81 a.@"
         " | @ 30 SRV 0 1 82 a.@ | +b.@ 9 A 10.0.0.1 | +a.@ 30 AAAA fd00::1"
         " | +a.@ 30 A 10.0.0.2 | +a.@ 30 A 10.0.0.2 | +c.@ 1 A 10.0.0.3"
         " | +v.x 1 A 10.0.0.4 | +a.@ 1 CNAME b.@",
         "HAVE 9 a:81*1 a:82*1 b:80*1 0=10.0.0.2 0=fd00::1 2=10.0.0.1"},
        {"SRV w.x", "NOERROR | @ 30 SRV 0 1 80 @ | +@ 5 A 10.0.0.1",
         "HAVE 5 @:80*1 0=10.0.0.1"},
        {"SRV w.x", "NOERROR | @ 30 SRV 0 1 80 a.@ | a.@ 1 A 10.0.0.1",
         "HAVE 30 a:80*1"},
    };
    struct svc__wire_name domain;

    (void)state;
    assert_int_equal(svc__wire_name_parse("w.x", &domain), 0);
    check_all(rows, COUNT(rows), (struct svc__dns_reading){.domain = &domain});
}

/* Outside any target will do, of the lowest priority (RFC 2782). */
static void services_outside(void **state)
{
    static const struct row rows[] = {
        {"SRV _p._tcp.x",
         "NOERROR | @ 30 SRV 2 1 80 c.y | @ 30 SRV 1 7 80 b.z"
         " | @ 30 SRV 1 0 81 a.y | +b.z 9 A 10.0.0.1 | +c.y 8 A 10.0.0.2",
         "HAVE 9 a.y:81*0 b.z:80*7 1=10.0.0.1"},
        {"SRV _p._tcp.x", "NOERROR | @ 30 SRV 0 0 80 .", "NODATA -1 (0 1 0)"},
    };

    (void)state;
    check_all(rows, COUNT(rows), (struct svc__dns_reading){.follow = 1});
}

/* ---- bounds ---------------------------------------------------------- */

/* As many records as a message holds: what is kept of them is at most eight
 * times its bytes. */
static void check_memory(const char *question, const struct svc__buf *text,
                         uint32_t count)
{
    struct svc__wire_name domain;
    struct svc__dns_reading how = {.domain = &domain};
    struct svc__wire_question q;
    struct svc__wire_message m;
    struct svc__dns_answer a;
    size_t before;

    dns_question(question, &q);
    how.question = &q;
    domain = q.name;
    dns_build(&q, text->data, &message);
    assert_true(message.size > 60000);
    assert_int_equal(svc__wire_parse(message.bytes, message.size, &m), 0);
    before = oom_live_bytes();
    oom_reset_peak();
    assert_int_equal(svc__dns_answer_read(&m, &how, &a), 0);
    assert_true(oom_peak_bytes() - before <= 8 * message.size);
    assert_int_equal(a.block != NULL ? a.block->count : a.service_count, count);
    svc__dns_answer_fini(&a);
}

static void full_messages(void **state)
{
    struct svc__buf b;
    uint32_t i;

    (void)state;
    svc__buf_init(&b, (size_t)8 << 20);
    svc__buf_add_text(&b, "NOERROR");
    for (i = 0; i < 4000; i++)
        svc__buf_printf(&b, " | @ 5 A 10.1.%u.%u", i >> 8, i & 255);
    check_memory("A w.x", &b, 4000);
    svc__buf_clear(&b);
    svc__buf_add_text(&b, "NOERROR");
    for (i = 0; i < 1100; i++)
        svc__buf_printf(&b, " | @ 5 SRV 0 1 80 10-1-%u-%u.@", i >> 8, i & 255);
    for (i = 0; i < 1100; i++)
        svc__buf_printf(&b, " | +10-1-%u-%u.@ 5 A 10.1.%u.%u", i >> 8, i & 255,
                        i >> 8, i & 255);
    check_memory("SRV w.x", &b, 1100);
    svc__buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(nothing),
        cmocka_unit_test(aliases_are_followed),
        cmocka_unit_test(the_first_alias_is_the_answer),
        cmocka_unit_test(chains_that_break),
        cmocka_unit_test(a_long_chain_backwards),
        cmocka_unit_test(services_of_a_service),
        cmocka_unit_test(glue),
        cmocka_unit_test(services_outside),
        cmocka_unit_test(full_messages),
    };

    oom_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
