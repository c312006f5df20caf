/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes out and comes in over the channels of one transport, and how
 * packets and channels end. Used by io/resolv, which has what c-ares is needed
 * for: this part never calls it. Thread that dispatches.
 */
#ifndef SVC_IO_RESOLV_TRAFFIC_H
#define SVC_IO_RESOLV_TRAFFIC_H

#include "base/list.h"
#include "io/loop.h"
#include "io/resolv.h"
#include "io/resolv_batch.h"
#include "io/resolv_stream.h"
#include "io/resolv_table.h"

#include <stdint.h>
#include <sys/socket.h>

struct svc__resolv_traffic;

/* One server, one transport, one socket, for a bounded life. */
struct svc__resolv_channel {
    struct svc__list link;    /* of the transport's, or of its retired ones */
    struct svc__list to_send; /* of those with something to send, or of none */
    struct svc__resolv_traffic *traffic;
    void *ares;
    const struct sockaddr_storage *server;
    struct svc__resolv_channel **current; /* where new queries find it */
    int tcp;
    int retired; /* takes no new query */
    int waits;   /* for room to send */
    int error;   /* errno that c-ares was told of as a failure */
    int64_t born_ms;
    int64_t used_ms;
    unsigned live;                    /* packets on their way */
    unsigned flushed;                 /* entries before it have gone out */
    struct svc__io io;                /* its fd is -1 without a socket */
    struct svc__resolv_stream stream; /* TCP */
    struct svc__resolv_table table;
};

/* What the channels of a transport share. Embedded. */
struct svc__resolv_traffic {
    struct svc__loop *loop;
    int (*judge)(struct svc__resolv_packet *p, const uint8_t *answer,
                 size_t size);
    /* A channel is not needed any more. Does not call back. */
    void (*destroy)(struct svc__resolv_channel *ch);
    struct svc__resolv_batch *batch; /* owned */
    struct svc__resolv_stats stats;
    struct svc__list channels;
    struct svc__list retired;
    struct svc__list to_send;
    struct svc__list ended; /* packets whose done is still to be called */
    int running;            /* inside a call that calls done */
    int flush_again;        /* a done asked for it */
};

/* t is zeroed; loop and functions are set by the caller. 0 or SVC_ENOMEM. */
int svc__resolv_traffic_init(struct svc__resolv_traffic *t);

/* Destroys every channel; no done is called. */
void svc__resolv_traffic_fini(struct svc__resolv_traffic *t);

/* For the io of a channel: something can be read or written. */
void svc__resolv_traffic_ready(void *arg, unsigned events);

/* Sends what is queued, and calls done for what ended; from inside a done, when
 * that has returned. */
void svc__resolv_traffic_flush(struct svc__resolv_traffic *t);

/* Puts a packet on its way, as this entry, to be sent with the next flush. */
void svc__resolv_traffic_add(struct svc__resolv_channel *ch,
                             struct svc__resolv_entry *entry,
                             struct svc__resolv_packet *p);

/* Takes the packet of an entry off its channel; it is not called any more. */
void svc__resolv_traffic_drop(struct svc__resolv_entry *entry);

/* Ends the packet of an entry with an errno; done comes later. */
void svc__resolv_traffic_end(struct svc__resolv_entry *entry, int error);

/* From now on a channel takes no new query. */
void svc__resolv_traffic_retire(struct svc__resolv_channel *ch);

/* Destroys retired channels with no packet on its way; queries that were
 * forgotten do not hold them. From inside a done: when that has returned. */
void svc__resolv_traffic_reap(struct svc__resolv_traffic *t);

#endif
