/* SPDX-License-Identifier: Apache-2.0 */
#include "dump.h"

#include <inttypes.h>

static void dump_address(struct svc__buf *b, const char *before,
                         const struct svc__address *address)
{
    char text[SVC_ADDRESS_TEXT_SIZE] = "-";

    if (address->family != 0)
        svc__address_format(address, text);
    svc__buf_printf(b, "%s%s", before, text);
}

static void dump_text(struct svc__buf *b, const char *before, const char *text)
{
    if (text != NULL)
        svc__buf_printf(b, "%s%s", before, text);
}

static void dump_ports(struct svc__buf *b,
                       const struct svc__service_object *service)
{
    for (size_t i = 0; i < service->port_count; i++) {
        const struct svc__service_port *port = &service->ports[i];

        svc__buf_printf(b, " %s:%u/%s", port->name, (unsigned)port->port,
                        svc__proto_name((enum svc__proto)port->proto));
        if (port->node_port != 0)
            svc__buf_printf(b, ">%u", (unsigned)port->node_port);
        dump_text(b, "=", port->app_protocol);
    }
}

static void dump_ingress(struct svc__buf *b, const struct svc__ingress *ingress)
{
    dump_address(b, " lb ", &ingress->address);
    dump_text(b, ",", ingress->hostname);
    for (size_t i = 0; i < ingress->error_count; i++)
        svc__buf_printf(
            b, " (%u/%s %s)", (unsigned)ingress->errors[i].port,
            svc__proto_name((enum svc__proto)ingress->errors[i].proto),
            ingress->errors[i].text);
}

void dump_service(struct svc__buf *b, const struct svc__service_object *service)
{
    static const char *const types[] = {"ClusterIP", "NodePort", "LoadBalancer",
                                        "ExternalName"};

    svc__buf_printf(b, "Service %s/%s %s", service->namespace_, service->name,
                    types[service->type]);
    if (service->headless)
        svc__buf_add_text(b, " headless");
    for (size_t i = 0; i < service->cluster_ip_count; i++)
        dump_address(b, " ", &service->cluster_ips[i]);
    for (size_t i = 0; i < service->family_count; i++)
        svc__buf_printf(b, " IPv%d", (int)service->families[i]);
    dump_ports(b, service);
    dump_text(b, " external ", service->external_name);
    svc__buf_add_text(b, service->internal_local ? " internal-local" : "");
    svc__buf_add_text(b, service->external_local ? " external-local" : "");
    svc__buf_add_text(b, service->client_ip ? " client-ip" : "");
    svc__buf_add_text(b, service->has_selector ? " selector" : "");
    for (size_t i = 0; i < service->ingress_count; i++)
        dump_ingress(b, &service->ingress[i]);
}

void dump_node(struct svc__buf *b, const struct svc__node_object *node)
{
    svc__buf_printf(b, "Node %s %s", node->name,
                    node->ready ? "ready" : "not-ready");
    dump_text(b, " zone ", node->zone);
    dump_address(b, " ", &node->ipv4);
    dump_address(b, " ", &node->ipv6);
}

static void dump_endpoint(struct svc__buf *b, const struct svc__block *block,
                          const struct svc__endpoint *ep)
{
    dump_address(b, " [", &ep->address);
    svc__buf_printf(b, " %x", (unsigned)ep->flags);
    dump_text(b, " host ", svc__block_text(block, ep->hostname));
    dump_text(b, " pod ", svc__block_text(block, ep->pod));
    dump_text(b, " node ", svc__block_text(block, ep->node));
    dump_text(b, " zone ", svc__block_text(block, ep->zone));
    svc__buf_add_byte(b, ']');
}

static void dump_slice(struct svc__buf *b, const struct svc__slice *slice)
{
    svc__buf_printf(b, "EndpointSlice %s/%s of %s type %d", slice->namespace_,
                    slice->name, slice->service, (int)slice->type);
    for (uint32_t i = 0; i < slice->port_count; i++) {
        const struct svc__slice_port *port = &slice->ports[i];

        svc__buf_printf(b, " %s:%u/%s", slice->block->text + port->name,
                        (unsigned)port->number,
                        svc__proto_name((enum svc__proto)port->proto));
    }
    for (uint32_t i = 0; i < slice->block->count; i++)
        dump_endpoint(b, slice->block, &slice->block->endpoints[i]);
}

static void dump_object(struct svc__buf *b,
                        const struct svc__manifest_object *object)
{
    static const char *const kinds[] = {"Service", "EndpointSlice", "Node"};

    svc__buf_printf(b, "%u ", object->document);
    if (object->service != NULL)
        dump_service(b, object->service);
    else if (object->slice != NULL)
        dump_slice(b, object->slice);
    else if (object->node != NULL)
        dump_node(b, object->node);
    else
        svc__buf_printf(b, "! %s %s/%s %s: %s", kinds[object->kind],
                        object->refusal->namespace_, object->refusal->name,
                        object->refusal->owner, object->refusal->reason);
    svc__buf_add_byte(b, '\n');
}

void dump_manifest(struct svc__buf *b, const struct svc__manifest *m)
{
    for (size_t i = 0; i < m->count; i++)
        dump_object(b, &m->objects[i]);
    if (m->refused > 0)
        svc__buf_printf(b, "refused %zu\n", m->refused);
    if (m->ignored > 0)
        svc__buf_printf(b, "ignored %" PRIu64 "\n", m->ignored);
    if (m->old_versions > 0)
        svc__buf_printf(b, "old %" PRIu64 ": %s\n", m->old_versions,
                        m->first_old_version);
    if (m->document_refused_count > 0)
        svc__buf_printf(b, "documents %zu: %s\n", m->document_refused_count,
                        m->first_document_refused);
}
