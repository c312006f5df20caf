/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the candidates that stand for a whole Service. Their conditions are
 * unknown, since nobody checks a cluster IP or a node port; a Node that is not
 * ready, or that kube-proxy would drop the traffic on, is listed with the
 * reason.
 */
#include "kube/expose.h"

#include "base/alloc.h"
#include "kube/join.h"
#include "kube/port.h"

#include <string.h>

/* Sets a code with a story about the Service. */
static int fail(const struct svc__facts *f, struct svc__view *v, int code,
                const char *what)
{
    return svc__view_fail(
        v, code, "Service \"%s\" in namespace \"%s\" %s (source: %s)",
        f->service->name, f->service->namespace_, what, v->source);
}

/* Bytes of a text from outside in a message, its NUL included. */
#define QUOTE_MAX 260

/* Text from outside as a message may have it: cut at a character, nothing in
 * it that controls a terminal. */
static const char *quote(const char *text, char ret[QUOTE_MAX])
{
    size_t size = strlen(text);

    if (size >= QUOTE_MAX) {
        size = QUOTE_MAX - 1;
        while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
            size--;
    }
    for (size_t i = 0; i < size; i++)
        ret[i] =
            (char)((unsigned char)text[i] < 0x20 || text[i] == 0x7F ? '?'
                                                                    : text[i]);
    ret[size] = '\0';
    return ret;
}

/* ---- candidates that are made here ----------------------------------- */

/* A block that is being filled, and what its candidates have in common. */
struct maker {
    const struct svc__facts *f;
    struct svc__view *v;
    struct svc__block *block;
    uint32_t text_at;
    uint32_t used; /* endpoints */
    struct svc__candidate like;
};

