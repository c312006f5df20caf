/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses of a host by name, for the connection to an API server or its
 * proxy: an address as it stands, "localhost" (RFC 6761), /etc/hosts, else DNS
 * by our own dns backend, where that is built. No thread, no cache: asked at
 * each connect (faults A29). Thread that dispatches.
 */
#ifndef SVC_BACKEND_HOST_H
#define SVC_BACKEND_HOST_H

#include "backend/backend.h"
#include "backend/host_file.h"
#include "model/address.h"

#include <stddef.h>
#include <svc/svc.h>

/* What is looked at besides DNS; the usual one is /etc/hosts. */
extern const char *const svc__host_usual_hosts;

struct svc__host;

struct svc__host_settings {
    const struct svc__backend_env *env; /* loop, log, dns settings; its sinks
                                           are not called */
    const char *hosts;                  /* path of a file as hosts(5) says */
    /* Once, never from inside new; may free the host. err 0: addresses in the
     * order in which they are to be tried, at least one. SVC_EUNREACH: no such
     * name, or nobody answers, with the story; SVC_ENOTSUP: the dns backend is
     * not built; SVC_ENOMEM. */
    void (*done)(void *arg, int err, const struct svc__address *addresses,
                 size_t count, const svc_error *error);
    void *arg;
};

/* Owned; name is copied, without brackets. A name is asked of DNS as it is,
 * made absolute: no search list is walked. Where both families are there they
 * come by turns, beginning with that of the first line of the file, and with
 * IPv4 where DNS answered: what is not routed costs a whole time-out, since
 * nothing is raced. Loopback and link-local addresses are let through: whoever
 * answers there has to prove by TLS that it is the server. 0, SVC_ENAME,
 * SVC_ENOMEM. */
int svc__host_new(const struct svc__host_settings *settings, const char *name,
                  struct svc__host **ret, svc_error *reterr);
/* No call of done any more. NULL is allowed. */
void svc__host_free(struct svc__host *h);

#endif
