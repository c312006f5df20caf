/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was learnt of the DNS servers, shared by all questions of a backend:
 * how fast each answers, how often it failed in a row, when a failed one is
 * tried again, whether it takes EDNS. It says whom to ask and how long to wait.
 * Knows nothing of single questions. Pure; one thread at a time.
 */
#ifndef SVC_DNS_SERVERS_H
#define SVC_DNS_SERVERS_H

#include <stddef.h>
#include <stdint.h>

#define SVC__SERVERS_MAX 8

/* The time to wait for a first answer: srtt + 4 * rttvar (RFC 6298 section 2)
 * within bounds, and where nothing is known yet (faults D1). By TCP it is at
 * least as long as a handshake whose first packet is lost takes (RFC 6298
 * section 2.1), and half as long again. */
#define SVC__SERVERS_WAIT_MIN_MS 250
#define SVC__SERVERS_WAIT_NEW_MS 500
#define SVC__SERVERS_WAIT_TCP_MS 1500
#define SVC__SERVERS_WAIT_MAX_MS 5000

/* From so many failures in a row on a server is asked last, until it answers.
 * It is tried again after a time that doubles with each further failure. */
#define SVC__SERVERS_FAILURES     2
#define SVC__SERVERS_AVOID_MIN_MS 1000
#define SVC__SERVERS_AVOID_MAX_MS 30000

/* For so long a server is asked without EDNS once that helped. */
#define SVC__SERVERS_NO_EDNS_MS 600000

struct svc__server {
    int64_t srtt_us; /* smoothed round trip over UDP, 0: unknown */
    int64_t rttvar_us;
    int64_t failed_us;        /* when the last failure was counted */
    int64_t avoid_until_ms;   /* tried again from then on; 0: not avoided */
    int64_t no_edns_until_ms; /* asked without EDNS until then; 0: no */
    unsigned failures;        /* counted since its last good answer */
};

/* For reading; changed by the functions below. */
struct svc__servers {
    size_t count; /* at least 1, at most SVC__SERVERS_MAX */
    int tcp_only; /* option dns_tcp */
    struct svc__server server[SVC__SERVERS_MAX];
};

/* Nothing is known of any. count is brought within its bounds. */
void svc__servers_init(struct svc__servers *s, size_t count, int tcp_only);

/* Whom to ask next: of those that a question asked least often (asked, by
 * index) one that is not avoided, the one known to be fastest, the first of the
 * list. When all are avoided, the one with the fewest failures: nobody is ever
 * refused a question (faults D29). */
size_t svc__servers_best(const struct svc__servers *s,
                         const uint8_t asked[SVC__SERVERS_MAX]);

/* The servers but the chosen one seem a little faster than before: one that
 * was slow once gets another chance in time. */
void svc__servers_age(struct svc__servers *s, size_t chosen);

/* An avoided server that is to be tried again, beside the good server best, so
 * that no question waits for a dead one. Its failure is booked at once, so that
 * it is tried once in its time; a good answer takes it back. Returns count when
 * there is none, and when best is avoided itself. */
size_t svc__servers_probe(struct svc__servers *s, size_t best, int64_t now_us);

/* How long to wait for the answer of a server that the question asked again
 * times before: doubles each time. */
int64_t svc__servers_wait_ms(const struct svc__servers *s, size_t server,
                             int tcp, unsigned again);

/* A UDP packet came back after rtt_us. Each attempt is told from the others,
 * so late answers count too (they are what Karn's rule would leave out), and a
 * server that became slow is waited for longer. */
void svc__servers_measured(struct svc__servers *s, size_t server,
                           int64_t rtt_us);

/* A whole, good answer: its failures are forgotten. */
void svc__servers_answered(struct svc__servers *s, size_t server);

/* A time-out or failure of what was sent at sent_us. Of all that was on its
 * way at one time only the first counts, so that one gap in a burst of
 * questions is one failure. */
void svc__servers_failed(struct svc__servers *s, size_t server, int64_t sent_us,
                         int64_t now_us);

#endif
