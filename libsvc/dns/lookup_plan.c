/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the table of docs/dns.md: names as DNS has them (semantics 2.1), and
 * the order in which they are asked.
 */
#include "dns/lookup_plan.h"

#include "base/alloc.h"
#include "base/err.h"
#include "dns/lookup_name.h"

#include <string.h>

/* Protocols of a port name, in the order in which they are tried. */
static const struct proto {
    enum svc__proto proto;
    const char *label;
} protos[] = {{SVC__PROTO_TCP, "tcp"},
              {SVC__PROTO_UDP, "udp"},
              {SVC__PROTO_SCTP, "sctp"}};

#define PROTO_COUNT (sizeof(protos) / sizeof(protos[0]))

/* ---- names and views -------------------------------------------------- */

/* All names that will be needed are names, so that no later step fails. */
static int make_names(struct svc__lookup *l, svc_error *reterr)
{
    struct svc__wire_name longest;
    int is_part = l->q.host != NULL || l->q.kind == SVC__NAME_ZONAL;
    int err = svc__lookup_name_domain(&l->q, &l->domain);

    l->base = &l->domain;
    if (err == 0 && is_part) {
        l->part = svc__alloc(sizeof(*l->part));
        if (l->part == NULL)
            return svc__err_nomem(reterr);
        err = svc__lookup_name_base(&l->q, l->part);
        l->base = l->part;
    }
    if (err == 0 && l->port == SVC__LOOKUP_NAMED)
        err = svc__lookup_name_port(&l->q, protos[PROTO_COUNT - 1].label,
                                    &longest);
    if (err == 0)
        return 0;
    return svc__err_set(reterr, err,
                        "the DNS name of \"%s\" is longer than 255 octets, "
                        "or has a label that is empty or longer than 63",
                        l->q.kind == SVC__NAME_EXTERNAL ? l->q.domain
                                                        : l->q.service);
}

/* A view that the name itself cannot give (semantics 2.6, 2.7, 2.11, 6). */
static int check_view(const struct svc__query *q, svc_error *reterr)
{
    const char *view = svc__view_kind_name(q->view);

    if (q->kind == SVC__NAME_EXTERNAL)
        return 0;
    if (q->view == SVC__VIEW_NODE || q->view == SVC__VIEW_LB) {
        svc__err_set(reterr, SVC_ENOTSUP,
                     "view %s of Service \"%s\" in namespace \"%s\": %s "
                     "addresses have no DNS name (source: dns)",
                     view, q->service, q->namespace_,
                     q->view == SVC__VIEW_NODE ? "node" : "load-balancer");
        svc__err_hint(reterr, "use the file source or that of the API server");
        return SVC_ENOTSUP;
    }
    if (q->view != SVC__VIEW_VIP ||
        (q->host == NULL && q->kind != SVC__NAME_ZONAL))
        return 0;
    svc__err_set(reterr, SVC_ENOTSUP,
                 "view vip of Service \"%s\" in namespace \"%s\": the name is "
                 "that of some of its pods, which have no cluster IP "
                 "(source: dns)",
                 q->service, q->namespace_);
    svc__err_hint(reterr, "ask for view \"pods\" or \"auto\"");
    return SVC_ENOTSUP;
}

int svc__lookup_plan_init(struct svc__lookup *l, svc_error *reterr)
{
    const struct svc__query *q = &l->q;
    int err = check_view(q, reterr);
    int is_part = q->host != NULL || q->kind == SVC__NAME_ZONAL;

    if (err != 0)
        return err;
    l->port = SVC__LOOKUP_NUMBER;
    if (q->port_name != NULL)
        l->port = SVC__LOOKUP_NAMED;
    else if (q->kind != SVC__NAME_EXTERNAL && q->port == 0)
        l->port = SVC__LOOKUP_ANY_PORT;
    else if (q->kind != SVC__NAME_EXTERNAL && q->view != SVC__VIEW_AUTO &&
             !is_part)
        l->port = SVC__LOOKUP_NUMBER_KIND;
    return make_names(l, reterr);
}

/* ---- questions ------------------------------------------------------- */

/* Room for one more. Questions are borrowed by others, so they never move. */
static int reserve(struct svc__lookup *l)
{
    struct svc__lookup_ask **asks;

    if (l->count < l->capacity)
        return 0;
    asks = svc__calloc(l->capacity * 2, sizeof(struct svc__lookup_ask *));
    if (asks == NULL)
        return SVC_ENOMEM;
    memcpy(asks, l->asks, l->count * sizeof(struct svc__lookup_ask *));
    if (l->asks != l->few)
        svc__free(l->asks);
    l->asks = asks;
    l->capacity *= 2;
    return 0;
}

