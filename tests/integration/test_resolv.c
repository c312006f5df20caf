/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport over UDP against a server that says anything: what reaches the
 * owner of a packet, octet by octet, and what never does (faults D4, D10, D11,
 * D21, D23, D25).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_message.h"
#include "resolv_run.h"

#include <string.h>

#define NAME "WeB.sHop.svc.cluster.local"
#define MANY 100

static struct resolv_run run;
static struct probe probes[MANY];
static struct dns_message message;

static int setup(void **state)
{
    (void)state;
    resolv_run_open(&run);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    resolv_run_close(&run);
    return 0;
}

/* A whole answer to q in message. */
static void make_answer(const struct dns_query *q)
{
    dns_answer(&message, q, DNS_NOERROR);
    dns_add(&message, DNS_ANSWER, "@ 5 A 10.0.0.1");
}

static void an_answer_arrives_as_it_was_sent(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    make_answer(&q);
    /* What c-ares would write anew, or refuse: a compressed SRV target. */
    dns_add(&message, DNS_ADDITIONAL, "@ 5 SRV 0 100 80 @");
    dns_add_opt(&message, 1232);
    dns_reply(&q, &message);
    resolv_run_expect(&run, &probes[0], message.bytes, message.size);
    assert_int_equal(probes[0].unwanted, 0);
}

/* The query goes out as it was given but for its id: any c-ares. */
static void a_query_leaves_as_it_was_given(void **state)
{
    uint8_t given[512];
    size_t size = dns_make_query(NAME, 1, given);
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    assert_int_equal(q.size, size);
    assert_memory_equal(q.bytes + 2, given + 2, size - 2);
    assert_int_equal(probes[0].packet.size, size);
    assert_memory_equal(probes[0].packet.query, q.bytes, size);
}

static void edns_leaves_as_it_was_given(void **state)
{
    static const uint8_t opt[] = {0, 0, 41, 1232 >> 8, 1232 & 255, 0, 0, 0, 0};
    const struct svc__resolv_way way = {0};
    uint8_t given[512];
    size_t size = dns_make_query(NAME, 28, given);
    struct dns_query q;

    (void)state;
    memcpy(given + size, opt, sizeof(opt));
    memset(given + size + sizeof(opt), 0, 2);
    given[11] = 1;
    memset(&probes[0], 0, sizeof(probes[0]));
    assert_int_equal(svc__resolv_send(run.resolv, &probes[0].packet, &way,
                                      given, size + sizeof(opt) + 2),
                     0);
    svc__resolv_flush(run.resolv);
    dns_server_take(run.server[0], &q);
    /* c-ares 1.34 may put a cookie behind it (RFC 7873), nothing else. */
    assert_in_range(q.size, size + sizeof(opt) + 2, size + sizeof(opt) + 14);
    assert_memory_equal(q.bytes + 2, given + 2, size - 2);
    assert_memory_equal(q.bytes + size, opt, sizeof(opt));
    svc__resolv_forget(run.resolv, &probes[0].packet);
}

static void every_rcode_is_handed_over(void **state)
{
    (void)state;
    for (int rcode = 0; rcode < 16; rcode++) {
        struct dns_query q;

        resolv_run_udp(&run, &probes[0], NAME, &q);
        dns_answer(&message, &q, rcode);
        dns_reply(&q, &message);
        resolv_run_expect(&run, &probes[0], message.bytes, message.size);
    }
    /* Nobody asked again behind our back. */
    assert_int_equal(dns_server_count(run.server[0]), 16);
}

static void a_cut_answer_is_handed_over(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    make_answer(&q);
    dns_set_tc(&message);
    dns_reply(&q, &message);
    resolv_run_expect(&run, &probes[0], message.bytes, message.size);
    assert_int_equal(dns_server_count(run.server[0]), 1);
    assert_int_equal(resolv_run_stats(&run).sent_tcp, 0);
}

/* faults D10: none of these ends the query; the good one behind them does. */
static void a_wrong_id_is_dropped(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    make_answer(&q);
    message.bytes[1] ^= 1;
    dns_reply(&q, &message);
    resolv_run_until_unwanted(&run, 1);
    assert_int_equal(probes[0].unwanted, 0);
    resolv_run_answer(&run, &probes[0], &q);
}

static void a_forged_port_is_dropped(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    make_answer(&q);
    message.bytes[message.size - 1] = 66; /* the forger's address */
    for (int i = 0; i < 10; i++)
        dns_send_forged(&q, message.bytes, message.size);
    resolv_run_answer(&run, &probes[0], &q);
    /* The kernel did not even give them to us: the socket is connected. */
    assert_int_equal(resolv_run_stats(&run).unwanted, 0);
    assert_int_equal(probes[0].unwanted, 0);
}

