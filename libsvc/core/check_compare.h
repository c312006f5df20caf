/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether DNS and another source say the same of a Service. Any thread, or
 * dispatching.
 */
#ifndef SVC_CORE_CHECK_COMPARE_H
#define SVC_CORE_CHECK_COMPARE_H

#include "backend/check.h"
#include "core/resolver.h"
#include "model/endpoints.h"

#include <stdint.h>
#include <svc/svc.h>

/* Both answers to a name; each may be NULL, when there was none. */
struct svc__check_pair {
    svc_resolver *r;
    const char *name;
    const struct svc__backend_ops *ops; /* the other source */
    const struct svc_endpoints *first;  /* its answer */
    const struct svc_endpoints *dns;
    int64_t deadline_ms; /* for asking the other one again, in the view that
                            DNS has */
};

/* Adds the finding "difference". */
void svc__check_compare(const struct svc__check_pair *pair,
                        struct svc__check *c);

/* As svc__service_wait, but trouble of the source ends it too. */
int svc__check_compare_wait(svc_service *s, int64_t deadline_ms,
                            svc_error *reterr);

/* Writes a set with usable endpoints into ret's message: type, view, some of
 * its addresses. */
void svc__check_compare_tell(const struct svc_endpoints *eps, const char *name,
                             svc_error *ret);

#endif
