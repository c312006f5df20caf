/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that are no answers: forged, broken, to other questions. None is
 * used, none ends a question; many of them send a name over TCP (faults D10,
 * D11, D21 to D24, 3.2).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_run.h"

#include <ctype.h>
#include <string.h>

#define TOO_MANY 11 /* of unwanted packets for one question */

static struct dns_run run;
static struct dns_message message;
static uint64_t unwanted; /* so many are expected */

static int setup(void **state)
{
    (void)state;
    unwanted = 0;
    dns_run_open(&run);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dns_run_close(&run);
    return 0;
}

/* What a forger would like to be believed. */
static void make_evil(const struct dns_query *q)
{
    dns_answer(&message, q, DNS_NOERROR);
    dns_add(&message, DNS_ANSWER, "@ 60 A 10.0.0.66");
}

/* Sends what is in message to the one who asks, who throws it away. */
static void send_unwanted(const struct dns_query *q)
{
    dns_reply(q, &message);
    unwanted++;
}

static int all_thrown_away(struct dns_run *r)
{
    return dns_run_stats(r).dns_unwanted >= unwanted;
}

/* The good answers end the questions, and are what is there. */
static void answer_well(svc_service *s, const struct dns_query q[2])
{
    dns_run_until(&run, all_thrown_away);
    dns_run_answer(&q[0], DNS_NOERROR, "@ 60 A 10.0.0.1");
    dns_run_answer(&q[1], DNS_NOERROR, "");
    dns_run_expect(&run, s, "10.0.0.1:80");
    assert_int_equal(dns_run_stats(&run).dns_unwanted, unwanted);
    assert_int_equal(dns_run_stats(&run).dns_queries, 2);
    assert_int_equal(dns_run_stats(&run).dns_queries_tcp, 0);
    assert_int_equal(dns_run_stats(&run).dns_timeouts, 0);
}

/* ---- forged (faults D10, D11) -------------------------------------------- */

/* What comes from elsewhere does not even reach us. */
static void from_elsewhere(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    make_evil(&q[0]);
    dns_send_forged(&q[0], message.bytes, message.size);
    answer_well(s, q);
    svc_service_free(s);
}

static void to_another_question(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    make_evil(&q[0]);
    message.bytes[1] ^= 1; /* id */
    send_unwanted(&q[0]);
    make_evil(&q[0]);
    message.bytes[13] = 'x'; /* name: a letter of it */
    send_unwanted(&q[0]);
    make_evil(&q[0]);
    message.bytes[13] ^= 0x20; /* name: the case of a letter */
    send_unwanted(&q[0]);
    make_evil(&q[0]);
    message.bytes[q[0].question_at - 3] ^= 28; /* type */
    send_unwanted(&q[0]);
    make_evil(&q[0]);
    message.bytes[q[0].question_at - 1] = 3; /* class */
    send_unwanted(&q[0]);
    dns_send(&q[0], q[0].bytes, q[0].size); /* our own query */
    unwanted++;
    answer_well(s, q);
    svc_service_free(s);
}

/* ---- broken (faults D21 to D24) ------------------------------------------ */

/* An answer with one record, made of these bytes. */
static void make_record(const struct dns_query *q, const void *bytes,
                        size_t size)
{
    dns_answer(&message, q, DNS_NOERROR);
    message.bytes[7] = 1;
    memcpy(message.bytes + message.size, bytes, size);
    message.size += size;
}

#define RECORD(name) name "\0\1\0\1\0\0\0\74\0\4\12\0\0\102"
#define BYTES(text)  text, sizeof(text) - 1

/* Owners that are no names: a pointer to itself, forwards, into the header, a
 * loop of two, a label of 64, a NUL where a record should follow. */
static void names_that_are_none(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } records[] = {
        {BYTES(RECORD("\300\54"))},
        {BYTES(RECORD("\300\377"))},
        {BYTES(RECORD("\300\0"))},
        {BYTES(RECORD("\1a\300\54"))},
        {BYTES(RECORD("\100aaaaaaaaaaaaa"))},
        {BYTES("\0\0\0\0")},
    };
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        make_record(&q[0], records[i].bytes, records[i].size);
        send_unwanted(&q[0]);
    }
    answer_well(s, q);
    svc_service_free(s);
}

