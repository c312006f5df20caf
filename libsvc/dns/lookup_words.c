/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the wording. A story names the object, the name that was asked, the
 * answer and the server; a hint says what DNS cannot tell, and who can.
 */
#include "dns/lookup_words.h"

#include "base/buf.h"
#include "dns/lookup_join.h"

#include <stdio.h>

/* Bytes of a list of ports in a message. */
#define LIST_MAX 280

/* ---- steps ----------------------------------------------------------- */

/* "A web.shop.svc.cluster.local: NOERROR, 3 records, TTL 30 s, from
 * 10.96.0.10:53 over UDP in 0.412 ms". */
int svc__lookup_words_answered(struct svc__lookup *l,
                               const struct svc__lookup_ask *ask,
                               const struct svc__wire_message *m,
                               const struct svc__lookup_event *ev)
{
    char name[SVC__WIRE_TEXT_MAX];
    char type[16];
    char rcode[16];
    char ttl[32] = "no TTL";
    unsigned records = m->counts[SVC__WIRE_ANSWER];

    (void)svc__wire_name_format(&ask->question.name, name);
    if (ask->answer.ttl_ms >= 0)
        (void)snprintf(ttl, sizeof(ttl), "TTL %lld s",
                       (long long)(ask->answer.ttl_ms / 1000));
    return svc__view_step(
        l->log, "source", "%s %s: %s, %u record%s, %s, from %s in %lld.%03d ms",
        svc__wire_type_name(ask->question.type, type), name,
        svc__wire_rcode_name(m->rcode, rcode), records, records == 1 ? "" : "s",
        ttl, ev->server == NULL ? "?" : ev->server,
        (long long)(ev->elapsed_us / 1000), (int)(ev->elapsed_us % 1000));
}

int svc__lookup_words_failed(struct svc__lookup *l,
                             const struct svc__lookup_ask *ask,
                             const struct svc__lookup_event *ev,
                             const svc_error *error)
{
    char name[SVC__WIRE_TEXT_MAX];
    char type[16];

    (void)svc__wire_name_format(&ask->question.name, name);
    return svc__view_step(l->log, "source",
                          "%s %s: no answer in %lld.%03d ms: %s",
                          svc__wire_type_name(ask->question.type, type), name,
                          (long long)(ev->elapsed_us / 1000),
                          (int)(ev->elapsed_us % 1000), error->message);
}

static int tell_service(const struct svc__lookup *l, struct svc__view *v)
{
    const struct svc__query *q = &l->q;

    if (q->kind == SVC__NAME_EXTERNAL)
        return svc__view_step(v, "service",
                              "\"%s\": a name outside of the "
                              "cluster, of \"%s\"",
                              q->domain, v->canonical);
    if (v->type == SVC__TYPE_CLUSTERIP)
        return svc__view_step(v, "service",
                              "Service \"%s\" in namespace \"%s\": type "
                              "ClusterIP, since SRV leads to the Service",
                              q->service, q->namespace_);
    if (v->type == SVC__TYPE_HEADLESS)
        return svc__view_step(v, "service",
                              "Service \"%s\" in namespace \"%s\": headless, "
                              "since SRV leads to names below the Service",
                              q->service, q->namespace_);
    return svc__view_step(v, "service",
                          "Service \"%s\" in namespace \"%s\": type unknown, "
                          "only SRV records show it",
                          q->service, q->namespace_);
}

static int tell_port(const struct svc__lookup *l, struct svc__view *v)
{
    if (l->q.port_name == NULL && l->q.port != 0)
        return svc__view_step(v, "port",
                              "port %u, taken as it is: DNS does not map "
                              "numbers",
                              (unsigned)l->q.port);
    if (l->port == SVC__LOOKUP_NAMED)
        return svc__view_step(v, "port", "port \"%s\" of protocol %s",
                              l->q.port_name, svc__proto_name(l->proto));
    if (v->count > 0 && v->candidates[0].port != 0)
        return svc__view_step(v, "port", "no port given: %s",
                              v->port != 0 ? "the only one of the Service"
                                           : "the only one of each pod");
    return svc__view_step(v, "port", "no port given, and DNS shows none");
}

int svc__lookup_words_found(const struct svc__lookup *l, struct svc__view *v)
{
    const struct svc__dns_answer *a = svc__lookup_services(l);
    size_t left_out = 0;

    if (v->trace == NULL)
        return 0;
    if (tell_service(l, v) != 0 || tell_port(l, v) != 0)
        return SVC_ENOMEM;
    if (a != NULL && a->refused + a->skipped > 0 &&
        svc__view_step(v, "filter",
                       "SRV records left out: %llu outside of the Service's "
                       "domain, %llu that offer nothing",
                       (unsigned long long)a->refused,
                       (unsigned long long)a->skipped) != 0)
        return SVC_ENOMEM;
    for (size_t i = 0; i < v->count; i++)
        left_out += v->candidates[i].why != 0;
    return svc__view_step(v, "filter",
                          "part of the answer: %zu; left out: %zu (refused "
                          "addresses: %llu, repeated: %llu)",
                          v->count - left_out, left_out,
                          (unsigned long long)v->refused,
                          (unsigned long long)v->duplicates);
}

