/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way from a question to its answer: the facts about one Service, in
 * order, and where the caller is.
 */
#include "base/alloc.h"
#include "base/err.h"
#include "kube/answer.h"
#include "kube/expose.h"
#include "kube/store_inside.h"
#include "kube/store_refuse.h"

#include <stdlib.h>
#include <string.h>

/* The order that svc__facts asks for. A resourceVersion that is not known (0)
 * is the lowest, so that this is an order whatever slices have one (KEP-5504:
 * they compare as numbers). */
static int by_version(const void *a, const void *b)
{
    const struct svc__slice *x = *(struct svc__slice *const *)a;
    const struct svc__slice *y = *(struct svc__slice *const *)b;

    if (x->resource_version != y->resource_version)
        return x->resource_version > y->resource_version ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
    const struct svc__node_object *x = *(struct svc__node_object *const *)a;
    const struct svc__node_object *y = *(struct svc__node_object *const *)b;

    return strcmp(x->name, y->name);
}

/* The slices of an owner in order; owned (svc__free). 0 or SVC_ENOMEM. */
static int sort_slices(const struct svc__store_owner *o,
                       struct svc__slice ***ret)
{
    struct svc__slice **slices = svc__calloc(o->count, sizeof(*slices));

    if (slices == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; i < o->count; i++)
        slices[i] = o->slices[i]->slice;
    qsort(slices, o->count, sizeof(*slices), by_version);
    *ret = slices;
    return 0;
}

/* All Nodes by name; owned (svc__free). 0 or SVC_ENOMEM. */
static int sort_nodes(const struct svc__store *st,
                      struct svc__node_object ***ret)
{
    struct svc__node_object **nodes =
        svc__calloc(st->nodes.count, sizeof(*nodes));
    struct svc__map_entry *e;
    size_t count = 0;
    size_t at = 0;

    if (nodes == NULL)
        return SVC_ENOMEM;
    while ((e = svc__map_next(&st->nodes, &at)) != NULL)
        nodes[count++] = e->value;
    qsort(nodes, count, sizeof(*nodes), by_name);
    *ret = nodes;
    return 0;
}

/* Collects the facts and has them answered. Nodes are collected only for the
 * view that needs them. */
static int answer(const struct svc__store *st, const struct svc__store_owner *o,
                  const struct svc__query *q, struct svc__view *v)
{
    struct svc__facts f = {.service = o->service,
                           .query = q,
                           .slice_count = o->count,
                           .hash_key = &st->owners.hash_key};
    struct svc__slice **slices = NULL;
    struct svc__node_object **nodes = NULL;
    int err = SVC_ENOMEM;

    f.refused_slice = svc__store_refuse_why_slices(o, &f.refused_more);
    if (sort_slices(o, &slices) != 0)
        goto out;
    if (svc__expose_kind(q, o->service) == SVC__VIEW_NODE) {
        if (sort_nodes(st, &nodes) != 0)
            goto out;
        f.nodes = nodes;
        f.node_count = st->nodes.count;
    }
    f.slices = slices;
    err = svc__answer_service(&f, v);
out:
    svc__free(nodes);
    svc__free(slices);
    return err;
}

/* The zone of the Node that the caller is on. */
static int place_caller(const struct svc__store *st, const struct svc__query *q,
                        struct svc__view *v)
{
    const struct svc__node_object *node =
        q->node == NULL ? NULL : svc__store_node(st, q->node);

    if (node == NULL || node->zone == NULL)
        return 0;
    v->caller_zone = svc__strdup(node->zone);
    return v->caller_zone == NULL ? SVC_ENOMEM : 0;
}

int svc__store_view(const struct svc__store *st, const struct svc__query *q,
                    svc__clock_fn trace, struct svc__view **ret,
                    svc_error *reterr)
{
    const struct svc__store_owner *o =
        svc__store_get(&st->owners, q->namespace_, q->service);
    const char *refusal = o == NULL ? NULL : svc__store_refuse_why_service(o);
    struct svc__view *v;
    int err;

    if (refusal != NULL && o->service == NULL)
        return svc__answer_refused(q, refusal, st->source, reterr);
    v = svc__view_new(st->source, trace);
    if (v == NULL)
        return svc__err_nomem(reterr);
    err = svc__answer_begin(q, v);
    if (err == 0)
        err = place_caller(st, q, v);
    if (err == 0)
        err = o == NULL || o->service == NULL
                  ? svc__answer_absent(st, q, o != NULL && o->count > 0, v)
                  : answer(st, o, q, v);
    if (err != 0) {
        svc__view_free(v);
        return svc__err_nomem(reterr);
    }
    *ret = v;
    return 0;
}

int svc__store_needs_nodes(const struct svc__store *st,
                           const struct svc__query *q)
{
    const struct svc__service_object *service =
        svc__store_service(st, q->namespace_, q->service);

    return service != NULL && q->host == NULL &&
           (service->type == SVC__SERVICE_NODEPORT ||
            service->type == SVC__SERVICE_LOADBALANCER) &&
           svc__expose_kind(q, service) == SVC__VIEW_NODE;
}
