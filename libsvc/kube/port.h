/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which port of a Service a query means, and where it is found in a slice
 * (semantics 2.11, 1 to 3). Also the facts that this choice, kube/join and
 * kube/expose all work on. Pure; one thread at a time.
 */
#ifndef SVC_KUBE_PORT_H
#define SVC_KUBE_PORT_H

#include "base/hash.h"
#include "kube/decode.h"
#include "kube/slice.h"
#include "model/view.h"

#include <stddef.h>
#include <stdint.h>

/* What the store knows about the Service that a query asks for. All borrowed
 * for the call. */
struct svc__facts {
    const struct svc__service_object *service;
    const struct svc__query *query;
    struct svc__slice *const *slices; /* the higher resourceVersion first, then
                                         by name */
    size_t slice_count;
    struct svc__node_object *const *nodes; /* by name; for the node view */
    size_t node_count;
    const char *refused_slice; /* why a slice of it is missing, or NULL */
    int refused_more;          /* others are missing too */
    const struct svc__hash_key *hash_key;
};

enum svc__port_rule {
    SVC__PORT_BY_NAME,   /* the slice ports of this name and protocol */
    SVC__PORT_BY_NUMBER, /* the slice ports of this number: headless only */
    SVC__PORT_AS_IS      /* whatever slices say: headless without ports */
};

/* A choice. Borrowed from the facts. */
struct svc__port {
    enum svc__port_rule rule;
    const struct svc__service_port *of; /* the Service's port, or NULL */
    const char *name;                   /* BY_NAME: not NULL */
    uint16_t number; /* the caller's, else the Service's, else 0: unknown */
    enum svc__proto proto; /* ANY: unknown */
    int headless;          /* slices alone decide what there is */
};

/* Chooses, and fills v->port, v->port_name and the step "port". Where there is
 * no choice v gets its code: SVC_ENOPORT or SVC_EINVAL listing the ports, and
 * *ret is not to be used. 0 or SVC_ENOMEM. */
int svc__port_choose(const struct svc__facts *f, struct svc__view *v,
                     struct svc__port *ret);

/* Whether a slice has the chosen port. 1 with the port of its endpoints (0:
 * unknown) and the offset of its appProtocol, else 0. */
int svc__port_in_slice(const struct svc__port *port,
                       const struct svc__slice *slice, uint16_t *ret_number,
                       uint32_t *ret_app_protocol);

#endif
