/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The endpoints of one slice are written alike: they differ in an address, a
 * pod, a UID, a node, a zone. What stands between these holes is compared with
 * an endpoint that was read before, byte by byte, and not read again: where
 * all of it is equal, and every hole holds a plain text that its field allows,
 * a reading would find the same members with the same values. Between
 * kube/slice_endpoint.c and kube/slice_pattern.c.
 */
#ifndef SVC_KUBE_SLICE_PATTERN_H
#define SVC_KUBE_SLICE_PATTERN_H

#include "kube/fields.h"
#include "model/endpoint.h"

#include <stddef.h>

/* What may differ. */
enum svc__slice_hole {
    SVC__HOLE_ADDRESS,
    SVC__HOLE_HOSTNAME,
    SVC__HOLE_POD,
    SVC__HOLE_UID,
    SVC__HOLE_NODE,
    SVC__HOLE_ZONE,
    SVC__HOLE_ZONE_HINT, /* the only name in hints.forZones */
    SVC__HOLES
};

struct svc__slice_pattern {
    const char *text; /* of the endpoint, or NULL: nothing is known */
    const char *end;
    unsigned count; /* holes; more than SVC__HOLES: it cannot be a pattern */
    struct {
        enum svc__slice_hole what;
        const char *text; /* between quotes */
        size_t size;
    } holes[SVC__HOLES];
};

/* While an endpoint is read: it begins; a hole comes, in the order of the
 * text; something came that no pattern can have; it ended. */
void svc__slice_pattern_begin(struct svc__slice_pattern *pattern,
                              const char *text);
void svc__slice_pattern_hole(struct svc__slice_pattern *pattern,
                             enum svc__slice_hole what, const char *text,
                             size_t size);
void svc__slice_pattern_spoil(struct svc__slice_pattern *pattern);
void svc__slice_pattern_end(struct svc__slice_pattern *pattern,
                            const char *end);

/* Reads the endpoint at p if it fits the pattern. *ep is that which the
 * pattern came from, or one that fitted it since; its holes are filled anew.
 * Returns where the endpoint ends; NULL, with nothing changed but *ep, when it
 * does not fit. */
const char *svc__slice_pattern_read(struct svc__slice_pattern *pattern,
                                    struct svc__fields *f, const char *p,
                                    struct svc__endpoint *ep);

#endif
