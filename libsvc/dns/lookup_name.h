/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DNS names of a query (semantics 2.1). All return 0, or SVC_ENAME for a
 * label that is empty or over 63 octets, or a name over 255. Pure; any thread.
 */
#ifndef SVC_DNS_LOOKUP_NAME_H
#define SVC_DNS_LOOKUP_NAME_H

#include "dns/wire.h"
#include "model/view.h"

/* "svc.ns.svc.zone" of the whole Service, or the outside name. */
int svc__lookup_name_domain(const struct svc__query *q,
                            struct svc__wire_name *ret);

/* The name whose addresses are asked: of a host, of a topology zone, or that of
 * the whole. */
int svc__lookup_name_base(const struct svc__query *q,
                          struct svc__wire_name *ret);

/* "_port._proto." before the whole; proto is the label without "_". */
int svc__lookup_name_port(const struct svc__query *q, const char *proto,
                          struct svc__wire_name *ret);

/* "zone.prefer._zone." before the whole. */
int svc__lookup_name_zone(const struct svc__query *q, const char *topo_zone,
                          struct svc__wire_name *ret);

#endif
