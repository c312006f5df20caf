/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the published set: its order, its equality, and the public functions
 * that read it. Everything is immutable but the freshness beside it.
 */
#include "model/endpoints.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Sets up to this size are sorted without memory of their own. */
#define FEW 32

struct svc__freshness *svc__freshness_new(void)
{
    struct svc__freshness *f = svc__alloc(sizeof(*f));

    if (f == NULL)
        return NULL;
    svc__refs_init(&f->refs);
    atomic_init(&f->stale, 0);
    atomic_init(&f->confirmed_ms, -1);
    return f;
}

struct svc__freshness *svc__freshness_ref(struct svc__freshness *f)
{
    svc__refs_get(&f->refs);
    return f;
}

void svc__freshness_unref(struct svc__freshness *f)
{
    if (f != NULL && svc__refs_put(&f->refs))
        svc__free(f);
}

/* A candidate with its rank: what most comparisons need, in one word, since the
 * endpoints themselves lie all over the memory. */
struct place {
    uint64_t rank;
    const struct svc__candidate *c;
};

/* Usable before others, then the order of svc__candidate_compare as far as it
 * fits: all of IPv4, the first 62 bits of IPv6. */
static uint64_t rank_of(const struct svc__candidate *c)
{
    const struct svc__address *a = &svc__candidate_endpoint(c)->address;
    uint64_t rank = 0;

    for (size_t i = 0; i < 8; i++)
        rank = rank << 8 | a->bytes[i];
    rank >>= 2;
    if (a->family == SVC__FAMILY_IPV4)
        rank |= (uint64_t)c->port << 8 | c->proto;
    else
        rank |= UINT64_C(1) << 62;
    return rank | (uint64_t)(c->why != 0) << 63;
}

static int by_place(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return svc__candidate_compare(x->c, y->c);
}

/* Puts the candidates of a view into their order. 0 or SVC_ENOMEM. */
static int sort_into(struct svc_endpoints *eps, const struct svc__view *view)
{
    struct place few[FEW];
    struct place *places = few;

    if (view->count > FEW)
        places = svc__calloc(view->count, sizeof(*places));
    if (places == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; i < view->count; i++) {
        places[i].c = &view->candidates[i];
        places[i].rank = rank_of(places[i].c);
    }
    qsort(places, view->count, sizeof(*places), by_place);
    for (size_t i = 0; i < view->count; i++) {
        eps->endpoints[i].c = *places[i].c;
        eps->count += places[i].c->why == 0;
    }
    if (places != few)
        svc__free(places);
    return 0;
}

struct svc_endpoints *svc__endpoints_new(struct svc__view *view,
                                         struct svc__freshness *freshness,
                                         const char *policy,
                                         uint64_t generation)
{
    struct svc_endpoints *eps =
        svc__calloc(1, sizeof(*eps) + view->count * sizeof(eps->endpoints[0]));

    if (eps == NULL || sort_into(eps, view) != 0) {
        svc__free(eps);
        return NULL;
    }
    svc__refs_init(&eps->refs);
    eps->freshness = svc__freshness_ref(freshness);
    eps->view = view;
    eps->policy = policy;
    eps->generation = generation;
    eps->total = view->count;
    svc__free(view->candidates);
    view->candidates = NULL;
    view->count = 0;
    view->capacity = 0;
    return eps;
}

int svc__candidate_compare_to(const struct svc__candidate *c,
                              const struct svc__identity *id)
{
    int order = svc__address_compare(&svc__candidate_endpoint(c)->address,
                                     &id->address);

    if (order == 0)
        order = (c->port > id->port) - (c->port < id->port);
    if (order == 0)
        order = (c->proto > id->proto) - (c->proto < id->proto);
    return order;
}

/* The candidate of an identity among those from low to before high, which are
 * in order. */
