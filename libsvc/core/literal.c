/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One block with one endpoint of which nothing but the address is known.
 */
#include "core/literal.h"

#include "base/alloc.h"

static int fill(const struct svc_service *s, const struct svc__name *name,
                struct svc__candidate *c, struct svc__view *v)
{
    struct svc__block *block = svc__block_new(1, 1);
    char text[SVC_ADDRESS_TEXT_SIZE];
    int err;

    if (block == NULL)
        return SVC_ENOMEM;
    block->endpoints[0].address = name->address;
    block->endpoints[0].weight = 1;
    c->block = block;
    err = svc__view_hold(v, block);
    svc__block_unref(block);
    (void)svc__address_format(&name->address, text);
    v->canonical = svc__strdup(text);
    if (err == 0)
        err = svc__view_add(v, c);
    if (err == 0 && (c->why & SVC_WHY_REFUSED_ADDRESS) != 0) {
        err = svc__view_fail(v, SVC_EALIAS,
                             "%s is an address that the filter refuses", text);
        if (err == 0)
            err = svc__view_hint(v, "option allow lets loopback, link-local "
                                    "and metadata addresses through");
    }
    if (err == 0 && v->code == 0 && c->why != 0)
        err =
            svc__view_fail(v, SVC_ENOENDPOINTS,
                           "\"%s\" is an address of the other family", s->text);
    return v->canonical == NULL ? SVC_ENOMEM : err;
}

struct svc__view *svc__literal_view(const struct svc_service *s,
                                    const struct svc__name *name, uint16_t port,
                                    int from_source)
{
    struct svc__view *v = svc__view_new(NULL, s->trace);
    struct svc__candidate c = {0};
    enum svc__family family = s->settings.family;

    if (v == NULL)
        return NULL;
    v->type = SVC__TYPE_LITERAL;
    v->kind = SVC__VIEW_NONE;
    v->topology_off = 1;
    v->port = port;
    c.port = port;
    c.proto = (uint8_t)s->settings.proto;
    if (family != SVC__FAMILY_ANY && family != name->address.family)
        c.why |= SVC_WHY_WRONG_FAMILY;
    if (from_source &&
        !svc__address_is_allowed(&name->address, s->r->settings.allow)) {
        c.why |= SVC_WHY_REFUSED_ADDRESS;
        v->refused = 1;
    }
    if (fill(s, name, &c, v) != 0) {
        svc__view_free(v);
        return NULL;
    }
    return v;
}
