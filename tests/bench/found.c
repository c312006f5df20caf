/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the room.
 */
#include "found.h"

#include "base/alloc.h"
#include "bench.h"
#include "checksum.h"

#include <string.h>

void found_begin(struct found *f)
{
    svc__buf_init(&f->words, (size_t)1 << 31);
    svc__buf_add_byte(&f->words, '\0');
}

void found_reserve(struct found *f, size_t count)
{
    if (f->count + count <= f->capacity)
        return;
    f->capacity = (f->count + count) * 2;
    f->endpoints =
        svc__realloc(f->endpoints, f->capacity, sizeof(*f->endpoints));
    bench_must(f->endpoints != NULL, "allocating");
}

struct svc__endpoint *found_add(struct found *f, const char *address,
                                size_t size)
{
    struct svc__endpoint *ep;

    found_reserve(f, 1);
    ep = &f->endpoints[f->count++];
    memset(ep, 0, sizeof(*ep));
    bench_must(address != NULL &&
                   svc__address_parse(address, size, &ep->address) == 0,
               "reading an address");
    ep->flags = SVC__EP_CONDITIONS;
    return ep;
}

uint32_t found_keep(struct found *f, const char *text, size_t size)
{
    const uint32_t offset = (uint32_t)f->words.size;

    if (text == NULL)
        return 0;
    svc__buf_add(&f->words, text, size);
    svc__buf_add_byte(&f->words, '\0');
    return offset;
}

uint64_t found_end(struct found *f)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < f->count; i++)
        sum = checksum_endpoint(sum, &f->endpoints[i], f->words.data);
    svc__free(f->endpoints);
    svc__buf_fini(&f->words);
    memset(f, 0, sizeof(*f));
    return sum;
}
