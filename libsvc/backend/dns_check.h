/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether each DNS server answers, and whether it knows the cluster domain: by
 * the one name that every cluster has. Thread that dispatches.
 */
#ifndef SVC_BACKEND_DNS_CHECK_H
#define SVC_BACKEND_DNS_CHECK_H

#include "backend/backend.h"
#include "backend/check.h"
#include "backend/dns_servers.h"

/* Asks each server by itself, past cache and ranking; servers is borrowed for
 * the call, c->place is its own. */
void svc__dns_check(const struct svc__backend_env *env,
                    const struct svc__dns_servers *servers,
                    struct svc__check *c);
void svc__dns_check_end(struct svc__check *c);

#endif
