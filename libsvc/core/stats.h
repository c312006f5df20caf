/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of a resolver, collected from where they are counted. Looks at
 * nothing that belongs to the loop. Any thread.
 */
#ifndef SVC_CORE_STATS_H
#define SVC_CORE_STATS_H

#include "core/resolver.h"

#include <svc/svc.h>

/* Fills every member of *ret but its size. */
void svc__stats_read(svc_resolver *r, svc_stats *ret);

#endif
