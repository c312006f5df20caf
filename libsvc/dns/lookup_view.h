/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a verdict to the view that is given out. Pure; one thread at a time.
 */
#ifndef SVC_DNS_LOOKUP_VIEW_H
#define SVC_DNS_LOOKUP_VIEW_H

#include "dns/lookup_join.h"
#include "dns/lookup_state.h"

/* The view of a verdict but WAIT and TROUBLE, with all steps so far, and what
 * it is. Owned. 0; SVC_ENOMEM; SVC_ETOOBIG with l->error. */
int svc__lookup_view_make(struct svc__lookup *l,
                          enum svc__lookup_verdict verdict,
                          struct svc__view **ret,
                          enum svc__lookup_found *ret_found);

/* Whether some of what was asked for did not come. */
int svc__lookup_view_is_partial(const struct svc__lookup *l);

#endif
