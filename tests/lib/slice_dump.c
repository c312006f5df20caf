/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the text form of a slice in tests.
 */
#include "slice_dump.h"

#include "model/name.h"

#include <string.h>

static void dump_word(struct svc__buf *b, const struct svc__block *block,
                      const char *what, uint32_t offset)
{
    if (offset != 0)
        svc__buf_printf(b, " %s %s", what, block->text + offset);
}

static void dump_hints(struct svc__buf *b, const struct svc__block *block,
                       const char *what, uint32_t offset)
{
    const char *name = block->text + offset;

    if (offset == 0)
        return;
    svc__buf_printf(b, " %s ", what);
    for (; *name != '\0'; name += strlen(name) + 1)
        svc__buf_printf(b, "%s,", name);
}

static void dump_endpoint(struct svc__buf *b, const struct svc__block *block,
                          const struct svc__endpoint *ep)
{
    char text[SVC_ADDRESS_TEXT_SIZE];
    char uid[SVC_UID_TEXT_SIZE];

    svc__address_format(&ep->address, text);
    svc__buf_printf(b, "%s %c%c%c", text, ep->flags & SVC__EP_READY ? 'r' : '-',
                    ep->flags & SVC__EP_SERVING ? 's' : '-',
                    ep->flags & SVC__EP_TERMINATING ? 't' : '-');
    if ((ep->flags & SVC__EP_CONDITIONS) == 0 || ep->weight != 1)
        svc__buf_add_text(b, " (odd)");
    dump_word(b, block, "host", ep->hostname);
    dump_word(b, block, "in", ep->pod_namespace);
    dump_word(b, block, "pod", ep->pod);
    if (ep->flags & SVC__EP_UID) {
        svc__uid_format(ep->uid, uid);
        svc__buf_printf(b, " uid %s", uid);
    }
    dump_word(b, block, "node", ep->node);
    dump_word(b, block, "zone", ep->zone);
    dump_hints(b, block, "zones", ep->zone_hints);
    dump_hints(b, block, "nodes", ep->node_hints);
    svc__buf_add_byte(b, '\n');
}

void slice_dump(struct svc__buf *b, const struct svc__slice *slice)
{
    const struct svc__block *block = slice->block;

    svc__buf_printf(b, "%s/%s of %s rv %llu type %d\n", slice->namespace_,
                    slice->name, slice->service,
                    (unsigned long long)slice->resource_version,
                    (int)slice->type);
    for (uint32_t i = 0; i < slice->port_count; i++) {
        const struct svc__slice_port *port = &slice->ports[i];

        svc__buf_printf(b, "port %s %u %s", block->text + port->name,
                        (unsigned)port->number,
                        svc__proto_name((enum svc__proto)port->proto));
        dump_word(b, block, "app", port->app_protocol);
        svc__buf_add_byte(b, '\n');
    }
    for (uint32_t i = 0; i < block->count; i++)
        dump_endpoint(b, block, &block->endpoints[i]);
}

void slice_dump_text(struct svc__buf *b, const char *text, size_t size)
{
    struct svc__slice *slice = NULL;
    svc_error error;
    int err = svc__slice_decode(text, size, &slice, &error);

    if (err == 0)
        slice_dump(b, slice);
    else
        svc__buf_printf(b, "%s: %s\n", svc_err_name(err), error.message);
    svc__slice_unref(slice);
}
