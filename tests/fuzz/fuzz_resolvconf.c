/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a resolv.conf: everything that comes out is within its bounds.
 */
#include "base/resolvconf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct svc__resolvconf rc;
    char namespace_[64];
    char zone[256];

    svc__resolvconf_parse((const char *)data, size, &rc);
    check(rc.server_count <= SVC__RESOLVCONF_SERVERS);
    check(rc.search_count <= SVC__RESOLVCONF_SEARCH);
    for (size_t i = 0; i < rc.server_count; i++)
        check(rc.servers[i][0] != '\0' && strlen(rc.servers[i]) < 64);
    for (size_t i = 0; i < rc.search_count; i++)
        check(rc.search[i][0] != '\0' && strlen(rc.search[i]) <= 253);
    check(rc.ndots >= 0 && rc.ndots <= 15);
    check(rc.timeout_s >= 1 && rc.timeout_s <= 30);
    check(rc.attempts >= 1 && rc.attempts <= 5);
    svc__resolvconf_cluster(&rc, namespace_, zone);
    check(strlen(namespace_) < 64 && strlen(zone) <= 253);
    check(namespace_[0] == '\0' || zone[0] != '\0');
    return 0;
}
