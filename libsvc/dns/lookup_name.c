/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names are put together as text, word for word, and read back as names: so
 * each label is checked, wherever it came from. Without allocation or printing,
 * since every lookup does it.
 */
#include "dns/lookup_name.h"

#include <string.h>
#include <svc/svc.h>

/* More than a name has; what is longer is none. */
#define TEXT_MAX 320

struct text {
    size_t size; /* TEXT_MAX: too long */
    char bytes[TEXT_MAX];
};

static void add(struct text *t, const char *word)
{
    size_t size = strlen(word);

    if (size >= TEXT_MAX - t->size) {
        t->size = TEXT_MAX;
        return;
    }
    memcpy(t->bytes + t->size, word, size);
    t->size += size;
}

/* A label, or several, and the dot behind. */
static void put(struct text *t, const char *word)
{
    add(t, word);
    add(t, ".");
}

static void put_domain(struct text *t, const struct svc__query *q)
{
    if (q->kind == SVC__NAME_EXTERNAL) {
        put(t, q->domain);
        return;
    }
    put(t, q->service);
    put(t, q->namespace_);
    put(t, "svc");
    put(t, q->kind == SVC__NAME_CLUSTERSET ? "clusterset.local" : q->zone);
}

static void put_zone(struct text *t, const char *topo_zone, int is_preferred)
{
    put(t, topo_zone);
    put(t, is_preferred ? "prefer" : "pin");
    put(t, "_zone");
}

static int take(struct text *t, struct svc__wire_name *ret)
{
    if (t->size >= TEXT_MAX)
        return SVC_ENAME;
    t->bytes[t->size] = '\0';
    return svc__wire_name_parse(t->bytes, ret);
}

int svc__lookup_name_domain(const struct svc__query *q,
                            struct svc__wire_name *ret)
{
    struct text t;

    t.size = 0;
    put_domain(&t, q);
    return take(&t, ret);
}

int svc__lookup_name_base(const struct svc__query *q,
                          struct svc__wire_name *ret)
{
    struct text t;

    t.size = 0;
    if (q->kind == SVC__NAME_ZONAL)
        put_zone(&t, q->topo_zone, q->topo_prefer);
    if (q->host != NULL)
        put(&t, q->host);
    /* A hostname of a set of clusters is one of one cluster (KEP-1645). */
    if (q->host != NULL && q->kind == SVC__NAME_CLUSTERSET &&
        q->cluster_id != NULL)
        put(&t, q->cluster_id);
    put_domain(&t, q);
    return take(&t, ret);
}

int svc__lookup_name_port(const struct svc__query *q, const char *proto,
                          struct svc__wire_name *ret)
{
    struct text t;

    t.size = 0;
    add(&t, "_");
    put(&t, q->port_name);
    add(&t, "_");
    put(&t, proto);
    put_domain(&t, q);
    return take(&t, ret);
}

int svc__lookup_name_zone(const struct svc__query *q, const char *topo_zone,
                          struct svc__wire_name *ret)
{
    struct text t;

    t.size = 0;
    put_zone(&t, topo_zone, 1);
    put_domain(&t, q);
    return take(&t, ret);
}
