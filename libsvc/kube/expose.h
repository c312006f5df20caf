/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The views that are no pods: cluster IPs, node ports, load balancers, and the
 * alias of an ExternalName (semantics 2.3, 2.6 to 2.8). Pure; one thread at a
 * time.
 */
#ifndef SVC_KUBE_EXPOSE_H
#define SVC_KUBE_EXPOSE_H

#include "kube/port.h"
#include "model/view.h"

/* The view that a query comes to for a Service. "auto" is pods, but from
 * outside of the cluster what can be reached there: the load balancer, or the
 * Nodes of a NodePort (semantics 2.11, 6); else it stays SVC__VIEW_AUTO, which
 * check refuses. PODS for an ExternalName, whose target decides. */
enum svc__view_kind svc__expose_kind(const struct svc__query *q,
                                     const struct svc__service_object *service);

/* Whether the Service can give a view at all. 0; SVC_ENOMEM. v gets
 * SVC_ENOTSUP, with the reason, when it cannot. */
int svc__expose_check(const struct svc__facts *f, struct svc__view *v);

/* Appends the candidates of v->kind, which is VIP, NODE or LB and was checked,
 * or makes v an alias of the load balancer's hostname. Codes: SVC_ENOENDPOINTS
 * with no address at all, SVC_ENOTSUP for a port without node port,
 * SVC_EPENDING. 0 or SVC_ENOMEM. */
int svc__expose_view(const struct svc__facts *f, const struct svc__port *port,
                     struct svc__view *v);

/* Makes v the alias of an ExternalName Service, whatever view was asked for.
 * Codes: SVC_EALIAS for a target that is no domain name, SVC_ENOSERVICE for a
 * host, since it has none. 0 or SVC_ENOMEM. */
int svc__expose_alias(const struct svc__facts *f, struct svc__view *v);

#endif
