/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which port a packet leaves from, for how long, and what becomes of a channel
 * whose server is not there (faults D27, D30). Time stands still here, unless a
 * test moves it.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns_message.h"
#include "proc_self.h"
#include "resolv_run.h"
#include "still_clock.h"

#include <poll.h>
#include <string.h>

#define NAME "web.shop.svc.cluster.local"

static struct resolv_run run;
static struct probe probes[4];

static int setup(void **state)
{
    (void)state;
    moved_ms = 0;
    resolv_run_open(&run);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    resolv_run_close(&run);
    return 0;
}

static void move(int64_t ms)
{
    moved_ms += ms;
    assert_int_equal(svc__loop_round(run.loop, 0), 0);
}

/* The port that a query leaves from; it is forgotten. */
static unsigned port_now(void)
{
    struct dns_query q;

    resolv_run_udp(&run, &probes[3], NAME, &q);
    svc__resolv_forget(run.resolv, &probes[3].packet);
    return q.from.sin_port;
}

static void a_port_serves_256_queries(void **state)
{
    unsigned port = port_now();

    (void)state;
    for (int i = 1; i < SVC__RESOLV_CHANNEL_QUERIES; i++)
        assert_int_equal(port_now(), port);
    assert_int_not_equal(port_now(), port);
    assert_int_equal(resolv_run_stats(&run).channels, 2);
}

static void a_port_serves_30_seconds(void **state)
{
    unsigned port = port_now();

    (void)state;
    move(SVC__RESOLV_CHANNEL_MS - 1);
    assert_int_equal(port_now(), port);
    move(1);
    assert_int_not_equal(port_now(), port);
}

static void a_port_serves_until_a_packet_is_lost(void **state)
{
    struct dns_query q;
    unsigned port;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    port = q.from.sin_port;
    assert_int_equal(port_now(), port);
    svc__resolv_lost(run.resolv, &probes[0].packet);
    assert_int_not_equal(port_now(), port);
    /* Of a packet that is over nothing can be lost. */
    port = port_now();
    svc__resolv_forget(run.resolv, &probes[0].packet);
    svc__resolv_lost(run.resolv, &probes[0].packet);
    assert_int_equal(port_now(), port);
}

static void ids_do_not_repeat_on_a_port(void **state)
{
    static uint8_t seen[65536];
    unsigned steps = 0;
    uint16_t before = 0;

    (void)state;
    for (int i = 0; i < SVC__RESOLV_CHANNEL_QUERIES; i++) {
        struct dns_query q;

        resolv_run_udp(&run, &probes[0], NAME, &q);
        svc__resolv_forget(run.resolv, &probes[0].packet);
        seen[q.id]++;
        steps += (uint16_t)(q.id - before) < 256;
        before = q.id;
    }
    /* Nor do they count up. c-ares 1.34 may give one again that is over. */
    assert_in_range(steps, 0, 20);
    for (size_t i = 0; i < sizeof(seen); i++)
        assert_in_range(seen[i], 0, 2);
}

static void lanes_and_servers_have_their_own_ports(void **state)
{
    const struct svc__resolv_way ways[] = {{0, 0, 0}, {0, 0, 1}, {1, 0, 0}};
    struct dns_query q[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        resolv_run_ask(&run, &probes[i], &ways[i], NAME);
        dns_server_take(run.server[ways[i].server], &q[i]);
    }
    assert_int_not_equal(q[0].from.sin_port, q[1].from.sin_port);
    assert_int_not_equal(q[0].from.sin_port, q[2].from.sin_port);
    for (int i = 0; i < 3; i++)
        resolv_run_answer(&run, &probes[i], &q[i]);
    assert_int_equal(resolv_run_stats(&run).channels, 3);
}

static void an_old_channel_waits_for_its_packets(void **state)
{
    struct dns_query q;
    int fds;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    fds = proc_self_descriptors();
    move(SVC__RESOLV_CHANNEL_MS);
    (void)port_now();
    assert_int_equal(proc_self_descriptors(), fds + 1);
    resolv_run_answer(&run, &probes[0], &q);
    assert_int_equal(proc_self_descriptors(), fds);
}

/* Nobody waits for what was forgotten, though c-ares would for a day. */
static void an_old_channel_does_not_wait_for_the_forgotten(void **state)
{
    struct dns_query q;
    int fds = proc_self_descriptors();

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    svc__resolv_lost(run.resolv, &probes[0].packet);
    assert_int_equal(proc_self_descriptors(), fds + 1);
    svc__resolv_forget(run.resolv, &probes[0].packet);
    assert_int_equal(proc_self_descriptors(), fds);
    (void)port_now();
    move(SVC__RESOLV_CHANNEL_MS);
    (void)port_now();
    assert_int_equal(proc_self_descriptors(), fds + 1);
}

static void an_idle_connection_is_not_used_again(void **state)
{
    struct dns_query q;
    unsigned connection;

    (void)state;
    resolv_run_tcp(&run, &probes[0], NAME, &q);
    connection = q.connection;
    move(SVC__RESOLV_TCP_IDLE_MS);
    /* It is not idle while somebody waits. */
    resolv_run_tcp(&run, &probes[1], NAME, &q);
    assert_int_equal(q.connection, connection);
    svc__resolv_forget(run.resolv, &probes[0].packet);
    svc__resolv_forget(run.resolv, &probes[1].packet);
    move(SVC__RESOLV_TCP_IDLE_MS - 1);
    resolv_run_tcp(&run, &probes[0], NAME, &q);
    assert_int_equal(q.connection, connection);
    svc__resolv_forget(run.resolv, &probes[0].packet);
    move(SVC__RESOLV_TCP_IDLE_MS);
    resolv_run_tcp(&run, &probes[0], NAME, &q);
    assert_int_not_equal(q.connection, connection);
}

