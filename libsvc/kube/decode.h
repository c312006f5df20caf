/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every object but slices, framed JSON text to typed values: Service, Node.
 * Strict, as decode_field.h says; checks what the API server checks as far as
 * an answer depends on it. Pure.
 *
 * kube/decode.c is the only file that includes json-c, which sees a few used
 * scalars at a time. json-c allocates by itself; its failures are SVC_ENOMEM
 * too.
 */
#ifndef SVC_KUBE_DECODE_H
#define SVC_KUBE_DECODE_H

#include "base/sync.h"
#include "model/address.h"
#include "model/name.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

struct svc__service_port {
    char *name;         /* "" when unnamed */
    char *app_protocol; /* NULL when absent */
    uint16_t port;
    uint16_t node_port; /* 0: none */
    uint8_t proto;      /* enum svc__proto; absent is TCP */
};

/* status.loadBalancer.ingress[]: an address, or a hostname. */
struct svc__ingress {
    struct svc__address address; /* family 0: none, see hostname */
    char *hostname;              /* NULL: see address */
    /* ports[].error that are set: */
    size_t error_count;
    struct svc__ingress_error {
        uint16_t port;
        uint8_t proto;
        char *text;
    } * errors;
};

enum svc__service_type {
    SVC__SERVICE_CLUSTERIP,
    SVC__SERVICE_NODEPORT,
    SVC__SERVICE_LOADBALANCER,
    SVC__SERVICE_EXTERNALNAME
};

/* A Service. Immutable once decoded; shared. */
struct svc__service_object {
    struct svc__refs refs;
    uint64_t resource_version; /* 0: absent or not a number */
    char *namespace_;          /* "default" when absent */
    char *name;
    enum svc__service_type type;
    int headless; /* spec.clusterIP is "None" */
    size_t cluster_ip_count;
    struct svc__address cluster_ips[2];
    size_t family_count; /* spec.ipFamilies; 0: not given */
    enum svc__family families[2];
    size_t port_count;
    struct svc__service_port *ports;
    char *external_name; /* ExternalName only: as written, may end in a
                            dot, may be an address or nonsense */
    int internal_local;  /* internalTrafficPolicy: Local */
    int external_local;  /* externalTrafficPolicy: Local */
    int client_ip;       /* sessionAffinity: ClientIP */
    int has_selector;
    size_t ingress_count;
    struct svc__ingress *ingress;
};

/* A Node. Immutable once decoded; shared. */
struct svc__node_object {
    struct svc__refs refs;
    uint64_t resource_version; /* 0: absent or not a number */
    int ready;                 /* condition Ready is "True" */
    char *name;
    char *zone; /* label topology.kubernetes.io/zone, or NULL */
    /* For each family the first InternalIP, else the first ExternalIP
     * (semantics 2.6); family 0: none. */
    struct svc__address ipv4;
    struct svc__address ipv6;
};

/* 0; SVC_EFILE with object and field named; SVC_ENOMEM. *ret is shared. */
int svc__decode_service(const char *text, size_t size,
                        struct svc__service_object **ret, svc_error *reterr);
int svc__decode_node(const char *text, size_t size,
                     struct svc__node_object **ret, svc_error *reterr);

struct svc__service_object *svc__service_object_ref(
    struct svc__service_object *service);
void svc__service_object_unref(struct svc__service_object *service);
struct svc__node_object *svc__node_object_ref(struct svc__node_object *node);
void svc__node_object_unref(struct svc__node_object *node);

#endif
