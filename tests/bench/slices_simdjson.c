/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns what simdjson found, in the structs that everybody fills.
 */
#include "slices_simdjson.h"

#include "base/alloc.h"
#include "bench.h"
#include "checksum.h"
#include "peer_simdjson.h"

#include <string.h>

static uint32_t keep(struct slices_simdjson *p, struct peer_simdjson_text text)
{
    uint32_t offset = (uint32_t)p->words.size;

    if (text.at == NULL)
        return 0;
    svc__buf_add(&p->words, text.at, text.size);
    svc__buf_add_byte(&p->words, '\0');
    return offset;
}

static void keep_hints(struct slices_simdjson *p,
                       const struct peer_simdjson_endpoint *found,
                       struct svc__endpoint *ep)
{
    if (found->hints_count == 0)
        return;
    ep->zone_hints = (uint32_t)p->words.size;
    for (size_t i = 0; i < found->hints_count; i++)
        keep(p, found->hints[i]);
    svc__buf_add_byte(&p->words, '\0');
}

static void take(void *arg, const struct peer_simdjson_endpoint *found)
{
    struct slices_simdjson *p = arg;
    struct svc__endpoint *ep;

    if (p->count == p->capacity) {
        p->capacity = p->capacity == 0 ? 1024 : p->capacity * 2;
        p->endpoints =
            svc__realloc(p->endpoints, p->capacity, sizeof(*p->endpoints));
        bench_must(p->endpoints != NULL, "allocating");
    }
    ep = &p->endpoints[p->count++];
    memset(ep, 0, sizeof(*ep));
    bench_must(found->address.at != NULL &&
                   svc__address_parse(found->address.at, found->address.size,
                                      &ep->address) == 0,
               "reading an address");
    ep->flags =
        (uint8_t)(SVC__EP_CONDITIONS | (found->ready ? SVC__EP_READY : 0) |
                  (found->serving ? SVC__EP_SERVING : 0) |
                  (found->terminating ? SVC__EP_TERMINATING : 0));
    ep->hostname = keep(p, found->hostname);
    ep->pod_namespace = keep(p, found->pod_namespace);
    ep->pod = keep(p, found->pod);
    if (found->uid.at != NULL &&
        svc__uid_parse(found->uid.at, found->uid.size, ep->uid) == 0)
        ep->flags |= SVC__EP_UID;
    ep->node = keep(p, found->node);
    ep->zone = keep(p, found->zone);
    keep_hints(p, found, ep);
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

    svc__buf_init(&p->words, (size_t)1 << 31);
    svc__buf_add_byte(&p->words, '\0');
    bench_must(peer_simdjson_walk(p->text->data, p->text->size, p->text->cap,
                                  take, p) == 0,
               "simdjson");
}

uint64_t slices_simdjson_after(void *peer)
{
    struct slices_simdjson *p = peer;
    uint64_t sum = 0;

    for (size_t i = 0; i < p->count; i++)
        sum = checksum_endpoint(sum, &p->endpoints[i], p->words.data);
    svc__free(p->endpoints);
    svc__buf_fini(&p->words);
    p->endpoints = NULL;
    p->count = 0;
    p->capacity = 0;
    return sum;
}
