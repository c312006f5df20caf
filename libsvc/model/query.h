/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of a backend. Pure.
 */
#ifndef SVC_MODEL_QUERY_H
#define SVC_MODEL_QUERY_H

#include "model/address.h"
#include "model/name.h"

#include <stdint.h>

enum svc__view_kind {
    SVC__VIEW_AUTO = 0,
    SVC__VIEW_PODS,
    SVC__VIEW_VIP,
    SVC__VIEW_NODE,
    SVC__VIEW_LB,
    SVC__VIEW_NONE /* of outside names and literals */
};

/* One question. Strings are borrowed from its owner. */
struct svc__query {
    enum svc__name_kind kind; /* SERVICE, EXTERNAL, CLUSTERSET or ZONAL */
    const char *domain;       /* EXTERNAL: the name; the others have service
                                 and namespace_ */
    const char *cluster_id;   /* CLUSTERSET with a host, else NULL */
    const char *topo_zone;    /* ZONAL: the topology zone */
    int topo_prefer;          /* ZONAL: 1 prefer, 0 pin */
    const char *service;
    const char *namespace_;
    const char *host;      /* NULL: the whole Service */
    const char *port_name; /* NULL: by number, or no port given */
    const char *zone;      /* cluster domain, for canonical names */
    uint16_t port;         /* 0: none given */
    enum svc__proto proto;
    enum svc__view_kind view;
    enum svc__family family;
    unsigned allow;   /* enum svc__address_class let through */
    int is_partial;   /* the source knows what is open, and nothing else */
    int outside;      /* the caller is outside of the cluster: what "auto"
                         means (docs/names.md) */
    const char *node; /* the caller's, or NULL: its zone is told with the
                         view where the source knows the Node */
};

#endif
