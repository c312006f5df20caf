/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merges the slices of one Service and port into the candidates of the pods
 * view: families, hostnames, ports per slice, duplicates, the address filter
 * (semantics 2.3 to 2.5, 2.9 rules 1 to 9). Ready, terminating and topology
 * are policy/eligible's. Pure; one thread at a time.
 */
#ifndef SVC_KUBE_JOIN_H
#define SVC_KUBE_JOIN_H

#include "kube/port.h"
#include "model/view.h"

/* Appends every endpoint that is part of the question, with the reasons that
 * the slices alone tell, and writes steps "slices". Sets a code when nothing
 * was appended: SVC_ENOENDPOINTS, or SVC_ENOSERVICE when a host was asked for.
 * The result does not depend on the order in which slices came. 0 or
 * SVC_ENOMEM. */
int svc__join_pods(const struct svc__facts *f, const struct svc__port *port,
                   struct svc__view *v);

/* Reasons against an address whatever it belongs to: its family is not asked
 * for, or is none of a Service that lists some (semantics 2.11, 8); the filter
 * stops it (faults 3.3). Counts the latter in v. */
uint16_t svc__join_address_why(const struct svc__facts *f, int any_family,
                               const struct svc__address *a,
                               struct svc__view *v);

#endif
