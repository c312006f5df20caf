/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the text that a caller writes to what it means (docs/names.md,
 * semantics 2.1), one reading per form. Pure.
 */
#ifndef SVC_MODEL_NAME_H
#define SVC_MODEL_NAME_H

#include "model/address.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

enum svc__proto {
    SVC__PROTO_ANY = 0,
    SVC__PROTO_TCP = 6,
    SVC__PROTO_UDP = 17,
    SVC__PROTO_SCTP = 132
};

enum svc__name_kind {
    SVC__NAME_SERVICE,    /* service, namespace_, perhaps host */
    SVC__NAME_POD,        /* a-b-c-d.ns.pod: address, namespace_ */
    SVC__NAME_LITERAL,    /* address and port */
    SVC__NAME_EXTERNAL,   /* domain: outside the cluster */
    SVC__NAME_CLUSTERSET, /* ….svc.clusterset.local: service, namespace_ */
    SVC__NAME_ZONAL       /* <zone>.pin|prefer._zone.…: service… */
};

enum svc__name_scheme {
    SVC__SCHEME_NONE = 0,   /* no scheme, or svc:// */
    SVC__SCHEME_DNS,        /* dns:///name: an outside name */
    SVC__SCHEME_KUBERNETES, /* kubernetes://: the apiserver backend */
    SVC__SCHEME_FILE        /* file:///path#name: the file backend */
};

/* A name that was read. All strings are lower case where DNS is (paths and
 * option values are not), owned by the name, "" or NULL where absent. */
struct svc__name {
    enum svc__name_kind kind;
    enum svc__name_scheme scheme;
    char *service;
    char *namespace_; /* filled from the caller's namespace if not written */
    char *host;       /* hostname part, or NULL */
    char *domain;     /* EXTERNAL: absolute name without the final dot */
    char *file;       /* path of file://, or NULL */
    char *port_name;  /* named port, or NULL */
    char *cluster_id; /* CLUSTERSET with a host: its cluster id, or NULL */
    char *topo_zone;  /* ZONAL: the topology zone, or NULL */
    int topo_prefer;  /* ZONAL: 1 prefer, 0 pin */
    struct svc__address address; /* POD, LITERAL */
    uint16_t port;               /* number, 0 when none was written */
    enum svc__proto proto;       /* of _port._proto or ?proto=, or ANY */
    char *view; /* the words behind '?', as written; NULL: none */
    char *family;
    char *policy;
    char *track;
    char *subset;
    char *slow_start_ms;
    char *hash_balance_factor;
};

/* What the reading depends on, in lower case and without a final dot.
 * Borrowed for the call. */
struct svc__name_env {
    const char *namespace_; /* the caller's */
    const char *zone;       /* cluster domain, such as "cluster.local" */
};

/* Reads text. 0 and a name to be given to fini; SVC_ENAME with a message of
 * its own for each mistake and a hint; SVC_EINVAL for an option after '?'
 * (the message lists the valid ones); SVC_ENOMEM. *ret is untouched on
 * failure. */
int svc__name_parse(const char *text, const struct svc__name_env *env,
                    struct svc__name *ret, svc_error *reterr);

void svc__name_fini(struct svc__name *name);

/* Whether only DNS can know it: an outside, multi-cluster or zonal name. */
static inline int svc__name_is_outside(const struct svc__name *name)
{
    return name->kind == SVC__NAME_EXTERNAL ||
           name->kind == SVC__NAME_CLUSTERSET || name->kind == SVC__NAME_ZONAL;
}

/* Writes the name in one canonical form that parse reads back to an equal
 * name: parse(format(x)) = x. Owned (svc__free), NULL when out of memory. */
char *svc__name_format(const struct svc__name *name,
                       const struct svc__name_env *env);

/* The absolute DNS name that owns the addresses, without the final dot:
 * "web.shop.svc.cluster.local"; for a literal its address. Owned, NULL when
 * out of memory. */
char *svc__name_canonical(const struct svc__name *name,
                          const struct svc__name_env *env);

/* Whether text is an RFC 1123 label of at most 63 octets, lower case. */
int svc__name_is_label(const char *text, size_t size);

/* Whether text is a lower-case RFC 1123 subdomain of at most 253 octets, one
 * final dot let through (API field externalName). */
int svc__name_is_domain(const char *text, size_t size);

/* Whether a lower-case name is "localhost" or below it, which is this machine,
 * whatever anybody says (RFC 6761 section 6.3). */
int svc__name_is_localhost(const char *domain);

/* "namespace/name" without a NUL, for a table by name: its size, or 0 when that
 * is over max. */
size_t svc__name_key(const char *namespace_, const char *name, char *ret,
                     size_t max);

/* "tcp", "udp" or "sctp" in any case to a protocol. 0 or SVC_EINVAL. */
int svc__proto_parse(const char *text, size_t size, enum svc__proto *ret);

/* "TCP", "UDP", "SCTP", or NULL for ANY. */
const char *svc__proto_name(enum svc__proto proto);

#endif
