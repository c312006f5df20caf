/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets and endpoints in words and numbers, for callers: fills the sized
 * structs of svc.h, whatever their size in the program that calls.
 */
#include "base/sized.h"
#include "model/endpoints.h"

int svc_endpoints_describe(const svc_endpoints *eps, svc_endpoints_info *ret)
{
    const struct svc__view *v;
    svc_endpoints_info info = SVC_ENDPOINTS_INFO_INIT;

    if (eps == NULL || ret == NULL)
        return SVC_EINVAL;
    v = eps->view;
    info.service = v->service;
    info.namespace_ = v->namespace_;
    info.type = svc__type_name(v->type);
    /* DNS alone cannot always tell whose addresses they are. */
    if (v->kind != SVC__VIEW_AUTO)
        info.view = svc__view_kind_name(v->kind);
    info.source = v->source;
    info.canonical = v->canonical;
    info.port_name = v->port_name;
    info.session_affinity = v->client_ip ? "ClientIP" : "None";
    info.policy = eps->policy;
    info.message = v->message;
    info.hint = v->hint;
    info.generation = eps->generation;
    info.ttl_ms = v->ttl_ms;
    info.port = v->port;
    info.code = v->code;
    return svc__sized_write(ret, &info, sizeof(info));
}

socklen_t svc_endpoint_sockaddr(const svc_endpoint *ep,
                                struct sockaddr_storage *ret)
{
    return svc__address_to_sockaddr(&svc__candidate_endpoint(&ep->c)->address,
                                    ep->c.port, ret);
}

/* A condition as 1, 0, or -1 where none of them is known. */
static int condition(const struct svc__endpoint *e, unsigned flag)
{
    return (e->flags & SVC__EP_CONDITIONS) == 0 ? -1 : (e->flags & flag) != 0;
}

int svc_endpoint_describe(const svc_endpoint *ep, svc_endpoint_info *ret)
{
    const struct svc__endpoint *e;
    const struct svc__block *block;
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;

    if (ep == NULL || ret == NULL)
        return SVC_EINVAL;
    e = svc__candidate_endpoint(&ep->c);
    block = ep->c.block;
    info.protocol = svc__proto_name((enum svc__proto)ep->c.proto);
    info.hostname = svc__block_text(block, e->hostname);
    info.pod_namespace = svc__block_text(block, e->pod_namespace);
    info.pod = svc__block_text(block, e->pod);
    info.node = svc__block_text(block, e->node);
    info.zone = svc__block_text(block, e->zone);
    info.app_protocol = svc__block_text(block, ep->c.app_protocol);
    info.family = e->address.family == SVC__FAMILY_IPV4 ? AF_INET : AF_INET6;
    info.port = ep->c.port;
    info.ready = condition(e, SVC__EP_READY);
    info.serving = condition(e, SVC__EP_SERVING);
    info.terminating = condition(e, SVC__EP_TERMINATING);
    info.usable = ep->c.why == 0;
    info.weight = svc__candidate_weight(&ep->c);
    info.why = ep->c.why;
    (void)svc__address_format(&e->address, info.address);
    if ((e->flags & SVC__EP_UID) != 0)
        svc__uid_format(e->uid, info.uid);
    return svc__sized_write(ret, &info, sizeof(info));
}

const char *svc_why_name(uint32_t bit)
{
    static const char *const names[] = {
        "not-ready",  "terminating", "no-such-port",    "wrong-family",
        "other-zone", "other-node",  "not-local",       "outside-subset",
        "ejected",    "draining",    "refused-address", "duplicate"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (bit == UINT32_C(1) << i)
            return names[i];
    }
    return NULL;
}
