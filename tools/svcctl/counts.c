/* SPDX-License-Identifier: Apache-2.0 */
/* How often each endpoint was picked. */
#include "counts.h"

#include "memory.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static void key_of(const void *sockaddr, unsigned char ret[COUNTS_KEY_SIZE])
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;

    /* Copied: whoever made it knows nothing of our alignment. */
    memcpy(&four, sockaddr, sizeof(four));
    memset(ret, 0, COUNTS_KEY_SIZE);
    if (four.sin_family == AF_INET) {
        ret[0] = 4;
        memcpy(ret + 1, &four.sin_addr, sizeof(four.sin_addr));
        memcpy(ret + COUNTS_KEY_SIZE - 2, &four.sin_port, 2);
    } else {
        memcpy(&six, sockaddr, sizeof(six));
        ret[0] = 6;
        memcpy(ret + 1, &six.sin6_addr, sizeof(six.sin6_addr));
        memcpy(ret + COUNTS_KEY_SIZE - 2, &six.sin6_port, 2);
    }
}

/* The first place whose key is not before key. */
static size_t place_of(const struct counts *counts,
                       const unsigned char key[COUNTS_KEY_SIZE])
{
    size_t low = 0;
    size_t high = counts->used;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(counts->list[middle].key, key, COUNTS_KEY_SIZE) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int is_at(const struct counts *counts, size_t place,
                 const unsigned char key[COUNTS_KEY_SIZE])
{
    return place < counts->used &&
           memcmp(counts->list[place].key, key, COUNTS_KEY_SIZE) == 0;
}

static void add(struct counts *counts, const svc_endpoint *ep)
{
    svc_endpoint_info info = SVC_ENDPOINT_INFO_INIT;
    unsigned char key[COUNTS_KEY_SIZE];
    struct sockaddr_storage address;
    struct count *count;
    size_t place;

    svc_endpoint_sockaddr(ep, &address);
    key_of(&address, key);
    place = place_of(counts, key);
    if (is_at(counts, place, key))
        return;
    counts->list = memory_grow(counts->list, &counts->room, counts->used + 1,
                               sizeof(*counts->list));
    count = counts->list + place;
    memmove(count + 1, count, (counts->used - place) * sizeof(*count));
    counts->used++;
    svc_endpoint_describe(ep, &info);
    memset(count, 0, sizeof(*count));
    memcpy(count->key, key, sizeof(key));
    memcpy(count->address, info.address, sizeof(count->address));
    count->port = info.port;
}

void counts_add_set(struct counts *counts, const svc_endpoints *eps)
{
    size_t usable = svc_endpoints_count(eps);
    size_t i;

    for (i = 0; i < usable; i++)
        add(counts, svc_endpoints_at(eps, i));
}

struct count *counts_find(const struct counts *counts, const svc_pick *pick)
{
    unsigned char key[COUNTS_KEY_SIZE];
    size_t place;

    key_of(svc_pick_sockaddr(pick), key);
    place = place_of(counts, key);
    return is_at(counts, place, key) ? &counts->list[place] : NULL;
}

void counts_fini(struct counts *counts)
{
    free(counts->list);
}
