/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which DNS servers there are: those of the options, or those of resolv.conf,
 * read again when it changes (faults D26). Thread that dispatches.
 */
#ifndef SVC_BACKEND_DNS_SERVERS_H
#define SVC_BACKEND_DNS_SERVERS_H

#include "backend/backend.h"
#include "dns/exchange.h"
#include "io/file_watch.h"
#include "io/loop.h"

#include <stddef.h>
#include <svc/svc.h>
#include <sys/socket.h>

#define SVC__DNS_PORT 53

/* "[" an IPv6 address "]:65535 over UDP" and a NUL. */
#define SVC__DNS_VIA_SIZE (SVC_ADDRESS_TEXT_SIZE + 18)

struct svc__dns_servers {
    size_t count;
    struct sockaddr_storage address[SVC__SERVERS_MAX];
    char text[SVC__SERVERS_MAX][SVC__DNS_VIA_SIZE];     /* "10.96.0.10:53" */
    char over_udp[SVC__SERVERS_MAX][SVC__DNS_VIA_SIZE]; /* "… over UDP" */
    char over_tcp[SVC__SERVERS_MAX][SVC__DNS_VIA_SIZE];
    /* its own */
    const struct svc__backend_env *env;
    const char *paths[2];
    struct svc__file_watch *watch; /* NULL with servers given */
    struct svc__timer again;       /* after no memory */
    int is_untold;                 /* that there are others */
    int (*changed)(void *arg);
    void *arg;
};

/* Reads them and, where they are those of resolv.conf, begins to watch it.
 * changed is called on the loop when there are other servers than before, and
 * a second later again when it does not return 0; a file that cannot be read or
 * names none leaves what was known, and without any the server is 127.0.0.1, as
 * resolv.conf(5) says. For want of memory, or of a descriptor, it is read again
 * a second later. 0; SVC_EINVAL for a given server that is no address;
 * SVC_ENOMEM. */
int svc__dns_servers_init(struct svc__dns_servers *s,
                          const struct svc__backend_env *env,
                          int (*changed)(void *arg), void *arg,
                          svc_error *reterr);
void svc__dns_servers_fini(struct svc__dns_servers *s);

#endif