/* A name of more than 255 octets, compressed into few. */
static void a_name_that_is_too_long(void **state)
{
    uint8_t bytes[400] = {0};
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    for (size_t i = 0; i < 4; i++) {
        bytes[i * 64] = 63;
        memset(bytes + i * 64 + 1, 'a', 63);
    }
    memcpy(bytes + 256, RECORD("\300\14"), 16);
    make_record(&q[0], bytes, 256 + 16);
    send_unwanted(&q[0]);
    answer_well(s, q);
    svc_service_free(s);
}

static void counts_that_lie(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    make_evil(&q[0]);
    message.bytes[7] = 2; /* answers, of which there is one */
    send_unwanted(&q[0]);
    make_evil(&q[0]);
    message.bytes[8] = 255; /* authority */
    send_unwanted(&q[0]);
    make_evil(&q[0]);
    message.bytes[5] = 0; /* questions */
    send_unwanted(&q[0]);
    make_evil(&q[0]);
    message.bytes[message.size++] = 0; /* behind the last record */
    send_unwanted(&q[0]);
    answer_well(s, q);
    svc_service_free(s);
}

static void datagrams_too_short(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    for (size_t size = 0; size < 12; size++) {
        make_evil(&q[size % 2]);
        dns_send(&q[size % 2], message.bytes, size);
        unwanted++;
    }
    answer_well(s, q);
    svc_service_free(s);
}

static void edns_that_is_none(void **state)
{
    struct dns_query q[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    make_evil(&q[0]);
    dns_add_opt(&message, 1232);
    dns_add_opt(&message, 1232);
    send_unwanted(&q[0]);
    make_evil(&q[0]);
    dns_add_opt(&message, 1232);
    message.bytes[message.size - 5] = 1; /* version */
    send_unwanted(&q[0]);
    answer_well(s, q);
    svc_service_free(s);
}

/* ---- many of them (faults 3.2) ------------------------------------------- */

/* More of them than chance gives: the name goes by TCP, at once and for the
 * next minutes, other names do not, and an answer by UDP counts no more. */
static void a_flood_sends_a_name_over_tcp(void **state)
{
    struct dns_query q[2];
    struct dns_query tcp;
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    for (int i = 0; i < TOO_MANY; i++) {
        make_evil(&q[0]);
        message.bytes[13] ^= 0x20;
        send_unwanted(&q[0]);
    }
    dns_run_take(&run, 0, &tcp);
    assert_int_equal(tcp.type, 1);
    assert_true(tcp.connection > 0);
    make_evil(&q[0]); /* guessed right at last */
    dns_reply(&q[0], &message);
    dns_run_answer(&q[1], DNS_NOERROR, "");
    dns_run_pass(&run, 20);
    assert_string_equal(dns_run_text(&run, s), "-");
    dns_run_answer(&tcp, DNS_NOERROR, "@ 0 A 10.0.0.1");
    dns_run_expect(&run, s, "10.0.0.1:80");
    assert_int_equal(dns_run_logged(&run, "over TCP"), 1);
    /* Its next questions. */
    dns_run_take_both(&run, 0, q);
    assert_true(q[0].connection > 0 && q[1].connection > 0);
    svc_service_free(s);
    s = dns_run_service(&run, "api:80");
    dns_run_take_both(&run, 0, q);
    assert_true(q[0].connection == 0 && q[1].connection == 0);
    svc_service_free(s);
}

static void nothing_but_forged_answers(void *arg, const struct dns_query *q)
{
    struct dns_message m;

    (void)arg;
    if (q->connection > 0)
        return;
    dns_answer(&m, q, DNS_NOERROR);
    m.bytes[13] ^= 0x20;
    dns_reply(q, &m);
}

/* The trouble tells it. Six seconds pass before a question is given up. */
static void only_forged_answers_come(void **state)
{
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], nothing_but_forged_answers, NULL);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "- SVC_EPROTO");
    assert_non_null(strstr(dns_run_trouble(s).message, "forged or broken"));
    svc_service_free(s);
}