static const struct svc__candidate *find(const struct svc_endpoints *eps,
                                         size_t low, size_t high,
                                         const struct svc__identity *id)
{
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct svc__candidate *c = &eps->endpoints[middle].c;
        const int order = svc__candidate_compare_to(c, id);

        if (order == 0)
            return c;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct svc__candidate *svc__endpoints_find(
    const struct svc_endpoints *eps, const struct svc__identity *id)
{
    const struct svc__candidate *c = find(eps, 0, eps->count, id);

    return c != NULL ? c : find(eps, eps->count, eps->total, id);
}

static int text_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

static int hidden_equal(const struct svc__candidate *a,
                        const struct svc__candidate *b)
{
    const struct svc__endpoint *x = svc__candidate_endpoint(a);
    const struct svc__endpoint *y = svc__candidate_endpoint(b);

    if (a->block == b->block && a->index == b->index)
        return a->app_protocol == b->app_protocol;
    return x->flags == y->flags && x->weight == y->weight &&
           memcmp(x->uid, y->uid, sizeof(x->uid)) == 0 &&
           text_equal(svc__block_text(a->block, x->hostname),
                      svc__block_text(b->block, y->hostname)) &&
           text_equal(svc__block_text(a->block, x->pod_namespace),
                      svc__block_text(b->block, y->pod_namespace)) &&
           text_equal(svc__block_text(a->block, x->pod),
                      svc__block_text(b->block, y->pod)) &&
           text_equal(svc__block_text(a->block, x->node),
                      svc__block_text(b->block, y->node)) &&
           text_equal(svc__block_text(a->block, x->zone),
                      svc__block_text(b->block, y->zone)) &&
           text_equal(svc__block_text(a->block, a->app_protocol),
                      svc__block_text(b->block, b->app_protocol));
}

static int endpoint_equal(const struct svc_endpoint *a,
                          const struct svc_endpoint *b)
{
    return a->c.why == b->c.why && a->c.given == b->c.given &&
           svc__candidate_compare(&a->c, &b->c) == 0 &&
           hidden_equal(&a->c, &b->c);
}

static int view_equal(const struct svc__view *a, const struct svc__view *b)
{
    return a->code == b->code && a->type == b->type && a->kind == b->kind &&
           a->port == b->port && a->client_ip == b->client_ip &&
           text_equal(a->source, b->source) &&
           text_equal(a->message, b->message) && text_equal(a->hint, b->hint) &&
           text_equal(a->canonical, b->canonical) &&
           text_equal(a->port_name, b->port_name);
}

int svc__endpoints_equal(const struct svc_endpoints *a,
                         const struct svc_endpoints *b)
{
    if (a->count != b->count || a->total != b->total ||
        !view_equal(a->view, b->view))
        return 0;
    for (size_t i = 0; i < a->total; i++) {
        if (!endpoint_equal(&a->endpoints[i], &b->endpoints[i]))
            return 0;
    }
    return 1;
}

svc_endpoints *svc_endpoints_ref(svc_endpoints *eps)
{
    svc__refs_get(&eps->refs);
    return eps;
}

void svc_endpoints_unref(svc_endpoints *eps)
{
    if (eps == NULL || !svc__refs_put(&eps->refs))
        return;
    svc__view_free(eps->view);
    svc__freshness_unref(eps->freshness);
    svc__free(eps);
}

size_t svc_endpoints_count(const svc_endpoints *eps)
{
    return eps->count;
}

size_t svc_endpoints_total(const svc_endpoints *eps)
{
    return eps->total;
}

const svc_endpoint *svc_endpoints_at(const svc_endpoints *eps, size_t i)
{
    return i < eps->total ? &eps->endpoints[i] : NULL;
}

/* The cursor is the place in both sets: the upper half in before. */
int svc_endpoints_diff(const svc_endpoints *before, const svc_endpoints *after,
                       uint64_t *cursor, const svc_endpoint **ret_before,
                       const svc_endpoint **ret_after)
{
    size_t i = (size_t)(*cursor >> 32);
    size_t j = (size_t)(*cursor & UINT32_MAX);
    size_t n = before == NULL ? 0 : before->count;
    int found = 0;

    while (!found && (i < n || j < after->count)) {
        const svc_endpoint *x = i < n ? &before->endpoints[i] : NULL;
        const svc_endpoint *y = j < after->count ? &after->endpoints[j] : NULL;
        int order = x == NULL   ? 1
                    : y == NULL ? -1
                                : svc__candidate_compare(&x->c, &y->c);

        i += order <= 0;
        j += order >= 0;
        if (order == 0 && endpoint_equal(x, y))
            continue;
        *ret_before = order <= 0 ? x : NULL;
        *ret_after = order >= 0 ? y : NULL;
        found = 1;
    }
    *cursor = ((uint64_t)i << 32) | j;
    return found;
}
