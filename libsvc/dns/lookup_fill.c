/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owns the way from answers to candidates: the addresses of the name, each
 * with the ports of the name; or the addresses of each target, with the ports
 * of that target.
 */
#include "dns/lookup_fill.h"

#include "base/alloc.h"
#include "base/err.h"
#include "dns/lookup_join.h"

#include <stdlib.h>
#include <string.h>

static const enum svc__family families[] = {SVC__FAMILY_IPV4, SVC__FAMILY_IPV6};

/* ---- places ---------------------------------------------------------- */

/* As many candidates as an answer may have records: ports times addresses may
 * be more (faults D16). */
static int reserve(struct svc__lookup *l, struct svc__view *v, size_t count)
{
    char text[SVC__WIRE_TEXT_MAX];

    if (count > SVC__WIRE_RECORDS_MAX) {
        if (svc__lookup_trouble(l) == NULL)
            return SVC_ENOMEM;
        (void)svc__wire_name_format(l->base, text);
        return svc__err_set(l->error, SVC_ETOOBIG, "%s: more than %d endpoints",
                            text, SVC__WIRE_RECORDS_MAX);
    }
    v->candidates = svc__calloc(count, sizeof(*v->candidates));
    if (v->candidates == NULL)
        return SVC_ENOMEM;
    v->capacity = count;
    return 0;
}

static int compare_places(const void *a, const void *b)
{
    return svc__candidate_compare(a, b);
}

