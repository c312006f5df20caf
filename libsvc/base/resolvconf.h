/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a resolv.conf (resolv.conf(5)): name servers, search list,
 * options, read as the system's resolver reads them, and bounded. Pure.
 */
#ifndef SVC_BASE_RESOLVCONF_H
#define SVC_BASE_RESOLVCONF_H

#include <stddef.h>
#include <svc/svc.h>

#define SVC__RESOLVCONF_SERVERS 8
#define SVC__RESOLVCONF_SEARCH  32

struct svc__resolvconf {
    size_t server_count;
    char servers[SVC__RESOLVCONF_SERVERS][64]; /* as written */
    size_t search_count;
    char search[SVC__RESOLVCONF_SEARCH][256]; /* lower case, no final dot */
    int ndots;                                /* default 1 */
    int timeout_s;                            /* default 5 */
    int attempts;                             /* default 2 */
};

/* Reads text; what cannot be read is left out, never guessed. The last search
 * or domain line wins. */
void svc__resolvconf_parse(const char *text, size_t size,
                           struct svc__resolvconf *ret);

/* The first search entry "NS.svc.ZONE" gives the caller's namespace and the
 * zone; an entry "svc.ZONE" the zone alone. Copied into the arrays, "" where
 * not found. */
void svc__resolvconf_cluster(const struct svc__resolvconf *rc,
                             char ret_namespace[64], char ret_zone[256]);

#endif