/* ---- nothing --------------------------------------------------------- */

/* What was asked, what came, who said so. */
struct evidence {
    char name[SVC__WIRE_TEXT_MAX];
    const char *what;
    const char *server;
    const char *chain; /* of aliases that lead nowhere, or NULL */
};

static void find_evidence(const struct svc__lookup *l,
                          enum svc__lookup_role role, int is_absent,
                          struct evidence *ret)
{
    ret->what = is_absent ? "NXDOMAIN" : "NODATA";
    ret->server = "?";
    ret->chain = NULL;
    (void)svc__wire_name_format(l->base, ret->name);
    for (size_t i = 0; i < l->count; i++) {
        const struct svc__lookup_ask *ask = l->asks[i];

        if (ask->role != role || ask->replaced ||
            ask->standing != SVC__LOOKUP_KNOWN ||
            ask->answer.kind == SVC__DNS_HAVE)
            continue;
        (void)svc__wire_name_format(&ask->question.name, ret->name);
        if (ask->server != NULL)
            ret->server = ask->server;
        if (ask->answer.kind == SVC__DNS_BROKEN)
            ret->chain = ask->answer.chain;
        return;
    }
}

/* DNS has one answer for two findings (semantics 2.2), and one more reading of
 * a short name is frequent. */
static int hint_absent(const struct svc__query *q, struct svc__view *v)
{
    const char *host = q->host == NULL ? "" : q->host;
    const char *dot = q->host == NULL ? "" : ".";

    return svc__view_hint(
        v,
        "DNS cannot tell whether there is no such Service, or a headless one "
        "without a ready pod: kubectl get service -n %s %s, or another source "
        "(-b file), can. For a name outside the cluster write \"%s%s%s.%s.\"",
        q->namespace_, q->service, host, dot, q->service, q->namespace_);
}

static int say_absent(const struct svc__lookup *l, const struct evidence *e,
                      struct svc__view *v)
{
    const struct svc__query *q = &l->q;
    int err;

    if (q->kind == SVC__NAME_EXTERNAL)
        return svc__view_fail(v, SVC_ENOSERVICE, "no such name: %s: %s (%s)",
                              e->name, e->what, e->server);
    if (q->host != NULL)
        err = svc__view_fail(v, SVC_ENOSERVICE,
                             "no endpoint of Service \"%s\" in namespace "
                             "\"%s\" has the hostname \"%s\": %s: %s (%s)",
                             q->service, q->namespace_, q->host, e->name,
                             e->what, e->server);
    else
        err = svc__view_fail(v, SVC_ENOSERVICE,
                             "no Service \"%s\" in namespace \"%s\": %s: %s "
                             "(%s)",
                             q->service, q->namespace_, e->name, e->what,
                             e->server);
    return err != 0 ? err : hint_absent(q, v);
}

/* The name is there. */
static int say_empty(const struct svc__lookup *l, const struct evidence *e,
                     struct svc__view *v)
{
    const struct svc__query *q = &l->q;
    const char *family = q->family == SVC__FAMILY_IPV4   ? " of family IPv4"
                         : q->family == SVC__FAMILY_IPV6 ? " of family IPv6"
                                                         : "";
    int err;

    if (q->kind == SVC__NAME_EXTERNAL)
        return svc__view_fail(v, SVC_ENOENDPOINTS,
                              "\"%s\" has no address%s: %s: %s (%s)", q->domain,
                              family, e->name, e->what, e->server);
    err = svc__view_fail(v, SVC_ENOENDPOINTS,
                         "Service \"%s\" in namespace \"%s\" has no address%s: "
                         "%s: %s (%s)",
                         q->service, q->namespace_, family, e->name, e->what,
                         e->server);
    if (err != 0 || q->family == SVC__FAMILY_ANY)
        return err;
    return svc__view_hint(v, "ask for family \"any\", and see spec.ipFamilies "
                             "of the Service");
}

int svc__lookup_words_nothing(const struct svc__lookup *l,
                              enum svc__lookup_role role, int is_absent,
                              struct svc__view *v)
{
    struct evidence e;
    int err;

    find_evidence(l, role, is_absent, &e);
    if (e.chain != NULL) {
        err = svc__view_fail(v, SVC_EALIAS,
                             "aliases loop, or are more than %d: %s (%s)",
                             SVC__DNS_ALIASES_MAX, e.chain, e.server);
        return err != 0 ? err
                        : svc__view_hint(v, "correct the CNAME records of "
                                            "these names");
    }
    err = is_absent ? say_absent(l, &e, v) : say_empty(l, &e, v);
    return err != 0 ? err : svc__view_step(v, "service", "%s", v->message);
}

/* ---- refusals -------------------------------------------------------- */