/* faults D11, D21: the judge says no. */
static void a_wrong_question_is_dropped(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    for (size_t at = 12; at < q.question_at; at++) {
        make_answer(&q);
        message.bytes[at] ^= 0x20; /* of a letter: the case alone */
        dns_reply(&q, &message);
        resolv_run_until_unwanted(&run, (unsigned)at - 11);
    }
    assert_int_equal(probes[0].done, 0);
    assert_int_equal(probes[0].unwanted, q.question_at - 12);
    resolv_run_answer(&run, &probes[0], &q);
}

/* faults D23: cut anywhere, down to nothing. */
static void a_short_datagram_is_dropped(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    make_answer(&q);
    for (size_t size = 0; size < q.question_at; size++) {
        dns_send(&q, message.bytes, size);
        resolv_run_until_unwanted(&run, (unsigned)size + 1);
    }
    /* Two octets are an id. */
    assert_int_equal(probes[0].unwanted, q.question_at - 2);
    resolv_run_answer(&run, &probes[0], &q);
}

static void a_datagram_too_long_is_dropped(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    dns_answer(&message, &q, DNS_NOERROR);
    dns_add_many(&message, 200, 5); /* more than was ever asked for */
    dns_reply(&q, &message);
    resolv_run_until_unwanted(&run, 1);
    resolv_run_answer(&run, &probes[0], &q);
}

/* An echo of the query itself is no response. */
static void a_query_is_no_answer(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    dns_send(&q, q.bytes, q.size);
    resolv_run_until_unwanted(&run, 1);
    assert_int_equal(probes[0].unwanted, 1);
    resolv_run_answer(&run, &probes[0], &q);
}

static void the_first_good_answer_counts(void **state)
{
    struct dns_query q;
    size_t size;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    make_answer(&q);
    size = message.size;
    dns_reply(&q, &message);
    dns_add(&message, DNS_ANSWER, "@ 5 A 10.0.0.2");
    dns_reply(&q, &message);
    resolv_run_until_unwanted(&run, 1);
    assert_int_equal(probes[0].done, 1);
    assert_int_equal(probes[0].size, size);
}

/* faults D25: after the owner lost interest, and after all is over. */
static void a_late_answer_is_dropped(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    svc__resolv_forget(run.resolv, &probes[0].packet);
    make_answer(&q);
    /* The first is what was asked for, and no sign of a forger. */
    dns_reply(&q, &message);
    dns_reply(&q, &message);
    resolv_run_until_unwanted(&run, 1);
    assert_int_equal(resolv_run_stats(&run).bytes_received, 2 * message.size);
    assert_int_equal(probes[0].done, 0);
    assert_int_equal(probes[0].unwanted, 0);
    resolv_run_udp(&run, &probes[1], NAME, &q);
    svc__resolv_free(run.resolv);
    run.resolv = NULL;
    make_answer(&q);
    dns_reply(&q, &message);
    assert_int_equal(svc__loop_round(run.loop, 0), 0);
    assert_int_equal(probes[1].done, 0);
}

static void a_late_answer_to_a_lost_packet_counts(void **state)
{
    struct dns_query q;
    struct dns_query second;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    svc__resolv_lost(run.resolv, &probes[0].packet);
    resolv_run_udp(&run, &probes[1], NAME, &second);
    assert_int_not_equal(second.from.sin_port, q.from.sin_port);
    resolv_run_answer(&run, &probes[0], &q);
    resolv_run_answer(&run, &probes[1], &second);
}

static void many_go_and_come_at_once(void **state)
{
    static struct dns_query q[MANY];
    const struct svc__resolv_way way = {0};

    (void)state;
    for (int i = 0; i < MANY; i++)
        resolv_run_ask(&run, &probes[i], &way, NAME);
    for (int i = 0; i < MANY; i++)
        dns_server_take(run.server[0], &q[i]);
    /* Answered in the other order, all before the transport looks. */
    for (int i = MANY - 1; i >= 0; i--) {
        dns_answer(&message, &q[i], DNS_NOERROR);
        dns_add_many(&message, 1 + (unsigned)i % 7, 5);
        dns_reply(&q[i], &message);
    }
    for (int i = 0; i < MANY; i++) {
        resolv_run_until_done(&run, &probes[i]);
        assert_int_equal(probes[i].err, 0);
        assert_int_equal(probes[i].answer[7], 1 + i % 7);
    }
    assert_int_equal(resolv_run_stats(&run).received, MANY);
    assert_int_equal(resolv_run_stats(&run).sent, MANY);
}

