/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the sum.
 */
#include "checksum.h"

#include <string.h>

static uint64_t add(uint64_t sum, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * 0x100000001B3u;
    return sum;
}

static uint64_t add_text(uint64_t sum, const char *text)
{
    return add(sum, text, strlen(text) + 1);
}

uint64_t checksum_endpoint(uint64_t sum, const struct svc__endpoint *ep,
                           const char *text)
{
    const char *hint = text + ep->zone_hints;

    sum = add(sum, &ep->address.bytes, 16);
    sum = add(sum, &ep->flags, 1);
    sum = add(sum, ep->uid, 16);
    sum = add_text(sum, text + ep->hostname);
    sum = add_text(sum, text + ep->pod_namespace);
    sum = add_text(sum, text + ep->pod);
    sum = add_text(sum, text + ep->node);
    sum = add_text(sum, text + ep->zone);
    for (; *hint != '\0'; hint += strlen(hint) + 1)
        sum = add_text(sum, hint);
    return sum;
}
