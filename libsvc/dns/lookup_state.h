/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a lookup knows while it runs; shared by the files dns/lookup*.c and
 * nobody else. One thread at a time.
 */
#ifndef SVC_DNS_LOOKUP_STATE_H
#define SVC_DNS_LOOKUP_STATE_H

#include "dns/answer.h"
#include "dns/lookup.h"
#include "dns/wire.h"
#include "model/view.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* What a question is asked for. */
enum svc__lookup_role {
    SVC__LOOKUP_ADDRESS, /* addresses of the name itself */
    SVC__LOOKUP_SERVICE, /* SRV: ports, targets, kind */
    SVC__LOOKUP_TARGET,  /* addresses of a target */
    SVC__LOOKUP_ZONE     /* addresses in the caller's topology zone */
};

/* Where a question stands. */
enum svc__lookup_standing {
    SVC__LOOKUP_ABSENT, /* not asked */
    SVC__LOOKUP_OUT,    /* no answer yet */
    SVC__LOOKUP_KNOWN,  /* answer */
    SVC__LOOKUP_UNKNOWN /* there will be no answer */
};

/* What the query says of a port. */
enum svc__lookup_port {
    SVC__LOOKUP_NUMBER,      /* a number, taken as it is: no SRV */
    SVC__LOOKUP_NUMBER_KIND, /* the same, and the kind has to be known */
    SVC__LOOKUP_ANY_PORT,    /* none: SRV at the plain name, if it is there */
    SVC__LOOKUP_NAMED        /* a name: SRV of that name */
};

struct svc__lookup_ask {
    struct svc__wire_question question;
    enum svc__lookup_role role;
    enum svc__lookup_standing standing;
    enum svc__family family;       /* of the addresses asked for, or ANY */
    size_t service;                /* TARGET: the first service of its target */
    int replaced;                  /* another question was asked in its place */
    unsigned aliases;              /* that led to it */
    int64_t ttl_ms;                /* of these, or INT64_MAX */
    struct svc__dns_answer answer; /* KNOWN */
    char *server; /* KNOWN, and it offers nothing: who said so; or NULL */
};

/* Questions whose list lies in the lookup itself. */
#define SVC__LOOKUP_FEW 4

/* Many are under way at once, so it is small; the texts of the query lie behind
 * it. */
struct svc__lookup {
    struct svc__query q;
    struct svc__lookup_env env;
    enum svc__lookup_port port;
    const struct svc__wire_name *base; /* whose addresses are asked: domain, or
                                          part */
    struct svc__wire_name *part;       /* of a part of the Service, or NULL */
    struct svc__lookup_ask *few[SVC__LOOKUP_FEW];
    struct svc__lookup_ask **asks; /* few, or a longer list */
    size_t count;
    size_t capacity;
    size_t protos_asked;   /* of those that a port name may have */
    enum svc__proto proto; /* of the SRV question that was asked last */
    int has_nodata;        /* one of these questions had no NXDOMAIN */
    int64_t negative_ms;   /* the least TTL of their negative answers, or -1 */
    int64_t patience_ms;   /* until when others are waited for; INT64_MAX */
    int is_shown;          /* half a view was given out */
    svc_error *error;      /* of the first question that failed and counts, or
                              why it is over; NULL: nothing */
    struct svc__view *log; /* the steps so far; NULL without trace */
    struct svc__wire_name domain; /* of the Service as a whole, or EXTERNAL */
    struct svc__lookup_ask first; /* question; many need no other */
};

/* Where an error is to be written, l->error; NULL when out of memory. */
svc_error *svc__lookup_trouble(struct svc__lookup *l);

/* The question of a role and, but for SERVICE, a family that counts now, or
 * NULL. For TARGET the first one. */
const struct svc__lookup_ask *svc__lookup_find(const struct svc__lookup *l,
                                               enum svc__lookup_role role,
                                               enum svc__family family);

/* The answer of the SRV question with services that can be used, or NULL. */
const struct svc__dns_answer *svc__lookup_services(const struct svc__lookup *l);

#endif
