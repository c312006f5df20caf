/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way from numbers to a set: one block, one view.
 */
#include "set_build.h"

#include "model/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void fill(struct svc__endpoint *ep, uint32_t number)
{
    ep->address.family = SVC__FAMILY_IPV4;
    ep->address.bytes[0] = 10;
    ep->address.bytes[1] = (uint8_t)(number >> 16);
    ep->address.bytes[2] = (uint8_t)(number >> 8);
    ep->address.bytes[3] = (uint8_t)number;
    ep->weight = 1;
}

struct svc_endpoints *set_build(const uint32_t *numbers, size_t count)
{
    struct svc__block *block = svc__block_new((uint32_t)count, 1);
    struct svc__view *v = svc__view_new("test", NULL);
    struct svc__freshness *f = svc__freshness_new();
    struct svc__candidate c = {.port = 80, .proto = SVC__PROTO_TCP};
    struct svc_endpoints *set;

    assert_true(block != NULL && v != NULL && f != NULL);
    assert_int_equal(svc__view_hold(v, block), 0);
    c.block = block;
    for (c.index = 0; c.index < count; c.index++) {
        fill(&block->endpoints[c.index], numbers[c.index]);
        assert_int_equal(svc__view_add(v, &c), 0);
    }
    svc__block_unref(block);
    set = svc__endpoints_new(v, f, "test", 1);
    assert_non_null(set);
    svc__freshness_unref(f);
    return set;
}

struct svc_endpoints *set_range(uint32_t first, uint32_t last)
{
    size_t count = last - first + 1;
    uint32_t *numbers = malloc(count * sizeof(*numbers));
    struct svc_endpoints *set;

    assert_non_null(numbers);
    for (size_t i = 0; i < count; i++)
        numbers[i] = first + (uint32_t)i;
    set = set_build(numbers, count);
    free(numbers);
    return set;
}

uint32_t set_number(const struct svc_endpoints *set, size_t index)
{
    const uint8_t *bytes =
        svc__candidate_endpoint(&set->endpoints[index].c)->address.bytes;

    assert_true(index < set->count);
    return (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}