/* There are SRV records, all of which were left out (faults D15). */
static int say_left_out(const struct svc__lookup *l,
                        const struct svc__dns_answer *a, struct svc__view *v)
{
    const struct svc__query *q = &l->q;

    if (svc__view_fail(v, SVC_ENOENDPOINTS,
                       "port \"%s\" of Service \"%s\" in namespace \"%s\" has "
                       "no usable SRV record: %llu lead outside of the "
                       "Service's domain, %llu offer nothing (source: dns)",
                       q->port_name, q->service, q->namespace_,
                       (unsigned long long)a->refused,
                       (unsigned long long)a->skipped) != 0)
        return SVC_ENOMEM;
    return svc__view_hint(v, "whoever answers for the cluster's domain is not "
                             "the cluster's DNS, or is broken");
}

static int say_no_port(const struct svc__lookup *l, struct svc__view *v)
{
    const struct svc__query *q = &l->q;
    const char *proto = svc__proto_name(q->proto);
    struct evidence e;

    find_evidence(l, SVC__LOOKUP_SERVICE, !l->has_nodata, &e);
    if (svc__lookup_services(l) != NULL)
        return svc__view_fail(
            v, SVC_ENOPORT,
            "Service \"%s\" in namespace \"%s\" has port "
            "\"%s\", but not at hostname \"%s\" (source: dns)",
            q->service, q->namespace_, q->port_name, q->host);
    return svc__view_fail(
        v, SVC_ENOPORT,
        "Service \"%s\" in namespace \"%s\" has no port \"%s\"%s%s: %s: %s "
        "(%s)",
        q->service, q->namespace_, q->port_name,
        proto == NULL ? "" : " of protocol ", proto == NULL ? "" : proto,
        e.name, e.what, e.server);
}

int svc__lookup_words_no_port(const struct svc__lookup *l, struct svc__view *v)
{
    const struct svc__lookup_ask *ask =
        svc__lookup_find(l, SVC__LOOKUP_SERVICE, SVC__FAMILY_ANY);
    const struct svc__query *q = &l->q;
    int err;

    if (ask->answer.service_count == 0 &&
        ask->answer.refused + ask->answer.skipped > 0)
        err = say_left_out(l, &ask->answer, v);
    else
        err = say_no_port(l, v);
    if (err == 0 && v->hint == NULL)
        err = svc__view_hint(v,
                             "its ports are listed by kubectl get service -n "
                             "%s %s; a port without a name has none in DNS",
                             q->namespace_, q->service);
    return err != 0 ? err : svc__view_step(v, "port", "%s", v->message);
}

/* The lowest port above another one, or one that is none. */
static unsigned port_above(const struct svc__dns_answer *a, unsigned port)
{
    unsigned next = UINT16_MAX + 1u;

    for (size_t i = 0; i < a->service_count; i++) {
        if (a->services[i].port > port && a->services[i].port < next)
            next = a->services[i].port;
    }
    return next;
}

/* "80, 443", each once, in order; "…" after those that do not fit. */
static void list_ports(const struct svc__dns_answer *a, struct svc__buf *b)
{
    unsigned port = 0;

    while (b->err == 0) {
        port = port_above(a, port);
        if (port > UINT16_MAX)
            break;
        svc__buf_printf(b, "%s%u", b->size == 0 ? "" : ", ", port);
    }
    if (b->err == SVC_ETOOBIG) {
        b->err = 0;
        b->max += sizeof(", …");
        svc__buf_add_text(b, ", …");
    }
}

int svc__lookup_words_several(const struct svc__lookup *l, struct svc__view *v)
{
    const struct svc__query *q = &l->q;
    struct svc__buf list;
    int err = SVC_ENOMEM;

    svc__buf_init(&list, LIST_MAX);
    list_ports(svc__lookup_services(l), &list);
    if (list.err == 0)
        err = svc__view_fail(v, SVC_EINVAL,
                             "Service \"%s\" in namespace \"%s\" has several "
                             "ports, and the name asks for none of them: %s "
                             "(source: dns)",
                             q->service, q->namespace_, list.data);
    svc__buf_fini(&list);
    if (err == 0)
        err = svc__view_step(v, "port", "%s", v->message);
    if (err != 0)
        return err;
    return svc__view_hint(v,
                          "write the port behind the name: %s.%s:PORT, PORT "
                          "being a number of the list, or a port's name, which "
                          "DNS does not list",
                          q->service, q->namespace_);
}

/* Never another view by surprise (semantics 2.11, 6). */
int svc__lookup_words_no_view(const struct svc__lookup *l, struct svc__view *v)
{
    const struct svc__query *q = &l->q;
    const char *before = "DNS publishes the cluster IP of";
    const char *behind = ", not its pods";
    int err;

    if (v->type == SVC__TYPE_UNKNOWN) {
        before = "DNS does not show, by SRV records,";
        behind = " to have a cluster IP or to be headless";
    } else if (q->view == SVC__VIEW_VIP) {
        before = "there is no cluster IP of";
        behind = ": it is headless";
    }
    err = svc__view_fail(v, SVC_ENOTSUP,
                         "%s Service \"%s\" in namespace \"%s\"%s (source: "
                         "dns)",
                         before, q->service, q->namespace_, behind);
    if (err == 0)
        err = svc__view_step(v, "service", "%s", v->message);
    if (err != 0)
        return err;
    return svc__view_hint(v, "use the file source or that of the API server, "
                             "or view \"auto\"");
}
