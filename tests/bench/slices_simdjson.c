/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what simdjson found, in the structs that everybody fills.
 */
#include "slices_simdjson.h"

#include "bench.h"
#include "peer_simdjson.h"

static uint32_t keep(struct found *f, struct peer_simdjson_text text)
{
    return found_keep(f, text.at, text.size);
}

static void keep_hints(struct found *f,
                       const struct peer_simdjson_endpoint *found,
                       struct svc__endpoint *ep)
{
    if (found->hints_count == 0)
        return;
    ep->zone_hints = (uint32_t)f->words.size;
    for (size_t i = 0; i < found->hints_count; i++)
        keep(f, found->hints[i]);
    svc__buf_add_byte(&f->words, '\0');
}

static void take(void *arg, const struct peer_simdjson_endpoint *found)
{
    struct found *f = arg;
    struct svc__endpoint *ep =
        found_add(f, found->address.at, found->address.size);

    ep->flags |= (uint8_t)((found->ready ? SVC__EP_READY : 0) |
                           (found->serving ? SVC__EP_SERVING : 0) |
                           (found->terminating ? SVC__EP_TERMINATING : 0));
    ep->hostname = keep(f, found->hostname);
    ep->pod_namespace = keep(f, found->pod_namespace);
    ep->pod = keep(f, found->pod);
    if (found->uid.at != NULL &&
        svc__uid_parse(found->uid.at, found->uid.size, ep->uid) == 0)
        ep->flags |= SVC__EP_UID;
    ep->node = keep(f, found->node);
    ep->zone = keep(f, found->zone);
    keep_hints(f, found, ep);
}

void slices_simdjson_before(void *peer)
{
    struct slices_simdjson *p = peer;

    bench_must(svc__buf_reserve(p->text, peer_simdjson_padding()) != NULL,
               "allocating");
}

void slices_simdjson_run(void *peer)
{
    struct slices_simdjson *p = peer;

    found_begin(&p->found);
    bench_must(peer_simdjson_walk(p->text->data, p->text->size, p->text->cap,
                                  take, &p->found) == 0,
               "simdjson");
}

uint64_t slices_simdjson_after(void *peer)
{
    struct slices_simdjson *p = peer;

    return found_end(&p->found);
}
