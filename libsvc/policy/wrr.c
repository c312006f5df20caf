/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Smooth weighted round robin: a cycle of turns, laid out when the set is
 * built, in which each endpoint has as many as its weight, as far apart as can
 * be. After any number of turns since the start of a cycle each of n endpoints
 * has had its share of them but for 1 - 1 / (2n - 2) at most, and in any row of
 * turns but for twice that; no layout does better for all weights (R. Tijdeman,
 * The chairman assignment problem, Discrete Mathematics 32, 1980). Where all
 * weights are alike this is rr. Threads have their own place, as in rr.
 */
#include "base/alloc.h"
#include "base/heap.h"
#include "policy/policy.h"
#include "policy/scale.h"

/* Turns of a cycle, or FEW times the endpoints where that is more. Weights with
 * a larger sum are scaled down to it: the share of an endpoint is off by half a
 * turn a cycle then, and none has less than one turn. */
#define TURNS_MAX 65536u
#define FEW       4u

#define COUNT_MAX (1u << 26) /* endpoints: the products below fit 64 bits */
#define NONE      UINT32_MAX

struct wrr {
    const struct svc_endpoints *set;
    uint32_t size;    /* turns of a cycle */
    uint32_t turns[]; /* whose: an index in the set */
};

/* An endpoint while the cycle is laid out. */
struct share {
    struct svc__heap_node node; /* may have its turn now: by last place, then by
                                   index */
    uint32_t weight;            /* turns it gets */
    uint32_t had;               /* turns it has got */
    uint32_t next;              /* of those that wait for the same place */
};

struct layout {
    struct share *shares;
    uint32_t count; /* of endpoints */
    uint32_t size;  /* of the cycle */
};

/* Never 0, by which it is divided. */
static uint32_t weight_of(const uint32_t *weights, uint32_t i)
{
    return weights != NULL && weights[i] > 0 ? weights[i] : 1;
}

/* The turns that each gets: its weight by the divisor of all, scaled down where
 * the sum is too large. Returns the sum. */
static uint32_t deal(const struct layout *l, const uint32_t *weights)
{
    uint64_t most = (uint64_t)FEW * l->count;
    const uint32_t by = svc__scale_divisor(weights, l->count);
    uint64_t sum = 0;
    uint32_t dealt = 0;

    for (uint32_t i = 0; i < l->count; i++)
        sum += weight_of(weights, i);
    sum /= by;
    most = most > TURNS_MAX ? most : TURNS_MAX;
    most = most < sum ? most : sum;
    for (uint32_t i = 0; i < l->count; i++) {
        const uint64_t turns =
            (weight_of(weights, i) / by * most + sum / 2) / sum;

        l->shares[i].weight = turns > 0 ? (uint32_t)turns : 1;
        dealt += l->shares[i].weight;
    }
    return dealt;
}

/* An endpoint that had m turns of its weight w may have the next one, in a
 * cycle of s turns, from the first to the last place p (from 0) with
 *     p + 1 >= (m + d) * s / w  and  p <= (m + 1 - d) * s / w,
 * where d = 1 / (2n - 2): by then it has not had too much, nor too little. */
static uint64_t parts(const struct layout *l)
{
    return l->count > 1 ? 2 * (uint64_t)l->count - 2 : 1; /* 1 / d */
}

static uint32_t first_place(const struct layout *l, const struct share *sh)
{
    const uint64_t even = (uint64_t)sh->had * l->size;
    const uint64_t by = sh->weight * parts(l);
    const uint64_t over = even % sh->weight * parts(l) + l->size;

    return (uint32_t)(even / sh->weight + (over + by - 1) / by - 1);
}

static uint32_t last_place(const struct layout *l, const struct share *sh)
{
    const uint64_t even = ((uint64_t)sh->had + 1) * l->size;
    const uint64_t by = sh->weight * parts(l);
    const uint64_t over = even % sh->weight * parts(l);
    const uint64_t back = over < l->size ? (l->size - over + by - 1) / by : 0;

    return (uint32_t)(even / sh->weight - back);
}

