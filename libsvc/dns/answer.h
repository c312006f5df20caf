/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one message says to its question: the records that belong to it, which
 * are those at the end of the chain of aliases that begins at the name asked
 * for, and nothing else that the message holds (faults D13 to D16). Pure; one
 * thread at a time.
 */
#ifndef SVC_DNS_ANSWER_H
#define SVC_DNS_ANSWER_H

#include "dns/wire.h"
#include "model/endpoint.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

#define SVC__DNS_ALIASES_MAX 11 /* as CoreDNS (semantics 2.8) */

enum svc__dns_answer_kind {
    SVC__DNS_HAVE,     /* records of the type asked for */
    SVC__DNS_ALIAS,    /* an alias, and no record at its end */
    SVC__DNS_NODATA,   /* the name is there, without such a record */
    SVC__DNS_NXDOMAIN, /* no such name */
    SVC__DNS_BROKEN    /* the aliases loop, or are too many */
};

/* How an answer is to be read. Borrowed for the call. */
struct svc__dns_reading {
    const struct svc__wire_question *question;
    const struct svc__wire_name *domain; /* SRV of a Service: its name. Targets
                                            outside are refused, those within
                                            are kept without it. NULL: any */
    const char *hostname; /* A, AAAA: of all endpoints but those whose dashed
                             address it is; or NULL */
    int follow;           /* look behind aliases; else one is the answer */
    unsigned aliases;     /* that led to the question already */
};

/* One SRV record, or several that say the same. */
struct svc__dns_service {
    const uint8_t *target; /* labels in wire form, in names; size 0: the name of
                              the Service itself */
    uint32_t at;           /* where in names that is */
    uint16_t port;
    uint16_t priority;
    uint16_t weight;
    uint8_t size;
};

/* An address of a target from the additional section. */
struct svc__dns_glue {
    uint32_t service; /* the first of its target */
    struct svc__address address;
};

struct svc__dns_answer {
    enum svc__dns_answer_kind kind;
    int64_t ttl_ms;   /* the least of what was used; for how long a negative
                         answer holds (RFC 2308 section 5), -1: not said */
    unsigned aliases; /* followed, those before the question included */
    struct svc__wire_name *end; /* where they lead to; NULL without one */
    struct svc__block *block;   /* A, AAAA: each address once, in order */
    struct svc__dns_service *services; /* SRV: in order of target and port */
    size_t service_count;
    struct svc__dns_glue *glue; /* in order of service and address */
    size_t glue_count;
    char *names;         /* what targets point to */
    uint64_t duplicates; /* records that say what another one said */
    uint64_t skipped;    /* SRV records that offer nothing (faults D15) */
    uint64_t refused;    /* SRV records with a target outside the domain */
    char *chain;         /* BROKEN: the names of the chain, with arrows */
};

/* Reads a checked message with rcode NOERROR or NXDOMAIN. 0 and an answer to
 * be given to fini; SVC_ENOMEM. Linear in the message, but for sorting. */
int svc__dns_answer_read(const struct svc__wire_message *m,
                         const struct svc__dns_reading *how,
                         struct svc__dns_answer *ret);

/* Harmless for a zeroed answer. */
void svc__dns_answer_fini(struct svc__dns_answer *a);

/* The index behind the last service that has the target of service i. */
size_t svc__dns_answer_next(const struct svc__dns_answer *a, size_t i);

#endif
