/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the fields of a Node that are used (semantics 2.6) and the life of the
 * decoded object.
 */
#include "kube/decode.h"

#include "base/alloc.h"
#include "base/err.h"
#include "kube/decode_field.h"

#include <string.h>

#define ZONE_LABEL "topology.kubernetes.io/zone"

/* Addresses by order of preference, for each family. */
enum {
    INTERNAL,
    EXTERNAL,
    RANKS
};
struct addresses {
    struct svc__address ipv4[RANKS];
    struct svc__address ipv6[RANKS];
};

static int read_zone(struct svc__decode *d, const struct svc__decode_meta *meta,
                     struct svc__node_object *node)
{
    static const struct svc__decode_field fields[] = {
        {ZONE_LABEL, SVC__DECODE_TEXT}, {NULL, SVC__DECODE_TEXT}};
    struct svc__decode_object labels;
    int err = svc__decode_inner(d, "metadata.labels.", &meta->labels, fields,
                                &labels);

    if (err != 0)
        return err;
    err =
        svc__decode_copy(d, svc__decode_text(&labels, ZONE_LABEL), &node->zone);
    svc__decode_object_fini(&labels);
    return err;
}

static int read_conditions(struct svc__decode *d,
                           const struct svc__decode_mark *mark,
                           struct svc__node_object *node)
{
    static const struct svc__decode_field fields[] = {
        {"type", SVC__DECODE_TEXT},
        {"status", SVC__DECODE_TEXT},
        {NULL, SVC__DECODE_TEXT}};
    struct svc__decode_object o;
    struct svc__json j;
    size_t count;
    int err = svc__decode_list(d, "status.conditions", mark, &j, &count);

    for (size_t i = 0; err == 0 && i < count; i++) {
        svc__json_next_element(&j);
        svc__decode_path(d, "status.conditions", i, ".");
        err = svc__decode_object(d, &j, fields, &o);
        if (err != 0)
            break;
        if (strcmp(svc__decode_text(&o, "type"), "Ready") == 0)
            node->ready = strcmp(svc__decode_text(&o, "status"), "True") == 0;
        svc__decode_object_fini(&o);
    }
    return err;
}

static int take_address(struct svc__decode *d,
                        const struct svc__decode_object *o,
                        struct addresses *all)
{
    const char *type = svc__decode_text(o, "type");
    int rank = strcmp(type, "InternalIP") == 0   ? INTERNAL
               : strcmp(type, "ExternalIP") == 0 ? EXTERNAL
                                                 : RANKS;
    struct svc__address address = {{0}, 0};
    struct svc__address *place;
    int err;

    /* Host names and DNS names are never used. */
    if (rank == RANKS)
        return 0;
    err = svc__decode_address(d, o, "address", &address);
    if (err != 0 || address.family == 0)
        return err;
    place = address.family == SVC__FAMILY_IPV4 ? &all->ipv4[rank]
                                               : &all->ipv6[rank];
    if (place->family == 0)
        *place = address;
    return 0;
}

static int read_addresses(struct svc__decode *d,
                          const struct svc__decode_mark *mark,
                          struct svc__node_object *node)
{
    static const struct svc__decode_field fields[] = {
        {"type", SVC__DECODE_TEXT},
        {"address", SVC__DECODE_TEXT},
        {NULL, SVC__DECODE_TEXT}};
    struct addresses all = {0};
    struct svc__decode_object o;
    struct svc__json j;
    size_t count;
    int err = svc__decode_list(d, "status.addresses", mark, &j, &count);

    for (size_t i = 0; err == 0 && i < count; i++) {
        svc__json_next_element(&j);
        svc__decode_path(d, "status.addresses", i, ".");
        err = svc__decode_object(d, &j, fields, &o);
        if (err != 0)
            break;
        err = take_address(d, &o, &all);
        svc__decode_object_fini(&o);
    }
    node->ipv4 = all.ipv4[all.ipv4[INTERNAL].family == 0];
    node->ipv6 = all.ipv6[all.ipv6[INTERNAL].family == 0];
    return err;
}

static int read_status(struct svc__decode *d,
                       const struct svc__decode_mark *mark,
                       struct svc__node_object *node)
{
    enum {
        CONDITIONS,
        ADDRESSES
    };
    static const struct svc__decode_field fields[] = {
        {"conditions", SVC__DECODE_LIST},
        {"addresses", SVC__DECODE_LIST},
        {NULL, SVC__DECODE_TEXT}};
    struct svc__decode_object status;
    int err = svc__decode_inner(d, "status.", mark, fields, &status);

    if (err != 0)
        return err;
    err = read_conditions(d, &status.at[CONDITIONS], node);
    if (err == 0)
        err = read_addresses(d, &status.at[ADDRESSES], node);
    svc__decode_object_fini(&status);
    return err;
}

/* A node with its name, which stands behind it in the same allocation. */
static struct svc__node_object *new_node(const struct svc__decode_meta *meta)
{
    size_t size = strlen(meta->name) + 1;
    struct svc__node_object *node = svc__calloc(1, sizeof(*node) + size);

    if (node == NULL)
        return NULL;
    svc__refs_init(&node->refs);
    node->resource_version = meta->resource_version;
    node->name = (char *)(node + 1);
    memcpy(node->name, meta->name, size);
    return node;
}

static int read_node(struct svc__decode *d, const char *text, size_t size,
                     struct svc__node_object **ret)
{
    enum {
        METADATA,
        STATUS
    };
    static const struct svc__decode_field fields[] = {
        {"metadata", SVC__DECODE_ANY},
        {"status", SVC__DECODE_ANY},
        /* Known already; here only so that none is there twice. */
        {"kind", SVC__DECODE_ANY},
        {"apiVersion", SVC__DECODE_ANY},
        {NULL, SVC__DECODE_TEXT}};
    struct svc__decode_object top = {0};
    struct svc__decode_meta meta = {0};
    struct svc__node_object *node = NULL;
    int err = svc__decode_top(d, text, size, fields, &top);

    if (err == 0)
        err = svc__decode_metadata(d, &top.at[METADATA], 0, &meta);
    if (err != 0)
        goto out;
    node = new_node(&meta);
    if (node == NULL) {
        err = svc__err_nomem(d->reterr);
        goto out;
    }
    err = read_zone(d, &meta, node);
    if (err == 0)
        err = read_status(d, &top.at[STATUS], node);
    if (err == 0)
        *ret = node;
    else
        svc__node_object_unref(node);
out:
    svc__decode_object_fini(&meta.o);
    svc__decode_object_fini(&top);
    return err;
}

int svc__decode_node(const char *text, size_t size,
                     struct svc__node_object **ret, svc_error *reterr)
{
    struct svc__decode d;
    int err = svc__decode_init(&d, "Node", reterr);

    if (err != 0)
        return err;
    err = read_node(&d, text, size, ret);
    svc__decode_fini(&d);
    return err;
}

struct svc__node_object *svc__node_object_ref(struct svc__node_object *node)
{
    svc__refs_get(&node->refs);
    return node;
}

void svc__node_object_unref(struct svc__node_object *node)
{
    if (node == NULL || !svc__refs_put(&node->refs))
        return;
    svc__free(node->zone);
    svc__free(node);
}
