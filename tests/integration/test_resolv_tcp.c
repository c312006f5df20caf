/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport over TCP: a message is whole or it is not there, whatever
 * pieces it comes in and wherever it breaks off (faults D4, D5, P10).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_message.h"
#include "resolv_run.h"

#include <signal.h>
#include <string.h>

#define NAME "web.shop.svc.cluster.local"

static const struct svc__resolv_way by_tcp = {.tcp = 1};
static struct resolv_run run;
static struct probe probes[3];
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

/* One that a query of the first probe gets, with count addresses. */
static void ask(struct dns_query *ret, unsigned count)
{
    resolv_run_tcp(&run, &probes[0], NAME, ret);
    dns_answer(&message, ret, DNS_NOERROR);
    dns_add_many(&message, count, 5);
}

static void an_answer_arrives_as_it_was_sent(void **state)
{
    struct dns_query q;

    (void)state;
    ask(&q, 300);
    dns_reply(&q, &message);
    resolv_run_expect(&run, &probes[0], message.bytes, message.size);
    assert_int_equal(resolv_run_stats(&run).sent_tcp, 1);
}

/* faults M13: as many as fit. */
static void sixty_four_kibibytes_arrive(void **state)
{
    struct dns_query q;

    (void)state;
    ask(&q, 4092);
    assert_in_range(message.size, 65500, 65535);
    dns_reply(&q, &message);
    resolv_run_expect(&run, &probes[0], message.bytes, message.size);
    /* And the largest there is, whatever it says. */
    ask(&q, 1);
    memset(message.bytes + message.size, 0, 65535 - message.size);
    dns_send(&q, message.bytes, 65535);
    resolv_run_expect(&run, &probes[0], message.bytes, 65535);
}

static void one_byte_at_a_time_is_whole_in_the_end(void **state)
{
    struct dns_query q;
    uint8_t length[2];

    (void)state;
    ask(&q, 3);
    length[0] = (uint8_t)(message.size >> 8);
    length[1] = (uint8_t)message.size;
    for (size_t i = 0; i < 2 + message.size; i++) {
        assert_int_equal(probes[0].done, 0);
        dns_send_raw(&q, i < 2 ? length + i : message.bytes + i - 2, 1);
        assert_int_equal(svc__loop_round(run.loop, 1000), 0);
    }
    resolv_run_expect(&run, &probes[0], message.bytes, message.size);
}

/* faults D5: half a list is never taken for a whole one. */
static void a_cut_at_any_byte_is_a_failure(void **state)
{
    (void)state;
    for (size_t cut = 0;; cut++) {
        struct dns_query q;

        ask(&q, 2);
        if (cut == 2 + message.size)
            break;
        dns_send_cut(&q, message.bytes, message.size, cut);
        dns_close(&q);
        resolv_run_expect_failure(&run, &probes[0], SVC_EUNREACH,
                                  "closed by the server");
    }
}

static void a_reset_is_a_failure(void **state)
{
    struct dns_query q;

    (void)state;
    ask(&q, 2);
    dns_send_cut(&q, message.bytes, message.size, 20);
    dns_reset(&q);
    resolv_run_expect_failure(&run, &probes[0], SVC_EUNREACH, "connection");
}

/* All that wait for a connection end with it, and the next query gets one. */
static void a_broken_connection_ends_what_waits_for_it(void **state)
{
    struct dns_query q[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        resolv_run_tcp(&run, &probes[i], NAME, &q[i]);
    assert_int_equal(q[2].connection, q[0].connection);
    dns_close(&q[0]);
    for (int i = 0; i < 3; i++)
        resolv_run_expect_failure(&run, &probes[i], SVC_EUNREACH, "closed");
    resolv_run_tcp(&run, &probes[0], NAME, &q[0]);
    assert_int_not_equal(q[0].connection, q[2].connection);
    resolv_run_answer(&run, &probes[0], &q[0]);
}

static void a_refused_connection_is_a_failure(void **state)
{
    struct dns_query q;

    (void)state;
    dns_server_refuse_tcp(run.server[0], 1);
    resolv_run_ask(&run, &probes[0], &by_tcp, NAME);
    resolv_run_expect_failure(&run, &probes[0], SVC_EUNREACH, "refused");
    dns_server_refuse_tcp(run.server[0], 0);
    ask(&q, 1);
    resolv_run_answer(&run, &probes[0], &q);
}

static void answers_may_come_in_any_order(void **state)
{
    struct dns_query q[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        resolv_run_tcp(&run, &probes[i], NAME, &q[i]);
    for (int i = 2; i >= 0; i--)
        resolv_run_answer(&run, &probes[i], &q[i]);
    assert_int_equal(resolv_run_stats(&run).channels, 1);
}

/* Two messages and a half in one piece. */
static void messages_may_come_together(void **state)
{
    struct dns_query q[3];
    uint8_t stream[512];
    size_t size = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        resolv_run_tcp(&run, &probes[i], NAME, &q[i]);
        dns_answer(&message, &q[i], DNS_NOERROR);
        stream[size] = 0;
        stream[size + 1] = (uint8_t)message.size;
        memcpy(stream + size + 2, message.bytes, message.size);
        size += 2 + message.size;
    }
    dns_send_raw(&q[0], stream, size - 5);
    resolv_run_until_done(&run, &probes[1]);
    assert_int_equal(probes[0].done, 1);
    assert_int_equal(probes[2].done, 0);
    dns_send_raw(&q[0], stream + size - 5, 5);
    resolv_run_expect(&run, &probes[2], message.bytes, message.size);
}

/* What is not wanted does not end the connection either. */
static void the_judge_holds_over_tcp_too(void **state)
{
    struct dns_query q;

    (void)state;
    ask(&q, 1);
    dns_send(&q, message.bytes, 0);
    dns_send(&q, message.bytes, 1);
    dns_send(&q, message.bytes, 11);
    message.bytes[1] ^= 1;
    dns_reply(&q, &message);
    message.bytes[1] ^= 1;
    message.bytes[14] ^= 0x20;
    dns_reply(&q, &message);
    resolv_run_until_unwanted(&run, 5);
    assert_int_equal(probes[0].unwanted, 2);
    resolv_run_answer(&run, &probes[0], &q);
}

/* Ids of UDP mean nothing to TCP, nor the other way round. */
static void udp_and_tcp_do_not_mix(void **state)
{
    struct dns_query udp;
    struct dns_query tcp;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &udp);
    resolv_run_tcp(&run, &probes[1], NAME, &tcp);
    dns_answer(&message, &udp, DNS_NOERROR);
    dns_send(&tcp, message.bytes, message.size);
    dns_answer(&message, &tcp, DNS_NOERROR);
    dns_send(&udp, message.bytes, message.size);
    resolv_run_until_unwanted(&run, 2);
    resolv_run_answer(&run, &probes[1], &tcp);
    resolv_run_answer(&run, &probes[0], &udp);
}

