/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the words for the fields of a name.
 */
#include "namedump.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const kinds[] = {
    [SVC__NAME_SERVICE] = "service",       [SVC__NAME_POD] = "pod",
    [SVC__NAME_LITERAL] = "literal",       [SVC__NAME_EXTERNAL] = "external",
    [SVC__NAME_CLUSTERSET] = "clusterset", [SVC__NAME_ZONAL] = "zonal"};

static const char *const schemes[] = {[SVC__SCHEME_NONE] = NULL,
                                      [SVC__SCHEME_DNS] = "dns",
                                      [SVC__SCHEME_KUBERNETES] = "kubernetes",
                                      [SVC__SCHEME_FILE] = "file"};

static void add(struct svc__buf *b, const char *key, const char *value)
{
    if (value != NULL)
        svc__buf_printf(b, " %s=%s", key, value);
}

static void add_numbers(struct svc__buf *b, const struct svc__name *name)
{
    char text[SVC_ADDRESS_TEXT_SIZE];

    if (name->address.family != 0) {
        svc__address_format(&name->address, text);
        add(b, "address", text);
    }
    if (name->port != 0)
        svc__buf_printf(b, " port=%u", (unsigned)name->port);
    if (name->topo_prefer)
        svc__buf_add_text(b, " prefer");
}

void namedump(const struct svc__name *name, char *ret, size_t size)
{
    struct svc__buf b;

    svc__buf_init(&b, size - 1);
    svc__buf_add_text(&b, kinds[name->kind]);
    add(&b, "scheme", schemes[name->scheme]);
    add(&b, "file", name->file);
    add(&b, "svc", name->service);
    add(&b, "ns", name->namespace_);
    add(&b, "host", name->host);
    add(&b, "domain", name->domain);
    add(&b, "cluster", name->cluster_id);
    add(&b, "zone", name->topo_zone);
    add_numbers(&b, name);
    add(&b, "port", name->port_name);
    add(&b, "proto", svc__proto_name(name->proto));
    add(&b, "view", name->view);
    add(&b, "family", name->family);
    add(&b, "policy", name->policy);
    add(&b, "track", name->track);
    add(&b, "subset", name->subset);
    add(&b, "slow_start_ms", name->slow_start_ms);
    add(&b, "hash_balance_factor", name->hash_balance_factor);
    assert_int_equal(b.err, 0);
    (void)snprintf(ret, size, "%s", b.data);
    svc__buf_fini(&b);
}