static void nothing_leaves_before_the_flush(void **state)
{
    const struct svc__resolv_way way = {0};
    uint8_t query[512];
    size_t size = dns_make_query(NAME, 1, query);
    struct dns_query q;

    (void)state;
    memset(probes, 0, 3 * sizeof(probes[0]));
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            svc__resolv_send(run.resolv, &probes[i].packet, &way, query, size),
            0);
    assert_int_equal(resolv_run_stats(&run).sent, 0);
    /* One that is forgotten before never leaves. */
    svc__resolv_forget(run.resolv, &probes[1].packet);
    svc__resolv_flush(run.resolv);
    assert_int_equal(resolv_run_stats(&run).sent, 2);
    for (int i = 0; i < 3; i += 2) {
        dns_server_take(run.server[0], &q);
        assert_memory_equal(q.bytes, probes[i].packet.query, size);
        svc__resolv_forget(run.resolv, &probes[i].packet);
    }
}

/* A done may forget another packet whose answer was read with its own. */
static void one_done_may_forget_the_other(void **state)
{
    struct dns_query q[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        resolv_run_udp(&run, &probes[i], NAME, &q[i]);
    probes[0].forget = &probes[1];
    for (int i = 0; i < 2; i++) {
        make_answer(&q[i]);
        dns_reply(&q[i], &message);
    }
    resolv_run_until_done(&run, &probes[0]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(svc__loop_round(run.loop, 0), 0);
    assert_int_equal(probes[1].done, 0);
}

static void unwanted_may_forget_itself(void **state)
{
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    probes[0].forget = &probes[0];
    for (int i = 0; i < 3; i++)
        dns_send(&q, q.bytes, q.size);
    /* The second may be the answer, for which nobody waits. */
    resolv_run_until_unwanted(&run, 2);
    assert_int_equal(probes[0].unwanted, 1);
    assert_int_equal(probes[0].done, 0);
}

static void what_is_no_query_is_refused(void **state)
{
    const struct svc__resolv_way way = {0};
    const struct svc__resolv_way nobody = {.server = RESOLV_RUN_SERVERS};
    struct svc__resolv_packet p = {0};
    uint8_t query[512];
    size_t size = dns_make_query(NAME, 1, query);

    (void)state;
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(svc__resolv_send(run.resolv, &p, &way, query, cut),
                         SVC_EINVAL);
    assert_int_equal(svc__resolv_send(run.resolv, &p, &way, query,
                                      SVC__RESOLV_QUERY_MAX + 1),
                     SVC_EINVAL);
    assert_int_equal(svc__resolv_send(run.resolv, &p, &nobody, query, size),
                     SVC_EINVAL);
    assert_non_null(p.problem);
    svc__resolv_forget(run.resolv, &p);
}

static void settings_must_make_sense(void **state)
{
    struct svc__resolv_settings settings;
    struct svc__resolv *r = NULL;
    svc_error e = {0};

    (void)state;
    resolv_run_settings(&run, &settings);
    settings.count = 0;
    assert_int_equal(svc__resolv_new(&settings, &r, &e), SVC_EINVAL);
    settings.count = SVC__RESOLV_SERVERS_MAX + 1;
    assert_int_equal(svc__resolv_new(&settings, &r, &e), SVC_EINVAL);
    assert_null(r);
    svc__resolv_free(NULL);
    assert_in_range(svc__resolv_version()[0], '1', '9');
}

#define with_run(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_run(an_answer_arrives_as_it_was_sent),
        with_run(a_query_leaves_as_it_was_given),
        with_run(edns_leaves_as_it_was_given),
        with_run(every_rcode_is_handed_over),
        with_run(a_cut_answer_is_handed_over),
        with_run(a_wrong_id_is_dropped),
        with_run(a_forged_port_is_dropped),
        with_run(a_wrong_question_is_dropped),
        with_run(a_short_datagram_is_dropped),
        with_run(a_datagram_too_long_is_dropped),
        with_run(a_query_is_no_answer),
        with_run(the_first_good_answer_counts),
        with_run(a_late_answer_is_dropped),
        with_run(a_late_answer_to_a_lost_packet_counts),
        with_run(many_go_and_come_at_once),
        with_run(nothing_leaves_before_the_flush),
        with_run(one_done_may_forget_the_other),
        with_run(unwanted_may_forget_itself),
        with_run(what_is_no_query_is_refused),
        with_run(settings_must_make_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