/* Nobody waits for it any more; that is no sign of a forger. */
static void a_late_answer_is_dropped(void **state)
{
    struct svc__resolv_stats stats;
    struct dns_query q;

    (void)state;
    ask(&q, 1);
    svc__resolv_forget(run.resolv, &probes[0].packet);
    dns_reply(&q, &message);
    ask(&q, 1); /* behind it on the same connection */
    resolv_run_answer(&run, &probes[0], &q);
    svc__resolv_stats(run.resolv, &stats);
    assert_int_equal(stats.received, 1);
    assert_int_equal(stats.unwanted, 0);
}

/* The server ends an idle connection: nobody is told, and nothing spins. */
static void an_idle_connection_may_end(void **state)
{
    struct dns_query q;
    unsigned connection;

    (void)state;
    ask(&q, 1);
    connection = q.connection;
    resolv_run_answer(&run, &probes[0], &q);
    dns_close(&q);
    assert_int_equal(svc__loop_round(run.loop, DNS_SERVER_MS), 0);
    ask(&q, 1);
    assert_int_not_equal(q.connection, connection);
    resolv_run_answer(&run, &probes[0], &q);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int signal)
{
    (void)signal;
    pipes++;
}

/* The server has done what it was told before. */
static void let_server_act(void)
{
    dns_server_refuse_udp(run.server[0], 1);
    dns_server_refuse_udp(run.server[0], 0);
}

/* faults P10: writing to a connection that the other side has ended, which the
 * transport has not seen yet, raises no signal. */
static void no_signal_is_raised(void **state)
{
    struct sigaction action = {.sa_handler = on_pipe};
    struct sigaction before;
    struct dns_query q;

    (void)state;
    assert_int_equal(sigaction(SIGPIPE, &action, &before), 0);
    for (int i = 0; i < 20; i++) {
        ask(&q, 1);
        dns_close(&q);
        let_server_act();
        /* The first is answered by a reset, the second finds a broken pipe. */
        (void)resolv_run_try(&run, &probes[1], &by_tcp, NAME);
        (void)resolv_run_try(&run, &probes[2], &by_tcp, NAME);
        for (int k = 0; k < 3; k++)
            resolv_run_expect_failure(&run, &probes[k], SVC_EUNREACH,
                                      "connection");
    }
    assert_int_equal(sigaction(SIGPIPE, &before, NULL), 0);
    assert_int_equal(pipes, 0);
}

/* More than a socket takes: the rest waits for room. */
static void many_queries_wait_for_room(void **state)
{
    static struct probe many[SVC__RESOLV_CHANNEL_QUERIES];
    struct dns_query q;

    (void)state;
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
        resolv_run_ask(&run, &many[i], &by_tcp, NAME);
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
        while (dns_server_held(run.server[0]) == 0)
            assert_int_equal(svc__loop_round(run.loop, 1), 0);
        dns_server_take(run.server[0], &q);
        resolv_run_answer(&run, &many[i], &q);
    }
    assert_int_equal(resolv_run_stats(&run).channels, 1);
}

#define with_run(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_run(an_answer_arrives_as_it_was_sent),
        with_run(sixty_four_kibibytes_arrive),
        with_run(one_byte_at_a_time_is_whole_in_the_end),
        with_run(a_cut_at_any_byte_is_a_failure),
        with_run(a_reset_is_a_failure),
        with_run(a_broken_connection_ends_what_waits_for_it),
        with_run(a_refused_connection_is_a_failure),
        with_run(answers_may_come_in_any_order),
        with_run(messages_may_come_together),
        with_run(the_judge_holds_over_tcp_too),
        with_run(udp_and_tcp_do_not_mix),
        with_run(a_late_answer_is_dropped),
        with_run(an_idle_connection_may_end),
        with_run(no_signal_is_raised),
        with_run(many_queries_wait_for_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
