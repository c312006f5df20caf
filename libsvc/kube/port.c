/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the rules of semantics 2.11, 1 to 3: a port by name, by number, or the
 * only one there is, first among the Service's ports and, for headless
 * Services, then among those of its slices.
 *
 * What ties a Service port to a slice port is its name, as in kube-proxy
 * (ServicePortName: Service, name, protocol). A number of the Service is
 * mapped to a name first and never used on pods as it is: with port 80 and
 * target port 8080 nobody listens on 80 (semantics 2.3, 2.4).
 */
#include "kube/port.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <string.h>

/* Bytes of a list of ports in a message. */
#define LIST_MAX 280

/* Bits of the protocols seen. */
enum {
    SEEN_TCP = 1 << 0,
    SEEN_UDP = 1 << 1,
    SEEN_SCTP = 1 << 2
};

static unsigned proto_bit(unsigned proto)
{
    return proto == SVC__PROTO_TCP   ? SEEN_TCP
           : proto == SVC__PROTO_UDP ? SEEN_UDP
                                     : SEEN_SCTP;
}

/* One protocol, where several were seen tcp (semantics 2.11, 2); ANY when
 * that decides nothing. */
static enum svc__proto proto_of(unsigned seen)
{
    if ((seen & SEEN_TCP) != 0)
        return SVC__PROTO_TCP;
    if (seen == SEEN_UDP)
        return SVC__PROTO_UDP;
    if (seen == SEEN_SCTP)
        return SVC__PROTO_SCTP;
    return SVC__PROTO_ANY;
}

static int proto_fits(const struct svc__query *q, unsigned proto)
{
    return q->proto == SVC__PROTO_ANY || (unsigned)q->proto == proto;
}

/* Whether a port of the Service is one that the caller may mean. */
static int service_port_fits(const struct svc__query *q,
                             const struct svc__service_port *p)
{
    if (q->port_name != NULL && strcmp(p->name, q->port_name) != 0)
        return 0;
    if (q->port_name == NULL && q->port != 0 && p->port != q->port)
        return 0;
    return proto_fits(q, p->proto);
}

/* ---- what is said about it ------------------------------------------- */

/* "http/80/TCP, 81/UDP" of the Service's ports, whole ones only, "…" after
 * them when they do not fit. b->err is SVC_ENOMEM on failure. */
static void list_ports(const struct svc__service_object *service,
                       struct svc__buf *b)
{
    for (size_t i = 0; i < service->port_count && b->err == 0; i++) {
        const struct svc__service_port *p = &service->ports[i];

        svc__buf_printf(b, "%s%s%s%u/%s", i == 0 ? "" : ", ", p->name,
                        p->name[0] == '\0' ? "" : "/", (unsigned)p->port,
                        svc__proto_name((enum svc__proto)p->proto));
    }
    if (b->err == SVC_ETOOBIG) {
        b->err = 0;
        b->max += sizeof(", …");
        svc__buf_add_text(b, ", …");
    }
}

/* The port as the caller asked for it. */
static void describe_asked(const struct svc__query *q, struct svc__buf *b)
{
    const char *proto = svc__proto_name(q->proto);

    if (q->port_name != NULL)
        svc__buf_printf(b, "port \"%s\"", q->port_name);
    else if (q->port != 0)
        svc__buf_printf(b, "port %u", (unsigned)q->port);
    else
        svc__buf_add_text(b, "port");
    if (proto != NULL)
        svc__buf_printf(b, " of protocol %s", proto);
}

/* No such port, with those that there are. */
static int say_no_port(const struct svc__facts *f, struct svc__view *v)
{
    const struct svc__service_object *service = f->service;
    struct svc__buf asked;
    struct svc__buf list;
    int err = SVC_ENOMEM;

    svc__buf_init(&asked, LIST_MAX);
    svc__buf_init(&list, LIST_MAX);
    describe_asked(f->query, &asked);
    list_ports(service, &list);
    if (asked.err == SVC_ENOMEM || list.err == SVC_ENOMEM)
        goto out;
    err = svc__view_fail(v, SVC_ENOPORT,
                         "Service \"%s\" in namespace \"%s\" has no %s; its "
                         "ports are: %s (source: %s)",
                         service->name, service->namespace_, asked.data,
                         list.size == 0 ? "none" : list.data, v->source);
    if (err == 0 && service->port_count > 0)
        err = svc__view_hint(v, "ask for a port of the Service: "
                                "name/number/protocol are listed");
out:
    svc__buf_fini(&asked);
    svc__buf_fini(&list);
    return err;
}

