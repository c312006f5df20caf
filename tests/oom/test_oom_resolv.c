/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole way of packets, out and back, by UDP and TCP, with one allocation
 * failing or all from one on: ours and c-ares' own (faults P1 to P3). Every
 * packet that was begun ends, nothing leaks, and the next run works.
 *
 * With c-ares from 1.20 on only our own allocations fail: 1.34 is known to
 * crash and to lose callbacks when its own do (faults M9).
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "dns_message.h"
#include "io/resolv.h"
#include "oom.h"
#include "resolv_run.h"

#include <ares.h>
#include <stdlib.h>

#define NAME      "web.shop.svc.cluster.local"
#define PACKETS   4
#define SAFE_ARES 0x011400 /* its own allocations may fail below this */

/* Of the packet with each number. */
static const struct svc__resolv_way ways[PACKETS] = {
    {0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 0}};

static struct resolv_run run;
static struct probe probes[PACKETS];
static long whole; /* runs in which every packet had its answer */

/* On the server's thread. Over TCP more than one read takes. */
static void answer(void *arg, const struct dns_query *q)
{
    struct dns_message *m = malloc(sizeof(*m));

    (void)arg;
    if (m == NULL)
        return;
    dns_answer(m, q, DNS_NOERROR);
    dns_add_many(m, q->connection > 0 ? 4000 : 3, 5);
    dns_reply(q, m);
    free(m);
}

/* 0, or why there is no transport. */
static int open_transport(void)
{
    struct svc__resolv_settings settings;
    svc_error e;
    int err = svc__loop_new(&run.loop, &e);

    run.resolv = NULL;
    if (err != 0) {
        run.loop = NULL;
        return err;
    }
    resolv_run_settings(&run, &settings);
    err = svc__resolv_new(&settings, &run.resolv, &e);
    if (err != 0)
        assert_int_not_equal(e.message[0], '\0');
    return err;
}

static int there_and_back(void)
{
    int begun[PACKETS];
    int good = 0;

    for (int i = 0; i < PACKETS; i++) {
        int err = resolv_run_try(&run, &probes[i], &ways[i], NAME);

        begun[i] = err == 0;
        if (err != 0)
            assert_int_equal(err, SVC_ENOMEM);
    }
    for (int i = 0; i < PACKETS; i++) {
        if (!begun[i])
            continue;
        resolv_run_until_done(&run, &probes[i]);
        if (probes[i].err != 0)
            assert_int_equal(probes[i].err, SVC_ENOMEM);
        good += probes[i].err == 0;
    }
    return good;
}

static void scenario(void *arg)
{
    (void)arg;
    if (open_transport() == 0) {
        int good = there_and_back();

        if (oom_failures() == 0)
            assert_int_equal(good, PACKETS);
        whole += good == PACKETS;
    } else {
        assert_true(oom_failures() > 0);
    }
    svc__resolv_free(run.resolv);
    svc__loop_free(run.loop);
}

static void packets_survive_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < RESOLV_RUN_SERVERS; i++)
        run.server[i] = dns_server_new(answer, NULL);
    oom_torture(scenario, NULL);
    /* At least the last run of each mode. */
    assert_true(whole >= 2);
    for (size_t i = 0; i < RESOLV_RUN_SERVERS; i++)
        dns_server_free(run.server[i]);
}

static void *ares_realloc_here(void *ptr, size_t size)
{
    return svc__realloc(ptr, size, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_survive_no_memory),
    };
    int version = 0;

    oom_install();
    (void)ares_version(&version);
    if (version < SAFE_ARES)
        (void)ares_library_init_mem(ARES_LIB_INIT_ALL, svc__alloc, svc__free,
                                    ares_realloc_here);
    else
        print_message("NOTE: the allocations of c-ares %s itself do not fail "
                      "here: this version crashes then (docs/faults.md M9)\n",
                      ares_version(NULL));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
