/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dns backend: cluster DNS, and names outside the cluster (docs/dns.md).
 * Thread that dispatches.
 */
#ifndef SVC_BACKEND_DNS_H
#define SVC_BACKEND_DNS_H

#include "backend/backend.h"

/* Its table. init needs env->dns. Servers that do not answer are trouble of the
 * subscriptions, and no failure of init. */
extern const struct svc__backend_ops svc__backend_dns;

#endif