/* Packets on their way or not: no timer, no wake-up. */
static void nothing_happens_by_itself(void **state)
{
    struct pollfd p = {.fd = svc__loop_fd(run.loop), .events = POLLIN};
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    resolv_run_tcp(&run, &probes[1], NAME, &q);
    assert_int_equal(svc__loop_round(run.loop, 0), 0);
    assert_int_equal(svc__loop_timeout_ms(run.loop), -1);
    assert_int_equal(poll(&p, 1, 0), 0);
    resolv_run_answer(&run, &probes[1], &q);
    assert_int_equal(svc__loop_timeout_ms(run.loop), -1);
    assert_int_equal(poll(&p, 1, 0), 0);
}

/* ---- a server that is not there ------------------------------------------ */

/* faults D30: the kernel tells of it, and nothing waits for a time-out. */
static void an_unreachable_port_is_a_failure(void **state)
{
    const struct svc__resolv_way way = {0};
    struct dns_query q;

    (void)state;
    dns_server_refuse_udp(run.server[0], 1);
    for (int i = 0; i < 3; i++)
        resolv_run_ask(&run, &probes[i], &way, NAME);
    for (int i = 0; i < 3; i++)
        resolv_run_expect_failure(&run, &probes[i], SVC_EUNREACH, "refused");
    dns_server_refuse_udp(run.server[0], 0);
    resolv_run_udp(&run, &probes[0], NAME, &q);
    resolv_run_answer(&run, &probes[0], &q);
}

/* What came before the error is no less good. */
static void an_answer_before_the_error_counts(void **state)
{
    static struct dns_message m;
    const struct svc__resolv_way way = {0};
    struct dns_query q;

    (void)state;
    resolv_run_udp(&run, &probes[0], NAME, &q);
    dns_answer(&m, &q, DNS_NXDOMAIN);
    dns_reply(&q, &m);
    dns_server_refuse_udp(run.server[0], 1);
    resolv_run_ask(&run, &probes[1], &way, NAME);
    resolv_run_expect(&run, &probes[0], m.bytes, m.size);
    resolv_run_expect_failure(&run, &probes[1], SVC_EUNREACH, "refused");
}

static void a_storm_of_errors_ends_and_leaves_nothing(void **state)
{
    const struct svc__resolv_way way = {0};
    int fds = proc_self_descriptors();

    (void)state;
    dns_server_refuse_udp(run.server[0], 1);
    for (int i = 0; i < 1000; i++) {
        for (int k = 0; k < 3; k++)
            resolv_run_ask(&run, &probes[k], &way, NAME);
        for (int k = 0; k < 3; k++)
            resolv_run_expect_failure(&run, &probes[k], SVC_EUNREACH,
                                      "refused");
    }
    assert_int_equal(resolv_run_stats(&run).received, 0);
    dns_server_refuse_udp(run.server[0], 0);
    assert_in_range(proc_self_descriptors(), fds, fds + 1);
}

/* A transport to an address alone; nothing is sent there. */
static int try_address(const struct sockaddr_storage *address, int tcp)
{
    const struct svc__resolv_way way = {.tcp = tcp};
    struct svc__resolv_settings settings;
    struct svc__resolv *own = run.resolv;
    int err;

    resolv_run_settings(&run, &settings);
    settings.count = 1;
    settings.servers[0] = *address;
    assert_int_equal(svc__resolv_new(&settings, &run.resolv, NULL), 0);
    err = resolv_run_try(&run, &probes[0], &way, NAME);
    if (err == 0) {
        resolv_run_until_done(&run, &probes[0]);
        err = probes[0].err;
    }
    svc__resolv_free(run.resolv);
    run.resolv = own;
    return err;
}

static void an_address_that_is_none_is_a_failure(void **state)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in broadcast = {.sin_family = AF_INET};
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6};

    (void)state;
    /* The kernel refuses to connect there: it is every host of the network. */
    broadcast.sin_port = htons(53);
    broadcast.sin_addr.s_addr = INADDR_BROADCAST;
    memcpy(&address, &broadcast, sizeof(broadcast));
    assert_int_equal(try_address(&address, 0), SVC_EUNREACH);
    assert_non_null(probes[0].packet.problem);
    /* Nobody listens there, whether the host speaks IPv6 or not. */
    loopback.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
    loopback.sin6_port = htons(dns_server_port(run.server[0]));
    memcpy(&address, &loopback, sizeof(loopback));
    assert_int_equal(try_address(&address, 0), SVC_EUNREACH);
    assert_int_equal(try_address(&address, 1), SVC_EUNREACH);
}

#define with_run(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_run(a_port_serves_256_queries),
        with_run(a_port_serves_30_seconds),
        with_run(a_port_serves_until_a_packet_is_lost),
        with_run(ids_do_not_repeat_on_a_port),
        with_run(lanes_and_servers_have_their_own_ports),
        with_run(an_old_channel_waits_for_its_packets),
        with_run(an_old_channel_does_not_wait_for_the_forgotten),
        with_run(an_idle_connection_is_not_used_again),
        with_run(nothing_happens_by_itself),
        with_run(an_unreachable_port_is_a_failure),
        with_run(an_answer_before_the_error_counts),
        with_run(a_storm_of_errors_ends_and_leaves_nothing),
        with_run(an_address_that_is_none_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
