/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published set: immutable, shared, usable endpoints first. Also the
 * freshness of its source, which lives on beside it. Any thread.
 */
#ifndef SVC_MODEL_ENDPOINTS_H
#define SVC_MODEL_ENDPOINTS_H

#include "base/sync.h"
#include "model/view.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <svc/svc.h>

/* Shared by a service and all its sets: written by the loop, read by all. */
struct svc__freshness {
    struct svc__refs refs;
    _Atomic int stale;            /* the source is in trouble */
    _Atomic int64_t confirmed_ms; /* when it last stood by its answers; -1: it
                                     does so now */
};

struct svc__freshness *svc__freshness_new(void);
struct svc__freshness *svc__freshness_ref(struct svc__freshness *f);
void svc__freshness_unref(struct svc__freshness *f);

struct svc_endpoint {
    struct svc__candidate c;
};

struct svc_endpoints {
    struct svc__refs refs;
    struct svc__freshness *freshness;
    struct svc__view *view; /* what it was made from: texts and blocks; its
                               candidates are gone */
    const char *policy;     /* static */
    uint64_t generation;
    size_t count; /* usable */
    size_t total;
    struct svc_endpoint endpoints[];
};

/* A set from a view whose candidates carry all their reasons: sorts them,
 * usable first. The view is taken on success only; freshness gets a reference.
 * A view with code 0 and nothing usable must have been given a code before.
 * Shared; NULL when out of memory. */
struct svc_endpoints *svc__endpoints_new(struct svc__view *view,
                                         struct svc__freshness *freshness,
                                         const char *policy,
                                         uint64_t generation);

/* As svc__candidate_compare, of a candidate and of somebody by identity. */
int svc__candidate_compare_to(const struct svc__candidate *c,
                              const struct svc__identity *id);

/* The candidate of an identity, the usable one where there are several; NULL:
 * there is none. */
const struct svc__candidate *svc__endpoints_find(
    const struct svc_endpoints *eps, const struct svc__identity *id);

/* Whether two sets would look the same to every reader, the generation and the
 * time to live aside, which is another with every answer of DNS. */
int svc__endpoints_equal(const struct svc_endpoints *a,
                         const struct svc_endpoints *b);

#endif