static void in_lower_case(void *arg, const struct dns_query *q)
{
    struct dns_message m;

    (void)arg;
    dns_answer(&m, q, DNS_NOERROR);
    for (size_t at = 12; at < q->question_at; at++)
        m.bytes[at] = (uint8_t)tolower(m.bytes[at]);
    if (q->type == 1)
        dns_add(&m, DNS_ANSWER, "@ 60 A 10.0.0.1");
    dns_reply(q, &m);
}

/* Its answers do not count by UDP. By TCP the case is not mixed. */
static void a_server_that_forgets_the_case(void **state)
{
    svc_service *s;

    (void)state;
    dns_server_set(run.server[0], in_lower_case, NULL);
    dns_run_start(&run, 1);
    s = dns_run_has(&run, "web:80", "10.0.0.1:80");
    assert_int_equal(dns_run_stats(&run).dns_failures, 0);
    assert_int_equal(dns_run_stats(&run).dns_queries_tcp, 2);
    svc_service_free(s);
}

/* What there is to guess: the id, the port, the case of each letter. */
static void queries_are_hard_to_guess(void **state)
{
    struct dns_query q[2];
    int upper = 0;
    int ids = 0;
    int cases = 0;
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    for (int i = 0; i < 8; i++) {
        dns_run_take_both(&run, 0, q);
        ids += q[0].id != q[1].id;
        cases += memcmp(q[0].bytes + 12, q[1].bytes + 12,
                        q[0].question_at - 16) != 0;
        for (size_t at = 12; at < q[0].question_at; at++)
            upper += isupper(q[0].bytes[at]) != 0;
        dns_run_answer(&q[0], DNS_NOERROR, "@ 0 A 10.0.0.1");
        dns_run_answer(&q[1], DNS_NOERROR, "");
    }
    assert_true(ids >= 7); /* one pair in 65,536 is equal by chance */
    assert_int_equal(cases, 8);
    assert_in_range(upper, 30, 154); /* of 8 times 23 */
    svc_service_free(s);
}

/* ---- answers to what is not asked any more (faults D25) ------------------ */

/* A question may end early: an alias in the answer to A ends the lookup before
 * AAAA is there. That is no sign of an attack. */
static void an_answer_nobody_waits_for(void **state)
{
    struct dns_query q[2];
    struct dns_query next[2];
    svc_service *s;

    (void)state;
    dns_run_start(&run, 1);
    s = dns_run_service(&run, "web:80");
    dns_run_take_both(&run, 0, q);
    dns_run_answer(&q[0], DNS_NOERROR, "@ 60 CNAME www.example.com");
    dns_run_take_both(&run, 0, next); /* of www.example.com */
    dns_run_answer(&q[1], DNS_NOERROR, "@ 60 CNAME www.example.com");
    dns_run_answer(&next[0], DNS_NOERROR, "@ 60 A 10.0.0.1");
    dns_run_answer(&next[1], DNS_NOERROR, "");
    dns_run_expect(&run, s, "10.0.0.1:80");
    dns_run_pass(&run, 20);
    assert_int_equal(dns_run_stats(&run).dns_unwanted, 0);
    svc_service_free(s);
}

#define row(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        row(from_elsewhere),
        row(to_another_question),
        row(names_that_are_none),
        row(a_name_that_is_too_long),
        row(counts_that_lie),
        row(datagrams_too_short),
        row(edns_that_is_none),
        row(a_flood_sends_a_name_over_tcp),
        row(only_forged_answers_come),
        row(a_server_that_forgets_the_case),
        row(queries_are_hard_to_guess),
        row(an_answer_nobody_waits_for),
    };

    return cmocka_run_group_tests_name("dns forged", tests, NULL, NULL);
}
