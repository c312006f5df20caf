/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the order of the questions: type before slices (an ExternalName may
 * have slices of an earlier life, semantics 2.8), view before port, port
 * before endpoints.
 */
#include "kube/answer.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "kube/expose.h"
#include "kube/join.h"
#include "kube/port.h"
#include "kube/suggest.h"

#include <string.h>

/* "host.service.namespace.svc.zone" of labels and a domain. */
#define CANONICAL_MAX 2048

int svc__answer_begin(const struct svc__query *q, struct svc__view *v)
{
    struct svc__buf name;

    /* What "auto" is outside of the cluster depends on the Service. */
    v->kind = q->view == SVC__VIEW_AUTO ? SVC__VIEW_PODS : q->view;
    v->service = svc__strdup(q->service);
    v->namespace_ = svc__strdup(q->namespace_);
    svc__buf_init(&name, CANONICAL_MAX);
    if (q->host != NULL)
        svc__buf_printf(&name, "%s.", q->host);
    svc__buf_printf(&name, "%s.%s.svc.%s", q->service, q->namespace_, q->zone);
    v->canonical = svc__buf_take(&name);
    svc__buf_fini(&name);
    if (v->service == NULL || v->namespace_ == NULL || v->canonical == NULL)
        return SVC_ENOMEM;
    return 0;
}

/* Headless is no type of the API: it is a ClusterIP Service whose clusterIP is
 * "None" (semantics 2.9 rule 14). */
static enum svc__type type_of(const struct svc__service_object *service)
{
    switch (service->type) {
    case SVC__SERVICE_NODEPORT:
        return SVC__TYPE_NODEPORT;
    case SVC__SERVICE_LOADBALANCER:
        return SVC__TYPE_LOADBALANCER;
    case SVC__SERVICE_EXTERNALNAME:
        return SVC__TYPE_EXTERNALNAME;
    default:
        return service->headless ? SVC__TYPE_HEADLESS : SVC__TYPE_CLUSTERIP;
    }
}

/* What decides about the answer, in one line. */
static int step_service(const struct svc__facts *f, struct svc__view *v)
{
    const struct svc__service_object *service = f->service;

    return svc__view_step(
        v, "service",
        "Service \"%s\" in namespace \"%s\": type %s, %s "
        "selector, ports: %zu, slices: %zu%s%s%s",
        service->name, service->namespace_, svc__type_name(v->type),
        service->has_selector ? "with" : "without", service->port_count,
        f->slice_count,
        service->internal_local ? ", internalTrafficPolicy Local" : "",
        service->external_local ? ", externalTrafficPolicy Local" : "",
        service->client_ip ? ", sessionAffinity ClientIP" : "");
}

/* "an EndpointSlice of it was refused: …" into v->gap. */
static int note_gap(const struct svc__facts *f, struct svc__view *v)
{
    struct svc__buf b;

    if (f->refused_slice == NULL)
        return 0;
    svc__buf_init(&b, strlen(f->refused_slice) + 64);
    svc__buf_printf(&b, "an EndpointSlice of it was refused: %s%s",
                    f->refused_slice, f->refused_more ? " (and others)" : "");
    v->gap = svc__buf_take(&b);
    svc__buf_fini(&b);
    return v->gap == NULL ? SVC_ENOMEM : 0;
}

/* When nothing at all was found and a slice is missing, the missing slice is
 * the story (semantics 2.11, 13): what it holds is not known. */
static int tell_gap(const struct svc__facts *f, struct svc__view *v)
{
    int by_slices = v->code == SVC_ENOENDPOINTS || v->code == SVC_ENOSERVICE ||
                    (v->code == SVC_ENOPORT && f->service->headless);

    if (v->gap == NULL || v->kind != SVC__VIEW_PODS || !by_slices)
        return 0;
    return svc__view_fail(v, SVC_ENOENDPOINTS,
                          "Service \"%s\" in namespace \"%s\" has no usable "
                          "endpoint: %s (source: %s)",
                          f->service->name, f->service->namespace_, v->gap,
                          v->source);
}

/* Each question may end with a code in the view. */
static int answer_view(const struct svc__facts *f, struct svc__view *v)
{
    struct svc__port port;

    if (f->service->type == SVC__SERVICE_EXTERNALNAME)
        return svc__expose_alias(f, v);
    v->kind = svc__expose_kind(f->query, f->service);
    if (svc__expose_check(f, v) != 0)
        return SVC_ENOMEM;
    if (v->code != 0)
        return 0;
    if (svc__port_choose(f, v, &port) != 0)
        return SVC_ENOMEM;
    if (v->code != 0)
        return svc__view_step(v, "port", "%s", v->message);
    if (v->kind != SVC__VIEW_PODS)
        return svc__expose_view(f, &port, v);
    /* Local has no meaning for headless Services, and a host that was named is
     * wanted wherever it is (semantics 2.11, 4 and 7). */
    v->topology_off = f->query->host != NULL;
    v->local_only = f->service->internal_local && !f->service->headless &&
                    f->query->host == NULL;
    return svc__join_pods(f, &port, v);
}

int svc__answer_service(const struct svc__facts *f, struct svc__view *v)
{
    v->type = type_of(f->service);
    v->client_ip = f->service->client_ip;
    if (note_gap(f, v) != 0 || step_service(f, v) != 0 ||
        answer_view(f, v) != 0)
        return SVC_ENOMEM;
    return tell_gap(f, v);
}

int svc__answer_absent(const struct svc__store *st, const struct svc__query *q,
                       int has_slices, struct svc__view *v)
{
    struct svc__suggest s;
    struct svc__service_object *service;
    size_t at = 0;

    if (svc__view_step(v, "service", "no Service \"%s\" in namespace \"%s\"",
                       q->service, q->namespace_) != 0 ||
        svc__view_fail(v, SVC_ENOSERVICE,
                       "no Service \"%s\" in namespace \"%s\"%s (source: %s)",
                       q->service, q->namespace_,
                       has_slices ? ", though there are EndpointSlices for it"
                                  : "",
                       v->source) != 0)
        return SVC_ENOMEM;
    svc__suggest_init(&s, q);
    while ((service = svc__store_next_service(st, &at)) != NULL)
        svc__suggest_offer(&s, service->namespace_, service->name);
    return svc__suggest_hint(&s, v);
}

int svc__answer_refused(const struct svc__query *q, const char *reason,
                        const char *source, svc_error *reterr)
{
    svc__err_set(reterr, SVC_EFILE,
                 "Service \"%s\" in namespace \"%s\" was refused: %s "
                 "(source: %s)",
                 q->service, q->namespace_, reason, source);
    svc__err_hint(reterr, "mend the object: the others are used meanwhile");
    return SVC_EFILE;
}
