/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Knows where the last byte of an address is.
 */
/* cmocka.h needs the others before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script_pick.h"

#include <netinet/in.h>
#include <string.h>

static unsigned last_byte(const struct sockaddr *address)
{
    struct sockaddr_in in;

    assert_int_equal(address->sa_family, AF_INET);
    memcpy(&in, address, sizeof(in));
    return ntohl(in.sin_addr.s_addr) & 0xFF;
}

svc_pick script_pick(svc_service *s)
{
    static const svc_pick_options tracked = {.size = sizeof(tracked),
                                             .track = 1};
    svc_pick pick;

    assert_int_equal(svc_service_pick(s, &tracked, &pick), 0);
    return pick;
}

unsigned script_number(const svc_pick *pick)
{
    return last_byte(svc_pick_sockaddr(pick));
}

const svc_endpoint *script_find(const svc_endpoints *eps, unsigned number)
{
    for (size_t i = 0; i < svc_endpoints_total(eps); i++) {
        const svc_endpoint *ep = svc_endpoints_at(eps, i);
        struct sockaddr_storage address;

        (void)svc_endpoint_sockaddr(ep, &address);
        if (last_byte((const struct sockaddr *)&address) == number)
            return ep;
    }
    fail_msg("nobody has number %u", number);
    return NULL;
}

uint64_t script_stat(svc_resolver *r, size_t offset)
{
    svc_stats stats = SVC_STATS_INIT;
    uint64_t value;

    assert_int_equal(svc_resolver_stats(r, &stats), 0);
    memcpy(&value, (const char *)&stats + offset, sizeof(value));
    return value;
}
