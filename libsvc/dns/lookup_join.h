/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the answers so far say together: there is something, there is surely
 * nothing, or it is not known (faults D7). Pure; one thread at a time.
 */
#ifndef SVC_DNS_LOOKUP_JOIN_H
#define SVC_DNS_LOOKUP_JOIN_H

#include "dns/lookup_state.h"

#include <stddef.h>

enum svc__lookup_verdict {
    SVC__LOOKUP_WAIT,    /* nothing can be said yet */
    SVC__LOOKUP_HALF,    /* there is something, and more may come */
    SVC__LOOKUP_ENOUGH,  /* all but what the answer can do without */
    SVC__LOOKUP_WHOLE,   /* all endpoints there are */
    SVC__LOOKUP_ALIASED, /* it is another name for something else */
    SVC__LOOKUP_NOTHING, /* surely no address */
    SVC__LOOKUP_NO_PORT, /* addresses, but not for the port name */
    SVC__LOOKUP_SEVERAL, /* several ports, and none asked for */
    SVC__LOOKUP_NO_VIEW, /* DNS does not have the view */
    SVC__LOOKUP_TROUBLE  /* not known: l->error */
};

enum svc__lookup_verdict svc__lookup_join(const struct svc__lookup *l);

/* How the questions of one role and family (ANY: of both) stand. */
struct svc__lookup_tally {
    size_t have;
    size_t none;     /* surely: NODATA, NXDOMAIN, BROKEN */
    size_t nxdomain; /* of these */
    size_t broken;   /* likewise */
    size_t alias;
    size_t out;
    size_t unknown;
};
struct svc__lookup_tally svc__lookup_join_tally(const struct svc__lookup *l,
                                                enum svc__lookup_role role,
                                                enum svc__family family);

/* What SRV shows the Service to be; UNKNOWN without it. */
enum svc__type svc__lookup_join_type(const struct svc__lookup *l);

/* Whether endpoints are targets of SRV records with their ports; else they are
 * the addresses of the name, each with the same ports. */
int svc__lookup_join_by_target(const struct svc__lookup *l);

/* The services [*ret_begin, *ret_end) of the name as a whole or of its host,
 * when endpoints are not by target. An empty range: the port is not known. */
void svc__lookup_join_ports(const struct svc__lookup *l, size_t *ret_begin,
                            size_t *ret_end);

#endif
