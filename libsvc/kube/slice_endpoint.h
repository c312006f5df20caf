/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endpoints of one EndpointSlice, read into an array that its owner
 * reuses. Between kube/slice.c and kube/slice_endpoint.c.
 */
#ifndef SVC_KUBE_SLICE_ENDPOINT_H
#define SVC_KUBE_SLICE_ENDPOINT_H

#include "kube/fields.h"
#include "kube/slice_pattern.h"
#include "model/endpoint.h"

#include <stddef.h>

struct svc__slice_endpoints {
    struct svc__endpoint *items; /* owned; text offsets are of the fields */
    size_t count;
    size_t capacity;
    enum svc__family family; /* what addresses must be */
    struct svc__slice_pattern pattern;
};

/* Tables of kube/slice, in its reader. */
enum svc__slice_table {
    SVC__TABLE_SLICE,
    SVC__TABLE_METADATA,
    SVC__TABLE_LABELS,
    SVC__TABLE_PORT,
    SVC__TABLE_ENDPOINT,
    SVC__TABLE_CONDITIONS,
    SVC__TABLE_TARGET_REF,
    SVC__TABLE_HINTS,
    SVC__TABLE_ZONE_HINT,
    SVC__TABLE_NODE_HINT
};

/* Reads the array at p; forgets what was in list before. Returns where it
 * ends, or NULL with the cursor's error latched. */
const char *svc__slice_endpoints_read(struct svc__fields *f, const char *p,
                                      struct svc__slice_endpoints *list);
void svc__slice_endpoints_fini(struct svc__slice_endpoints *list);

#endif
