/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way from numbers to a set: one block, one view.
 */
#include "set.h"

#include "memory.h"
#include "model/view.h"

static void fill(struct svc__endpoint *ep, size_t number)
{
    const size_t n = number + 1;

    ep->address.family = SVC__FAMILY_IPV4;
    ep->address.bytes[0] = 10;
    ep->address.bytes[1] = (uint8_t)(n >> 16);
    ep->address.bytes[2] = (uint8_t)(n >> 8);
    ep->address.bytes[3] = (uint8_t)n;
    ep->weight = 1;
}

struct svc_endpoints *set_make(const size_t *numbers, size_t count)
{
    struct svc__block *block = must(svc__block_new((uint32_t)count, 1));
    struct svc__view *v = must(svc__view_new("lbsim", NULL));
    struct svc__freshness *f = must(svc__freshness_new());
    struct svc__candidate c = {
        .block = block, .port = 80, .proto = SVC__PROTO_TCP};
    struct svc_endpoints *set;
    int err = svc__view_hold(v, block);

    for (c.index = 0; c.index < count && err == 0; c.index++) {
        fill(&block->endpoints[c.index], numbers[c.index]);
        err = svc__view_add(v, &c);
    }
    must(err == 0 ? v : NULL);
    svc__block_unref(block);
    set = must(svc__endpoints_new(v, f, "lbsim", 1));
    svc__freshness_unref(f);
    return set;
}

size_t set_number(const struct svc_endpoints *set, size_t index)
{
    const uint8_t *bytes =
        svc__candidate_endpoint(&set->endpoints[index].c)->address.bytes;

    return ((size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3]) - 1;
}