/* Only names that lead on and on come so far. */
static int say_no_end(struct svc__lookup *l)
{
    char text[SVC__WIRE_TEXT_MAX];

    if (svc__lookup_trouble(l) == NULL)
        return SVC_ENOMEM;
    (void)svc__wire_name_format(&l->domain, text);
    (void)svc__err_set(l->error, SVC_ETOOBIG,
                       "%s: still no address after %d questions", text,
                       SVC__LOOKUP_QUESTIONS_MAX);
    return SVC_ETOOBIG;
}

/* Appends a question; the rest of it is the caller's to fill. */
static int add(struct svc__lookup *l, enum svc__lookup_role role,
               const struct svc__wire_name *name, uint16_t type,
               struct svc__lookup_ask **ret)
{
    struct svc__lookup_ask *ask = &l->first;

    if (l->count == SVC__LOOKUP_QUESTIONS_MAX)
        return say_no_end(l);
    if (reserve(l) != 0)
        return SVC_ENOMEM;
    if (l->count > 0)
        ask = svc__alloc(sizeof(*ask));
    if (ask == NULL)
        return SVC_ENOMEM;
    memset(ask, 0, sizeof(*ask));
    ask->question.name = *name;
    ask->question.type = type;
    ask->role = role;
    ask->standing = SVC__LOOKUP_OUT;
    ask->ttl_ms = INT64_MAX;
    ask->family = type == SVC__WIRE_A      ? SVC__FAMILY_IPV4
                  : type == SVC__WIRE_AAAA ? SVC__FAMILY_IPV6
                                           : SVC__FAMILY_ANY;
    l->asks[l->count++] = ask;
    *ret = ask;
    return 0;
}

/* A and AAAA of a name, as far as they are wanted. */
static int add_families(struct svc__lookup *l, enum svc__lookup_role role,
                        const struct svc__wire_name *name, size_t service)
{
    static const uint16_t types[] = {SVC__WIRE_A, SVC__WIRE_AAAA};
    static const enum svc__family families[] = {SVC__FAMILY_IPV4,
                                                SVC__FAMILY_IPV6};

    for (size_t i = 0; i < 2; i++) {
        struct svc__lookup_ask *ask;
        int err;

        if (l->q.family != SVC__FAMILY_ANY && l->q.family != families[i])
            continue;
        err = add(l, role, name, types[i], &ask);
        if (err != 0)
            return err;
        ask->service = service;
    }
    return 0;
}

/* The SRV question of a port name and the next protocol. */
static int add_named(struct svc__lookup *l)
{
    struct svc__wire_name name;
    struct svc__lookup_ask *ask;
    int err;

    while (l->q.proto != SVC__PROTO_ANY &&
           protos[l->protos_asked].proto != l->q.proto)
        l->protos_asked++;
    err = svc__lookup_name_port(&l->q, protos[l->protos_asked].label, &name);
    if (err == 0)
        err = add(l, SVC__LOOKUP_SERVICE, &name, SVC__WIRE_SRV, &ask);
    l->proto = protos[l->protos_asked].proto;
    l->protos_asked =
        l->q.proto != SVC__PROTO_ANY ? PROTO_COUNT : l->protos_asked + 1;
    return err;
}

/* The caller's topology zone, for a Service as a whole that may be headless
 * and a server that may know such names (semantics 2.1). That a zone is no name
 * is no fault of the query. */
static int add_zone(struct svc__lookup *l)
{
    const struct svc__view *before = l->env.before;
    struct svc__wire_name name;

    if (l->env.topo_zone == NULL || l->env.zonal == SVC__ZONAL_NO ||
        l->q.kind != SVC__NAME_SERVICE || l->q.host != NULL ||
        l->q.view == SVC__VIEW_VIP ||
        (before != NULL && before->type == SVC__TYPE_CLUSTERIP))
        return 0;
    if (svc__lookup_name_zone(&l->q, l->env.topo_zone, &name) != 0)
        return 0;
    return add_families(l, SVC__LOOKUP_ZONE, &name, 0);
}

int svc__lookup_plan_begin(struct svc__lookup *l)
{
    struct svc__lookup_ask *ask;
    int err = 0;

    if (l->port != SVC__LOOKUP_NAMED || l->q.kind != SVC__NAME_EXTERNAL)
        err = add_families(l, SVC__LOOKUP_ADDRESS, l->base, 0);
    if (err == 0 && l->port == SVC__LOOKUP_NAMED)
        err = add_named(l);
    else if (err == 0 && l->port != SVC__LOOKUP_NUMBER)
        err = add(l, SVC__LOOKUP_SERVICE, &l->domain, SVC__WIRE_SRV, &ask);
    return err != 0 ? err : add_zone(l);
}

struct svc__dns_reading svc__lookup_plan_reading(
    const struct svc__lookup *l, const struct svc__lookup_ask *ask)
{
    int is_outside = l->q.kind == SVC__NAME_EXTERNAL;

    return (struct svc__dns_reading){
        .question = &ask->question,
        .domain = is_outside ? NULL : &l->domain,
        .hostname = ask->role == SVC__LOOKUP_ADDRESS ? l->q.host : NULL,
        .follow = is_outside,
        .aliases = ask->aliases};
}