/* Never a guess such as "the first": which port is first in a manifest is
 * nobody's decision (semantics 2.3). */
static int say_several(const struct svc__facts *f, struct svc__view *v)
{
    const struct svc__query *q = f->query;
    struct svc__buf list;
    int err = SVC_ENOMEM;

    svc__buf_init(&list, LIST_MAX);
    list_ports(f->service, &list);
    if (list.err == SVC_ENOMEM)
        goto out;
    err = svc__view_fail(
        v, SVC_EINVAL,
        "Service \"%s\" in namespace \"%s\" has several ports, %s: %s "
        "(source: %s)",
        f->service->name, f->service->namespace_,
        q->port != 0 || q->port_name != NULL
            ? "and this one in several protocols, none of them TCP"
            : "and the name asks for none of them",
        list.size == 0 ? "those of its slices" : list.data, v->source);
    if (err != 0)
        goto out;
    if (q->port != 0 || q->port_name != NULL)
        err = svc__view_hint(v, "say which protocol: ?proto=udp, or "
                                "_port._proto. before the name");
    else
        err = svc__view_hint(v,
                             "write the port behind the name: %s.%s:PORT, "
                             "PORT being a name or number of the list",
                             f->service->name, f->service->namespace_);
out:
    svc__buf_fini(&list);
    return err;
}

/* ---- the choice ------------------------------------------------------ */

/* Protocols of the slice ports that are asked for by name or number. */
static unsigned protos_in_slices(const struct svc__facts *f)
{
    const struct svc__query *q = f->query;
    unsigned seen = 0;

    for (size_t i = 0; i < f->slice_count; i++) {
        const struct svc__slice *slice = f->slices[i];
        /* Those of type FQDN are not there (semantics 2.9 rule 4). */
        uint32_t count = slice->type == SVC__SLICE_FQDN ? 0 : slice->port_count;

        for (uint32_t k = 0; k < count; k++) {
            const struct svc__slice_port *p = &slice->ports[k];
            /* Number 0 is null, "all ports" (KEP-752): any number fits. */
            int fits =
                q->port_name != NULL
                    ? strcmp(slice->block->text + p->name, q->port_name) == 0
                    : p->number == q->port || p->number == 0;

            if (fits && proto_fits(q, p->proto))
                seen |= proto_bit(p->proto);
        }
    }
    return seen;
}

/* No port of the Service fits a headless one: its slices may know better
 * (CoreDNS looks at nothing else). Returns 1 when they do. */
static int choose_in_slices(const struct svc__facts *f, struct svc__view *v,
                            struct svc__port *port, int *reterr)
{
    const struct svc__query *q = f->query;
    unsigned seen;

    /* Headless Services may have no ports: then DNS gives addresses alone, and
     * the caller's number is all there is to know (semantics 2.4). */
    if (f->service->port_count == 0 && q->port_name == NULL) {
        port->rule = SVC__PORT_AS_IS;
        port->number = q->port;
        port->proto = q->proto;
        return 1;
    }
    if (q->port_name == NULL && q->port == 0)
        return 0;
    seen = protos_in_slices(f);
    if (seen == 0)
        return 0;
    port->rule = q->port_name != NULL ? SVC__PORT_BY_NAME : SVC__PORT_BY_NUMBER;
    port->name = q->port_name;
    port->number = q->port;
    port->proto = proto_of(seen);
    if (port->proto == SVC__PROTO_ANY)
        *reterr = say_several(f, v);
    return 1;
}

/* Counts the Service's ports that fit; *ret is the one to take: the only one,
 * or that of TCP among several of one number. */