static int compare(const void *a, const void *b)
{
    const struct svc__candidate *x = a;
    const struct svc__candidate *y = b;
    int order = svc__candidate_compare(x, y);

    /* The first of equal ones stays. */
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

/* In order, each place once. */
static void sort(struct svc__view *v)
{
    size_t kept = 0;

    if (v->count > 1)
        qsort(v->candidates, v->count, sizeof(*v->candidates), compare);
    for (size_t i = 0; i < v->count; i++) {
        if (kept > 0 && svc__candidate_compare(&v->candidates[kept - 1],
                                               &v->candidates[i]) == 0)
            continue;
        v->candidates[kept++] = v->candidates[i];
    }
    v->duplicates += v->count - kept;
    v->count = kept;
}

/* What speaks against an address by itself (faults 3.3). */
static uint16_t address_why(const struct svc__lookup *l, struct svc__view *v,
                            const struct svc__address *a)
{
    uint16_t why = 0;

    if (l->q.family != SVC__FAMILY_ANY && (unsigned)l->q.family != a->family)
        why |= SVC_WHY_WRONG_FAMILY;
    if (!svc__address_is_allowed(a, l->q.allow)) {
        why |= SVC_WHY_REFUSED_ADDRESS;
        v->refused++;
    }
    return why;
}

/* The protocol is that of the port name; a number has any. */
static enum svc__proto proto_of(const struct svc__lookup *l)
{
    return l->port == SVC__LOOKUP_NAMED ? l->proto : SVC__PROTO_ANY;
}

/* The addresses that a question has, or NULL. */
static struct svc__block *block_of(const struct svc__lookup_ask *ask)
{
    return ask == NULL || ask->standing != SVC__LOOKUP_KNOWN
               ? NULL
               : ask->answer.block;
}

static int compare_to_address(const void *key, const void *member)
{
    const struct svc__endpoint *ep = member;

    return svc__address_compare(key, &ep->address);
}

/* Blocks of answers are in order. */
static int has_address(const struct svc__block *block,
                       const struct svc__address *a)
{
    return block != NULL &&
           bsearch(a, block->endpoints, block->count,
                   sizeof(block->endpoints[0]), compare_to_address) != NULL;
}

/* ---- addresses of the name ------------------------------------------- */

/* One family: each address with each port of the name. */
static int add_block(const struct svc__lookup *l, struct svc__view *v,
                     struct svc__block *block)
{
    const struct svc__dns_answer *a = svc__lookup_services(l);
    struct svc__candidate c = {.block = block, .proto = (uint8_t)proto_of(l)};
    size_t begin;
    size_t end;

    svc__lookup_join_ports(l, &begin, &end);
    for (c.index = 0; c.index < block->count; c.index++) {
        size_t i = begin;

        c.why = address_why(l, v, &block->endpoints[c.index].address);
        do { /* without a port it stays unknown */
            c.port = begin == end ? 0 : a->services[i].port;
            if (svc__view_add(v, &c) != 0)
                return SVC_ENOMEM;
        } while (++i < end);
    }
    return svc__view_hold(v, block);
}

static int fill_by_name(struct svc__lookup *l, struct svc__view *v)
{
    struct svc__block *blocks[2];
    size_t count = 0;
    size_t begin;
    size_t end;
    int err;

    svc__lookup_join_ports(l, &begin, &end);
    for (size_t i = 0; i < 2; i++) {
        blocks[i] =
            block_of(svc__lookup_find(l, SVC__LOOKUP_ADDRESS, families[i]));
        count += blocks[i] == NULL ? 0 : blocks[i]->count;
    }
    err = reserve(l, v, begin == end ? count : count * (end - begin));
    for (size_t i = 0; err == 0 && i < 2; i++) {
        if (blocks[i] != NULL)
            err = add_block(l, v, blocks[i]);
    }
    return err;
}

/* ---- addresses of targets -------------------------------------------- */

/* A walk over the addresses of one target: those that came with it, and those
 * that were asked for. */
struct walk {
    const struct svc__lookup *l;
    const struct svc__dns_answer *a;
    size_t service; /* the first of the target */
    size_t glue;
    size_t ask;
    uint32_t index; /* in the block of ask */
};

/* Goes to the next target: services and glue are in the same order. */
static void walk_to(struct walk *w, size_t service)
{
    while (w->glue < w->a->glue_count && w->a->glue[w->glue].service < service)
        w->glue++;
    w->service = service;
    w->ask = 0;
    w->index = 0;
}

static const struct svc__address *walk_next(struct walk *w)
{
    if (w->glue < w->a->glue_count && w->a->glue[w->glue].service == w->service)
        return &w->a->glue[w->glue++].address;
    for (; w->ask < w->l->count; w->ask++, w->index = 0) {
        const struct svc__lookup_ask *ask = w->l->asks[w->ask];
        const struct svc__block *block = block_of(ask);

        if (ask->role == SVC__LOOKUP_TARGET && ask->service == w->service &&
            block != NULL && w->index < block->count)
            return &block->endpoints[w->index++].address;
    }
    return NULL;
}

/* Whether an address is part of the question: a zonal name has its own. */
static int is_wanted(const struct svc__lookup *l, const struct svc__address *a)
{
    enum svc__family family = (enum svc__family)a->family;

    return l->q.kind != SVC__NAME_ZONAL ||
           has_address(
               block_of(svc__lookup_find(l, SVC__LOOKUP_ADDRESS, family)), a);
}

/* The hostname of a pod: the first label of a target one label below the
 * Service, or two for a set of clusters, where the second is the cluster's.
 * Returns its size, 0 when it has none. */
static size_t label_of(const struct svc__lookup *l,
                       const struct svc__dns_service *s, const char **ret)
{
    size_t size = s->size == 0 ? 0 : s->target[0];
    size_t rest = s->size - (size > 0 ? size + 1 : 0);

    if (l->q.kind == SVC__NAME_EXTERNAL || size == 0)
        return 0;
    if (l->q.kind == SVC__NAME_CLUSTERSET && rest > 0)
        rest -= 1 + (size_t)s->target[size + 1];
    *ret = (const char *)s->target + 1;
    return rest == 0 && svc__name_is_label(*ret, size) ? size : 0;
}

/* What the block will hold: pairs of an address and a port, text of labels. */
static void measure(const struct svc__lookup *l, size_t *ret_count,
                    size_t *ret_text)
{
    struct walk w = {.l = l, .a = svc__lookup_services(l)};
    const struct svc__address *a;
    const char *label;
    size_t end;

    for (size_t i = 0; i < w.a->service_count; i = end) {
        size_t label_size = label_of(l, &w.a->services[i], &label);

        end = svc__dns_answer_next(w.a, i);
        *ret_text += label_size == 0 ? 0 : label_size + 1;
        walk_to(&w, i);
        while ((a = walk_next(&w)) != NULL)
            *ret_count += is_wanted(l, a) ? end - i : 0;
    }
}

struct fill {
    struct svc__lookup *l;
    struct svc__view *v;
    struct svc__block *block;
    uint32_t used;
    uint32_t text; /* bytes of the block's text that are used */
};

/* The endpoints of one target: its services [begin, end). */
static int add_target(struct fill *f, struct walk *w, size_t begin, size_t end)
{
    const struct svc__dns_service *s = w->a->services;
    struct svc__candidate c = {.block = f->block,
                               .proto = (uint8_t)proto_of(f->l)};
    int is_outside = f->l->q.kind == SVC__NAME_EXTERNAL;
    const struct svc__address *a;
    const char *label = "";
    size_t size = label_of(f->l, &s[begin], &label);
    uint32_t hostname = size == 0 ? 0 : f->text;
    struct svc__address dashed;
    int is_dashed =
        size > 0 && svc__address_parse_dashed(label, size, &dashed) == 0;

    memcpy(f->block->text + f->text, label, size);
    f->text += size == 0 ? 0 : (uint32_t)size + 1;
    while ((a = walk_next(w)) != NULL) {
        int is_own = is_dashed && svc__address_compare(a, &dashed) == 0;

        if (!is_wanted(f->l, a))
            continue;
        c.why = address_why(f->l, f->v, a);
        for (size_t i = begin; i < end; i++) {
            struct svc__endpoint *ep = &f->block->endpoints[f->used];

            ep->address = *a;
            ep->hostname = is_own ? 0 : hostname;
            ep->weight = is_outside && s[i].weight > 0 ? s[i].weight : 1;
            c.index = f->used++;
            c.port = s[i].port;
            if (svc__view_add(f->v, &c) != 0)
                return SVC_ENOMEM;
        }
    }
    return 0;
}

static int fill_by_target(struct svc__lookup *l, struct svc__view *v)
{
    struct fill f = {.l = l, .v = v, .text = 1};
    struct walk w = {.l = l, .a = svc__lookup_services(l)};
    size_t count = 0;
    size_t text = 1;
    size_t end;
    int err;

    measure(l, &count, &text);
    err = reserve(l, v, count);
    if (err != 0)
        return err;
    f.block = svc__block_new((uint32_t)count, (uint32_t)text);
    if (f.block == NULL)
        return SVC_ENOMEM;
    for (size_t i = 0; err == 0 && i < w.a->service_count; i = end) {
        end = svc__dns_answer_next(w.a, i);
        walk_to(&w, i);
        err = add_target(&f, &w, i, end);
    }
    if (err == 0)
        err = svc__view_hold(v, f.block);
    svc__block_unref(f.block);
    return err;
}

/* ---- topology -------------------------------------------------------- */

/* Marks what is not in the caller's zone, unless nothing would be left: the
 * two answers are of different moments. */
static size_t mark_zone(struct svc__view *v, const struct svc__block *zone,
                        enum svc__family family)
{
    size_t in_zone = 0;
    size_t marked = 0;

    for (size_t i = 0; i < v->count; i++) {
        const struct svc__candidate *c = &v->candidates[i];

        in_zone += c->why == 0 &&
                   has_address(zone, &svc__candidate_endpoint(c)->address);
    }
    for (size_t i = 0; in_zone > 0 && i < v->count; i++) {
        struct svc__candidate *c = &v->candidates[i];
        const struct svc__address *a = &svc__candidate_endpoint(c)->address;

        if (a->family != (unsigned)family || has_address(zone, a))
            continue;
        c->why |= SVC_WHY_OTHER_ZONE;
        marked++;
    }
    return marked;
}

static int apply_zone(struct svc__lookup *l, struct svc__view *v)
{
    struct svc__lookup_tally t =
        svc__lookup_join_tally(l, SVC__LOOKUP_ZONE, SVC__FAMILY_ANY);
    size_t marked = 0;

    if (t.have == 0 || svc__lookup_join_type(l) == SVC__TYPE_CLUSTERIP)
        return 0;
    for (size_t i = 0; i < 2; i++) {
        const struct svc__block *zone =
            block_of(svc__lookup_find(l, SVC__LOOKUP_ZONE, families[i]));

        if (zone != NULL)
            marked += mark_zone(v, zone, families[i]);
    }
    return svc__view_step(v, "filter",
                          "topology zone \"%s\": %zu of %zu are in others",
                          l->env.topo_zone, marked, v->count);
}

enum svc__lookup_zonal svc__lookup_fill_zonal(const struct svc__lookup *l)
{
    struct svc__lookup_tally t =
        svc__lookup_join_tally(l, SVC__LOOKUP_ZONE, SVC__FAMILY_ANY);

    if (t.have > 0)
        return SVC__ZONAL_YES;
    /* A headless Service has the name where the server knows such names. */
    if (t.none > 0 && t.out + t.unknown + t.alias == 0 &&
        svc__lookup_join_type(l) == SVC__TYPE_HEADLESS)
        return SVC__ZONAL_NO;
    return SVC__ZONAL_UNKNOWN;
}

/* ---- what was known -------------------------------------------------- */

/* Whether a family has no answer yet, or none at all. */
static int is_open(const struct svc__lookup *l, enum svc__family family)
{
    enum svc__lookup_role role = svc__lookup_join_by_target(l)
                                     ? SVC__LOOKUP_TARGET
                                     : SVC__LOOKUP_ADDRESS;
    struct svc__lookup_tally t = svc__lookup_join_tally(l, role, family);

    return t.out + t.unknown > 0;
}

/* Keeps what was known of the families that are open: no answer is no
 * knowledge (faults D7). */
static int keep_before(struct svc__lookup *l, struct svc__view *v)
{
    const struct svc__view *before = l->env.before;
    size_t count = v->count; /* in order; what is kept comes behind */

    if (before == NULL)
        return 0;
    for (size_t i = 0; i < before->count; i++) {
        struct svc__candidate c = before->candidates[i];
        unsigned family = svc__candidate_endpoint(&c)->address.family;

        if (!is_open(l, (enum svc__family)family) ||
            bsearch(&c, v->candidates, count, sizeof(c), compare_places) !=
                NULL)
            continue;
        c.why &= (uint16_t)~SVC_WHY_OTHER_ZONE; /* judged anew */
        if (svc__view_add(v, &c) != 0)
            return SVC_ENOMEM;
    }
    if (v->count == count)
        return 0;
    for (size_t i = 0; i < before->block_count; i++) {
        if (svc__view_hold(v, before->blocks[i]) != 0)
            return SVC_ENOMEM;
    }
    return svc__view_step(v, "filter",
                          "kept from before: %zu, whose address family has "
                          "no answer",
                          v->count - count);
}

int svc__lookup_fill(struct svc__lookup *l, struct svc__view *v)
{
    int err = svc__lookup_join_by_target(l) ? fill_by_target(l, v)
                                            : fill_by_name(l, v);

    if (err != 0)
        return err;
    sort(v);
    err = keep_before(l, v);
    return err != 0 ? err : apply_zone(l, v);
}
