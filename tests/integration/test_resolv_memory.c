/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept of queries that are over, here and in c-ares, whose allocations
 * are counted with ours: a little until their channel goes, then nothing. And
 * what one large answer takes (faults 4.2, G12).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "dns_message.h"
#include "oom.h"
#include "resolv_run.h"

#include <ares.h>

#define NAME "web.shop.svc.cluster.local"
/* c-ares 1.34 makes some blocks when it needs them first, and keeps a buffer of
 * 64 KiB for a connection. */
#define SLACK_BYTES ((size_t)(ARES_VERSION < 0x011400 ? 16 : 100) * 1024)
/* A channel with its c-ares. */
#define CHANNEL_BYTES ((size_t)160 * 1024)

static struct resolv_run run;
static struct probe probe;
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

static void ask(int tcp, struct dns_query *ret)
{
    if (tcp)
        resolv_run_tcp(&run, &probe, NAME, ret);
    else
        resolv_run_udp(&run, &probe, NAME, ret);
}

/* One channel's life of queries. */
static void live_through(int tcp)
{
    for (int i = 0; i < SVC__RESOLV_CHANNEL_QUERIES; i++) {
        struct dns_query q;

        ask(tcp, &q);
        resolv_run_answer(&run, &probe, &q);
    }
}

/* A kilobyte for each at most, and no more from one channel to the next. */
static void what_queries_leave_goes_with_their_channel(void **state)
{
    (void)state;
    for (int tcp = 0; tcp < 2; tcp++) {
        size_t before = oom_live_bytes();
        size_t first;

        live_through(tcp);
        first = oom_live_bytes();
        assert_in_range(first, 1,
                        before + CHANNEL_BYTES +
                            SVC__RESOLV_CHANNEL_QUERIES * 1024);
        for (int i = 0; i < 3; i++) {
            live_through(tcp);
            assert_in_range(oom_live_bytes(), 1, first + SLACK_BYTES);
        }
    }
    assert_int_equal(resolv_run_stats(&run).channels, 8);
}

static void a_large_answer_takes_little(void **state)
{
    struct dns_query q;
    size_t bytes;

    (void)state;
    ask(1, &q);
    dns_answer(&message, &q, DNS_NOERROR);
    dns_add_many(&message, 4092, 5);
    dns_reply(&q, &message);
    bytes = oom_live_bytes();
    oom_reset_peak();
    resolv_run_expect(&run, &probe, message.bytes, message.size);
    assert_in_range(oom_peak_bytes() - bytes, message.size, 8 * message.size);
    /* And it is given back. */
    ask(1, &q);
    resolv_run_answer(&run, &probe, &q);
    assert_in_range(oom_live_bytes(), 1, bytes + SLACK_BYTES);
}

static void *ares_realloc_here(void *ptr, size_t size)
{
    return svc__realloc(ptr, size, 1);
}

#define with_run(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_run(what_queries_leave_goes_with_their_channel),
        with_run(a_large_answer_takes_little),
    };

    oom_install();
    (void)ares_library_init_mem(ARES_LIB_INIT_ALL, svc__alloc, svc__free,
                                ares_realloc_here);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
