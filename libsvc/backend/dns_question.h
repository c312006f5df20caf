/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question that is out: its exchange, the packets that it costs, and the
 * words for its failure. Who waits for it, and when it may begin, is the
 * business of dns_ask. Thread that dispatches.
 */
#ifndef SVC_BACKEND_DNS_QUESTION_H
#define SVC_BACKEND_DNS_QUESTION_H

#include "backend/dns_ask.h"
#include "base/heap.h"
#include "base/map.h"
#include "base/rng.h"
#include "dns/exchange.h"
#include "dns/window.h"
#include "io/resolv.h"

#include <stdint.h>

struct svc__dns_question;

/* What all questions of a backend share; embedded in svc__dns_ask. */
struct svc__dns_line {
    const struct svc__backend_env *env;
    const struct svc__dns_servers *addresses;
    struct svc__servers servers;
    struct svc__resolv *resolv;
    struct svc__window window;
    struct svc__rng_pool pool;
    int64_t now_us; /* when the last event of a question came */
    /* The question goes on at due_ms (milliseconds of the loop). */
    void (*wait)(struct svc__dns_question *qn, int64_t due_ms);
    /* It has ended: the reply is borrowed for the call, in which the question
     * is to be stopped. */
    void (*end)(struct svc__dns_question *qn, struct svc__dns_reply *reply);
};

/* One packet of a question. */
struct svc__dns_attempt {
    struct svc__dns_question *question;
    int64_t sent_us;
    uint8_t number;
    uint8_t server;
    uint8_t is_tcp;
    uint8_t is_out;                   /* no end of it yet */
    struct svc__wire_message message; /* its answer, for as long as done runs */
    struct svc__resolv_packet packet;
};

/* The first part is dns_ask's. As many as the window lets out live at once, and
 * a bit under 1 KB is what allocators are quick with. */
struct svc__dns_question {
    struct svc__dns_line *line;
    struct svc__map_entry *place; /* by name and type */
    struct svc__list link;
    struct svc__list wants; /* svc__dns_want */
    struct svc__heap_node due;
    int is_ending;
    int in_window; /* counted there: from its start to its end, or until
                      nobody has answered in time */
    int avoid;     /* for when it starts */

    struct svc__wire_question q;
    struct svc__exchange exchange;
    const char *problem; /* the transport's last words; static, or NULL */
    int current;         /* the attempt that runs against its time; -1: none */
    struct svc__dns_attempt *attempts[SVC__ATTEMPTS_MAX];
    struct svc__dns_attempt first; /* most need no other */
};

/* Sends its first packet. avoid and tcp as in svc__exchange_init. end may be
 * called from inside. */
void svc__dns_question_start(struct svc__dns_question *qn, int avoid, int tcp);

/* Its time has come. */
void svc__dns_question_due(struct svc__dns_question *qn);

/* Drops its packets: nothing is called for it any more. May be started again.
 */
void svc__dns_question_stop(struct svc__dns_question *qn);

/* The judge of the transport, for the packet of an attempt: whether an answer
 * is one to its query, and nothing in it is broken. Keeps what it read. */
int svc__dns_question_judge(struct svc__resolv_packet *p, const uint8_t *answer,
                            size_t size);

#endif
