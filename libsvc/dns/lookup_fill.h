/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The candidates of a lookup's view. Pure; one thread at a time.
 */
#ifndef SVC_DNS_LOOKUP_FILL_H
#define SVC_DNS_LOOKUP_FILL_H

#include "dns/lookup_state.h"

/* Appends what the answers so far have, each place once, in order, with the
 * reasons against it: family, address filter, topology zone. A family without
 * an answer keeps what env.before has of it (faults D7). 0; SVC_ENOMEM;
 * SVC_ETOOBIG with l->error. */
int svc__lookup_fill(struct svc__lookup *l, struct svc__view *v);

/* What the lookup knows of zonal names when it is over. */
enum svc__lookup_zonal svc__lookup_fill_zonal(const struct svc__lookup *l);

#endif