/* ---- what an answer makes necessary ---------------------------------- */

/* Asks for the name at the end of a chain in place of ask. */
static int follow_alias(struct svc__lookup *l, struct svc__lookup_ask *ask)
{
    struct svc__lookup_ask *next;
    int err = add(l, ask->role, ask->answer.end, ask->question.type, &next);

    if (err != 0)
        return err;
    next->service = ask->service;
    next->aliases = ask->answer.aliases;
    next->ttl_ms =
        ask->answer.ttl_ms < ask->ttl_ms ? ask->answer.ttl_ms : ask->ttl_ms;
    ask->replaced = 1;
    return 0;
}

/* More than one Service's share of questions. */
static int say_too_many(struct svc__lookup *l, size_t targets)
{
    char text[SVC__WIRE_TEXT_MAX];

    if (svc__lookup_trouble(l) == NULL)
        return SVC_ENOMEM;
    (void)svc__wire_name_format(&l->domain, text);
    svc__err_set(l->error, SVC_ETOOBIG,
                 "SRV of %s: %zu targets came without addresses, and at most "
                 "%d are asked for one by one",
                 text, targets, SVC__LOOKUP_TARGETS_MAX);
    return svc__err_hint(l->error,
                         "let the DNS server put the addresses of targets into "
                         "the additional section, or use another source");
}

/* The full name of a target. */
static void name_of(const struct svc__lookup *l,
                    const struct svc__dns_service *s,
                    struct svc__wire_name *ret)
{
    int is_outside = l->q.kind == SVC__NAME_EXTERNAL;

    memcpy(ret->bytes, s->target, s->size);
    ret->size = s->size;
    if (is_outside)
        return;
    memcpy(ret->bytes + s->size, l->domain.bytes, l->domain.size);
    ret->size = (uint8_t)(ret->size + l->domain.size);
}

/* The addresses of targets that did not come with them. The Service's own are
 * asked already. */
static int ask_targets(struct svc__lookup *l, const struct svc__dns_answer *a)
{
    size_t missing[SVC__LOOKUP_TARGETS_MAX];
    size_t count = 0;
    size_t glue = 0;
    struct svc__wire_name name;
    int err = 0;

    for (size_t i = 0; i < a->service_count; i = svc__dns_answer_next(a, i)) {
        while (glue < a->glue_count && a->glue[glue].service < i)
            glue++;
        if (a->services[i].size == 0 ||
            (glue < a->glue_count && a->glue[glue].service == i))
            continue;
        if (count < SVC__LOOKUP_TARGETS_MAX)
            missing[count] = i;
        count++;
    }
    if (count > SVC__LOOKUP_TARGETS_MAX)
        return say_too_many(l, count);
    for (size_t i = 0; err == 0 && i < count; i++) {
        name_of(l, &a->services[missing[i]], &name);
        err = add_families(l, SVC__LOOKUP_TARGET, &name, missing[i]);
    }
    return err;
}

/* A port name that has no SRV record under one protocol may have one under the
 * next. */
static int next_proto(struct svc__lookup *l, struct svc__lookup_ask *ask)
{
    int64_t ttl_ms = ask->answer.ttl_ms;
    int err;

    l->has_nodata |= ask->answer.kind != SVC__DNS_NXDOMAIN;
    if (ttl_ms >= 0 && (l->negative_ms < 0 || ttl_ms < l->negative_ms))
        l->negative_ms = ttl_ms;
    if (l->port != SVC__LOOKUP_NAMED || l->protos_asked == PROTO_COUNT ||
        ask->answer.refused + ask->answer.skipped > 0)
        return 0;
    err = add_named(l);
    ask->replaced = err == 0;
    return err;
}

/* Whether the targets' addresses are the answer: not those of a number, of one
 * host, or of the Service as a whole. */
static int wants_targets(const struct svc__lookup *l)
{
    return l->q.host == NULL && l->port != SVC__LOOKUP_NUMBER_KIND;
}

int svc__lookup_plan_more(struct svc__lookup *l, struct svc__lookup_ask *ask)
{
    const struct svc__dns_answer *a = &ask->answer;

    if (ask->role == SVC__LOOKUP_SERVICE && a->service_count == 0)
        return a->kind == SVC__DNS_ALIAS && l->q.kind == SVC__NAME_EXTERNAL
                   ? follow_alias(l, ask)
                   : next_proto(l, ask);
    if (ask->role == SVC__LOOKUP_SERVICE)
        return wants_targets(l) && a->services[0].size != 0 ? ask_targets(l, a)
                                                            : 0;
    if (a->kind == SVC__DNS_ALIAS && l->q.kind == SVC__NAME_EXTERNAL)
        return follow_alias(l, ask);
    return 0;
}
