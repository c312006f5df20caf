/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resolver that asks scripted DNS servers, in an external loop: nothing
 * happens but in these calls. Time is real; what is waited for is a state, and
 * never a time, but for dns_run_pass. One at a time.
 */
#ifndef TESTS_LIB_DNS_RUN_H
#define TESTS_LIB_DNS_RUN_H

#include "dns_message.h"
#include "dns_server.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

#define DNS_RUN_SERVERS 2

/* Lines of a zone: an address of "web.shop", which may not be kept; the record
 * that says for how long nothing is there. */
#define WEB_NAME     "web.shop.svc.cluster.local"
#define WEB(address) WEB_NAME " 0 A " address "\n"
#define ZONE_SOA                                                               \
    "cluster.local 5 SOA ns.dns.cluster.local hostmaster.cluster.local 1 2 3 " \
    "4 5\n"

struct dns_run {
    struct dns_server *server[DNS_RUN_SERVERS];
    svc_resolver_options options; /* for dns_run_start */
    svc_resolver *r;
    char address[DNS_RUN_SERVERS][32];
    const char *addresses[DNS_RUN_SERVERS + 1];
    char text[65536];   /* of dns_run_text */
    char lines[131072]; /* of the log */
};

/* The servers, which put every query aside, and options: the servers, the
 * caller's namespace "shop", an external loop, answers that live for 50 ms at
 * least. */
void dns_run_open(struct dns_run *run);
/* The resolver, with so many of the servers. */
void dns_run_start(struct dns_run *run, size_t servers);
/* The resolver, and again the options of dns_run_open. */
void dns_run_stop(struct dns_run *run);
void dns_run_close(struct dns_run *run);

/* Another zone (borrowed) from now on, of all servers. */
void dns_run_zone(struct dns_run *run, const char *zone);

/* Opens a name, which must be good. */
svc_service *dns_run_service(struct dns_run *run, const char *name);

/* What a service has, as service_text says. Valid until the next call. */
const char *dns_run_text(struct dns_run *run, svc_service *s);

/* Dispatches until a service has this. */
void dns_run_expect(struct dns_run *run, svc_service *s, const char *text);

/* Opens a name and dispatches until it has this. */
svc_service *dns_run_has(struct dns_run *run, const char *name,
                         const char *text);

/* The present trouble. */
svc_error dns_run_trouble(svc_service *s);

/* Dispatches until a query has been put aside, and takes it. */
void dns_run_take(struct dns_run *run, size_t server, struct dns_query *ret);
/* The next two, A and AAAA, in this order. */
void dns_run_take_both(struct dns_run *run, size_t server,
                       struct dns_query ret[2]);

/* Dispatches until holds returns not 0. */
void dns_run_until(struct dns_run *run, int (*holds)(struct dns_run *run));

/* Dispatches for so long. */
void dns_run_pass(struct dns_run *run, int ms);

svc_stats dns_run_stats(const struct dns_run *run);

/* How many lines of the log have this text. */
int dns_run_logged(const struct dns_run *run, const char *text);

/* Milliseconds of a clock that only rises. */
int64_t dns_run_clock_ms(void);

/* Answers a query: with these records ("|" between them; "" for none), of all
 * of which the answer section is made. */
void dns_run_answer(const struct dns_query *q, int rcode, const char *records);

/* Scripts: always this rcode (arg: int, borrowed), never anything. */
void dns_run_rcode(void *arg, const struct dns_query *q);
void dns_run_silence(void *arg, const struct dns_query *q);

#endif
