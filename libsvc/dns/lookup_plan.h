/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which questions a query needs, and which ones their answers make necessary.
 * Pure; one thread at a time.
 */
#ifndef SVC_DNS_LOOKUP_PLAN_H
#define SVC_DNS_LOOKUP_PLAN_H

#include "dns/lookup_state.h"

#include <svc/svc.h>

/* The names of the query, and what its port asks for. 0; SVC_ENAME,
 * SVC_ENOTSUP. */
int svc__lookup_plan_init(struct svc__lookup *l, svc_error *reterr);

/* The questions that are asked at once. 0 or SVC_ENOMEM. */
int svc__lookup_plan_begin(struct svc__lookup *l);

/* Those that the answer to ask makes necessary. 0; SVC_ENOMEM; SVC_ETOOBIG
 * with l->error when they are more than this library asks. */
int svc__lookup_plan_more(struct svc__lookup *l, struct svc__lookup_ask *ask);

/* How the answer to a question is to be read. Borrowed until free. */
struct svc__dns_reading svc__lookup_plan_reading(
    const struct svc__lookup *l, const struct svc__lookup_ask *ask);

#endif
