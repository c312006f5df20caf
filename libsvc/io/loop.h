/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One private epoll that holds every descriptor, timer and the wake-up of a
 * resolver, and is itself pollable. The only file that includes sys/epoll.h.
 * All functions on the thread that dispatches, but wake, which is for any.
 */
#ifndef SVC_IO_LOOP_H
#define SVC_IO_LOOP_H

#include "base/list.h"

#include <stdint.h>
#include <svc/svc.h>

struct svc__loop;

/* A watched descriptor, embedded in its owner. It should not block. ready may
 * remove any io, free its owner, and set or unset any timer. */
struct svc__io {
    struct svc__list link; /* the loop's */
    int fd;
    void (*ready)(void *arg, unsigned events); /* SVC__IO_READ | _WRITE */
    void *arg;
};

enum {
    SVC__IO_READ = 1,
    SVC__IO_WRITE = 2
};

/* A timer, embedded in its owner; zeroed by init, in no list when not set.
 * fire may do what ready may; the timer is unset before it is called. */
struct svc__timer {
    struct svc__list link;
    int64_t deadline_ms;
    void (*fire)(void *arg);
    void *arg;
};

/* Owned; 0, SVC_ENOMEM with the reason (faults P4). */
int svc__loop_new(struct svc__loop **ret, svc_error *reterr);

/* Closes its descriptors; NULL is allowed. Timers and ios must be gone. */
void svc__loop_free(struct svc__loop *l);

/* In a child of fork: closes the child's copies of every descriptor in the
 * loop, and touches nothing that the parent shares. */
void svc__loop_abandon(struct svc__loop *l);

/* The pollable descriptor; borrowed until free. It is readable when a
 * descriptor is ready or wake was called, not when a timer is due. */
int svc__loop_fd(const struct svc__loop *l);

/* The clock as read once in this round, after its wait; between rounds that of
 * the last one. */
int64_t svc__loop_now_ms(const struct svc__loop *l);

/* Begins and ends watching io->fd for events (SVC__IO_READ | _WRITE); an error
 * or the other side's end counts as readable. change is for one that was
 * added. 0 or SVC_ENOMEM. After remove, ready is not called
 * any more, not even in the round that runs. Remove before the descriptor is
 * closed; one that is not there, or was zeroed and never added, is left alone.
 */
int svc__loop_add(struct svc__loop *l, struct svc__io *io, unsigned events,
                  svc_error *reterr);
int svc__loop_change(struct svc__loop *l, struct svc__io *io, unsigned events,
                     svc_error *reterr);
void svc__loop_remove(struct svc__loop *l, struct svc__io *io);

void svc__timer_init(struct svc__timer *t, void (*fire)(void *arg), void *arg);
int svc__timer_is_set(const struct svc__timer *t);
/* (Re)sets the timer to fire once at deadline_ms; a deadline that has passed
 * fires in the next round. */
void svc__loop_set(struct svc__loop *l, struct svc__timer *t,
                   int64_t deadline_ms);
void svc__loop_unset(struct svc__loop *l, struct svc__timer *t);

/* How long poll may sleep: -1 with no timer set. Reads the clock. */
int svc__loop_timeout_ms(const struct svc__loop *l);

/* One round: waits at most timeout_ms (and not past the next timer), runs what
 * is ready and due: at most 64 descriptors, and each timer once. A signal ends
 * the wait early. 0; SVC_ESTATE from inside a callback, or when somebody
 * closed the loop's descriptor. */
int svc__loop_round(struct svc__loop *l, int timeout_ms);

/* Ends the wait of a round, now or the next one. Any thread; async-signal
 * safe. */
void svc__loop_wake(struct svc__loop *l);

#endif
