/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets of connections: opened close-on-exec and not blocking, with the
 * options that find a dead connection (faults A18), and watched in the loop.
 * Thread that dispatches.
 */
#ifndef SVC_IO_HTTP_SOCKET_H
#define SVC_IO_HTTP_SOCKET_H

#include "base/list.h"
#include "io/loop.h"

#include <stdint.h>

/* Keep-alive begins after so much silence, is repeated, and gives up; and how
 * long what was sent may be without acknowledgement. */
#define SVC__HTTP_SOCKET_IDLE_S   10
#define SVC__HTTP_SOCKET_PROBE_S  5
#define SVC__HTTP_SOCKET_PROBES   3
#define SVC__HTTP_SOCKET_SILENT_S 30

/* All sockets of one owner. */
struct svc__http_sockets {
    struct svc__loop *loop;
    struct svc__list all;
    struct svc__timer rescue; /* for those that could not be watched */
    /* One is to be looked at: events as in svc__io, 0: it was lost. May open,
     * watch and close any of them, not end the whole. */
    void (*look)(void *arg, int fd, unsigned events);
    void *arg;
};

void svc__http_socket_init(struct svc__http_sockets *sockets,
                           struct svc__loop *loop,
                           void (*look)(void *arg, int fd, unsigned events),
                           void *arg);
/* They must be closed by now, by whomever. */
void svc__http_socket_fini(struct svc__http_sockets *sockets);
/* For a child of fork: its descriptors are closed, and nothing else happens. A
 * connection that the parent ends would stay open by them. */
void svc__http_socket_abandon(const struct svc__http_sockets *sockets);

/* Returns a descriptor, or -1 with *ret_error an errno. One of that number was
 * closed without a call of close. */
int svc__http_socket_open(struct svc__http_sockets *sockets, int family,
                          int type, int *ret_error);

/* Has one watched for these events, 0: for none. Where the loop cannot, -1: it
 * was shut down, and is looked at in the next round. What is not of these
 * sockets is left alone: 0. */
int svc__http_socket_watch(struct svc__http_sockets *sockets, int fd,
                           unsigned events);

/* Closes any descriptor. */
void svc__http_socket_close(struct svc__http_sockets *sockets, int fd);

/* Descriptors that a library opened without close-on-exec, found by what waits
 * in them: a bit for each from first on that another program would inherit, and
 * in which bytes wait, or by which bytes were sent that wait elsewhere. */
uint32_t svc__http_socket_waiting(int first);
/* The lowest that is free, or -1. */
int svc__http_socket_lowest(void);
/* Makes those of the mask close on exec. */
void svc__http_socket_cloexec(int first, uint32_t mask);

#endif
