/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw DNS packets out and in, over c-ares as transport: it writes the queries
 * and owns the sockets' life; what is asked, of whom, how long to wait and what
 * an answer means is decided elsewhere. What comes in is judged here and never
 * given to c-ares, so that a forged or broken packet never ends a query. The
 * only file that includes ares.h. Thread that dispatches.
 */
#ifndef SVC_IO_RESOLV_H
#define SVC_IO_RESOLV_H

#include "base/list.h"
#include "io/loop.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>
#include <sys/socket.h>

#define SVC__RESOLV_QUERY_MAX                                                  \
    288                             /* bytes of a query to be sent: one of 255 \
                                       octets of name, and OPT */
#define SVC__RESOLV_WIRE_MAX    336 /* c-ares may add a cookie: 44 (RFC 7873) */
#define SVC__RESOLV_SERVERS_MAX 8

/* Channels are replaced, and with them the port, after so much (faults D27).
 * A TCP connection also when it was idle for longer than a server may like. */
#define SVC__RESOLV_CHANNEL_MS      30000
#define SVC__RESOLV_CHANNEL_QUERIES 256
#define SVC__RESOLV_TCP_IDLE_MS     5000

struct svc__resolv;

/* A query on its way, embedded in its owner; zeroed before the first send. It
 * ends with one call of done, or with forget. */
struct svc__resolv_packet {
    void (*done)(struct svc__resolv_packet *p, int err, const uint8_t *answer,
                 size_t size); /* err 0: an answer, borrowed until return; else
                                  SVC_EUNREACH, SVC_ENOMEM. May send, forget and
                                  free anything */
    void (*unwanted)(struct svc__resolv_packet *p); /* a packet with its id was
                                  thrown away; may do what done may */
    const char *problem; /* of the last failure, in words; static */
    /* The transport's own follow. */
    struct svc__list link; /* of those that have ended, done still to come */
    void *entry;           /* on its way: its place in a channel's table */
    int err;               /* ended: what done will get */
    const uint8_t *answer;
    size_t answer_size;
    uint16_t size;
    uint8_t query[SVC__RESOLV_WIRE_MAX]; /* as it went out */
};

struct svc__resolv_settings {
    struct svc__loop *loop;
    size_t count; /* of servers */
    struct sockaddr_storage servers[SVC__RESOLV_SERVERS_MAX];
    /* Whether an answer is one to the query of p, and whole; what is goes to
     * done next, if to anything. */
    int (*judge)(struct svc__resolv_packet *p, const uint8_t *answer,
                 size_t size);
};

struct svc__resolv_stats {
    uint64_t sent;     /* packets, by UDP and TCP */
    uint64_t sent_tcp; /* of them */
    uint64_t received; /* packets that were judged good */
    uint64_t unwanted; /* thrown away */
    uint64_t bytes_sent;
    uint64_t bytes_received;
    uint64_t channels; /* made since the beginning */
};

/* Settings are copied. Owned. 0, SVC_ENOMEM (also out of descriptors),
 * SVC_ENOTSUP when the linked c-ares cannot be used, with the reason. */
int svc__resolv_new(const struct svc__resolv_settings *settings,
                    struct svc__resolv **ret, svc_error *reterr);
/* No done is called any more. NULL is allowed. Not from inside done. */
void svc__resolv_free(struct svc__resolv *r);

/* Where a packet goes. Lanes 0 and 1 never share a port at one time, so that A
 * and AAAA do not race in a packet filter (kubernetes #56903). */
struct svc__resolv_way {
    size_t server;
    int tcp;
    unsigned lane;
};

/* Queues a query of at most SVC__RESOLV_QUERY_MAX bytes (copied; the id in it
 * is replaced). It goes out with the next flush. 0; or a code, p->problem
 * telling why, with the packet not begun: SVC_ENOMEM (also out of descriptors),
 * SVC_EUNREACH, SVC_EINVAL, SVC_ENOTSUP (c-ares, random numbers). */
int svc__resolv_send(struct svc__resolv *r, struct svc__resolv_packet *p,
                     const struct svc__resolv_way *way, const uint8_t *query,
                     size_t size);

/* Sends what is queued, many packets a system call. */
void svc__resolv_flush(struct svc__resolv *r);

/* The time of a packet ran out: its channel takes no new query (faults D27). An
 * answer that comes late is still given to done. */
void svc__resolv_lost(struct svc__resolv *r, struct svc__resolv_packet *p);

/* The owner is not interested any more: no call for p after return. Harmless
 * for a packet that has ended, or is just ending. */
void svc__resolv_forget(struct svc__resolv *r, struct svc__resolv_packet *p);

void svc__resolv_stats(const struct svc__resolv *r,
                       struct svc__resolv_stats *ret);

/* Version of the c-ares that is running, as "1.18.1"; static. */
const char *svc__resolv_version(void);

#endif
