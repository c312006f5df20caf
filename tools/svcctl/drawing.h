/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a graph shows: a Service, its port, endpoints and the places where
 * they are. A place is a node of the cluster together with its zone.
 */
#ifndef SVCCTL_DRAWING_H
#define SVCCTL_DRAWING_H

#include <stddef.h>
#include <stdio.h>
#include <svc/svc.h>

struct place {
    const char *node; /* either may be NULL, unknown; not both */
    const char *zone;
};

/* Strings are borrowed from the set. */
struct drawing {
    const svc_endpoints *eps;
    svc_endpoints_info info;
    size_t count;         /* endpoints shown, from the first on */
    struct place *places; /* owned, sorted, each once */
    size_t places_count;
};

/* Collects what is to be drawn. To be given to drawing_fini. */
void drawing_init(struct drawing *ret, const svc_endpoints *eps, size_t count);

void drawing_fini(struct drawing *d);

/* The place of an endpoint in places. SVC_ENOENDPOINTS when it is unknown. */
int drawing_place(const struct drawing *d, const svc_endpoint_info *info,
                  size_t *ret);

/* What the boxes say, safe for a terminal; between is written between the
 * parts of it. */
void drawing_name_service(FILE *out, const struct drawing *d,
                          const char *between);
void drawing_name_port(FILE *out, const struct drawing *d);
void drawing_name_endpoint(FILE *out, const svc_endpoint_info *info,
                           const char *between);

/* Each writes the whole drawing on standard output. */
void drawing_write_text(const struct drawing *d);
void drawing_write_mermaid(const struct drawing *d);
void drawing_write_dot(const struct drawing *d);

#endif