static size_t choose_in_service(const struct svc__facts *f,
                                const struct svc__service_port **ret)
{
    const struct svc__query *q = f->query;
    int asked = q->port_name != NULL || q->port != 0;
    const struct svc__service_port *tcp = NULL;
    size_t fitting = 0;

    for (size_t i = 0; i < f->service->port_count; i++) {
        const struct svc__service_port *p = &f->service->ports[i];

        if (!service_port_fits(q, p))
            continue;
        fitting++;
        *ret = p;
        if (tcp == NULL && p->proto == SVC__PROTO_TCP)
            tcp = p;
    }
    if (fitting > 1)
        *ret = asked ? tcp : NULL;
    return fitting;
}

/* Writes the choice into the view. */
static int tell(const struct svc__port *port, struct svc__view *v)
{
    const char *proto = svc__proto_name(port->proto);

    v->port = port->of != NULL ? port->of->port : port->number;
    if (port->name != NULL) {
        v->port_name = svc__strdup(port->name);
        if (v->port_name == NULL)
            return SVC_ENOMEM;
    }
    if (port->rule == SVC__PORT_AS_IS && port->number == 0)
        return svc__view_step(v, "port",
                              "the Service has no ports, and the name asks for "
                              "none: unknown");
    if (port->rule == SVC__PORT_AS_IS)
        return svc__view_step(v, "port",
                              "the Service has no ports: %u is used as it is",
                              (unsigned)port->number);
    if (port->of == NULL && port->name != NULL)
        return svc__view_step(v, "port",
                              "no port of the Service, but one of its slices: "
                              "\"%s\"/%s",
                              port->name, proto);
    if (port->of == NULL)
        return svc__view_step(v, "port",
                              "no port of the Service, but one of its slices: "
                              "%u/%s",
                              (unsigned)port->number, proto);
    return svc__view_step(
        v, "port", "port %u/%s of the Service: in slices the port %s%s%s",
        (unsigned)port->of->port, proto,
        port->of->name[0] == '\0' ? "without a name" : "named \"",
        port->of->name, port->of->name[0] == '\0' ? "" : "\"");
}

int svc__port_choose(const struct svc__facts *f, struct svc__view *v,
                     struct svc__port *ret)
{
    const struct svc__service_port *of = NULL;
    struct svc__port port = {0};
    size_t fitting = choose_in_service(f, &of);
    int err = 0;

    /* Cluster IPs, node ports and load balancers have the Service's ports
     * only, whatever its slices carry. */
    port.headless = v->kind == SVC__VIEW_PODS && f->service->headless;
    if (of != NULL) {
        port.rule = SVC__PORT_BY_NAME;
        port.of = of;
        port.name = of->name;
        port.number = of->port;
        port.proto = (enum svc__proto)of->proto;
    } else if (fitting > 1) {
        return say_several(f, v);
    } else if (!port.headless || !choose_in_slices(f, v, &port, &err)) {
        return say_no_port(f, v);
    }
    if (err != 0 || v->code != 0)
        return err;
    *ret = port;
    return tell(ret, v);
}

int svc__port_in_slice(const struct svc__port *port,
                       const struct svc__slice *slice, uint16_t *ret_number,
                       uint32_t *ret_app_protocol)
{
    if (port->rule == SVC__PORT_AS_IS) {
        *ret_number = port->number;
        *ret_app_protocol = 0;
        return 1;
    }
    for (uint32_t i = 0; i < slice->port_count; i++) {
        const struct svc__slice_port *p = &slice->ports[i];

        /* "All ports" (null) is for headless only; kube-proxy skips it. */
        if (p->proto != port->proto || (p->number == 0 && !port->headless))
            continue;
        if (port->rule == SVC__PORT_BY_NAME
                ? strcmp(slice->block->text + p->name, port->name) != 0
                : p->number != port->number && p->number != 0)
            continue;
        *ret_number = p->number != 0 ? p->number : port->number;
        *ret_app_protocol = p->app_protocol;
        return 1;
    }
    return 0;
}