static size_t text_size(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

static uint32_t put_text(struct maker *m, const char *text)
{
    uint32_t at = m->text_at;
    size_t size = text_size(text);

    if (size == 0)
        return 0;
    memcpy(m->block->text + at, text, size);
    m->text_at += (uint32_t)size;
    return at;
}

/* Begins a block for count addresses and text bytes besides the appProtocol of
 * the port; m->like.port and so on are set. The view holds it. */
static int begin(struct maker *m, const struct svc__port *port, size_t count,
                 size_t text)
{
    int err;

    text += 1 + text_size(port->of->app_protocol);
    if (count > UINT32_MAX || text > UINT32_MAX)
        return SVC_ENOMEM;
    m->block = svc__block_new((uint32_t)count, (uint32_t)text);
    if (m->block == NULL)
        return SVC_ENOMEM;
    err = svc__view_hold(m->v, m->block);
    svc__block_unref(m->block);
    if (err != 0)
        return err;
    m->text_at = 1;
    m->like.block = m->block;
    m->like.proto = (uint8_t)port->proto;
    m->like.app_protocol = put_text(m, port->of->app_protocol);
    return 0;
}

/* Appends one address; why is added to what speaks against any address. The
 * endpoint goes to *ret for what else is known about it. */
static int add(struct maker *m, const struct svc__address *a, uint16_t why,
               int any_family, struct svc__endpoint **ret)
{
    struct svc__candidate c = m->like;

    c.index = m->used++;
    c.why = why | svc__join_address_why(m->f, any_family, a, m->v);
    *ret = &m->block->endpoints[c.index];
    (*ret)->address = *a;
    (*ret)->weight = 1;
    return svc__view_add(m->v, &c);
}

/* ---- cluster IPs ----------------------------------------------------- */

/* Each of spec.clusterIPs, with or without endpoints behind it: the address is
 * there as long as the Service is, and kube-proxy refuses the connection when
 * nobody serves (semantics 2.3). Its families are its own, so ipFamilies is
 * not looked at. */
static int expose_vip(const struct svc__facts *f, const struct svc__port *port,
                      struct svc__view *v)
{
    const struct svc__service_object *service = f->service;
    struct maker m = {.f = f, .v = v, .like = {.port = port->of->port}};
    struct svc__endpoint *ep;

    if (service->cluster_ip_count == 0)
        return fail(f, v, SVC_ENOENDPOINTS, "has no cluster IP yet");
    if (begin(&m, port, service->cluster_ip_count, 0) != 0)
        return SVC_ENOMEM;
    for (size_t i = 0; i < service->cluster_ip_count; i++) {
        if (add(&m, &service->cluster_ips[i], 0, 1, &ep) != 0)
            return SVC_ENOMEM;
    }
    return svc__view_step(v, "slices",
                          "cluster IPs: %zu, no slice is looked at", v->count);
}

/* ---- node ports ------------------------------------------------------ */

static unsigned family_bit(const struct svc__address *a)
{
    return a->family == SVC__FAMILY_IPV4 ? 1 : 2;
}

/* Index of a node by name, or -1. */
static ptrdiff_t find_node(const struct svc__facts *f, const char *name)
{
    size_t low = 0;
    size_t high = f->node_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(f->nodes[middle]->name, name);

        if (order == 0)
            return (ptrdiff_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* Which nodes have an endpoint of the port, by family: a ready one, or one
 * that still serves while it terminates ([TOPO] localEndpoints). *ret is owned
 * (svc__free), one byte a node. */
static int find_local(const struct svc__facts *f, const struct svc__port *port,
                      uint8_t **ret)
{
    struct svc__query q = *f->query;
    struct svc__facts all = *f;
    struct svc__view *pods = svc__view_new("", NULL);
    uint8_t *local = svc__calloc(f->node_count, 1);
    int err = SVC_ENOMEM;

    /* The addresses of these pods are not handed out. */
    q.family = SVC__FAMILY_ANY;
    q.allow = ~0u;
    all.query = &q;
    if (pods == NULL || local == NULL || svc__join_pods(&all, port, pods) != 0)
        goto out;
    for (size_t i = 0; i < pods->count; i++) {
        const struct svc__candidate *c = &pods->candidates[i];
        const struct svc__endpoint *ep = svc__candidate_endpoint(c);
        const char *node = svc__block_text(c->block, ep->node);
        ptrdiff_t at = node == NULL ? -1 : find_node(f, node);

        if (at >= 0 && c->why == 0 &&
            (svc__endpoint_is_ready(ep) || svc__endpoint_is_standby(ep)))
            local[at] = (uint8_t)(local[at] | family_bit(&ep->address));
    }
    *ret = local;
    local = NULL;
    err = 0;
out:
    svc__free(local);
    svc__view_free(pods);
    return err;
}

/* Appends the addresses of a node, one a family. local has the families in
 * which an endpoint is at hand: each family has a kube-proxy of its own. One
 * reason each, the first that holds. */
static int add_node(struct maker *m, const struct svc__node_object *node,
                    unsigned local)
{
    const struct svc__address *addresses[] = {&node->ipv4, &node->ipv6};
    uint32_t name = put_text(m, node->name);
    uint32_t zone = put_text(m, node->zone);

    for (size_t i = 0; i < 2; i++) {
        struct svc__endpoint *ep;
        uint16_t why = 0;

        if (addresses[i]->family == 0)
            continue;
        if (!node->ready)
            why = SVC_WHY_NOT_READY;
        else if ((local & family_bit(addresses[i])) == 0)
            why = SVC_WHY_NOT_LOCAL;
        if (add(m, addresses[i], why, 0, &ep) != 0)
            return SVC_ENOMEM;
        ep->node = name;
        ep->zone = zone;
    }
    return 0;
}

static int say_no_nodes(const struct svc__facts *f, struct svc__view *v)
{
    const char *what = f->node_count == 0
                           ? "has a node port, but no Node is known"
                           : "has a node port, but no Node has an address";

    if (fail(f, v, SVC_ENOENDPOINTS, what) != 0)
        return SVC_ENOMEM;
    return svc__view_hint(v, "include the Nodes in the source: kubectl get "
                             "services,endpointslices,nodes -A -o yaml");
}

/* Node addresses times the node port. Ready Nodes are used, others listed;
 * families are those of spec.ipFamilies (semantics 2.6). With
 * externalTrafficPolicy Local kube-proxy drops what comes to a node without an
 * endpoint of its own, also from inside the cluster, so that such a node is
 * not local. */
static int expose_nodes(const struct svc__facts *f,
                        const struct svc__port *port, struct svc__view *v)
{
    struct maker m = {.f = f, .v = v, .like = {.port = port->of->node_port}};
    uint8_t *local = NULL;
    size_t count = 0;
    size_t text = 0;
    int err;

    if (port->of->node_port == 0)
        return fail(f, v, SVC_ENOTSUP,
                    "has no node port for the port asked for");
    for (size_t i = 0; i < f->node_count; i++) {
        count += (f->nodes[i]->ipv4.family != 0) +
                 (size_t)(f->nodes[i]->ipv6.family != 0);
        text += text_size(f->nodes[i]->name) + text_size(f->nodes[i]->zone);
    }
    if (count == 0)
        return say_no_nodes(f, v);
    if (f->service->external_local && find_local(f, port, &local) != 0)
        return SVC_ENOMEM;
    err = begin(&m, port, count, text);
    for (size_t i = 0; err == 0 && i < f->node_count; i++)
        err = add_node(&m, f->nodes[i], local == NULL ? 3u : local[i]);
    if (err == 0)
        err = svc__view_step(
            v, "slices", "%zu Nodes with %zu addresses, node port %u%s",
            f->node_count, v->count, (unsigned)port->of->node_port,
            local == NULL ? ""
                          : "; externalTrafficPolicy Local: only those "
                            "with an endpoint of their own");
    svc__free(local);
    return err;
}

/* ---- aliases --------------------------------------------------------- */

/* Makes v an alias of a domain name, or says why the text is none (semantics
 * 2.8, 2.11, 10); where names may lead is core's to judge. field names it in
 * messages. */
static int alias(const struct svc__facts *f, struct svc__view *v,
                 const char *field, const char *target)
{
    size_t size = target == NULL ? 0 : strlen(target);
    struct svc__address address;
    const char *what = NULL;
    char shown[QUOTE_MAX];

    if (size > 0 && target[size - 1] == '.')
        size--;
    if (size == 0)
        what = "is missing";
    else if (svc__address_parse(target, size, &address) == 0)
        what = "is an address, which is no name";
    else if (!svc__name_is_domain(target, size))
        what = "is no domain name";
    if (what != NULL) {
        if (svc__view_fail(v, SVC_EALIAS,
                           "%s of Service \"%s\" in namespace \"%s\" %s: "
                           "\"%s\" (source: %s)",
                           field, f->service->name, f->service->namespace_,
                           what, quote(target == NULL ? "" : target, shown),
                           v->source) != 0)
            return SVC_ENOMEM;
        return svc__view_hint(v,
                              "%s has to be a lower-case domain name; for "
                              "addresses use a Service without selector "
                              "and an EndpointSlice",
                              field);
    }
    v->alias = svc__strndup(target, size);
    if (v->alias == NULL)
        return SVC_ENOMEM;
    return svc__view_step(v, "service", "%s: an alias of \"%s\"", field,
                          v->alias);
}

/* The port to ask the target for: the caller's number, or that of a port of
 * the Service by name, else the name itself (semantics 2.8). */
static int alias_port(const struct svc__facts *f, struct svc__view *v)
{
    const struct svc__query *q = f->query;

    v->alias_port = q->port;
    v->port = q->port;
    if (q->port_name == NULL)
        return 0;
    for (size_t i = 0; i < f->service->port_count; i++) {
        const struct svc__service_port *p = &f->service->ports[i];

        if (strcmp(p->name, q->port_name) != 0 ||
            (q->proto != SVC__PROTO_ANY && (unsigned)q->proto != p->proto))
            continue;
        v->alias_port = p->port;
        v->port = p->port;
        return 0;
    }
    v->alias_port_name = svc__strdup(q->port_name);
    return v->alias_port_name == NULL ? SVC_ENOMEM : 0;
}

int svc__expose_alias(const struct svc__facts *f, struct svc__view *v)
{
    if (f->query->host != NULL)
        return svc__view_fail(v, SVC_ENOSERVICE,
                              "Service \"%s\" in namespace \"%s\" is an "
                              "ExternalName, which has no hostname \"%s\" "
                              "(source: %s)",
                              f->service->name, f->service->namespace_,
                              f->query->host, v->source);
    if (alias(f, v, "externalName", f->service->external_name) != 0)
        return SVC_ENOMEM;
    return v->code != 0 ? 0 : alias_port(f, v);
}

/* ---- load balancers -------------------------------------------------- */

/* The error that the load balancer reports for the port, or NULL. */
static const char *ingress_error(const struct svc__ingress *in,
                                 const struct svc__port *port)
{
    for (size_t i = 0; i < in->error_count; i++) {
        if (in->errors[i].port == port->of->port &&
            in->errors[i].proto == port->of->proto)
            return in->errors[i].text;
    }
    return NULL;
}

static int say_pending(const struct svc__facts *f, struct svc__view *v,
                       const char *error)
{
    char shown[QUOTE_MAX];

    if (error != NULL)
        return svc__view_fail(v, SVC_EPENDING,
                              "the load balancer of Service \"%s\" in "
                              "namespace \"%s\" reports an error for port %u: "
                              "%s (source: %s)",
                              f->service->name, f->service->namespace_,
                              (unsigned)v->port, quote(error, shown),
                              v->source);
    if (fail(f, v, SVC_EPENDING, "is a LoadBalancer that has no address yet") !=
        0)
        return SVC_ENOMEM;
    return svc__view_hint(v, "somebody has to assign one (a cloud controller, "
                             "MetalLB…); from inside the cluster use view "
                             "\"pods\" or \"vip\"");
}

/* Addresses in status.loadBalancer.ingress, with the Service's port. One that
 * reports an error for the port (ports[].error) is left out. With hostnames
 * alone the first one is the alias: only one can be followed. Addresses in
 * spec.loadBalancerIP and externalIPs are requests and a known hole
 * (CVE-2020-8554), never an answer (semantics 2.7). */
static int expose_lb(const struct svc__facts *f, const struct svc__port *port,
                     struct svc__view *v)
{
    const struct svc__service_object *service = f->service;
    struct maker m = {.f = f, .v = v, .like = {.port = port->of->port}};
    const char *hostname = NULL;
    const char *error = NULL;
    struct svc__endpoint *ep;

    if (begin(&m, port, service->ingress_count, 0) != 0)
        return SVC_ENOMEM;
    for (size_t i = 0; i < service->ingress_count; i++) {
        const struct svc__ingress *in = &service->ingress[i];
        const char *broken = ingress_error(in, port);

        if (broken != NULL)
            error = error == NULL ? broken : error;
        else if (in->address.family == 0)
            hostname = hostname == NULL ? in->hostname : hostname;
        else if (add(&m, &in->address, 0, 1, &ep) != 0)
            return SVC_ENOMEM;
    }
    if (v->count > 0)
        return svc__view_step(v, "slices",
                              "load balancer: %zu addresses, no slice is "
                              "looked at",
                              v->count);
    if (hostname == NULL)
        return say_pending(f, v, error);
    v->alias_port = port->of->port;
    return alias(f, v, "status.loadBalancer.ingress.hostname", hostname);
}

/* ---- the views ------------------------------------------------------- */

enum svc__view_kind svc__expose_kind(const struct svc__query *q,
                                     const struct svc__service_object *service)
{
    if (service->type == SVC__SERVICE_EXTERNALNAME)
        return SVC__VIEW_PODS;
    if (q->view != SVC__VIEW_AUTO)
        return q->view;
    if (!q->outside)
        return SVC__VIEW_PODS;
    if (q->host != NULL)
        return SVC__VIEW_AUTO;
    switch (service->type) {
    case SVC__SERVICE_LOADBALANCER:
        return SVC__VIEW_LB;
    case SVC__SERVICE_NODEPORT:
        return SVC__VIEW_NODE;
    default:
        return SVC__VIEW_AUTO;
    }
}

/* Nothing of it can be counted on outside of the cluster. Whoever has a route
 * to the pods says so by the view (semantics 2.11, 6). */
static int refuse_outside(const struct svc__facts *f, struct svc__view *v)
{
    const char *what = f->query->host != NULL
                           ? "has pods that are not reached by their hostname "
                             "from outside of the cluster"
                       : f->service->headless
                           ? "is headless: from outside of the cluster nothing "
                             "leads to its pods"
                           : "is a ClusterIP: from outside of the cluster "
                             "nothing leads to it";

    if (fail(f, v, SVC_ENOTSUP, what) != 0)
        return SVC_ENOMEM;
    return svc__view_hint(
        v,
        "choose view \"pods\"%s if there is a route into the "
        "cluster; else make it a NodePort or LoadBalancer, "
        "or use kubectl port-forward",
        f->query->host != NULL || f->service->headless ? "" : " or \"vip\"");
}

/* Why a Service cannot give a view, or NULL. It never becomes another view by
 * surprise (semantics 2.11, 6). */
static const char *refusal(const struct svc__facts *f, enum svc__view_kind kind)
{
    const struct svc__service_object *service = f->service;

    if (kind == SVC__VIEW_PODS)
        return NULL;
    if (f->query->host != NULL)
        return "has this view only as a whole: a hostname is one of its pods";
    if (kind == SVC__VIEW_VIP && service->headless)
        return "is headless and has no cluster IP";
    if (kind == SVC__VIEW_NODE && service->type == SVC__SERVICE_CLUSTERIP)
        return "is no NodePort and no LoadBalancer: it has no node port";
    if (kind == SVC__VIEW_LB && service->type != SVC__SERVICE_LOADBALANCER)
        return "is no LoadBalancer";
    return NULL;
}

int svc__expose_check(const struct svc__facts *f, struct svc__view *v)
{
    const char *what;

    if (v->kind == SVC__VIEW_AUTO)
        return refuse_outside(f, v);
    what = refusal(f, v->kind);
    if (what == NULL)
        return 0;
    if (fail(f, v, SVC_ENOTSUP, what) != 0)
        return SVC_ENOMEM;
    return svc__view_hint(v, "ask for another view, such as \"pods\"");
}

int svc__expose_view(const struct svc__facts *f, const struct svc__port *port,
                     struct svc__view *v)
{
    v->topology_off = 1;
    switch (v->kind) {
    case SVC__VIEW_VIP:
        return expose_vip(f, port, v);
    case SVC__VIEW_NODE:
        return expose_nodes(f, port, v);
    default:
        return expose_lb(f, port, v);
    }
}
