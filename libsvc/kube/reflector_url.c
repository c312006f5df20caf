/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the requests as they are written: paths of the three resources, and the
 * queries of the list/watch protocol. Knows no time.
 */
#include "kube/reflector_own.h"

#include "base/buf.h"

#include <string.h>

static const struct {
    const char *resource;
    const char *group;
    const char *path;
} resources[] = {
    [SVC__RESOURCE_SERVICES] = {"services", "", "/api/v1"},
    [SVC__RESOURCE_SLICES] = {"endpointslices", "discovery.k8s.io",
                              "/apis/discovery.k8s.io/v1"},
    [SVC__RESOURCE_NODES] = {"nodes", "", "/api/v1"},
};

const char *svc__reflector_url_resource(const struct svc__reflector *rf)
{
    return resources[rf->scope.resource].resource;
}

const char *svc__reflector_url_group(const struct svc__reflector *rf)
{
    return resources[rf->scope.resource].group;
}

/* What RFC 3986 section 2.3 leaves unreserved stays, all else is encoded. */
static void add_encoded(struct svc__buf *b, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~";

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (strchr(plain, c) != NULL) {
            svc__buf_add_byte(b, (char)c);
        } else {
            svc__buf_add_byte(b, '%');
            svc__buf_add_byte(b, hex[c >> 4]);
            svc__buf_add_byte(b, hex[c & 15]);
        }
    }
}

static void add_parameter(struct svc__buf *b, const char *name,
                          const char *value)
{
    int is_first = memchr(b->data, '?', b->size) == NULL;

    svc__buf_add_byte(b, is_first ? '?' : '&');
    svc__buf_add_text(b, name);
    svc__buf_add_byte(b, '=');
    add_encoded(b, value);
}

/* One Service by its name; its slices by their label; a Node by its name. */
static void add_selector(struct svc__buf *b,
                         const struct svc__reflector_scope *scope)
{
    if (scope->service == NULL)
        return;
    if (scope->resource == SVC__RESOURCE_SLICES)
        add_parameter(b, "labelSelector", "kubernetes.io/service-name=");
    else
        add_parameter(b, "fieldSelector", "metadata.name=");
    add_encoded(b, scope->service);
}

static void add_watch(const struct svc__reflector *rf, struct svc__buf *b)
{
    add_parameter(b, "watch", "1");
    if (rf->request == SVC__REFLECTOR_WATCH) {
        add_parameter(b, "resourceVersion", rf->version);
    } else {
        /* Without a version it is as consistent as a list (KEP-3157): no older
         * than what another stream has shown. */
        add_parameter(b, "sendInitialEvents", "true");
        add_parameter(b, "resourceVersionMatch", "NotOlderThan");
    }
    add_parameter(b, "allowWatchBookmarks", "true");
    svc__buf_printf(b, "&timeoutSeconds=%u", rf->timeout_s);
}

static void add_list(const struct svc__reflector *rf, struct svc__buf *b)
{
    if (rf->more.size > 0) {
        add_parameter(b, "continue", rf->more.data);
    } else if (rf->doubt == SVC__REFLECTOR_NOT_OLDER) {
        add_parameter(b, "resourceVersion", rf->version);
        add_parameter(b, "resourceVersionMatch", "NotOlderThan");
    }
}

int svc__reflector_url(const struct svc__reflector *rf, struct svc__buf *b)
{
    svc__buf_add_text(b, resources[rf->scope.resource].path);
    if (rf->scope.resource != SVC__RESOURCE_NODES) {
        svc__buf_add_text(b, "/namespaces/");
        add_encoded(b, rf->scope.namespace_);
    }
    svc__buf_add_byte(b, '/');
    svc__buf_add_text(b, resources[rf->scope.resource].resource);
    if (b->err != 0)
        return b->err;
    if (rf->request == SVC__REFLECTOR_LIST)
        add_list(rf, b);
    else
        add_watch(rf, b);
    add_selector(b, &rf->scope);
    return b->err;
}
