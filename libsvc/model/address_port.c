/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An address with a port behind it, as options write it. Pure.
 */
#include "model/address.h"

#include <string.h>

int svc__address_read_port(const char *text, size_t size, uint16_t *ret)
{
    unsigned long port = 0;

    if (size == 0 || size > 5)
        return SVC_EINVAL;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return SVC_EINVAL;
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    if (port == 0 || port > 65535)
        return SVC_EINVAL;
    *ret = (uint16_t)port;
    return 0;
}

struct parts {
    const char *address;
    size_t size;
    const char *port; /* NULL: none is written */
};

static int split_bracketed(const char *text, struct parts *ret)
{
    const char *end = strchr(text, ']');

    if (end == NULL || (end[1] != '\0' && end[1] != ':'))
        return SVC_EINVAL;
    ret->address = text + 1;
    ret->size = (size_t)(end - ret->address);
    ret->port = end[1] == ':' ? end + 2 : NULL;
    return 0;
}

/* Several colons are those of an IPv6 address without a port. */
static void split_plain(const char *text, struct parts *ret)
{
    const char *colon = strchr(text, ':');

    if (colon != NULL && strchr(colon + 1, ':') != NULL)
        colon = NULL;
    ret->address = text;
    ret->size = colon == NULL ? strlen(text) : (size_t)(colon - text);
    ret->port = colon == NULL ? NULL : colon + 1;
}

int svc__address_parse_port(const char *text, uint16_t port_default,
                            struct svc__address *ret, uint16_t *ret_port)
{
    int is_bracketed = text[0] == '[';
    uint16_t port = port_default;
    struct parts parts;
    struct svc__address a;
    int err = 0;

    if (is_bracketed)
        err = split_bracketed(text, &parts);
    else
        split_plain(text, &parts);
    if (err == 0 && parts.port != NULL)
        err = svc__address_read_port(parts.port, strlen(parts.port), &port);
    if (err == 0)
        err = svc__address_parse(parts.address, parts.size, &a);
    if (err == 0 && is_bracketed && a.family != SVC__FAMILY_IPV6)
        err = SVC_EINVAL;
    if (err != 0)
        return err;
    *ret = a;
    *ret_port = port;
    return 0;
}
