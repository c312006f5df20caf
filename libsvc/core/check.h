/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether all is well: what the sources of a resolver find, what they answer
 * for a name, and whether they agree, as JSON.
 */
#ifndef SVC_CORE_CHECK_H
#define SVC_CORE_CHECK_H

#include "core/resolver.h"

#include <svc/svc.h>

/* At most so long. */
#define SVC__CHECK_MS 10000

/* As svc_resolver_check; name may be NULL. Any thread, or dispatching. */
int svc__check(svc_resolver *r, const char *name, char **ret_json,
               svc_error *reterr);

#endif