/* Gives each place to the endpoint that may have it and can wait the least.
 * Until its turn has come a place holds the first of those that wait for it. */
static void lay_out(const struct layout *l, uint32_t *turns)
{
    struct svc__heap may;

    svc__heap_init(&may);
    for (uint32_t at = 0; at < l->size; at++) {
        struct share *sh;

        for (uint32_t i = turns[at]; i != NONE; i = sh->next) {
            sh = &l->shares[i];
            svc__heap_set(&may, &sh->node,
                          (int64_t)((uint64_t)last_place(l, sh) << 32 | i));
        }
        sh = svc__heap_entry(svc__heap_first(&may), struct share, node);
        svc__heap_remove(&may, &sh->node);
        turns[at] = (uint32_t)(sh - l->shares);
        if (++sh->had < sh->weight) {
            const uint32_t first = first_place(l, sh);
            uint32_t *waiting = &turns[first > at ? first : at + 1];

            sh->next = *waiting;
            *waiting = turns[at];
        }
    }
}

/* A cycle in which each waits for the first place that it may have. */
static struct wrr *new_cycle(const struct layout *l)
{
    struct wrr *st =
        svc__alloc(sizeof(*st) + (size_t)l->size * sizeof(st->turns[0]));

    if (st == NULL)
        return NULL;
    st->size = l->size;
    for (uint32_t i = 0; i < l->size; i++)
        st->turns[i] = NONE;
    for (uint32_t i = 0; i < l->count; i++) {
        const uint32_t first = first_place(l, &l->shares[i]);

        svc__heap_node_init(&l->shares[i].node);
        l->shares[i].next = st->turns[first];
        st->turns[first] = i;
    }
    return st;
}

static int build(const struct svc__policy_input *in,
                 const struct svc__policy_params *params, void **ret_state)
{
    struct layout l = {.count = (uint32_t)in->set->count};
    struct wrr *st;

    (void)params;
    if (in->set->count > COUNT_MAX)
        return SVC_ENOMEM;
    l.shares = svc__calloc(l.count, sizeof(*l.shares));
    if (l.shares == NULL)
        return SVC_ENOMEM;
    l.size = deal(&l, in->weights);
    st = new_cycle(&l);
    if (st != NULL) {
        st->set = in->set;
        lay_out(&l, st->turns);
        *ret_state = st;
    }
    svc__free(l.shares);
    return st != NULL ? 0 : SVC_ENOMEM;
}

/* Behind the turn of the endpoint that had it last, or of the one before in the
 * set's order where that is gone: the first such turn from where the cursor
 * stood. In a cycle that is as it was, nothing is skipped so. */
static void enter(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct wrr *st = state;
    struct svc__cursor *c = ctx->cursor;
    size_t last;
    uint32_t at;

    if (c->last.address.family == 0) {
        c->at = svc__rng_below(ctx->rng, st->size);
        return;
    }
    last = svc__cursor_next(c, st->set, ctx->rng);
    last = (last > 0 ? last : st->set->count) - 1;
    at = (c->at > 0 && c->at <= st->size ? c->at : st->size) - 1;
    while (st->turns[at] != last)
        at = at + 1 < st->size ? at + 1 : 0;
    c->at = at + 1 < st->size ? at + 1 : 0;
}

static size_t pick(const void *state, const struct svc__pick_ctx *ctx)
{
    const struct wrr *st = state;
    const uint32_t place = ctx->cursor->at;
    const uint32_t at = st->turns[place];

    ctx->cursor->at = place + 1 < st->size ? place + 1 : 0;
    svc__cursor_note(ctx->cursor, &st->set->endpoints[at]);
    return at;
}

const struct svc__policy_ops svc__policy_wrr = {
    .name = "wrr",
    .alias = "weighted_round_robin",
    .build = build,
    .enter = enter,
    .pick = pick,
    .destroy = svc__free,
};
