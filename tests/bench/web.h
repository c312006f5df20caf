/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Services with as many endpoints as are wanted, for what picks from them.
 */
#ifndef SVC_BENCH_WEB_H
#define SVC_BENCH_WEB_H

#include "base/buf.h"

#include <stddef.h>
#include <svc/svc.h>

/* The manifest of one Service; b is empty. */
void web_manifest(struct svc__buf *b, unsigned endpoints);

/* A resolver of a manifest that has it. 0 or a code. */
int web_open(unsigned endpoints, int external_loop, svc_resolver **ret,
             svc_error *reterr);

/* A resolver of so many Services, with a thread of its own. 0 or a code. */
int web_open_many(unsigned services, unsigned endpoints, svc_resolver **ret,
                  svc_error *reterr);

/* web.shop:80, its pods, with a policy, its picks tracked or not; its set is
 * there. 0 or a code. */
int web_service(svc_resolver *r, const char *policy, int track,
                svc_service **ret, svc_error *reterr);

/* The same of the Service of a number, from 0, not tracked. */
int web_service_at(svc_resolver *r, unsigned number, const char *policy,
                   svc_service **ret, svc_error *reterr);

/* System calls that so many picks make, or -1 (bench.h): by a process of its
 * own, since a child of this one could not pick from what is open here. */
long web_calls(const char *policy, unsigned endpoints, size_t count);

#endif
