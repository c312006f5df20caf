/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of a resolver and of the services that its caller has open,
 * collected from where they are counted, and their text for monitoring. Looks
 * at nothing that belongs to the loop. Any thread.
 */
#ifndef SVC_CORE_STATS_H
#define SVC_CORE_STATS_H

#include "core/service.h"

#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* At most so many services are listed, and names of so many bytes together. */
#define SVC__STATS_SERVICES_MAX 10000
#define SVC__STATS_NAMES_MAX    ((size_t)1024 * 1024)

/* ---- numbers ------------------------------------------------------------- */

/* Fills every member of *ret but its size. */
void svc__stats_read(svc_resolver *r, svc_stats *ret);

/* One service, at one moment. */
struct svc__stats_service {
    svc_service *s; /* one reference; its text is the row's name */
    uint64_t answered;
    uint64_t stale;
    uint64_t endpoints;
    uint64_t endpoints_unusable;
    uint64_t age_ms; /* 0 before the first answer */
};

/* Services by name, each name once. */
struct svc__stats_services {
    struct svc__stats_service *rows;
    size_t count;
    uint64_t unlisted; /* that are open and had no room, or whose name is no
                          UTF-8, which no format can hold */
};

/* The services that the caller opened first. Those that svc_resolver_resolve
 * keeps are not among them: their names come and go with what a program is
 * asked, and each would be a time series. 0 and a list to be given to fini, or
 * SVC_ENOMEM. */
int svc__stats_services(svc_resolver *r, struct svc__stats_services *ret);
void svc__stats_services_fini(struct svc__stats_services *all);

/* Lock held: a service begins and ceases to be listed. */
void svc__stats_list(svc_service *s);
void svc__stats_unlist(svc_service *s); /* one that is not: allowed */

/* ---- text ---------------------------------------------------------------- */

enum svc__stat_kind {
    SVC__STAT_COUNTER,
    SVC__STAT_GAUGE,
    SVC__STAT_FLAG, /* a gauge that is 1 or 0 */
    SVC__STAT_MS    /* a gauge of milliseconds */
};

/* How one number, a uint64_t member of a struct, is told. */
struct svc__stat {
    const char *name;   /* in JSON: the member's */
    const char *metric; /* in Prometheus */
    const char *help;   /* there, too: one sentence */
    enum svc__stat_kind kind;
    size_t offset;
};

/* The numbers of svc_stats, in order; NULL behind the last. */
const struct svc__stat *svc__stats_at(size_t i);

/* As svc_resolver_stats_text. */
int svc__stats_text(svc_resolver *r, const char *format, char **ret_text,
                    svc_error *reterr);

#endif
