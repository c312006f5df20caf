/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets to DNS servers: how one is opened, and what its errors mean. Knows
 * neither DNS nor c-ares. Any thread.
 */
#ifndef SVC_IO_RESOLV_SOCKET_H
#define SVC_IO_RESOLV_SOCKET_H

#include <sys/socket.h>

/* What ends a TCP connection from the other side: no errno of a call on a
 * connected socket. */
#define SVC__RESOLV_SOCKET_CLOSED ESHUTDOWN

/* Opens a socket that is connected to a server, or by TCP on its way there:
 * close-on-exec, non-blocking. UDP takes datagrams of that server alone then
 * (faults D10), from a port that the kernel chose for this socket. 0, or an
 * errno. */
int svc__resolv_socket_open(const struct sockaddr_storage *server, int tcp,
                            int *ret_fd);

/* SVC_ENOMEM for an errno that tells of no memory or descriptor, else
 * SVC_EUNREACH. */
int svc__resolv_socket_code(int error);

/* An errno in words; static. */
const char *svc__resolv_socket_words(int error);

#endif
