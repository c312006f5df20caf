/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport of DNS packets between a loop and scripted servers, driven by
 * the test alone: nothing happens but in these calls.
 */
#ifndef TESTS_LIB_RESOLV_RUN_H
#define TESTS_LIB_RESOLV_RUN_H

#include "dns_server.h"
#include "io/loop.h"
#include "io/resolv.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

#define RESOLV_RUN_SERVERS 2

struct resolv_run {
    struct svc__loop *loop;
    struct svc__resolv *resolv;
    struct dns_server *server[RESOLV_RUN_SERVERS];
};

/* A packet, and what became of it. */
struct probe {
    struct svc__resolv_packet packet;
    int done; /* calls of done */
    int err;
    int unwanted;         /* calls of unwanted */
    struct probe *forget; /* forgotten when done or unwanted is called */
    struct resolv_run *run;
    size_t size;
    uint8_t answer[65535];
};

/* Servers that put queries aside, and a transport to both. */
void resolv_run_open(struct resolv_run *run);
void resolv_run_close(struct resolv_run *run);

/* What the transport of such a run needs; for tests that make their own. */
void resolv_run_settings(const struct resolv_run *run,
                         struct svc__resolv_settings *ret);

/* Sends a query for an address of a name and flushes. The first returns what
 * send returned, the second asserts that it was good. */
int resolv_run_try(struct resolv_run *run, struct probe *p,
                   const struct svc__resolv_way *way, const char *name);
void resolv_run_ask(struct resolv_run *run, struct probe *p,
                    const struct svc__resolv_way *way, const char *name);

/* The same to the first server by UDP or TCP, and the query as it came. */
void resolv_run_udp(struct resolv_run *run, struct probe *p, const char *name,
                    struct dns_query *ret);
void resolv_run_tcp(struct resolv_run *run, struct probe *p, const char *name,
                    struct dns_query *ret);

/* Runs rounds until the packet has ended, or so many were thrown away in all.
 * Fails the test after DNS_SERVER_MS. */
void resolv_run_until_done(struct resolv_run *run, const struct probe *p);
void resolv_run_until_unwanted(struct resolv_run *run, unsigned count);

/* Runs until the packet has its answer, which must be these octets. */
void resolv_run_expect(struct resolv_run *run, const struct probe *p,
                       const void *answer, size_t size);

/* Runs until the packet failed, with this code and these words in it. */
void resolv_run_expect_failure(struct resolv_run *run, const struct probe *p,
                               int err, const char *words);

/* Sends an answer to q, which answers for p: the name is 10.0.0.1. Runs until
 * it has arrived. */
void resolv_run_answer(struct resolv_run *run, const struct probe *p,
                       const struct dns_query *q);

struct svc__resolv_stats resolv_run_stats(const struct resolv_run *run);

#endif
